/*
** bench.object_twin: what an access to a userdata costs at least. Its values
** have an __index and a __newindex in C that check the type and do nothing
** else, in two ways: `sealed` looks for a mark in the userdata, as mems does;
** `named` asks luaL_checkudata.
*/

#include <stdint.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#define NAME "bench.named"

static const uintptr_t MARK = 0x51A3C7E9u;

typedef struct twin {
  uintptr_t seal;
  char rest[64]; /* so that it is as large as an array of mems */
} twin;

static int check_seal(lua_State *L) {
  const twin *t = lua_touserdata(L, 1);
  if (t == NULL || lua_rawlen(L, 1) < sizeof *t ||
      t->seal != ((uintptr_t)t ^ MARK))
    return luaL_typeerror(L, 1, "sealed");
  return 0;
}

static int check_name(lua_State *L) {
  luaL_checkudata(L, 1, NAME);
  return 0;
}

/* Pushes a userdata with that __index and __newindex. */
static int push_twin(lua_State *L, lua_CFunction access, const char *name) {
  twin *t = lua_newuserdatauv(L, sizeof *t, 1);
  memset(t, 0, sizeof *t);
  t->seal = (uintptr_t)t ^ MARK;
  luaL_newmetatable(L, name);
  lua_pushcfunction(L, access);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, access);
  lua_setfield(L, -2, "__newindex");
  lua_setmetatable(L, -2);
  return 1;
}

static int sealed(lua_State *L) {
  return push_twin(L, check_seal, "bench.sealed");
}

static int named(lua_State *L) { return push_twin(L, check_name, NAME); }

/* set(address, byte, n) and copy(to, from, n), physical. */
static int set(lua_State *L) {
  memset(lua_touserdata(L, 1), (int)lua_tointeger(L, 2),
         (size_t)lua_tointeger(L, 3));
  return 0;
}

static int copy(lua_State *L) {
  memcpy(lua_touserdata(L, 1), lua_touserdata(L, 2),
         (size_t)lua_tointeger(L, 3));
  return 0;
}

static const luaL_Reg functions[] = {
  {"sealed", sealed}, {"named", named}, {"set", set}, {"copy", copy},
  {NULL, NULL}
};

LUAMOD_API int luaopen_bench_object_twin(lua_State *L);

LUAMOD_API int luaopen_bench_object_twin(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
