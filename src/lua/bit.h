/*
** bit.h - verbs on single bits of memory.
*/

#ifndef LMEMS_BIT_H
#define LMEMS_BIT_H

#include "rule.h"

/* Verbs for module, heaps, buffers and arrays. */
extern const luaL_Reg lmems_bit[];

#endif
