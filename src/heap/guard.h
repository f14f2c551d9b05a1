/*
** guard.h - the quarantine: which freed blocks wait, and in which order they
** came.
**
** A waiting block stays a PROCESS to the chain, so nothing merges with it
** and nothing takes it. A bit says that it waits: one for every two
** granules, since a block takes two at least and so no two start in the same
** pair. These bits are the truth about what waits.
**
** The queue is a ring of granule numbers, as long as it can ever have to be;
** only the parts from its head to its tail are mapped. It is a hint: what it
** names is checked against the bits and the chain before it is released.
**
**   [ bits: usable as far as needed | queue:   head . . . tail     ]
**
** Both stand outside of the payload, so that whoever writes to a freed block
** through an old physical address breaks no link.
*/

#ifndef MEMS_GUARD_H
#define MEMS_GUARD_H

#include "base.h"
#include "bits.h"
#include "pages.h"

typedef struct mems_guard {
  mems_area bits;      /* a bit for two granules; the queue stands behind */
  uint64_t slots;      /* of the queue, a power of two */
  uint64_t part;       /* numbers that are mapped at once, a power of two */
  uint64_t head, tail; /* numbers that were taken and put since the heap was
                          opened */
  uint64_t most;       /* granules that may wait; 0: no quarantine */
  uint64_t waiting;    /* granules that do */
} mems_guard;

/* Lays out bits for at most `limit` granules, and the queue, from offset `at`
   of the image on, and returns the offset behind them. */
uint64_t guard_plan(mems_guard *q, uint64_t at, uint64_t limit,
                    uint64_t most);

/* Bytes that guard_plan takes at most for the queue, part by part. */
uint64_t guard_room(uint64_t most);

/* Nothing waits any more. */
void guard_clear(mems_guard *q, void *image);

/* Makes the bits of g usable, and the part of the queue that the tail comes
   to; and returns the part that the head has left. */
bool guard_reach(mems_guard *q, void *image, uint64_t g);
void guard_retreat(mems_guard *q, void *image);

/* How many bits are set. */
uint64_t guard_count(const mems_guard *q, const void *image);

/* Bytes in use for bits and queue. */
uint64_t guard_overhead(const mems_guard *q);

/* How many blocks wait. */
static inline uint64_t guard_waiters(const mems_guard *q) {
  return q->tail - q->head;
}

static inline uint64_t *guard_word(const mems_guard *q, const void *image,
                                   uint64_t g) {
  return (uint64_t *)((char *)image + q->bits.at) + g / 2 / WORD;
}

/* Does the PROCESS that starts at g wait? */
static inline bool guard_waits(const mems_guard *q, const void *image,
                               uint64_t g) {
  if (LIKELY(g / 16 >= q->bits.usable)) return false;
  return *guard_word(q, image, g) >> g / 2 % WORD & 1;
}

/* Where the number at a position from head to tail - 1 is. */
static inline uint64_t *guard_slot(const mems_guard *q, const void *image,
                                   uint64_t position) {
  char *queue = (char *)image + q->bits.at + q->bits.size;
  return (uint64_t *)queue + (position & (q->slots - 1));
}

/* Sets or clears the bit of a block that guard_put was told of. */
static inline void guard_mark(mems_guard *q, void *image, uint64_t g,
                              bool waits) {
  uint64_t *word = guard_word(q, image, g), mask = bit(g / 2 % WORD);
  truth_put(word, waits ? *word | mask : *word & ~mask);
}

/* The block [g, g + n) waits from now on, as the last of all. False if it is
   too large to, if twice as much as may wait does so already, or if the OS
   refuses a page; then nothing has changed. */
static inline bool guard_put(mems_guard *q, void *image, uint64_t g,
                             uint64_t n) {
  if (n > q->most || q->waiting + n > 2 * q->most) return false;
  bool at_hand = g / 16 < q->bits.usable && (q->tail & (q->part - 1)) != 0;
  if (UNLIKELY(!at_hand) && !guard_reach(q, image, g)) return false;
  *guard_slot(q, image, q->tail++) = g;
  guard_mark(q, image, g, true);
  q->waiting += n;
  return true;
}

/* Takes the oldest number out of the queue; NOWHERE if it is empty. */
static inline uint64_t guard_take(mems_guard *q, void *image) {
  if (q->head == q->tail) return NOWHERE;
  uint64_t g = *guard_slot(q, image, q->head++);
  if (UNLIKELY((q->head & (q->part - 1)) == 0)) guard_retreat(q, image);
  return g;
}

/* The block [g, g + n) waits no more. */
static inline void guard_drop(mems_guard *q, void *image, uint64_t g,
                              uint64_t n) {
  guard_mark(q, image, g, false);
  q->waiting -= n;
}

#endif
