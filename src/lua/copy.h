/*
** copy.h - arrays from what is there: from tables, values, and other arrays,
** also of other types and heaps.
*/

#ifndef LMEMS_COPY_H
#define LMEMS_COPY_H

#include "array.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_array[];

/* Methods of arrays. */
extern const luaL_Reg lmems_copy[];

/* Pushes a new array of the kind, from the count, table or array at `arg`,
   and the value behind it; `anchor` and `keep` as for lmems_newowner. Returns
   how many results. */
int lmems_makearray(lua_State *L, int anchor, int keep, lmems_box *box,
                    const lmems_kind *kind, int arg);

/* Pushes a new array of `count` zero elements, on the heap of the array at
   `index`, which is alive, and of its kind; or of `kind`, which is that of a
   type. MEMS_OK, or why there is none. */
int lmems_newlike(lua_State *L, int index, const lmems_kind *kind,
                  size_t count, lmems_view **view);

#endif
