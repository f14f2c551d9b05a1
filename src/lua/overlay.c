/*
** overlay.c - arrays on bytes that are there, in an object or at an address.
**
** Such an array has a record of its own, which looks at the block. So it dies
** with the block and follows a resize, as slices do, and it keeps what it
** looks at alive, and the type of its elements.
*/

#include "overlay.h"

#include "argument.h"
#include "fail.h"
#include "gate.h"
#include "layout.h"
#include "self.h"
#include "view.h"

/***
@module mems
*/

/* The kind that the type name or the type of struct at `arg` means. */
static const lmems_kind *check_kind(lua_State *L, int arg) {
  const lmems_layout *s = lmems_tolayout(L, arg);
  return s != NULL ? &s->kind : lmems_scalar(lmems_checktype(L, arg));
}

/* Pushes an array without memory, which keeps what is at `object` alive, and
   the type at `kind`. */
static lmems_view *push_array(lua_State *L, lmems_self self, int kind,
                              int object) {
  lmems_view *view = lmems_pushowner(L, self.box->state, LMEMS_ARRAY_SEAL,
                                     lmems_anchorindex(self), 3);
  lmems_setkind(view, check_kind(L, kind));
  if (view->type == LMEMS_STRUCT) {
    lua_pushvalue(L, kind);
    lua_setiuservalue(L, -2, 2);
  }
  lua_pushvalue(L, object);
  lua_setiuservalue(L, -2, 3);
  return view;
}

/* How many elements: the count at `index`, or as many as fit behind the
   offset. At most as many as have LUA_MAXINTEGER bytes. */
static size_t count_elements(lua_State *L, lmems_self self, int index,
                             size_t size, size_t offset) {
  if (lua_isnoneornil(L, index)) {
    size_t rest = lmems_rest(L, self.box, self.arg + 1);
    return rest > offset ? (rest - offset) / size : 0;
  }
  size_t n = lmems_checkcount(L, index, "n");
  return n > LUA_MAXINTEGER / size ? LUA_MAXINTEGER / size : n;
}

/* Step 2: makes the array look at `n` elements, `offset` bytes after the
   address at `arg`. */
static void look_at(lua_State *L, lmems_box *box, lmems_view *view, int arg,
                    size_t offset, size_t n) {
  size_t bytes = n * view->kind->size;
  const lmems_view *object = lmems_anyview(L, arg);
  /* A plain address has to lie inside a block, so that it tells which. */
  size_t reach = object == NULL && offset + bytes == 0 ? 1 : bytes;
  const char *p = lmems_hold(L, box, arg, offset, reach) - offset;
  view->record = lmems_recordtake(&box->state->pool);
  view->readonly = object != NULL ? object->readonly : (short)box->readonly;
  if (object != NULL) {
    lmems_blockshare(object->record, view->record);
    view->offset = object->offset + offset;
  } else {
    lmems_blocklook(box, view->record, p);
    view->offset = offset;
  }
  lmems_letgo();
  view->length = n;
  lmems_setend(view, bytes);
}

/***
An array on bytes that are there, in an object or at an address. It does not
own them: when their block is freed, or moved by @{realloc}, the array is dead.
It keeps an object that it looks at alive, and goes along when that is resized;
while it then lies outside, its use raises. It can't grow; else it is like any
other array.
@function view
@within Array
@luals return mems.array<any>
@tparam type|struct type of @{peek}, or a struct
@tparam memory x a buffer, an array, a struct or an address
@tparam[opt=0] integer offset of the first element, in bytes, from 0; any
 alignment will do
@tparam[opt] integer n how many elements; as many as fit to the end of the
 object or block
@treturn array
@raise if they don't fit
*/
static int view(lua_State *L) {
  lmems_pushoverlay(L, lmems_checkself(L));
  return 1;
}

void lmems_pushoverlay(lua_State *L, lmems_self self) {
  int arg = self.arg;
  size_t offset = lmems_optoffset(L, arg + 2);
  lmems_checklast(L, arg + 3);
  lua_settop(L, arg + 3);
  lmems_view *array = push_array(L, self, arg, arg + 1);
  int top = lua_gettop(L);
  lmems_resolve(L, arg + 1);
  lmems_checkopen(L, self.box);
  lmems_boxroom(L, self.box);
  size_t n = count_elements(L, self, arg + 3, array->kind->size, offset);
  look_at(L, self.box, array, arg + 1, offset, n);
  lua_settop(L, top);
}

const luaL_Reg lmems_overlay[] = {{"view", view}, {NULL, NULL}};
