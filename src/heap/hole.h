/*
** hole.h - finding a HOLE of the chain and giving one back: where the chain
** and its index change together.
**
** A HOLE is merged with its neighbours the moment it is free. A heap of up to
** TIGHT_HEAP granules has no index: it looks at all of its HOLEs, which is
** shorter than keeping one, and takes the best fit. Beyond, the sets of
** regions (bins.h) give a good fit.
*/

#ifndef MEMS_HOLE_H
#define MEMS_HOLE_H

#include "image.h"

/* Makes a HOLE of exactly n granules, at a multiple of `align` granules, out
   of an old one: by a search that is bounded, or not. Its granule, or NOWHERE,
   and then the chain is as before. It belongs to the caller, who tells
   heap->idle that its pages are used, and enters it in the dictionary. */
uint64_t hole_find(mems_heap *heap, uint64_t n, uint64_t align, bool bounded);

/* The same, out of what the heap has at its end and as much more as it takes;
   NOWHERE with the reason in heap->error. */
uint64_t hole_grow(mems_heap *heap, uint64_t n, uint64_t align);

/* The file of the heap has room for the n granules from g on, which are free:
   before they are used. False, with the reason in heap->error, if the disk has
   none. In memory nothing is to be done. */
bool hole_claim(mems_heap *heap, uint64_t g, uint64_t n);

/* Why the OS refuses pages. */
static inline int hole_refusal(const mems_heap *heap) {
  return place_of(heap)->file ? MEMS_ENOSPC : MEMS_ENOMEM;
}

/* Makes an index of a heap that has none. */
void hole_note_all(mems_heap *heap);

/* Pages of the PROCESS [g, g + n) of the chain are in use: all, or those that
   it shares with others if it is fresh. */
void hole_occupy(mems_heap *heap, uint64_t g, uint64_t n, bool fresh);

/* Someone may have a pointer to the block [g, g + n) from now on. */
void hole_reach(mems_heap *heap, uint64_t g, uint64_t n);

/* The HOLE of n granules at g, which was part of a block or a run, is free:
   merges it with its neighbours. `fresh`: its whole pages are known to be idle
   or gone. */
void hole_free(mems_heap *heap, uint64_t g, uint64_t n, bool fresh);

/* Is there a HOLE of `more` granules at `end`, where a block ends, for it to
   grow into? `grow`: the heap may get longer for it, if the block is its last
   one. */
bool hole_room(mems_heap *heap, uint64_t end, uint64_t more, bool grow);

/* Gives the block that ends at `end` so many granules of that HOLE. */
void hole_extend(mems_heap *heap, uint64_t end, uint64_t more);

/* Unmaps what is free at the end of the heap, in whole pages of the OS. */
void hole_shrink(mems_heap *heap);

/* Granules of the longest HOLE that the heap has or could grow to have, once
   what stacks name has gone back. */
uint64_t hole_largest(const mems_heap *heap);

/* Does the heap have no index of its HOLEs? */
static inline bool hole_heap_is_tight(const mems_heap *heap) {
  return heap->chain.end <= TIGHT_HEAP;
}

#endif
