/*
** image.h - what a heap is made of. All of it lies in one reservation; behind
** the first page begins the image, in which all links are offsets:
**
**   [ place ][ mems_heap ][ preamble ][ bitmaps ][ tiny ][ index ][ guard ][ ]
**     a page   HEAD_ROOM    head.h      usable as far as needed            |
**                                                                          |
**                           a page that nothing may touch -----------------'
**   [ payload: node by node, in address order ]
**
** From the preamble on it may be a file; what is before it belongs to the
** process.
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
#include "head.h"
#include "idle.h"
#include "mems.h"
#include "ranges.h"
#include "runs.h"

#define HEAD_ROOM ((uint64_t)256 << 10) /* for the struct, which may grow */

/* A HOLE, or some granules of one. */
typedef struct mems_hole {
  uint64_t at, size;
} mems_hole;

/* A block that the gate has found in a heap that is shared. */
typedef struct mems_sight {
  mems_addr first;
  size_t length;
  uint64_t seen; /* how many changes there had been */
} mems_sight;

enum { FOUND_BITS = 5, FOUND = 1 << FOUND_BITS };

static inline unsigned found_place(mems_addr addr) {
  return (unsigned)((addr >> 3) * UINT64_C(0x9E3779B97F4A7C15) >>
                    (64 - FOUND_BITS));
}

/* What belongs to the process that has a heap, in front of it. */
typedef struct mems_own {
  mems_place place;
  int error;          /* why the last call failed */
  const char *broken; /* what the checker found */
  bool drawn;         /* the base is one of the counter of ranges.h */
  bool rooted;        /* the preamble is usable */
  bool readonly;
  bool closed;        /* by a fork: it is the parent's */
  mems_range range;   /* its addresses, among those of other heaps */
  mems_recovery recovery; /* of size 0: there was none */

  /* in a heap that processes share: */
  mems_running *running; /* NULL: it is not */
  uint32_t slot;         /* this one's */
  uint32_t word;         /* the lock's while this one has it */
  uint32_t depth;        /* how often it holds the lock */
  uint64_t patience;     /* nanoseconds that it waits; 0: without end */
  mems_sight last;       /* what the gate found last, ... */
  mems_sight found[FOUND]; /* ... and before, by the address asked for */
  int handed;            /* the descriptor for others + 1; 0: the file's own */
} mems_own;

static_assert(sizeof(mems_own) <= PAGE, "it has a page");

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
  bool fill;
  uint64_t random;    /* what slots are drawn by; 0: they are not */
  bool verified;      /* fill, and what was filled is looked at again */
  bool guarded;       /* fill, or a quarantine: all calls take the long way */

  bool mended;        /* there may be blocks that are longer than need be */

  mems_idle idle;
  mems_bins bins;
  mems_runs runs; /* last, since it is large */
};

static inline mems_own *own_of(const void *image) {
  return (mems_own *)(void *)place_of(image);
}

/* A block ends or changes: what was found before may be wrong. */
static inline void heap_forget(mems_heap *heap) {
  mems_running *running = own_of(heap)->running;
  dict_forget(&heap->dict);
  if (UNLIKELY(running != NULL))
    __atomic_fetch_add(&running->changes, 1, __ATOMIC_RELEASE);
}

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
  own_of(heap)->error = own_of(heap)->closed ? MEMS_ECLOSED : error;
}

/* Finds the block that starts at `addr`; false, with the mistake noted, if none
   does. */
static inline bool heap_block_at(const mems_heap *heap, mems_addr addr,
                                 mems_block *b) {
  const mems_dict *d = &heap->dict;
  const mems_chain *c = &heap->chain;
  if (LIKELY(dict_find(d, c, &heap->runs, dict_granule(d, addr), b)))
    return true;
  int error = dict_mistake(d, c, &heap->runs, addr);
  heap_fail(heap, error == MEMS_ERANGE ? MEMS_EINSIDE : error);
  return false;
}

/* Notes why a range from `addr` on is in no block. */
static inline void heap_refuse_range(const mems_heap *heap, mems_addr addr) {
  int error = dict_mistake(&heap->dict, &heap->chain, &heap->runs, addr);
  if (error == MEMS_OK || error == MEMS_EINSIDE) error = MEMS_ERANGE;
  heap_fail(heap, error);
}

#endif
