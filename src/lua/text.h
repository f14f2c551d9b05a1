/*
** text.h - strings and records of Lua's own formats.
*/

#ifndef LMEMS_TEXT_H
#define LMEMS_TEXT_H

#include "rule.h"

/* Verbs for module, heaps and buffers. */
extern const luaL_Reg lmems_text[];

/* The same, whose upvalue 3 is string.pack or string.unpack. */
extern const luaL_Reg lmems_packers[];

#endif
