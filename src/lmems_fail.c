/*
** lmems_fail.c - what the binding says when something is wrong.
**
** A mistake of the caller raises "bad argument #n to 'verb' (...)", with the
** verb's own name however it was called, and arguments counted after the
** heap in methods. A failure of the environment is nil, message, code.
*/

#include <stdarg.h>

#include "lmems.h"

int lmems_argerror(lua_State *L, int arg, const char *format, ...) {
  va_list list;
  va_start(list, format);
  const char *message = lua_pushvfstring(L, format, list);
  va_end(list);
  if (lua_type(L, lua_upvalueindex(2)) != LUA_TSTRING)
    luaL_argerror(L, arg, message);
  const char *verb = lua_tostring(L, lua_upvalueindex(2));
  if (lua_istable(L, lua_upvalueindex(1)) && --arg == 0)
    luaL_error(L, "calling '%s' on bad self (%s)", verb, message);
  luaL_error(L, "bad argument #%d to '%s' (%s)", arg, verb, message);
  __builtin_unreachable();
}

int lmems_fail(lua_State *L, int code) {
  lua_pushnil(L);
  lua_pushstring(L, mems_strerror(code));
  lua_pushinteger(L, code);
  return 3;
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

/* Pushes "2004+4", the range as a message shows it, or "2004" if it has no
   bytes. */
static const char *push_range(lua_State *L, mems_addr addr, size_t offset,
                              size_t size) {
  if (offset > (mems_addr)LUA_MAXINTEGER - addr)
    return lua_pushfstring(L, "%I with offset %I", (lua_Integer)addr,
                           (lua_Integer)offset);
  addr += offset;
  if (size == 0)
    return lua_pushfstring(L, "%I", (lua_Integer)addr);
  return lua_pushfstring(L, "%I+%I", (lua_Integer)addr, (lua_Integer)size);
}

int lmems_explain(lua_State *L, mems_heap *heap, mems_addr addr,
                  size_t offset, size_t size) {
  mems_segment segment;
  const char *range = push_range(L, addr, offset, size);
  int code;
  if (mems_heap_locate(heap, addr, &segment) != MEMS_OK) {
    lua_pushfstring(L, "address %s was never allocated", range);
    code = MEMS_EFOREIGN;
  } else if (segment.kind == MEMS_HOLE) {
    lua_pushfstring(L, "address %s is not allocated: it lies in the hole "
                    "%I of %I bytes", range, (lua_Integer)segment.addr,
                    (lua_Integer)segment.size);
    code = MEMS_EFREED;
  } else {
    lua_pushfstring(L, "address %s runs past the end of block %I of %I "
                    "bytes", range, (lua_Integer)segment.addr,
                    (lua_Integer)segment.requested);
    code = MEMS_ERANGE;
  }
  lua_remove(L, -2);
  return code;
}

int lmems_notblock(lua_State *L, mems_heap *heap, int arg, mems_addr addr) {
  mems_segment segment;
  if (mems_heap_locate(heap, addr, &segment) != MEMS_OK) {
    mems_addr behind = mems_heap_address(heap, (void *)(uintptr_t)addr);
    if (behind != 0)
      lmems_argerror(L, arg, "%I is a physical address, of %I",
                     (lua_Integer)addr, (lua_Integer)behind);
    lmems_argerror(L, arg, "address %I was never allocated",
                   (lua_Integer)addr);
  }
  if (segment.kind == MEMS_HOLE)
    lmems_argerror(L, arg, "address %I is free already", (lua_Integer)addr);
  if (segment.addr != addr)
    lmems_argerror(L, arg, "address %I is inside block %I of %I bytes, not "
                   "at its start", (lua_Integer)addr,
                   (lua_Integer)segment.addr,
                   (lua_Integer)segment.requested);
  lmems_argerror(L, arg, "address %I: %s", (lua_Integer)addr,
                 mems_strerror(mems_heap_error(heap)));
}
