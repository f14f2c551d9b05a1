/*
** object.c - the methods that all objects have, and making classes.
*/

#include "object.h"

#include "argument.h"
#include "explain.h"
#include "fail.h"
#include "gate.h"
#include "verb.h"
#include "view.h"

/***
@module mems
*/

/***
The virtual address of the first byte. A method of buffers, arrays and
structs.
@function object:address
@treturn address
*/
static int address(lua_State *L) {
  lmems_view *view = lmems_checkany(L);
  lmems_checkalive(L, view);
  mems_addr addr = lmems_viewaddr(view);
  if (addr == 0)
    return lmems_argerror(L, 1, "the memory of the %s is the host program's, "
                          "and has no address", lmems_classname(view));
  lmems_pushaddr(L, addr);
  return 1;
}

/***
How many bytes it has; a slice with a step those from its first to its last
one. A method of buffers, arrays and structs.
@function object:size
@treturn integer
*/
static int size(lua_State *L) {
  lmems_view *view = lmems_checkany(L);
  lmems_checkalive(L, view);
  lua_pushinteger(L, (lua_Integer)lmems_viewbytes(view));
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
  lmems_view *view = lmems_checkany(L);
  if (view->owner && lmems_alive(view))
    lmems_boxfreed(view->record->box, view->record->capacity);
  lmems_box *box = view->record->box;
  lmems_endview(view);
  if (box != NULL)
    lmems_checkdamage(L, box);
  return 0;
}

/* The same by the collector. */
static int collected(lua_State *L) {
  lmems_endview(lmems_checkany(L));
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
  lmems_view *view = lmems_checkany(L);
  lmems_checkalive(L, view);
  lmems_record *record = view->record;
  if (!lmems_owns(view))
    return lmems_argerror(L, 1, "the %s does not own its memory",
                          lmems_classname(view));
  size_t size = lmems_recordsize(record);
  if (record->capacity > size)
    lmems_blockresize(record, size, size);
  mems_addr addr = record->addr;
  lmems_disownview(view);
  lmems_pushaddr(L, addr);
  return 1;
}

/***
A new object of the same kind and on the same heap, with a copy of the bytes.
A method of buffers, arrays and structs.
@function object:clone
@treturn[1] object
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
*/
static int clone(lua_State *L) {
  const lmems_view *view = lmems_checkany(L);
  lmems_view *new;
  lmems_checklast(L, 1);
  size_t bytes = lmems_optbytes(L, 2, 1, 0);
  lmems_pushkept(L, 1);
  int kept = lua_gettop(L);
  int error = lmems_newowner(L, kept - 1, lua_isnil(L, kept) ? 0 : kept,
                             view->record->box, view->seal ^ (uintptr_t)view,
                             bytes, 0, &new);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  memcpy(new->record->data, lmems_holdpart(L, view, view->offset, bytes),
         bytes);
  lmems_letgo();
  if (view->kind != NULL)
    lmems_setkind(new, view->kind);
  if (lmems_toview(L, -1, LMEMS_STRUCT_SEAL) == NULL)
    new->length = bytes / (view->kind != NULL ? view->kind->size : 1);
  return 1;
}

/***
The bytes of an array or a struct as a buffer, which keeps it alive; of a
buffer the same as a slice of all of it. A method of buffers, arrays and
structs.
@function object:buffer
@treturn buffer
@raise if it is a slice with a step
*/
static int buffer(lua_State *L) {
  const lmems_view *view = lmems_checkany(L);
  lmems_checklast(L, 1);
  size_t bytes = lmems_optbytes(L, 2, 1, 0);
  lmems_part(L, LMEMS_BUFFER_SEAL, 1, view, view->offset, bytes)->length =
    bytes;
  return 1;
}

/***
The same bytes, which nothing can be written to through it: whatever would
raises, and so it is for its parts, and for views of it. It keeps the object
alive. The object itself is as it was, and who has its address may write there.
A method of buffers, arrays and structs.
@function object:readonly
@luals return self
@treturn object
*/
static int readonly(lua_State *L) {
  const lmems_view *view = lmems_checkany(L);
  lmems_checklast(L, 1);
  lmems_checkalive(L, view);
  size_t bytes = lmems_viewbytes(view), length = view->length;
  lmems_view *part = lmems_part(L, view->seal ^ (uintptr_t)view, 1, view,
                                view->offset, bytes);
  part->readonly = 1;
  part->kind = view->kind;
  part->plain = view->plain;
  part->type = view->type;
  part->stride = view->stride;
  part->first = view->first;
  part->length = length == LMEMS_ANYWHERE ? LMEMS_HERE : length;
  return 1;
}

static int object_eq(lua_State *L) {
  const lmems_view *a = lmems_anyview(L, 1), *b = lmems_anyview(L, 2);
  int same = a != NULL && b != NULL && lmems_alive(a) && lmems_alive(b) &&
             a->record->data + a->offset == b->record->data + b->offset &&
             lmems_viewbytes(a) == lmems_viewbytes(b) &&
             (lmems_stepped(a) ? a->stride : 0) ==
               (lmems_stepped(b) ? b->stride : 0);
  lua_pushboolean(L, same);
  return 1;
}

const luaL_Reg lmems_object[] = {
  {"address", address}, {"size", size}, {"release", release},
  {"disown", disown}, {"clone", clone}, {"buffer", buffer},
  {"readonly", readonly}, {NULL, NULL}
};

/*
** Classes
*/

/* Pushes a metatable; the table of methods is at `methods`. `__index` is set
   first, and so found at once: no other key has its place in the table. */
static void push_metatable(lua_State *L, int methods,
                           const lmems_class *class) {
  lua_createtable(L, 0, 16);
  lua_pushvalue(L, methods);
  if (class->index != NULL)
    lua_pushcclosure(L, class->index, 1);
  lua_setfield(L, -2, "__index");
  lmems_setmethods(L, class->events);
  lmems_setname(L, class->name);
}

void lmems_newclass(lua_State *L, const lmems_class *class) {
  static const luaL_Reg shared[] = {
    {"__eq", object_eq}, {"__close", release}, {NULL, NULL}
  };
  static const luaL_Reg finalizer[] = {{"__gc", collected}, {NULL, NULL}};
  int methods = lua_gettop(L);
  if (class->missing != NULL) {
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, class->missing);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, methods);
  }
  for (int owner = 0; owner <= 1; owner++) {
    push_metatable(L, methods, class);
    lmems_setmethods(L, shared);
    if (owner)
      lmems_setmethods(L, finalizer);
    lua_rawsetp(L, LUA_REGISTRYINDEX, lmems_classkey(class->seal, owner));
  }
  lua_pop(L, 1);
}

int lmems_hasclass(lua_State *L, const lmems_class *class) {
  const void *key = lmems_classkey(class->seal, 1);
  int has = lua_rawgetp(L, LUA_REGISTRYINDEX, key) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}
