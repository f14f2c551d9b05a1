/*
** check.h - what model.c, which makes the calls, and check.c, which looks what
** became of them, know of each other.
*/

#ifndef CRASH_CHECK_H
#define CRASH_CHECK_H

#include "model.h"

enum { IDLE, CALLING, RETURNED }; /* stages */

/* The cell as the heap knows it, and the name of a root. */
mems_cell cell_of(const model *m, int cell);
const char *root_name(int i);

/* Bytes of the contents that a call which makes a block leaves as they are. */
size_t bytes_kept(const call *c);

/* The call in progress had returned. */
void settle_returned(mems_heap *heap, model *m);

/* The call in progress has happened, with that result. */
void adopt(mems_heap *heap, model *m, mems_addr addr);

#endif
