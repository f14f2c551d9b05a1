/*
** each.h - pairs and ipairs of arrays and structs.
*/

#ifndef LMEMS_EACH_H
#define LMEMS_EACH_H

#include "rule.h"

/* The events `__pairs`: of arrays index and element, of structs name and
   value, in the order of the fields. */
int lmems_arraypairs(lua_State *L);
int lmems_structpairs(lua_State *L);

/* Keeps the iterator of ipairs, which is to end without an error. Called
   once in a Lua state. */
void lmems_keepipairs(lua_State *L);

/* Is it ipairs that asks for an element? Then one that is not there is
   nil. */
int lmems_askedbyipairs(lua_State *L);

#endif
