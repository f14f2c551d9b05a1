/* See harness.h. */

#include "harness.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

void die(const char *why) {
  fprintf(stderr, "bench: %s\n", why);
  exit(1);
}

static uint64_t clock_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t cpu_ns(void) { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

uint64_t wall_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

void pin(void) {
  const char *wish = getenv("BENCH_CPU");
  cpu_set_t set;
  int cpu = CPU_SETSIZE - 1;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return;
  while (cpu > 0 && !CPU_ISSET(cpu, &set)) cpu--;
  if (wish) cpu = atoi(wish);
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) die("cannot pin to a core");
}

size_t scaled(size_t n, size_t by) {
  if (!getenv("BENCH_SMOKE")) return n;
  return n / by > 0 ? n / by : 1;
}

void *own_memory(size_t size) {
  void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (p == MAP_FAILED) die("no memory for the harness");
  return p;
}

uint64_t next_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * 0x2545F4914F6CDD1Du;
}

uint64_t below(uint64_t *state, uint64_t n) {
  return ((next_random(state) >> 32) * n) >> 32;
}

size_t between(uint64_t *state, size_t low, size_t high) {
  return low + (size_t)below(state, high - low + 1);
}

size_t log_between(uint64_t *state, size_t low, size_t high) {
  double unit = (double)(next_random(state) >> 11) * 0x1p-53;
  double span = log((double)(high + 1) / (double)low);
  size_t size = (size_t)((double)low * exp(span * unit));
  return size > high ? high : size;
}

uint64_t resident(void) {
  unsigned long long kib = 0;
  char line[256];
  FILE *f = fopen("/proc/self/smaps_rollup", "r");
  if (!f) die("cannot read /proc/self/smaps_rollup");
  while (fgets(line, sizeof line, f)) {
    if (sscanf(line, "Rss: %llu", &kib) == 1) break;
  }
  fclose(f);
  return (uint64_t)kib * 1024;
}

void report(const char *key, double value) { printf("%s %.4f\n", key, value); }

void report_each(uint64_t from, uint64_t to, size_t ops) {
  report("ns", (double)(to - from) / (double)ops);
}
