/*
** heap.h - heaps and whole blocks.
*/

#ifndef LMEMS_HEAP_H
#define LMEMS_HEAP_H

#include "rule.h"

/* Verbs for module and heaps, for the module, for heaps. */
extern const luaL_Reg lmems_heap[];
extern const luaL_Reg lmems_heapmodule[];
extern const luaL_Reg lmems_heapmethods[];

#endif
