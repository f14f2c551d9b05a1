/*
** bins.h - an index by class and place. Only hints: what it names is checked
** against the chain before it is used, so a broken hint is found, never
** followed.
**
** Holes of the chain are found through sets of regions, 4 KiB of payload
** each. For each size class there is the set of the regions in which a hole
** of that class starts; a set is a bitmap with summaries, 64 to 1, and the
** words of all classes for the same 64 regions stand together in one block:
**
**   level 1    block [ class 0 | class 1 | ... | class 127 ]  64 groups each
**   level 0    block [ class 0 | class 1 | ... | class 127 ]  64 regions each
**
** `present` has a bit for each class that any region has. So the smallest
** class that will do is one bit scan away, and the lowest region that has
** it one more for each level: good fit as in TLSF (Masmano et al. 2004),
** address-ordered among equals (Wilson et al. 1995).
**
** A set may name too many regions: whoever then looks there and finds no
** such hole takes it out. It never names too few: the region of each HOLE of
** the chain is in the set of its class, unless the heap is so small that it
** looks at all of them (hole.h).
**
** The same sets, by class of slots, name the regions where a run with free
** slots begins (runs.h).
*/

#ifndef MEMS_BINS_H
#define MEMS_BINS_H

#include "base.h"
#include "bits.h"
#include "pages.h"

enum { SET_LEVELS = 6, CLASSES = 128, CLASS_NONE = CLASSES };

/* The words of all classes for the same 64 regions, or groups of them. */
typedef struct mems_sets {
  uint64_t word[CLASSES];
} mems_sets;

typedef struct mems_bins {
  uint64_t here;       /* offset of this struct in the reservation */
  uint64_t present[CLASSES / WORD]; /* the classes whose set is not empty */
  unsigned top;        /* the level that is one block */
  mems_area levels[SET_LEVELS]; /* usable as far as needed */
} mems_bins;

/* Lays out the sets for at most `limit` granules from offset `at` on and
   returns the offset behind them. `here` is where *b itself stands. */
uint64_t bins_plan(mems_bins *b, uint64_t here, uint64_t at, uint64_t limit);

/* Makes the sets usable for granules below `end`. */
bool bins_reach(mems_bins *b, uint64_t end);

/* Forgets all, whatever there is. */
void bins_clear(mems_bins *b);

/* Forgets all regions that start at `end` or behind. */
void bins_forget(mems_bins *b, uint64_t end);

/* The same, and gives back what their sets take. */
void bins_retreat(mems_bins *b, uint64_t end);

uint64_t bins_overhead(const mems_bins *b);

/* The class of a hole of n granules, and the lowest class all of whose holes
   have n granules or more; CLASS_NONE if there is none. */
unsigned class_of(uint64_t n);
unsigned class_for(uint64_t n);

/* Sets of classes, one bit each. */
static inline void set_class(uint64_t *classes, unsigned c) {
  classes[c / WORD] |= bit(c % WORD);
}

static inline void clear_class(uint64_t *classes, unsigned c) {
  classes[c / WORD] &= ~bit(c % WORD);
}

static inline bool has_class(const uint64_t *classes, unsigned c) {
  return classes[c / WORD] >> c % WORD & 1;
}

/* The lowest class from c on that any region has; CLASS_NONE. */
static inline unsigned bins_class(const mems_bins *b, unsigned c) {
  for (; c < CLASSES; c = (c / WORD + 1) * WORD) {
    uint64_t from = bits_from(b->present[c / WORD], c % WORD);
    if (from) return c - c % WORD + bit_first(from);
  }
  return CLASS_NONE;
}

/* The first region from `region` on that has class `c`, or NOWHERE. */
uint64_t bins_find(const mems_bins *b, uint64_t region, unsigned c);

/* `region` is in the set of class c from now on, and is not. */
void bins_include(mems_bins *b, uint64_t region, unsigned c);
void bins_exclude(mems_bins *b, uint64_t region, unsigned c);

static inline mems_sets *bins_level(const mems_bins *b, unsigned level) {
  return (mems_sets *)((char *)b - b->here + b->levels[level].at);
}

/* Is `region` in the set of class c? */
static inline bool bins_has(const mems_bins *b, uint64_t region, unsigned c) {
  return bins_level(b, 0)[region / WORD].word[c] >> region % WORD & 1;
}

#endif
