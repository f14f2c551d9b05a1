/*
** damage.h - finding writes to memory that is nobody's, in a heap that fills.
**
** All that is free, that waits in the quarantine, or that lies between the end
** of a block and that of its segment is full of FREED, but for pages that are
** gone (idle.h), which read as zero. So whatever else is there was written by
** someone who had no business there: that is looked for when a block is freed
** or resized, leaves the quarantine, or is handed out again, and by check. What
** is found is reported and, but by check, filled anew.
**
** In a heap in a file nothing is looked for: what a crash has cut short is no
** damage.
*/

#ifndef MEMS_DAMAGE_H
#define MEMS_DAMAGE_H

#include "image.h"

enum { FREED = 0x55 };

/* Looks at the bytes behind the end of a block. */
void damage_slack(mems_heap *heap, const mems_block *b);

/* Looks at the block [g, g + n) that has waited. */
void damage_waited(mems_heap *heap, uint64_t g, uint64_t n);

/* Looks at [g, g + n), which is free. */
void damage_free(mems_heap *heap, uint64_t g, uint64_t n);

/* The same for a slot that a stack named: its pages are not gone. */
void damage_slot(mems_heap *heap, uint64_t g, uint64_t n);

/* Pages that are free, in whole or in part, are about to be used: those that
   are gone are filled and are so no more, but for those that lie in whole in
   the bytes from `from` to `to` of the payload. */
void damage_wake(mems_heap *heap, mems_pages p, uint64_t from, uint64_t to);

/* Looks at all of the heap; what is wrong first, or NULL. */
const char *damage_check(mems_heap *heap);

#endif
