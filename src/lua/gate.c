/*
** gate.c - addresses that are no plain virtual ones, and those that are
** refused.
*/

#include "gate.h"

#include "explain.h"
#include "fail.h"
#include "view.h"

void lmems_resolve_slow(lua_State *L, int arg) {
  if (lmems_anyview(L, arg) != NULL)
    return;
  int method = !lua_islightuserdata(L, lua_upvalueindex(1));
  if (luaL_getmetafield(L, arg, "__address") == LUA_TNIL)
    lmems_argerror(L, arg, "address expected, got %s",
                   lmems_pushshown(L, arg));
  lua_pushvalue(L, arg);
  lmems_pushhandle(L, method ? 1 : lua_upvalueindex(1));
  lua_call(L, 2, 1);
  if (lua_type(L, -1) == LUA_TUSERDATA)
    lmems_argerror(L, arg, "its __address gave %s, which is no address",
                   lmems_pushshown(L, -1));
  lua_pushvalue(L, arg);
  lua_insert(L, -2);
  lua_replace(L, arg);
}

/* Raises: the open heap refused that range. */
LMEMS_RAISES static void refuse(lua_State *L, lmems_box *box, int arg,
                                mems_addr addr, size_t offset, size_t size) {
  lmems_explain(L, box, addr, offset, size);
  lmems_argerror(L, arg, "%s", lua_tostring(L, -1));
}

/* The virtual address behind `addr`, if that is a physical one. */
static mems_addr virtual_address(const mems_heap *heap, mems_addr addr) {
  mems_addr behind = mems_heap_address(heap, (void *)(uintptr_t)addr);
  return behind != 0 ? behind : addr;
}

/* Raises: so many bytes are more than the view has there. */
LMEMS_RAISES static void refuse_object(lua_State *L, const lmems_view *view,
                                       int arg, size_t offset, size_t size) {
  const char *at = "";
  if (offset > 0)
    at = lua_pushfstring(L, " at offset %I", (lua_Integer)offset);
  lmems_argerror(L, arg, "%I bytes%s run past the end of the %s, %I bytes",
                 (lua_Integer)size, at, lmems_classname(view),
                 (lua_Integer)lmems_viewbytes(view));
}

/* Raises unless the view at `arg` is alive, of the box, if that is not NULL,
   and has so many bytes from that offset on. */
static void check_object(lua_State *L, const lmems_box *box,
                         const lmems_view *view, int arg, size_t offset,
                         size_t size) {
  const char *name = lmems_classname(view);
  if (!lmems_alive(view))
    lmems_argerror(L, arg, "the %s is %s", name, lmems_fate(view));
  if (box != NULL && view->record->box != box)
    lmems_argerror(L, arg, "the %s belongs to another heap", name);
  if (lmems_stepped(view))
    lmems_argerror(L, arg, "bytes lie between the elements of a slice with a "
                   "step; clone it");
  if (offset + size > lmems_viewbytes(view))
    refuse_object(L, view, arg, offset, size);
}

const char *lmems_hold_slow(lua_State *L, lmems_box *box, int arg,
                            size_t offset, size_t size) {
  lmems_resolve(L, arg);
  const lmems_view *view = lmems_anyview(L, arg);
  if (view != NULL) {
    check_object(L, box, view, arg, offset, size);
    return lmems_held(view->record->data + view->offset + offset);
  }
  lmems_checkopen(L, box);
  mems_addr addr = lmems_checkaddr(L, arg);
  char *block = mems_heap_span(box->heap, addr, offset + size);
  if (block == NULL) {
    addr = virtual_address(box->heap, addr);
    block = mems_heap_span(box->heap, addr, offset + size);
    if (block == NULL)
      refuse(L, box, arg, addr, offset, size);
  }
  return lmems_held(block + offset);
}

char *lmems_write_slow(lua_State *L, lmems_box *box, int arg, size_t offset,
                       size_t size) {
  lmems_resolve(L, arg);
  const lmems_view *view = lmems_anyview(L, arg);
  if (view != NULL)
    lmems_checkwritable(L, arg, view);
  else if (box->readonly)
    lmems_argerror(L, arg, "the heap is read-only");
  return (char *)lmems_hold_slow(L, box, arg, offset, size);
}

const char *lmems_holdany(lua_State *L, lmems_box *box, int arg,
                          size_t offset, size_t size) {
  const lmems_view *view = lmems_anyview(L, arg);
  if (view == NULL)
    return lmems_hold(L, box, arg, offset, size);
  check_object(L, NULL, view, arg, offset, size);
  return lmems_held(view->record->data + view->offset + offset);
}

size_t lmems_optbytes(lua_State *L, int index, int arg, size_t offset) {
  const lmems_view *view = lmems_anyview(L, arg);
  if (view == NULL || !lua_isnoneornil(L, index))
    return lmems_checkcount(L, index, "n");
  check_object(L, NULL, view, arg, 0, 0);
  size_t bytes = lmems_viewbytes(view);
  return bytes > offset ? bytes - offset : 0;
}

void lmems_pushplace(lua_State *L, int arg, size_t offset) {
  if (lmems_anyview(L, arg) != NULL)
    lua_pushinteger(L, (lua_Integer)offset);
  else
    lmems_pushaddr(L, lmems_checkaddr(L, arg) + offset);
}

size_t lmems_rest(lua_State *L, lmems_box *box, int arg) {
  mems_segment segment;
  const lmems_view *view = lmems_anyview(L, arg);
  if (view != NULL) {
    check_object(L, box, view, arg, 0, 0);
    return lmems_viewbytes(view);
  }
  lmems_checkopen(L, box);
  mems_addr addr = virtual_address(box->heap, lmems_checkaddr(L, arg));
  int error = mems_heap_locate(box->heap, addr, &segment);
  if (error != MEMS_OK || segment.kind != MEMS_PROCESS ||
      addr - segment.addr > segment.requested) {
    if (mems_heap_span(box->heap, addr, 0) != NULL)
      return 0; /* where a block ends */
    refuse(L, box, arg, addr, 0, 0);
  }
  return segment.requested - (size_t)(addr - segment.addr);
}

mems_addr lmems_addressat(lua_State *L, int arg) {
  const lmems_view *view = lmems_anyview(L, arg);
  return view != NULL ? lmems_viewaddr(view) : lmems_checkaddr(L, arg);
}

mems_addr lmems_virtualat(lua_State *L, const lmems_box *box, int arg) {
  return virtual_address(box->heap, lmems_addressat(L, arg));
}
