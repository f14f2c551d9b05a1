/*
** lua.c - bytes become calls of the Lua binding, in a state of their own. How
** is said in calls.lua. Here are the state, with an allocator that may fail,
** and what a run has to leave behind: nothing.
*/

#include <string.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "input.h"
#include "pages.h"
#include "../watch.h"

enum { MEMORY = 64 << 20 };

/* What Lua may have and has. */
typedef struct supply {
  size_t bytes;
  long first, last; /* requests that fail, from now on */
} supply;

static void *allocate(void *self, void *block, size_t old, size_t size) {
  supply *s = self;
  watch_holds();
  if (block == NULL) old = 0;
  if (size > old) {
    s->first--, s->last--;
    if (s->first <= 0 && s->last >= 0) return NULL;
    if (s->bytes + size - old > MEMORY) return NULL;
  }
  s->bytes += size - old;
  if (size == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, size);
}

/* starve(n, more): the n-th request of Lua fails, and `more` after it. */
static int starve(lua_State *L) {
  supply *s = lua_touserdata(L, lua_upvalueindex(1));
  s->first = (long)luaL_checkinteger(L, 1);
  s->last = s->first ? s->first + (long)luaL_checkinteger(L, 2) : -1;
  return 0;
}

/* refuse(n): the n-th request to the OS fails. */
static int refuse(lua_State *L) {
  pages_fail((long)luaL_checkinteger(L, 1));
  return 0;
}

/* calls.lua, compiled once. */
static char *script;
static size_t script_size;

static int append(lua_State *L, const void *part, size_t size, void *unused) {
  (void)L, (void)unused;
  script = realloc(script, script_size + size);
  memcpy(script + script_size, part, size);
  script_size += size;
  return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  lua_State *L = luaL_newstate();
  if (luaL_loadfile(L, "calls.lua") != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(1);
  }
  lua_dump(L, append, NULL, 0);
  lua_close(L);
  if (freopen("/dev/null", "w", stdout) == NULL) exit(1);
  return 0;
}

int luaopen_mems_core(lua_State *L);

/* Pushes what require "mems" gives. */
static void push_mems(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_mems_core);
  lua_setfield(L, -2, "mems.core");
  lua_getglobal(L, "package");
  lua_pushliteral(L, "../../lua/?.lua;../../lua/?/init.lua");
  lua_setfield(L, -2, "path");
  lua_getglobal(L, "require");
  lua_pushliteral(L, "mems");
  lua_call(L, 1, 1);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

static int run(lua_State *L) {
  luaL_openlibs(L);
  if (luaL_loadbuffer(L, script, script_size, "=calls")) lua_error(L);
  push_mems(L);
  lua_pushvalue(L, 2);
  lua_pushlightuserdata(L, lua_touserdata(L, 1));
  lua_pushcclosure(L, starve, 1);
  lua_pushcfunction(L, refuse);
  lua_call(L, 4, 0);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  supply s = {0, 0, -1};
  lua_State *L = lua_newstate(allocate, &s);
  pages_fail(0);
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, &s);
  lua_pushlstring(L, (const char *)data, size);
  int status = lua_pcall(L, 2, 0, 0);
  if (status != LUA_OK && status != LUA_ERRMEM)
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
  MUST(status == LUA_OK || status == LUA_ERRMEM);
  s.first = 0, s.last = -1;
  pages_fail(0);
  lua_close(L);
  MUST(s.bytes == 0);
  return 0;
}
