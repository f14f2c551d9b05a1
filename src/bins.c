/*
** bins.c - size classes, and the tree of bounds of bins.h.
*/

#include "bins.h"

#include <string.h>

enum { GROUP = 64 }; /* bounds below one bound */

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define EACH_TOP UINT64_C(0x8080808080808080)

unsigned class_of(uint64_t n) {
  if (n < 8) return (unsigned)n;
  unsigned e = bit_last(n);
  unsigned c = (e - 1) * 4 + (unsigned)(n >> (e - 2) & 3);
  return c < CLASS_MOST ? c : CLASS_MOST;
}

unsigned class_for(uint64_t n) {
  if (n < 8) return (unsigned)n;
  return class_of(n + (UINT64_C(1) << (bit_last(n) - 2)) - 1);
}

static uint64_t groups_for(uint64_t bounds) {
  return (bounds + GROUP - 1) / GROUP;
}

uint64_t bins_plan(mems_bins *b, uint64_t here, uint64_t at, uint64_t limit) {
  uint64_t count = limit / REGION + 1, tops = 0;
  b->here = here;
  b->regions = count;
  for (unsigned level = 0; ; level++) {
    uint64_t bytes = groups_for(count) * GROUP;
    if (level == 0) at = area_plan(&b->level0, at, bytes);
    if (level == 1) at = area_plan(&b->level1, at, bytes);
    b->level_at[level] = tops;
    if (level > 1) tops += bytes;
    b->top = level;
    if (count <= GROUP) break;
    count = groups_for(count);
  }
  at = area_plan(&b->tops, at, tops);
  b->level_at[0] = b->level0.at;
  b->level_at[1] = b->level1.at;
  for (unsigned level = 2; level <= b->top; level++)
    b->level_at[level] += b->tops.at;
  return at;
}

/* Bytes of level 0 and of level 1 for granules below `end`, whole groups. */
static uint64_t bytes0(const mems_bins *b, uint64_t end) {
  return at_most(groups_for(end / REGION + 1) * GROUP, b->level0.size);
}

static uint64_t bytes1(const mems_bins *b, uint64_t end) {
  uint64_t bounds = groups_for(end / REGION + 1);
  return at_most(groups_for(bounds) * GROUP, b->level1.size);
}

bool bins_reach(mems_bins *b, uint64_t end) {
  char *reservation = (char *)b - b->here;
  return area_grow(reservation, &b->tops, b->tops.size) &&
         area_grow(reservation, &b->level0, bytes0(b, end)) &&
         area_grow(reservation, &b->level1, bytes1(b, end));
}

void bins_retreat(mems_bins *b, uint64_t end) {
  char *reservation = (char *)b - b->here;
  uint64_t from = (end + REGION - 1) / REGION;
  area_shrink(reservation, &b->level0, bytes0(b, end));
  if (from < b->level0.usable)
    memset(bins_level(b, 0) + from, 0, b->level0.usable - from);
  area_shrink(reservation, &b->level1, bytes1(b, end));
}

uint64_t bins_overhead(const mems_bins *b) {
  return b->level0.usable + b->level1.usable + b->tops.usable;
}

/* Number of the first of eight bounds that is c or more; 8 if none is. */
static unsigned first_of_eight(const uint8_t *bounds, unsigned from,
                               unsigned c) {
  uint64_t eight;
  memcpy(&eight, bounds, sizeof eight);
  /* a byte's top bit is set if the byte is c or more: no byte borrows */
  uint64_t found = ((eight | EACH_TOP) - c * EACH_BYTE) & EACH_TOP;
  found = bits_from(found, from * 8);
  return found ? bit_first(found) / 8 : 8;
}

/* The first bound of i's group, from i on, that is c or more; NOWHERE. */
static uint64_t first_in_group(const uint8_t *level, uint64_t i, unsigned c) {
  uint64_t end = i - i % GROUP + GROUP;
  unsigned from = i % 8;
  for (i -= from; i < end; i += 8, from = 0) {
    unsigned k = first_of_eight(level + i, from, c);
    if (k < 8) return i + k;
  }
  return NOWHERE;
}

static uint8_t most_in_group(const uint8_t *group) {
  uint8_t most = 0;
  for (unsigned i = 0; i < GROUP; i++)
    if (group[i] > most) most = group[i];
  return most;
}

/*
** Down into the first child that is large enough, up and to the right where
** there is none. A group that was seen from its start and has no such child
** was promised too much: its parent is lowered.
*/
uint64_t bins_find(mems_bins *b, uint64_t region, unsigned c) {
  uint64_t i = region, reach = b->level0.usable;
  unsigned level = 0;
  while (i < reach) {
    const uint8_t *bounds = bins_level(b, level);
    uint64_t found = first_in_group(bounds, i, c);
    if (found != NOWHERE) {
      if (level == 0) return found;
      i = found * GROUP;
      level--, reach = reach * GROUP;
    } else if (level == b->top) {
      break;
    } else {
      if (i % GROUP == 0)
        bins_level(b, level + 1)[i / GROUP] = most_in_group(bounds + i);
      i = i / GROUP + 1;
      level++, reach = groups_for(reach);
    }
  }
  return NOWHERE;
}

void bins_note(mems_bins *b, uint64_t g, uint64_t n) {
  uint8_t c = (uint8_t)class_of(n);
  uint64_t i = g / REGION;
  for (unsigned level = 0; level <= b->top; level++, i /= GROUP) {
    uint8_t *bound = bins_level(b, level) + i;
    if (*bound >= c) break;
    *bound = c;
  }
}

void bins_lower(mems_bins *b, uint64_t region, unsigned c) {
  bins_level(b, 0)[region] = (uint8_t)c;
}
