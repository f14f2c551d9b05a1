/*
** arithmetic.h - arithmetic in place on the numbers of an array.
*/

#ifndef LMEMS_ARITHMETIC_H
#define LMEMS_ARITHMETIC_H

#include "rule.h"

/* Methods of arrays. */
extern const luaL_Reg lmems_arithmetic[];

#endif
