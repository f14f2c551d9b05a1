/*
** kind.h - kinds: what an element or a field is. One value of a type, a
** string of bounded length, a row of one kind, or a struct.
*/

#ifndef LMEMS_KIND_H
#define LMEMS_KIND_H

#include "type.h"

typedef struct lmems_layout lmems_layout; /* layout.h */
typedef struct lmems_kind lmems_kind;

/* Types beyond those of LMEMS_TYPES. */
enum {
  LMEMS_CHARS = LMEMS_NTYPES, /* `count` bytes: a string, 0 ends it early */
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

/* The kind of a type of LMEMS_TYPES. */
const lmems_kind *lmems_scalar(int type);

/* Do two kinds mean the same bytes? */
int lmems_samekind(const lmems_kind *a, const lmems_kind *b);

/* Pushes its name: "f64", "char[16]", "f64[3][3]", "struct". */
const char *lmems_pushkind(lua_State *L, const lmems_kind *kind);

#endif
