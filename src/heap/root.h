/*
** root.h - names for blocks, and the cells that addresses are published in: a
** root, or 8 bytes of a block.
*/

#ifndef MEMS_ROOT_H
#define MEMS_ROOT_H

#include "image.h"

/* A cell, found. */
typedef struct mems_found {
  uint64_t cell;   /* as a redo record has it */
  mems_addr value; /* what it holds */
  uint64_t tag;    /* of a root */
} mems_found;

/* Finds a cell that is to change; a root that is not there gets its place, and
   is none until it has an address. False with the reason in heap->error. */
bool root_cell(mems_heap *heap, const mems_cell *cell, mems_found *found);

#endif
