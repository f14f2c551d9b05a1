/*
** object.c - brings buffers, arrays and structs into the module.
*/

#include "view.h"

void lmems_setobjects(lua_State *L, int first) {
  static const luaL_Reg verbs[] = {
    {"buffer", lmems_buffer}, {"own", lmems_own}, {"array", lmems_array},
    {"struct", lmems_struct}, {NULL, NULL}
  };
  first = lua_absindex(L, first);
  lmems_setverbs(L, verbs, first);
  if (!lmems_hasclasses(L)) {
    lmems_openbuffer(L);
    lmems_openarray(L);
    lmems_openstruct(L);
  }
  if (lua_getmetatable(L, first)) /* for lua/mems, which adds methods */
    lua_setfield(L, -2, "methods");
}
