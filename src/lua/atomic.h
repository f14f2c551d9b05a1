/*
** atomic.h - verbs: one number of a heap, read and changed at once.
*/

#ifndef LMEMS_ATOMIC_H
#define LMEMS_ATOMIC_H

#include "rule.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_atomic[];

#endif
