/*
** hole.h - finding a HOLE and giving one back: where the chain and its
** index change together.
**
** The slice is the hole that small requests are cut from, one behind the
** other, when their quick list is empty; all of it is in no quick list and in
** no set. It hands out at most SLICE_GRANULES, whose used bits are all clear,
** then it is let go and the search for older holes has its turn again.
**
** A row is some HOLEs of one size, side by side, that are cut at once: from a
** hole that a search has found, since who misses one block of a size mostly
** wants more; and from the slice for tiny blocks, so that the table of their
** slack (dict.h) is in memory for few pages only. All but the first are parked:
**
**   [            HOLE             ]  ->  [ n ][ n ][ n ][ n ][    rest    ]
**                                         asked     parked
**
** ROW_GRANULES are cut at most, and as many as the list has room for.
*/

#ifndef MEMS_HOLE_H
#define MEMS_HOLE_H

#include "image.h"

/* Makes a HOLE of exactly n granules, at a multiple of `align` granules: out
   of an old one if a bounded search finds one, else the heap grows; where it
   can't the search is not bounded. Its granule, or
   NOWHERE with the reason in heap->error, and then the chain is as before.
   It belongs to the caller, who enters it in the dictionary at once. */
uint64_t hole_alloc(mems_heap *heap, uint64_t n, uint64_t align);

/* The same, but gives up where the heap can't grow. */
uint64_t hole_try(mems_heap *heap, uint64_t n, uint64_t align);

/* A heap of a few pages merges before it searches, so that blocks land where
   whoever reads its chains expects them: in the hole that fits, one right
   behind the other. */
static inline bool hole_heap_is_tight(const mems_heap *heap) {
  return heap->chain.end <= TIGHT_HEAP;
}

/* A small heap rounds no size up with which it may stay small. */
static inline bool hole_heap_is_small(const mems_heap *heap) {
  return heap->chain.end <= SMALL_HEAP;
}

/* The HOLE of n granules at g is to be found again: merges it with its
   neighbours. */
void hole_free(mems_heap *heap, uint64_t g, uint64_t n);

/* Cuts a row of HOLEs of n granules off the slice, which has n + 2 at least;
   n is NEAR at most. The list of their size gets all but the first, which is
   the caller's and looks parked. */
uint64_t hole_refill(mems_heap *heap, uint64_t n);

/* The length of the HOLE at g, if the segment before may grow into it; 0 if
   not. The index need not know: what is left of it has to be freed anew. */
uint64_t hole_take(mems_heap *heap, uint64_t g);

/* Puts the hole that was freed last on its list, and makes room there if it
   must. */
void hole_settle(mems_heap *heap);

/* Merges some more of what waits in quick lists, list by list: MERGE_MOST
   entries at most. True if nothing waits any more. */
bool hole_merge_some(mems_heap *heap);

/* Merges and notes all that waits in quick lists, and the slice: from here
   to the next free no two neighbours are both HOLEs. Bounded by the depth of
   the lists. */
void hole_flush(mems_heap *heap);

/* The end of the chain has moved; no hole that was merged is behind it. */
void hole_set_end(mems_heap *heap);

/* `used` granules are in use or will be: sets the mark below which memory
   goes back, once more than 1 MiB and half of them has been freed. */
void hole_rearm(mems_heap *heap, uint64_t used);

/* May n granules be cut off the slice, with two left? These are where the
   HOLE behind has its used bits, which are clear already. */
static inline bool hole_slice_has(const mems_heap *heap, uint64_t n) {
  return heap->slice_end - heap->slice >= n + 2;
}

#endif
