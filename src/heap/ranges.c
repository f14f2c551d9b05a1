/*
** ranges.c - the counter that ranges are taken from.
**
** The counter goes through all addresses from 2^56 to 2^63, in lots of 2^57,
** and then begins again. A lot is entered only while none of its ranges is
** in use. Whoever takes a range counts himself in before he moves the
** counter, and out again if another was faster: so a lot that the counter is
** about to enter anew has nobody in it.
**
** The counter and the counts are mutable and shared by all threads, as the
** addresses of a process are.
*/

#include "ranges.h"

#include <stdatomic.h>

#define LOT_LOG2 57
#define LOTS 64 /* the first one is half: below 2^56 is no range */
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
