/*
** bins.c - size classes, and the sets of regions of bins.h.
*/

#include "bins.h"

#include <string.h>

enum {
  GROUP = 64,
  GROUP_BITS = 6,
  EXACT = 8, /* granules; from here on four classes for each power of two */
  FIRST = 7  /* the class of EXACT */
};

/*
** granules    1 2 3 4 5 6 7 | 8 10 12 14 | 16 20 24 28 | 32 40 .. | .. 2^33
** class       0 1 2 3 4 5 6 | 7  8  9 10 | 11 12 13 14 | 15 16 .. | .. 127
*/
unsigned class_of(uint64_t n) {
  if (n < EXACT) return (unsigned)n - 1;
  unsigned e = bit_last(n);
  unsigned c = FIRST + (e - 3) * 4 + (unsigned)(n >> (e - 2) & 3);
  return c < CLASSES ? c : CLASSES - 1;
}

unsigned class_for(uint64_t n) {
  unsigned c = class_of(n);
  if (n < EXACT || class_of(n - 1) != c) return c;
  return c + 1; /* n is not the least of its class */
}

static uint64_t groups_for(uint64_t count) {
  return (count + GROUP - 1) / GROUP;
}

uint64_t bins_plan(mems_bins *b, uint64_t here, uint64_t at, uint64_t limit) {
  uint64_t blocks = limit / REGION + 1;
  b->here = here;
  for (b->top = 0; ; b->top++) {
    blocks = groups_for(blocks);
    at = area_plan(&b->levels[b->top], at, blocks * sizeof(mems_sets));
    if (blocks == 1) return at;
  }
}

/* Bytes of a level that granules below `end` need. */
static uint64_t bytes_for(const mems_bins *b, unsigned level, uint64_t end) {
  uint64_t blocks = groups_for(end / REGION + 1);
  for (unsigned i = 0; i < level; i++) blocks = groups_for(blocks);
  return at_most(blocks * sizeof(mems_sets), b->levels[level].size);
}

bool bins_reach(mems_bins *b, uint64_t end) {
  char *reservation = (char *)b - b->here;
  bool ok = true;
  /* from the top down, so that what is above a usable block is usable */
  for (unsigned level = b->top + 1; ok && level-- > 0; )
    ok = area_grow(reservation, &b->levels[level], bytes_for(b, level, end));
  return ok;
}

void bins_clear(mems_bins *b) {
  char *image = (char *)b - b->here;
  for (unsigned level = 0; level <= b->top; level++)
    memset(image + b->levels[level].at, 0, b->levels[level].usable);
  memset(b->present, 0, sizeof b->present);
}

void bins_forget(mems_bins *b, uint64_t end) {
  for (unsigned c = 0; c < CLASSES; c++) {
    uint64_t region = (end + REGION - 1) / REGION;
    while ((region = bins_find(b, region, c)) != NOWHERE)
      bins_exclude(b, region++, c);
  }
}

void bins_retreat(mems_bins *b, uint64_t end) {
  char *reservation = (char *)b - b->here;
  bins_forget(b, end);
  bool ok = true;
  for (unsigned level = 0; ok && level <= b->top; level++)
    ok = area_shrink(reservation, &b->levels[level],
                     bytes_for(b, level, end));
}

uint64_t bins_overhead(const mems_bins *b) {
  uint64_t bytes = 0;
  for (unsigned level = 0; level <= b->top; level++)
    bytes += b->levels[level].usable;
  return bytes;
}

/* Regions whose sets are usable. */
static uint64_t regions(const mems_bins *b) {
  return b->levels[0].usable / sizeof(mems_sets) * GROUP;
}

static uint64_t *set_word(const mems_bins *b, unsigned level, uint64_t i,
                          unsigned c) {
  return &bins_level(b, level)[i / GROUP].word[c];
}

/* Up until a set has a member further on, then down to the first one; the
   first of all is below the top. */
uint64_t bins_find(const mems_bins *b, uint64_t region, unsigned c) {
  uint64_t i = region, found;
  unsigned level = region == 0 ? b->top : 0;
  if (region >= regions(b)) return NOWHERE;
  found = bits_from(*set_word(b, level, i, c), i % GROUP);
  while (found == 0) {
    if (level++ == b->top) return NOWHERE;
    i /= GROUP;
    found = bits_above(*set_word(b, level, i, c), i % GROUP);
  }
  for (;;) {
    i = i - i % GROUP + bit_first(found);
    if (level-- == 0) return i;
    i *= GROUP;
    /* a summary that was damaged leads nowhere, and not out of the sets */
    if (i << GROUP_BITS * level >= regions(b)) return NOWHERE;
    found = *set_word(b, level, i, c);
    if (UNLIKELY(found == 0)) return NOWHERE;
  }
}

void bins_include(mems_bins *b, uint64_t region, unsigned c) {
  uint64_t i = region;
  for (unsigned level = 0; level <= b->top; level++, i /= GROUP) {
    uint64_t *word = set_word(b, level, i, c), old = *word;
    *word = old | bit(i % GROUP);
    if (old) return;
  }
  set_class(b->present, c);
}

void bins_exclude(mems_bins *b, uint64_t region, unsigned c) {
  uint64_t i = region;
  for (unsigned level = 0; level <= b->top; level++, i /= GROUP) {
    if (*set_word(b, level, i, c) &= ~bit(i % GROUP)) return;
  }
  clear_class(b->present, c);
}
