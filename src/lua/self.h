/*
** self.h - what a verb works on, and where its own arguments begin.
*/

#ifndef LMEMS_SELF_H
#define LMEMS_SELF_H

#include "box.h"

typedef struct lmems_self {
  lmems_box *box;
  int arg; /* index of the first argument after the heap: 1 or 2 */
} lmems_self;

/* What a method works on: the heap at index 1, or that of the object at
   index 1; raises if there is none, or the object is dead. */
lmems_self lmems_selfmethod(lua_State *L);

/* For verbs that need no open heap. */
static inline lmems_self lmems_anyself(lua_State *L) {
  lmems_self self = {lua_touserdata(L, lua_upvalueindex(1)), 1};
  return self.box != NULL ? self : lmems_selfmethod(L);
}

/* For verbs that work on an open heap: raises if it is not. */
static inline lmems_self lmems_checkself(lua_State *L) {
  lmems_self self = lmems_anyself(L);
  lmems_checkopen(L, self.box);
  return self;
}

/* For iterators, which have the anchor as upvalue 1. */
static inline lmems_self lmems_iteratorself(lua_State *L) {
  lmems_self self = {lmems_anchored(L, lua_upvalueindex(1)), 1};
  lmems_checkopen(L, self.box);
  return self;
}

/* Where the anchor of the heap of a verb is that is no method of objects. */
static inline int lmems_anchorindex(lmems_self self) {
  return self.arg == 1 ? lua_upvalueindex(1) : 1;
}

/* Pushes it. */
static inline void lmems_pushanchor(lua_State *L, lmems_self self) {
  lua_pushvalue(L, lmems_anchorindex(self));
}

#endif
