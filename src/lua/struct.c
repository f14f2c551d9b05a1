/*
** struct.c - structs: their types, and objects with fields.
**
** Reading p.x is: is it one of ours, is it alive, where in the hash of names
** is that very string, what type. No string is compared, no table looked
** into, nothing allocated.
*/

#include "struct.h"

#include "argument.h"
#include "copy.h"
#include "each.h"
#include "element.h"
#include "explain.h"
#include "fail.h"
#include "gate.h"
#include "layout.h"
#include "method.h"
#include "near.h"
#include "self.h"
#include "value.h"
#include "verb.h"

/***
@module mems
*/

/***
Makes a type of struct. Needs no open heap. It serves every heap: `S:new`,
`S:array` and `S:at` use the one whose verb has made it, and @{array} of any
other takes it as well.

A field is `{ name, type }` or `{ name, type, n, ... }`: a fixed array of `n`
of that type, or of several dimensions, the outermost first. A type is one of
@{peek}, another struct, or `"char"`: its last dimension is the length of a
string, which a byte 0 ends if it is shorter.

Fields lie as a C compiler lays them out, each behind the one before it at a
multiple of its size. With `layout = "packed"` they lie one behind the other.
A field may also have

- `bits = n`: it is a bit field of an integer type or `bool`, as gcc has them
on Linux;
- `offset = n`: where it begins, in bytes; it may lie over others;
- `align = n`: it begins at a multiple of that power of two, up to 4096.

`align = n` beside the fields is for the whole. A new object's physical address
is a multiple of its alignment, until it is resized.

`p:name(...)` finds functions in the table `methods`, behind the fields and
before the methods that all objects have; so does `S.name`.

The type `S` has `S.size`, `S.align`, `S.offsets` (a table: name to offset),
and the functions @{struct:new}, @{struct:array} and @{struct:at}.

An object `p` has `p.x` and `p.x = value`. Fields that are structs or arrays
are views, which keep `p` alive; they are assigned from tables or from objects
of the same type, all or nothing. `tostring(p)` shows the fields, `pairs(p)`
goes over them in their order. Methods are
those of all objects, @{struct:totable} and @{struct:move}; where a field has
the name of a method, `S.totable(p)` calls it.
@function struct
@luals return mems.structtype<mems.struct>
@tparam table definition
@tparam[opt] table methods is kept, not copied
@treturn struct
@raise if the definition is wrong, or a field has the name of a method
@usage local P = mems.struct { { "x", "f32" }, { "name", "char", 16 },
  { "m", "f64", 3, 3 } }
*/
static int struct_(lua_State *L) {
  lmems_self self = lmems_anyself(L);
  lmems_checklast(L, self.arg + 1);
  lua_settop(L, self.arg + 1);
  int methods = !lua_isnil(L, self.arg + 1);
  if (methods && !lua_istable(L, self.arg + 1))
    lmems_argerror(L, self.arg + 1, "a table of methods expected, got %s",
                   lmems_pushshown(L, self.arg + 1));
  lmems_layout *s = lmems_newlayout(L, self.arg, lmems_anchorindex(self));
  if (methods)
    lmems_setmethodtable(L, s, self.arg + 1);
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

/* Pushes the anchor of the heap that the type uses; its box, which is
   open. */
static lmems_box *push_heap(lua_State *L) {
  int type = lua_getiuservalue(L, 1, 1);
  lmems_box *box = type == LUA_TLIGHTUSERDATA ? lua_touserdata(L, -1)
                                              : lmems_anchored(L, -1);
  lmems_checkopen(L, box);
  return box;
}

/***
A new object, all zero, then with the fields of a table, by names or by
positions, or of another object of the type.
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
  int filled = !lua_isnoneornil(L, 2);
  int error = lmems_newowner(L, 1, 0, push_heap(L), LMEMS_STRUCT_SEAL,
                             s->kind.size, lmems_wantsalign(&s->kind),
                             &view);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lmems_setkind(view, &s->kind);
  if (filled)
    lmems_setelement(L, -1, 2, view->kind, 0, "new");
  return 1;
}

/***
An array of structs, each zero or from the table.
@function struct:array
@luals class structtype
@luals return mems.array<T>
@luals param value T|table
@tparam integer|table|array what how many; or a table of tables or objects; or
 an array of such structs
@param[opt] value that each of so many has
@treturn[1] array
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
*/
static int array(lua_State *L) {
  lmems_layout *s = check_layout(L);
  lmems_checklast(L, 3);
  lua_settop(L, 3);
  return lmems_makearray(L, 1, 0, push_heap(L), &s->kind, 2);
}

/* Step 2 of at and move: makes the record of `view` look at the struct
   `offset` bytes after the address at `arg`. There is room for it. */
static void look_at(lua_State *L, lmems_box *box, lmems_view *view, int arg,
                    size_t offset) {
  size_t size = view->kind->size;
  const lmems_view *object = lmems_anyview(L, arg);
  const char *p = lmems_hold(L, box, arg, offset, size);
  if (lmems_recordlives(view->record))
    lmems_blockdead(view->record);
  else if (!lmems_kept(view))
    view->record = lmems_recordtake(&box->state->pool);
  lmems_blocklook(box, view->record, p);
  lmems_letgo();
  view->readonly = object != NULL ? object->readonly : (short)box->readonly;
  view->offset = 0;
  lmems_setend(view, size);
}

/* Makes the view at `view` keep what is at `object` alive. */
static void keep_object(lua_State *L, int view, int object) {
  lua_pushvalue(L, object);
  lua_setiuservalue(L, view, 3);
}

/***
A view of a struct in memory that is there already. It does not own it: when
the block is freed, or moved by @{realloc}, the view is dead. It keeps an
object that it looks at alive, and goes along when that is resized.
@function struct:at
@luals class structtype
@tparam memory addr all of the struct has to be in one block, or in the object
@tparam[opt=0] integer offset of its first byte
@treturn object
*/
static int at(lua_State *L) {
  lmems_layout *s = check_layout(L);
  size_t offset = lmems_optoffset(L, 3);
  lmems_checklast(L, 3);
  lua_settop(L, 2);
  lmems_box *box = push_heap(L);
  lmems_view *view = lmems_pushowner(L, box->state, LMEMS_STRUCT_SEAL, 1,
                                     3);
  int top = lua_gettop(L);
  keep_object(L, top, 2);
  lmems_setkind(view, &s->kind);
  view->length = LMEMS_ANYWHERE;
  lmems_resolve(L, 2);
  lmems_checkopen(L, box);
  lmems_boxroom(L, box);
  look_at(L, box, view, 2, offset);
  lua_settop(L, top);
  return 1;
}

void lmems_pushstructat(lua_State *L, lmems_self self, int type, int arg) {
  const lmems_layout *s = lmems_tolayout(L, type);
  lmems_view *view = lmems_pushowner(L, self.box->state, LMEMS_STRUCT_SEAL,
                                     lmems_anchorindex(self), 3);
  lua_pushvalue(L, type);
  lua_setiuservalue(L, -2, 2);
  lmems_setkind(view, &s->kind);
  view->length = LMEMS_ANYWHERE;
  lmems_boxroom(L, self.box);
  lmems_checkopen(L, self.box);
  look_at(L, self.box, view, arg, 0);
}

/* Moves one that `at` made to the address at 2; raises for one that has no
   place to go. */
static void move_anywhere(lua_State *L, lmems_view *view) {
  if (!lmems_kept(view))
    lmems_dead(L, view);
  if (view->length == LMEMS_HERE)
    lmems_argerror(L, 1, "the struct is no element of an array, and not "
                   "made by at");
  lmems_box *box = view->record->box;
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  lmems_resolve(L, 2);
  lmems_checkopen(L, box);
  lmems_boxroom(L, box);
  if (!lmems_kept(view)) /* by now */
    lmems_dead(L, view);
  look_at(L, box, view, 2, 0);
  keep_object(L, 1, 3);
}

/* Raises: the index at 2 is none of the array that `view` moves over. */
LMEMS_RAISES static int bad_move(lua_State *L, const lmems_view *view) {
  size_t count = view->length;
  if (!lmems_kept(view) || !lmems_recordlives(view->record))
    lmems_dead(L, view);
  if (count == LMEMS_GROWING)
    count = lmems_recordsize(view->record) / view->kind->size;
  lmems_checkint(L, 2, "index", 1, (lua_Integer)count);
  lmems_dead(L, view); /* a slice that lies outside by now */
}

/* Moves an element of an array to the index at 2. */
static void move_in_array(lua_State *L, lmems_view *view) {
  const lmems_record *record = view->record;
  size_t size = view->kind->size, offset;
  size_t i = (size_t)lua_tointegerx(L, 2, NULL) - 1;
  if (i >= view->length || !lmems_kept(view) ||
      __builtin_mul_overflow(i, view->stride, &offset) || offset >= LMEMS_LIFE)
    bad_move(L, view);
  offset += view->first;
  if (!lmems_recordlives(record) || offset + size > lmems_recordsize(record))
    bad_move(L, view);
  view->offset = offset;
  lmems_setend(view, size);
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
  lmems_view *view = lmems_checkview(L, LMEMS_STRUCT_SEAL);
  if (LMEMS_LIKELY(view->length < LMEMS_ANYWHERE && view->length > 0))
    move_in_array(L, view);
  else
    move_anywhere(L, view);
  lua_settop(L, 1);
  return 1;
}

/***
The fields as a table; structs and arrays in it as tables too. In an array a
`ptr` that is 0 is false.
@function struct:totable
@treturn table
*/
static int totable(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_STRUCT_SEAL);
  lmems_checkalive(L, view);
  lmems_pushvalue(L, view, view->kind, view->offset);
  return 1;
}

static int struct_tostring(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_STRUCT_SEAL);
  luaL_Buffer B;
  if (!lmems_alive(view)) {
    lua_pushfstring(L, "mems.struct (%s)", lmems_fate(view));
    return 1;
  }
  luaL_buffinit(L, &B);
  luaL_addstring(&B, "mems.struct ");
  lmems_showvalue(&B, view, view->kind, view->offset);
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

/* The method whose name is at 2: of the type, or of all structs. */
static int index_method(lua_State *L, const lmems_layout *s) {
  lmems_near near;
  lua_settop(L, 2);
  if (lua_isinteger(L, 2) && lmems_askedbyipairs(L))
    return 0;
  int methods = lmems_pushmethods(L, 1, s);
  if (methods) {
    lua_pushvalue(L, 2);
    if (lua_gettable(L, 3) != LUA_TNIL)
      return 1;
  }
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
    return 1;
  lmems_nearto(L, 2, &near);
  if (methods)
    lmems_nearkeys(L, 3, &near);
  lmems_nearkeys(L, lua_upvalueindex(1), &near);
  return lmems_nofield(L, 2, s, &near);
}

LMEMS_SLOW static int index_slow(lua_State *L) {
  lmems_view *view = lmems_toview(L, 1, LMEMS_STRUCT_SEAL);
  if (view == NULL)
    return luaL_typeerror(L, 1, "mems.struct");
  const lmems_field *field = find_field(L, view->kind->layout);
  if (field != NULL) {
    lmems_pushelement(L, 1, view, &field->kind,
                      view->offset + field->offset);
    return 1;
  }
  return index_method(L, view->kind->layout);
}

/* The field of a plain type of a view that is alive, or NULL: fast. */
static inline const lmems_field *plain_field(lua_State *L,
                                             const lmems_view *view) {
  if (view == NULL || !lmems_alive(view))
    return NULL;
  const lmems_field *field = lmems_field_at(L, 2, view->kind->layout);
  return field != NULL && field->kind.type < LMEMS_NTYPES ? field : NULL;
}

static int struct_index(lua_State *L) {
  const lmems_view *view = lmems_toview(L, 1, LMEMS_STRUCT_SEAL);
  const lmems_field *field = plain_field(L, view);
  if (LMEMS_UNLIKELY(field == NULL))
    return index_slow(L);
  const char *p = lmems_held(view->record->data + view->offset);
  lmems_get(L, field->kind.type, p + field->offset);
  lmems_letgo();
  return 1;
}

LMEMS_SLOW static int newindex_slow(lua_State *L) {
  lmems_view *view = lmems_toview(L, 1, LMEMS_STRUCT_SEAL);
  if (view == NULL)
    return luaL_typeerror(L, 1, "mems.struct");
  const lmems_field *field = find_field(L, view->kind->layout);
  if (field == NULL)
    return lmems_nofield(L, 2, view->kind->layout, NULL);
  const char *what = lua_pushfstring(L, "field '%s'", field->name);
  lmems_setelement(L, 1, 3, &field->kind, view->offset + field->offset, what);
  return 0;
}

static int struct_newindex(lua_State *L) {
  const lmems_view *view = lmems_toview(L, 1, LMEMS_STRUCT_SEAL);
  const lmems_field *field = plain_field(L, view);
  if (LMEMS_UNLIKELY(field == NULL || view->readonly))
    return newindex_slow(L);
  char *p = lmems_held(view->record->data + view->offset);
  int fits = lmems_put(L, 3, field->kind.type, p + field->offset);
  lmems_letgo();
  return fits ? 0 : newindex_slow(L);
}

/*
** Types
*/

/* Raises: there is nothing at that key of a type. */
LMEMS_RAISES static int no_function(lua_State *L) {
  lmems_near near;
  const char *shown = lmems_pushshown(L, 2);
  lmems_nearto(L, 2, &near);
  lmems_nearkeys(L, lua_upvalueindex(1), &near);
  lmems_nearname(&near, "align", 5);
  lmems_nearname(&near, "offsets", 7);
  luaL_error(L, "a type of struct has no %s%s", shown,
             lmems_pushnear(L, &near));
  __builtin_unreachable();
}

/* What is no function of all types: it is the type's own. */
static int type_value(lua_State *L, const lmems_layout *s) {
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "align") == 0) {
    lua_pushinteger(L, (lua_Integer)s->align);
    return 1;
  }
  if (strcmp(key, "offsets") == 0) {
    lua_getiuservalue(L, 1, 3);
    return 1;
  }
  if (lmems_pushmethods(L, 1, s)) {
    lua_pushvalue(L, 2);
    if (lua_gettable(L, -2) != LUA_TNIL)
      return 1;
  }
  return no_function(L);
}

/* Functions come first, as `S:new` is what is asked for most. */
static int type_index(lua_State *L) {
  lua_pushvalue(L, 2);
  int found = lua_rawget(L, lua_upvalueindex(1));
  if (found == LUA_TNIL)
    return type_value(L, check_layout(L));
  if (found == LUA_TBOOLEAN) /* `size`, which is no function here */
    lua_pushinteger(L, (lua_Integer)check_layout(L)->kind.size);
  return 1;
}

static int type_tostring(lua_State *L) {
  lmems_layout *s = check_layout(L);
  lua_pushfstring(L, "mems.struct type (%I fields, %I bytes)",
                  (lua_Integer)s->count, (lua_Integer)s->kind.size);
  return 1;
}

const luaL_Reg lmems_struct[] = {{"struct", struct_}, {NULL, NULL}};

const luaL_Reg lmems_structmethods[] = {
  {"totable", totable}, {"move", move}, {NULL, NULL}
};

const luaL_Reg lmems_typemethods[] = {
  {"new", new}, {"array", array}, {"at", at}, {NULL, NULL}
};

void lmems_newtypes(lua_State *L) {
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "size");
  luaL_newmetatable(L, "mems.layout");
  lua_pushcfunction(L, type_tostring);
  lua_setfield(L, -2, "__tostring");
  lmems_setname(L, "mems.struct type");
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, type_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
}

static const luaL_Reg events[] = {
  {"__newindex", struct_newindex}, {"__tostring", struct_tostring},
  {"__pairs", lmems_structpairs}, {NULL, NULL}
};

const lmems_class lmems_structclass = {
  LMEMS_STRUCT_SEAL, "mems.struct", events, struct_index, NULL
};
