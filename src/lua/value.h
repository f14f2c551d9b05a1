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

/* Stores the value at `index` at `p`, in no heap: rows from tables or
   arrays, structs from tables or structs; raises if it does not fit. Runs no
   Lua code, but may collect garbage. `what` says whose value it is. */
void lmems_storevalue(lua_State *L, int index, const lmems_kind *kind,
                      char *p, const char *what);

/* Appends the value, as lmems_pushvalue, as tostring shows it. */
void lmems_showvalue(luaL_Buffer *B, const lmems_view *view,
                     const lmems_kind *kind, size_t offset);

#endif
