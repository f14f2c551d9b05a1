/*
** heap.h - what a heap is made of. It stands at the start of one
** reservation, and all of it lies there, linked by offsets:
**
**   [ mems_heap ][ bitmaps ][ sets ][ guard ][ payload: node, node, ... ]
**     whole       usable as far as needed        mapped node by node, in
**                                                address order
**
** Counters: used is the granules of live blocks; what waits in the
** quarantine is PROCESS to the chain and counted in dict.guard.waiting.
*/

#ifndef MEMS_HEAP_H
#define MEMS_HEAP_H

#include "bins.h"
#include "chain.h"
#include "dict.h"
#include "mems.h"

/* A run of granules: a hole, or pages in one. */
typedef struct mems_run {
  uint64_t at, size;
} mems_run;

struct mems_heap {
  mems_chain chain; /* first: it names the bitmaps by their offset */
  mems_dict dict;
  size_t quick_size; /* sizes from 9 to 8 + this have a quick list */
  uint64_t quick_end; /* no granule from here on is in a quick list: the end,
                         but for numbers too large, or 0 */
  uint64_t slice;    /* start of the slice (hole.h), or NOWHERE */
  uint64_t slice_left; /* granules it may still hand out */
  mems_run merged;   /* the hole that was merged last, while it is whole */

  /* Counters that change together don't stand side by side: else the
     compiler joins them in one wide load, which has to wait for the narrow
     stores of the call before. */
  uint64_t slack;     /* bytes of live blocks that nobody asked for */
  uint64_t peak;      /* highest value of used */
  uint64_t used;      /* granules in live blocks */
  uint64_t relief;    /* below this many used granules memory goes back */
  uint64_t high;      /* highest value of used since that was last done */
  uint64_t mallocs, frees;

  uint64_t cursor;   /* where giving back goes on; NOWHERE: at rest */

  uint64_t align;    /* of every block, in granules */
  uint64_t node;     /* smallest node, in granules */
  uint64_t reserved; /* bytes of the reservation */
  bool fill;
  bool guarded;      /* fill, or a quarantine: frees take the long way */

  int error;          /* why the last call failed */
  const char *broken; /* what the checker found */

  mems_bins bins; /* last, since it is large */
};

/* Notes why a call failed, for mems_heap_error. */
static inline void heap_fail(const mems_heap *heap, int error) {
  /* a heap handed out as const is writable memory all the same; what a
     look-up may change is not part of what the caller sees as the heap */
  ((mems_heap *)heap)->error = error;
}

#endif
