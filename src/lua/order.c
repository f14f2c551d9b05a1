/*
** order.c - verbs that put elements elsewhere, or find where one belongs.
**
** Indices count from 1 for Lua. They are read and checked before, into a list
** that counts from 0, so what they come from may be the array itself.
*/

#include "order.h"

#include "argument.h"
#include "copy.h"
#include "element.h"
#include "fail.h"
#include "kernel.h"
#include "radix.h"

/***
@module mems
*/

/*
** Indices
*/

/* Raises: element `i`, from 0, of the list that is argument 2 is no index of
   `n` elements; its value is on top. */
LMEMS_RAISES static void bad_index(lua_State *L, size_t i, size_t n) {
  lmems_argerror(L, 2, "element %I: index %s is out of range: the array has "
                 "%I elements", (lua_Integer)i + 1, lmems_pushshown(L, -1),
                 (lua_Integer)n);
}

/* Pushes the integers of the array at 2, as far as they are integers; their
   count. */
static uint64_t *push_integers(lua_State *L, const lmems_view *list,
                               size_t *count) {
  size_t n = list->length;
  uint64_t *index = lua_newuserdatauv(L, n * sizeof *index, 0);
  lmems_series s = lmems_holdseries(L, list, 0, n);
  *count = 0;
  for (lmems_chunk c; s.count > 0; lmems_skip(&s, c.count)) {
    lmems_load(&c, &s);
    size_t fit = lmems_convert(list->type, c.bytes, LMEMS_I64,
                               (char *)(index + *count), c.count);
    *count += fit;
    if (fit < c.count)
      break;
  }
  lmems_letgo();
  return index;
}

/* The indices of the array at 2. */
static uint64_t *check_array(lua_State *L, const lmems_view *list,
                             size_t limit, size_t *count) {
  lmems_checkalive(L, list);
  if (!lmems_isnumber(list->type))
    lmems_argerror(L, 2, "an array of integers expected, got one of %s",
                   lmems_pushkind(L, list->kind));
  size_t fit, n = list->length;
  uint64_t *index = push_integers(L, list, &fit);
  for (size_t i = 0; i < fit; i++)
    if (--index[i] >= limit) {
      index[i]++;
      lua_pushinteger(L, (lua_Integer)index[i]);
      bad_index(L, i, limit);
    }
  if (fit < n) {
    lmems_pushitem(L, 2, list, fit);
    bad_index(L, fit, limit);
  }
  *count = n;
  return index;
}

/* Pushes the indices, from 0 to `limit`, that the array or table at 2 has. */
static uint64_t *check_indices(lua_State *L, size_t limit, size_t *count) {
  const lmems_view *list = lmems_toview(L, 2, LMEMS_ARRAY_SEAL);
  if (list != NULL)
    return check_array(L, list, limit, count);
  if (!lua_istable(L, 2))
    lmems_argerror(L, 2, "an array or a table of indices expected, got %s",
                   lmems_pushshown(L, 2));
  size_t n = *count = (size_t)lua_rawlen(L, 2);
  uint64_t *index = lua_newuserdatauv(L, n * sizeof *index, 0);
  for (size_t i = 0; i < n; i++) {
    int ok;
    lua_rawgeti(L, 2, (lua_Integer)i + 1);
    index[i] = (uint64_t)lua_tointegerx(L, -1, &ok) - 1;
    if (!ok || index[i] >= limit)
      bad_index(L, i, limit);
    lua_pop(L, 1);
  }
  return index;
}

/***
A new array, on the same heap, of the elements that have the indices; one may
be there several times or never.
@function array:gather
@tparam array|table indices
@treturn[1] array
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
@raise if there is an index that the array has not
*/
static int gather(lua_State *L) {
  lmems_checklast(L, 2);
  const lmems_view *a = lmems_checkarray(L);
  size_t count, length = a->length;
  lmems_view *made;
  const uint64_t *index = check_indices(L, length, &count);
  int error = lmems_newlike(L, 1, NULL, count, &made);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lmems_checkalive(L, made);
  lmems_series s = lmems_holdseries(L, a, 0, length);
  lmems_gather(made->record->data, &s, index, count);
  lmems_letgo();
  return 1;
}

/* Raises if an index comes twice in the list that is argument 2. */
static void check_once(lua_State *L, const uint64_t *index, size_t n) {
  char *seen = lua_newuserdatauv(L, n, 0);
  memset(seen, 0, n);
  for (size_t i = 0; i < n; i++)
    if (seen[index[i]]++)
      lmems_argerror(L, 2, "element %I: index %I comes twice",
                     (lua_Integer)i + 1, (lua_Integer)index[i] + 1);
}

/***
Puts the element that has the first index in the first place, and so on. Each
index is there once.
@function array:permute
@tparam array|table indices as many as the array has elements
@treturn array the same
@raise if they are not; then nothing has changed
*/
static int permute(lua_State *L) {
  lmems_checklast(L, 2);
  const lmems_view *a = lmems_checkarray(L);
  size_t count, length = a->length;
  lmems_checkwritable(L, 1, a);
  uint64_t *index = check_indices(L, length, &count);
  if (count != length)
    lmems_argerror(L, 2, "%I indices expected, got %I", (lua_Integer)length,
                   (lua_Integer)count);
  check_once(L, index, count);
  char *one = lua_newuserdatauv(L, a->kind->size, 0);
  lmems_series s = lmems_writeseries(L, a, 0, length);
  lmems_permute(&s, index, one);
  lmems_letgo();
  lua_settop(L, 1);
  return 1;
}

/***
Puts the last element first, and so on.
@function array:reverse
@treturn array the same
*/
static int reverse(lua_State *L) {
  lmems_checklast(L, 1);
  const lmems_view *a = lmems_checkarray(L);
  lmems_checkwritable(L, 1, a);
  lmems_series s = lmems_writeseries(L, a, 0, a->length);
  lmems_reverse(&s);
  lmems_letgo();
  return 1;
}

/***
Where a value is in an array that is sorted, the least first: see
@{array:sort}; -0.0 is 0.0. Time grows with the logarithm of its length.
@function array:search
@tparam number v has to fit the type
@treturn integer the index of the first element that is not less; the length
 and 1 if all are
@treturn boolean whether that is equal to the value
*/
static int search(lua_State *L) {
  lmems_checklast(L, 2);
  const lmems_view *a = lmems_checkarray(L);
  char value[sizeof(uint64_t)];
  if (a->type >= LMEMS_NTYPES)
    lmems_argerror(L, 1, "not for elements of %s",
                   lmems_pushkind(L, a->kind));
  if (!lmems_put(L, 2, a->type, value))
    lmems_misfit(L, 2, 2, a->type, 0);
  uint64_t key = lmems_sortkey(a->type, value);
  lmems_series s = lmems_holdseries(L, a, 0, a->length);
  size_t low = 0, high = s.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (lmems_sortkey(a->type, s.p + middle * s.stride) < key)
      low = middle + 1;
    else
      high = middle;
  }
  int there = low < s.count &&
              lmems_sortkey(a->type, s.p + low * s.stride) == key;
  lmems_letgo();
  lua_pushinteger(L, (lua_Integer)low + 1);
  lua_pushboolean(L, there);
  return 2;
}

const luaL_Reg lmems_order[] = {
  {"gather", gather}, {"permute", permute}, {"reverse", reverse},
  {"search", search}, {NULL, NULL}
};
