/*
** kind.h - kinds: what an element or a field is. One value of a type, a few
** bits, a string of bounded length, a row of one kind, or a struct.
*/

#ifndef LMEMS_KIND_H
#define LMEMS_KIND_H

#include "type.h"

typedef struct lmems_layout lmems_layout; /* layout.h */
typedef struct lmems_kind lmems_kind;

/* Types beyond those of LMEMS_EVERY. */
enum {
  LMEMS_BITS = LMEMS_NTYPES,  /* some bits of `element`; see lmems_bitcount */
  LMEMS_CHARS,                /* `count` bytes: a string, 0 ends it early */
  LMEMS_ROW,                  /* `count` times `element` */
  LMEMS_STRUCT                /* `layout` */
};

struct lmems_kind {
  int type;
  size_t size;                /* bytes */
  size_t count;
  const lmems_kind *element;
  const lmems_layout *layout;
};

/* The kind of a type of LMEMS_EVERY. */
const lmems_kind *lmems_scalar(int type);

/* The kind of `bits` bits of an integer type or bool, of which the lowest is
   bit `first`, 0 to 7, of the first byte. */
lmems_kind lmems_bitkind(int type, unsigned first, unsigned bits);

/* How many bits it has, and which bit of its first byte is the lowest. */
static inline unsigned lmems_bitcount(const lmems_kind *kind) {
  return (unsigned)(kind->count / 8);
}

static inline unsigned lmems_bitfirst(const lmems_kind *kind) {
  return (unsigned)(kind->count % 8);
}

/* Do two kinds mean the same bytes? */
int lmems_samekind(const lmems_kind *a, const lmems_kind *b);

/* Pushes its name: "f64", "u32: 3 bits", "char[16]", "f64[3][3]", "struct". */
const char *lmems_pushkind(lua_State *L, const lmems_kind *kind);

#endif
