/*
** probe_host.c - a host program for the specs: the functions of mems_lua.h as
** functions of Lua.
**
**   lend(text, readonly)  a buffer of a copy of the text that C has
**   loans()               how many were made, and how many given back
**   bytes(x, write)       the bytes of x, as a string; or nil and the reason
**   heap_open(limit)      a heap of C, a light userdata; heap_close(heap)
**   heap_blocks(heap)     how many blocks live in it
**   push(heap, owned)     the value that it is in Lua
**   heap_of(x)            the heap behind a value, a light userdata or nil
**   hosted(limit)         a Lua state inside a heap: run(code) gives what it
**                         returns, as a string, or nil and the error; peak()
**                         the most bytes that were in use; close() the blocks
**                         that it left
*/

#include "probe.h"

#include "mems_lua.h"

#include <lualib.h>
#include <stdlib.h>

#define HOSTED "probe.hosted"

static int lent, given_back;

static void give_back(void *context, void *pointer, size_t size) {
  (void)size;
  given_back += context == &given_back;
  free(pointer);
}

static int lend(lua_State *L) {
  size_t size;
  const char *text = luaL_checklstring(L, 1, &size);
  int readonly = lua_toboolean(L, 2);
  char *copy = malloc(size + 1);
  if (copy == NULL) return luaL_error(L, "no memory");
  memcpy(copy, text, size);
  lent++;
  if (readonly)
    mems_lua_pushreadonly(L, copy, size, give_back, &given_back);
  else
    mems_lua_pushbytes(L, copy, size, give_back, &given_back);
  return 1;
}

static int loans(lua_State *L) {
  lua_pushinteger(L, lent);
  lua_pushinteger(L, given_back);
  return 2;
}

static int bytes(lua_State *L) {
  size_t size;
  const char *p = lua_toboolean(L, 2) ? mems_lua_towritable(L, 1, &size)
                                      : mems_lua_tobytes(L, 1, &size);
  if (p == NULL) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  lua_pushlstring(L, p, size);
  return 1;
}

static int heap_open(lua_State *L) {
  mems_options options = {.size = sizeof options, .limit = probe_number(L, 1)};
  lua_pushlightuserdata(L, mems_heap_open(&options, NULL));
  return 1;
}

static int heap_close(lua_State *L) {
  mems_heap_close(lua_touserdata(L, 1));
  return 0;
}

static int heap_blocks(lua_State *L) {
  mems_stats stats = {.size = sizeof stats};
  mems_heap_stats(lua_touserdata(L, 1), &stats);
  lua_pushinteger(L, (lua_Integer)stats.processes);
  return 1;
}

static int push(lua_State *L) {
  mems_lua_pushheap(L, lua_touserdata(L, 1), lua_toboolean(L, 2));
  return 1;
}

static int heap_of(lua_State *L) {
  mems_heap *heap = mems_lua_toheap(L, 1);
  if (heap == NULL) lua_pushnil(L);
  else lua_pushlightuserdata(L, heap);
  return 1;
}

/*
** A state inside a heap
*/

typedef struct hosted {
  mems_heap *heap;
  lua_State *L;
} hosted;

static int furnish(lua_State *L) {
  luaL_openlibs(L);
  luaL_requiref(L, "mems.core", luaopen_mems_core, 0);
  return 0;
}

static int new_hosted(lua_State *L) {
  mems_options options = {.size = sizeof options, .limit = probe_number(L, 1)};
  hosted *h = lua_newuserdatauv(L, sizeof *h, 0);
  *h = (hosted){mems_heap_open(&options, NULL), NULL};
  luaL_setmetatable(L, HOSTED);
  h->L = lua_newstate(mems_lua_alloc, h->heap);
  if (h->L == NULL) return luaL_error(L, "no memory for a state");
  lua_pushcfunction(h->L, furnish);
  if (lua_pcall(h->L, 0, 0, 0) != LUA_OK)
    return luaL_error(L, "%s", lua_tostring(h->L, -1));
  return 1;
}

static int run(lua_State *L) {
  const hosted *h = luaL_checkudata(L, 1, HOSTED);
  int failed = luaL_loadstring(h->L, luaL_checkstring(L, 2)) ||
               lua_pcall(h->L, 0, 1, 0);
  if (failed) lua_pushnil(L);
  lua_pushstring(L, lua_tostring(h->L, -1));
  lua_settop(h->L, 0);
  return failed ? 2 : 1;
}

static int peak(lua_State *L) {
  const hosted *h = luaL_checkudata(L, 1, HOSTED);
  mems_stats stats = {.size = offsetof(mems_stats, holes)};
  mems_heap_stats(h->heap, &stats);
  lua_pushinteger(L, (lua_Integer)stats.peak);
  return 1;
}

static int close_hosted(lua_State *L) {
  hosted *h = luaL_checkudata(L, 1, HOSTED);
  mems_stats stats = {.size = sizeof stats};
  if (h->heap == NULL) return 0;
  if (h->L != NULL) lua_close(h->L);
  mems_heap_stats(h->heap, &stats);
  lua_pushinteger(L, mems_heap_check(h->heap) ? -1
                                              : (lua_Integer)stats.processes);
  mems_heap_close(h->heap);
  h->heap = NULL;
  return 1;
}

void probe_set_host(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"lend", lend}, {"loans", loans}, {"bytes", bytes},
    {"heap_open", heap_open}, {"heap_close", heap_close},
    {"heap_blocks", heap_blocks}, {"push", push}, {"heap_of", heap_of},
    {"hosted", new_hosted}, {NULL, NULL}
  };
  static const luaL_Reg methods[] = {
    {"run", run}, {"peak", peak}, {"close", close_hosted},
    {"__gc", close_hosted}, {NULL, NULL}
  };
  if (luaL_newmetatable(L, HOSTED)) {
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "host");
}
