/*
** image.h - what a heap is made of. All of it lies in one reservation; behind
** the first page begins the image, in which all links are offsets:
**
**   [ place ][ mems_heap ][ bitmaps ][ tiny ][ sets ][ guard ][ payload ... ]
**     a page   whole        usable as far as needed             node by node,
**                                                               in address
**                                                               order
**
** Counters: peak - room is the granules of live blocks; what waits in the
** quarantine is PROCESS to the chain and counted in dict.guard.waiting.
*/

#ifndef MEMS_IMAGE_H
#define MEMS_IMAGE_H

#include "bins.h"
#include "chain.h"
#include "dict.h"
#include "mems.h"
#include "quick.h"

/* A run of granules: a hole, or pages in one. */
typedef struct mems_run {
  uint64_t at, size;
} mems_run;

struct mems_heap {
  mems_chain chain; /* first: it names the bitmaps by their offset */
  mems_dict dict;
  uint64_t slice;    /* start of the slice (hole.h), or NOWHERE */
  uint64_t slice_end; /* how far it may be handed out */

  /* Counters that change together don't stand side by side: else the
     compiler joins them in one wide load, which has to wait for the narrow
     stores of the call before. */
  uint64_t mallocs;
  uint64_t peak;      /* most granules in live blocks that there ever were */
  uint64_t slack;     /* bytes of live blocks that nobody asked for */
  uint64_t relief;    /* below this many used granules memory goes back */
  int64_t room;       /* how many fewer granules than at the peak are used */
  uint64_t high;      /* most granules in use since memory went back last */
  uint64_t frees;

  uint64_t cursor;   /* where giving back goes on; NOWHERE: at rest */
  unsigned turn;     /* the quick list that is merged next */
  uint64_t flushed;  /* if there were so many frees, nothing is parked */

  uint64_t align;    /* of every block, in granules */
  uint64_t node;     /* smallest node, in granules */
  uint64_t reserved; /* bytes of the reservation */
  bool drawn;        /* the base is one of ranges.h */
  bool fill;
  bool guarded;      /* fill, or a quarantine: frees take the long way */

  int error;          /* why the last call failed */
  const char *broken; /* what the checker found */

  mems_bins bins;
  mems_quick quick; /* last, since it is large */
};

/* Granules in live blocks. */
static inline uint64_t heap_used(const mems_heap *heap) {
  return heap->peak - (uint64_t)heap->room;
}

/* More is used than ever before. */
static inline void heap_raise(mems_heap *heap) {
  heap->peak -= (uint64_t)heap->room;
  heap->room = 0;
}

/* n granules more are used. */
static inline void heap_count(mems_heap *heap, uint64_t n) {
  heap->room -= (int64_t)n;
  if (UNLIKELY(heap->room < 0)) heap_raise(heap);
}

/* Tells the dictionary how far the slice has been handed out, before anyone
   asks what is fresh. */
static inline void heap_note_slice(const mems_heap *heap) {
  if (heap->slice != NOWHERE)
    dict_touch(&((mems_heap *)heap)->dict, heap->slice);
}

/* Notes why a call failed, for mems_heap_error. */
static inline void heap_fail(const mems_heap *heap, int error) {
  /* a heap handed out as const is writable memory all the same; what a
     look-up may change is not part of what the caller sees as the heap */
  ((mems_heap *)heap)->error = error;
}

#endif
