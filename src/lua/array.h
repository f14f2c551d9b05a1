/*
** array.h - typed arrays: elements, slices, growth.
*/

#ifndef LMEMS_ARRAY_H
#define LMEMS_ARRAY_H

#include "object.h"
#include "series.h"
#include "view.h"

/* Methods of arrays; those that work on all elements have files of their own,
   floors above. */
extern const luaL_Reg lmems_arraymethods[];
extern const lmems_class lmems_arrayclass;

/* The array that is argument 1 of a method, alive; raises. */
lmems_view *lmems_checkarray(lua_State *L);

/* Raises unless the array is alive and has so many elements still. */
void lmems_checklength(lua_State *L, const lmems_view *array, size_t count);

/* Elements i to j of an array from two optional arguments at `arg`, as a
   0-based start and a count; raises if they are not in it. */
size_t lmems_optrange(lua_State *L, int arg, const lmems_view *array,
                      size_t *start);

/* Such elements of an array that is alive. */
lmems_series lmems_seriesof(const lmems_view *array, size_t start,
                            size_t count);

/* Holds them; raises if the array is dead or has not so many any more. */
lmems_series lmems_holdseries(lua_State *L, const lmems_view *array,
                              size_t start, size_t count);

/* The same, to write them; raises if it is read-only as well. */
lmems_series lmems_writeseries(lua_State *L, const lmems_view *array,
                               size_t start, size_t count);

/* Stores the value at `value` as element `i`, from 0, of the array at
   `array`, which may be one that has gone or shrunk meanwhile: raises. */
void lmems_setindex(lua_State *L, int array, int value, size_t i);

#endif
