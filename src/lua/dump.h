/*
** dump.h - bytes as a person reads them.
*/

#ifndef LMEMS_DUMP_H
#define LMEMS_DUMP_H

#include "rule.h"

/* Verbs for module, heaps and buffers. */
extern const luaL_Reg lmems_dump[];

#endif
