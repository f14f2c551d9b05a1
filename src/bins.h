/*
** bins.h - the index of holes. Only hints: what it names is checked against
** the chain before it is used, so a broken hint is found, never followed.
**
** Small holes, of up to QUICK_MOST granules, wait in quick lists: for each
** size a stack of granule numbers, last in first out, of fixed depth. A
** hole in a quick list is not merged with its neighbours yet, so that it
** serves the next request of its size as it is.
**
** All others are found through sets of regions, 4 KiB of payload each. For
** each size class there is the set of the regions in which a hole of that
** class starts; a set is a bitmap with summaries, 64 to 1, and the words of
** all classes for the same 64 regions stand together in one block:
**
**   level 1    block [ class 0 | class 1 | ... | class 63 ]   64 groups each
**   level 0    block [ class 0 | class 1 | ... | class 63 ]   64 regions each
**
** `present` has a bit for each class that any region has. So the smallest
** class that will do is one bit scan away, and the lowest region that has
** it one more for each level: good fit as in TLSF (Masmano et al. 2004),
** address-ordered among equals (Wilson et al. 1995).
**
** A set may name too many regions: whoever then looks there and finds no
** such hole takes it out. It never names too few:
**
**   each HOLE is parked in the quick list of its size, or it is the slice
**   (see hole.h), or its region is in the set of its class.
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
  SET_LEVELS = 6,
  CLASSES = 64,
  CLASS_NONE = CLASSES,
  QUICK_SLOTS = QUICK_SMALL * DEEP + (QUICK_MIDDLE - QUICK_SMALL) * HALFWAY +
                (QUICK_MOST - QUICK_MIDDLE) * SHALLOW + 1
};

/* The words of all classes for the same 64 regions, or groups of them. */
typedef struct mems_sets {
  uint64_t word[CLASSES];
} mems_sets;

typedef struct mems_bins {
  uint64_t here;       /* offset of this struct in the reservation */
  uint64_t present;    /* the classes whose set is not empty */
  unsigned top;        /* the level that is one block */
  uint64_t level_at[SET_LEVELS];
  mems_area long_level[3];  /* 0 to 2, usable as far as needed */
  mems_area tops;           /* the others, usable in whole */
  /* quick_top[n] is the slot behind the last entry of list n; the lists
     stand one behind the other, a QUICK_END before each and behind the
     last: [END a b . . END c . . END ...] */
  uint16_t quick_top[QUICK_MOST + 1];
  uint32_t slots[QUICK_SLOTS];
} mems_bins;

/* Lays out the sets for at most `limit` granules from offset `at` on and
   returns the offset behind them. `here` is where *b itself stands. */
uint64_t bins_plan(mems_bins *b, uint64_t here, uint64_t at, uint64_t limit);

/* Empties the quick lists. */
void quick_clear(mems_bins *b);

/* Makes the sets usable for granules below `end`. */
bool bins_reach(mems_bins *b, uint64_t end);

/* Forgets all regions that start at `end` or behind, and gives back what
   their sets take. */
void bins_retreat(mems_bins *b, uint64_t end);

uint64_t bins_overhead(const mems_bins *b);

/* The class of a hole of n granules, and the lowest class all of whose holes
   have n granules or more; CLASS_NONE if there is none. */
unsigned class_of(uint64_t n);
unsigned class_for(uint64_t n);

/* The lowest class from c on that any region has; CLASS_NONE. */
static inline unsigned bins_class(const mems_bins *b, unsigned c) {
  uint64_t from = c < CLASSES ? bits_from(b->present, c) : 0;
  return from ? bit_first(from) : CLASS_NONE;
}

/* The first region from `region` on that has class `c`, or NOWHERE. */
uint64_t bins_find(const mems_bins *b, uint64_t region, unsigned c);

/* There is a hole of n granules at g. */
void bins_note(mems_bins *b, uint64_t g, uint64_t n);

/* No hole of class c starts in `region`. */
void bins_exclude(mems_bins *b, uint64_t region, unsigned c);

static inline mems_sets *bins_level(const mems_bins *b, unsigned level) {
  return (mems_sets *)((char *)b - b->here + b->level_at[level]);
}

#define QUICK_END UINT32_MAX

/* The slot of the first entry of list n, 1 to QUICK_MOST + 1. */
static inline unsigned quick_first(uint64_t n) {
  uint64_t deep = at_most(n - 1, QUICK_SMALL) * (DEEP - HALFWAY);
  uint64_t halfway = at_most(n - 1, QUICK_MIDDLE) * (HALFWAY - SHALLOW);
  return (unsigned)((n - 1) * SHALLOW + halfway + deep) + 1;
}

/* Entries in list n. */
static inline unsigned quick_count(const mems_bins *b, uint64_t n) {
  return b->quick_top[n] - quick_first(n);
}

/* Takes the last entry of list n; if it is empty, a granule that no heap
   has. */
static inline uint64_t quick_pop(mems_bins *b, uint64_t n) {
  unsigned top = b->quick_top[n];
  uint32_t g = b->slots[top - 1];
  if (UNLIKELY(g == QUICK_END)) return NOWHERE;
  b->quick_top[n] = (uint16_t)(top - 1);
  return g;
}

/* Puts g, which is below QUICK_END, on list n; false if there is no room. */
static inline bool quick_push(mems_bins *b, uint64_t n, uint64_t g) {
  unsigned top = b->quick_top[n];
  if (UNLIKELY(b->slots[top] == QUICK_END)) return false;
  b->slots[top] = (uint32_t)g;
  b->quick_top[n] = (uint16_t)(top + 1);
  return true;
}

#endif
