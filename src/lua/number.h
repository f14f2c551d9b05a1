/*
** number.h - fill, find, count, sum, mean, min and max of an array.
*/

#ifndef LMEMS_NUMBER_H
#define LMEMS_NUMBER_H

#include "view.h"

/* Methods of arrays. */
extern const luaL_Reg lmems_number[];

/* Raises if the elements of the array are no numbers. */
void lmems_checknumbers(lua_State *L, const lmems_view *a);

#endif
