/*
** quick.h - quick lists: freed blocks that wait for the next request of
** their size.
**
** For each numbered size (sizes.h) there is a stack of granule numbers, last
** in first out, of fixed depth. What is in it is parked: a HOLE that is not
** merged with its neighbours yet, so that it serves as it is. Most calls of a
** program that runs for long go no further than this.
**
** The hole that was freed last stands in front of the lists, and is put on its
** own when the next one is freed, or before anything is merged. So a malloc of
** its size, right behind the free, need not wait until the list of that size
** is known; nor need it look again: nobody has touched this hole since.
**
** The lists are hints. What they name is handed out only if the chain shows
** there, in two fields, a parked HOLE of just that size: the pattern of the
** list under its masks. Where a block has its slack a parked HOLE has ones: so
** all that a malloc changes is known before it has seen these bits.
**
**   granules     start bits           used bits
**   2, 3         1 0 .. 1             0 1
**   4 .. 32      1 0 0 .. 0 1         0 1 1 1
**   33 ..        1 0 0 .. 0 0         0 1 1 .. 1 number
**
** So a long one's length is what its number says: nobody changes the one
** without the other. Sizes above QUICK_MOST have numbers too, but no lists.
**
** 32 bits of a granule number are kept, so holes behind the first 32 GiB have
** no quick list.
*/

#ifndef MEMS_QUICK_H
#define MEMS_QUICK_H

#include "dict.h"

enum {
  TABLE_MOST = QUICK_MOST < 512 ? QUICK_MOST : 512, /* granules */
  NUMBERS = 128, /* more than there are sizes with a list */
  NONE = 1,      /* the number of no size */
  /* slots between two lists, so that the tops of all don't compete for the
     same few lines of the cache */
  GAP = 16,
  SLOTS = 58 * QUICK_DEEP + NUMBERS * GAP /* as many as all lists have */
};

typedef struct mems_list {
  uint64_t starts, starts_mask; /* what the fields of its holes show */
  uint64_t useds, useds_mask;
  uint64_t entry;       /* the used bits that tell block from HOLE, and
                           slack; a HOLE has all of them but the first */
  uint64_t bytes;       /* of each of its holes, ... */
  uint32_t granules;    /* ... and in granules */
  uint32_t first, last; /* its slots are [first, last) */
  uint32_t top;         /* the slot behind the entry that was put last */
} mems_list;

typedef struct mems_quick {
  size_t bytes;  /* sizes up to this are in the table; 0: there are no lists */
  uint64_t end;  /* no granule from here on is in a list: the heap's end, but
                    for numbers too large, or 0 */
  uint32_t recent;        /* the hole that was freed last, ... */
  uint32_t recent_number; /* ... and its list, or NONE; two fields, since the
                             one is known long before the other */
  bool rounds;            /* see quick_set_rounding */
  uint8_t numbers[TABLE_MOST + 1]; /* which list serves so many granules, 0:
                                      none */
  _Alignas(64) mems_list lists[NUMBERS]; /* list 0 has no slots */
  uint32_t slots[SLOTS];
} mems_quick;

/* Sets up empty lists. */
void quick_open(mems_quick *q);

/* What list `number` is made of, with no entry, if its slots begin at `slot`;
   without a slot if there is no such size. */
mems_list quick_list(unsigned number, uint32_t slot);

/* Where the slots of the next list begin. */
static inline uint32_t quick_next_slot(const mems_list *list) {
  return list->last > list->first ? list->last + GAP : list->first;
}

/* Which list serves n granules; `rounds`: may the block be larger? */
unsigned quick_number(uint64_t n, bool rounds);

/* Fills the table: with `rounds` all sizes are in it, else only those that
   a block has exactly. */
void quick_set_rounding(mems_quick *q, bool rounds);

/* How many holes a list names. */
static inline uint64_t quick_count(const mems_list *list) {
  return list->top > list->first ? list->top - list->first : 0;
}

/* How many more it has room for. */
static inline uint64_t quick_space(const mems_list *list) {
  return list->top < list->last ? list->last - list->top : 0;
}

/* Takes the last entry of a list; NOWHERE if it is empty. */
static inline uint64_t quick_pop(mems_quick *q, mems_list *list) {
  uint32_t top = list->top;
  if (UNLIKELY(top <= list->first)) return NOWHERE;
  list->top = --top;
  return q->slots[top];
}

/* Puts g on a list; false if it has no room. */
static inline bool quick_push(mems_quick *q, mems_list *list, uint64_t g) {
  uint32_t top = list->top;
  if (UNLIKELY(top >= list->last)) return false;
  q->slots[top] = (uint32_t)g;
  list->top = top + 1;
  return true;
}

/* Puts the hole that was freed last on its list as well; false if that is
   full. Whoever calls this notes another one as freed last, or none. */
static inline bool quick_list_recent(mems_quick *q) {
  unsigned number = q->recent_number;
  return number == NONE || quick_push(q, q->lists + number, q->recent);
}

/* Is g, below q->end, a HOLE that waits in this list? */
static inline bool quick_agrees(const mems_list *list, const mems_chain *c,
                                uint64_t g) {
  uint64_t starts = bits_field(chain_starts(c), g) ^ list->starts;
  uint64_t useds = bits_field(chain_useds(c), g) ^ list->useds;
  uint64_t wrong = (starts & list->starts_mask) | (useds & list->useds_mask);
  return LIKELY(wrong == 0);
}

/* Takes the hole that was freed last, if it is of this list. */
HOT bool quick_take_recent(mems_quick *q, unsigned number, uint64_t *g) {
  if (q->recent_number != number) return false;
  *g = q->recent;
  q->recent_number = NONE;
  return true;
}

/* Takes the last hole of a list; false if there is none, or it is none. */
HOT bool quick_take(mems_quick *q, const mems_chain *c, mems_list *list,
                    uint64_t *g) {
  *g = quick_pop(q, list);
  return LIKELY(*g < q->end) && LIKELY(quick_agrees(list, c, *g));
}

#endif
