/* See harness.h. */

#include "harness.h"

#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

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

/* Its own buffer, so that it takes nothing from the allocator. */
static size_t read_file(const char *path, char *text, size_t most) {
  int file = open(path, O_RDONLY);
  size_t size = 0;
  ssize_t got = 1;
  if (file < 0) die("cannot read what the process maps");
  while (got > 0 && size < most - 1) {
    got = read(file, text + size, most - 1 - size);
    size += got > 0 ? (size_t)got : 0;
  }
  close(file);
  text[size] = '\0';
  return size;
}

uint64_t resident(void) {
  unsigned long long kib = 0;
  char text[4096];
  const char *line;
  read_file("/proc/self/smaps_rollup", text, sizeof text);
  line = strstr(text, "\nAnonymous:");
  if (!line || sscanf(line, " Anonymous: %llu", &kib) != 1)
    die("cannot read the resident size");
  return (uint64_t)kib * 1024;
}

uint64_t writable(void) {
  static char text[1 << 20]; /* one for all calls: it may not be allocated */
  const char *line = text;
  uint64_t sum = 0;
  read_file("/proc/self/maps", text, sizeof text);
  while (line && *line) {
    unsigned long long from, to, inode;
    if (sscanf(line, "%llx-%llx rw-p %*s %*s %llu", &from, &to, &inode) == 3 &&
        inode == 0)
      sum += to - from;
    line = strchr(line, '\n');
    if (line) line++;
  }
  return sum;
}

void report(const char *key, double value) { printf("%s %.4f\n", key, value); }

void report_each(uint64_t from, uint64_t to, size_t ops) {
  report("ns", (double)(to - from) / (double)ops);
}
