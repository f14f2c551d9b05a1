/*
** argument.c - the halves of the checks that convert or raise.
*/

#include "argument.h"

#include "fail.h"

lua_Integer lmems_checkint(lua_State *L, int arg, const char *what,
                           lua_Integer low, lua_Integer high) {
  int ok;
  lua_Integer n = lua_tointegerx(L, arg, &ok);
  if (!ok)
    lmems_argerror(L, arg, "%s has to be an integer, got %s", what,
                   lmems_pushshown(L, arg));
  if (n < low || n > high) {
    if (high == LUA_MAXINTEGER)
      lmems_argerror(L, arg, "%s has to be at least %I, got %I", what, low,
                     n);
    lmems_argerror(L, arg, "%s has to be from %I to %I, got %I", what, low,
                   high, n);
  }
  return n;
}

const char *lmems_checkstring(lua_State *L, int arg, const char *what,
                              size_t *length) {
  const char *s = lua_tolstring(L, arg, length);
  if (s == NULL)
    lmems_argerror(L, arg, "%s has to be a string, got %s", what,
                   lmems_pushshown(L, arg));
  return s;
}

mems_addr lmems_checkaddr_slow(lua_State *L, int arg) {
  int ok = 0;
  lua_Integer n = 0;
  if (lua_type(L, arg) == LUA_TNUMBER)
    n = lua_tointegerx(L, arg, &ok);
  if (!ok)
    lmems_argerror(L, arg, "address expected, got %s",
                   lmems_pushshown(L, arg));
  return (mems_addr)n;
}

void lmems_checklast(lua_State *L, int last) {
  if (lua_gettop(L) > last)
    lmems_argerror(L, last + 1, "no such argument, got %s",
                   lmems_pushshown(L, last + 1));
}
