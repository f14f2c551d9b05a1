/*
** stream.h - streams: a place in a buffer that moves on as it is read or
** written.
*/

#ifndef LMEMS_STREAM_H
#define LMEMS_STREAM_H

#include "rule.h"

/* Methods of buffers. */
extern const luaL_Reg lmems_streammaker[];

/* Methods of streams, and those whose upvalue 3 is string.pack or
   string.unpack. */
extern const luaL_Reg lmems_stream[];
extern const luaL_Reg lmems_streampackers[];

/* Makes the class; the table of methods is on top, and is popped. */
void lmems_newstreams(lua_State *L);

#endif
