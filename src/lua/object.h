/*
** object.h - what buffers, arrays and structs share.
*/

#ifndef LMEMS_OBJECT_H
#define LMEMS_OBJECT_H

#include "rule.h"

/* Methods of all objects. */
extern const luaL_Reg lmems_object[];

/* A class: its name, and the events of its metatables. `index` is called
   with the table of methods as upvalue 1; NULL: there is nothing but methods.
   `missing` is called with that table for what is looked up there and is not in
   it; NULL: that is nil. */
typedef struct lmems_class {
  uintptr_t seal;
  const char *name;
  const luaL_Reg *events;
  lua_CFunction index, missing;
} lmems_class;

/* Makes the two metatables of a class, for owners and parts; the table of
   methods is on top, and is popped. */
void lmems_newclass(lua_State *L, const lmems_class *class);

/* Has it been made in this state? */
int lmems_hasclass(lua_State *L, const lmems_class *class);

#endif
