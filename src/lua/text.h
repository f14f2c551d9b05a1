/*
** text.h - strings and records of Lua's own formats.
*/

#ifndef LMEMS_TEXT_H
#define LMEMS_TEXT_H

#include "self.h"

/* Verbs for module, heaps and buffers. */
extern const luaL_Reg lmems_text[];

/* The same, whose upvalue 3 is string.pack or string.unpack. */
extern const luaL_Reg lmems_packers[];

/* For verbs with that upvalue 3. */

/* How many values a format takes. */
int lmems_packvalues(const char *format);

/* Packs the `count` values behind the format at the index `format`; pushes
   the bytes. Raises if string.pack does, about the same arguments. */
const char *lmems_strpack(lua_State *L, int format, int count, size_t *length);

/* Unpacks what is `offset` bytes after the resolved address that `self`
   names: pushes the values, sets *bytes to how many they took and returns 1.
   If there are too few, pushes nothing, sets *bytes to how many, returns
   0. */
int lmems_strunpack(lua_State *L, lmems_self self, int format, size_t offset,
                 size_t *bytes);

#endif
