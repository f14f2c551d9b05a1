/*
** ranges.h - which virtual addresses are whose: opened heaps that ask for no
** base get one of their own.
**
** A range is used again only after its heap was closed, and as late as that
** can be. None begins below 2^56, where no process has memory: so no
** virtual address is also a physical one.
*/

#ifndef MEMS_RANGES_H
#define MEMS_RANGES_H

#include "base.h"
#include "mems.h"

/* The first address of a range of `size` bytes, at most 2^46; 0 if none is
   left. Any thread may call it. O(1), but for once in 2^57 bytes. */
mems_addr ranges_take(uint64_t size);

/* Gives a range back, by its first address. */
void ranges_give(mems_addr first);

#endif
