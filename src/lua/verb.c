/*
** verb.c - setting verbs in tables.
*/

#include "verb.h"

void lmems_setverbs(lua_State *L, const luaL_Reg *verbs, int first) {
  first = lua_absindex(L, first);
  for (; verbs->name != NULL; verbs++) {
    lua_pushvalue(L, first);
    lua_pushstring(L, verbs->name);
    lua_pushcclosure(L, verbs->func, 2);
    lua_setfield(L, -2, verbs->name);
  }
}

void lmems_setmethods(lua_State *L, const luaL_Reg *methods) {
  lua_pushboolean(L, 1);
  lua_insert(L, -2);
  lmems_setverbs(L, methods, -2);
  lua_remove(L, -2);
}

void lmems_setname(lua_State *L, const char *name) {
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__metatable");
}
