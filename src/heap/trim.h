/*
** trim.h - giving memory back to the OS.
*/

#ifndef MEMS_TRIM_H
#define MEMS_TRIM_H

#include "image.h"

/* A block of `freed` bytes has gone and much is unused: gives back some more
   than that. A step costs in proportion to what was freed, whose pages the
   caller had paid for already; so no call pauses for the whole heap. */
void trim_step(mems_heap *heap, size_t freed);

/* The limit has refused n granules: unmaps the nodes at the end that are all
   hole, if there is room for a node that large then. */
bool trim_for(mems_heap *heap, uint64_t n);

#endif
