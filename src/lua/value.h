/*
** value.h - values that may have parts: from the bytes of a view to Lua, and
** from Lua to bytes.
*/

#ifndef LMEMS_VALUE_H
#define LMEMS_VALUE_H

#include "view.h"

/* Pushes the value of that kind, `offset` bytes into the record of `view`:
   rows and structs as tables, part by part. May collect garbage; raises if
   the view is dead by then. */
void lmems_pushvalue(lua_State *L, const lmems_view *view,
                     const lmems_kind *kind, size_t offset);

/* Pushes a table of `count` values of that kind, the first of them `offset`
   bytes into the record, each `stride` bytes behind the one before. In it an
   address 0 is false. Raises as lmems_pushvalue. */
void lmems_pushvalues(lua_State *L, const lmems_view *view,
                      const lmems_kind *element, size_t offset, size_t count,
                      size_t stride);

/* Stores the value at `index` at `p`, in no heap: rows from tables or
   arrays, structs from tables or structs; raises if it does not fit. Runs no
   Lua code, but may collect garbage. `what` says whose value it is. */
void lmems_storevalue(lua_State *L, int index, const lmems_kind *kind,
                      char *p, const char *what);

/* Appends the first elements of an array. */
void lmems_showelements(luaL_Buffer *B, const lmems_view *array);

/* Appends the value, as lmems_pushvalue, as tostring shows it. */
void lmems_showvalue(luaL_Buffer *B, const lmems_view *view,
                     const lmems_kind *kind, size_t offset);

#endif
