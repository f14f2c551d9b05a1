/*
** arg.c - from arguments to numbers, addresses and pointers.
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

void lmems_resolve_slow(lua_State *L, lmems_box *box, int arg, size_t size) {
  if (lmems_viewaddress(L, box, arg, size))
    return;
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

/* Raises: the gate refused that range. */
LMEMS_RAISES static void refuse(lua_State *L, lmems_box *box, int arg,
                                mems_addr addr, size_t offset, size_t size) {
  lmems_explain(L, box, addr, offset, size);
  lmems_argerror(L, arg, "%s", lua_tostring(L, -1));
}

/* The virtual address behind `addr`, if that is a physical one. */
static mems_addr virtual_address(mems_heap *heap, mems_addr addr) {
  mems_addr behind = mems_heap_address(heap, (void *)(uintptr_t)addr);
  return behind != 0 ? behind : addr;
}

char *lmems_gate_slow(lua_State *L, lmems_box *box, int arg, size_t offset,
                      size_t size) {
  lmems_resolve(L, box, arg, offset + size);
  mems_addr addr = lmems_checkaddr(L, arg);
  char *block = mems_heap_span(box->heap, addr, offset + size);
  if (block == NULL) {
    addr = virtual_address(box->heap, addr);
    block = mems_heap_span(box->heap, addr, offset + size);
    if (block == NULL)
      refuse(L, box, arg, addr, offset, size);
  }
  return block + offset;
}

size_t lmems_rest(lua_State *L, lmems_box *box, int arg) {
  mems_segment segment;
  size_t rest;
  int of_view = lmems_viewrest(L, arg, &rest);
  lmems_resolve(L, box, arg, 0);
  if (of_view)
    return rest;
  mems_addr addr = virtual_address(box->heap, lmems_checkaddr(L, arg));
  int error = mems_heap_locate(box->heap, addr, &segment);
  if (error != MEMS_OK || segment.kind != MEMS_PROCESS ||
      addr - segment.addr > segment.requested)
    refuse(L, box, arg, addr, 0, 0);
  return segment.requested - (size_t)(addr - segment.addr);
}
