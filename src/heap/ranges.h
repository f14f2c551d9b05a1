/*
** ranges.h - which virtual addresses are whose: opened heaps that ask for no
** base get one of their own.
**
** A range is used again only after its heap was closed, and as late as that
** can be. None begins below 2^56, where no process has memory: so no
** virtual address is also a physical one. Heaps in files keep their range
** for life, one of those from 2^62 up, drawn at random.
**
** All open heaps stand in one list of the process: so a file whose range is
** in use is found, and a child that was forked finds those it must not touch.
*/

#ifndef MEMS_RANGES_H
#define MEMS_RANGES_H

#include "base.h"
#include "mems.h"

/* The addresses of an open heap: a link of the list. */
typedef struct mems_range {
  mems_addr first;
  uint64_t size;
  int how; /* it was entered so */
  struct mems_range *next, **back;
} mems_range;

/* Whether others may have some of a range: they may; none may; only one that
   is the same and entered so, as of one file that is opened again. */
enum { RANGES_ANY, RANGES_ALONE, RANGES_TWIN };

/* Enters a range in the list; false if another forbids it, and then *other is
   the first address of that one. */
bool ranges_enter(mems_range *range, int how, mems_addr *other);

/* Takes it out, if it is in the list. */
void ranges_leave(mems_range *range);

/* Nobody changes the list until it is unlocked; the first one in it. */
mems_range *ranges_lock(void);
void ranges_unlock(void);

/* A first address for a file's heap of `size` bytes. */
mems_addr ranges_draw(uint64_t size);

/* The first address of a range of `size` bytes, at most 2^46; 0 if none is
   left. Any thread may call it. O(1), but for once in 2^57 bytes. */
mems_addr ranges_take(uint64_t size);

/* Gives a range back, by its first address. */
void ranges_give(mems_addr first);

#endif
