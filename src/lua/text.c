/*
** text.c - strings and records of Lua's own formats.
**
** pack and unpack call string.pack and string.unpack, their upvalue 3, and
** turn their complaints into ones about the arguments of the caller.
*/

#include "text.h"

#include <stdlib.h>

#include "fail.h"
#include "gate.h"
#include "view.h"

/***
@module mems
*/

/***
Reads bytes, whatever they are.
@function readstring
@within Strings
@tparam memory addr
@tparam[opt] integer n bytes, from 0; of an object all to its end, for an
 address it has to be there
@tparam[opt=0] integer offset in bytes, from 0
@treturn string
*/
static int readstring(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  size_t offset = lmems_optoffset(L, self.arg + 2);
  lmems_checklast(L, self.arg + 2);
  size_t n = lmems_optbytes(L, self.arg + 1, self.arg, offset);
  lmems_letgobytes(L, lmems_hold(L, self.box, self.arg, offset, n), n);
  return 1;
}

/***
Writes the bytes of a string, and nothing after them.
@function writestring
@within Strings
@tparam memory addr
@tparam string s may hold any bytes
@tparam[opt=0] integer offset in bytes, from 0
*/
static int writestring(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  size_t length;
  const char *s = lmems_checkstring(L, self.arg + 1, "s", &length);
  size_t offset = lmems_optoffset(L, self.arg + 2);
  memcpy(lmems_write(L, self.box, self.arg, offset, length), s, length);
  lmems_letgo();
  return 0;
}

/***
Reads a string that ends before a byte 0.
@function cstring
@within Strings
@tparam memory addr
@tparam[opt] integer max the most bytes that belong to it: without a byte 0
 among them, they are the string. Without `max` the byte 0 has to be there.
@tparam[opt=0] integer offset in bytes, from 0
@treturn string without the byte 0
@raise without `max`, if there is no byte 0 up to the end of the block
*/
static int cstring(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int bounded = !lua_isnoneornil(L, self.arg + 1);
  size_t n = bounded ? lmems_checkcount(L, self.arg + 1, "max") : 0;
  size_t offset = lmems_optoffset(L, self.arg + 2);
  lmems_checklast(L, self.arg + 2);
  lmems_resolve(L, self.arg);
  if (!bounded) {
    size_t rest = lmems_rest(L, self.box, self.arg);
    n = rest > offset ? rest - offset : 0;
  }
  const char *p = lmems_hold(L, self.box, self.arg, offset, n);
  const char *end = memchr(p, 0, n);
  if (end != NULL || bounded) {
    lmems_letgobytes(L, p, end != NULL ? (size_t)(end - p) : n);
    return 1;
  }
  mems_addr addr = lmems_addressat(L, self.arg) + offset;
  lmems_letgo();
  return lmems_argerror(L, self.arg, "no byte 0 in the %I bytes from address "
                        "%I to the end of its block", (lua_Integer)n,
                        (lua_Integer)addr);
}

/*
** Formats
*/

/* The argument that an error message of string.pack or string.unpack on top
   of the stack is about, or 0. */
static int blamed_argument(lua_State *L) {
  static const char start[] = "bad argument #";
  const char *message = lua_tostring(L, -1);
  if (message == NULL || strncmp(message, start, sizeof start - 1) != 0)
    return 0;
  return (int)strtol(message + sizeof start - 1, NULL, 10);
}

/* Raises the error message on top of the stack as one about argument
   `arg`, without the part that names another function. */
LMEMS_RAISES static int blame(lua_State *L, int arg) {
  const char *message = luaL_tolstring(L, -1, NULL);
  const char *reason = strchr(message, '(');
  if (reason != NULL && blamed_argument(L) != 0)
    message = lua_pushlstring(L, reason + 1, strlen(reason) - 2);
  lmems_argerror(L, arg, "%s", message);
}

int lmems_packvalues(const char *format) {
  static const char takes[] = "bBhHlLjJTiIfdnszc";
  int count = 0;
  for (; *format != 0; format++)
    if (*format == 'X' && format[1] != 0)
      format++; /* aligns as the next option would, which is not one itself */
    else if (strchr(takes, *format) != NULL)
      count++;
  return count;
}

const char *lmems_strpack(lua_State *L, int format, int count, size_t *length) {
  luaL_checkstack(L, count + LUA_MINSTACK, "too many values");
  lua_pushvalue(L, lua_upvalueindex(3));
  for (int i = format; i <= format + count; i++)
    lua_pushvalue(L, i);
  int status = lua_pcall(L, count + 1, 1, 0);
  if (status == LUA_ERRMEM)
    lua_error(L);
  if (status != LUA_OK) {
    int n = blamed_argument(L);
    blame(L, n > 0 ? format + n - 1 : format);
  }
  return lua_tolstring(L, -1, length);
}

/***
Writes values in a format of Lua's `string.pack`. What `!` aligns is counted
from the offset on, as `string.pack` counts it from its start.
@function pack
@within Strings
@tparam memory addr
@tparam string fmt
@param ... values, as many as the format takes; behind them, optional, the
 offset in bytes, from 0
@treturn address|integer where the next byte would be: an address, in an
 object the offset
*/
static int pack(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int format = self.arg + 1, top = lua_gettop(L);
  size_t length, offset;
  int count = lmems_packvalues(lmems_checkstring(L, format, "fmt", NULL));
  if (count > top - format)
    count = top - format; /* which string.pack will complain about */
  offset = lmems_optoffset(L, format + count + 1);
  lmems_checklast(L, format + count + 1);
  lmems_resolve(L, self.arg);
  const char *bytes = lmems_strpack(L, format, count, &length);
  memcpy(lmems_write(L, self.box, self.arg, offset, length), bytes, length);
  lmems_letgo();
  lmems_pushplace(L, self.arg, offset + length);
  return 1;
}

/* Calls string.unpack on at most `n` bytes at the address and offset; pushes
   its results, or its error message. Sets *rest to how many bytes there
   are. */
static int try_unpack(lua_State *L, lmems_self self, int format,
                      size_t offset, size_t n, size_t *rest) {
  lua_pushvalue(L, lua_upvalueindex(3));
  lua_pushvalue(L, format);
  size_t all = lmems_rest(L, self.box, self.arg);
  *rest = all > offset ? all - offset : 0;
  if (n > *rest)
    n = *rest;
  const char *p = lmems_hold(L, self.box, self.arg, offset, n);
  lmems_letgobytes(L, p, n);
  return lua_pcall(L, 2, LUA_MULTRET, 0);
}

int lmems_strunpack(lua_State *L, lmems_self self, int format, size_t offset,
                 size_t *bytes) {
  enum { WINDOW = 256, GROWTH = 8 };
  size_t rest, window = WINDOW;
  int top = lua_gettop(L), status;
  /* A format does not tell how much it will read, and a block may be huge:
     so a piece of it is tried, and if that is too short, a longer one. */
  while ((status = try_unpack(L, self, format, offset, window,
                              &rest)) != LUA_OK) {
    if (status == LUA_ERRMEM)
      return lua_error(L);
    if (blamed_argument(L) != 2) /* not: data string too short */
      return blame(L, format);
    lua_settop(L, top);
    if (window >= rest) {
      *bytes = rest;
      return 0;
    }
    window = window < rest / GROWTH ? window * GROWTH : rest;
  }
  *bytes = (size_t)lua_tointeger(L, -1) - 1;
  lua_pop(L, 1);
  return 1;
}

/* Raises: a format takes more than the `rest` bytes at `arg`. */
LMEMS_RAISES static int too_short(lua_State *L, int arg, size_t offset,
                                  size_t rest) {
  const lmems_view *view = lmems_anyview(L, arg);
  mems_addr addr = view == NULL ? lmems_checkaddr(L, arg) + offset : 0;
  if (view != NULL && offset > 0)
    lmems_argerror(L, arg, "the format takes more than the %I bytes from "
                   "offset %I to the end of the %s", (lua_Integer)rest,
                   (lua_Integer)offset, lmems_classname(view));
  if (view != NULL)
    lmems_argerror(L, arg, "the format takes more than the %I bytes of the "
                   "%s", (lua_Integer)rest, lmems_classname(view));
  lmems_argerror(L, arg, "the format takes more than the %I bytes from "
                 "address %I to the end of its block", (lua_Integer)rest,
                 (lua_Integer)addr);
}

/***
Reads values in a format of Lua's `string.unpack`. What `!` aligns is counted
from the offset on.
@function unpack
@within Strings
@luals return any ...
@tparam memory addr
@tparam string fmt
@tparam[opt=0] integer offset in bytes, from 0
@return the values, and what is after them: an address, in an object the
 offset
@raise if the format takes more bytes than there are to the end of the block
*/
static int unpack(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int format = self.arg + 1;
  size_t bytes = 0, offset = lmems_optoffset(L, self.arg + 2);
  lmems_checkstring(L, format, "fmt", NULL);
  lmems_checklast(L, self.arg + 2);
  lmems_resolve(L, self.arg);
  int top = lua_gettop(L);
  if (!lmems_strunpack(L, self, format, offset, &bytes))
    return too_short(L, self.arg, offset, bytes);
  lmems_pushplace(L, self.arg, offset + bytes);
  return lua_gettop(L) - top;
}

const luaL_Reg lmems_text[] = {
  {"readstring", readstring}, {"writestring", writestring},
  {"cstring", cstring}, {NULL, NULL}
};

/* Those whose upvalue 3 is the function of the same name of Lua's library. */
const luaL_Reg lmems_packers[] = {
  {"pack", pack}, {"unpack", unpack}, {NULL, NULL}
};
