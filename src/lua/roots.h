/*
** roots.h - roots: names for blocks; and cells, where addresses are published.
*/

#ifndef LMEMS_ROOTS_H
#define LMEMS_ROOTS_H

#include "rule.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_roots[];

#endif
