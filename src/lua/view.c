/*
** view.c - making views and ending them.
*/

#include "view.h"

#include "fail.h"

enum { PART, OWNER };

static int class_number(uintptr_t seal) {
  return seal == LMEMS_BUFFER_SEAL ? 0 : seal == LMEMS_ARRAY_SEAL ? 1 : 2;
}

const void *lmems_classkey(uintptr_t seal, int owner) {
  static const char keys[3][2] = {{0}};
  return &keys[class_number(seal)][owner ? OWNER : PART];
}

static const char *name_of(uintptr_t seal) {
  static const char *const names[] = {"buffer", "array", "struct"};
  return names[class_number(seal)];
}

const char *lmems_classname(const lmems_view *view) {
  return name_of(view->seal ^ (uintptr_t)view);
}

/*
** What a view may see
*/

lmems_view *lmems_anyview(lua_State *L, int arg) {
  lmems_view *view = lua_touserdata(L, arg);
  if (view == NULL || lua_rawlen(L, arg) < sizeof *view)
    return NULL;
  uintptr_t seal = view->seal ^ (uintptr_t)view;
  return seal == LMEMS_BUFFER_SEAL || seal == LMEMS_ARRAY_SEAL ||
         seal == LMEMS_STRUCT_SEAL ? view : NULL;
}

lmems_view *lmems_checkany(lua_State *L) {
  lmems_view *view = lmems_anyview(L, 1);
  if (view == NULL)
    lmems_argerror(L, 1, "mems object expected, got %s",
                   lmems_pushshown(L, 1));
  return view;
}

lmems_view *lmems_checkview(lua_State *L, uintptr_t seal) {
  lmems_view *view = lmems_toview(L, 1, seal);
  if (view == NULL)
    lmems_argerror(L, 1, "mems.%s expected, got %s", name_of(seal),
                   lmems_pushshown(L, 1));
  return view;
}

const char *lmems_fate(const lmems_view *view) {
  const lmems_box *box = view->record->box;
  int closed = lmems_kept(view) && box != NULL && box->heap == NULL;
  return closed ? "closed with its heap" : "released";
}

int lmems_alive_far(const lmems_view *view) {
  const lmems_record *record = view->record;
  if (!lmems_recordshared(record) || !lmems_kept(view) ||
      view->end - record->floor > lmems_recordsize(record))
    return 0;
  const mems_heap *heap = record->box->heap;
  mems_addr addr = heap != NULL ? mems_heap_address(heap, record->data) : 0;
  return addr != 0 &&
         mems_heap_span(heap, addr, lmems_recordsize(record)) != NULL;
}

mems_addr lmems_viewaddr(const lmems_view *view) {
  const lmems_record *record = view->record;
  mems_addr first = record->addr;
  if (record->capacity == 0) /* it looks at bytes in the block */
    first = mems_heap_address(record->box->heap, record->data);
  return first != 0 ? first + view->offset : 0;
}

int lmems_dead(lua_State *L, const lmems_view *view) {
  const char *name = lmems_classname(view);
  if (!lmems_kept(view) || !lmems_recordlives(view->record))
    luaL_error(L, "the %s is %s: its memory is gone", name,
               lmems_fate(view));
  if (lmems_recordshared(view->record) &&
      mems_heap_error(view->record->box->heap) == MEMS_EBUSY)
    luaL_error(L, "%s", mems_strerror(MEMS_EBUSY));
  if (lmems_recordshared(view->record))
    luaL_error(L, "the %s is gone: another process has freed its memory",
               name);
  luaL_error(L, "the %s is out of its memory, which has shrunk", name);
  __builtin_unreachable();
}

int lmems_noowner(lua_State *L, const lmems_view *view) {
  luaL_error(L, "the %s does not own its memory any more",
             lmems_classname(view));
  __builtin_unreachable();
}

int lmems_unwritable(lua_State *L, int arg, const lmems_view *view) {
  const char *name = lmems_classname(view);
  if (arg != 0)
    lmems_argerror(L, arg, "the %s is read-only", name);
  luaL_error(L, "the %s is read-only", name);
  __builtin_unreachable();
}

/*
** Making views
*/

/* Gives the userdata on top the metatable of its class and seals it. A
   reference is found in a third of the time that a key takes. */
static void seal_view(lua_State *L, lmems_state *state, lmems_view *view,
                      uintptr_t seal) {
  int *class = &state->classes[class_number(seal)][view->owner ? OWNER : PART];
  if (LMEMS_UNLIKELY(*class == 0)) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, lmems_classkey(seal, view->owner));
    *class = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, *class);
  lua_setmetatable(L, -2);
  view->seal = (uintptr_t)view ^ seal;
}

lmems_view *lmems_pushowner(lua_State *L, lmems_state *state, uintptr_t seal,
                            int anchor, int values) {
  lmems_view *view = lua_newuserdatauv(L, sizeof *view, values);
  *view = (lmems_view){.record = lmems_deadrecord(), .end = LMEMS_RELEASED,
                       .owner = LMEMS_OWNER};
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, -2, 1);
  seal_view(L, state, view, seal);
  return view;
}

void lmems_pushlent(lua_State *L, const lmems_hook *what, int readonly) {
  lmems_box *box = lmems_pushlender(L);
  lmems_lent *lent = lua_newuserdatauv(L, sizeof *lent, 1);
  lmems_view *view = &lent->view;
  *lent = (lmems_lent){.view = {.record = lmems_deadrecord(),
                                .end = LMEMS_RELEASED, .owner = LMEMS_LENT}};
  lua_rotate(L, -2, 1);
  lua_setiuservalue(L, -2, 1);
  seal_view(L, box->state, view, LMEMS_BUFFER_SEAL);
  lmems_lentroom(L, box);
  lmems_checkopen(L, box);
  lent->hook = lmems_hooktake(&box->state->hooks, what);
  view->record = lmems_recordtake(&box->state->pool);
  lmems_blocklend(box, view->record, what->pointer, what->size);
  view->readonly = (short)readonly;
  view->length = what->size;
  lmems_setend(view, what->size);
}

int lmems_newowner(lua_State *L, int anchor, int keep, lmems_box *box,
                   uintptr_t seal, size_t size, size_t align,
                   lmems_view **view) {
  lmems_record *record;
  lmems_tell(L, &box->state->bytes, size + LMEMS_OBJECT);
  lmems_view *v = *view = lmems_pushowner(L, box->state, seal, anchor,
                                          keep ? 2 : 1);
  if (keep) {
    lua_pushvalue(L, keep);
    lua_setiuservalue(L, -2, 2);
  }
  int error = lmems_blocknew(L, box, size, align, &record);
  if (error != MEMS_OK)
    return error;
  v->record = record;
  lmems_setend(v, size);
  return MEMS_OK;
}

void lmems_pushkept(lua_State *L, int index) {
  const lmems_view *view = lua_touserdata(L, index);
  lua_pushvalue(L, index);
  if (!view->owner)
    lua_getiuservalue(L, -1, 1);
  lua_getiuservalue(L, -1, 1);
  lua_getiuservalue(L, -2, 2);
}

lmems_view *lmems_part(lua_State *L, uintptr_t seal, int index,
                       const lmems_view *whole, size_t offset, size_t size) {
  lmems_view *view = lua_newuserdatauv(L, sizeof *view, 1);
  lmems_checkalive(L, whole);
  *view = (lmems_view){.record = whole->record, .offset = offset,
                       .readonly = whole->readonly};
  lmems_setend(view, size);
  if (whole->owner)
    lua_pushvalue(L, index);
  else
    lua_getiuservalue(L, index, 1);
  lua_setiuservalue(L, -2, 1);
  seal_view(L, whole->record->box->state, view, seal);
  return view;
}

/*
** Changing and ending them
*/

int lmems_viewresize(lua_State *L, lmems_view *view, size_t capacity,
                     size_t size) {
  lmems_box *box = view->record->box;
  int error = lmems_blockresize(view->record, capacity, size);
  if (error != MEMS_OK && lmems_boxretry(L, box, capacity)) {
    lmems_checkowner(L, view);
    error = lmems_blockresize(view->record, capacity, size);
  }
  return error;
}

void lmems_endview(lmems_view *view) {
  if (view->owner && lmems_kept(view))
    lmems_blockrelease(view->record);
  view->end = LMEMS_RELEASED;
  if (view->owner == LMEMS_LENT) {
    lmems_lent *lent = (lmems_lent *)view;
    lmems_hook *hook = lent->hook;
    lent->hook = NULL;
    if (hook != NULL)
      lmems_hookrun(hook);
  }
}

void lmems_disownview(lmems_view *view) {
  mems_addr addr = view->record->addr;
  lmems_blockgone_slow(view->record->box, addr);
  lmems_blockdisown(view->record);
  view->end = LMEMS_RELEASED;
}
