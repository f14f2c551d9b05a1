/*
** mems.c - opens the module: its table, the metatable of heaps, the box of
** the default heap.
*/

#include "lmems.h"

static void set_verbs(lua_State *L, int first) {
  first = lua_absindex(L, first);
  lmems_setheap(L, first);
  lmems_setmemory(L, first);
  lmems_setbulk(L, first);
  lmems_setstring(L, first);
  lmems_setwalk(L, first);
  lmems_setobjects(L, first);
  lmems_settrace(L, first);
}

/* The codes that come third after nil and a message. */
static void set_codes(lua_State *L) {
  static const struct code { const char *name; int value; } codes[] = {
    {"EINVAL", MEMS_EINVAL}, {"ENOMEM", MEMS_ENOMEM},
    {"ELIMIT", MEMS_ELIMIT}, {"EFOREIGN", MEMS_EFOREIGN},
    {"EFREED", MEMS_EFREED}, {"EINSIDE", MEMS_EINSIDE},
    {"ERANGE", MEMS_ERANGE}, {"EINIT", MEMS_EINIT},
    {"EBROKEN", MEMS_EBROKEN}
  };
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    lua_pushinteger(L, codes[i].value);
    lua_setfield(L, -2, codes[i].name);
  }
}

/* Pushes the metatable of heaps, which is its own __index. Its name is known
   only once it is whole: memory may run out half-way. */
static void push_heap_metatable(lua_State *L) {
  if (luaL_getmetatable(L, LMEMS_HEAP) != LUA_TNIL) return;
  lua_pop(L, 1);
  lua_createtable(L, 0, 128);
  lua_pushliteral(L, LMEMS_HEAP);
  lua_setfield(L, -2, "__name");
  set_verbs(L, -1);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, LMEMS_HEAP);
}

__attribute__((visibility("default"))) int luaopen_mems_core(lua_State *L);

int luaopen_mems_core(lua_State *L) {
  luaL_checkversion(L);
  push_heap_metatable(L);
  lmems_newbox(L)->standard = 1;
  lua_createtable(L, 0, 128);
  set_verbs(L, -2);
  set_codes(L);
  lmems_settypes(L);
  lua_pushliteral(L, "mems " MEMS_VERSION);
  lua_setfield(L, -2, "_VERSION");
  return 1;
}
