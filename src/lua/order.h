/*
** order.h - the order of an array's elements: gather, permute, reverse,
** search.
*/

#ifndef LMEMS_ORDER_H
#define LMEMS_ORDER_H

#include "rule.h"

/* Methods of arrays. */
extern const luaL_Reg lmems_order[];

#endif
