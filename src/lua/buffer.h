/*
** buffer.h - buffers: bytes that free themselves.
*/

#ifndef LMEMS_BUFFER_H
#define LMEMS_BUFFER_H

#include "object.h"
#include "self.h"
#include "view.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_buffer[];

/* Methods of buffers, beside the verbs on memory. */
extern const luaL_Reg lmems_buffermethods[];
extern const lmems_class lmems_bufferclass;

/* Pushes a buffer that looks at the bytes from the address at `arg` to the end
   of its block, in the heap of `self`. Raises if there are none. */
void lmems_pushbufferat(lua_State *L, lmems_self self, int arg);

/* Gives a buffer that owns its block and is alive room for `need` bytes, in
   steps that double it, and leaves its bytes as they are. MEMS_OK, or why
   there is none. May collect garbage; raises if the buffer is dead then. */
int lmems_bufferroom(lua_State *L, lmems_view *buffer, size_t need);

/* Makes such a buffer longer by zeros, to `size` bytes, for which it has
   room. May be called while something is held. */
void lmems_bufferextend(lmems_view *buffer, size_t size);

#endif
