/*
** host.c - a program with two Lua states, each inside a heap of its own with
** a hard limit.
**
** The first one paints a picture, the second one looks at its bytes, where
** they are, and can't write to them. Then a script eats all memory that it
** may have: it is stopped, and the program goes on.
*/

#include "mems_lua.h"

#ifdef __cplusplus
extern "C" {
#endif
#include <lauxlib.h>
#include <lualib.h>
#ifdef __cplusplus
}
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT ((uint64_t)8 << 20)

/* A state and the heap that it lives in. */
typedef struct tenant {
  mems_heap *heap;
  lua_State *L;
} tenant;

static const char PAINT[] =
  "local mems = require 'mems.core'\n"
  "mems.init { limit = 4 << 20 }\n"
  "local picture = mems.buffer(640 * 480)\n"
  "for y = 0, 479 do picture:fill(y % 256, 640, y * 640) end\n"
  "return picture\n";

static const char LOOK[] =
  "local picture = ...\n"
  "local ok, why = pcall(picture.fill, picture, 0)\n"
  "return ('%d bytes, the last is %d; %s'):format(\n"
  "  #picture, picture:peek_u8(#picture - 1), why)\n";

static const char EAT[] =
  "local meal = {}\n"
  "while true do meal[#meal + 1] = ('x'):rep(1000) .. #meal end\n";

static int open_all(lua_State *L) {
  luaL_openlibs(L);
  luaL_requiref(L, "mems.core", luaopen_mems_core, 0);
  return 0;
}

/* Exits: even a state and its libraries do not fit. */
static void give_up(const char *why) {
  fprintf(stderr, "host: %s\n", why);
  exit(EXIT_FAILURE);
}

static tenant move_in(void) {
  mems_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  options.limit = LIMIT;
  tenant t = {mems_heap_open(&options, NULL), NULL};
  if (t.heap == NULL)
    give_up("no heap");
#if LUA_VERSION_NUM >= 505
  t.L = lua_newstate(mems_lua_alloc, t.heap, luaL_makeseed(NULL));
#else
  t.L = lua_newstate(mems_lua_alloc, t.heap);
#endif
  if (t.L == NULL)
    give_up("no Lua state");
  lua_pushcfunction(t.L, open_all);
  if (lua_pcall(t.L, 0, 0, 0) != LUA_OK)
    give_up(lua_tostring(t.L, -1));
  return t;
}

static void move_out(const tenant *t) {
  lua_close(t->L);
  mems_heap_close(t->heap);
}

/* Runs a script with the `n` values on top; what it returns, or its error, is
   there then. */
static int run(lua_State *L, const char *script, int n) {
  int status = luaL_loadstring(L, script);
  lua_insert(L, -1 - n);
  return status == LUA_OK ? lua_pcall(L, n, 1, 0) : status;
}

/* What keeps the first state's picture while the second one has it. */
typedef struct loan {
  lua_State *L;
  int picture; /* in the registry */
} loan;

static void give_back(void *context, void *pointer, size_t size) {
  const loan *l = (const loan *)context;
  (void)pointer;
  printf("given back: %zu bytes\n", size);
  luaL_unref(l->L, LUA_REGISTRYINDEX, l->picture);
}

/* Called with the loan in the state that gets it; the bytes are those of the
   object on top of the other one. */
static int take(lua_State *L) {
  loan *l = (loan *)lua_touserdata(L, 1);
  size_t size;
  const void *bytes = mems_lua_tobytes(l->L, -1, &size);
  if (bytes == NULL)
    return luaL_error(L, "no picture");
  l->picture = luaL_ref(l->L, LUA_REGISTRYINDEX);
  mems_lua_pushreadonly(L, bytes, size, give_back, l);
  return 1;
}

int main(void) {
  tenant painter = move_in(), looker = move_in();
  loan l = {painter.L, LUA_NOREF};
  if (run(painter.L, PAINT, 0) != LUA_OK)
    give_up(lua_tostring(painter.L, -1));
  lua_pushcfunction(looker.L, take);
  lua_pushlightuserdata(looker.L, &l);
  if (lua_pcall(looker.L, 1, 1, 0) != LUA_OK)
    give_up(lua_tostring(looker.L, -1));
  run(looker.L, LOOK, 1);
  printf("looked at: %s\n", lua_tostring(looker.L, -1));
  run(looker.L, EAT, 0);
  printf("stopped: %s\n", lua_tostring(looker.L, -1));
  run(looker.L, "return 'alive: ' .. 6 * 7", 0);
  printf("%s\n", lua_tostring(looker.L, -1));
  move_out(&looker);
  move_out(&painter);
  return 0;
}
