/*
** kernel.c - the loops. What is the same for all types is written once, and
** made for each of them by LMEMS_INTEGERS and LMEMS_TYPES.
**
** gcc makes vectors from -O3 on; clang does so anyway. Without the check of
** errno it makes them of square roots, too.
*/

#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#pragma GCC optimize("O3", "no-math-errno", "no-trapping-math")
#endif

#include "kernel.h"

#include <float.h>
#include <math.h>

#include "series.h"

/* Elements where they lie, at any alignment. */
#define X(ID, name, ctype, bits) \
  typedef ctype at_##name __attribute__((aligned(1), may_alias));
LMEMS_TYPES(X)
#undef X

#define FLOATS(X) \
  X(F32, f32, float, 32) \
  X(F64, f64, double, 64)

#define NUMBERS(X) LMEMS_INTEGERS(X) FLOATS(X)

/*
** Pairs
*/

/* Lua's m // n. */
static inline int64_t floor_division(int64_t m, int64_t n) {
  if (n == -1)
    return (int64_t)(0 - (uint64_t)m);
  int64_t q = m / n;
  return (m ^ n) < 0 && m % n != 0 ? q - 1 : q;
}

#define LOOP(verb, name, expression) \
  static void verb##_##name(char *to, const char *from, size_t n) { \
    at_##name *a = (at_##name *)to; \
    const at_##name *b = (const at_##name *)from; \
    for (size_t i = 0; i < n; i++) \
      a[i] = expression; \
  }

#define X(ID, name, ctype, bits) \
  LOOP(add, name, (ctype)((uint64_t)a[i] + (uint64_t)b[i])) \
  LOOP(sub, name, (ctype)((uint64_t)a[i] - (uint64_t)b[i])) \
  LOOP(mul, name, (ctype)((uint64_t)a[i] * (uint64_t)b[i])) \
  LOOP(div, name, (ctype)floor_division((int64_t)a[i], (int64_t)b[i]))
LMEMS_INTEGERS(X)
#undef X

#define X(ID, name, ctype, bits) \
  LOOP(add, name, a[i] + b[i]) \
  LOOP(sub, name, a[i] - b[i]) \
  LOOP(mul, name, a[i] * b[i]) \
  LOOP(div, name, a[i] / b[i])
FLOATS(X)
#undef X

#define X(ID, name, ctype, bits) \
  LOOP(floor, name, a[i] < b[i] ? b[i] : a[i]) \
  LOOP(ceil, name, a[i] > b[i] ? b[i] : a[i])
NUMBERS(X)
#undef X

lmems_pairs *lmems_pairkernel(int op, int type) {
  static lmems_pairs *const kernels[LMEMS_SWAPPED][LMEMS_NPAIRS] = {
#define X(ID, name, ctype, bits) \
    [LMEMS_##ID] = {add_##name, sub_##name, mul_##name, div_##name, \
                    floor_##name, ceil_##name},
    NUMBERS(X)
#undef X
  };
  return kernels[lmems_widetype(type)][op];
}

void lmems_quotients(int type, char *p, size_t n, int64_t k) {
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      for (size_t i = 0; i < n; i++) \
        ((at_##name *)p)[i] = \
          (ctype)floor_division((int64_t)((at_##name *)p)[i], k); \
      break;
    LMEMS_INTEGERS(X)
#undef X
    default: break;
  }
}

/*
** axpy, dot, sums on the way, count
*/

#define AXPY(name, ctype, expression) \
  static void axpy_##name(char *to, const char *from, size_t n, \
                          const char *factor) { \
    at_##name *a = (at_##name *)to; \
    const at_##name *b = (const at_##name *)from; \
    const ctype k = *(const at_##name *)factor; \
    for (size_t i = 0; i < n; i++) \
      a[i] = expression; \
  }
#define X(ID, name, ctype, bits) \
  AXPY(name, ctype, \
       (ctype)((uint64_t)a[i] + (uint64_t)k * (uint64_t)b[i]))
LMEMS_INTEGERS(X)
#undef X
#define X(ID, name, ctype, bits) AXPY(name, ctype, a[i] + k * b[i])
FLOATS(X)
#undef X

lmems_scaled *lmems_axpykernel(int type) {
  static lmems_scaled *const kernels[LMEMS_SWAPPED] = {
#define X(ID, name, ctype, bits) [LMEMS_##ID] = axpy_##name,
    NUMBERS(X)
#undef X
  };
  return kernels[lmems_widetype(type)];
}

void lmems_cumulate(int type, char *p, size_t n, lmems_carry *carry) {
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      for (size_t i = 0; i < n; i++) { \
        carry->integer += (uint64_t)((at_##name *)p)[i]; \
        ((at_##name *)p)[i] = (ctype)carry->integer; \
      } \
      break;
    LMEMS_INTEGERS(X)
#undef X
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      for (size_t i = 0; i < n; i++) { \
        carry->number += (double)((at_##name *)p)[i]; \
        ((at_##name *)p)[i] = (ctype)carry->number; \
      } \
      break;
    FLOATS(X)
#undef X
    default: break;
  }
}

uint64_t lmems_dotintegers(int type, const char *p, const char *q,
                           size_t n) {
  uint64_t sum = 0;
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      for (size_t i = 0; i < n; i++) \
        sum += (uint64_t)((const at_##name *)p)[i] * \
               (uint64_t)((const at_##name *)q)[i]; \
      break;
    LMEMS_INTEGERS(X)
#undef X
    default: break;
  }
  return sum;
}

/* Sums in LANES independent parts, which are then added in pairs. */
#define LANES 8
#define X(ID, name, ctype, bits) \
  static double dot_##name(const char *p, const char *q, size_t n) { \
    const at_##name *a = (const at_##name *)p, *b = (const at_##name *)q; \
    double lane[LANES] = {0}; \
    size_t i = 0; \
    for (; i + LANES <= n; i += LANES) \
      for (size_t k = 0; k < LANES; k++) \
        lane[k] += (double)a[i + k] * (double)b[i + k]; \
    for (; i < n; i++) \
      lane[i % LANES] += (double)a[i] * (double)b[i]; \
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + \
           ((lane[4] + lane[5]) + (lane[6] + lane[7])); \
  }
FLOATS(X)
#undef X

double lmems_dotfloats(int type, const char *a, const char *b, size_t n) {
  return lmems_widetype(type) == LMEMS_F32 ? dot_f32(a, b, n)
                                           : dot_f64(a, b, n);
}

size_t lmems_countequal(int type, const char *p, size_t n,
                        const char *value) {
  size_t count = 0;
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: { \
      const ctype wanted = *(const at_##name *)value; \
      for (size_t i = 0; i < n; i++) \
        count += ((const at_##name *)p)[i] == wanted; \
      break; \
    }
    LMEMS_TYPES(X)
#undef X
    default: break;
  }
  return count;
}

/*
** Functions of one number
*/

#define SINGLE(verb, name, expression) \
  static void verb##_##name(char *p, size_t n) { \
    at_##name *a = (at_##name *)p; \
    for (size_t i = 0; i < n; i++) \
      a[i] = expression; \
  }

#define X(ID, name, ctype, bits) \
  SINGLE(neg, name, (ctype)(0 - (uint64_t)a[i])) \
  SINGLE(abs, name, (int64_t)a[i] < 0 ? (ctype)(0 - (uint64_t)a[i]) : a[i])
LMEMS_INTEGERS(X)
#undef X

/* X(name, for double, for float) */
#define FUNCTIONS(X) \
  X(neg, -, -) \
  X(abs, fabs, fabsf) \
  X(sqrt, sqrt, sqrtf) \
  X(exp, exp, expf) \
  X(log, log, logf) \
  X(floor, floor, floorf) \
  X(ceil, ceil, ceilf) \
  X(sin, sin, sinf) \
  X(cos, cos, cosf) \
  X(tan, tan, tanf) \
  X(tanh, tanh, tanhf)

#define X(name, d, f) \
  SINGLE(each_##name, f64, d(a[i])) \
  SINGLE(each_##name, f32, f(a[i]))
FUNCTIONS(X)
#undef X

lmems_single *lmems_singlekernel(const char *name, int type, int *named) {
  static const struct function {
    const char *name;
    lmems_single *f32, *f64;
  } functions[] = {
#define X(name, d, f) {#name, each_##name##_f32, each_##name##_f64},
    FUNCTIONS(X)
#undef X
  };
  static lmems_single *const integers[LMEMS_SWAPPED][2] = {
#define X(ID, name, ctype, bits) [LMEMS_##ID] = {neg_##name, abs_##name},
    LMEMS_INTEGERS(X)
#undef X
  };
  size_t count = sizeof functions / sizeof functions[0], i = 0;
  while (i < count && strcmp(functions[i].name, name) != 0)
    i++;
  *named = i < count;
  if (i == count)
    return NULL;
  if (!lmems_isfloat(type)) /* neg and abs come first */
    return i < 2 ? integers[lmems_widetype(type)][i] : NULL;
  return lmems_widetype(type) == LMEMS_F32 ? functions[i].f32
                                           : functions[i].f64;
}

/*
** From type to type
*/

/* What a number is on its way: as Lua has it. */
typedef union wide {
  int64_t integer;
  double number;
} wide;

static void widen(int type, const char *p, wide *w, size_t n) {
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      for (size_t i = 0; i < n; i++) \
        w[i].integer = (int64_t)((const at_##name *)p)[i]; \
      break;
    LMEMS_INTEGERS(X)
#undef X
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      for (size_t i = 0; i < n; i++) \
        w[i].number = (double)((const at_##name *)p)[i]; \
      break;
    FLOATS(X)
#undef X
    default: memset(w, 0, n * sizeof *w); break; /* no number */
  }
}

/* Makes floats integers, as far as they are; how many. */
static size_t to_integers(wide *w, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double d = w[i].number;
    if (!(d >= -0x1p63 && d < 0x1p63) || d != floor(d))
      return i;
    w[i].integer = (int64_t)d;
  }
  return n;
}

/* Stores integers, as far as they fit; how many. */
static size_t store_integers(int type, const wide *w, char *p, size_t n) {
  switch (lmems_widetype(type)) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      for (size_t i = 0; i < n; i++) { \
        if ((bits) < 64 && (int64_t)(ctype)w[i].integer != w[i].integer) \
          return i; \
        ((at_##name *)p)[i] = (ctype)w[i].integer; \
      } \
      break;
    LMEMS_INTEGERS(X)
#undef X
    default: break;
  }
  return n;
}

static size_t store_floats(int type, const wide *w, char *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    double d = w[i].number;
    if (lmems_widetype(type) == LMEMS_F64) {
      ((at_f64 *)p)[i] = d;
    } else {
      if (isfinite(d) && fabs(d) > FLT_MAX)
        return i;
      ((at_f32 *)p)[i] = (float)d;
    }
  }
  return n;
}

/* How many numbers in front a narrow type has room for. */
static size_t fit_narrow(int type, const wide *w, size_t n) {
  enum { HALF = 1 << 23 };
  int native = type % LMEMS_SWAPPED;
  int64_t low = native == LMEMS_I24 ? -HALF : 0;
  for (size_t i = 0; i < n; i++)
    if (native == LMEMS_F16
          ? isfinite(w[i].number) && fabs(w[i].number) >= 65520
          : w[i].integer < low || w[i].integer - low >= 2 * HALF)
      return i;
  return n;
}

size_t lmems_convert(int type, const char *from, int to, char *p, size_t n) {
  wide w[LMEMS_CHUNK];
  widen(type, from, w, n);
  if (lmems_isfloat(to)) {
    for (size_t i = 0; i < n && !lmems_isfloat(type); i++)
      w[i].number = (double)w[i].integer;
    n = lmems_isnarrow(to) ? fit_narrow(to, w, n) : n;
    return store_floats(to, w, p, n);
  }
  if (lmems_isfloat(type))
    n = to_integers(w, n);
  n = lmems_isnarrow(to) ? fit_narrow(to, w, n) : n;
  return store_integers(to, w, p, n);
}
