/*
** plan.c - options, and the layout of a reservation.
*/

#include "plan.h"

#include <string.h>
#include <sys/random.h>

#define LIMIT ((uint64_t)64 << 30)
#define LIMIT_FILE ((uint64_t)4 << 30)
#define LIMIT_MOST ((uint64_t)1 << 46)
#define NODE_MOST ((size_t)1 << 30)

static_assert(sizeof(mems_heap) <= HEAD_ROOM &&
              sizeof(mems_heap) <= PREAMBLE - STRUCT_AT, "the struct has room");
static_assert(offsetof(mems_heap, chain) == 0, "offsets count from the chain");

bool plan_is_good(const mems_options *o) {
  if (o->limit > LIMIT_MOST || (o->limit && o->limit < PAGE)) return false;
  uint64_t limit = o->limit ? o->limit : LIMIT;
  if (o->base % GRANULE || o->base > ((uint64_t)1 << 63) - limit)
    return false;
  if (o->page % PAGE || o->page > NODE_MOST) return false;
  if (o->create < MEMS_CREATE_MISSING || o->create > MEMS_CREATE_NEW)
    return false;
  if (o->align == 0) return true;
  return is_power_of_two(o->align) && o->align >= GRANULE &&
         o->align <= HUGE_PAGE;
}

mems_options plan_options(const mems_options *options) {
  mems_options o = {0};
  if (options) {
    /* as the first version had it */
    size_t size = options->size ? options->size : offsetof(mems_options, path);
    memcpy(&o, options, at_most(size, sizeof o));
  }
  return o;
}

void plan_defaults(mems_options *o) {
  uint64_t unit = pages_unit();
  uint64_t limit = o->limit ? o->limit : o->path ? LIMIT_FILE : LIMIT;
  o->limit = at_least(limit / unit * unit, unit);
  o->align = o->align ? o->align : GRANULE;
  o->page = round_up(o->page ? o->page : PAGE, unit);
  o->quarantine = at_most(o->quarantine, o->limit) / GRANULE * GRANULE;
}

uint64_t plan_struct(void) {
  return round_up(sizeof(mems_heap), pages_unit());
}

/* Room for all that is laid out beside `limit` bytes: chain_plan takes a 32nd
   part and a little, dict_plan a 16th, runs_plan and the bins a 100th,
   guard_plan a 128th and its queue; each area is whole pages. */
static uint64_t reservation_for(uint64_t limit, const mems_options *o) {
  return pages_unit() + HEAD_ROOM + PREAMBLE + limit + limit / 8 +
         80 * pages_unit() + 2 * HUGE_PAGE +
         guard_room(at_most(o->quarantine, limit) / GRANULE);
}

/* Lays out the image for `limit` bytes; a page that nothing may touch stands
   before the payload. */
static void lay_out(mems_heap *heap, const mems_options *o) {
  uint64_t granules = o->limit / GRANULE, unit = pages_unit();
  uint64_t at = chain_plan(&heap->chain, HEAD_ROOM + PREAMBLE, granules);
  at = dict_plan(&heap->dict, at, granules);
  at = bins_plan(&heap->bins, offsetof(mems_heap, bins), at, granules);
  at = runs_plan(&heap->runs, offsetof(mems_heap, runs), at, granules);
  at = idle_plan(&heap->idle, at, granules);
  at = guard_plan(&heap->dict.guard, at, granules, o->quarantine / GRANULE);
  heap->chain.payload = round_up(unit + at + unit, HUGE_PAGE) - unit;
}

/* A struct of zeros at `image`, in a reservation. */
static mems_heap *place_in(char *reservation, size_t size, char *image) {
  size_t unit = pages_unit();
  if (!pages_map(NULL, image - unit, unit + plan_struct())) {
    pages_unreserve(reservation, size);
    return NULL;
  }
  mems_heap *heap = (mems_heap *)(void *)image;
  mems_place *place = place_of(heap);
  place->reservation = reservation;
  place->reserved = size;
  place->file_start = image + HEAD_ROOM;
  return heap;
}

mems_heap *plan_reserve(const mems_options *o) {
  size_t size = reservation_for(o->limit, o);
  char *reservation = pages_reserve(size);
  if (reservation == NULL) return NULL;
  uint64_t start = (uint64_t)(uintptr_t)reservation;
  /* behind one page at least that nothing may touch */
  char *front = reservation + (round_up(start + 1, HUGE_PAGE) - start);
  return place_in(reservation, size, front + pages_unit());
}

mems_heap *plan_layout(const mems_options *o) {
  size_t size = pages_unit() + plan_struct();
  char *reservation = pages_reserve(size);
  if (reservation == NULL) return NULL;
  mems_heap *heap = place_in(reservation, size, reservation + pages_unit());
  if (heap) plan_begin(heap, o, o->base);
  return heap;
}

/* What nobody knows outside of the process, and not 0. */
static uint64_t seed(const mems_heap *heap) {
  uint64_t drawn = 0;
  if (getrandom(&drawn, sizeof drawn, GRND_NONBLOCK) != sizeof drawn)
    drawn = (uint64_t)(uintptr_t)heap ^ (uint64_t)(uintptr_t)&drawn << 16;
  return drawn | 1;
}

void plan_begin(mems_heap *heap, const mems_options *o, mems_addr base) {
  mems_chain *c = &heap->chain;
  lay_out(heap, o);
  assert(c->payload + o->limit <=
         reservation_for(o->limit, o) - HUGE_PAGE - pages_unit());
  chain_attach(c);
  chain_place(c)->map = (uint16_t *)((char *)c + heap->runs.map.at);
  heap->dict.base = base;
  heap->hopeless[0] = heap->hopeless[1] = NOWHERE;
  heap->unit = pages_unit() / GRANULE;
  heap->align = o->align / GRANULE;
  heap->node = o->page / GRANULE;
  heap->fill = o->fill != 0;
  heap->guarded = heap->fill || heap->dict.guard.most > 0;
  heap->random = o->random ? seed(heap) : 0;
  runs_open(&heap->runs, heap->align, !heap->fill && !heap->random,
            !heap->guarded && !heap->random);
}

bool plan_make_empty(mems_heap *heap) {
  mems_chain *c = &heap->chain;
  return chain_open(c) && bins_reach(&heap->bins, 0) &&
         runs_reach(&heap->runs, c, 0) && dict_reach(&heap->dict, c, 1);
}

bool plan_reach(mems_heap *heap, uint64_t end) {
  mems_chain *c = &heap->chain;
  mems_idle *d = &heap->idle;
  mems_guard *q = &heap->dict.guard;
  uint64_t bytes = words_for(end / PAGE_GRANULES) * 8;
  bool ok = chain_reach(c, end) && bins_reach(&heap->bins, end) &&
            runs_reach(&heap->runs, c, end) &&
            dict_reach(&heap->dict, c, at_least(end, 1)) &&
            area_grow((char *)heap, &d->idle_bits, bytes) &&
            area_grow((char *)heap, &d->gone_bits, bytes) &&
            (q->most == 0 ||
             area_grow((char *)heap, &q->bits, end / 16 + 8)) &&
            (end == 0 ||
             pages_map(NULL, chain_physical(c, 0), end * GRANULE));
  if (ok) c->end = end;
  return ok;
}

unsigned plan_areas(const mems_heap *heap, const mems_area **areas) {
  const mems_chain *c = &heap->chain;
  enum { SINGLE = 11 };
  const mems_area *all[SINGLE] = {&c->start_bits, &c->used_bits, &c->level1,
                            &c->level2, &c->tops, &c->node_bits,
                            &heap->dict.tiny, &heap->runs.map,
                            &heap->idle.idle_bits, &heap->idle.gone_bits,
                            &heap->dict.guard.bits};
  unsigned n = SINGLE;
  static_assert((int)SINGLE + 2 * SET_LEVELS <= (int)AREAS, "enough");
  memcpy(areas, all, sizeof all);
  for (unsigned i = 0; i <= heap->bins.top; i++)
    areas[n++] = heap->bins.levels + i;
  for (unsigned i = 0; i <= heap->runs.sets.top; i++)
    areas[n++] = heap->runs.sets.levels + i;
  return n;
}

uint64_t plan_sum(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  const mems_area *areas[AREAS];
  unsigned count = plan_areas(heap, areas);
  const uint64_t numbers[] = {c->limit, c->payload, c->top, heap->align,
                              heap->node, heap->unit, heap->dict.base,
                              heap->fill, count, heap->bins.here,
                              heap->runs.sets.here,
                              offsetof(mems_heap, runs.taken),
                              offsetof(mems_heap, runs.numbers)};
  uint64_t sum = head_sum(7, numbers, sizeof numbers);
  sum = head_sum(sum, c->level_at, sizeof c->level_at);
  for (unsigned i = 0; i < count; i++) {
    const uint64_t place[] = {areas[i]->at, areas[i]->size};
    sum = head_sum(sum, place, sizeof place);
  }
  return sum;
}

uint64_t plan_length(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  return c->payload + c->limit * GRANULE - HEAD_ROOM;
}

void plan_unreserve(mems_heap *heap) {
  ranges_leave(&own_of(heap)->range);
  const mems_place *place = place_of(heap);
  pages_unreserve(place->reservation, place->reserved);
}
