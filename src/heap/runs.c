/*
** runs.c - the classes, the page map and the sets of runs.h.
*/

#include "runs.h"

static_assert(STACKS <= UINT16_MAX, "a slot of the stacks has 16 bits");
static_assert(sizeof(mems_class) == 64, "a class is a line of the cache");
static_assert((int)SIZES <= (int)CLASSES, "each class has a set");
static_assert(RUN_MOST * PAGE_GRANULES >= SLOT_MOST, "and a run holds one");
static_assert(RUN_MOST < 256, "a page map entry tells the run's start");

uint64_t runs_plan(mems_runs *r, uint64_t here, uint64_t at, uint64_t limit) {
  uint64_t sets = here + offsetof(mems_runs, sets);
  at = area_plan(&r->map, at, (limit / PAGE_GRANULES + 1) * 2);
  return bins_plan(&r->sets, sets, at, limit);
}

/* The inverse of an odd number modulo 2^32, by Newton's iteration: three
   bits are right at first, and each step doubles them. */
static uint32_t inverse_of(uint32_t odd) {
  uint32_t x = odd;
  for (int i = 0; i < 4; i++) x *= 2 - odd * x;
  return x;
}

uint16_t runs_depth(uint64_t n, uint64_t live) {
  uint64_t slots = STACK_BYTES / (n * GRANULE); /* as long as all at most */
  uint64_t most = at_most(STACK_DEEP, slots);
  uint64_t least = at_most(STACK_DEEP / 16, slots / 64);
  return (uint16_t)at_least(at_least(at_most(live / 2, most), least), 2);
}

mems_class runs_class(unsigned number, uint32_t first) {
  mems_class class = {.first = (uint16_t)first};
  class.last = class.top = class.first;
  if (number < 2) return class;
  uint32_t n = (uint32_t)size_granules(number);
  unsigned shift = bit_first(n);
  class.granules = n;
  class.share = (uint32_t)((bit(32) + n - 1) / n);
  class.inverse = inverse_of(n >> shift);
  class.shift = (uint8_t)shift;
  class.most = (uint32_t)(RUN_MOST * PAGE_GRANULES / n + 1);
  class.mask = entry_mask(n);
  class.brim = (uint32_t)entry_brim(n);
  class.mark_at = (uint8_t)(entry_slack_bits(n) + 1);
  class.last += runs_depth(n, UINT64_MAX);
  return class;
}

void runs_clear(mems_runs *r) {
  uint32_t slot = GAP;
  for (unsigned i = 0; i < SIZES; i++) {
    mems_class *class = r->classes + i;
    *class = runs_class(i, slot);
    r->passed[i] = 0;
    slot = class->last + GAP;
    if (class->most == 0) continue;
    uint64_t n = class->granules, bytes = n * GRANULE;
    uint64_t live = at_most(STACK_DEEP, STACK_BYTES / 4 / bytes);
    class->last = class->first + runs_depth(n, live);
  }
  assert(slot <= STACKS + GAP);
  r->recent_class = 0;
  r->taken = r->spare = 0;
  r->live = r->mallocs = r->flush_from = 0;
  r->churns = 0;
}

void runs_open(mems_runs *r, uint64_t align, bool malloc_may, bool free_may) {
  runs_clear(r);
  for (uint64_t n = 1; n <= TABLE_MOST; n++)
    r->numbers[n - 1] = (uint8_t)size_class_aligned(n, align);
  r->direct = free_may;
  if (malloc_may && align <= TABLE_MOST) r->bytes = TABLE_MOST * GRANULE;
}

bool runs_reach(mems_runs *r, mems_chain *c, uint64_t end) {
  return area_grow((char *)c, &r->map, (end / PAGE_GRANULES + 1) * 2) &&
         bins_reach(&r->sets, end);
}

void runs_retreat(mems_runs *r, mems_chain *c, uint64_t end) {
  area_shrink((char *)c, &r->map, (end / PAGE_GRANULES + 1) * 2);
  bins_retreat(&r->sets, end);
}

uint64_t runs_overhead(const mems_runs *r) {
  return r->map.usable + bins_overhead(&r->sets);
}

void runs_set_end(mems_runs *r, uint64_t end) {
  if (r->direct) r->end = at_most(end, UINT32_MAX);
}

uint64_t runs_last(const mems_chain *c, uint64_t page) {
  const uint16_t *map = runs_map(c);
  unsigned number = runs_number(map[page]), back = runs_back(map[page]);
  uint64_t end = c->end / PAGE_GRANULES;
  do page++, back++;
  while (page < end && map[page] == (number | back << 8));
  return page;
}

bool runs_page_is_spare(const mems_runs *r, const mems_chain *c,
                        uint64_t page) {
  uint64_t g = page * PAGE_GRANULES;
  if (!chain_is_clear(c, g, PAGE_GRANULES)) return false;
  unsigned entry = runs_map(c)[page];
  const mems_class *class = r->classes + runs_number(entry);
  return runs_is_free(c, g - runs_inside(class, runs_offset(g, entry)), false);
}

uint64_t runs_live(const mems_runs *r, unsigned number) {
  const mems_class *class = r->classes + number;
  return class->slots - class->spare - runs_stacked(class) -
         (r->recent_class == number);
}

uint64_t runs_blocks(const mems_runs *r) {
  uint64_t blocks = 0;
  for (unsigned i = 2; i < SIZES; i++) blocks += runs_live(r, i);
  return blocks;
}

uint64_t runs_used(const mems_runs *r) {
  uint64_t used = 0;
  for (unsigned i = 2; i < SIZES; i++)
    used += runs_live(r, i) * r->classes[i].granules;
  return used;
}
