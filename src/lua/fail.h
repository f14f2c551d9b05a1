/*
** fail.h - how a call says that something is wrong.
**
** A mistake of the caller raises "bad argument #n to 'verb' (...)", with the
** verb's own name however it was called, and arguments counted after the
** heap in methods. A failure of the environment is nil, message, code.
*/

#ifndef LMEMS_FAIL_H
#define LMEMS_FAIL_H

#include "rule.h"

/* Raises "bad argument #n to 'verb' (message)"; `arg` is a stack index.
   `format` is as for lua_pushfstring. In a function that is no verb (upvalue
   2 is not a string) it does what luaL_argerror does. */
LMEMS_RAISES int lmems_argerror(lua_State *L, int arg, const char *format,
                                ...);

/* Pushes nil, message, code for a MEMS_E... code; returns 3. Raises if the code
   says that the heap is read-only. */
int lmems_fail(lua_State *L, int code);

/* The same with a message of its own, if that is not "". */
int lmems_failwith(lua_State *L, int code, const char *why);

/* Pushes the value at `index` as a message shows it: 1.5, "text", a table. */
const char *lmems_pushshown(lua_State *L, int index);

#endif
