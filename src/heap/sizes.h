/*
** sizes.h - the size classes of slots, in granules.
**
** Up to EXACT granules every length is a class of its own; beyond, there are
** eight for each power of two, so that a slot is a sixteenth longer than what
** lies in it on average (as in McKusick and Karels 1988, with finer steps):
**
**   granules   2 3 .. 16 | 18 20 .. 32 | 36 40 .. 64 | .. 8192
**   class      2 3 .. 16 | 17 18 .. 24 | 25 26 .. 32 | ..   88
**
** Class 0 is none.
*/

#ifndef MEMS_SIZES_H
#define MEMS_SIZES_H

#include "base.h"
#include "bits.h"

enum {
  EXACT = 16,
  STEPS_BITS = 3, /* log2 of the classes for each power of two */
  SLOT_MOST = 1 << 13, /* granules of the longest slot */
  STEP_MOST = 1 << 21, /* granules */
  SIZES = 89 /* one more than the highest class */
};

/* The least class of n granules or more; n is 2 to SLOT_MOST. */
static inline unsigned size_class(uint64_t n) {
  if (n <= EXACT) return (unsigned)n;
  unsigned step = bit_last(n - 1) - STEPS_BITS;
  return (step << STEPS_BITS) + (unsigned)((n - 1) >> step) + 1;
}

/* The granules of a class. */
static inline uint64_t size_granules(unsigned number) {
  if (number <= EXACT) return number;
  unsigned i = number - 1, step = (i >> STEPS_BITS) - 1;
  return (bits_below(i, STEPS_BITS) + bit(STEPS_BITS) + 1) << step;
}

/* How many granules the chain takes for n. Beyond the longest slot there are
   four lengths for each power of two, with steps of STEP_MOST at most, so that
   a HOLE fits again whoever asks for about as much, and ends where others did:
   there the bitmaps are in the cache. What a block has too much is mostly
   never touched. */
static inline uint64_t size_rounded(uint64_t n) {
  if (n <= SLOT_MOST) return n;
  return round_up(n, at_most(bit(bit_last(n - 1) - 2), STEP_MOST));
}

/* The least class whose slots have n granules or more and whose length is a
   multiple of `align`, a power of two; 0 if there is none. Slots are counted
   from a page, so there is none for more than that. The class of a multiple
   will do: `align` is a multiple of its step, and the class exact, or the step
   is one of `align`. */
static inline unsigned size_class_aligned(uint64_t n, uint64_t align) {
  n = round_up(n < 2 ? 2 : n, align);
  return n <= SLOT_MOST && align <= PAGE_GRANULES ? size_class(n) : 0;
}

#endif
