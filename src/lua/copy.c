/*
** copy.c - making arrays, and copying into them.
**
** All elements are put together before the first one is written, in a copy
** unless the array is new, so that a call that raises has changed nothing and
** both sides may be the same memory.
*/

#include "copy.h"

#include "argument.h"
#include "element.h"
#include "fail.h"
#include "kernel.h"
#include "layout.h"
#include "self.h"
#include "value.h"

/***
@module mems
*/

/*
** From other arrays
*/

/* Raises if elements of the array that is argument `arg` never are ones of
   the kind. */
static void check_convertible(lua_State *L, int arg, const lmems_kind *kind,
                              const lmems_view *src) {
  int both = kind->type < LMEMS_NTYPES && src->type < LMEMS_NTYPES;
  if (!lmems_samekind(kind, src->kind) &&
      !(both && lmems_isnumber(kind->type) && lmems_isnumber(src->type)) &&
      !(both && kind->type % LMEMS_SWAPPED == src->type % LMEMS_SWAPPED))
    lmems_argerror(L, arg, "an array of %s expected, got one of %s",
                   lmems_pushkind(L, kind), lmems_pushkind(L, src->kind));
}

/* Converts the elements of a series to those of another one, of other types.
   How many: all, or those in front of the first that does not fit. */
static size_t convert(lmems_series to, int type, lmems_series from,
                      int from_type) {
  lmems_chunk x, y;
  size_t done = 0;
  int same = type % LMEMS_SWAPPED == from_type % LMEMS_SWAPPED;
  x.count = y.count = 0; /* what was loaded, and what of it fits */
  for (; from.count > 0 && y.count == x.count; done += y.count) {
    lmems_load(&x, &from);
    lmems_place(&y, &to);
    if (same)
      memcpy(y.bytes, x.bytes,
             x.count * lmems_typesize(lmems_widetype(type)));
    else
      y.count = lmems_convert(from_type, x.bytes, type, y.bytes, x.count);
    lmems_store(&y, &to);
    lmems_skip(&from, y.count);
    lmems_skip(&to, y.count);
  }
  return done;
}

/* Copies one series to the other, which is packed, of kinds that are
   convertible. How many, as convert. */
static size_t copy_series(lmems_series to, const lmems_kind *kind,
                          lmems_series from, const lmems_kind *from_kind) {
  if (!lmems_samekind(kind, from_kind))
    return convert(to, kind->type, from, from_kind->type);
  lmems_pack(to.p, &from);
  return to.count;
}

/* Raises: element `i`, from 0, of the array that is argument `arg` does not
   fit. */
LMEMS_RAISES static void misfit(lua_State *L, int arg, const lmems_kind *kind,
                                size_t i) {
  const lmems_view *src = lua_touserdata(L, arg);
  lmems_pushitem(L, arg, src, i);
  lmems_misfit(L, arg, -1, kind->type, (lua_Integer)i + 1);
}

/* Pushes a copy of the first `count` elements of the array that is argument
   `arg`, as packed ones of the kind. */
static char *push_converted(lua_State *L, int arg, const lmems_kind *kind,
                            size_t count) {
  const lmems_view *src = lua_touserdata(L, arg);
  lmems_series to = {NULL, count, kind->size, kind->size,
                     lmems_foreign(kind->type)};
  to.p = lua_newuserdatauv(L, count * kind->size, 0);
  lmems_series from = lmems_holdseries(L, src, 0, count);
  size_t done = copy_series(to, kind, from, src->kind);
  lmems_letgo();
  if (done < count)
    misfit(L, arg, kind, done);
  return to.p;
}

/*
** Making arrays
*/

/* What the argument is that a new array is made from: its count of
   elements. */
static size_t check_source(lua_State *L, int arg, const lmems_kind *kind) {
  const lmems_view *src = lmems_toview(L, arg, LMEMS_ARRAY_SEAL);
  if (src == NULL && !lua_istable(L, arg))
    return lmems_checkcount(L, arg, "count");
  if (!lua_isnoneornil(L, arg + 1))
    lmems_argerror(L, arg + 1, "a value goes with a count only, got %s",
                   lmems_pushshown(L, arg + 1));
  if (src == NULL)
    return (size_t)lua_rawlen(L, arg);
  lmems_checkalive(L, src);
  check_convertible(L, arg, kind, src);
  return src->length;
}

/* Fills the new array on top with the value at `value`. */
static void fill_value(lua_State *L, const lmems_view *view, int value) {
  lmems_setindex(L, -1, value, 0);
  lmems_series s = lmems_writeseries(L, view, 0, view->length);
  lmems_repeat(&s);
  lmems_letgo();
}

/* Fills the new array on top with what is at `arg`. */
static void fill_new(lua_State *L, lmems_view *view, int arg) {
  const lmems_view *src = lmems_toview(L, arg, LMEMS_ARRAY_SEAL);
  size_t count = view->length, done;
  int array = lua_gettop(L);
  if (src != NULL) {
    lmems_checklength(L, src, count);
    lmems_series to = lmems_writeseries(L, view, 0, count);
    done = copy_series(to, view->kind, lmems_seriesof(src, 0, count),
                       src->kind);
    lmems_letgo();
    if (done < count)
      misfit(L, arg, view->kind, done);
    return;
  }
  if (!lua_istable(L, arg)) {
    if (count > 0 && !lua_isnoneornil(L, arg + 1))
      fill_value(L, view, arg + 1);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    if (lua_rawgeti(L, arg, (lua_Integer)i + 1) == LUA_TNIL)
      luaL_error(L, "the table has no element %I", (lua_Integer)i + 1);
    lmems_setindex(L, array, -1, i);
    lua_settop(L, array);
  }
}

int lmems_makearray(lua_State *L, int anchor, int keep, lmems_box *box,
                    const lmems_kind *kind, int arg) {
  lmems_view *view;
  size_t count = check_source(L, arg, kind);
  if (count > (size_t)LUA_MAXINTEGER / kind->size)
    return lmems_fail(L, MEMS_ELIMIT);
  int error = lmems_newowner(L, anchor, keep, box, LMEMS_ARRAY_SEAL,
                             count * kind->size, lmems_wantsalign(kind),
                             &view);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lmems_setkind(view, kind);
  view->length = count;
  fill_new(L, view, arg);
  return 1;
}

/***
Makes an array. It has `a[i]` and `a[i] = v` for i from 1 to `#a` (any other
index raises), `pairs(a)`, `ipairs(a)`, `a == b` (the same memory), `<close>`,
the methods of all objects and those below. `tostring(a)` shows its length and
first values.

Made from another array, of any heap, its values are converted: each has to
fit.

Where a range of elements `i, j` is optional it is all of them. An element
that is a struct is read as a view of it, a new object each time: to go over
many, @{struct:move} one view, or use @{array:get} and @{array:set}. It is
assigned from a table or a struct.
@function array
@luals generic T
@luals param type mems.structtype<T>
@luals param value any
@luals return mems.array<T>
@luals overload fun(type: mems.itype, what: any, v?: any): mems.array<integer>
@luals overload fun(type: mems.ftype, what: any, v?: any): mems.array<number>
@luals overload fun(type: mems.btype, what: any, v?: any): mems.array<boolean>
@luals overload fun(type: mems.ptype, what: any, v?: any): mems.array<any>
@tparam type|struct type of @{peek}, or a struct
@tparam integer|table|array what how many elements, all zero; or their values
@param[opt] value that each of so many has instead of zero
@treturn[1] array
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
@raise if a value does not fit
*/
static int array(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int arg = self.arg, anchor = lmems_anchorindex(self);
  lmems_checklast(L, arg + 2);
  lua_settop(L, arg + 2);
  const lmems_layout *s = lmems_tolayout(L, arg);
  if (s != NULL)
    return lmems_makearray(L, anchor, arg, self.box, &s->kind, arg + 1);
  const lmems_kind *kind = lmems_scalar(lmems_checktype(L, arg));
  return lmems_makearray(L, anchor, 0, self.box, kind, arg + 1);
}

/* Pushes what keeps the kind of the array at `index` alive: the type of
   struct, if that is at hand, or else the owner of the elements. */
static void push_keeper(lua_State *L, int index) {
  const lmems_view *like = lua_touserdata(L, index);
  lua_pushvalue(L, index);
  if (!like->owner) {
    lua_getiuservalue(L, index, 1);
    lua_replace(L, -2);
  }
  for (int value = 1; value <= 2; value++) {
    lua_getiuservalue(L, -1, value);
    const lmems_layout *s = lmems_tolayout(L, -1);
    if (s != NULL && s == like->kind->layout) {
      lua_replace(L, -2);
      return;
    }
    lua_pop(L, 1);
  }
}

int lmems_newlike(lua_State *L, int index, const lmems_kind *kind,
                  size_t count, lmems_view **view) {
  const lmems_view *like = lua_touserdata(L, index);
  int keep = 0, anchor;
  lmems_checkalive(L, like);
  lmems_box *box = like->record->box;
  lmems_pushhandle(L, index);
  anchor = lua_gettop(L);
  if (kind == NULL && like->type < LMEMS_NTYPES)
    kind = lmems_scalar(like->type);
  if (kind == NULL) {
    kind = like->kind;
    push_keeper(L, index);
    keep = anchor + 1;
  }
  if (count > (size_t)LUA_MAXINTEGER / kind->size)
    return MEMS_ELIMIT;
  int error = lmems_newowner(L, anchor, keep, box, LMEMS_ARRAY_SEAL,
                             count * kind->size, 0, view);
  if (error != MEMS_OK)
    return error;
  lmems_setkind(*view, kind);
  (*view)->length = count;
  return MEMS_OK;
}

/***
A new array with the same elements, on the same heap. That of a slice has the
slice's only.
@function array:clone
@treturn[1] array
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
*/
static int clone(lua_State *L) {
  const lmems_view *a = lmems_checkarray(L);
  size_t count = a->length;
  lmems_view *made;
  lmems_checklast(L, 1);
  int error = lmems_newlike(L, 1, NULL, count, &made);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lmems_checklength(L, a, count);
  lmems_series to = lmems_writeseries(L, made, 0, count);
  lmems_series from = lmems_seriesof(a, 0, count);
  lmems_pack(to.p, &from);
  lmems_letgo();
  return 1;
}

/*
** Copying into arrays
*/

/* Pushes a copy of the `count` elements of the array at 1 from `start` on,
   with the values of the table at 2 stored over them. */
static char *push_stored(lua_State *L, size_t start, size_t count) {
  const lmems_view *a = lua_touserdata(L, 1);
  size_t size = a->kind->size;
  char *copy = lua_newuserdatauv(L, count * size, 0);
  lmems_series s = lmems_holdseries(L, a, start, count);
  lmems_pack(copy, &s);
  lmems_letgo();
  for (size_t i = 0; i < count; i++) {
    char *p = copy + i * size;
    if (lua_rawgeti(L, 2, (lua_Integer)i + 1) == LUA_TNIL)
      luaL_error(L, "the table has no element %I", (lua_Integer)i + 1);
    if (a->type >= LMEMS_NTYPES || !lmems_put(L, -1, a->type, p)) {
      const char *what = lua_pushfstring(L, "element %I",
                                         (lua_Integer)(start + i) + 1);
      lmems_storevalue(L, -2, a->kind, p, what);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  return copy;
}

/* Copies the packed elements of the array at 2 to those of the one at 1, as
   bytes, if that is all there is to do. */
static int copy_bytes(lua_State *L, size_t start, size_t count) {
  const lmems_view *a = lua_touserdata(L, 1), *src = lua_touserdata(L, 2);
  if (!lmems_samekind(a->kind, src->kind) || lmems_stepped(a) ||
      lmems_stepped(src))
    return 0;
  lmems_series s = lmems_writeseries(L, a, start, count);
  memmove(s.p, src->record->data + src->offset, count * s.size);
  lmems_letgo();
  return 1;
}

/***
Copies elements into an array, over those that are there. Ranges may overlap.
Numbers of another type are converted.
@function array:copy
@tparam array|table src an array, of any heap, or a table
@tparam[opt=1] integer at index of the first element to be written
@raise if they don't fit; then nothing has changed
*/
static int copy(lua_State *L) {
  const lmems_view *a = lmems_checkarray(L);
  const lmems_view *src = lmems_toview(L, 2, LMEMS_ARRAY_SEAL);
  lua_Integer n = (lua_Integer)a->length;
  lua_Integer first = lua_isnoneornil(L, 3)
    ? 1 : lmems_checkint(L, 3, "index", 1, n + 1);
  size_t start = (size_t)first - 1, count;
  lmems_checklast(L, 3);
  lmems_checkwritable(L, 1, a);
  if (src != NULL) {
    lmems_checkalive(L, src);
    check_convertible(L, 2, a->kind, src);
    count = src->length;
  } else if (lua_istable(L, 2)) {
    count = (size_t)lua_rawlen(L, 2);
  } else {
    return lmems_argerror(L, 2, "an array or a table expected, got %s",
                          lmems_pushshown(L, 2));
  }
  if (count > a->length - start)
    return lmems_argerror(L, 2, "%I elements don't fit from %I on into an "
                          "array of %I", (lua_Integer)count, first, n);
  if (src != NULL && copy_bytes(L, start, count))
    return 0;
  const char *elements = src != NULL ? push_converted(L, 2, a->kind, count)
                                     : push_stored(L, start, count);
  lmems_series s = lmems_writeseries(L, a, start, count);
  lmems_unpack(&s, elements);
  lmems_letgo();
  return 0;
}

const luaL_Reg lmems_array[] = {{"array", array}, {NULL, NULL}};

const luaL_Reg lmems_copy[] = {
  {"copy", copy}, {"clone", clone}, {NULL, NULL}
};
