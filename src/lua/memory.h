/*
** memory.h - peek and poke.
*/

#ifndef LMEMS_MEMORY_H
#define LMEMS_MEMORY_H

#include "rule.h"

/* Verbs for module, heaps and buffers. */
extern const luaL_Reg lmems_memory[];

/* Those of them that have a short way as methods of buffers. */
extern const luaL_Reg lmems_ownmemory[];

#endif
