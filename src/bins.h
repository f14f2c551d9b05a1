/*
** bins.h - the index of holes. Only hints: what it names is checked against
** the chain before it is used, so a broken hint is found, never followed.
**
** Small holes, of up to QUICK_MOST granules, wait in quick lists: for each
** size a stack of granule numbers, last in first out, of fixed depth. A
** hole in a quick list is not merged with its neighbours yet, so that it
** serves the next request of its size as it is.
**
** All others are found through bounds, a tree of bytes: for each region of
** 32 KiB one byte, at least the size class of the largest hole that starts
** in it, and above it a byte that is at least the largest of 64 below:
**
**   level 1          [              37              ] ...
**   level 0     [ 0 12  0 37  9  0 ... ] [ 4 ...        regions, by address
**
** A bound may promise too much: whoever then looks and finds less lowers
** it. It never promises too little:
**
**   each HOLE is in the quick list of its size, or it is the slice (see
**   hole.h), or bound(region of its start) >= class of its size, and each
**   bound <= the bound above it.
**
** The search goes to the lowest address with a large enough bound: address-
** ordered first fit over regions, which keeps fragmentation low (Wilson et
** al. 1995). The size classes are those of TLSF (Masmano et al. 2004) with
** 4 steps for each power of two; they end at 127, so that eight bounds can
** be compared at once in one 64-bit word without a carry between them.
**
** Links are numbers, kept outside of the payload. 32 bits of a granule
** number are kept, so holes behind the first 32 GiB have no quick list.
*/

#ifndef MEMS_BINS_H
#define MEMS_BINS_H

#include "base.h"
#include "bits.h"
#include "pages.h"

enum {
  BOUND_LEVELS = 6,
  CLASS_MOST = 127,
  QUICK_SLOTS = QUICK_SMALL * DEEP + (QUICK_MOST - QUICK_SMALL) * SHALLOW
};

typedef struct mems_bins {
  uint64_t here;       /* offset of this struct in the reservation */
  uint64_t regions;    /* at most */
  unsigned top;        /* the level that is one group of 64 bytes */
  uint64_t level_at[BOUND_LEVELS];
  mems_area level0, level1; /* the long levels, usable as far as needed */
  mems_area tops;           /* the short ones, usable in whole */
  /* quick lists, one behind the other: slot 0 counts, entries follow */
  uint32_t slots[QUICK_SLOTS];
} mems_bins;

/* Lays out the bounds of at most `limit` granules from offset `at` on and
   returns the offset behind them. `here` is where *b itself stands. */
uint64_t bins_plan(mems_bins *b, uint64_t here, uint64_t at, uint64_t limit);

/* Makes the bounds usable for granules below `end`. */
bool bins_reach(mems_bins *b, uint64_t end);

/* Gives back what bounds of granules behind `end` take; forgets them. */
void bins_retreat(mems_bins *b, uint64_t end);

uint64_t bins_overhead(const mems_bins *b);

/* Size class of a hole of n granules, rounded down: n serves every class up
   to it. Rounded up: any hole of that class serves n. */
unsigned class_of(uint64_t n);
unsigned class_for(uint64_t n);

/* The first region from `region` on that promises class `c`, or NOWHERE. */
uint64_t bins_find(mems_bins *b, uint64_t region, unsigned c);

/* There is a hole of n granules at g: raises the bounds. */
void bins_note(mems_bins *b, uint64_t g, uint64_t n);

/* No hole that starts in `region` is of a higher class than c. */
void bins_lower(mems_bins *b, uint64_t region, unsigned c);

static inline uint8_t *bins_level(const mems_bins *b, unsigned level) {
  return (uint8_t *)b - b->here + b->level_at[level];
}

/* The quick list of n granules, 1 to QUICK_MOST, and its depth. */
static inline uint32_t *quick_list(mems_bins *b, uint64_t n) {
  uint64_t deep = (n - 1) * DEEP;
  uint64_t shallow = (n - 1) * SHALLOW + QUICK_SMALL * (DEEP - SHALLOW);
  return b->slots + (n <= QUICK_SMALL ? deep : shallow);
}

static inline uint32_t quick_depth(uint64_t n) {
  return n <= QUICK_SMALL ? DEEP - 1 : SHALLOW - 1;
}

/* Takes the last entry of list n; NOWHERE if it is empty. */
static inline uint64_t quick_pop(mems_bins *b, uint64_t n) {
  uint32_t *list = quick_list(b, n);
  uint32_t count = *list;
  if (UNLIKELY(count - 1 >= quick_depth(n))) return NOWHERE;
  *list = count - 1;
  return list[count];
}

/* Puts g on list n; false if there is no room. */
static inline bool quick_push(mems_bins *b, uint64_t n, uint64_t g) {
  uint32_t *list = quick_list(b, n);
  uint32_t count = *list;
  if (UNLIKELY(count >= quick_depth(n) || g > UINT32_MAX)) return false;
  list[count + 1] = (uint32_t)g;
  *list = count + 1;
  return true;
}

#endif
