/*
** kernel.h - kernels: loops over packed numbers in native byte order, at any
** alignment, which the compiler makes vectors of.
**
** They know nothing of Lua. Integers are computed modulo their width, or for
** a division as the 64 bits that Lua has of them, and its remainder taken.
*/

#ifndef LMEMS_KERNEL_H
#define LMEMS_KERNEL_H

#include "type.h"

/* What is done with two elements. */
enum {
  LMEMS_ADD,
  LMEMS_SUB,
  LMEMS_MUL,
  LMEMS_DIV,   /* of integers: Lua's //, and none of `b` is 0 */
  LMEMS_FLOOR, /* a, but at least b */
  LMEMS_CEIL,  /* a, but at most b; a nan stays one in both */
  LMEMS_NPAIRS
};

/* a[i] = a[i] op b[i] for `n` elements; `b` is `a` or lies apart. */
typedef void lmems_pairs(char *a, const char *b, size_t n);

/* The kernel for a type of numbers, which is that of its wide type. */
lmems_pairs *lmems_pairkernel(int op, int type);

/* p[i] //= k for integers; `k` is not 0. */
void lmems_quotients(int type, char *p, size_t n, int64_t k);

/* a[i] += k b[i], where `k` points to an element. */
typedef void lmems_scaled(char *a, const char *b, size_t n, const char *k);
lmems_scaled *lmems_axpykernel(int type);

/* p[i] += p[i - 1], where p[-1] is the sum in `carry` of what came before,
   of integers and floats; the sum of all is there then. */
typedef struct lmems_carry {
  uint64_t integer;
  double number;
} lmems_carry;
void lmems_cumulate(int type, char *p, size_t n, lmems_carry *carry);

/* The sum of products of `n` integers, modulo 2^64, and of floats as f64, in
   parts that do not depend on where they lie. */
uint64_t lmems_dotintegers(int type, const char *p, const char *q, size_t n);
double lmems_dotfloats(int type, const char *a, const char *b, size_t n);

/* How many of `n` elements equal the one at `value`. */
size_t lmems_countequal(int type, const char *p, size_t n,
                        const char *value);

/* A function of one number: for floats, for integers or for both. */
typedef void lmems_single(char *a, size_t n);

/* The kernel of that name; NULL if there is none. `*named` says whether
   there is one for other types. */
lmems_single *lmems_singlekernel(const char *name, int type, int *named);

/* Makes `n` elements of the type ones of `to`; both are numbers. The count of
   those in front that fit: behind them nothing is written. `n` is at most
   LMEMS_CHUNK. */
size_t lmems_convert(int type, const char *from, int to, char *p, size_t n);

static inline int lmems_isfloat(int type) {
  int wide = lmems_widetype(type);
  return wide == LMEMS_F32 || wide == LMEMS_F64;
}

/* Is it a type of numbers? */
static inline int lmems_isnumber(int type) {
  return type < LMEMS_NTYPES && type % LMEMS_SWAPPED != LMEMS_BOOL &&
         type % LMEMS_SWAPPED != LMEMS_PTR;
}

#endif
