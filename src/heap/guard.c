/*
** guard.c - the bits and the queue of guard.h.
**
** The queue maps a page when its tail comes to it and returns the page when
** its head has left it, so it takes no more than what waits needs.
*/

#include "guard.h"

#include <string.h>

/* One page more than can be full, so that head and tail never share a page
   from both of its ends; a power of two. Twice as much as is kept may wait, and
   a block takes two granules at least. */
static uint64_t slots_for(uint64_t most) {
  uint64_t page = pages_unit() / sizeof(uint64_t);
  return bit(bit_last(round_up(most + 1, page) + page - 1) + 1);
}

uint64_t guard_room(uint64_t most) {
  return most ? slots_for(most) * sizeof(uint64_t) : 0;
}

uint64_t guard_plan(mems_guard *q, uint64_t at, uint64_t limit,
                    uint64_t most) {
  q->most = at_most(most, limit);
  if (q->most == 0) return at;
  at = area_plan(&q->bits, at, limit / 16 + sizeof(uint64_t));
  q->page = pages_unit();
  q->slots = slots_for(q->most);
  return at + guard_room(q->most);
}

uint64_t *guard_slot(const mems_guard *q, const void *image,
                     uint64_t position) {
  char *queue = (char *)image + q->bits.at + q->bits.size;
  return (uint64_t *)queue + (position & (q->slots - 1));
}

void guard_mark(mems_guard *q, void *image, uint64_t g, bool waits) {
  uint64_t *word = guard_word(q, image, g), mask = bit(g / 2 % WORD);
  truth_put(word, waits ? *word | mask : *word & ~mask);
}

bool guard_put(mems_guard *q, void *image, uint64_t g, uint64_t n) {
  if (n > q->most || q->waiting + n > 2 * q->most) return false;
  if (!area_grow(image, &q->bits, g / 16 + 1)) return false;
  uint64_t *slot = guard_slot(q, image, q->tail);
  bool first = ((uintptr_t)slot & (q->page - 1)) == 0;
  if (first && !pages_map(NULL, slot, q->page)) return false;
  *slot = g;
  q->tail++;
  guard_mark(q, image, g, true);
  q->waiting += n;
  return true;
}

uint64_t guard_take(mems_guard *q, void *image) {
  if (q->head == q->tail) return NOWHERE;
  uint64_t *slot = guard_slot(q, image, q->head++);
  char *behind = (char *)(slot + 1);
  uint64_t g = *slot;
  /* a page that the OS won't take back is used again when its turn comes */
  if (((uintptr_t)behind & (q->page - 1)) == 0)
    pages_unmap(NULL, behind - q->page, q->page);
  return g;
}

void guard_drop(mems_guard *q, void *image, uint64_t g, uint64_t n) {
  guard_mark(q, image, g, false);
  q->waiting -= n;
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
  uint64_t page = at_least(q->page, PAGE) / sizeof(uint64_t);
  uint64_t first = q->head / page * page, behind = round_up(q->tail, page);
  return q->bits.usable + (behind - first) * sizeof(uint64_t);
}
