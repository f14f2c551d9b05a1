/*
** entry.h - what the used bits of a block say: that it is one, how much
** slack it has, size of the segment - bytes asked for, and which alignment
** was asked for.
**
**   granules     the used bits from the start on
**   2            1 s          s: 1, the table of tiny blocks has the slack
**   3            1 s*2        slack 0 to 2; 3: the table has it
**   4 .. 6       1 s*3        slack 0 to 6; 7: the table has it
**   7            1 s*6        slack
**   8 .. 18      1 s*(n-2) a  slack; a: as a slot of this length is aligned
**   19 .. 23     1 s*17 a     the same
**   24 .. 63     1 s*17 a*5   log2 of the granules it is aligned to
**   64 ..        1 s*27 a*5   the same
**
** A block of FRESH_LEAST granules or more has one bit behind that: it is
** fresh, nobody has reached it since it was handed out.
**
** Only a slot has a mark of one bit. So each block has room for any slack up
** to its length less one; and those of one length, which the chain or the page
** map tells, have their entry at the same place. A free slot of a run (runs.h)
** has 0 0 there, or 0 1 while a stack names it, and no other bit. A block takes
** two granules at least.
*/

#ifndef MEMS_ENTRY_H
#define MEMS_ENTRY_H

#include "base.h"
#include "bits.h"

enum {
  TINY = 6,        /* granules; above it every slack has room in the bits */
  SLACK_BITS = 17, /* so many; of a block of LONG granules SLACK_LONG */
  LONG = 64,
  SLACK_LONG = FIELD - 6,
  MARK_LEAST = 8,  /* granules of a slot that can be marked as aligned, ... */
  MARK_BITS = 5,
  MARK_LONG = 24,  /* ... and of a block whose mark has MARK_BITS */
  FRESH_LEAST = 1024 /* granules of a block that can be fresh */
};

/* How many bits the slack of a block of n granules has. */
static inline unsigned entry_slack_bits(uint64_t n) {
  if (n <= TINY) return n < 4 ? (unsigned)n - 1 : 3;
  if (n < MARK_LEAST) return 6;
  if (n < SLACK_BITS + 2) return (unsigned)n - 2;
  return n < LONG ? SLACK_BITS : SLACK_LONG;
}

/* How many bits its mark has. */
static inline unsigned entry_mark_bits(uint64_t n) {
  if (n < MARK_LEAST) return 0;
  return n < MARK_LONG ? 1 : MARK_BITS;
}

/* All bits of the entry of a block of n granules. */
static inline uint64_t entry_mask(uint64_t n) {
  return bit(entry_slack_bits(n) + entry_mark_bits(n) + 1) - 1;
}

/* The least slack that they have no room for. */
static inline uint64_t entry_brim(uint64_t n) {
  return n <= TINY ? bit(entry_slack_bits(n)) - 1 : bit(SLACK_LONG);
}

/* The mark of a block of n granules, MARK_LEAST or more, that was to be
   aligned to `align` granules. */
static inline uint64_t entry_mark(uint64_t n, uint64_t align) {
  uint64_t mark = n < MARK_LONG ? align > 1 : bit_first(align);
  return mark << (entry_slack_bits(n) + 1);
}

/* The granules that it is to be aligned to; 1: it was not asked for. */
static inline uint64_t entry_alignment(uint64_t n, uint64_t useds) {
  uint64_t mark = useds >> 1 >> entry_slack_bits(n);
  mark = bits_below(mark, entry_mark_bits(n));
  if (n < MARK_LONG) return mark ? n & -n : 1;
  return bit((unsigned)mark);
}

/* What the slack bits among `useds` say; entry_brim: look into the table. */
static inline uint64_t entry_slack(uint64_t n, uint64_t useds) {
  return bits_below(useds >> 1, entry_slack_bits(n));
}

/* Granules that a block of `size` bytes takes at least; size is 1 at least. */
static inline uint64_t entry_granules(size_t size) {
  return ((uint64_t)size + GRANULE - 1) / GRANULE + (size <= GRANULE);
}

#endif
