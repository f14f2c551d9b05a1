/*
** series.h - series: elements at even distances, one part of memory after
** the other, and chunks of them, packed, in native byte order and of a type
** that C has.
**
** Kernels (kernel.h) know chunks only. One that lies packed and native in
** the series is used where it is; any other is a copy, which lmems_store
** writes back. None of this allocates, calls Lua or raises.
*/

#ifndef LMEMS_SERIES_H
#define LMEMS_SERIES_H

#include "type.h"

enum { LMEMS_CHUNK = 512 }; /* elements */

typedef struct lmems_series {
  char *p;       /* the first element that is left */
  size_t count;  /* so many are left */
  size_t stride; /* bytes from one to the next */
  size_t size;   /* of an element */
  int foreign;   /* their type, if no kernel knows such numbers, else -1 */
} lmems_series;

typedef struct lmems_chunk {
  char *bytes;
  size_t count;
  char copy[LMEMS_CHUNK * sizeof(uint64_t)];
} lmems_chunk;

/* Copies all elements of a series, as they are, to and from packed ones. */
void lmems_pack(char *to, const lmems_series *from);
void lmems_unpack(const lmems_series *to, const char *from);

/* Copies numbers of a foreign type to packed ones that C has, and back. */
void lmems_widenall(char *to, lmems_series from);
void lmems_narrowall(lmems_series to, const char *from);

/* Copies the first element, which there is, over all others. */
void lmems_repeat(const lmems_series *s);

/* Puts the elements in the reverse order. */
void lmems_reverse(const lmems_series *s);

/* Copies `n` elements, those with the indices from 0, to packed ones. */
void lmems_gather(char *to, const lmems_series *from, const uint64_t *index,
                  size_t n);

/* Puts the element `index[i]` in the place of each element i: every index
   from 0 is there once. It ends as 0, 1, 2 ...; `one` has room for an
   element. */
void lmems_permute(const lmems_series *s, uint64_t *index, char *one);

/* Sets the chunk to a copy of the first elements of a series of numbers; to
   none if none are left. */
void lmems_loadcopy(lmems_chunk *c, const lmems_series *s);

/* Writes the chunk, which was loaded from there, back. */
void lmems_store_slow(const lmems_chunk *c, const lmems_series *s);

/* What a series of that type, or kind, has for `foreign`. */
static inline int lmems_foreign(int type) {
  return type < LMEMS_NTYPES && type > LMEMS_PTR ? type : -1;
}

static inline int lmems_packed(const lmems_series *s) {
  return s->stride == s->size;
}

/* Makes the chunk room for the first elements of a series of numbers: where
   they are, or a copy, which is not loaded. */
static inline void lmems_place(lmems_chunk *c, const lmems_series *s) {
  c->count = s->count < LMEMS_CHUNK ? s->count : LMEMS_CHUNK;
  c->bytes = s->foreign < 0 && lmems_packed(s) ? s->p : c->copy;
}

/* Sets the chunk to them. */
static inline void lmems_load(lmems_chunk *c, const lmems_series *s) {
  lmems_place(c, s);
  if (c->bytes == c->copy)
    lmems_loadcopy(c, s);
}

static inline void lmems_store(const lmems_chunk *c, const lmems_series *s) {
  if (c->bytes == c->copy)
    lmems_store_slow(c, s);
}

/* Goes on behind the first `n` elements. */
static inline void lmems_skip(lmems_series *s, size_t n) {
  s->p += n * s->stride;
  s->count -= n;
}

#endif
