/*
** near.h - names that are near to one that is none, for messages: a few
** changes make the one of the other. Of all that are asked for the nearest
** are kept, as text, in C.
*/

#ifndef LMEMS_NEAR_H
#define LMEMS_NEAR_H

#include "rule.h"

typedef struct lmems_near {
  const char *name;
  size_t length;
  size_t changes; /* from the name to those in `text` */
  int count;      /* of them */
  size_t used;
  char text[240]; /* "'peek_u8', 'peek_i8'" */
} lmems_near;

/* Begins with the value at `index`, to which only a string has near names. */
void lmems_nearto(lua_State *L, int index, lmems_near *near);

/* Adds a name if it is near. */
void lmems_nearname(lmems_near *near, const char *name, size_t length);

/* Adds those of the keys of the table at `table`. */
void lmems_nearkeys(lua_State *L, int table, lmems_near *near);

/* Pushes "; near it is 'peek_u8'", or "" if there is none. */
const char *lmems_pushnear(lua_State *L, const lmems_near *near);

/* Raises: `what` has no method of the name at 2, which was looked up in their
   table, at 1; a mistake of the function at that level of calls. */
int lmems_nomethod(lua_State *L, const char *what, int level);

#endif
