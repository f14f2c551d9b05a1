/*
** probe_alloc.c - a Lua state whose allocator counts, and fails when it is
** told to.
**
** The state is a userdata, made by probe.starved():
**   run(code)     what the code returns, as a string; or nil and the error
**   fail(n, more) the n-th request for memory from now on fails, and `more`
**                 after it; n = 0: none does. Gives how many were made since
**                 the last call.
**   close()       ends it; gives the blocks and bytes it had not freed.
** Code in the state finds fail(n, more) as a global function, and the table
** `host` of probe_host.c.
*/

#include "probe.h"

#include "watch.h"

#include <lualib.h>
#include <stdlib.h>

#define STARVED "probe.starved"

typedef struct starved {
  lua_State *state;
  lua_Integer requests;       /* since the last call of fail */
  lua_Integer first, last;    /* those that fail */
  lua_Integer blocks, bytes;  /* handed out and not freed */
} starved;

/* Only what asks for more memory may fail: Lua takes it for granted that a
   block can be freed and made smaller. */
static void *allocate(void *self, void *block, size_t old, size_t size) {
  starved *s = self;
  watch_holds();
  if (block == NULL) old = 0;
  if (size > old) {
    s->requests++;
    if (s->requests >= s->first && s->requests <= s->last) return NULL;
  }
  s->bytes += (lua_Integer)size - (lua_Integer)old;
  if (size == 0) {
    s->blocks -= block != NULL;
    free(block);
    return NULL;
  }
  s->blocks += block == NULL;
  return realloc(block, size);
}

static starved *check_starved(lua_State *L) {
  starved *s = luaL_checkudata(L, 1, STARVED);
  luaL_argcheck(L, s->state != NULL, 1, "closed");
  return s;
}

/* Sets what fails from what stands at `arg`. */
static int set_failing(lua_State *L, starved *s, int arg) {
  lua_Integer n = luaL_checkinteger(L, arg);
  lua_pushinteger(L, s->requests);
  s->requests = 0;
  s->first = n;
  s->last = n > 0 ? n + luaL_optinteger(L, arg + 1, 0) : -1;
  return 1;
}

static int fail(lua_State *L) {
  return set_failing(L, check_starved(L), 2);
}

/* The same, in the state itself. */
static int fail_here(lua_State *L) {
  return set_failing(L, lua_touserdata(L, lua_upvalueindex(1)), 1);
}

int luaopen_mems_core(lua_State *L);

/* What code in the new state has: the libraries, mems, fail. */
static void furnish(starved *s) {
  lua_State *L = s->state;
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_mems_core);
  lua_setfield(L, -2, "mems.core");
  lua_pushlightuserdata(L, s);
  lua_pushcclosure(L, fail_here, 1);
  lua_setglobal(L, "fail");
  lua_pushglobaltable(L);
  probe_set_host(L);
  lua_settop(L, 0);
}

static int new_starved(lua_State *L) {
  starved *s = lua_newuserdatauv(L, sizeof *s, 0);
  *s = (starved){.last = -1};
  luaL_setmetatable(L, STARVED);
  s->state = lua_newstate(allocate, s);
  if (s->state == NULL) return luaL_error(L, "no memory for a state");
  furnish(s);
  return 1;
}

/* The code is compiled and its result shown with nothing failing. */
static int run(lua_State *L) {
  starved *s = check_starved(L);
  lua_Integer first = s->first, last = s->last, requests = s->requests;
  s->first = 0, s->last = -1;
  int failed = luaL_loadstring(s->state, luaL_checkstring(L, 2));
  s->first = first, s->last = last, s->requests = requests;
  if (!failed) failed = lua_pcall(s->state, 0, 1, 0);
  s->first = 0, s->last = -1, requests = s->requests;
  const char *result = luaL_tolstring(s->state, -1, NULL);
  s->requests = requests;
  if (failed) lua_pushnil(L);
  lua_pushstring(L, result);
  lua_settop(s->state, 0);
  return failed ? 2 : 1;
}

static int close_starved(lua_State *L) {
  starved *s = luaL_checkudata(L, 1, STARVED);
  if (s->state == NULL) return 0;
  s->first = 0, s->last = -1;
  lua_close(s->state);
  s->state = NULL;
  lua_pushinteger(L, s->blocks);
  lua_pushinteger(L, s->bytes);
  return 2;
}

void probe_set_alloc(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"run", run}, {"fail", fail}, {"close", close_starved},
    {"__gc", close_starved}, {NULL, NULL}
  };
  if (luaL_newmetatable(L, STARVED)) {
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
  lua_pushcfunction(L, new_starved);
  lua_setfield(L, -2, "starved");
}
