/*
** protect.h - tables that show another one and take nothing.
*/

#ifndef LMEMS_PROTECT_H
#define LMEMS_PROTECT_H

#include "rule.h"

/* Puts such a table in the place of the one on top, which has the offsets of
   a struct. */
void lmems_protect(lua_State *L);

#endif
