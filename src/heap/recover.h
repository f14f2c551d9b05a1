/*
** recover.h - rebuilding a heap from the truth: start, used and node bits, the
** table of slack, the bits of the quarantine, the end and the redo record.
** It is the answer to each case: a process that died, a loss of power, a file
** that was saved, hints of another version, an owner who asks for it.
**
** What a process that died may leave behind is a heap but for details: two
** HOLEs side by side, a run that is half made, bits behind the end, a block
** that was to wait in the quarantine and is free then. A loss of power may mix
** old and new pages; then what contradicts itself is a HOLE, and counts as a
** repair. Whatever is stored on the way may be stored again, so recovery may
** be interrupted like any call.
**
** No hint is believed: a run is one if all its starts say so.
*/

#ifndef MEMS_RECOVER_H
#define MEMS_RECOVER_H

#include "image.h"

/* Rebuilds all; fills the recovery of the heap but for its time. Whatever the
   truth needs up to heap->chain.end is usable, and the rest of the image as
   far. */
void recover(mems_heap *heap);

#endif
