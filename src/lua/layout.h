/*
** layout.h - what a struct is: its fields, where they lie, and how a name
** finds its field.
*/

#ifndef LMEMS_LAYOUT_H
#define LMEMS_LAYOUT_H

#include "kind.h"
#include "near.h"

typedef struct lmems_field {
  const void *key;   /* lua_topointer of its name, which user value 2 of the
                        layout keeps where it is */
  const char *name;
  size_t length;     /* of the name */
  size_t offset;
  lmems_kind kind;
} lmems_field;

typedef struct lmems_slot {
  const void *key;
  const lmems_field *field;
} lmems_slot;

/* A userdata. User value 1: the anchor of the heap that its functions use;
   2: what has to stay alive: names and layouts; 3: the table of offsets; 4:
   that of methods, or nil. */
struct lmems_layout {
  uintptr_t seal;
  lmems_kind kind;          /* of the whole: LMEMS_STRUCT, this */
  size_t align;
  int depth;                /* structs in structs */
  int methods;              /* not 0: there are some */
  size_t count;             /* fields */
  const lmems_field *fields;
  uint32_t *names;          /* slots by the bytes of names: field, from 1 */
  unsigned shift;           /* of the hash: 64 - log2 of the slots */
  lmems_slot slots[];       /* a quarter full at most */
};

/* Where a key's search begins. */
static inline size_t lmems_hash(const void *key, unsigned shift) {
  return (size_t)(((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u >> shift);
}

/* The field whose name is the string at `index`, by its identity; NULL if
   there is none, or the string is long and so not unique. */
static inline const lmems_field *lmems_field_at(lua_State *L, int index,
                                                const lmems_layout *s) {
  const void *key = lua_topointer(L, index);
  const lmems_slot *slot = &s->slots[lmems_hash(key, s->shift)];
  while (slot->key != key) {
    if (slot->key == NULL)
      return NULL;
    slot++; /* an empty one stands at the end */
  }
  return slot->field;
}

/* The field whose name is the string at `index`, by its bytes; or NULL. */
const lmems_field *lmems_field_slow(lua_State *L, int index,
                                    const lmems_layout *s);

/* The same by both; raises if there is no such field. */
const lmems_field *lmems_checkfield(lua_State *L, int index,
                                    const lmems_layout *s);

/* Raises: there is no such field; names those that are near. `near` has other
   names that it might be, or is NULL. */
LMEMS_RAISES int lmems_nofield(lua_State *L, int index,
                               const lmems_layout *s, lmems_near *near);

/* The layout at `arg`, or NULL. */
lmems_layout *lmems_tolayout(lua_State *L, int arg);

/* What objects of the kind ask of a new block's address: an alignment above
   that of every block, or 0. */
size_t lmems_wantsalign(const lmems_kind *kind);

/* Pushes a new layout made from the definition at `arg`; `anchor` is where
   its user value 1 is. Its metatable is the one named "mems.layout". */
lmems_layout *lmems_newlayout(lua_State *L, int arg, int anchor);

#endif
