/*
** fail.c - what the binding says when something is wrong.
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
  int of_object = lua_isboolean(L, lua_upvalueindex(1));
  if ((of_object || lua_istable(L, lua_upvalueindex(1))) && --arg == 0)
    luaL_error(L, of_object ? "'%s': %s" : "calling '%s' on bad self (%s)",
               verb, message);
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

/* What a heap with the option `fill` fills new and freed memory with, as a
   `ptr`. */
static const char *fill_name(mems_addr word) {
  switch (word) {
    case 0xAAAAAAAAAAAAAAAAu: return "memory never written";
    case 0x5555555555555555u: return "freed memory";
    default: return NULL;
  }
}

/* Pushes "address 0xaaaaaaaaaaaaaaaa is the fill of memory never written" and
   returns 1, if `addr` is such a word. */
static int push_fill(lua_State *L, const lmems_box *box, mems_addr addr) {
  const char *name = box->fill ? fill_name(addr) : NULL;
  if (name == NULL)
    return 0;
  lua_pushfstring(L, "address %p is the fill of %s", (void *)(uintptr_t)addr,
                  name);
  return 1;
}

void lmems_checkfill_slow(lua_State *L, lmems_box *box, int arg,
                          size_t offset, const void *p) {
  mems_addr word, addr = lmems_checkaddr(L, arg);
  memcpy(&word, p, sizeof word);
  if (fill_name(word) == NULL)
    return;
  mems_addr behind = mems_heap_address(box->heap, (void *)(uintptr_t)addr);
  if (behind != 0)
    addr = behind;
  addr += offset;
  lmems_argerror(L, arg, "address %I holds the fill of %s, %p",
                 (lua_Integer)addr, fill_name(word),
                 (void *)(uintptr_t)word);
}

/* Pushes "block 1000, which was freed at one.lua:2, allocated at one.lua:1"
   for a segment that waits in the quarantine. */
static const char *push_waiting(lua_State *L, const lmems_box *box,
                                const mems_segment *segment) {
  const char *site = lmems_pushfreed(L, box, segment->addr);
  lua_pushfstring(L, "block %I, which was freed%s",
                  (lua_Integer)segment->addr, site);
  lua_remove(L, -2);
  return lua_tostring(L, -1);
}

/* Pushes "block 1000 of 16 bytes allocated at one.lua:1". */
static const char *push_live(lua_State *L, const lmems_box *box,
                              const mems_segment *segment) {
  const char *site = lmems_pushallocated(L, box, segment->addr);
  lua_pushfstring(L, "block %I of %I bytes%s", (lua_Integer)segment->addr,
                  (lua_Integer)segment->requested, site);
  lua_remove(L, -2);
  return lua_tostring(L, -1);
}

int lmems_explain(lua_State *L, const lmems_box *box, mems_addr addr,
                  size_t offset, size_t size) {
  mems_segment segment;
  int code, top = lua_gettop(L);
  const char *range = push_range(L, addr, offset, size);
  if (push_fill(L, box, addr)) {
    code = MEMS_EFOREIGN;
  } else if (mems_heap_locate(box->heap, addr, &segment) != MEMS_OK) {
    lua_pushfstring(L, "address %s was never allocated", range);
    code = MEMS_EFOREIGN;
  } else if (segment.waiting) {
    lua_pushfstring(L, "address %s lies in %s", range,
                    push_waiting(L, box, &segment));
    code = MEMS_EFREED;
  } else if (segment.kind == MEMS_HOLE) {
    lua_pushfstring(L, "address %s is not allocated: it lies in the hole "
                    "%I of %I bytes", range, (lua_Integer)segment.addr,
                    (lua_Integer)segment.size);
    code = MEMS_EFREED;
  } else {
    lua_pushfstring(L, "address %s runs past the end of %s", range,
                    push_live(L, box, &segment));
    code = MEMS_ERANGE;
  }
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
  return code;
}

/* Raises: `addr` is in a block that waits in the quarantine. */
LMEMS_RAISES static void freed_already(lua_State *L, const lmems_box *box,
                                       int arg, mems_addr addr,
                                       const mems_segment *segment) {
  if (segment->addr == addr)
    lmems_argerror(L, arg, "address %I was freed already%s",
                   (lua_Integer)addr, lmems_pushfreed(L, box, addr));
  lmems_argerror(L, arg, "address %I lies in %s", (lua_Integer)addr,
                 push_waiting(L, box, segment));
}

int lmems_notblock(lua_State *L, const lmems_box *box, int arg,
                   mems_addr addr) {
  mems_segment segment;
  mems_heap *heap = box->heap;
  if (push_fill(L, box, addr))
    lmems_argerror(L, arg, "%s", lua_tostring(L, -1));
  if (mems_heap_locate(heap, addr, &segment) != MEMS_OK) {
    mems_addr behind = mems_heap_address(heap, (void *)(uintptr_t)addr);
    if (behind != 0)
      lmems_argerror(L, arg, "%I is a physical address, of %I",
                     (lua_Integer)addr, (lua_Integer)behind);
    lmems_argerror(L, arg, "address %I was never allocated",
                   (lua_Integer)addr);
  }
  if (segment.waiting)
    freed_already(L, box, arg, addr, &segment);
  if (segment.kind == MEMS_HOLE)
    lmems_argerror(L, arg, "address %I is free already", (lua_Integer)addr);
  if (segment.addr != addr)
    lmems_argerror(L, arg, "address %I is inside %s, not at its start",
                   (lua_Integer)addr, push_live(L, box, &segment));
  lmems_argerror(L, arg, "address %I: %s", (lua_Integer)addr,
                 mems_strerror(mems_heap_error(heap)));
}
