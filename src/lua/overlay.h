/*
** overlay.h - arrays on bytes that are there.
*/

#ifndef LMEMS_OVERLAY_H
#define LMEMS_OVERLAY_H

#include "self.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_overlay[];

/* What `view` does: the array of the arguments from `self.arg` on is pushed. */
void lmems_pushoverlay(lua_State *L, lmems_self self);

#endif
