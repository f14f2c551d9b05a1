/*
** sharing.h - verbs: processes that share a heap, wait for each other, and lock
** parts of it.
*/

#ifndef LMEMS_SHARING_H
#define LMEMS_SHARING_H

#include "rule.h"

/* Verbs for module and heaps, and for the module. */
extern const luaL_Reg lmems_sharing[];
extern const luaL_Reg lmems_sharingmodule[];

#endif
