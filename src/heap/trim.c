/*
** trim.c - giving memory back to the OS.
**
** A pass goes over the heap by address, from one hole of a page or more to
** the next, and discards the whole pages inside; then nodes at the end that
** are all hole are unmapped. Passes run in steps of some bytes and some
** holes; heap->cursor is where the next step goes on. Before a pass starts,
** other steps merge what waits in quick lists. All this begins when what is
** used falls below heap->relief, and its end sets that mark anew, lower: so
** a loop at the edge does not thrash.
**
** Pages behind dict.fresh were never touched and are left alone.
*/

#include "trim.h"

#include "hole.h"

enum { STEP_HOLES = 16 };
#define STEP_BYTES ((uint64_t)256 << 10)

/* The first region from `region` on where a hole of a page or more may
   start. */
static uint64_t next_region(const mems_bins *b, uint64_t region) {
  uint64_t first = NOWHERE;
  unsigned c = bins_class(b, class_of(PAGE_GRANULES));
  for (; c != CLASS_NONE; c = bins_class(b, c + 1))
    first = at_most(first, bins_find(b, region, c));
  return first;
}

/* The whole touched pages of [from, to), rounded inwards. */
static mems_run whole_pages(const mems_heap *heap, uint64_t from,
                             uint64_t to) {
  heap_note_slice(heap);
  to = at_most(to, round_up(heap->dict.fresh, PAGE_GRANULES));
  from = round_up(from, PAGE_GRANULES);
  to -= to % PAGE_GRANULES;
  return (mems_run){from, to > from ? to - from : 0};
}

/* Discards what is in memory of some pages; returns how many bytes. */
static size_t discard(const mems_heap *heap, mems_run pages) {
  char *at = chain_physical(&heap->chain, pages.at);
  size_t bytes = pages_resident(at, pages.size * GRANULE);
  if (bytes == 0 || !pages_discard(at, pages.size * GRANULE)) return 0;
  return bytes;
}

/* Where the last node below `end` starts, if it is all hole, and that does
   not wait in a quick list; else NOWHERE. */
static uint64_t empty_node(const mems_chain *c, uint64_t end) {
  uint64_t at = end > 0 ? chain_prev(c, end - 1) : NOWHERE;
  bool empty = at != NOWHERE && chain_is_node(c, at) &&
               chain_is_hole(c, at) && !chain_is_parked(c, at);
  return empty ? at : NOWHERE;
}

/* Unmaps nodes at the end that are all hole, down to `least` granules. */
static size_t unmap_end(mems_heap *heap, uint64_t least) {
  mems_chain *c = &heap->chain;
  size_t bytes = 0;
  for (;;) {
    uint64_t at = empty_node(c, c->end), end = c->end;
    if (at == NOWHERE || at < least) break;
    mems_run pages = whole_pages(heap, at, end);
    size_t resident = pages_resident(chain_physical(c, pages.at),
                                     pages.size * GRANULE);
    if (!chain_shrink(c)) break;
    bytes += resident;
  }
  hole_set_end(heap);
  dict_retreat(&heap->dict, c, c->end);
  bins_retreat(&heap->bins, c->end);
  return bytes;
}

/* What is left behind `cursor` of the pages of the segment at g. */
static mems_run pages_of(const mems_heap *heap, uint64_t g,
                          uint64_t cursor) {
  const mems_chain *c = &heap->chain;
  if (!chain_is_hole(c, g) || chain_is_parked(c, g))
    return (mems_run){cursor, 0};
  return whole_pages(heap, at_least(g, cursor), chain_next(c, g));
}

/* The pages that a pass at `cursor` comes to next: what is left of the hole
   it is in, or those of the next region that has some. Of size 0 where there
   are none after all, at NOWHERE behind the last. */
static mems_run next_pages(const mems_heap *heap, uint64_t cursor) {
  const mems_chain *c = &heap->chain;
  mems_run pages = {NOWHERE, 0};
  if (cursor >= c->end) return pages;
  pages = pages_of(heap, chain_prev(c, cursor), cursor);
  if (pages.size) return pages;
  uint64_t region = next_region(&heap->bins, cursor / REGION);
  if (region == NOWHERE) return (mems_run){NOWHERE, 0};
  uint64_t g = region * REGION, end = at_most(g + REGION, c->end);
  while (g < end && (g = chain_hole(c, g, end)) != NOWHERE) {
    pages = pages_of(heap, g, cursor);
    if (pages.size) return pages;
    g = chain_next(c, g);
  }
  return (mems_run){end, 0};
}

bool trim_for(mems_heap *heap, uint64_t n) {
  const mems_chain *c = &heap->chain;
  uint64_t end = c->end, at;
  hole_flush(heap);
  while ((at = empty_node(c, end)) != NOWHERE) end = at;
  if (end == c->end) return false;
  if (round_up(n, PAGE_GRANULES) > c->limit - end) return false;
  unmap_end(heap, end);
  return true;
}

static void end_pass(mems_heap *heap) {
  uint64_t idle = heap->chain.end / 4;
  heap->cursor = NOWHERE;
  unmap_end(heap, heap_used(heap) + idle);
  hole_rearm(heap, heap_used(heap));
}

void trim_step(mems_heap *heap, size_t freed) {
  uint64_t budget = at_least(STEP_BYTES, 2 * (uint64_t)freed) / GRANULE;
  if (heap->cursor == NOWHERE) {
    if (!hole_merge_some(heap)) return;
    heap->cursor = 0;
  }
  for (int i = 0; i < STEP_HOLES && budget > 0; i++) {
    mems_run pages = next_pages(heap, heap->cursor);
    if (pages.at == NOWHERE) {
      end_pass(heap);
      return;
    }
    pages.size = at_most(pages.size, round_up(budget, PAGE_GRANULES));
    if (pages.size)
      pages_discard(chain_physical(&heap->chain, pages.at),
                    pages.size * GRANULE);
    budget -= at_most(budget, pages.size);
    heap->cursor = pages.at + pages.size;
  }
}

size_t mems_heap_trim(mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  hole_flush(heap);
  size_t bytes = unmap_end(heap, 0);
  uint64_t g = 0;
  while (g < c->end && (g = chain_hole(c, g, c->end)) != NOWHERE) {
    mems_run pages = pages_of(heap, g, g);
    if (pages.size) bytes += discard(heap, pages);
    g = chain_next(c, g);
  }
  heap->cursor = NOWHERE;
  hole_rearm(heap, heap_used(heap));
  return bytes;
}
