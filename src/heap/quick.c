/*
** quick.c - setting up the lists of quick.h.
*/

#include "quick.h"

static_assert((int)QUICK_MOST <= FINE_MOST, "slack and lists are as planned");
static_assert(STEP_MOST * GRANULE <= (SLACK + UINT64_C(1)) * (MORE + 1),
              "the slack of the largest step fits its entry");
static_assert(QUICK_MOST >= (int)FIELD, "an entry lies in its block");

/* Entries of a list. */
static uint32_t depth(uint64_t n) {
  return (uint32_t)at_most(QUICK_DEEP, QUICK_BYTES / (n * GRANULE));
}

mems_list quick_list(unsigned number, uint32_t slot) {
  mems_list list = {.first = slot};
  list.last = list.top = list.first;
  list.starts = list.starts_mask = 1;
  list.entry = list.useds_mask = 3;
  list.useds = 2;
  if (number < 2 || number > size_number(QUICK_MOST)) return list;
  uint64_t n = size_granules(number);
  list.granules = (uint32_t)n;
  list.bytes = n * GRANULE;
  list.last += depth(n);
  list.starts_mask = bit(NEAR + 1) - 1;
  list.entry = list.useds_mask = dict_entry(n) & (1 | SLACK << 1);
  list.useds = list.entry ^ 1;
  if (n <= NEAR) {
    list.starts |= bit((unsigned)n);
    list.starts_mask = bit((unsigned)n + 1) - 1;
  } else {
    list.useds |= (uint64_t)number << NUMBER_AT;
    list.useds_mask |= (uint64_t)NUMBER << NUMBER_AT;
  }
  return list;
}

unsigned quick_number(uint64_t n, bool rounds) {
  if (n > QUICK_MOST) return 0;
  return rounds ? size_number(at_least(n, 2)) : dict_number(n);
}

void quick_set_rounding(mems_quick *q, bool rounds) {
  q->rounds = rounds;
  for (uint64_t n = 1; n <= TABLE_MOST; n++)
    q->numbers[n] = (uint8_t)quick_number(at_least(n, 2), rounds);
}

void quick_open(mems_quick *q) {
  uint32_t slot = GAP;
  for (unsigned i = 0; i < NUMBERS; i++) {
    q->lists[i] = quick_list(i, slot);
    slot = quick_next_slot(&q->lists[i]);
  }
  assert(slot <= SLOTS);
  q->recent_number = NONE;
  quick_set_rounding(q, false);
}
