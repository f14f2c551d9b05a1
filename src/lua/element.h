/*
** element.h - elements of arrays and fields of structs: one value in a view,
** where what has parts is a view itself.
*/

#ifndef LMEMS_ELEMENT_H
#define LMEMS_ELEMENT_H

#include "view.h"

/* Pushes the value of that kind, `offset` bytes into the record of `whole`,
   the view at `index`, which is positive: rows and structs as views. That
   view, else NULL. Raises if `whole` is dead. */
lmems_view *lmems_pushelement(lua_State *L, int index,
                              const lmems_view *whole,
                              const lmems_kind *kind, size_t offset);

/* Pushes element `i`, from 0 and below its length, of the array `a` at
   `index`, which is positive; a struct may move over the others. Raises if
   the array is dead. */
void lmems_pushitem(lua_State *L, int index, const lmems_view *a, size_t i);

/* Stores the value at `index` there; all of it or, if it does not fit,
   nothing: raises. `what` says whose value it is. */
void lmems_setelement(lua_State *L, int parent, int index,
                      const lmems_kind *kind, size_t offset,
                      const char *what);

#endif
