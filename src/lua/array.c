/*
** array.c - typed arrays: elements, slices, growth.
**
** Reading a[i] is: is i no name of a method, is it one of ours, is i in range,
** is the view alive, what type.
*/

#include "array.h"

#include "argument.h"
#include "each.h"
#include "element.h"
#include "fail.h"
#include "layout.h"
#include "near.h"
#include "value.h"

/***
@module mems
*/

/*
** Parts of arrays
*/

void lmems_setindex(lua_State *L, int array, int value, size_t i) {
  const lmems_view *a = lua_touserdata(L, array);
  if (i >= a->length || !lmems_alive(a))
    lmems_dead(L, a);
  size_t offset = a->offset + i * a->stride;
  lmems_checkwritable(L, 0, a);
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

lmems_view *lmems_checkarray(lua_State *L) {
  lmems_view *a = lmems_checkview(L, LMEMS_ARRAY_SEAL);
  lmems_checkalive(L, a);
  return a;
}

void lmems_checklength(lua_State *L, const lmems_view *array,
                       size_t count) {
  lmems_checkalive(L, array);
  if (count > array->length)
    luaL_error(L, "the array has shrunk: it has %I elements",
               (lua_Integer)array->length);
}

lmems_series lmems_seriesof(const lmems_view *array, size_t start,
                            size_t count) {
  size_t offset = array->offset + start * array->stride;
  lmems_series s = {array->record->data + offset, count, array->stride,
                    array->kind->size, lmems_foreign(array->type)};
  return s;
}

lmems_series lmems_holdseries(lua_State *L, const lmems_view *array,
                              size_t start, size_t count) {
  lmems_checklength(L, array, start + count);
  lmems_series s = lmems_seriesof(array, start, count);
  lmems_held(s.p);
  return s;
}

lmems_series lmems_writeseries(lua_State *L, const lmems_view *array,
                               size_t start, size_t count) {
  lmems_checkwritable(L, 0, array);
  return lmems_holdseries(L, array, start, count);
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

/* Raises: the key at 2 is no index of the array. */
LMEMS_RAISES static int bad_index(lua_State *L, const lmems_view *a) {
  const char *shown = lmems_pushshown(L, 2);
  if (lua_type(L, 2) == LUA_TNUMBER)
    luaL_error(L, "index %s is out of range: the array has %I elements",
               shown, (lua_Integer)a->length);
  luaL_error(L, "an array has no %s", shown);
  __builtin_unreachable();
}

/* A mistake of who called array_index, which looked the name up. */
static int no_method(lua_State *L) {
  return lmems_nomethod(L, "an array", 2);
}

/* The key at 2 as an index from 0: 1.0 is 1; SIZE_MAX if it is none. A string
   is no index, though Lua would make a number of it. */
static size_t any_index(lua_State *L) {
  return lua_type(L, 2) == LUA_TNUMBER
    ? (size_t)lua_tointegerx(L, 2, NULL) - 1 : SIZE_MAX;
}

LMEMS_SLOW static int index_slow(lua_State *L) {
  const lmems_view *a = lmems_toview(L, 1, LMEMS_ARRAY_SEAL);
  size_t i = any_index(L);
  if (a == NULL)
    return luaL_typeerror(L, 1, "mems.array");
  if (lua_type(L, 2) == LUA_TNUMBER)
    lmems_checkalive(L, a);
  if (i == a->length && lmems_askedbyipairs(L))
    return 0;
  if (i >= a->length)
    bad_index(L, a);
  lmems_pushitem(L, 1, a, i);
  return 1;
}

/* The element `i`, from 0, if there is one, of any array. */
LMEMS_SLOW static int index_any(lua_State *L, const lmems_view *a, size_t i) {
  if (a == NULL || !lmems_alive(a) || i >= a->length)
    return index_slow(L);
  const char *p = lmems_held(a->record->data + a->offset);
  int got = lmems_getat(L, a->plain, p, i);
  lmems_letgo();
  if (!got) /* with parts, or apart */
    lmems_pushitem(L, 1, a, i);
  return 1;
}

LMEMS_ALIGNED static int array_index(lua_State *L) {
  if (lua_type(L, 2) == LUA_TSTRING) { /* "1" as well */
    lua_gettable(L, lua_upvalueindex(1));
    return 1;
  }
  const lmems_view *a = lmems_toview(L, 1, LMEMS_ARRAY_SEAL);
  size_t i = (size_t)lua_tointegerx(L, 2, NULL) - 1;
  if (LMEMS_UNLIKELY(a == NULL || !lmems_alive_near(a) || i >= a->length))
    return index_any(L, a, i);
  const char *p = lmems_held(a->record->data + a->offset);
  int got = 1;
  if (LMEMS_LIKELY(a->plain == LMEMS_F64))
    lmems_get_f64(L, 0, p + i * sizeof(double));
  else
    got = lmems_getat(L, a->plain, p, i);
  lmems_letgo();
  return LMEMS_LIKELY(got) ? 1 : index_any(L, a, i);
}

/* The same of a key that is an integer, and one of a view that is alive:
   fast. */
static inline size_t plain_index(lua_State *L, const lmems_view *a) {
  if (LMEMS_UNLIKELY(a == NULL || !lua_isinteger(L, 2) || !lmems_alive(a)))
    return SIZE_MAX;
  size_t i = (size_t)lua_tointegerx(L, 2, NULL) - 1;
  return i < a->length ? i : SIZE_MAX;
}

/* The key at 2 as an index from 0 of a view that is alive; raises. */
static size_t check_index(lua_State *L, const lmems_view *a) {
  size_t i = plain_index(L, a);
  if (LMEMS_LIKELY(i != SIZE_MAX))
    return i;
  lmems_checkalive(L, a);
  i = any_index(L);
  if (i >= a->length)
    bad_index(L, a);
  return i;
}

LMEMS_SLOW static int newindex_slow(lua_State *L) {
  lmems_view *a = lmems_toview(L, 1, LMEMS_ARRAY_SEAL);
  if (a == NULL)
    return luaL_typeerror(L, 1, "mems.array");
  lmems_setindex(L, 1, 3, check_index(L, a));
  return 0;
}

LMEMS_ALIGNED static int array_newindex(lua_State *L) {
  const lmems_view *a = lmems_toview(L, 1, LMEMS_ARRAY_SEAL);
  size_t i = plain_index(L, a);
  if (LMEMS_UNLIKELY(i == SIZE_MAX || a->readonly))
    return newindex_slow(L);
  char *p = lmems_held(a->record->data + a->offset);
  int fits;
  if (LMEMS_LIKELY(a->plain == LMEMS_F64))
    fits = lmems_put_f64(L, 3, 0, p + i * sizeof(double));
  else
    fits = lmems_putat(L, 3, a->plain, p, i);
  lmems_letgo();
  return LMEMS_LIKELY(fits) ? 0 : newindex_slow(L);
}

/* The array of structs at 1, the index at 2, the field's name at 3: which
   field, and where it is. */
static const lmems_field *element_field(lua_State *L, const lmems_view *a,
                                        size_t *offset) {
  if (a->type != LMEMS_STRUCT)
    lmems_argerror(L, 1, "the elements are no structs");
  size_t i = check_index(L, a);
  const lmems_field *field = lmems_checkfield(L, 3, a->kind->layout);
  *offset = a->offset + i * a->stride + field->offset;
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
  const lmems_view *a = lmems_checkarray(L);
  const lmems_field *field = element_field(L, a, &offset);
  if (LMEMS_LIKELY(field->kind.type < LMEMS_NTYPES)) {
    lmems_get(L, field->kind.type, lmems_held(a->record->data + offset));
    lmems_letgo();
  } else {
    lmems_pushelement(L, 1, a, &field->kind, offset);
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
  const lmems_view *a = lmems_checkarray(L);
  const lmems_field *field = element_field(L, a, &offset);
  lmems_setelement(L, 1, 4, &field->kind, offset, field->name);
  return 0;
}

/*
** Parts and growth
*/

/***
Elements i to j, or each `step`th of them, as an array of their own, on the
same memory, which they keep alive. If the array grows or shrinks the slice
goes along; while it then lies outside, its use raises. A slice can't be
resized itself. One with a step has all methods of arrays, but as its elements
lie apart it is no memory for verbs that take bytes: @{array:clone} makes one.
@function array:slice
@tparam[opt] integer i
@tparam[opt] integer j
@tparam[opt=1] integer step from 1
@treturn array
*/
static int slice(lua_State *L) {
  lmems_checklast(L, 4);
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 2, a, &start), step = 1;
  size_t size = a->kind->size, stride = a->stride, bytes = 0;
  if (!lua_isnoneornil(L, 4))
    step = lmems_checksize(L, 4, "step");
  if (count > 0) {
    count = (count - 1) / step + 1;
    bytes = (count - 1) * step * stride + size;
  }
  size_t offset = a->offset + (count > 0 ? start * stride : 0);
  lmems_view *part = lmems_part(L, LMEMS_ARRAY_SEAL, 1, a, offset, bytes);
  lmems_setstride(part, a->kind, count > 1 ? step * stride : size);
  part->length = count;
  return 1;
}

/* The array at 1, which owns its memory; raises. */
static lmems_view *check_owner(lua_State *L) {
  lmems_view *a = lmems_checkarray(L);
  if (!lmems_owns(a))
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
  lmems_checklast(L, 2);
  lmems_view *a = check_owner(L);
  size_t n = lmems_checkcount(L, 2, "n"), size = a->kind->size;
  if (n > (size_t)LUA_MAXINTEGER / size)
    return lmems_fail(L, MEMS_ELIMIT);
  if (n * size > a->record->capacity)
    lmems_tell(L, &a->record->box->state->bytes,
               n * size - a->record->capacity);
  lmems_checkowner(L, a);
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
    lmems_checkowner(L, a);
  }
  memcpy(a->record->data + a->length * size, value, size);
  a->length++;
  lmems_setend(a, a->length * size);
  return MEMS_OK;
}

/* Appends the value at 2, a plain one, to an array that is alive, if it owns a
   block that has room for it; then its index is pushed. */
static inline int append_here(lua_State *L, lmems_view *a) {
  size_t used = (size_t)(a->end - a->record->floor), size = a->kind->size;
  if (!a->owner || used + size > a->record->capacity)
    return 0;
  char *p = lmems_held(a->record->data + used);
  int fits = a->plain == LMEMS_I64   ? lmems_put_i64(L, 2, 0, p)
             : a->plain == LMEMS_F64 ? lmems_put_f64(L, 2, 0, p)
                                     : lmems_put(L, 2, a->plain, p);
  lmems_letgo();
  if (!fits)
    return 0;
  a->end += size;
  a->record->limit += size; /* it was where the array ends */
  lua_pushinteger(L, (lua_Integer)++a->length);
  return 1;
}

LMEMS_SLOW static int append_slow(lua_State *L) {
  enum { SMALL = 64 };
  lmems_view *a = check_owner(L);
  size_t size = a->kind->size, room = room_for_more(a);
  char small[SMALL], *copy = small;
  lua_settop(L, 2);
  if (append_here(L, a)) /* in a heap that processes share */
    return 1;
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
  lmems_checkowner(L, a);
  int error = append_copy(L, a, copy);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lua_pushinteger(L, (lua_Integer)a->length);
  return 1;
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
LMEMS_ALIGNED static int append(lua_State *L) {
  lmems_view *a = lmems_toview(L, 1, LMEMS_ARRAY_SEAL);
  if (LMEMS_LIKELY(a != NULL && lmems_alive_near(a) && append_here(L, a)))
    return 1;
  return append_slow(L);
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
  lmems_checklast(L, 3);
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 2, a, &start);
  lmems_pushvalues(L, a, a->kind, a->offset + start * a->stride, count,
                   a->stride);
  return 1;
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
      lmems_pushitem(L, 1, a, (size_t)i);
      lua_pushinteger(L, (lua_Integer)i + 1);
      lua_callk(L, 2, 1, i, map_from);
    }
    lmems_setindex(L, 1, -1, (size_t)i);
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
  lmems_checklast(L, 2);
  lmems_checkwritable(L, 1, lmems_checkarray(L));
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
  luaL_Buffer B;
  lua_Integer addr = (lua_Integer)lmems_viewaddr(a);
  size_t n = a->length;
  luaL_buffinit(L, &B);
  lua_pushfstring(L, "mems.array (%I, %I of %s) ", addr, (lua_Integer)n,
                  lmems_pushkind(L, a->kind));
  lua_remove(L, -2);
  luaL_addvalue(&B);
  lmems_showelements(&B, a);
  luaL_pushresult(&B);
  return 1;
}

const luaL_Reg lmems_arraymethods[] = {
  {"get", get}, {"set", set}, {"slice", slice}, {"resize", resize},
  {"append", append}, {"totable", totable}, {"map", map}, {NULL, NULL}
};

static const luaL_Reg events[] = {
  {"__newindex", array_newindex}, {"__len", array_len},
  {"__tostring", array_tostring}, {"__pairs", lmems_arraypairs},
  {NULL, NULL}
};

const lmems_class lmems_arrayclass = {
  LMEMS_ARRAY_SEAL, "mems.array", events, array_index, no_method
};
