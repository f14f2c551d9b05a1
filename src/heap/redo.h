/*
** redo.h - the record of what a call is about to do that takes more than one
** store, for heaps in files: a block that changes its length where it stands;
** a block that is published in a cell, while another one goes; a root that
** changes with its tag; a reset.
**
** It is written, sealed by one store, and cleared when all is done. A heap
** that finds one sealed after a crash does it again: each step may be repeated
** at any time. So the call happened, or it did not.
*/

#ifndef MEMS_REDO_H
#define MEMS_REDO_H

#include "image.h"

enum { REDO_BLOCK = 1, REDO_RESET };

#define CELL_ROOT ((uint64_t)1 << 62) /* a root's number, and no granule */

/* Nothing but what is named changes. */
static inline mems_redo redo_nothing(void) {
  return (mems_redo){.kind = REDO_BLOCK, .at = NOWHERE, .gone = NOWHERE,
                     .cell = NOWHERE};
}

/* Seals what is about to be done; done. A heap in memory takes no note. */
void redo_begin(mems_heap *heap, const mems_redo *todo);
void redo_end(mems_heap *heap);

/* Stores a published address. */
void redo_publish(mems_heap *heap, const mems_redo *todo);

/* Does what a record says that was sealed before a crash; true if there was
   one. Needs the bitmaps up to the end, and no summary of them. */
bool redo_again(mems_heap *heap);

#endif
