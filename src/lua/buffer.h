/*
** buffer.h - buffers: bytes that free themselves.
*/

#ifndef LMEMS_BUFFER_H
#define LMEMS_BUFFER_H

#include "object.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_buffer[];

/* Methods of buffers, beside the verbs on memory. */
extern const luaL_Reg lmems_buffermethods[];
extern const lmems_class lmems_bufferclass;

#endif
