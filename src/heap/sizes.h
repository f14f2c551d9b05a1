/*
** sizes.h - the sizes that blocks come in, in granules.
**
** Up to NEAR every size is one of its own. Above that, up to FINE_MOST,
** there are eight for each power of two, and a heap that is not small rounds
** up to the next one, so that the HOLE of one block serves many others: it
** gives up a sixteenth on average (as in McKusick and Karels 1988, with
** finer steps). Beyond there are four, since what a large block has too much
** is mostly never touched; and no step is above 16 MiB. The sizes up to
** NUMBER_MOST have numbers:
**
**   granules   1 2 3 .. 32 | 36 40 .. 64 | 72 .. | .. 8192 | 10240 .. | .. 2^24
**   number     1 2 3 .. 32 | 33 34 .. 40 | 41 .. | ..   96 |    97 .. | ..  140
*/

#ifndef MEMS_SIZES_H
#define MEMS_SIZES_H

#include "base.h"
#include "bits.h"

enum {
  NEAR = FIELD - 1, /* the next start is in a field of the start bits */
  FINE_BITS = 13,
  FINE_MOST = 1 << FINE_BITS, /* granules */
  STEP_MOST = 1 << 21,        /* granules */
  /* log2 of the steps for each power of two */
  FINE_STEPS = 3, LARGE_STEPS = 2,
  NUMBER_MOST = STEP_MOST << (LARGE_STEPS + 1),
  /* what makes the numbers of a part follow those of the one before */
  FINE_SHIFT = NEAR + 1 - ((6 - FINE_STEPS) << FINE_STEPS),
  FINE_LAST = ((FINE_BITS + 1 - FINE_STEPS) << FINE_STEPS) - 1 + FINE_SHIFT,
  LARGE_SHIFT = FINE_LAST + 1 - ((FINE_BITS + 1 - LARGE_STEPS) << LARGE_STEPS)
};

static inline unsigned steps_for(uint64_t n) {
  return n <= FINE_MOST ? FINE_STEPS : LARGE_STEPS;
}

/* The number of the least size that has n granules; n is 1 to NUMBER_MOST. */
static inline unsigned size_number(uint64_t n) {
  if (n <= NEAR) return (unsigned)n;
  unsigned steps = steps_for(n), step = bit_last(n - 1) - steps;
  unsigned shift = n <= FINE_MOST ? FINE_SHIFT : LARGE_SHIFT;
  return (step << steps) + (unsigned)((n - 1) >> step) + shift;
}

/* The granules of a numbered size. */
static inline uint64_t size_granules(unsigned number) {
  if (number <= NEAR) return number;
  bool large = number > FINE_LAST;
  unsigned steps = large ? LARGE_STEPS : FINE_STEPS;
  unsigned i = number - (unsigned)(large ? LARGE_SHIFT : FINE_SHIFT);
  return (bits_below(i, steps) + bit(steps) + 1) << ((i >> steps) - 1);
}

/* How many granules a heap that rounds takes for n. */
static inline uint64_t size_rounded(uint64_t n) {
  if (n <= NEAR) return n;
  return round_up(n, at_most(bit(bit_last(n - 1) - steps_for(n)), STEP_MOST));
}

#endif
