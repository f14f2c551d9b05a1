/*
** walk.h - the main chain and its sub-chains, to loop over and to print.
*/

#ifndef LMEMS_WALK_H
#define LMEMS_WALK_H

#include "rule.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_walk[];

#endif
