/*
** open.c - a heap begins and ends: options, the layout of its reservation,
** opening, closing, and freeing all of it at once.
*/

#include <string.h>

#include "hole.h"
#include "image.h"
#include "ranges.h"

#define LIMIT ((uint64_t)64 << 30)
#define LIMIT_MOST ((uint64_t)1 << 46)
#define NODE_MOST ((size_t)1 << 30)

static bool options_are_good(const mems_options *o) {
  if (o->limit > LIMIT_MOST || (o->limit && o->limit < PAGE)) return false;
  uint64_t limit = o->limit ? o->limit : LIMIT;
  if (o->base % GRANULE || o->base > ((uint64_t)1 << 63) - limit)
    return false;
  if (o->page % PAGE || o->page > NODE_MOST) return false;
  if (o->align == 0) return true;
  return is_power_of_two(o->align) && o->align >= GRANULE &&
         o->align <= HUGE_PAGE;
}

/* The page in front, and the header of the image. */
static uint64_t front(void) {
  return pages_unit() + round_up(sizeof(mems_heap), pages_unit());
}

/* Room for all that is laid out beside `limit` bytes: chain_plan takes a 32nd
   part and a little, dict_plan a 16th, runs_plan and the bins a 100th,
   guard_plan a 128th and its queue; each area is whole pages. */
static uint64_t reservation_for(uint64_t limit, const mems_options *o) {
  return front() + limit + limit / 8 + 80 * pages_unit() + 2 * HUGE_PAGE +
         guard_room(at_most(o->quarantine, limit) / GRANULE);
}

/* Where the heap of a reservation stands: behind the page in front, which
   begins at a multiple of HUGE_PAGE. */
static mems_heap *image_in(char *reservation) {
  uint64_t at = round_up((uint64_t)(uintptr_t)reservation, HUGE_PAGE);
  return (mems_heap *)(reservation + (at - (uintptr_t)reservation) +
                       pages_unit());
}

/* Lays out the image for `limit` bytes; a page that nothing may touch stands
   before the payload. */
static void plan(mems_heap *heap, uint64_t limit, const mems_options *o) {
  uint64_t granules = limit / GRANULE, unit = pages_unit();
  uint64_t at = chain_plan(&heap->chain, front() - unit, granules);
  at = dict_plan(&heap->dict, at, granules);
  at = bins_plan(&heap->bins, offsetof(mems_heap, bins), at, granules);
  at = runs_plan(&heap->runs, offsetof(mems_heap, runs), at, granules);
  at = idle_plan(&heap->idle, at, granules);
  at = guard_plan(&heap->dict.guard, at, granules, o->quarantine / GRANULE);
  heap->chain.payload = round_up(unit + at + unit, HUGE_PAGE) - unit;
}

static bool set_up(mems_heap *heap, uint64_t limit, mems_addr base,
                   const mems_options *o) {
  mems_chain *c = &heap->chain;
  uint64_t unit = pages_unit();
  if (!pages_map((char *)heap - unit, front())) return false;
  plan(heap, limit, o);
  chain_attach(c);
  chain_place(c)->map = (uint16_t *)((char *)c + heap->runs.map.at);
  heap->drawn = o->base == 0;
  heap->dict.base = base;
  heap->hopeless[0] = heap->hopeless[1] = NOWHERE;
  heap->unit = unit / GRANULE;
  heap->align = (o->align ? o->align : GRANULE) / GRANULE;
  heap->node = round_up(o->page ? o->page : PAGE, unit) / GRANULE;
  heap->fill = o->fill != 0;
  heap->guarded = heap->fill || heap->dict.guard.most > 0;
  runs_open(&heap->runs, heap->align, !heap->fill, !heap->guarded);
  return chain_open(c) && bins_reach(&heap->bins, 0) &&
         runs_reach(&heap->runs, c, 0) && dict_reach(&heap->dict, c, 1);
}

/* Makes a heap of a reservation with room for `limit` bytes; NULL, and
   nothing is left, if there are no pages or no addresses for it. */
static mems_heap *found(char *reservation, uint64_t limit,
                        const mems_options *o) {
  mems_heap *heap = image_in(reservation);
  size_t size = reservation_for(limit, o);
  mems_addr base = o->base ? o->base : ranges_take(limit);
  if (base != 0 && set_up(heap, limit, base, o)) {
    chain_place(&heap->chain)->reservation = reservation;
    chain_place(&heap->chain)->reserved = size;
    assert(heap->chain.payload + limit <= size - HUGE_PAGE - pages_unit());
    return heap;
  }
  if (base != 0 && o->base == 0) ranges_give(base);
  pages_unreserve(reservation, size);
  return NULL;
}

/* The fields of the caller's options that its version has. */
static mems_options known_options(const mems_options *options) {
  mems_options o = {0};
  if (options) {
    size_t size = options->size ? options->size : sizeof o;
    memcpy(&o, options, at_most(size, sizeof o));
  }
  return o;
}

mems_heap *mems_heap_open(const mems_options *options, int *error) {
  mems_options o = known_options(options);
  uint64_t limit = o.limit ? o.limit : LIMIT, unit = pages_unit();
  int reason = MEMS_EINVAL;
  mems_heap *heap = NULL;
  if (options_are_good(&o)) {
    reason = MEMS_ENOMEM;
    char *at = NULL;
    limit = at_least(limit / unit * unit, unit);
    /* the largest that the OS grants, by halves */
    while ((at = pages_reserve(reservation_for(limit, &o))) == NULL &&
           limit >= 2 * unit)
      limit = limit / 2 / unit * unit;
    if (at != NULL) heap = found(at, limit, &o);
  }
  if (error) *error = heap ? MEMS_OK : reason;
  return heap;
}

void mems_heap_close(mems_heap *heap) {
  if (heap == NULL) return;
  const mems_place *place = chain_place(&heap->chain);
  if (heap->drawn) ranges_give(heap->dict.base);
  pages_unreserve(place->reservation, place->reserved);
}

/* Fills what all blocks have, for a heap with `fill`. */
static void fill_all(mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  for (uint64_t g = 0, next; g < c->end; g = next) {
    next = chain_next(c, g);
    if (chain_is_process(c, g))
      memset(chain_physical(c, g), 0x55, (next - g) * GRANULE);
  }
}

void mems_heap_reset(mems_heap *heap) {
  mems_chain *c = &heap->chain;
  uint64_t end = c->end, next;
  if (heap->fill) fill_all(heap);
  guard_clear(&heap->dict.guard, heap);
  bins_forget(&heap->bins, 0);
  bins_forget(&heap->runs.sets, 0);
  memset(runs_map(c), 0, end / PAGE_GRANULES * sizeof *runs_map(c));
  runs_clear(&heap->runs);
  heap->processes = heap->used = 0;
  dict_forget(&heap->dict);
  for (uint64_t g = 0; g < end; g = next) {
    next = chain_node_end(c, g);
    chain_clear(c, g, next - g);
    chain_drop_all(c, g, next);
    hole_free(heap, g, next - g, false);
  }
}
