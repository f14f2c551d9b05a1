/*
** fail.c - errors of arguments, failures, and values in messages.
*/

#include "fail.h"

#include <stdarg.h>

int lmems_argerror(lua_State *L, int arg, const char *format, ...) {
  va_list list;
  va_start(list, format);
  const char *message = lua_pushvfstring(L, format, list);
  va_end(list);
  if (lua_type(L, lua_upvalueindex(2)) != LUA_TSTRING)
    luaL_argerror(L, arg, message);
  const char *verb = lua_tostring(L, lua_upvalueindex(2));
  int of_object = lua_isboolean(L, lua_upvalueindex(1));
  if ((of_object || lua_istable(L, lua_upvalueindex(1))) && --arg == 0)
    luaL_error(L, of_object ? "'%s': %s" : "calling '%s' on bad self (%s)",
               verb, message);
  luaL_error(L, "bad argument #%d to '%s' (%s)", arg, verb, message);
  __builtin_unreachable();
}

int lmems_failwith(lua_State *L, int code, const char *why) {
  lua_pushnil(L);
  lua_pushstring(L, why[0] != '\0' ? why : mems_strerror(code));
  lua_pushinteger(L, code);
  return 3;
}

int lmems_fail(lua_State *L, int code) {
  if (code == MEMS_EREADONLY) /* a mistake of the script */
    luaL_error(L, "%s", mems_strerror(code));
  return lmems_failwith(L, code, "");
}

/* Pushes the name of the value's type: "a FILE*", "a light userdata". */
static const char *push_kind(lua_State *L, int index) {
  const char *kind = luaL_typename(L, index);
  if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING)
    kind = lua_tostring(L, -1);
  else if (lua_islightuserdata(L, index))
    kind = "light userdata";
  return lua_pushfstring(L, "a %s", kind);
}

const char *lmems_pushshown(lua_State *L, int index) {
  enum { SHOWN = 40 }; /* longest string shown whole */
  size_t length;
  switch (lua_type(L, index)) {
    case LUA_TNONE:
      return lua_pushliteral(L, "no value");
    case LUA_TNIL:
      return lua_pushliteral(L, "nil");
    case LUA_TBOOLEAN:
      return lua_pushstring(L, lua_toboolean(L, index) ? "true" : "false");
    case LUA_TNUMBER:
      lua_pushvalue(L, index);
      return lua_tostring(L, -1);
    case LUA_TSTRING:
      lua_tolstring(L, index, &length);
      if (length <= SHOWN)
        return lua_pushfstring(L, "\"%s\"", lua_tostring(L, index));
      return lua_pushfstring(L, "a string of %I bytes", (lua_Integer)length);
    default:
      return push_kind(L, index);
  }
}
