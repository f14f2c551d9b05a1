/*
** array.c - typed arrays: elements, slices, growth.
**
** Reading a[i] is: is it one of ours, is i an integer in range, is the view
** alive, what type. Names of methods are looked up after that.
*/

#include "array.h"

#include "argument.h"
#include "element.h"
#include "fail.h"
#include "layout.h"
#include "self.h"
#include "value.h"

/***
@module mems
*/

static const char IPAIRS = 0; /* its address: the key of ipairs's iterator */

/*
** Making arrays
*/

/* Stores the value at `value` as element `i`, from 0, of the array at
   `array`, which may be one that has gone or shrunk meanwhile. */
static void set_element(lua_State *L, int array, int value, size_t i) {
  const lmems_view *a = lua_touserdata(L, array);
  if (i >= a->length || !lmems_alive(a))
    lmems_dead(L, a);
  size_t offset = a->offset + i * a->kind->size;
  if (a->type < LMEMS_NTYPES) {
    int fits = lmems_put(L, value, a->type,
                         lmems_held(a->record->data + offset));
    lmems_letgo();
    if (fits)
      return;
  }
  array = lua_absindex(L, array);
  value = lua_absindex(L, value);
  const char *what = lua_pushfstring(L, "element %I", (lua_Integer)i + 1);
  lmems_setelement(L, array, value, a->kind, offset, what);
  lua_pop(L, 1);
}

/* Stores elements 1 to `count` of the table at `table` in the array at
   `array`, from element `start` (from 0) on. */
static void set_elements(lua_State *L, int array, int table, size_t count,
                         size_t start) {
  for (size_t i = 0; i < count; i++) {
    if (lua_rawgeti(L, table, (lua_Integer)i + 1) == LUA_TNIL)
      luaL_error(L, "the table has no element %I", (lua_Integer)i + 1);
    set_element(L, array, -1, start + i);
    lua_pop(L, 1);
  }
}

int lmems_makearray(lua_State *L, int anchor, int keep, lmems_box *box,
                    const lmems_kind *kind, int arg) {
  int table = lua_istable(L, arg);
  lmems_view *view;
  size_t count = table ? (size_t)lua_rawlen(L, arg)
                       : lmems_checkcount(L, arg, "count");
  if (count > (size_t)LUA_MAXINTEGER / kind->size)
    return lmems_fail(L, MEMS_ELIMIT);
  int error = lmems_newowner(L, anchor, keep, box, LMEMS_ARRAY_SEAL,
                             count * kind->size, 0, &view);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lmems_setkind(view, kind);
  view->length = count;
  if (table)
    set_elements(L, lua_gettop(L), arg, count, 0);
  return 1;
}

/***
Makes an array. It has `a[i]` and `a[i] = v` for i from 1 to `#a` (any other
index raises), `ipairs(a)`, `a == b` (the same memory), `<close>`, the methods
of all objects and those below.

Where a range of elements `i, j` is optional it is all of them. An element
that is a struct is read as a view of it, a new object each time: to go over
many, @{struct:move} one view, or use @{array:get} and @{array:set}. It is
assigned from a table or a struct.
@function array
@luals generic T
@luals param type mems.structtype<T>
@luals return mems.array<T>
@luals overload fun(type: mems.itype, what: integer|table): mems.array<integer>
@luals overload fun(type: mems.ftype, what: integer|table): mems.array<number>
@luals overload fun(type: mems.btype, what: integer|table): mems.array<boolean>
@luals overload fun(type: mems.ptype, what: integer|table): mems.array<any>
@tparam type|struct type of @{peek}, or a struct
@tparam integer|table what how many elements, all zero; or their values
@treturn[1] array
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
*/
static int array(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int arg = self.arg, anchor = lmems_anchorindex(self);
  lmems_checklast(L, arg + 1);
  lua_settop(L, arg + 1);
  const lmems_layout *s = lmems_tolayout(L, arg);
  if (s != NULL)
    return lmems_makearray(L, anchor, arg, self.box, &s->kind, arg + 1);
  const lmems_kind *kind = lmems_scalar(lmems_checktype(L, arg));
  return lmems_makearray(L, anchor, 0, self.box, kind, arg + 1);
}

lmems_view *lmems_checkarray(lua_State *L) {
  lmems_view *a = lmems_checkview(L, LMEMS_ARRAY_SEAL);
  lmems_checkalive(L, a);
  return a;
}

char *lmems_holdelements(lua_State *L, const lmems_view *array, size_t start,
                         size_t count) {
  size_t size = array->kind->size;
  if (start + count > array->length)
    luaL_error(L, "the array has shrunk: it has %I elements",
               (lua_Integer)array->length);
  return lmems_holdpart(L, array, array->offset + start * size,
                        count * size);
}

size_t lmems_optrange(lua_State *L, int arg, const lmems_view *array,
                      size_t *start) {
  lua_Integer n = (lua_Integer)array->length, i = 1, j = n;
  if (!lua_isnoneornil(L, arg))
    i = lmems_checkint(L, arg, "index", 1, n + 1);
  if (!lua_isnoneornil(L, arg + 1))
    j = lmems_checkint(L, arg + 1, "index", i - 1, n);
  *start = (size_t)i - 1;
  return (size_t)(j - i + 1);
}

/*
** Elements
*/

/* Is it ipairs that asks for the element behind the last one? */
static int asked_by_ipairs(lua_State *L) {
  lua_Debug caller;
  if (!lua_getstack(L, 1, &caller))
    return 0;
  lua_getinfo(L, "f", &caller);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &IPAIRS);
  int same = !lua_isnil(L, -1) && lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

/* Raises: `key` is no index of the array. */
LMEMS_RAISES static int bad_index(lua_State *L, const lmems_view *a) {
  const char *shown = lmems_pushshown(L, 2);
  if (lua_type(L, 2) == LUA_TNUMBER)
    luaL_error(L, "index %s is out of range: the array has %I elements",
               shown, (lua_Integer)a->length);
  luaL_error(L, "an array has no %s", shown);
  __builtin_unreachable();
}

LMEMS_SLOW static int index_slow(lua_State *L) {
  lmems_view *a = lmems_toview(L, 1, LMEMS_ARRAY_SEAL);
  int ok;
  if (a == NULL)
    return luaL_typeerror(L, 1, "mems.array");
  lua_Integer i = lua_tointegerx(L, 2, &ok);
  if (lua_type(L, 2) != LUA_TNUMBER) {
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL)
      bad_index(L, a);
    return 1;
  }
  lmems_checkalive(L, a);
  if (!ok || (lua_Unsigned)i - 1 >= a->length) {
    if (ok && i == (lua_Integer)a->length + 1 && asked_by_ipairs(L))
      return 0;
    bad_index(L, a);
  }
  lmems_pushelement(L, 1, a->kind,
                    a->offset + ((size_t)i - 1) * a->kind->size);
  if (a->type == LMEMS_STRUCT) {
    lmems_view *element = lua_touserdata(L, -1);
    element->first = a->offset;
    element->length = a->owner ? LMEMS_GROWING : a->length;
  }
  return 1;
}

/* The key at 2 as an index from 0, if it is one of a view that is alive, else
   SIZE_MAX. A string is no index, though Lua would make a number of it. */
static inline size_t plain_index(lua_State *L, const lmems_view *a) {
  if (LMEMS_UNLIKELY(a == NULL || !lua_isinteger(L, 2) || !lmems_alive(a)))
    return SIZE_MAX;
  size_t i = (size_t)lua_tointegerx(L, 2, NULL) - 1;
  return i < a->length ? i : SIZE_MAX;
}

LMEMS_ALIGNED static int array_index(lua_State *L) {
  const lmems_view *a = lmems_toview(L, 1, LMEMS_ARRAY_SEAL);
  size_t i = plain_index(L, a);
  if (LMEMS_UNLIKELY(i == SIZE_MAX || a->type >= LMEMS_NTYPES))
    return index_slow(L);
  const char *p = lmems_held(a->record->data + a->offset);
  if (LMEMS_LIKELY(a->type == LMEMS_F64))
    lmems_get_f64(L, 0, p + i * sizeof(double));
  else
    lmems_get(L, a->type, p + i * a->kind->size);
  lmems_letgo();
  return 1;
}

/* The key at 2 as an index from 0 of a view that is alive; raises. */
static size_t check_index(lua_State *L, const lmems_view *a) {
  size_t i = plain_index(L, a);
  if (LMEMS_LIKELY(i != SIZE_MAX))
    return i;
  lmems_checkalive(L, a);
  i = (size_t)lua_tointegerx(L, 2, NULL) - 1; /* 1.0 is 1 */
  if (lua_type(L, 2) != LUA_TNUMBER || i >= a->length)
    bad_index(L, a);
  return i;
}

LMEMS_SLOW static int newindex_slow(lua_State *L) {
  lmems_view *a = lmems_toview(L, 1, LMEMS_ARRAY_SEAL);
  if (a == NULL)
    return luaL_typeerror(L, 1, "mems.array");
  set_element(L, 1, 3, check_index(L, a));
  return 0;
}

LMEMS_ALIGNED static int array_newindex(lua_State *L) {
  const lmems_view *a = lmems_toview(L, 1, LMEMS_ARRAY_SEAL);
  size_t i = plain_index(L, a);
  if (LMEMS_UNLIKELY(i == SIZE_MAX || a->type >= LMEMS_NTYPES))
    return newindex_slow(L);
  char *p = lmems_held(a->record->data + a->offset);
  int fits;
  if (LMEMS_LIKELY(a->type == LMEMS_F64))
    fits = lmems_put_f64(L, 3, 0, p + i * sizeof(double));
  else
    fits = lmems_put(L, 3, a->type, p + i * a->kind->size);
  lmems_letgo();
  return LMEMS_LIKELY(fits) ? 0 : newindex_slow(L);
}

/* The array of structs at 1, the index at 2, the field's name at 3: which
   field, and where it is. */
static const lmems_field *element_field(lua_State *L, size_t *offset) {
  const lmems_view *a = lmems_checkarray(L);
  if (a->type != LMEMS_STRUCT)
    lmems_argerror(L, 1, "the elements are no structs");
  size_t i = check_index(L, a);
  const lmems_field *field = lmems_checkfield(L, 3, a->kind->layout);
  *offset = a->offset + i * a->kind->size + field->offset;
  return field;
}

/***
Reads a field of an element, `a[i].x`, without an object for the element.
@function array:get
@luals return any
@tparam integer i
@tparam string field
@return its value
*/
LMEMS_ALIGNED static int get(lua_State *L) {
  size_t offset;
  lua_settop(L, 3);
  const lmems_field *field = element_field(L, &offset);
  if (LMEMS_LIKELY(field->kind.type < LMEMS_NTYPES)) {
    const lmems_view *a = lua_touserdata(L, 1);
    lmems_get(L, field->kind.type, lmems_held(a->record->data + offset));
    lmems_letgo();
  } else {
    lmems_pushelement(L, 1, &field->kind, offset);
  }
  return 1;
}

/***
Writes a field of an element, `a[i].x = value`, without an object for the
element.
@function array:set
@luals param value any
@tparam integer i
@tparam string field
@param value
*/
LMEMS_ALIGNED static int set(lua_State *L) {
  size_t offset;
  lua_settop(L, 4);
  const lmems_field *field = element_field(L, &offset);
  lmems_setelement(L, 1, 4, &field->kind, offset, field->name);
  return 0;
}

/*
** Parts and growth
*/

/***
Elements i to j as an array of their own, on the same memory, which they keep
alive. If the array grows or shrinks the slice goes along; while it then lies
outside, its use raises. A slice can't be resized itself.
@function array:slice
@tparam[opt] integer i
@tparam[opt] integer j
@treturn array
*/
static int slice(lua_State *L) {
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 2, a, &start);
  size_t size = a->kind->size;
  lmems_view *part = lmems_part(L, LMEMS_ARRAY_SEAL, 1,
                                a->offset + start * size, count * size);
  lmems_setkind(part, a->kind);
  part->length = count;
  return 1;
}

/* The array at 1, which owns its memory; raises. */
static lmems_view *check_owner(lua_State *L) {
  lmems_view *a = lmems_checkarray(L);
  if (!a->owner)
    lmems_argerror(L, 1, "a part of another object can't be resized");
  return a;
}

/***
Changes the number of elements. Those that fit are kept, new ones are zero.
@function array:resize
@tparam integer n from 0
@treturn[1] boolean true
@treturn[2] nil over the limit, or without memory: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
*/
static int resize(lua_State *L) {
  lmems_view *a = check_owner(L);
  size_t n = lmems_checkcount(L, 2, "n"), size = a->kind->size;
  if (n > (size_t)LUA_MAXINTEGER / size)
    return lmems_fail(L, MEMS_ELIMIT);
  if (n * size > a->record->capacity)
    lmems_tell(L, &a->record->box->state->bytes,
               n * size - a->record->capacity);
  lmems_checkalive(L, a);
  int error = lmems_viewresize(L, a, n * size, n * size);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  a->length = n;
  lmems_setend(a, n * size);
  lua_pushboolean(L, 1);
  return 1;
}

/* How many bytes the array's block has to have for one element more. */
static size_t room_for_more(const lmems_view *a) {
  enum { LEAST = 64 }; /* bytes */
  size_t size = a->kind->size, used = a->length * size;
  size_t bytes = a->record->capacity;
  if (bytes - used >= size)
    return bytes;
  bytes = bytes < LEAST ? LEAST : 2 * bytes;
  return bytes < used + size ? used + size : bytes / size * size;
}

/* Step 2 of append: puts the element at `value` behind the last one. If there
   is no room at first, finalizers may have changed the array by the second
   time. */
static int append_copy(lua_State *L, lmems_view *a, const char *value) {
  size_t size = a->kind->size;
  for (int again = 1;; again--) {
    size_t room = room_for_more(a);
    int error = lmems_blockresize(a->record, room, (a->length + 1) * size);
    if (error == MEMS_OK)
      break;
    if (!again || !lmems_boxretry(L, a->record->box, room))
      return error;
    lmems_checkalive(L, a);
  }
  memcpy(a->record->data + a->length * size, value, size);
  a->length++;
  lmems_setend(a, a->length * size);
  return MEMS_OK;
}

/***
Puts a value behind the last element. The memory doubles when it is full, so
an append costs the same on average however long the array is.
@function array:append
@param value
@treturn[1] integer its index
@treturn[2] nil over the limit, or without memory: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
*/
static int append(lua_State *L) {
  enum { SMALL = 64 };
  lmems_view *a = check_owner(L);
  size_t size = a->kind->size, room = room_for_more(a);
  char small[SMALL], *copy = small;
  lua_settop(L, 2);
  if (room > a->record->capacity)
    lmems_tell(L, &a->record->box->state->bytes, room - a->record->capacity);
  if (size > SMALL)
    copy = lua_newuserdatauv(L, size, 0);
  if (a->type >= LMEMS_NTYPES || !lmems_put(L, 2, a->type, copy)) {
    memset(copy, 0, size);
    const char *what = lua_pushfstring(L, "element %I",
                                       (lua_Integer)a->length + 1);
    lmems_storevalue(L, 2, a->kind, copy, what);
  }
  lmems_checkalive(L, a);
  int error = append_copy(L, a, copy);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lua_pushinteger(L, (lua_Integer)a->length);
  return 1;
}

/*
** Tables and functions
*/

/***
Elements i to j in a table. A `ptr` that is 0 is false, structs are tables.
@function array:totable
@tparam[opt] integer i
@tparam[opt] integer j
@treturn table
*/
static int totable(lua_State *L) {
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 2, a, &start);
  size_t size = a->kind->size;
  const lmems_kind row = {LMEMS_ROW, count * size, count, a->kind, NULL};
  lmems_pushvalue(L, a, &row, a->offset + start * size);
  return 1;
}

/***
Copies elements into an array, over those that are there. Ranges may overlap.
@function array:copy
@tparam array|table src an array of the same type, or a table
@tparam[opt=1] integer at index of the first element to be written
@raise if they don't fit
*/
static int copy(lua_State *L) {
  const lmems_view *a = lmems_checkarray(L);
  const lmems_view *src = lmems_toview(L, 2, LMEMS_ARRAY_SEAL);
  lua_Integer n = (lua_Integer)a->length;
  lua_Integer first = lua_isnoneornil(L, 3)
    ? 1 : lmems_checkint(L, 3, "index", 1, n + 1);
  size_t start = (size_t)first - 1, count;
  if (src != NULL) {
    lmems_checkalive(L, src);
    count = src->length;
    if (!lmems_samekind(a->kind, src->kind))
      return lmems_argerror(L, 2, "an array of %s expected, got one of %s",
                            lmems_pushkind(L, a->kind),
                            lmems_pushkind(L, src->kind));
  } else if (lua_istable(L, 2)) {
    count = (size_t)lua_rawlen(L, 2);
  } else {
    return lmems_argerror(L, 2, "an array or a table expected, got %s",
                          lmems_pushshown(L, 2));
  }
  if (count > a->length - start)
    return lmems_argerror(L, 2, "%I elements don't fit from %I on into an "
                          "array of %I", (lua_Integer)count, first, n);
  if (src == NULL) {
    set_elements(L, 1, 2, count, start);
    return 0;
  }
  char *to = lmems_holdelements(L, a, start, count);
  memmove(to, src->record->data + src->offset, count * a->kind->size);
  lmems_letgo();
  return 0;
}

/* Goes on with `map` from element `i`, from 0; the function has been called
   for it already if there was a yield. */
static int map_from(lua_State *L, int status, lua_KContext i) {
  const lmems_view *a = lmems_checkarray(L);
  for (int called = status == LUA_YIELD; (size_t)i < a->length || called;
       i++, called = 0) {
    if (!called) {
      lua_settop(L, 2);
      lua_pushvalue(L, 2);
      lmems_pushelement(L, 1, a->kind, a->offset + (size_t)i * a->kind->size);
      lua_pushinteger(L, (lua_Integer)i + 1);
      lua_callk(L, 2, 1, i, map_from);
    }
    set_element(L, 1, -1, (size_t)i);
  }
  lua_settop(L, 1);
  return 1;
}

/***
Puts `f(a[i], i)` in the place of each element, from the first one on. If `f`
raises, those before are changed and the others are not. `f` may yield.
@function array:map
@luals param f fun(value: T, i: integer): T
@tparam function f
@treturn array the same
*/
static int map(lua_State *L) {
  lmems_checkarray(L);
  if (lua_type(L, 2) != LUA_TFUNCTION)
    lmems_argerror(L, 2, "a function expected, got %s",
                   lmems_pushshown(L, 2));
  return map_from(L, LUA_OK, 0);
}

static int array_len(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)lmems_checkarray(L)->length);
  return 1;
}

static int array_tostring(lua_State *L) {
  lmems_view *a = lmems_checkview(L, LMEMS_ARRAY_SEAL);
  if (!lmems_alive(a)) {
    lua_pushfstring(L, "mems.array (%s)", lmems_fate(a));
    return 1;
  }
  lua_Integer addr = (lua_Integer)lmems_viewaddr(a);
  lua_Integer length = (lua_Integer)a->length;
  lua_pushfstring(L, "mems.array (%I, %I of %s)", addr, length,
                  lmems_pushkind(L, a->kind));
  return 1;
}

void lmems_keepipairs(lua_State *L) {
  int top = lua_gettop(L);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, LUA_GNAME) == LUA_TTABLE &&
      lua_getfield(L, -1, "ipairs") == LUA_TFUNCTION) {
    lua_newtable(L);
    lua_call(L, 1, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &IPAIRS);
  }
  lua_settop(L, top);
}

const luaL_Reg lmems_array[] = {{"array", array}, {NULL, NULL}};

const luaL_Reg lmems_arraymethods[] = {
  {"get", get}, {"set", set}, {"slice", slice}, {"resize", resize},
  {"append", append}, {"totable", totable}, {"copy", copy}, {"map", map},
  {NULL, NULL}
};

static const luaL_Reg events[] = {
  {"__newindex", array_newindex}, {"__len", array_len},
  {"__tostring", array_tostring}, {NULL, NULL}
};

const lmems_class lmems_arrayclass = {
  LMEMS_ARRAY_SEAL, "mems.array", events, array_index
};
