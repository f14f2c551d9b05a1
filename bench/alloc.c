/*
** The C workloads, once per allocator: these files are compiled against one
** of the adapter_*.h, and one process runs one workload and prints what it
** measured as lines "key value".
**
**   alloc-mems live4k
**
** With BENCH_SMOKE set everything is a hundred times smaller.
*/

#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

static void run_hot(const workload *w, arena a) {
  size_t ops = scaled(w->ops, 100), warm = ops / 20, i;
  volatile size_t size = w->low;
  uint64_t start = cpu_ns();
  for (i = 0; i < warm + ops; i++) {
    if (i == warm) start = cpu_ns();
    give(a, take_touched(a, size, w->touch));
  }
  report_each(start, cpu_ns(), ops);
}

/* The slots 0..n-1 in the order in which a batch is freed. */
static uint32_t *free_order(size_t n, order how) {
  uint64_t seed = 42;
  uint32_t *slots = own_memory(n * sizeof *slots);
  size_t i;
  for (i = 0; i < n; i++) {
    slots[i] = (uint32_t)(how == REVERSE ? n - 1 - i : i);
  }
  for (i = n; how == RANDOM && i > 1; i--) {
    size_t j = (size_t)below(&seed, i);
    uint32_t swap = slots[i - 1];
    slots[i - 1] = slots[j];
    slots[j] = swap;
  }
  return slots;
}

static void run_batch(const workload *w, arena a) {
  size_t n = w->live, sets = 64, rounds = scaled(w->ops, 100) / n + 1;
  plan p = draw_plan(w, n, n * sets);
  const uint32_t *slots = free_order(n, w->order);
  uint64_t start = 0;
  size_t round, i;
  for (round = 0; round < rounds + sets; round++) {
    const uint32_t *sizes = p.sizes + (round % sets) * n;
    if (round == sets) start = cpu_ns();
    for (i = 0; i < n; i++) {
      p.blocks[i] = take_touched(a, sizes[i], w->touch);
    }
    for (i = 0; i < n; i++) give(a, p.blocks[slots[i]]);
  }
  report_each(start, cpu_ns(), rounds * n);
}

static void run_live(const workload *w, arena a) {
  size_t live = w->live > 1000 ? scaled(w->live, 100) : w->live;
  size_t ops = scaled(w->ops, 100), warm = ops * 3 / 5;
  plan p = draw_plan(w, live, warm + ops);
  uint64_t start;
  fill(a, &p, live, w->touch);
  replace(a, &p, 0, warm, w->touch);
  start = cpu_ns();
  replace(a, &p, warm, warm + ops, w->touch);
  report_each(start, cpu_ns(), ops);
}

/* callgrind counts what happens inside this function (see count.lua). */
__attribute__((noinline)) static void counted(arena a, const plan *p,
                                              size_t from, size_t to) {
  replace(a, p, from, to, UNTOUCHED);
}

static void run_count(const workload *w, arena a) {
  size_t live = scaled(w->live, 10), least = scaled(w->ops, 10);
  size_t ops = least > live ? least : live;
  plan p = draw_plan(w, live, 2 * ops);
  fill(a, &p, live, UNTOUCHED);
  replace(a, &p, 0, ops, UNTOUCHED);
  counted(a, &p, ops, 2 * ops);
  report("ops", (double)ops);
}

/* Once, from an empty heap: what the OS takes for its pages is part of it. */
static void run_grow(const workload *w, arena a) {
  size_t n = scaled(w->live, 100), i;
  block *blocks = own_memory(n * sizeof *blocks);
  uint64_t start = cpu_ns();
  for (i = 0; i < n; i++) blocks[i] = take_touched(a, w->low, w->touch);
  for (i = 0; i < n; i++) give(a, blocks[i]);
  report_each(start, cpu_ns(), n);
}

/* Resident bytes beyond the payload, in percent of it, all bytes written. */
static void run_memory(const workload *w, arena a) {
  size_t live = scaled(w->live, 100), ops = scaled(w->ops, 100);
  plan p = draw_plan(w, live, ops);
  uint64_t before = resident() - w->opening, after, payload = 0;
  size_t i;
  fill(a, &p, live, EVERY_BYTE);
  replace(a, &p, 0, ops, EVERY_BYTE);
  after = resident();
  for (i = 0; i < ops; i++) p.first[p.slots[i]] = p.sizes[i];
  for (i = 0; i < live; i++) payload += p.first[i];
  report("percent", 100.0 * (double)(after - before) / (double)payload - 100);
}

/* A program of the ordinary kind: replaces a random block, and reads another
   one. */
static void run_keep(const workload *w, arena a) {
  size_t live = scaled(w->live, 100), ops = scaled(w->ops, 100), i;
  plan p = draw_plan(w, live, 2 * ops);
  uint64_t start, sum = 0;
  fill(a, &p, live, EVERY_BYTE);
  start = cpu_ns();
  for (i = 0; i < ops; i++) {
    block *b = &p.blocks[p.slots[i]];
    give(a, *b);
    *b = take_touched(a, p.sizes[i], FIRST_BYTE);
    sum += *(volatile char *)reach(a, p.blocks[p.slots[ops + i]]);
  }
  report_each(start, cpu_ns(), ops);
  if (sum != ops) die("a block has not kept what was written");
}

typedef uintptr_t look_up(arena, block);

/* Inlined for each `f`, so that the look-up is called directly. */
__attribute__((always_inline)) static inline void time_looks(
    arena a, const block *at, size_t n, size_t ops, look_up *f) {
  uint64_t start = 0;
  size_t done, i, missing = 0;
  for (done = 0; done < ops + n; done += n) {
    if (done == n) start = cpu_ns();
    for (i = 0; i < n; i++) missing += f(a, at[i]) == 0;
  }
  report_each(start, cpu_ns(), done - n);
  if (missing) die("a live address was refused");
}

/* Addresses inside random blocks, or all inside one if there is but one.
   Look-ups reach at most 8 bytes from the address on. */
static block *draw_addresses(const workload *w, arena a, size_t n) {
  size_t live = w->live > 1 ? scaled(w->live, 100) : 1, i;
  uint64_t seed = 7;
  block *blocks = own_memory(live * sizeof *blocks);
  block *at = own_memory(n * sizeof *at);
  int starts = strncmp(w->name, "size", 4) == 0;
  for (i = 0; i < live; i++) blocks[i] = take_touched(a, w->low, UNTOUCHED);
  for (i = 0; i < n; i++) {
    block b = blocks[below(&seed, live)];
    size_t offset = (size_t)below(&seed, w->low - 7);
    at[i] = starts ? b : interior(b, offset);
  }
  return at;
}

static void run_get(const workload *w, arena a) {
  size_t n = scaled(1000000, 100), ops = scaled(w->ops, 100);
  time_looks(a, draw_addresses(w, a, n), n, ops, look);
}

static void run_span(const workload *w, arena a) {
  size_t n = scaled(1000000, 100), ops = scaled(w->ops, 100);
  time_looks(a, draw_addresses(w, a, n), n, ops, look_span);
}

static void run_size(const workload *w, arena a) {
  size_t n = scaled(1000000, 100), ops = scaled(w->ops, 100);
  time_looks(a, draw_addresses(w, a, n), n, ops, look_size);
}

#define LIVE 100000
#define GIB ((size_t)1 << 30)

/* A mean of 655 and of 7271 bytes: 1 GiB each. */
#define PAUSE_4K 1638000
#define PAUSE_64K 147600

/* How much may live is named by the caller, in bytes. */
#define SPACE(name, low, high, draw, habit) \
  {name, run_space, 1 << 20, 200000, low, high, draw, EVERY_BYTE, IN_ORDER, \
   habit, 0}

static const workload workloads[] = {
  {"hot64", run_hot, 1, 5000000, 64, 64, UNIFORM, UNTOUCHED, IN_ORDER},
  {"hot64-touch", run_hot, 1, 5000000, 64, 64, UNIFORM, FIRST_BYTE,
   IN_ORDER},
  {"hot4k", run_hot, 1, 5000000, 4096, 4096, UNIFORM, UNTOUCHED, IN_ORDER},
  {"batch-order", run_batch, 1000, 2000000, 16, 256, UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"batch-reverse", run_batch, 1000, 2000000, 16, 256, UNIFORM, UNTOUCHED,
   REVERSE},
  {"batch-random", run_batch, 1000, 2000000, 16, 256, UNIFORM, UNTOUCHED,
   RANDOM},
  {"batch-few", run_batch, 100, 2000000, 16, 256, UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"batch-same", run_batch, 5000, 2000000, 128, 128, UNIFORM, UNTOUCHED,
   RANDOM},
  {"few30", run_live, 30, 2000000, 16, 256, UNIFORM, UNTOUCHED, IN_ORDER},
  {"few100", run_live, 100, 2000000, 16, 256, UNIFORM, UNTOUCHED, IN_ORDER},
  {"few300", run_live, 300, 2000000, 16, 256, UNIFORM, UNTOUCHED, IN_ORDER},
  {"live4k", run_live, LIVE, 500000, 8, 4096, LOG_UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"live4k-touch", run_live, LIVE, 500000, 8, 4096, LOG_UNIFORM, FIRST_BYTE,
   IN_ORDER},
  {"live64k", run_live, LIVE, 500000, 8, 65536, LOG_UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"live64k-touch", run_live, LIVE, 500000, 8, 65536, LOG_UNIFORM,
   FIRST_BYTE, IN_ORDER},
  {"grow", run_grow, 1000000, 0, 48, 48, UNIFORM, UNTOUCHED, IN_ORDER},
  {"grow-touch", run_grow, 1000000, 0, 48, 48, UNIFORM, EVERY_BYTE,
   IN_ORDER},
  {"large", run_live, 64, 20000, MIB, 16 * MIB, UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"large-first", run_live, 64, 20000, MIB, 16 * MIB, UNIFORM, FIRST_BYTE,
   IN_ORDER},
  {"large-pages", run_live, 64, 150, MIB, 16 * MIB, UNIFORM, EVERY_PAGE,
   IN_ORDER},
  {"scale3", run_live, 1000, 1000000, 16, 256, UNIFORM, UNTOUCHED, IN_ORDER},
  {"scale4", run_live, 10000, 1000000, 16, 256, UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"scale5", run_live, 100000, 1000000, 16, 256, UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"scale6", run_live, 1000000, 1000000, 16, 256, UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"scale7", run_live, 10000000, 1000000, 16, 256, UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"count3", run_count, 1000, 100000, 16, 256, UNIFORM, UNTOUCHED, IN_ORDER},
  {"count4", run_count, 10000, 100000, 16, 256, UNIFORM, UNTOUCHED, IN_ORDER},
  {"count5", run_count, 100000, 100000, 16, 256, UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"count6", run_count, 1000000, 100000, 16, 256, UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"get", run_get, 1000000, 5000000, 48, 48, UNIFORM, UNTOUCHED, IN_ORDER},
  {"span", run_span, 1000000, 5000000, 48, 48, UNIFORM, UNTOUCHED, IN_ORDER},
  {"size", run_size, 1000000, 5000000, 48, 48, UNIFORM, UNTOUCHED, IN_ORDER},
  {"get-1g", run_get, 1, 10000000, GIB, GIB, UNIFORM, UNTOUCHED, IN_ORDER},
  {"span-1g", run_span, 1, 10000000, GIB, GIB, UNIFORM, UNTOUCHED, IN_ORDER},
  {"memory-live4k", run_memory, LIVE, 500000, 8, 4096, LOG_UNIFORM,
   EVERY_BYTE, IN_ORDER},
  {"memory-live64k", run_memory, LIVE, 500000, 8, 65536, LOG_UNIFORM,
   EVERY_BYTE, IN_ORDER},
  {"memory-grow", run_memory, 1000000, 1, 48, 48, UNIFORM, EVERY_BYTE,
   IN_ORDER},
  {"pause4k", run_pause, PAUSE_4K, 1000000, 8, 4096, LOG_UNIFORM, UNTOUCHED,
   IN_ORDER},
  {"pause64k", run_pause, PAUSE_64K, 1000000, 8, 65536, LOG_UNIFORM,
   UNTOUCHED, IN_ORDER},
  {"keep", run_keep, LIVE, 2000000, 16, 500, UNIFORM, UNTOUCHED, IN_ORDER},
  SPACE("space-small", 1, 300, UNIFORM, REPLACES),
  SPACE("space-mixed", 1, 9000, ONE_IN_EIGHT, REPLACES),
  SPACE("space-wide", 8, 65536, LOG_UNIFORM, REPLACES),
  SPACE("space-creeping", 32, 1024, CREEPING, REPLACES),
  SPACE("space-resized", 100, 5000, UNIFORM, RESIZES),
  SPACE("space-appended", 100, 5000, UNIFORM, APPENDS),
  SPACE("space-aligned", 1, 9000, UNIFORM, ALIGNS),
};

static const workload *named(const char *name) {
  size_t n = sizeof workloads / sizeof *workloads, i;
  for (i = 0; i < n; i++) {
    if (strcmp(name, workloads[i].name) == 0) return &workloads[i];
  }
  return NULL;
}

static int usage(void) {
  size_t n = sizeof workloads / sizeof *workloads, i;
  fprintf(stderr, "usage: alloc-%s WORKLOAD [LIVE], one of\n", ADAPTER_NAME);
  for (i = 0; i < n; i++) fprintf(stderr, "  %s\n", workloads[i].name);
  return 2;
}

int main(int argc, char **argv) {
  const workload *found = argc > 1 ? named(argv[1]) : NULL;
  workload w;
  uint64_t before;
  arena a;
  if (!found || argc > 3) return usage();
  w = *found;
  if (argc == 3) w.live = strtoul(argv[2], NULL, 10);
  pin();
  before = resident();
  if (!adapter_open(&a)) die("cannot open a heap");
  w.opening = resident() - before;
  w.run(&w, a);
  return 0;
}
