/*
** bench.twin: what a call from Lua costs at least. Each function decodes the
** arguments of its namesake in mems, does the work and checks nothing; the
** addresses are physical ones. Never use it for anything but measuring.
*/

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <lua.h>

#define KEY(a, b) ((unsigned)(a) | (unsigned)(b) << 8)

static char *address(lua_State *L, int arg) { return lua_touserdata(L, arg); }

static size_t count(lua_State *L, int arg) {
  return (size_t)lua_tointeger(L, arg);
}

/* The first two characters tell the types apart. */
static unsigned type_key(lua_State *L, int arg) {
  size_t length;
  const char *name = luaL_checklstring(L, arg, &length);
  return KEY((unsigned char)name[0], (unsigned char)name[1]);
}

static size_t offset(lua_State *L, int arg) {
  return lua_isnoneornil(L, arg) ? 0 : count(L, arg);
}

#define PUSH(key, ctype, push, as) \
  case key: { \
    ctype value; \
    memcpy(&value, p, sizeof value); \
    push(L, (as)value); \
    break; \
  }

static void push_value(lua_State *L, unsigned type, const char *p) {
  switch (type) {
    PUSH(KEY('i', '8'), int8_t, lua_pushinteger, lua_Integer)
    PUSH(KEY('u', '8'), uint8_t, lua_pushinteger, lua_Integer)
    PUSH(KEY('i', '1'), int16_t, lua_pushinteger, lua_Integer)
    PUSH(KEY('u', '1'), uint16_t, lua_pushinteger, lua_Integer)
    PUSH(KEY('i', '3'), int32_t, lua_pushinteger, lua_Integer)
    PUSH(KEY('u', '3'), uint32_t, lua_pushinteger, lua_Integer)
    PUSH(KEY('i', '6'), int64_t, lua_pushinteger, lua_Integer)
    PUSH(KEY('u', '6'), uint64_t, lua_pushinteger, lua_Integer)
    PUSH(KEY('f', '3'), float, lua_pushnumber, lua_Number)
    PUSH(KEY('f', '6'), double, lua_pushnumber, lua_Number)
    default: lua_pushnil(L);
  }
}

#define STORE(key, ctype, to) \
  case key: { \
    ctype value = (ctype)to(L, arg); \
    memcpy(p, &value, sizeof value); \
    break; \
  }

static void store_value(lua_State *L, unsigned type, int arg, char *p) {
  switch (type) {
    STORE(KEY('i', '8'), int8_t, lua_tointeger)
    STORE(KEY('u', '8'), uint8_t, lua_tointeger)
    STORE(KEY('i', '1'), int16_t, lua_tointeger)
    STORE(KEY('u', '1'), uint16_t, lua_tointeger)
    STORE(KEY('i', '3'), int32_t, lua_tointeger)
    STORE(KEY('u', '3'), uint32_t, lua_tointeger)
    STORE(KEY('i', '6'), int64_t, lua_tointeger)
    STORE(KEY('u', '6'), uint64_t, lua_tointeger)
    STORE(KEY('f', '3'), float, lua_tonumber)
    STORE(KEY('f', '6'), double, lua_tonumber)
    default: break;
  }
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

static int result(lua_State *L) {
  lua_pushinteger(L, 1);
  return 1;
}

static int peek(lua_State *L) {
  unsigned type = type_key(L, 2);
  push_value(L, type, address(L, 1) + offset(L, 3));
  return 1;
}

static int poke(lua_State *L) {
  unsigned type = type_key(L, 2);
  store_value(L, type, 3, address(L, 1) + offset(L, 4));
  return 0;
}

static int peek_i32(lua_State *L) {
  int32_t value;
  memcpy(&value, address(L, 1) + offset(L, 2), sizeof value);
  lua_pushinteger(L, value);
  return 1;
}

static int poke_i32(lua_State *L) {
  int32_t value = (int32_t)lua_tointeger(L, 2);
  memcpy(address(L, 1) + offset(L, 3), &value, sizeof value);
  return 0;
}

static int twin_malloc(lua_State *L) {
  lua_pushlightuserdata(L, malloc(count(L, 1)));
  return 1;
}

static int twin_free(lua_State *L) {
  free(address(L, 1));
  return 0;
}

static int fill(lua_State *L) {
  memset(address(L, 1), (int)lua_tointeger(L, 2), count(L, 3));
  return 0;
}

static int copy(lua_State *L) {
  memcpy(address(L, 1), address(L, 2), count(L, 3));
  return 0;
}

static int compare(lua_State *L) {
  int order = memcmp(address(L, 1), address(L, 2), count(L, 3));
  lua_pushinteger(L, order);
  return 1;
}

static int find(lua_State *L) {
  size_t length;
  const char *needle = luaL_checklstring(L, 3, &length);
  char *p = memmem(address(L, 1), count(L, 2), needle, length);
  lua_pushboolean(L, p != NULL);
  return 1;
}

static int readstring(lua_State *L) {
  lua_pushlstring(L, address(L, 1), count(L, 2));
  return 1;
}

static int writestring(lua_State *L) {
  size_t length;
  const char *bytes = luaL_checklstring(L, 2, &length);
  memcpy(address(L, 1), bytes, length);
  return 0;
}

/* Nanoseconds on the wall. */
static int now(lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushinteger(L, (lua_Integer)t.tv_sec * 1000000000 + t.tv_nsec);
  return 1;
}

static const luaL_Reg functions[] = {
  {"nothing", nothing},
  {"result", result},
  {"peek", peek},
  {"poke", poke},
  {"peek_i32", peek_i32},
  {"poke_i32", poke_i32},
  {"malloc", twin_malloc},
  {"free", twin_free},
  {"fill", fill},
  {"copy", copy},
  {"compare", compare},
  {"find", find},
  {"readstring", readstring},
  {"writestring", writestring},
  {"now", now},
  {NULL, NULL}
};

LUAMOD_API int luaopen_bench_twin(lua_State *L);

LUAMOD_API int luaopen_bench_twin(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
