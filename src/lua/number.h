/*
** number.h - fill, find, sum, min and max of an array.
*/

#ifndef LMEMS_NUMBER_H
#define LMEMS_NUMBER_H

#include "rule.h"

/* Methods of arrays. */
extern const luaL_Reg lmems_number[];

#endif
