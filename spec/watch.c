/*
** watch.c - the watching allocator, and the module of the test build that
** brings it along.
**
** It is one with that of luaL_newstate, realloc and free, and takes its place
** when the module is loaded. A library with it must not be unloaded before
** the state has ended: it is linked with -z nodelete.
*/

#include "watch.h"

#include <lua.h>

/* What src/lua/mems.c defines, under this name in the test build. */
int luaopen_mems_unwatched(lua_State *L);

__attribute__((visibility("default"))) int luaopen_mems_core(lua_State *L);

static void *allocate(void *self, void *block, size_t old, size_t size) {
  (void)self, (void)old;
  watch_holds();
  if (size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, size);
}

/* Watches a state that luaL_newstate made; others are left alone. */
static void watch_state(lua_State *L) {
  void *self;
  lua_getallocf(L, &self);
  if (self == NULL) lua_setallocf(L, allocate, NULL);
}

int luaopen_mems_core(lua_State *L) {
  watch_state(L);
  return luaopen_mems_unwatched(L);
}
