/*
** bulk.h - many bytes or many values in one call.
*/

#ifndef LMEMS_BULK_H
#define LMEMS_BULK_H

#include "rule.h"

/* Verbs for module, heaps and buffers. */
extern const luaL_Reg lmems_bulk[];

#endif
