/*
** radix.h - sorting numbers in time that is in proportion to how many they
** are. Nothing here allocates, calls Lua or raises.
*/

#ifndef LMEMS_RADIX_H
#define LMEMS_RADIX_H

#include "series.h"

enum { LMEMS_FEW = 48 }; /* so many are sorted without a spare array */

/* Sorts `n` elements at `p`, aligned to their size, with `spare` as large or
   NULL. NaNs come last also where `desc` is not 0. */
void lmems_sortnumbers(char *p, void *spare, size_t n, int type, int desc);

/* An unsigned number for the element at `p`, which has the order of its type:
   -0.0 is 0.0, a nan comes last, and no other float has its key. */
#define LMEMS_NANKEY UINT64_MAX
uint64_t lmems_sortkey(int type, const char *p);

/* A key, and the index of what it is of. */
typedef struct lmems_keyed {
  uint64_t key, index;
} lmems_keyed;

/* Sorts by the keys, those that are equal stay in order; `spare` is as large.
   Where the sorted ones are: at `a` or `spare`. */
lmems_keyed *lmems_sortkeyed(lmems_keyed *a, lmems_keyed *spare, size_t n);

#endif
