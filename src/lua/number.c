/*
** number.c - verbs on all elements of an array: fill, find, sum, min,
** max.
**
** The kernels know numbers that C has, in this machine's byte order, CHUNK at
** a time; others become such (lmems_widetype) in a copy of that size.
*/

#include "number.h"

#include "array.h"
#include "element.h"
#include "fail.h"

/***
@module mems
*/

enum { CHUNK = 256 };

/* A chunk of elements of one type, wide. */
typedef struct chunk {
  int type; /* that of `bytes` */
  const char *bytes;
  size_t count;
  char copy[CHUNK * sizeof(uint64_t)];
} chunk;

/* Sets the chunk to at most CHUNK of the `n` elements at `p`. */
static void load_chunk(chunk *c, int type, const char *p, size_t n) {
  c->count = n < CHUNK ? n : CHUNK;
  c->type = lmems_widetype(type);
  c->bytes = p;
  if (c->type != type) {
    lmems_widen(type, c->copy, p, c->count);
    c->bytes = c->copy;
  }
}

/*
** fill
*/

/* Repeats the first `size` bytes at `p` as far as `bytes`, a multiple. */
static void repeat(char *p, size_t size, size_t bytes) {
  enum { SEED = 4096 }; /* bytes that are copied again and again */
  size_t done = size;
  int same = 1;
  for (size_t i = 1; i < size; i++)
    same &= p[i] == p[0];
  if (same) {
    memset(p, p[0], bytes);
    return;
  }
  while (done < bytes && done < SEED) {
    size_t n = done < bytes - done ? done : bytes - done;
    memcpy(p + done, p, n);
    done += n;
  }
  for (size_t seed = done; done < bytes; done += seed)
    memcpy(p + done, p, seed < bytes - done ? seed : bytes - done);
}

/***
Sets elements i to j to the same value.
@function array:fill
@param value
@tparam[opt] integer i
@tparam[opt] integer j
*/
static int fill(lua_State *L) {
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 3, a, &start);
  size_t size = a->kind->size;
  if (count == 0)
    return 0;
  lmems_setelement(L, 1, 2, a->kind, a->offset + start * size, "fill");
  repeat(lmems_holdelements(L, a, start, count), size, count * size);
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

static size_t find_in(const chunk *c, const char *value) {
  switch (c->type) {
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
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 3, a, &start);
  char narrow[sizeof(uint64_t)], value[sizeof(uint64_t)];
  chunk c;
  if (a->type >= LMEMS_NTYPES)
    return wrong_kind(L, a);
  int found = lmems_put(L, 2, a->type, narrow);
  if (found)
    lmems_widen(a->type, value, narrow, 1);
  const char *p = lmems_holdelements(L, a, start, count);
  while (found && count > 0) {
    load_chunk(&c, a->type, p, count);
    size_t i = find_in(&c, value);
    start += i;
    if (i < c.count) {
      lmems_letgo();
      lua_pushinteger(L, (lua_Integer)start + 1);
      return 1;
    }
    p += c.count * a->kind->size;
    count -= c.count;
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

static uint64_t sum_integers(const chunk *c) {
  switch (c->type) {
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
   of n only. */
static double sum_floats(int type, const char *p, size_t n) {
  chunk c;
  if (n > CHUNK) {
    size_t half = n / 2 / LANES * LANES;
    return sum_floats(type, p, half) +
           sum_floats(type, p + half * lmems_typesize(type), n - half);
  }
  load_chunk(&c, type, p, n);
  if (c.type == LMEMS_F32)
    return sum_f32(c.bytes, c.count);
  return sum_f64(c.bytes, c.count);
}

static int is_float(int type) {
  int wide = lmems_widetype(type);
  return wide == LMEMS_F32 || wide == LMEMS_F64;
}

/* Raises if the elements are no numbers. */
static void check_numbers(lua_State *L, const lmems_view *a) {
  if (a->type >= LMEMS_NTYPES || a->type % LMEMS_SWAPPED == LMEMS_BOOL ||
      a->type % LMEMS_SWAPPED == LMEMS_PTR)
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
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 2, a, &start);
  check_numbers(L, a);
  const char *p = lmems_holdelements(L, a, start, count);
  if (is_float(a->type)) {
    double result = sum_floats(a->type, p, count);
    lmems_letgo();
    lua_pushnumber(L, (lua_Number)result);
    return 1;
  }
  uint64_t total = 0;
  for (chunk c; count > 0; count -= c.count, p += c.count * a->kind->size) {
    load_chunk(&c, a->type, p, count);
    total += sum_integers(&c);
  }
  lmems_letgo();
  lua_pushinteger(L, (lua_Integer)total);
  return 1;
}

/*
** min and max
*/

/* The index of the least of `n` wide elements (the greatest, if `sign` is
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

static size_t least_in(const chunk *c, int sign, int empty, char *best) {
  switch (c->type) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      return least_##name(c->bytes, c->count, sign, empty, best);
    LMEMS_TYPES(X)
#undef X
    default: return c->count;
  }
}

static int push_least(lua_State *L, int sign) {
  const lmems_view *a = lmems_checkarray(L);
  size_t start, count = lmems_optrange(L, 2, a, &start), found = SIZE_MAX;
  char best[sizeof(uint64_t)] = {0};
  check_numbers(L, a);
  const char *p = lmems_holdelements(L, a, start, count);
  for (chunk c; count > 0; count -= c.count, start += c.count) {
    load_chunk(&c, a->type, p, count);
    size_t i = least_in(&c, sign, found == SIZE_MAX, best);
    if (i < c.count)
      found = start + i;
    p += c.count * a->kind->size;
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
  {NULL, NULL}
};
