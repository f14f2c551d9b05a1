/*
** struct.c - structs: their types, and objects with fields.
**
** Reading p.x is: is it one of ours, is it alive, where in the hash of names
** is that very string, what type. No string is compared, no table looked
** into, nothing allocated.
*/

#include "view.h"

/***
@module mems
*/

/***
Makes a type of struct for this heap. Needs no open heap.

A field is `{ name, type }` or `{ name, type, n, ... }`: a fixed array of `n`
of that type, or of several dimensions, the outermost first. A type is one of
@{peek}, another struct, or `"char"`: its last dimension is the length of a
string, which a byte 0 ends if it is shorter.

Fields lie as a C compiler lays them out, each at a multiple of its size. With
`layout = "packed"` they lie one behind the other.

The type `S` has `S.size`, `S.align`, `S.offsets` (a table: name to offset),
and the functions @{struct:new}, @{struct:array} and @{struct:at}.

An object `p` has `p.x` and `p.x = value`. Fields that are structs or arrays
are views, which keep `p` alive; they are assigned from tables or from objects
of the same type, all or nothing. `tostring(p)` shows the fields. Methods are
those of all objects, @{struct:totable} and @{struct:move}; where a field has
the name of a method, `S.totable(p)` calls it.
@function struct
@luals return mems.structtype<mems.struct>
@tparam table definition
@treturn struct
@raise if the definition is wrong
@usage local P = mems.struct { { "x", "f32" }, { "name", "char", 16 },
  { "m", "f64", 3, 3 } }
*/
int lmems_struct(lua_State *L) {
  lmems_self self = lmems_anyself(L);
  lua_settop(L, self.arg);
  lmems_pushbox(L, self);
  lmems_newlayout(L, self.arg, self.arg + 1, self.box);
  return 1;
}

/* The type that is argument 1 of one of its functions; raises. */
static lmems_layout *check_layout(lua_State *L) {
  lmems_layout *s = lmems_tolayout(L, 1);
  if (s == NULL)
    lmems_argerror(L, 1, "mems.struct type expected, got %s",
                   lmems_pushshown(L, 1));
  return s;
}

/***
A new object, all zero, then with the fields of a table or of another object
of the type.
@function struct:new
@luals class structtype
@luals return T
@tparam[opt] table values
@treturn[1] object
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
*/
static int new(lua_State *L) {
  lmems_layout *s = check_layout(L);
  lmems_view *view;
  lua_settop(L, 2);
  lua_getiuservalue(L, 1, 1);
  int error = lmems_newowner(L, 3, 1, s->box, LMEMS_RECORD_SEAL,
                             s->kind.size, 0, &view);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lmems_setkind(view, &s->kind);
  if (!lua_isnil(L, 2))
    lmems_setelement(L, -1, 2, view->kind, 0, "new");
  return 1;
}

/***
An array of structs, each zero or from the table.
@function struct:array
@luals class structtype
@luals return mems.array<T>
@tparam integer|table what how many; or a table of tables or objects
@treturn[1] array
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
*/
static int array(lua_State *L) {
  lmems_layout *s = check_layout(L);
  lua_settop(L, 2);
  lua_getiuservalue(L, 1, 1);
  return lmems_makearray(L, 3, 1, s->box, &s->kind, 2);
}

/* The length of views that S:at made. */
static const size_t ANYWHERE = SIZE_MAX;

/* Makes the record of `view` look at the struct at the address at `arg`. */
static void look_at(lua_State *L, lmems_view *view, const lmems_layout *s,
                    int arg) {
  if (s->box->heap == NULL)
    lmems_noheap(L, s->box);
  const char *p = lmems_gate(L, s->box, arg, 0, s->kind.size);
  lmems_blockdrop(view->block);
  lmems_blocklook(s->box, view->block, p);
  view->offset = (size_t)(p - view->block->data);
  view->end = view->offset + s->kind.size;
  view->length = ANYWHERE;
}

/***
A view of a struct in memory that is there already. It does not own it: when
the block is freed or moved, the view is dead.
@function struct:at
@luals class structtype
@tparam memory addr of its first byte; all of it has to be in one block
@treturn object
*/
static int at(lua_State *L) {
  lmems_layout *s = check_layout(L);
  lua_settop(L, 2);
  if (s->box->heap == NULL)
    return lmems_noheap(L, s->box);
  lmems_gate(L, s->box, 2, 0, s->kind.size);
  lua_getiuservalue(L, 1, 1);
  lmems_blockroom(L, -1, s->box);
  lmems_view *view = lmems_pushowner(L, LMEMS_RECORD_SEAL, 1);
  int top = lua_gettop(L);
  look_at(L, view, s, 2);
  lmems_setkind(view, &s->kind);
  lua_pushvalue(L, top);
  return 1;
}

/***
Moves a view to another struct of its type: one that @{struct:at} made to
another address, an element of an array to another element. Nothing is
allocated, so this is the way to go over many.
@function struct:move
@tparam address|integer where an address, or an index of the array
@treturn object the same
*/
static int move(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_RECORD_SEAL);
  if (view->length == ANYWHERE) {
    look_at(L, view, view->kind->layout, 2);
  } else {
    int ok;
    lmems_viewdata(L, view);
    lua_Integer i = lua_tointegerx(L, 2, &ok);
    if (view->length == 0)
      lmems_argerror(L, 1, "the struct is no element of an array, and not "
                     "made by at");
    if (!ok || i < 1 || i > (lua_Integer)view->length)
      i = lmems_checkint(L, 2, "index", 1, (lua_Integer)view->length);
    view->offset = view->first + ((size_t)i - 1) * view->kind->size;
    view->end = view->offset + view->kind->size;
  }
  lua_settop(L, 1);
  return 1;
}

/* Pushes a copy of the bytes, as a userdata. */
static char *push_copy(lua_State *L, const lmems_view *view) {
  char *copy = lua_newuserdatauv(L, view->kind->size, 0);
  memcpy(copy, lmems_viewdata(L, view), view->kind->size);
  return copy;
}

/***
The fields as a table; structs and arrays in it as tables too. In an array a
`ptr` that is 0 is false.
@function struct:totable
@treturn table
*/
static int totable(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_RECORD_SEAL);
  const char *copy = push_copy(L, view);
  lmems_pushvalue(L, view->kind, copy);
  return 1;
}

static int struct_tostring(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_RECORD_SEAL);
  luaL_Buffer B;
  if (!lmems_alive(view)) {
    lua_pushliteral(L, "mems.struct (released)");
    return 1;
  }
  const char *copy = push_copy(L, view);
  luaL_buffinit(L, &B);
  luaL_addstring(&B, "mems.struct ");
  lmems_showvalue(&B, view->kind, copy);
  luaL_pushresult(&B);
  return 1;
}

/*
** Fields
*/

/* The field that the key at 2 names; NULL if there is none. */
static inline const lmems_field *find_field(lua_State *L,
                                            const lmems_layout *s) {
  const lmems_field *field = lmems_field_at(L, 2, s);
  return field != NULL ? field : lmems_field_slow(L, 2, s);
}

static int index_slow(lua_State *L) {
  lmems_view *view = lmems_toview(L, 1, LMEMS_RECORD_SEAL);
  if (view == NULL)
    return luaL_typeerror(L, 1, "mems.struct");
  const lmems_field *field = find_field(L, view->kind->layout);
  if (field != NULL) {
    lmems_pushelement(L, 1, &field->kind, view->offset + field->offset);
    return 1;
  }
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
    return lmems_nofield(L, 2, view->kind->layout);
  return 1;
}

static int struct_index(lua_State *L) {
  const lmems_view *view = lmems_toview(L, 1, LMEMS_RECORD_SEAL);
  if (LMEMS_LIKELY(view != NULL && view->end <= view->block->size)) {
    const lmems_field *field = lmems_field_at(L, 2, view->kind->layout);
    if (LMEMS_LIKELY(field != NULL && field->kind.type < LMEMS_NTYPES)) {
      lmems_get(L, field->kind.type,
                view->block->data + view->offset + field->offset);
      return 1;
    }
  }
  return index_slow(L);
}

static int newindex_slow(lua_State *L) {
  lmems_view *view = lmems_toview(L, 1, LMEMS_RECORD_SEAL);
  if (view == NULL)
    return luaL_typeerror(L, 1, "mems.struct");
  const lmems_field *field = find_field(L, view->kind->layout);
  if (field == NULL)
    return lmems_nofield(L, 2, view->kind->layout);
  const char *what = lua_pushfstring(L, "field '%s'", field->name);
  lmems_setelement(L, 1, 3, &field->kind, view->offset + field->offset, what);
  return 0;
}

static int struct_newindex(lua_State *L) {
  const lmems_view *view = lmems_toview(L, 1, LMEMS_RECORD_SEAL);
  if (LMEMS_LIKELY(view != NULL && view->end <= view->block->size)) {
    const lmems_field *field = lmems_field_at(L, 2, view->kind->layout);
    if (LMEMS_LIKELY(field != NULL && field->kind.type < LMEMS_NTYPES &&
                     lmems_put(L, 3, field->kind.type, view->block->data +
                               view->offset + field->offset)))
      return 0;
  }
  return newindex_slow(L);
}

/*
** Types
*/

static int type_index(lua_State *L) {
  lmems_layout *s = check_layout(L);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "size") == 0) {
    lua_pushinteger(L, (lua_Integer)s->kind.size);
  } else if (strcmp(key, "align") == 0) {
    lua_pushinteger(L, (lua_Integer)s->align);
  } else if (strcmp(key, "offsets") == 0) {
    lua_getiuservalue(L, 1, 3);
  } else {
    lua_settop(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
  }
  return 1;
}

static int type_tostring(lua_State *L) {
  lmems_layout *s = check_layout(L);
  lua_pushfstring(L, "mems.struct type (%I fields, %I bytes)",
                  (lua_Integer)s->count, (lua_Integer)s->kind.size);
  return 1;
}

static const luaL_Reg object_methods[] = {
  {"totable", totable}, {"move", move}, {NULL, NULL}
};

/* Makes the metatable of types, which also reach the methods of objects. */
static void open_types(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"new", new}, {"array", array}, {"at", at}, {NULL, NULL}
  };
  luaL_newmetatable(L, "mems.layout");
  lua_pushcfunction(L, type_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "mems.struct type");
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "mems.struct type");
  lua_setfield(L, -2, "__metatable");
  lua_createtable(L, 0, 12);
  lmems_setcommon(L);
  lmems_setmethods(L, object_methods);
  lmems_setmethods(L, functions);
  lua_pushcclosure(L, type_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}

void lmems_openstruct(lua_State *L) {
  static const luaL_Reg events[] = {
    {"__newindex", struct_newindex}, {"__tostring", struct_tostring},
    {NULL, NULL}
  };
  open_types(L);
  lua_createtable(L, 0, 8);
  lmems_setcommon(L);
  lmems_setmethods(L, object_methods);
  lmems_newclass(L, LMEMS_RECORD_SEAL, "mems.struct", events, struct_index);
}
