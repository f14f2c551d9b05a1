/*
** open.c - a heap begins and ends: in memory here, in a file in living.c; and
** all of it is freed at once.
*/

#include <stdio.h>
#include <string.h>

#include "hole.h"
#include "living.h"
#include "plan.h"
#include "redo.h"
#include "share.h"

/* A heap in memory; NULL, and nothing is left, if there are no pages or no
   addresses for it. */
static mems_heap *open_memory(mems_options *o) {
  mems_heap *heap = NULL;
  /* the largest that the OS grants, by halves */
  while ((heap = plan_reserve(o)) == NULL && o->limit >= 2 * pages_unit())
    o->limit = o->limit / 2 / pages_unit() * pages_unit();
  if (heap == NULL) return NULL;
  mems_addr base = o->base ? o->base : ranges_take(o->limit);
  if (base != 0) {
    plan_begin(heap, o, base);
    own_of(heap)->drawn = o->base == 0;
    own_of(heap)->range = (mems_range){.first = base, .size = o->limit};
    heap->verified = heap->fill;
    place_of(heap)->damage = o->damage;
    place_of(heap)->damage_context = o->context;
    if (plan_make_empty(heap)) {
      ranges_enter(&own_of(heap)->range, RANGES_ANY, NULL);
      return heap;
    }
    if (o->base == 0) ranges_give(base);
  }
  plan_unreserve(heap);
  return NULL;
}

mems_heap *mems_heap_open(const mems_options *options, int *error) {
  mems_options o = plan_options(options);
  int reason = MEMS_EINVAL;
  mems_heap *heap = NULL;
  if (o.why && o.why_size) *o.why = '\0';
  if (plan_is_good(&o) && (o.path || o.fd || o.memfd)) {
    heap = living_open(&o, &reason);
  } else if (plan_is_good(&o)) {
    reason = MEMS_ENOMEM;
    plan_defaults(&o);
    heap = open_memory(&o);
  }
  if (heap == NULL && o.why && o.why_size && *o.why == '\0')
    snprintf(o.why, o.why_size, "%s", mems_strerror(reason));
  if (error) *error = heap ? MEMS_OK : reason;
  return heap;
}

void mems_heap_close(mems_heap *heap) {
  if (heap == NULL) return;
  living_close(heap);
  if (own_of(heap)->drawn) ranges_give(heap->dict.base);
  plan_unreserve(heap);
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
  mems_redo todo = {.kind = REDO_RESET};
  if (own_of(heap)->readonly || !share_enter(heap)) return;
  redo_begin(heap, &todo);
  if (heap->fill) fill_all(heap);
  guard_clear(&heap->dict.guard, heap);
  bins_forget(&heap->bins, 0);
  bins_forget(&heap->runs.sets, 0);
  memset(runs_map(c), 0, end / PAGE_GRANULES * sizeof *runs_map(c));
  runs_clear(&heap->runs);
  heap->processes = heap->used = 0;
  heap_forget(heap);
  for (uint64_t g = 0; g < end; g = next) {
    next = chain_node_end(c, g);
    chain_clear(c, g, next - g);
    chain_drop_all(c, g, next);
    hole_free(heap, g, next - g, false);
  }
  redo_end(heap);
  share_leave(heap);
}
