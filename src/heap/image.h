/*
** image.h - what a heap is made of. All of it lies in one reservation; behind
** the first page begins the image, in which all links are offsets:
**
**   [ place ][ mems_heap ][ bitmaps ][ tiny ][ index ][ guard ][ ][ payload ]
**     a page   whole        usable as far as needed            ^    node by
**                                                              |    node, in
**                           a page that nothing may touch -----'    address
**                                                                   order
**
** Reservation and payload begin at multiples of HUGE_PAGE, and so blocks may
** be aligned to that.
**
** Nothing is counted that can be derived. Live blocks are those of the chain,
** which are counted, and those of the runs: the slots of each class that are
** neither spare nor in a stack. What waits in the quarantine is PROCESS to
** the chain and the runs, and counted in dict.guard.waiting.
*/

#ifndef MEMS_IMAGE_H
#define MEMS_IMAGE_H

#include "bins.h"
#include "chain.h"
#include "dict.h"
#include "idle.h"
#include "mems.h"
#include "runs.h"

/* A HOLE, or some granules of one. */
typedef struct mems_hole {
  uint64_t at, size;
} mems_hole;

struct mems_heap {
  mems_chain chain; /* first: it names the bitmaps by their offset */
  mems_dict dict;

  uint64_t mallocs;   /* blocks handed out since the heap was opened */
  uint64_t processes; /* PROCESS segments of the chain, not of runs */
  uint64_t used;      /* granules in them */
  uint64_t peak;      /* most granules that were in use, or in a stack */

  uint64_t hopeless[2]; /* no HOLE has so many granules from a multiple of align
                           on, or of hopeless_align; NOWHERE: who knows */
  uint64_t hopeless_align;

  uint64_t align;     /* of every block, in granules */
  uint64_t node;      /* the least that the heap grows by, in granules */
  uint64_t unit;      /* a page of the OS, in granules */
  bool drawn;        /* the base is one of ranges.h */
  bool fill;
  bool guarded;       /* fill, or a quarantine: all calls take the long way */

  int error;          /* why the last call failed */
  const char *broken; /* what the checker found */

  mems_idle idle;
  mems_bins bins;
  mems_runs runs; /* last, since it is large */
};

/* Granules that are in live blocks or in stacks. */
static inline uint64_t heap_taken(const mems_heap *heap) {
  return heap->used + heap->runs.taken - heap->dict.guard.waiting;
}

/* Live blocks. */
static inline uint64_t heap_live(const mems_heap *heap) {
  return heap->processes + runs_blocks(&heap->runs) -
         guard_waiters(&heap->dict.guard);
}

/* Granules that are in live blocks. */
static inline uint64_t heap_used(const mems_heap *heap) {
  return heap->used + runs_used(&heap->runs) - heap->dict.guard.waiting;
}

/* Notes the peak, after each change of heap_taken upwards. */
static inline void heap_raise(mems_heap *heap) {
  heap->peak = at_least(heap->peak, heap_taken(heap));
}

/* Notes why a call failed, for mems_heap_error. */
static inline void heap_fail(const mems_heap *heap, int error) {
  /* a heap handed out as const is writable memory all the same; what a
     look-up may change is not part of what the caller sees as the heap */
  ((mems_heap *)heap)->error = error;
}

#endif
