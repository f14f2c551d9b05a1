/*
** base.h - the measures that all floors share, and checked arithmetic.
**
**   granule   8 bytes          what a segment's place and length count in
**   word      64 granules      one 64-bit word of each bitmap
**   page      512 granules     what nodes and runs are made of
**   region    512 granules     what one bit of an index stands for
**
** The OS may deal in larger pages; pages.h knows.
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

/* A heap of up to so many granules has no index of its HOLEs, and runs only
   for what is asked for very often; one of up to JOINED makes each request to
   the OS a node of its own. */
#define TIGHT_HEAP ((uint64_t)1536)
#define JOINED ((uint64_t)8192)

#if defined(MEMS_TINY)
enum {
  STACK_DEEP = 6, STACK_BYTES = 1 << 14, REFILL_MOST = 4, RUN_ASKS = 2,
  RUN_ASKS_TIGHT = 60, RUN_SLOTS = 5, BORROWED = 3, OBSERVED = 8
};
#define SEARCH_TRIES 2
#define MAY_TRIES 1
#define IDLE_LEAST ((uint64_t)64 << 10)
#define IDLE_STEP ((uint64_t)32 << 10)
#define ZERO_LEAST ((uint64_t)16 << 10)
#else
enum {
  STACK_DEEP = 256,       /* slots that a stack holds at most, ... */
  STACK_BYTES = 1 << 21,  /* ... and bytes in them */
  REFILL_MOST = 128,      /* slots that it takes at once */
  RUN_ASKS = 12,          /* requests of a class before its first run, ... */
  RUN_ASKS_TIGHT = 1024,  /* ... while the heap is as small as that */
  RUN_SLOTS = 32,         /* in a run of more than a page */
  BORROWED = 256,         /* slots of the next class before one more run */
  OBSERVED = 1024         /* mallocs after which live blocks are counted anew */
};
#define SEARCH_TRIES 64
#define MAY_TRIES 2
/* So many free bytes may stay in memory, or a quarter of the live ones; ... */
#define IDLE_LEAST ((uint64_t)15 << 20)
/* ... and beyond, a call gives so many back. */
#define IDLE_STEP ((uint64_t)4 << 20)
/* From so many bytes on zeros come cheaper from the OS. */
#define ZERO_LEAST ((uint64_t)256 << 10)
#endif

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

static_assert(sizeof(void *) == 8,
              "mems needs addresses of 64 bits: its heaps reserve far more "
              "address space than 32 bits have");

/* True if a * b does not fit, else *product has it. */
static inline bool multiply_overflows(size_t a, size_t b, size_t *product) {
  return __builtin_mul_overflow(a, b, product);
}

#endif
