/*
** method.h - the methods that a script gives its types of structs.
*/

#ifndef LMEMS_METHOD_H
#define LMEMS_METHOD_H

#include "layout.h"

/* Gives the layout on top the methods that are in the table at `methods`;
   raises if a field has the name of one, which no one would find. */
void lmems_setmethodtable(lua_State *L, lmems_layout *s, int methods);

/* Pushes the table of methods of the type `s`, which the object at `object`
   is of, or is; whether there is one. */
int lmems_pushmethods(lua_State *L, int object, const lmems_layout *s);

#endif
