/*
** argument.h - plain arguments: integers, counts, strings, addresses. None
** of these runs Lua code; a string may be made of a number.
*/

#ifndef LMEMS_ARGUMENT_H
#define LMEMS_ARGUMENT_H

#include "rule.h"

/* An integer from `low` to `high`; raises, calling it `what`. */
lua_Integer lmems_checkint(lua_State *L, int arg, const char *what,
                           lua_Integer low, lua_Integer high);

/* A string; raises, calling it `what`. Numbers are converted. */
const char *lmems_checkstring(lua_State *L, int arg, const char *what,
                              size_t *length);

/* Raises if there is an argument behind `last`. */
void lmems_checklast(lua_State *L, int last);

/* The address that is an integer at `arg`; raises on anything else. */
mems_addr lmems_checkaddr_slow(lua_State *L, int arg);

/* An address: a light userdata or an integer; raises on anything else. */
static inline mems_addr lmems_checkaddr(lua_State *L, int arg) {
  if (LMEMS_LIKELY(lua_type(L, arg) == LUA_TLIGHTUSERDATA))
    return (uintptr_t)lua_touserdata(L, arg);
  return lmems_checkaddr_slow(L, arg);
}

static inline void lmems_pushaddr(lua_State *L, mems_addr addr) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)addr);
}

/* A count of bytes or elements: an integer from 0; raises. */
static inline size_t lmems_checkcount(lua_State *L, int arg,
                                      const char *what) {
  int ok;
  lua_Integer n = lua_tointegerx(L, arg, &ok);
  if (!ok || n < 0)
    n = lmems_checkint(L, arg, what, 0, LUA_MAXINTEGER);
  return (size_t)n;
}

/* A size in bytes, or a count, from 1; raises. */
static inline size_t lmems_checksize(lua_State *L, int arg,
                                     const char *what) {
  int ok;
  lua_Integer n = lua_tointegerx(L, arg, &ok);
  if (!ok || n < 1)
    n = lmems_checkint(L, arg, what, 1, LUA_MAXINTEGER);
  return (size_t)n;
}

/* An optional offset in bytes, from 0; raises. At most LUA_MAXINTEGER. */
static inline size_t lmems_optoffset(lua_State *L, int arg) {
  int ok;
  if (lua_gettop(L) < arg)
    return 0;
  lua_Integer n = lua_tointegerx(L, arg, &ok);
  if (!ok || n < 0)
    n = lua_isnil(L, arg) ? 0 : lmems_checkint(L, arg, "offset", 0,
                                               LUA_MAXINTEGER);
  return (size_t)n;
}

#endif
