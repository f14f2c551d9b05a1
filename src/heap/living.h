/*
** living.h - heaps in files: opened, made, and closed.
*/

#ifndef MEMS_LIVING_H
#define MEMS_LIVING_H

#include "image.h"

/* Opens or makes the heap in the file o->path; *o is good. NULL with the
   reason in *error, and a sentence in o->why. */
mems_heap *living_open(const mems_options *o, int *error);

/* All but the reservation is closed in good order; in memory that is all. */
void living_close(mems_heap *heap);

#endif
