/*
** trim.c - giving memory back to the OS.
**
** Idle pages, those that are free in whole and may be in memory, are known by
** a bit each (idle.h). A step goes on at the cursor and gives back pieces of
** them as they lie side by side, a bounded amount of work. So what a loop
** frees and takes at the mark, again and again, is below it soon.
*/

#include "trim.h"

#include <string.h>

#include "hole.h"
#include "share.h"
#include "slot.h"

enum { SMALL_PIECE = 8 }; /* pages; a shorter one costs as much as these */

/* Whole pages of the OS inside of some pages. */
static mems_pages whole(const mems_heap *heap, mems_pages p) {
  uint64_t unit = heap->unit / PAGE_GRANULES;
  p.from = round_up(p.from, unit);
  p.to -= p.to % unit;
  if (p.to < p.from) p.to = p.from;
  return p;
}

/* Is it for mems_heap_trim alone to give memory back? So it is in a file, where
   that takes the disk's time. */
static bool waits_for_trim(const mems_heap *heap) {
  return place_of(heap)->file != 0;
}

/* Gives pages back; returns how many. */
static uint64_t discard(mems_heap *heap, mems_pages p) {
  p = whole(heap, p);
  uint64_t count = p.to - p.from;
  char *at = chain_physical(&heap->chain, p.from * PAGE_GRANULES);
  if (count == 0 || !pages_discard(place_of(heap), at, count * PAGE)) return 0;
  idle_gone(&heap->idle, heap, p);
  return count;
}

void trim_some(mems_heap *heap, uint64_t n) {
  mems_idle *d = &heap->idle;
  uint64_t end = heap->chain.end / PAGE_GRANULES;
  uint64_t budget = at_least(IDLE_STEP, at_most(n * GRANULE, IDLE_LEAST)) /
                    PAGE + SMALL_PIECE;
  if (waits_for_trim(heap)) return;
  while (budget > 0 && d->pages > 0) {
    mems_pages p = idle_next(d, heap, d->cursor, end);
    if (p.to == 0) p = idle_next(d, heap, 0, end);
    p.to = at_most(p.to, p.from + at_least(budget, SMALL_PIECE));
    d->cursor = p.to;
    budget -= at_most(budget, at_least(p.to - p.from, SMALL_PIECE));
    discard(heap, p);
  }
}

void trim_block(mems_heap *heap, uint64_t g, uint64_t n) {
  if (!waits_for_trim(heap)) discard(heap, pages_inside(g, g + n));
}

void trim_zero(mems_heap *heap, uint64_t g, size_t size) {
  const mems_idle *d = &heap->idle;
  char *payload = chain_physical(&heap->chain, 0);
  uint64_t from = g * GRANULE, to = from + size;
  mems_pages p = pages_around(g, g + (size + GRANULE - 1) / GRANULE);
  if (waits_for_trim(heap)) { /* what was punched out may be anything now */
    memset(payload + from, 0, size);
    return;
  }
  while ((p.from += idle_like(d, heap, p, true)) < p.to) {
    uint64_t end = p.from + idle_like(d, heap, p, false);
    uint64_t at = at_least(from, p.from * PAGE), stop = at_most(to, end * PAGE);
    mems_pages inside = {round_up(at, PAGE) / PAGE, stop / PAGE};
    if (stop - at >= ZERO_LEAST && discard(heap, inside) > 0) continue;
    memset(payload + at, 0, stop - at);
    p.from = end;
  }
}

/* Bytes of the payload that are in memory. */
static size_t resident(const mems_heap *heap) {
  return pages_resident(chain_physical(&heap->chain, 0),
                        heap->chain.end * GRANULE);
}

/* Gives back what it can of the idle pages p; the page behind them. In a file
   those of a run stay, as nothing claims them again. */
static uint64_t give(mems_heap *heap, mems_pages p) {
  uint64_t at = p.from;
  if (!waits_for_trim(heap)) {
    discard(heap, p);
    return p.to;
  }
  bool run = runs_map(&heap->chain)[at] != 0;
  while (at < p.to && (runs_map(&heap->chain)[at] != 0) == run) at++;
  if (!run) discard(heap, (mems_pages){p.from, at});
  return at;
}

size_t mems_heap_trim(mems_heap *heap) {
  mems_idle *d = &heap->idle;
  if (own_of(heap)->readonly || !share_enter(heap)) return 0;
  size_t before = resident(heap);
  uint64_t end = heap->chain.end / PAGE_GRANULES;
  slot_flush(heap, UINT64_MAX);
  mems_pages p = {0, 0};
  while ((p = idle_next(d, heap, p.to, end)).to) p.to = give(heap, p);
  hole_shrink(heap);
  d->cursor = 0;
  share_leave(heap);
  return before - at_most(before, resident(heap));
}
