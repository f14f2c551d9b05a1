/*
** arithmetic.c - arithmetic in place on the numbers of an array.
**
** Two arrays go through their elements chunk by chunk (series.h), and a
** kernel does the work. What could make a later chunk fail, a zero to divide
** by, is looked for before the first one. Where both share memory the second
** one is copied before, so that the result is as if it lay elsewhere.
*/

#include "arithmetic.h"

#include "argument.h"
#include "array.h"
#include "fail.h"
#include "kernel.h"
#include "number.h"

/***
@module mems
*/

/* Two series of as many elements, which one hold is for. */
typedef struct both {
  lmems_series a, b;
} both;

/* Raises unless argument `arg` is an array of as many elements of the type
   that the array at 1 has. */
static const lmems_view *check_other(lua_State *L, const lmems_view *a,
                                     int arg) {
  const lmems_view *b = lmems_toview(L, arg, LMEMS_ARRAY_SEAL);
  if (b == NULL)
    lmems_argerror(L, arg, "an array expected, got %s",
                   lmems_pushshown(L, arg));
  lmems_checkalive(L, b);
  if (b->type >= LMEMS_NTYPES ||
      a->type % LMEMS_SWAPPED != b->type % LMEMS_SWAPPED)
    lmems_argerror(L, arg, "an array of %s expected, got one of %s",
                   lmems_pushkind(L, a->kind), lmems_pushkind(L, b->kind));
  if (a->length != b->length)
    lmems_argerror(L, arg, "an array of %I elements expected, got one of %I",
                   (lua_Integer)a->length, (lua_Integer)b->length);
  return b;
}

/* Do they have bytes in common, but not element by element? */
static int crossed(const lmems_view *a, const lmems_view *b) {
  const char *p = a->record->data + a->offset;
  const char *q = b->record->data + b->offset;
  if (p == q && a->stride == b->stride)
    return 0;
  return p < q + lmems_viewbytes(b) && q < p + lmems_viewbytes(a);
}

/* Holds all elements of both; at `copy`, if it is not NULL, the second ones
   are copied before. Raises if they are not as many any more. */
static both hold_both(lua_State *L, const lmems_view *a, const lmems_view *b,
                      char *copy) {
  both s;
  lmems_checkalive(L, b);
  if (a->length != b->length)
    luaL_error(L, "the arrays have %I and %I elements by now",
               (lua_Integer)a->length, (lua_Integer)b->length);
  s.a = lmems_holdseries(L, a, 0, a->length);
  s.b = lmems_seriesof(b, 0, b->length);
  if (copy != NULL) {
    lmems_pack(copy, &s.b);
    s.b.p = copy;
    s.b.stride = s.b.size;
  }
  return s;
}

/* Holds the arrays at 1, which is to be written, and `arg`. */
static both hold_operands(lua_State *L, const lmems_view *a, int arg) {
  const lmems_view *b = check_other(L, a, arg);
  char *copy = NULL;
  lmems_checkwritable(L, 1, a);
  if (crossed(a, b)) {
    size_t count = b->length;
    copy = lua_newuserdatauv(L, count * b->kind->size, 0);
    lmems_checkalive(L, b);
    if (b->length != count)
      luaL_error(L, "the array has %I elements by now",
                 (lua_Integer)b->length);
  }
  return hold_both(L, a, b, copy);
}

/* Loads a chunk of both; that of `b` never is the one of `a` itself. */
static void load_both(lmems_chunk *x, lmems_chunk *y, const both *s) {
  lmems_load(x, &s->a);
  if (s->a.p == s->b.p)
    lmems_loadcopy(y, &s->b);
  else
    lmems_load(y, &s->b);
}

static void store_both(const lmems_chunk *x, both *s) {
  lmems_store(x, &s->a);
  lmems_skip(&s->a, x->count);
  lmems_skip(&s->b, x->count);
}

/* The number at `arg` as an element of the type in native order, wide; raises.
   Integers are any that Lua has: they wrap around. */
static void check_number(lua_State *L, int arg, int type, char *value) {
  int wide = lmems_widetype(type);
  if (lmems_isfloat(type)) {
    if (!lmems_put(L, arg, wide, value))
      lmems_misfit(L, arg, arg, type % LMEMS_SWAPPED, 0);
    return;
  }
  int64_t n;
  if (!lmems_put(L, arg, LMEMS_I64, &n))
    lmems_misfit(L, arg, arg, type % LMEMS_SWAPPED, 0);
  switch (wide) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: { \
      ctype element = (ctype)n; \
      memcpy(value, &element, sizeof element); \
      break; \
    }
    LMEMS_INTEGERS(X)
#undef X
    default: break;
  }
}

/* Sets the chunk to copies of an element of the wide type. */
static void set_chunk(lmems_chunk *c, const char *value, int type) {
  size_t size = lmems_typesize(lmems_widetype(type));
  lmems_series all = {c->copy, LMEMS_CHUNK, size, size, -1};
  memcpy(c->copy, value, size);
  lmems_repeat(&all);
  c->bytes = c->copy;
  c->count = LMEMS_CHUNK;
}

/* a = a op b for the numbers of the array at 1 and the one at 2. */
static void with_number(lua_State *L, const lmems_view *a, int op) {
  lmems_pairs *kernel = lmems_pairkernel(op, a->type);
  char value[sizeof(uint64_t)];
  lmems_chunk x, y;
  check_number(L, 2, a->type, value);
  set_chunk(&y, value, a->type);
  lmems_series s = lmems_writeseries(L, a, 0, a->length);
  for (; s.count > 0; lmems_skip(&s, x.count)) {
    lmems_load(&x, &s);
    kernel(x.bytes, y.bytes, x.count);
    lmems_store(&x, &s);
  }
  lmems_letgo();
}

/* Is one of the integers 0? */
static int has_zero(lmems_series s, int type) {
  static const char zero[sizeof(uint64_t)];
  lmems_chunk c;
  for (; s.count > 0; lmems_skip(&s, c.count)) {
    lmems_load(&c, &s);
    if (lmems_countequal(type, c.bytes, c.count, zero) > 0)
      return 1;
  }
  return 0;
}

static void with_array(lua_State *L, const lmems_view *a, int op) {
  lmems_pairs *kernel = lmems_pairkernel(op, a->type);
  lmems_chunk x, y;
  both s = hold_operands(L, a, 2);
  if (op == LMEMS_DIV && !lmems_isfloat(a->type) && has_zero(s.b, a->type)) {
    lmems_letgo();
    lmems_argerror(L, 2, "attempt to perform 'n//0'");
  }
  while (s.a.count > 0) {
    load_both(&x, &y, &s);
    kernel(x.bytes, y.bytes, x.count);
    store_both(&x, &s);
  }
  lmems_letgo();
}

/* The array of numbers that is argument 1. */
static const lmems_view *check_numbers(lua_State *L, int last) {
  lmems_checklast(L, last);
  const lmems_view *a = lmems_checkarray(L);
  lmems_checknumbers(L, a);
  return a;
}

static int combine(lua_State *L, int op) {
  const lmems_view *a = check_numbers(L, 2);
  int type = lua_type(L, 2);
  if (type == LUA_TNUMBER || type == LUA_TSTRING)
    with_number(L, a, op);
  else if (lmems_toview(L, 2, LMEMS_ARRAY_SEAL) != NULL)
    with_array(L, a, op);
  else
    lmems_argerror(L, 2, "a number or an array expected, got %s",
                   lmems_pushshown(L, 2));
  lua_settop(L, 1);
  return 1;
}

/***
Adds a number to each element, or the element of another array of the same
type and length. Here and in the methods below integers are what `a[i]` gives,
and wrap around: the result is what Lua computes, less the bits that the type
does not have. If both arrays share memory it is as if the other one were
copied before.
@function array:add
@luals param x number|mems.array<T>
@tparam number|array x
@treturn array the same
*/
static int add(lua_State *L) {
  return combine(L, LMEMS_ADD);
}

/***
Subtracts a number or another array, as @{array:add}.
@function array:sub
@luals param x number|mems.array<T>
@tparam number|array x
@treturn array the same
*/
static int sub(lua_State *L) {
  return combine(L, LMEMS_SUB);
}

/***
Multiplies by a number or by another array, as @{array:add}.
@function array:mul
@luals param x number|mems.array<T>
@tparam number|array x
@treturn array the same
*/
static int mul(lua_State *L) {
  return combine(L, LMEMS_MUL);
}

/* a //= k for integers. */
static void divide(lua_State *L, const lmems_view *a) {
  lmems_chunk x;
  int64_t k;
  if (!lmems_put(L, 2, LMEMS_I64, &k))
    lmems_misfit(L, 2, 2, a->type % LMEMS_SWAPPED, 0);
  if (k == 0)
    lmems_argerror(L, 2, "attempt to perform 'n//0'");
  lmems_series s = lmems_writeseries(L, a, 0, a->length);
  for (; s.count > 0; lmems_skip(&s, x.count)) {
    lmems_load(&x, &s);
    lmems_quotients(a->type, x.bytes, x.count, k);
    lmems_store(&x, &s);
  }
  lmems_letgo();
}

/***
Divides by a number or by another array, as @{array:add}. The division of
integers is Lua's `//`.
@function array:div
@luals param x number|mems.array<T>
@tparam number|array x
@treturn array the same
@raise if an integer is divided by 0; then nothing has changed
*/
static int div_(lua_State *L) {
  const lmems_view *a = check_numbers(L, 2);
  int type = lua_type(L, 2);
  if (lmems_isfloat(a->type) ||
      (type != LUA_TNUMBER && type != LUA_TSTRING))
    return combine(L, LMEMS_DIV);
  divide(L, a);
  lua_settop(L, 1);
  return 1;
}

/***
Adds a multiple of another array of the same type and length: a + k b.
@function array:axpy
@tparam number k
@tparam array b
@treturn array the same
*/
static int axpy(lua_State *L) {
  const lmems_view *a = check_numbers(L, 3);
  lmems_scaled *kernel = lmems_axpykernel(a->type);
  char k[sizeof(uint64_t)];
  lmems_chunk x, y;
  check_number(L, 2, a->type, k);
  both s = hold_operands(L, a, 3);
  while (s.a.count > 0) {
    load_both(&x, &y, &s);
    kernel(x.bytes, y.bytes, x.count, k);
    store_both(&x, &s);
  }
  lmems_letgo();
  lua_settop(L, 1);
  return 1;
}

/* Halves until a chunk is left, as array:sum does. */
static double dot_floats(int type, both s) {
  lmems_chunk x, y;
  if (s.a.count > LMEMS_CHUNK) {
    both rest = s;
    s.a.count = s.b.count = s.a.count / 2 / 8 * 8;
    lmems_skip(&rest.a, s.a.count);
    lmems_skip(&rest.b, s.a.count);
    return dot_floats(type, s) + dot_floats(type, rest);
  }
  lmems_load(&x, &s.a);
  lmems_load(&y, &s.b);
  return lmems_dotfloats(type, x.bytes, y.bytes, x.count);
}

static uint64_t dot_integers(int type, both s) {
  lmems_chunk x, y;
  uint64_t sum = 0;
  for (; s.a.count > 0; lmems_skip(&s.a, x.count)) {
    lmems_load(&x, &s.a);
    lmems_load(&y, &s.b);
    sum += lmems_dotintegers(type, x.bytes, y.bytes, x.count);
    lmems_skip(&s.b, x.count);
  }
  return sum;
}

/***
The sum of the products of the elements of two arrays of the same type and
length, added as @{array:sum} adds.
@function array:dot
@luals return number
@tparam array b
@treturn number
*/
static int dot(lua_State *L) {
  const lmems_view *a = check_numbers(L, 2);
  both s = hold_both(L, a, check_other(L, a, 2), NULL);
  if (lmems_isfloat(a->type)) {
    double sum = dot_floats(a->type, s);
    lmems_letgo();
    lua_pushnumber(L, (lua_Number)sum);
  } else {
    uint64_t sum = dot_integers(a->type, s);
    lmems_letgo();
    lua_pushinteger(L, (lua_Integer)sum);
  }
  return 1;
}

/***
Puts the sum of all elements up to it in the place of each one. Floats are
added as f64.
@function array:cumsum
@treturn array the same
*/
static int cumsum(lua_State *L) {
  const lmems_view *a = check_numbers(L, 1);
  lmems_carry carry = {0, 0};
  lmems_chunk x;
  lmems_series s = lmems_writeseries(L, a, 0, a->length);
  for (; s.count > 0; lmems_skip(&s, x.count)) {
    lmems_load(&x, &s);
    lmems_cumulate(a->type, x.bytes, x.count, &carry);
    lmems_store(&x, &s);
  }
  lmems_letgo();
  lua_settop(L, 1);
  return 1;
}

/***
Makes elements that are less than `low` that, and those that are greater than
`high` that. A nan stays one, `u64` is compared without a sign.
@function array:clamp
@tparam number low has to fit the type
@tparam number high at least `low`
@treturn array the same
*/
static int clamp(lua_State *L) {
  const lmems_view *a = check_numbers(L, 3);
  int type = a->type % LMEMS_SWAPPED;
  lmems_pairs *at_least = lmems_pairkernel(LMEMS_FLOOR, type);
  lmems_pairs *at_most = lmems_pairkernel(LMEMS_CEIL, type);
  char value[2][sizeof(uint64_t)], lower[sizeof(uint64_t)];
  lmems_chunk x, low, high;
  for (int i = 0; i < 2; i++)
    if (!lmems_putwide(L, i + 2, type, value[i]))
      lmems_misfit(L, i + 2, i + 2, type, 0);
  memcpy(lower, value[0], sizeof lower);
  at_most(lower, value[1], 1);
  if (lmems_countequal(type, lower, 1, value[0]) == 0 ||
      lmems_countequal(type, value[1], 1, value[1]) == 0)
    lmems_argerror(L, 3, "high has to be at least low, %s, got %s",
                   lmems_pushshown(L, 2), lmems_pushshown(L, 3));
  set_chunk(&low, value[0], type);
  set_chunk(&high, value[1], type);
  lmems_series s = lmems_writeseries(L, a, 0, a->length);
  for (; s.count > 0; lmems_skip(&s, x.count)) {
    lmems_load(&x, &s);
    at_least(x.bytes, low.bytes, x.count);
    at_most(x.bytes, high.bytes, x.count);
    lmems_store(&x, &s);
  }
  lmems_letgo();
  lua_settop(L, 1);
  return 1;
}

/***
Puts a function of it in the place of each element: `"neg"`, `"abs"`, and for
floats `"sqrt"`, `"exp"`, `"log"`, `"floor"`, `"ceil"`, `"sin"`, `"cos"`,
`"tan"`, `"tanh"`. Those of an f32 are computed as f32.
@function array:apply
@tparam string name
@treturn array the same
*/
static int apply(lua_State *L) {
  const lmems_view *a = check_numbers(L, 2);
  int named = 0;
  lmems_chunk x;
  lmems_single *kernel = NULL;
  if (lua_type(L, 2) == LUA_TSTRING)
    kernel = lmems_singlekernel(lua_tostring(L, 2), a->type, &named);
  if (kernel == NULL && named)
    lmems_argerror(L, 2, "%s is for floats, the array is one of %s",
                   lmems_pushshown(L, 2), lmems_pushkind(L, a->kind));
  if (kernel == NULL)
    lmems_argerror(L, 2, "there is no function %s", lmems_pushshown(L, 2));
  lmems_series s = lmems_writeseries(L, a, 0, a->length);
  for (; s.count > 0; lmems_skip(&s, x.count)) {
    lmems_load(&x, &s);
    kernel(x.bytes, x.count);
    lmems_store(&x, &s);
  }
  lmems_letgo();
  lua_settop(L, 1);
  return 1;
}

const luaL_Reg lmems_arithmetic[] = {
  {"add", add}, {"sub", sub}, {"mul", mul}, {"div", div_}, {"axpy", axpy},
  {"dot", dot}, {"cumsum", cumsum}, {"clamp", clamp}, {"apply", apply},
  {NULL, NULL}
};
