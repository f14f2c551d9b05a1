/*
** view.c - making views, asking what they may see, and the methods
** that all of them have.
**
** A class has two metatables, one with finalizer for owners, one without for
** parts, which so cost the collector less. Their keys in the registry are
** the addresses of the two `class_key` of the class.
*/

#include "view.h"

/***
@module mems
*/

/*
** Classes
*/

enum { PART, OWNER };

/* The key in the registry of a class's metatable. */
static const void *class_key(uintptr_t seal, int owner) {
  static const char keys[3][2] = {{0}};
  int row = seal == LMEMS_BUFFER_SEAL ? 0 : seal == LMEMS_ARRAY_SEAL ? 1 : 2;
  return &keys[row][owner];
}

static const char *class_name(const lmems_view *view) {
  uintptr_t seal = view->seal ^ (uintptr_t)view;
  if (seal == LMEMS_BUFFER_SEAL)
    return "buffer";
  return seal == LMEMS_ARRAY_SEAL ? "array" : "struct";
}

/* Gives the userdata on top the metatable of its class and seals it. */
static void seal_view(lua_State *L, lmems_view *view, uintptr_t seal) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, class_key(seal, view->owner));
  lua_setmetatable(L, -2);
  view->seal = (uintptr_t)view ^ seal;
}

void lmems_setmethods(lua_State *L, const luaL_Reg *methods) {
  lua_pushboolean(L, 1);
  lua_insert(L, -2);
  lmems_setverbs(L, methods, -2);
  lua_remove(L, -2);
}

/* Pushes a metatable; the table of methods is at `methods`. */
static void push_metatable(lua_State *L, int methods, const char *name,
                           const luaL_Reg *events, lua_CFunction index) {
  lua_createtable(L, 0, 16);
  lmems_setmethods(L, events);
  lua_pushvalue(L, methods);
  if (index != NULL)
    lua_pushcclosure(L, index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__metatable");
}

/*
** What a view may see
*/

lmems_view *lmems_anyview(lua_State *L, int arg) {
  lmems_view *view = lmems_toview(L, arg, LMEMS_BUFFER_SEAL);
  if (view == NULL)
    view = lmems_toview(L, arg, LMEMS_ARRAY_SEAL);
  if (view == NULL)
    view = lmems_toview(L, arg, LMEMS_RECORD_SEAL);
  return view;
}

/* The view, of any class, that is argument 1 of a method; raises. */
static lmems_view *check_any(lua_State *L) {
  lmems_view *view = lmems_anyview(L, 1);
  if (view == NULL)
    lmems_argerror(L, 1, "mems object expected, got %s",
                   lmems_pushshown(L, 1));
  return view;
}

lmems_view *lmems_checkview(lua_State *L, uintptr_t seal) {
  static const char *const names[] = {"buffer", "array", "struct"};
  int which = seal == LMEMS_BUFFER_SEAL ? 0 : seal == LMEMS_ARRAY_SEAL ? 1 : 2;
  lmems_view *view = lmems_toview(L, 1, seal);
  if (view == NULL)
    lmems_argerror(L, 1, "mems.%s expected, got %s", names[which],
                   lmems_pushshown(L, 1));
  return view;
}

int lmems_dead(lua_State *L, const lmems_view *view) {
  const char *name = class_name(view);
  if (view->end == SIZE_MAX || view->block->data == NULL)
    luaL_error(L, "the %s is released: its memory is gone", name);
  luaL_error(L, "the %s is out of its memory, which has shrunk", name);
  __builtin_unreachable();
}

char *lmems_viewdata(lua_State *L, const lmems_view *view) {
  if (!lmems_alive(view))
    lmems_dead(L, view);
  return view->block->data + view->offset;
}

lmems_box *lmems_viewbox(lua_State *L) {
  lmems_view *view = check_any(L);
  lmems_viewdata(L, view);
  return view->block->box;
}

static size_t view_bytes(const lmems_view *view) {
  return view->end - view->offset;
}

int lmems_viewaddress(lua_State *L, lmems_box *box, int arg, size_t size) {
  lmems_view *view = lmems_anyview(L, arg);
  if (view == NULL)
    return 0;
  if (!lmems_alive(view))
    lmems_argerror(L, arg, "the %s is released", class_name(view));
  if (view->block->box != box)
    lmems_argerror(L, arg, "the %s belongs to another heap",
                   class_name(view));
  if (size > view_bytes(view))
    lmems_argerror(L, arg, "%I bytes run past the end of a %s of %I bytes",
                   (lua_Integer)size, class_name(view),
                   (lua_Integer)view_bytes(view));
  lua_pushvalue(L, arg);
  mems_addr addr = view->block->addr + view->offset;
  lua_pushlightuserdata(L, (void *)(uintptr_t)addr);
  lua_replace(L, arg);
  return 1;
}

int lmems_viewrest(lua_State *L, int arg, size_t *rest) {
  lmems_view *view = lmems_anyview(L, arg);
  if (view != NULL && lmems_alive(view))
    *rest = view_bytes(view);
  return view != NULL && lmems_alive(view);
}

/*
** Making views
*/

lmems_view *lmems_pushowner(lua_State *L, uintptr_t seal, int anchor) {
  anchor = lua_absindex(L, anchor);
  lmems_owner *owner = lua_newuserdatauv(L, sizeof *owner, 1);
  memset(owner, 0, sizeof *owner);
  owner->view.block = &owner->block;
  owner->view.owner = 1;
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, -2, 1);
  seal_view(L, &owner->view, seal);
  return &owner->view;
}

int lmems_newowner(lua_State *L, int index, int anchor, lmems_box *box,
                   uintptr_t seal, size_t size, size_t align,
                   lmems_view **view) {
  index = lua_absindex(L, index);
  anchor = lua_absindex(L, anchor);
  lmems_nudge(L, box, size);
  *view = lmems_pushowner(L, seal, anchor);
  (*view)->end = size;
  return lmems_blocknew(L, index, box, (*view)->block, size, align);
}

lmems_view *lmems_part(lua_State *L, uintptr_t seal, int parent,
                       size_t offset, size_t size) {
  const lmems_view *whole = lua_touserdata(L, parent);
  parent = lua_absindex(L, parent);
  lmems_view *view = lua_newuserdatauv(L, sizeof *view, 1);
  memset(view, 0, sizeof *view);
  view->block = whole->block;
  view->offset = offset;
  view->end = offset + size;
  if (whole->owner)
    lua_pushvalue(L, parent);
  else
    lua_getiuservalue(L, parent, 1);
  lua_setiuservalue(L, -2, 1);
  seal_view(L, view, seal);
  return view;
}

void lmems_endview(lmems_view *view) {
  if (view->owner)
    lmems_blockrelease(view->block);
  view->end = SIZE_MAX;
}

/*
** Elements
*/

void lmems_pushelement(lua_State *L, int parent, const lmems_kind *kind,
                       size_t offset) {
  const lmems_view *whole = lua_touserdata(L, parent);
  lmems_view *view;
  if (!lmems_alive(whole))
    lmems_dead(L, whole);
  if (kind->type < LMEMS_NTYPES) {
    lmems_get(L, kind->type, whole->block->data + offset);
  } else if (kind->type == LMEMS_CHARS) {
    const char *p = whole->block->data + offset;
    lua_pushlstring(L, p, strnlen(p, kind->count));
  } else if (kind->type == LMEMS_ROW) {
    view = lmems_part(L, LMEMS_ARRAY_SEAL, parent, offset, kind->size);
    view->length = kind->count;
    lmems_setkind(view, kind->element);
  } else {
    view = lmems_part(L, LMEMS_RECORD_SEAL, parent, offset, kind->size);
    lmems_setkind(view, kind);
  }
}

void lmems_setelement(lua_State *L, int parent, int index,
                      const lmems_kind *kind, size_t offset,
                      const char *what) {
  enum { SMALL = 256 };
  const lmems_view *whole = lua_touserdata(L, parent);
  char small[SMALL], *copy = small;
  if (!lmems_alive(whole))
    lmems_dead(L, whole);
  if (kind->type < LMEMS_NTYPES &&
      lmems_put(L, index, kind->type, whole->block->data + offset))
    return;
  /* What has parts is put together in a copy, so that a value which does
     not fit changes nothing. */
  index = lua_absindex(L, index);
  if (kind->size > SMALL)
    copy = lua_newuserdatauv(L, kind->size, 0);
  if (!lmems_alive(whole))
    lmems_dead(L, whole);
  memcpy(copy, whole->block->data + offset, kind->size);
  lmems_storevalue(L, index, kind, copy, what);
  if (!lmems_alive(whole))
    lmems_dead(L, whole);
  memcpy(whole->block->data + offset, copy, kind->size);
  if (copy != small)
    lua_pop(L, 1);
}

/*
** Methods of all objects
*/

/***
The virtual address of the first byte. A method of buffers, arrays and
structs.
@function object:address
@treturn address
*/
static int address(lua_State *L) {
  lmems_view *view = check_any(L);
  lmems_viewdata(L, view);
  mems_addr addr = view->block->addr + view->offset;
  lua_pushlightuserdata(L, (void *)(uintptr_t)addr);
  return 1;
}

/***
How many bytes it has. A method of buffers, arrays and structs.
@function object:size
@treturn integer
*/
static int size(lua_State *L) {
  lmems_view *view = check_any(L);
  lmems_viewdata(L, view);
  lua_pushinteger(L, (lua_Integer)view_bytes(view));
  return 1;
}

/***
Frees the memory of an object that owns it; slices and views of it are dead
then as well. A part of another object only forgets it. The second time it
does nothing. `<close>` and the collector do the same. A method of buffers,
arrays and structs.
@function object:release
*/
static int release(lua_State *L) {
  lmems_endview(check_any(L));
  return 0;
}

/***
Hands the block over: it is the caller's to free, and the object is dead. A
method of buffers, arrays and structs that own their memory.
@function object:disown
@treturn address
@raise if it is a part of another object, or released
*/
static int disown(lua_State *L) {
  lmems_view *view = check_any(L);
  lmems_viewdata(L, view);
  lmems_block *block = view->block;
  if (!view->owner || block->capacity == 0)
    return lmems_argerror(L, 1, "the %s does not own its memory",
                          class_name(view));
  if (block->capacity > block->size)
    lmems_blockresize(block, block->size, block->size);
  mems_addr addr = block->addr;
  lmems_blockgone_slow(block->box, addr);
  view->end = SIZE_MAX;
  lua_pushlightuserdata(L, (void *)(uintptr_t)addr);
  return 1;
}

static int object_eq(lua_State *L) {
  const lmems_view *a = lmems_anyview(L, 1), *b = lmems_anyview(L, 2);
  int same = a != NULL && b != NULL && lmems_alive(a) && lmems_alive(b) &&
             a->block->data + a->offset == b->block->data + b->offset &&
             view_bytes(a) == view_bytes(b);
  lua_pushboolean(L, same);
  return 1;
}

void lmems_setcommon(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"address", address}, {"size", size}, {"release", release},
    {"disown", disown}, {NULL, NULL}
  };
  lmems_setmethods(L, methods);
}

int lmems_hasclasses(lua_State *L) {
  const void *key = class_key(LMEMS_RECORD_SEAL, OWNER);
  int has = lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}

void lmems_newclass(lua_State *L, uintptr_t seal, const char *name,
                    const luaL_Reg *events, lua_CFunction index) {
  static const luaL_Reg shared[] = {
    {"__eq", object_eq}, {"__close", release}, {NULL, NULL}
  };
  static const luaL_Reg finalizer[] = {{"__gc", release}, {NULL, NULL}};
  int methods = lua_gettop(L);
  for (int owner = PART; owner <= OWNER; owner++) {
    push_metatable(L, methods, name, events, index);
    lmems_setmethods(L, shared);
    if (owner == OWNER)
      lmems_setmethods(L, finalizer);
    lua_rawsetp(L, LUA_REGISTRYINDEX, class_key(seal, owner));
  }
  lua_pop(L, 1);
}
