/*
** sort.c - sorting the elements of an array, or their indices.
**
** Numbers are sorted where they lie. Where a field or a function decides,
** indices are sorted: by keys that are read before, or by asking the
** function, which may do anything with the array meanwhile. Only then the
** elements are moved, if there are still as many.
*/

#include "sort.h"

#include "argument.h"
#include "bits.h"
#include "copy.h"
#include "element.h"
#include "fail.h"
#include "kernel.h"
#include "layout.h"
#include "radix.h"

/***
@module mems
*/

/* What decides. */
typedef struct order {
  const lmems_kind *kind; /* of what is compared */
  size_t offset;          /* of that in the element */
  int desc;
  int less;               /* index of a function, or 0 */
} order;

/* Raises: the argument at 2 is nothing that elements are sorted by. */
LMEMS_RAISES static void wrong_order(lua_State *L, const lmems_view *a) {
  if (a->type == LMEMS_STRUCT)
    lmems_argerror(L, 2, "a field or a function expected, got %s",
                   lmems_pushshown(L, 2));
  lmems_argerror(L, 2, "\"desc\" or a function expected, got %s",
                 lmems_pushshown(L, 2));
}

/* Is the argument there and "desc"? Raises if it is anything else. */
static int check_desc(lua_State *L, int arg) {
  if (lua_isnoneornil(L, arg))
    return 0;
  if (lua_type(L, arg) != LUA_TSTRING ||
      strcmp(lua_tostring(L, arg), "desc") != 0)
    lmems_argerror(L, arg, "\"desc\" expected, got %s",
                   lmems_pushshown(L, arg));
  return 1;
}

/* The order that the arguments from 2 on name. */
static order check_order(lua_State *L, const lmems_view *a) {
  order by = {a->kind, 0, 0, 0};
  int type = lua_type(L, 2);
  if (type == LUA_TFUNCTION) {
    lmems_checklast(L, 2);
    by.less = 2;
    return by;
  }
  if (a->type == LMEMS_STRUCT && type == LUA_TSTRING) {
    lmems_checklast(L, 3);
    const lmems_field *field = lmems_checkfield(L, 2, a->kind->layout);
    by.kind = &field->kind;
    by.offset = field->offset;
    by.desc = check_desc(L, 3);
  } else {
    if (type != LUA_TSTRING && type != LUA_TNIL && type != LUA_TNONE)
      wrong_order(L, a);
    lmems_checklast(L, 2);
    by.desc = check_desc(L, 2);
  }
  if (by.kind->type > LMEMS_CHARS)
    lmems_argerror(L, by.kind == a->kind ? 1 : 2, "%s of %s have no order",
                   by.kind == a->kind ? "elements" : "values",
                   lmems_pushkind(L, by.kind));
  return by;
}

/*
** Indices by comparison
*/

/* What the comparison of two elements needs. */
typedef struct sorter {
  lua_State *L;
  order by;
  const lmems_view *a;
  const char *copy; /* the packed elements, or NULL: views are compared */
  int cursors;      /* index of the first of two views that are moved */
} sorter;

/* Sets one of the two views to element `i`; the array is alive and has it. */
static void move_cursor(const sorter *s, int cursor, size_t i) {
  lmems_view *view = lua_touserdata(s->L, cursor);
  view->record = s->a->record;
  view->offset = s->a->offset + i * s->a->stride;
  lmems_setend(view, view->kind->size);
  lua_pushvalue(s->L, cursor);
}

/* Pushes element `i` for the function; `cursor` is the view to use for it. */
static void push_compared(const sorter *s, int cursor, size_t i) {
  const lmems_view *a = s->a;
  if (s->copy != NULL) {
    lmems_get(s->L, a->type, s->copy + i * a->kind->size);
    return;
  }
  lmems_checklength(s->L, a, i + 1);
  if (a->type == LMEMS_STRUCT)
    move_cursor(s, cursor, i);
  else
    lmems_pushitem(s->L, 1, a, i);
}

/* Does element `i` come before element `j`? */
static int comes_before(const sorter *s, size_t i, size_t j) {
  if (s->by.less == 0) {
    size_t size = s->a->kind->size;
    const char *copy = s->copy + s->by.offset;
    int sign = strncmp(copy + i * size, copy + j * size, s->by.kind->size);
    return s->by.desc ? sign > 0 : sign < 0;
  }
  lua_pushvalue(s->L, s->by.less);
  push_compared(s, s->cursors, i);
  push_compared(s, s->cursors + 1, j);
  lua_call(s->L, 2, 1);
  int before = lua_toboolean(s->L, -1);
  lua_pop(s->L, 1);
  return before;
}

/* Merges the sorted indices from `low` to `middle` and to `high`. */
static void merge(const sorter *s, const uint64_t *from, uint64_t *to,
                  size_t low, size_t middle, size_t high) {
  size_t i = low, j = middle;
  if (middle >= high || !comes_before(s, from[middle], from[middle - 1])) {
    memcpy(to + low, from + low, (high - low) * sizeof *to);
    return;
  }
  for (size_t k = low; k < high; k++)
    if (i == middle || (j < high && comes_before(s, from[j], from[i])))
      to[k] = from[j++];
    else
      to[k] = from[i++];
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Sorts indices; where they are then: at `index` or `spare`. */
static uint64_t *merge_sort(const sorter *s, uint64_t *index, uint64_t *spare,
                            size_t n) {
  for (size_t i = 0; i < n; i++)
    index[i] = i;
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t low = 0; low < n; low += 2 * width)
      merge(s, index, spare, low, smaller(low + width, n),
            smaller(low + 2 * width, n));
    uint64_t *swap = index;
    index = spare;
    spare = swap;
  }
  return index;
}

/* Pushes a copy of the elements of the array at 1. */
static const char *push_copy(lua_State *L, const lmems_view *a, size_t n) {
  char *copy = lua_newuserdatauv(L, n * a->kind->size, 0);
  lmems_series series = lmems_holdseries(L, a, 0, n);
  lmems_pack(copy, &series);
  lmems_letgo();
  return copy;
}

/* Indices of the array at 1 by comparison, with `room` for twice as many. */
static uint64_t *compared(lua_State *L, const lmems_view *a, order by,
                          uint64_t *room, size_t n) {
  sorter s = {L, by, a, NULL, 0};
  luaL_checkstack(L, LUA_MINSTACK, "sort");
  if (by.less == 0 || a->type < LMEMS_NTYPES)
    s.copy = push_copy(L, a, n);
  else if (a->type == LMEMS_STRUCT && n > 0) {
    s.cursors = lua_gettop(L) + 1;
    for (int i = 0; i < 2; i++)
      lmems_pushitem(L, 1, a, 0);
  }
  return merge_sort(&s, room, room + n, n);
}

/*
** Indices by keys
*/

/* The key of what is compared, at `p`. */
static uint64_t key_of(order by, const char *p) {
  uint64_t key;
  if (by.kind->type == LMEMS_BITS) {
    unsigned n = lmems_bitcount(by.kind);
    key = lmems_readbits(p, lmems_bitfirst(by.kind), n);
    if (lmems_signedtype(by.kind->element->type))
      key = (uint64_t)lmems_signedbits(key, n) ^ (uint64_t)1 << 63;
  } else {
    key = lmems_sortkey(by.kind->type, p);
    if (key == LMEMS_NANKEY && lmems_isfloat(by.kind->type))
      return key; /* last in both orders */
  }
  return by.desc ? ~key : key;
}

/* The indices of the array at 1 by numbers in its elements, with `room` for
   four times as many. */
static uint64_t *keyed(lua_State *L, const lmems_view *a, order by,
                       uint64_t *room, size_t n) {
  lmems_keyed *keys = (lmems_keyed *)room, *spare = keys + n;
  lmems_series s = lmems_holdseries(L, a, 0, n);
  const char *p = s.p + by.offset;
  for (size_t i = 0; i < n; i++, p += s.stride) {
    keys[i].key = key_of(by, p);
    keys[i].index = i;
  }
  lmems_letgo();
  keys = lmems_sortkeyed(keys, spare, n);
  for (size_t i = 0; i < n; i++) /* each lies in front of what is read next */
    room[i] = keys[i].index;
  return room;
}

/* Pushes what the sorted indices of the array at 1 lie in, and perhaps
   more. */
static uint64_t *push_sorted(lua_State *L, const lmems_view *a, order by,
                             size_t n) {
  int numbers = by.less == 0 && by.kind->type < LMEMS_CHARS;
  size_t words = (numbers ? 4 : 2) * n;
  uint64_t *room = lua_newuserdatauv(L, words * sizeof *room, 0);
  return numbers ? keyed(L, a, by, room, n) : compared(L, a, by, room, n);
}

/* Raises if the array has not `n` elements any more. */
static void check_length(lua_State *L, const lmems_view *a, size_t n) {
  lmems_checkalive(L, a);
  if (a->length != n)
    luaL_error(L, "the array has %I elements by now", (lua_Integer)a->length);
}

/* Sorts elements of a type. Those that do not lie packed, each at a multiple
   of its size, are sorted in a copy. */
static void sort_numbers(lua_State *L, const lmems_view *a, size_t start,
                         size_t count, int desc) {
  int narrow = lmems_isnarrow(a->type);
  int type = narrow ? lmems_widetype(a->type) : a->type;
  size_t size = lmems_typesize(type), bytes = count * size;
  char *copy = NULL;
  lmems_series s = lmems_writeseries(L, a, start, count);
  if (narrow || (uintptr_t)s.p % size != 0 || !lmems_packed(&s)) {
    lmems_letgo();
    copy = lua_newuserdatauv(L, bytes, 0);
    s = lmems_writeseries(L, a, start, count);
    if (narrow)
      lmems_widenall(copy, s);
    else
      lmems_pack(copy, &s);
  }
  mems_heap *heap = a->record->box->heap;
  mems_addr addr = count > LMEMS_FEW ? mems_heap_malloc(heap, bytes) : 0;
  void *spare = addr != 0 ? mems_heap_get(heap, addr) : NULL;
  lmems_sortnumbers(copy != NULL ? copy : s.p, spare, count, type, desc);
  if (addr != 0)
    mems_heap_free(heap, addr);
  if (narrow)
    lmems_narrowall(s, copy);
  else if (copy != NULL)
    lmems_unpack(&s, copy);
  lmems_letgo();
}

/***
Sorts the array, the least first.

`a:sort()` sorts numbers, and `a:sort(i, j)` those from i to j; with `"desc"`
the greatest comes first. -0.0 comes before 0.0, a nan after all numbers,
`u64` has no sign, false comes before true, a `ptr` is a number. Time is in
proportion to their number; it takes as many bytes of the heap for the time it
runs, or if there are not so many, it is slower.

`a:sort(field)` sorts structs by a field, which is such a value or a string;
behind it may stand `"desc"`. `a:sort(less)` calls `less(x, y)`, which says
whether x comes before y. Structs are given to it as two views that are moved.
It may do anything; when it has been asked for the last time, elements are
moved as it has said, if there are as many as before. Where a field or a
function decides, those that are equal stay in order, -0.0 is 0.0, and indices
take up to 32 bytes for each element while it runs.
@function array:sort
@luals param order string|integer|fun(x: T, y: T): boolean
@tparam[opt] string|function|integer order `"desc"`, a field, a function, or i
@tparam[opt] string|integer more `"desc"` behind a field, or j
@treturn array the same
*/
static int sort(lua_State *L) {
  const lmems_view *a = lmems_checkarray(L);
  lmems_checkwritable(L, 1, a);
  if (lua_isnumber(L, 2) || (lua_isnoneornil(L, 2) && lua_isnumber(L, 3))) {
    size_t start, count = lmems_optrange(L, 2, a, &start);
    lmems_checklast(L, 3);
    if (a->type >= LMEMS_NTYPES)
      lmems_argerror(L, 1, "elements of %s have no order",
                     lmems_pushkind(L, a->kind));
    sort_numbers(L, a, start, count, 0);
    lua_settop(L, 1);
    return 1;
  }
  order by = check_order(L, a);
  size_t n = a->length, size = a->kind->size;
  if (by.less == 0 && a->type < LMEMS_NTYPES) {
    sort_numbers(L, a, 0, n, by.desc);
  } else {
    char *one = lua_newuserdatauv(L, size, 0);
    uint64_t *index = push_sorted(L, a, by, n);
    check_length(L, a, n);
    lmems_series s = lmems_writeseries(L, a, 0, n);
    lmems_permute(&s, index, one);
    lmems_letgo();
  }
  lua_settop(L, 1);
  return 1;
}

/***
The indices of the elements in the order that @{array:sort} would put them in
with the same arguments: an array of `i64`, on the same heap, for
@{array:gather} and @{array:permute}. Those that are equal are in order.
@function array:argsort
@luals param order string|fun(x: T, y: T): boolean
@luals return mems.array<integer>
@tparam[opt] string|function order `"desc"`, a field or a function
@tparam[opt] string more `"desc"` behind a field
@treturn[1] array
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
*/
static int argsort(lua_State *L) {
  const lmems_view *a = lmems_checkarray(L);
  order by = check_order(L, a);
  lmems_view *made;
  size_t n = a->length;
  const uint64_t *index = push_sorted(L, a, by, n);
  int error = lmems_newlike(L, 1, lmems_scalar(LMEMS_I64), n, &made);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lmems_series s = lmems_writeseries(L, made, 0, n);
  for (size_t i = 0; i < n; i++, s.p += sizeof *index) {
    uint64_t from_1 = index[i] + 1;
    memcpy(s.p, &from_1, sizeof from_1);
  }
  lmems_letgo();
  return 1;
}

const luaL_Reg lmems_sort[] = {
  {"sort", sort}, {"argsort", argsort}, {NULL, NULL}
};
