/*
** overlay.h - arrays on bytes that are there.
*/

#ifndef LMEMS_OVERLAY_H
#define LMEMS_OVERLAY_H

#include "rule.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_overlay[];

#endif
