/*
** How long one call may take, for mems alone: cases that were built to make
** one slow, on heaps of about 1 GiB. Prints for each case, in microseconds,
** the slowest call, the slowest without the kernel's part, and how many calls
** took over 1 ms without it.
**
** The kernel's part is what its calls take, which are timed on their way
** through this program, and what page faults cost, counted, by the measured
** cost of one. A case is run three times in children of fork, and the
** least of each call's times is kept: what is slow by its own doing is slow
** each time, an interrupt is not.
*/

#include "harness.h"
#include "mems.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

enum { REPEATS = 3, CALLS = 1 << 22, SLOW_NS = 1000000, SAMPLE = 2048 };

/* The calls of one run; `now` and `own` of all, shared with the children. */
typedef struct trial {
  uint32_t *now, *own;
  size_t count;
  uint64_t fault_ns; /* what one page fault costs */
} trial;

static uint64_t system_ns; /* the wrappers below have no one else to tell */

/* The library finds these before libc's. */
static long timed(long number, const void *at, size_t size, long a, long b,
                  long c, long d) {
  uint64_t start = wall_ns();
  long result = syscall(number, at, size, a, b, c, d);
  system_ns += wall_ns() - start;
  return result;
}

void *mmap(void *at, size_t size, int prot, int flags, int file,
           off_t offset) {
  return (void *)timed(SYS_mmap, at, size, prot, flags, file, offset);
}

int munmap(void *at, size_t size) {
  return (int)timed(SYS_munmap, at, size, 0, 0, 0, 0);
}

int mprotect(void *at, size_t size, int prot) {
  return (int)timed(SYS_mprotect, at, size, prot, 0, 0, 0);
}

int madvise(void *at, size_t size, int advice) {
  return (int)timed(SYS_madvise, at, size, advice, 0, 0, 0);
}

static uint64_t faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)usage.ru_minflt;
}

static uint64_t cost_of_fault(void) {
  size_t size = SAMPLE * 4096, i;
  char *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t start;
  if (at == MAP_FAILED) die("no memory for the harness");
  start = wall_ns();
  for (i = 0; i < size; i += 4096) at[i] = 1;
  start = wall_ns() - start;
  munmap(at, size);
  return start / SAMPLE;
}

static inline uint32_t clip(uint64_t ns) {
  return ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

typedef struct watch {
  uint64_t faults, system, start;
} watch;

static inline watch begin(void) {
  watch w = {faults(), system_ns, 0};
  w.start = wall_ns();
  return w;
}

static inline void end(trial *t, watch w) {
  uint64_t ns = wall_ns() - w.start;
  uint64_t kernel = system_ns - w.system + (faults() - w.faults) * t->fault_ns;
  if (t->count == CALLS) die("more calls than were thought of");
  t->now[t->count] = clip(ns);
  t->own[t->count++] = clip(ns > kernel ? ns - kernel : 0);
}

static mems_addr take(trial *t, mems_heap *heap, size_t size) {
  watch w = begin();
  mems_addr addr = mems_heap_malloc(heap, size);
  end(t, w);
  return addr;
}

static void give(trial *t, mems_heap *heap, mems_addr addr) {
  watch w = begin();
  mems_heap_free(heap, addr);
  end(t, w);
}

static mems_heap *opened(size_t limit, size_t quarantine) {
  mems_options options = {.size = sizeof options, .limit = limit,
                          .quarantine = quarantine};
  mems_heap *heap = mems_heap_open(&options, NULL);
  if (!heap) die("cannot open a heap");
  return heap;
}

typedef struct blocks {
  mems_addr *at;
  size_t count;
} blocks;

/* Blocks until so many bytes of payload live, each page of them written;
   timed if there is a trial. */
static blocks filled(trial *t, mems_heap *heap, size_t payload, size_t low,
                     size_t high) {
  blocks b = {own_memory((payload / low + 1) * sizeof(mems_addr)), 0};
  uint64_t seed = 5;
  size_t live = 0, i;
  while (live < payload) {
    size_t size = log_between(&seed, low, high);
    mems_addr addr = t ? take(t, heap, size) : mems_heap_malloc(heap, size);
    char *at = mems_heap_get(heap, addr);
    if (!at) die("the heap is too small");
    for (i = 0; i < size; i += 4096) at[i] = 1;
    b.at[b.count++] = addr;
    live += size;
  }
  return b;
}

static void shuffle(blocks b) {
  uint64_t seed = 9;
  size_t i;
  for (i = b.count; i > 1; i--) {
    size_t j = (size_t)below(&seed, i);
    mems_addr swap = b.at[i - 1];
    b.at[i - 1] = b.at[j];
    b.at[j] = swap;
  }
}

/* A HOLE of a little less than 8 KiB beside each of many blocks, up to the
   limit. */
static size_t pierce(mems_heap *heap) {
  size_t count = 0;
  while (mems_heap_aligned(heap, 100, 8192)) count++;
  return count;
}

enum { IN_CLASS = 8192 - 88 }; /* a size for which these are too small */

static void limit_first(trial *t) {
  mems_heap *heap = opened(scaled(1024, 100) * MIB, 0);
  pierce(heap);
  take(t, heap, IN_CLASS);
}

static void limit_second(trial *t) {
  mems_heap *heap = opened(scaled(1024, 100) * MIB, 0);
  pierce(heap);
  mems_heap_malloc(heap, IN_CLASS);
  take(t, heap, IN_CLASS);
  take(t, heap, IN_CLASS + 8);
  take(t, heap, 100);
  take(t, heap, MIB);
}

static void with_room(trial *t) {
  size_t i, n = scaled(1024, 100) * MIB / 8192;
  mems_heap *heap = opened(scaled(1536, 100) * MIB, 0);
  for (i = 0; i < n; i++) mems_heap_aligned(heap, 100, 8192);
  for (i = 0; i < 10000 && take(t, heap, IN_CLASS); i++);
}

static void full_quarantine(trial *t) {
  size_t size = scaled(256, 100) * MIB, i;
  mems_heap *heap = opened(4 * size, size);
  blocks b = filled(NULL, heap, size + size / 8, 64, 64);
  mems_addr large = mems_heap_malloc(heap, size / 2);
  for (i = 0; i < b.count; i++) mems_heap_free(heap, b.at[i]);
  b = filled(NULL, heap, 100000 * 64, 64, 64);
  give(t, heap, large);
  for (i = 0; i < b.count; i++) give(t, heap, b.at[i]);
}

/* A heap of `mib` is built, and then all of it is freed. */
static void free_all(trial *t, size_t mib, size_t low, size_t high,
                     int random) {
  mems_heap *heap = opened(0, 0);
  blocks b = filled(NULL, heap, scaled(mib, 100) * MIB, low, high);
  size_t i;
  if (random) shuffle(b);
  for (i = 0; i < b.count; i++) give(t, heap, b.at[i]);
}

static void last_small(trial *t) { free_all(t, 100, 64, 64, 0); }

static void last_random(trial *t) { free_all(t, 1000, 64, 4096, 1); }

static void last_mixed(trial *t) { free_all(t, 1000, 8, 65536, 1); }

static void last_large(trial *t) { free_all(t, 1000, MIB, 64 * MIB, 1); }

static void growing(trial *t) {
  filled(t, opened(0, 0), scaled(500, 100) * MIB, 8, 65536);
}

/* All of the heap was small blocks, and then it is asked for in one piece. */
static void one_piece(trial *t) {
  size_t size = scaled(1024, 100) * MIB, i;
  mems_heap *heap = opened(size, 0);
  blocks b = filled(NULL, heap, size / 2, 64, 512);
  for (i = 0; i < b.count; i++) mems_heap_free(heap, b.at[i]);
  take(t, heap, size / 4);
  take(t, heap, size / 2);
}

/* Near the limit, sizes to its 256th part. */
static void churn(trial *t) {
  size_t limit = scaled(1024, 100) * MIB, high = limit / 256, live = 0;
  size_t ops = scaled(300000, 100), i;
  uint64_t seed = 11;
  mems_heap *heap = opened(limit, 0);
  blocks b = {own_memory(limit / 1024 * sizeof(mems_addr)), 0};
  for (i = 0; i < ops; i++) {
    size_t size = log_between(&seed, 8, high);
    while (b.count && live + size > limit / 10 * 8) {
      size_t j = (size_t)below(&seed, b.count);
      live -= mems_heap_size(heap, b.at[j]);
      give(t, heap, b.at[j]);
      b.at[j] = b.at[--b.count];
    }
    b.at[b.count] = take(t, heap, size);
    if (b.at[b.count]) live += size, b.count++;
  }
}

typedef struct bound {
  const char *name;
  void (*run)(trial *);
} bound;

static const bound bounds[] = {
  {"limit-first", limit_first},
  {"limit-second", limit_second},
  {"with-room", with_room},
  {"quarantine", full_quarantine},
  {"growing", growing},
  {"last-small", last_small},
  {"last-random", last_random},
  {"last-mixed", last_mixed},
  {"last-large", last_large},
  {"one-piece", one_piece},
  {"churn", churn},
};

static size_t run_once(const bound *b, trial *t) {
  size_t *count = own_memory(sizeof *count);
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    b->run(t);
    *count = t->count;
    _exit(0);
  }
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    die("a run of the case failed");
  return *count;
}

static void least(uint32_t *of, const uint32_t *now, size_t count) {
  size_t i;
  for (i = 0; i < count; i++) {
    if (now[i] < of[i]) of[i] = now[i];
  }
}

static uint32_t most(const uint32_t *of, size_t count) {
  uint32_t value = 0;
  size_t i;
  for (i = 0; i < count; i++) {
    if (of[i] > value) value = of[i];
  }
  return value;
}

static void report_bound(const bound *b) {
  trial t = {own_memory(CALLS * sizeof(uint32_t)),
             own_memory(CALLS * sizeof(uint32_t)), 0, cost_of_fault()};
  uint32_t *now = own_memory(CALLS * sizeof *now);
  uint32_t *own = own_memory(CALLS * sizeof *own);
  size_t count = 0, slow = 0, i;
  memset(now, 0xff, CALLS * sizeof *now);
  memset(own, 0xff, CALLS * sizeof *own);
  for (i = 0; i < REPEATS; i++) {
    count = run_once(b, &t);
    least(now, t.now, count);
    least(own, t.own, count);
  }
  for (i = 0; i < count; i++) slow += own[i] > SLOW_NS;
  report("calls", (double)count);
  report("us", most(now, count) / 1e3);
  report("own.us", most(own, count) / 1e3);
  report("over1ms", (double)slow);
}

int main(int argc, char **argv) {
  size_t n = sizeof bounds / sizeof *bounds, i;
  for (i = 0; argc == 2 && i < n; i++) {
    if (strcmp(argv[1], bounds[i].name) == 0) {
      pin();
      report_bound(&bounds[i]);
      return 0;
    }
  }
  fprintf(stderr, "usage: bounds CASE, one of\n");
  for (i = 0; i < n; i++) fprintf(stderr, "  %s\n", bounds[i].name);
  return 2;
}
