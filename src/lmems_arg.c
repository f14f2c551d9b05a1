/*
** lmems_arg.c - from arguments to numbers, addresses and pointers.
**
** The fast halves of these checks are inline in lmems.h; here are those
** that convert, translate or raise.
*/

#include "lmems.h"

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

mems_addr lmems_checkaddr(lua_State *L, int arg) {
  int type = lua_type(L, arg), ok = 0;
  if (type == LUA_TLIGHTUSERDATA)
    return (uintptr_t)lua_touserdata(L, arg);
  lua_Integer n = 0;
  if (type == LUA_TNUMBER)
    n = lua_tointegerx(L, arg, &ok);
  if (!ok)
    lmems_argerror(L, arg, "address expected, got %s",
                   lmems_pushshown(L, arg));
  return (mems_addr)n;
}

void lmems_resolve_slow(lua_State *L, lmems_box *box, int arg) {
  int heap = lua_istable(L, lua_upvalueindex(1)) ? 1 : lua_upvalueindex(1);
  if (luaL_getmetafield(L, arg, "__address") == LUA_TNIL)
    lmems_argerror(L, arg, "address expected, got %s",
                   lmems_pushshown(L, arg));
  lua_pushvalue(L, arg);
  lua_pushvalue(L, heap);
  lua_call(L, 2, 1);
  lua_pushvalue(L, arg);
  lua_insert(L, -2);
  lua_replace(L, arg);
  if (box->heap == NULL)
    lmems_noheap(L, box);
}

/* The virtual address at `arg`, if need be of a physical one. */
static mems_addr virtual_address(lua_State *L, mems_heap *heap, int arg) {
  mems_addr addr = lmems_checkaddr(L, arg), behind;
  if (mems_heap_span(heap, addr, 0) != NULL)
    return addr;
  behind = mems_heap_address(heap, (void *)(uintptr_t)addr);
  return behind != 0 ? behind : addr;
}

char *lmems_gate_slow(lua_State *L, lmems_box *box, int arg, size_t offset,
                      size_t size) {
  lmems_resolve(L, box, arg);
  mems_addr addr = virtual_address(L, box->heap, arg);
  char *block = mems_heap_span(box->heap, addr, offset + size);
  if (block == NULL) {
    lmems_explain(L, box->heap, addr, offset, size);
    lmems_argerror(L, arg, "%s", lua_tostring(L, -1));
  }
  return block + offset;
}

size_t lmems_rest(lua_State *L, lmems_box *box, int arg) {
  mems_segment segment;
  lmems_resolve(L, box, arg);
  mems_addr addr = virtual_address(L, box->heap, arg);
  if (mems_heap_locate(box->heap, addr, &segment) != MEMS_OK ||
      segment.kind != MEMS_PROCESS ||
      addr - segment.addr > segment.requested) {
    lmems_explain(L, box->heap, addr, 0, 1);
    lmems_argerror(L, arg, "%s", lua_tostring(L, -1));
  }
  return segment.requested - (size_t)(addr - segment.addr);
}
