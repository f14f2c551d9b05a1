/*
** number.c - verbs that look at all elements of an array, and fill: they
** have loops of their own for a chunk of elements, see series.h.
*/

#include "number.h"

#include "argument.h"
#include "array.h"
#include "element.h"
#include "fail.h"
#include "kernel.h"

/***
@module mems
*/

/*
** fill
*/

/***
Sets elements i to j to the same value.
@function array:fill
@param value
@tparam[opt] integer i
@tparam[opt] integer j
*/
static int fill(lua_State *L) {
  lmems_checklast(L, 4);
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 3, a, &start);
  lmems_checkwritable(L, 1, a);
  if (count == 0)
    return 0;
  lmems_setelement(L, 1, 2, a->kind, a->offset + start * a->stride, "fill");
  lmems_series s = lmems_writeseries(L, a, start, count);
  lmems_repeat(&s);
  lmems_letgo();
  return 0;
}

/*
** find
*/

/* X(ID, name, C type, bits): find_TYPE gives the index of the first of `n`
   native elements at `p` that equals the one at `value`, or n. */
#define X(ID, name, ctype, bits) \
  static size_t find_##name(const char *p, size_t n, const char *value) { \
    ctype wanted, element; \
    memcpy(&wanted, value, sizeof wanted); \
    for (size_t i = 0; i < n; i++) { \
      memcpy(&element, p + i * sizeof element, sizeof element); \
      if (element == wanted) \
        return i; \
    } \
    return n; \
  }
LMEMS_TYPES(X)
#undef X

static size_t find_in(int type, const lmems_chunk *c, const char *value) {
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: return find_##name(c->bytes, c->count, value);
    LMEMS_TYPES(X)
#undef X
    default: return c->count;
  }
}

/* Raises: the verb is not for such elements. */
LMEMS_RAISES static int wrong_kind(lua_State *L, const lmems_view *a) {
  lmems_argerror(L, 1, "not for elements of %s",
                 lmems_pushkind(L, a->kind));
}

/***
Finds a value: the first element that is equal to it, as numbers are in Lua
(0.0 is -0.0, nan is nothing). The value is first made one of the array's
type; what does not fit that is not found.
@function array:find
@param value
@tparam[opt=1] integer i where the search begins
@treturn ?integer|nil its index, or nil
*/
static int find(lua_State *L) {
  lmems_checklast(L, 3);
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 3, a, &start);
  char value[sizeof(uint64_t)];
  lmems_chunk c;
  if (a->type >= LMEMS_NTYPES)
    return wrong_kind(L, a);
  int found = lmems_putwide(L, 2, a->type, value);
  lmems_series s = lmems_holdseries(L, a, start, count);
  while (found && s.count > 0) {
    lmems_load(&c, &s);
    size_t i = find_in(a->type, &c, value);
    start += i;
    if (i < c.count) {
      lmems_letgo();
      lua_pushinteger(L, (lua_Integer)start + 1);
      return 1;
    }
    lmems_skip(&s, c.count);
  }
  lmems_letgo();
  lua_pushnil(L);
  return 1;
}

/*
** sum
*/

#define X(ID, name, ctype, bits) \
  static uint64_t sum_##name(const char *p, size_t n) { \
    uint64_t sum = 0; \
    ctype element; \
    for (size_t i = 0; i < n; i++) { \
      memcpy(&element, p + i * sizeof element, sizeof element); \
      sum += (uint64_t)element; \
    } \
    return sum; \
  }
LMEMS_INTEGERS(X)
#undef X

static uint64_t sum_integers(int type, const lmems_chunk *c) {
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: return sum_##name(c->bytes, c->count);
    LMEMS_INTEGERS(X)
#undef X
    default: return 0;
  }
}

/* Sums in LANES independent parts, which are then added in pairs. */
#define LANES 8
#define SUM_FLOATS(name, ctype) \
  static double sum_##name(const char *p, size_t n) { \
    double lane[LANES] = {0}; \
    ctype e[LANES]; \
    size_t i = 0; \
    for (; i + LANES <= n; i += LANES) { \
      memcpy(e, p + i * sizeof e[0], sizeof e); \
      for (int k = 0; k < LANES; k++) \
        lane[k] += (double)e[k]; \
    } \
    for (; i < n; i++) { \
      memcpy(e, p + i * sizeof e[0], sizeof e[0]); \
      lane[i % LANES] += (double)e[0]; \
    } \
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + \
           ((lane[4] + lane[5]) + (lane[6] + lane[7])); \
  }
SUM_FLOATS(f32, float)
SUM_FLOATS(f64, double)

/* Halves until a chunk is left: the rounding error grows with the logarithm
   of their number only. */
static double sum_floats(int type, lmems_series s) {
  lmems_chunk c;
  if (s.count > LMEMS_CHUNK) {
    lmems_series rest = s;
    s.count = s.count / 2 / LANES * LANES;
    lmems_skip(&rest, s.count);
    return sum_floats(type, s) + sum_floats(type, rest);
  }
  lmems_load(&c, &s);
  if (lmems_widetype(type) == LMEMS_F32)
    return sum_f32(c.bytes, c.count);
  return sum_f64(c.bytes, c.count);
}

void lmems_checknumbers(lua_State *L, const lmems_view *a) {
  if (!lmems_isnumber(a->type))
    wrong_kind(L, a);
}

/***
The sum of elements i to j. Integers wrap around as Lua's do. Floats are
added as f64, pairwise, so that the rounding error grows with the logarithm
of their number only; the order is always the same.
@function array:sum
@luals return number
@tparam[opt] integer i
@tparam[opt] integer j
@treturn number 0 if there is none
*/
static int sum(lua_State *L) {
  lmems_checklast(L, 3);
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 2, a, &start);
  lmems_checknumbers(L, a);
  lmems_series s = lmems_holdseries(L, a, start, count);
  if (lmems_isfloat(a->type)) {
    double result = sum_floats(a->type, s);
    lmems_letgo();
    lua_pushnumber(L, (lua_Number)result);
    return 1;
  }
  uint64_t total = 0;
  for (lmems_chunk c; s.count > 0; lmems_skip(&s, c.count)) {
    lmems_load(&c, &s);
    total += sum_integers(a->type, &c);
  }
  lmems_letgo();
  lua_pushinteger(L, (lua_Integer)total);
  return 1;
}

/*
** mean and count
*/

/* The sum of a chunk of integers, which can't be too large for a double to
   be near it. */
#define X(ID, name, ctype, bits) \
  static double mean_##name(const char *p, size_t n) { \
    double sum = 0; \
    ctype element; \
    for (size_t i = 0; i < n; i++) { \
      memcpy(&element, p + i * sizeof element, sizeof element); \
      sum += (double)element; \
    } \
    return sum; \
  }
LMEMS_INTEGERS(X)
#undef X

static double mean_integers(int type, const lmems_chunk *c) {
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: return mean_##name(c->bytes, c->count);
    LMEMS_INTEGERS(X)
#undef X
    default: return 0;
  }
}

/***
The mean of elements i to j, a float: their sum, which does not wrap around,
by their number. `u64` has no sign.
@function array:mean
@tparam[opt] integer i
@tparam[opt] integer j
@treturn ?number|nil nil if there is none
*/
static int mean(lua_State *L) {
  lmems_checklast(L, 3);
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 2, a, &start);
  double total = 0;
  lmems_checknumbers(L, a);
  lmems_series s = lmems_holdseries(L, a, start, count);
  if (lmems_isfloat(a->type))
    total = sum_floats(a->type, s);
  else
    for (lmems_chunk c; s.count > 0; lmems_skip(&s, c.count)) {
      lmems_load(&c, &s);
      total += mean_integers(a->type, &c);
    }
  lmems_letgo();
  if (count > 0)
    lua_pushnumber(L, (lua_Number)(total / (double)count));
  else
    lua_pushnil(L);
  return 1;
}

/***
How many of elements i to j equal a value, as @{array:find} compares.
@function array:count
@param value
@tparam[opt] integer i
@tparam[opt] integer j
@treturn integer
*/
static int count_(lua_State *L) {
  lmems_checklast(L, 4);
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 3, a, &start), total = 0;
  char value[sizeof(uint64_t)];
  if (a->type >= LMEMS_NTYPES)
    return wrong_kind(L, a);
  int fits = lmems_putwide(L, 2, a->type, value);
  lmems_series s = lmems_holdseries(L, a, start, count);
  for (lmems_chunk c; fits && s.count > 0; lmems_skip(&s, c.count)) {
    lmems_load(&c, &s);
    total += lmems_countequal(a->type, c.bytes, c.count, value);
  }
  lmems_letgo();
  lua_pushinteger(L, (lua_Integer)total);
  return 1;
}

/*
** min and max
*/

/* The index of the least of `n` native elements (the greatest, if `sign` is
   -1) that is also less than the one at `best`, which it then replaces; n if
   there is none. `empty`: there is nothing at `best` yet. */
#define X(ID, name, ctype, bits) \
  static size_t least_##name(const char *p, size_t n, int sign, int empty, \
                             char *best) { \
    ctype element, least = 0; \
    size_t found = n; \
    if (!empty) \
      memcpy(&least, best, sizeof least); \
    for (size_t i = 0; i < n; i++) { \
      memcpy(&element, p + i * sizeof element, sizeof element); \
      if (element == element && \
          (empty || (sign > 0 ? element < least : element > least))) { \
        least = element; \
        found = i; \
        empty = 0; \
      } \
    } \
    if (found < n) \
      memcpy(best, p + found * sizeof least, sizeof least); \
    return found; \
  }
LMEMS_TYPES(X)
#undef X

static size_t least_in(int type, const lmems_chunk *c, int sign, int empty,
                       char *best) {
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      return least_##name(c->bytes, c->count, sign, empty, best);
    LMEMS_TYPES(X)
#undef X
    default: return c->count;
  }
}

static int push_least(lua_State *L, int sign) {
  lmems_checklast(L, 3);
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 2, a, &start), found = SIZE_MAX;
  char best[sizeof(uint64_t)] = {0};
  lmems_checknumbers(L, a);
  lmems_series s = lmems_holdseries(L, a, start, count);
  for (lmems_chunk c; s.count > 0; start += c.count) {
    lmems_load(&c, &s);
    size_t i = least_in(a->type, &c, sign, found == SIZE_MAX, best);
    if (i < c.count)
      found = start + i;
    lmems_skip(&s, c.count);
  }
  lmems_letgo();
  if (found == SIZE_MAX) {
    lua_pushnil(L);
    return 1;
  }
  lmems_get(L, lmems_widetype(a->type), best);
  lua_pushinteger(L, (lua_Integer)found + 1);
  return 2;
}

/***
The least of elements i to j. A nan is passed over. `u64` is compared without
a sign.
@function array:min
@tparam[opt] integer i
@tparam[opt] integer j
@treturn ?number|nil the value; nil if there is none
@treturn integer the index of the first such element
*/
static int min(lua_State *L) {
  return push_least(L, 1);
}

/***
The greatest of elements i to j, as @{array:min}.
@function array:max
@tparam[opt] integer i
@tparam[opt] integer j
@treturn ?number|nil the value; nil if there is none
@treturn integer the index of the first such element
*/
static int max(lua_State *L) {
  return push_least(L, -1);
}

const luaL_Reg lmems_number[] = {
  {"fill", fill}, {"find", find}, {"sum", sum}, {"min", min}, {"max", max},
  {"mean", mean}, {"count", count_}, {NULL, NULL}
};
