/*
** guard.c - the bits and the queue of guard.h.
**
** The queue maps a part of itself when its tail comes to it and returns the
** part when its head has left it, so it takes little more than what waits
** needs.
*/

#include "guard.h"

#include <string.h>

enum { PARTS = 16, PART_MOST = 1 << 16 };

/* The bytes of a part: a 16th of what blocks of the least size take, within
   bounds. */
static uint64_t part_for(uint64_t most) {
  uint64_t part = at_most(most * sizeof(uint64_t) / PARTS + 1, PART_MOST);
  return at_least(bit(bit_last(part)), pages_unit());
}

/* One part more than can be full, so that head and tail never share one from
   both of its ends; a power of two. Twice as much as is kept may wait, and a
   block takes two granules at least. */
static uint64_t slots_for(uint64_t most) {
  uint64_t part = part_for(most) / sizeof(uint64_t);
  return bit(bit_last(round_up(most + 1, part) + part - 1) + 1);
}

uint64_t guard_room(uint64_t most) {
  return most ? slots_for(most) * sizeof(uint64_t) : 0;
}

uint64_t guard_plan(mems_guard *q, uint64_t at, uint64_t limit,
                    uint64_t most) {
  q->most = at_most(most, limit);
  if (q->most == 0) return at;
  at = area_plan(&q->bits, at, limit / 16 + sizeof(uint64_t));
  q->part = part_for(q->most) / sizeof(uint64_t);
  q->slots = slots_for(q->most);
  return at + guard_room(q->most);
}

/* The queue is in memory; that of a heap which processes share is in its file,
   too. */
static const mems_place *queue_place(const void *image) {
  const mems_place *place = place_of(image);
  return place->shared ? place : NULL;
}

bool guard_reach(mems_guard *q, void *image, uint64_t g) {
  uint64_t bytes = q->part * sizeof(uint64_t);
  return area_grow(image, &q->bits, g / 16 + 1) &&
         (q->tail % q->part != 0 ||
          pages_map(queue_place(image), guard_slot(q, image, q->tail), bytes));
}

/* A part that the OS won't take back is used again when its turn comes. */
void guard_retreat(mems_guard *q, void *image) {
  pages_unmap(queue_place(image), guard_slot(q, image, q->head - q->part),
              q->part * sizeof(uint64_t));
}

void guard_clear(mems_guard *q, void *image) {
  while (q->head != q->tail) guard_take(q, image);
  memset((char *)image + q->bits.at, 0, q->bits.usable);
  q->waiting = 0;
}

uint64_t guard_count(const mems_guard *q, const void *image) {
  const uint64_t *words = guard_word(q, image, 0);
  uint64_t count = 0;
  for (uint64_t i = 0; i < q->bits.usable / sizeof *words; i++)
    count += bit_count(words[i]);
  return count;
}

uint64_t guard_overhead(const mems_guard *q) {
  uint64_t part = at_least(q->part, 1);
  uint64_t first = q->head / part * part, behind = round_up(q->tail, part);
  return q->bits.usable + (behind - first) * sizeof(uint64_t);
}
