/*
** struct.h - structs: their types, and objects with fields.
*/

#ifndef LMEMS_STRUCT_H
#define LMEMS_STRUCT_H

#include "object.h"
#include "self.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_struct[];

/* Methods of objects, and functions of types. */
extern const luaL_Reg lmems_structmethods[];
extern const luaL_Reg lmems_typemethods[];
extern const lmems_class lmems_structclass;

/* Pushes a struct of the type at `type` that looks at the one at the address at
   `arg`, in the heap of `self`. Raises if there is none. */
void lmems_pushstructat(lua_State *L, lmems_self self, int type, int arg);

/* Makes the metatable of types, "mems.layout"; the table of their functions
   is on top, and is popped. */
void lmems_newtypes(lua_State *L);

#endif
