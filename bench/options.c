/*
** What an option costs, for mems alone. A mode is a heap with an option, or
** requests of one kind on a plain one; prints nanoseconds for a malloc and a
** free: the same block again and again, and one of 1000 blocks replaced.
** `written` is the plain heap whose blocks this program fills when they come
** and when they go, as `fill` does.
**
** `edge` frees and takes 1 MiB, writing to each page, while more and more of
** the heap is free: somewhere there is the mark at which memory goes back.
** Prints the slowest step over the one in the middle, for three ways to cut
** 1 MiB into blocks.
*/

#include "harness.h"
#include "mems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

enum { LIVE = 1000, LOW = 16, HIGH = 256, WARM = 10 };

typedef struct mode {
  const char *name;
  size_t align, requests; /* of the heap, of each request */
  size_t quarantine;
  int fill, written;
} mode;

static const mode modes[] = {
  {"plain", 0, 0, 0, 0, 0},
  {"request16", 0, 16, 0, 0, 0},
  {"request64", 0, 64, 0, 0, 0},
  {"request256", 0, 256, 0, 0, 0},
  {"request4096", 0, 4096, 0, 0, 0},
  {"heap16", 16, 0, 0, 0, 0},
  {"heap64", 64, 0, 0, 0, 0},
  {"heap256", 256, 0, 0, 0, 0},
  {"heap4096", 4096, 0, 0, 0, 0},
  {"quarantine", 0, 0, MIB, 0, 0},
  {"fill", 0, 0, 0, 1, 0},
  {"written", 0, 0, 0, 0, 1},
};

static mems_heap *opened(const mode *m) {
  mems_options options = {.size = sizeof options, .align = m->align,
                          .quarantine = m->quarantine, .fill = m->fill};
  mems_heap *heap = mems_heap_open(&options, NULL);
  if (!heap) die("cannot open a heap");
  return heap;
}

static inline mems_addr take(mems_heap *heap, const mode *m, size_t size) {
  return m->requests ? mems_heap_aligned(heap, size, m->requests)
                     : mems_heap_malloc(heap, size);
}

/* What `fill` writes for a block that goes and one that comes. */
static inline void write_both(char *at, size_t size) {
  memset(at, 0x55, size);
  __asm__ volatile("" : : "r"(at) : "memory");
  memset(at, 0xAA, size);
  __asm__ volatile("" : : "r"(at) : "memory");
}

static void time_hot(mems_heap *heap, const mode *m) {
  size_t ops = scaled(2000000, 100), warm = ops / WARM, i;
  volatile size_t size = 64;
  uint64_t start = 0;
  char at[HIGH];
  for (i = 0; i < warm + ops; i++) {
    if (i == warm) start = cpu_ns();
    if (m->written) write_both(at, size);
    mems_heap_free(heap, take(heap, m, size));
  }
  report("hot", (double)(cpu_ns() - start) / (double)ops);
}

static void time_replace(mems_heap *heap, const mode *m) {
  size_t ops = scaled(2000000, 100), warm = ops / WARM, i;
  uint32_t *slots = own_memory((warm + ops) * sizeof *slots);
  uint32_t *sizes = own_memory((warm + ops) * sizeof *sizes);
  mems_addr blocks[LIVE];
  char at[HIGH];
  uint64_t seed = 1, start = 0;
  for (i = 0; i < warm + ops; i++) {
    slots[i] = (uint32_t)below(&seed, LIVE);
    sizes[i] = (uint32_t)between(&seed, LOW, HIGH);
  }
  for (i = 0; i < LIVE; i++) blocks[i] = take(heap, m, sizes[i]);
  for (i = 0; i < warm + ops; i++) {
    mems_addr *b = &blocks[slots[i]];
    if (i == warm) start = cpu_ns();
    if (m->written) write_both(at, sizes[i]);
    mems_heap_free(heap, *b);
    *b = take(heap, m, sizes[i]);
    if (!*b) die("the allocator returned no memory");
  }
  report("replace", (double)(cpu_ns() - start) / (double)ops);
}

enum { STEPS = 80, STEP = 512 << 10, SWEEPS = 3 };

/* Takes 1 MiB in blocks of `size` bytes. */
static void take_all(mems_heap *heap, mems_addr *parts, size_t size) {
  size_t count = MIB / size, i, j;
  for (i = 0; i < count; i++) {
    char *at;
    parts[i] = mems_heap_malloc(heap, size);
    at = mems_heap_get(heap, parts[i]);
    if (!at) die("the allocator returned no memory");
    for (j = 0; j < size; j += 4096) *(volatile char *)(at + j) = 1;
  }
}

static void time_turns(mems_heap *heap, mems_addr *parts, size_t size,
                       uint64_t *least) {
  size_t turns = scaled(size == MIB ? 400 : 40, 10), turn, i;
  uint64_t start = cpu_ns(), ns;
  for (turn = 0; turn < turns; turn++) {
    for (i = 0; i < MIB / size; i++) mems_heap_free(heap, parts[i]);
    take_all(heap, parts, size);
  }
  ns = cpu_ns() - start;
  if (ns < *least) *least = ns;
}

/* From nothing free to STEPS * STEP bytes; beside them as much again lives. */
static void sweep(mems_addr *parts, size_t size, uint64_t *least) {
  mems_heap *heap = opened(&modes[0]);
  mems_addr free_later[STEPS];
  size_t i;
  for (i = 0; i < STEPS; i++) {
    free_later[i] = mems_heap_malloc(heap, STEP);
    memset(mems_heap_get(heap, free_later[i]), 1, STEP);
    mems_heap_malloc(heap, STEP);
  }
  take_all(heap, parts, size);
  for (i = 0; i < STEPS; i++) {
    mems_heap_free(heap, free_later[i]);
    time_turns(heap, parts, size, &least[i]);
  }
  mems_heap_close(heap);
}

static int compare_u64(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void time_edge(const char *key, size_t size) {
  mems_addr *parts = own_memory(MIB / size * sizeof *parts);
  uint64_t least[STEPS];
  size_t i;
  for (i = 0; i < STEPS; i++) least[i] = UINT64_MAX;
  for (i = 0; i < SWEEPS; i++) sweep(parts, size, least);
  qsort(least, STEPS, sizeof *least, compare_u64);
  report(key, (double)least[STEPS - 1] / (double)least[STEPS / 2]);
}

static void run(const mode *m) {
  time_hot(opened(m), m);
  time_replace(opened(m), m);
}

static void run_edge(void) {
  time_edge("1 of 1 MiB", MIB);
  time_edge("16 of 64 KiB", 64 << 10);
  time_edge("4096 of 256 bytes", 256);
}

int main(int argc, char **argv) {
  size_t n = sizeof modes / sizeof *modes, i;
  pin();
  if (argc == 2 && strcmp(argv[1], "edge") == 0) {
    run_edge();
    return 0;
  }
  for (i = 0; argc == 2 && i < n; i++) {
    if (strcmp(argv[1], modes[i].name) == 0) {
      run(&modes[i]);
      return 0;
    }
  }
  fprintf(stderr, "usage: options MODE, edge or one of\n");
  for (i = 0; i < n; i++) fprintf(stderr, "  %s\n", modes[i].name);
  return 2;
}
