/*
** base.h - the measures that all floors share, and checked arithmetic.
**
**   granule   8 bytes          what a segment's place and length count in
**   word      64 granules      one 64-bit word of each bitmap
**   page      512 granules     what the OS deals in
**   region    512 granules     what one bit of the hole index stands for
**
** Test builds define MEMS_TINY, which shrinks the limits at the end, so
** that rare paths run all the time.
*/

#ifndef MEMS_BASE_H
#define MEMS_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRANULE ((size_t)8)
#define PAGE ((size_t)4096)
#define HUGE_PAGE ((uint64_t)2 << 20)
#define PAGE_GRANULES (PAGE / GRANULE)
#define WORD 64u
#define REGION ((uint64_t)512)
#define NOWHERE UINT64_MAX /* a granule that no heap has */

#if defined(MEMS_TINY)
enum {
  QUICK_MOST = 128, QUICK_DEEP = 6, QUICK_BYTES = 4096, MERGE_MOST = 3
};
#define SLICE_GRANULES ((uint64_t)64)
#define SLICE_LEAST ((uint64_t)32)
#define ROW_GRANULES ((uint64_t)24)
#define TIGHT_HEAP ((uint64_t)1536)
#define SMALL_HEAP ((uint64_t)2048)
#define SEARCH_TRIES 2
#define MAY_TRIES 1
#else
enum {
  QUICK_MOST = 8192,   /* granules of the largest size with a quick list */
  QUICK_DEEP = 1024,   /* blocks that a list holds at most, ... */
  QUICK_BYTES = 1 << 20, /* ... and bytes in them */
  MERGE_MOST = 128     /* merged at once */
};
#define SLICE_GRANULES ((uint64_t)8192)
#define SLICE_LEAST ((uint64_t)4096)
#define ROW_GRANULES ((uint64_t)512)
#define TIGHT_HEAP ((uint64_t)1536)
#define SMALL_HEAP ((uint64_t)8192)
#define SEARCH_TRIES 64
#define MAY_TRIES 4
#endif

#define PARKED_PART 16 /* parked beyond a 16th of the heap is much */

/* Kept out of the functions that call it, which need no stack then. */
#define COLD __attribute__((noinline))

/* Part of the functions that call it, also where the compiler would rather
   share it. */
#define HOT static inline __attribute__((always_inline))

/* Begins at a line of the cache. */
#define ALIGNED __attribute__((aligned(64)))

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* `n` rounded up to a multiple of `unit`, a power of two. */
static inline uint64_t round_up(uint64_t n, uint64_t unit) {
  return (n + unit - 1) & ~(unit - 1);
}

/* Words that hold `bits` bits. */
static inline uint64_t words_for(uint64_t bits) {
  return (bits + WORD - 1) / WORD;
}

static inline bool is_power_of_two(uint64_t n) {
  return n != 0 && (n & (n - 1)) == 0;
}

static inline uint64_t at_least(uint64_t a, uint64_t b) {
  return a < b ? b : a;
}

static inline uint64_t at_most(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* True if a * b does not fit, else *product has it. */
static inline bool multiply_overflows(size_t a, size_t b, size_t *product) {
  return __builtin_mul_overflow(a, b, product);
}

#endif
