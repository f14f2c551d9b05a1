/*
** ranges.c - the counter that ranges are taken from.
**
** The counter goes through all addresses from 2^56 to 2^62, in lots of 2^57,
** and then begins again. A lot is entered only while none of its ranges is
** in use. Whoever takes a range counts himself in before he moves the
** counter, and out again if another was faster: so a lot that the counter is
** about to enter anew has nobody in it.
**
** Counter, counts and list are mutable and shared by all threads, as the
** addresses of a process are.
*/

#include "ranges.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/random.h>

#define LOT_LOG2 57
#define LOTS 32 /* the first one is half: below 2^56 is no range */
#define LOWEST ((uint64_t)1 << (LOT_LOG2 - 1))

static _Atomic uint64_t next = LOWEST;
static _Atomic uint64_t in_use[LOTS];

static uint64_t lot_of(mems_addr addr) { return addr >> LOT_LOG2; }

/* The first address of a lot that nobody is in, after that of `addr`; 0 if
   there is none. */
static mems_addr free_lot(mems_addr addr) {
  for (uint64_t i = 1; i < LOTS; i++) {
    uint64_t lot = (lot_of(addr) + i) % LOTS;
    if (atomic_load(&in_use[lot]) == 0)
      return at_least(lot << LOT_LOG2, LOWEST);
  }
  return 0;
}

mems_addr ranges_take(uint64_t size) {
  uint64_t step = round_up(size, PAGE) + PAGE; /* its end is nobody's start */
  mems_addr addr = atomic_load(&next);
  for (;;) {
    uint64_t lot = lot_of(addr);
    if (lot_of(addr + step) == lot) {
      atomic_fetch_add(&in_use[lot], 1);
      if (atomic_compare_exchange_strong(&next, &addr, addr + step))
        return addr;
      atomic_fetch_sub(&in_use[lot], 1);
    } else {
      mems_addr start = free_lot(addr);
      if (start == 0) return 0;
      if (atomic_compare_exchange_strong(&next, &addr, start)) addr = start;
    }
  }
}

void ranges_give(mems_addr first) {
  atomic_fetch_sub(&in_use[lot_of(first)], 1);
}

static atomic_flag locked = ATOMIC_FLAG_INIT;
static mems_range *ranges;

mems_range *ranges_lock(void) {
  while (atomic_flag_test_and_set_explicit(&locked, memory_order_acquire))
    sched_yield();
  return ranges;
}

void ranges_unlock(void) {
  atomic_flag_clear_explicit(&locked, memory_order_release);
}

/* May a range be entered beside one that is there? */
static bool goes_with(const mems_range *a, const mems_range *b, int how) {
  if (how == RANGES_ANY || a->first >= b->first + b->size ||
      b->first >= a->first + a->size)
    return true;
  return how == RANGES_TWIN && b->how == RANGES_TWIN &&
         a->first == b->first && a->size == b->size;
}

bool ranges_enter(mems_range *range, int how, mems_addr *other) {
  const mems_range *found = ranges_lock();
  while (found && goes_with(range, found, how)) found = found->next;
  if (found) {
    *other = found->first;
  } else {
    range->how = how;
    range->next = ranges;
    range->back = &ranges;
    if (ranges) ranges->back = &range->next;
    ranges = range;
  }
  ranges_unlock();
  return found == NULL;
}

void ranges_leave(mems_range *range) {
  ranges_lock();
  if (range->back) {
    *range->back = range->next;
    if (range->next) range->next->back = range->back;
    range->back = NULL;
  }
  ranges_unlock();
}

mems_addr ranges_draw(uint64_t size) {
  const uint64_t least = (uint64_t)1 << 62;
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) < 0) random = (uintptr_t)&random;
  uint64_t step = round_up(size, HUGE_PAGE);
  return least + random % (least / step - 1) * step;
}
