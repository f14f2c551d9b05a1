/*
** sizes.h - the sizes that blocks come in, in granules.
**
** Up to NEAR every size is one of its own. Above that, up to QUICK_MOST,
** there are eight for each power of two, and a heap that is not small rounds
** up to the next one, so that the HOLE of one block serves many others: it
** gives up a sixteenth on average (as in McKusick and Karels 1988, with
** finer steps). Beyond it goes on like this, with steps of 16 MiB at most.
** The sizes up to NUMBER_MOST have numbers:
**
**   granules   1 2 3 .. 32 | 36 40 .. 64 | 72 80 .. 128 | 144 .. | .. 2^25
**   number     1 2 3 .. 32 | 33 34 .. 40 | 41 42 ..  48 |  49 .. | ..  192
*/

#ifndef MEMS_SIZES_H
#define MEMS_SIZES_H

#include "base.h"
#include "bits.h"

enum {
  NEAR = FIELD - 1, /* the next start is in a field of the start bits */
  STEP_BITS = 3,
  STEPS = 1 << STEP_BITS,
  STEP_MOST = 1 << 21, /* granules */
  NUMBER_MOST = 2 * STEPS * STEP_MOST, /* granules */
  /* what makes the numbers above NEAR follow those up to it */
  NUMBER_SHIFT = NEAR + 1 - 3 * STEPS
};

/* The number of the least size that has n granules; n is 1 to NUMBER_MOST. */
static inline unsigned size_number(uint64_t n) {
  if (n <= NEAR) return (unsigned)n;
  unsigned step = bit_last(n - 1) - STEP_BITS;
  return step * STEPS + (unsigned)((n - 1) >> step) + NUMBER_SHIFT;
}

/* The granules of a numbered size. */
static inline uint64_t size_granules(unsigned number) {
  if (number <= NEAR) return number;
  unsigned i = number - NUMBER_SHIFT;
  return (uint64_t)(i % STEPS + STEPS + 1) << (i / STEPS - 1);
}

/* How many granules a heap that rounds takes for n. */
static inline uint64_t size_rounded(uint64_t n) {
  if (n <= NEAR) return n;
  return round_up(n, at_most(bit(bit_last(n - 1) - STEP_BITS), STEP_MOST));
}

#endif
