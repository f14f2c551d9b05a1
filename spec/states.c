/*
** states.c - Lua states of their own, for the specs of several in one
** process. A state is a userdata: run(code) gives what the code returns as
** a string, or nil and its error message; close() ends it.
*/

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define STATE "spec.state"

static lua_State **check_state(lua_State *L) {
  return luaL_checkudata(L, 1, STATE);
}

static int new_state(lua_State *L) {
  lua_State **state = lua_newuserdatauv(L, sizeof *state, 0);
  *state = luaL_newstate();
  if (*state == NULL) return luaL_error(L, "no memory for a state");
  luaL_setmetatable(L, STATE);
  luaL_openlibs(*state);
  return 1;
}

static int run(lua_State *L) {
  lua_State *state = *check_state(L);
  const char *code = luaL_checkstring(L, 2);
  size_t length;
  int failed = luaL_loadstring(state, code) || lua_pcall(state, 0, 1, 0);
  const char *result = luaL_tolstring(state, -1, &length);
  if (failed) lua_pushnil(L);
  lua_pushlstring(L, result, length);
  lua_settop(state, 0);
  return failed ? 2 : 1;
}

static int close_state(lua_State *L) {
  lua_State **state = check_state(L);
  if (*state != NULL) lua_close(*state);
  *state = NULL;
  return 0;
}

__attribute__((visibility("default"))) int luaopen_mems_states(lua_State *L);

int luaopen_mems_states(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"run", run}, {"close", close_state}, {"__gc", close_state}, {NULL, NULL}
  };
  if (luaL_newmetatable(L, STATE)) {
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
  }
  lua_pushcfunction(L, new_state);
  return 1;
}
