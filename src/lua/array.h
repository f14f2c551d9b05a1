/*
** array.h - typed arrays: elements, slices, growth.
*/

#ifndef LMEMS_ARRAY_H
#define LMEMS_ARRAY_H

#include "object.h"
#include "view.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_array[];

/* Methods of arrays; number.h and sort.h have more. */
extern const luaL_Reg lmems_arraymethods[];
extern const lmems_class lmems_arrayclass;

/* Pushes a new array of the kind, from the count or the table at `arg`;
   `anchor` and `keep` as for lmems_newowner. Returns how many results. */
int lmems_makearray(lua_State *L, int anchor, int keep, lmems_box *box,
                    const lmems_kind *kind, int arg);

/* The array that is argument 1 of a method, alive; raises. */
lmems_view *lmems_checkarray(lua_State *L);

/* Elements i to j of an array from two optional arguments at `arg`, as a
   0-based start and a count; raises if they are not in it. */
size_t lmems_optrange(lua_State *L, int arg, const lmems_view *array,
                      size_t *start);

/* Holds such elements; raises if the array is dead or has not so many any
   more. */
char *lmems_holdelements(lua_State *L, const lmems_view *array, size_t start,
                         size_t count);

#endif
