/*
** What every workload needs and no allocator sees: clocks, random numbers,
** memory of the harness's own straight from mmap, and the resident size.
*/

#ifndef HARNESS_H
#define HARNESS_H

#include <stddef.h>
#include <stdint.h>

_Noreturn void die(const char *why);

/* Time this process spent computing, in the kernel too: other programs that
   share the core do not count. Nanoseconds. */
uint64_t cpu_ns(void);

/* Time on the wall, nanoseconds. */
uint64_t wall_ns(void);

/* Stays on one core: the last allowed one, or $BENCH_CPU. */
void pin(void);

/* n / by in a smoke run, at least 1; else n. */
size_t scaled(size_t n, size_t by);

/* Zeroed and resident at once, so that no page fault of the harness falls
   into a measurement. Shared with the children that fork makes. */
void *own_memory(size_t size);

/* xorshift64*: the same sequence for every allocator. */
uint64_t next_random(uint64_t *state);

/* Uniform in [0, n), n up to 2^32. */
uint64_t below(uint64_t *state, uint64_t n);

/* Uniform in [low, high]. */
size_t between(uint64_t *state, size_t low, size_t high);

/* Log-uniform in [low, high]: as many small sizes as large ones. */
size_t log_between(uint64_t *state, size_t low, size_t high);

/* Bytes in memory that no file and no other process has: neither programs and
   libraries nor own_memory. */
uint64_t resident(void);

/* Bytes in private mappings of no file that this process may write to: what
   an allocator has mapped, and as much more before it began. */
uint64_t writable(void);

/* Prints a result. */
void report(const char *key, double value);
void report_each(uint64_t from, uint64_t to, size_t ops);

#endif
