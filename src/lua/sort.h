/*
** sort.h - sorting the elements of an array, or their indices.
*/

#ifndef LMEMS_SORT_H
#define LMEMS_SORT_H

#include "rule.h"

/* Methods of arrays. */
extern const luaL_Reg lmems_sort[];

#endif
