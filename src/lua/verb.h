/*
** verb.h - verbs: how functions become those of the module, and methods.
**
** A verb is one C function that is registered several times. Upvalue 1 says
** what it works on:
** - in the module: a light userdata, the default heap's box;
** - as a method of heaps: the metatable of heaps; the heap is argument 1;
** - as a method of objects: `true`; the object is argument 1 and stands
**   where an address would.
** Upvalue 2 is the verb's name, for messages.
*/

#ifndef LMEMS_VERB_H
#define LMEMS_VERB_H

#include "rule.h"

/* Sets the verbs in the table on top of the stack, each with a copy of the
   value at `first` as upvalue 1. */
void lmems_setverbs(lua_State *L, const luaL_Reg *verbs, int first);

/* The same with `true`: methods of objects. */
void lmems_setmethods(lua_State *L, const luaL_Reg *methods);

/* Names the class whose metatable is on top; scripts see no more of it. */
void lmems_setname(lua_State *L, const char *name);

#endif
