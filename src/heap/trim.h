/*
** trim.h - giving memory back to the OS.
*/

#ifndef MEMS_TRIM_H
#define MEMS_TRIM_H

#include "image.h"

/* A call has freed n granules: if much that is free is in memory, gives some
   of it back: IDLE_STEP bytes, or a little more than it freed if that is more
   (IDLE_LEAST at most), in pieces of 32 KiB, and less in smaller ones, which
   cost more. */
void trim_some(mems_heap *heap, uint64_t n);

/* The block [g, g + n) that was freed was so large that all of its whole
   pages go back at once. */
void trim_block(mems_heap *heap, uint64_t g, uint64_t n);

/* Makes `size` bytes from granule g on zero, which were just taken from a
   HOLE: what is gone is zero already, and where much is not the OS has zeros
   that cost less. */
void trim_zero(mems_heap *heap, uint64_t g, size_t size);

/* Is there more free and in memory than may stay? */
static inline bool trim_is_due(const mems_heap *heap) {
  uint64_t most = at_least(IDLE_LEAST / GRANULE, heap_taken(heap) / 4);
  return UNLIKELY(heap->idle.pages * PAGE_GRANULES > most);
}

#endif
