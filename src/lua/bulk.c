/*
** bulk.c - many bytes or many values in one call.
**
** All ranges and all values are checked before the first byte changes, so a
** call that raises has done nothing.
*/

#include "bulk.h"

#include <limits.h>

#include "explain.h"
#include "fail.h"
#include "gate.h"
#include "self.h"
#include "type.h"

/***
@module mems
*/

/* The bytes of `count` elements, or more than any block has. */
static size_t array_bytes(size_t count, int type) {
  size_t size = lmems_typesize(type);
  return count > LUA_MAXINTEGER / size ? LUA_MAXINTEGER : count * size;
}

enum { PIECE = 64 }; /* values that are copied at once */

/* Reads `n` of the values that begin at the first argument and offset,
   behind the first `done`, into the table on top. */
static void push_piece(lua_State *L, lmems_self self, int type,
                       size_t offset, size_t done, size_t n) {
  char copy[PIECE * sizeof(uint64_t)], *p = copy;
  size_t size = lmems_typesize(type), start = done * size;
  int none = type % LMEMS_SWAPPED == LMEMS_PTR;
  /* from the first value on: all of them have to lie in one block */
  const char *from = lmems_hold(L, self.box, self.arg, offset,
                                start + n * size);
  memcpy(copy, from + start, n * size);
  mems_addr addr = none ? lmems_virtualat(L, self.box, self.arg) : 0;
  lmems_letgo();
  for (size_t i = done + 1; i <= done + n; i++, p += size) {
    lmems_get(L, type, p);
    if (none) {
      mems_addr word;
      memcpy(&word, p, sizeof word);
      lmems_checkfill(L, self.box, self.arg, addr + offset + (i - 1) * size,
                      word);
      if (word == 0) {
        lua_pop(L, 1);
        lua_pushboolean(L, 0);
      }
    }
    lua_rawseti(L, -2, (lua_Integer)i);
  }
}

/***
Reads values that lie one after the other. In the table a `ptr` that is 0
is false, so that the table has no hole.
@function peekarray
@within Bulk
@tparam memory addr
@tparam type type see @{peek}
@tparam integer count of values, from 0
@tparam[opt=0] integer offset in bytes, from 0
@treturn table
*/
static int peekarray(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int type = lmems_checktype(L, self.arg + 1);
  size_t count = lmems_checkcount(L, self.arg + 2, "count");
  size_t offset = lmems_optoffset(L, self.arg + 3);
  size_t bytes = array_bytes(count, type);
  lmems_hold(L, self.box, self.arg, offset, bytes);
  lmems_letgo();
  lua_createtable(L, count < INT_MAX ? (int)count : INT_MAX, 0);
  for (size_t done = 0; done < count; done += PIECE) {
    size_t n = count - done < PIECE ? count - done : PIECE;
    push_piece(L, self, type, offset, done, n);
  }
  return 1;
}

/* Converts elements 1 to `count` of the table at `table` to what `to` has
   room for; raises if one does not fit. */
static void convert_elements(lua_State *L, int table, lua_Integer count,
                             int type, char *to) {
  enum { BATCH = 16 }; /* values on the stack at once; fewer calls */
  size_t size = lmems_typesize(type);
  int top = lua_gettop(L);
  lua_Integer i = 1;
  while (i <= count) {
    for (int n = 1; n <= BATCH && i <= count; n++, i++, to += size)
      if (lua_rawgeti(L, table, i) == LUA_TNIL ||
          !lmems_put(L, top + n, type, to))
        lmems_misfit(L, table, top + n, type, i);
    lua_settop(L, top);
  }
}

/* Raises if the table at `table` is seen to go on after its element `count`,
   its length. A sequence lies in order before all other keys, so the look
   may begin at its end; only a short one, which may lie otherwise, is looked
   at from the start. No further than at as many keys as are written, and
   some: what else the table has is not of this call's time. */
static void check_no_hole(lua_State *L, int table, lua_Integer count) {
  enum { SHORT = 64 };
  lua_Integer looks = count + SHORT;
  if (count <= SHORT)
    lua_pushnil(L);
  else
    lua_pushinteger(L, count);
  while (looks-- > 0 && lua_next(L, table)) {
    lua_pop(L, 1);
    if (lua_isinteger(L, -1) && lua_tointeger(L, -1) > count)
      lmems_argerror(L, table, "the table has no element %I, but one %I",
                     count + 1, lua_tointeger(L, -1));
  }
}

/***
Writes the elements 1 to `#values` of a table, without metamethods, one
after the other.
@function pokearray
@within Bulk
@tparam memory addr
@tparam type type see @{poke}
@tparam table values
@tparam[opt=0] integer offset in bytes, from 0
@treturn integer the count written
@raise if an element does not fit the type, the table has a hole (as far as
 a look at as many keys as are written shows), or there are more than fit;
 then nothing is written
*/
static int pokearray(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int type = lmems_checktype(L, self.arg + 1);
  int table = self.arg + 2;
  size_t offset = lmems_optoffset(L, self.arg + 3);
  if (!lua_istable(L, table))
    lmems_argerror(L, table, "a table expected, got %s",
                   lmems_pushshown(L, table));
  lua_Integer count = (lua_Integer)lua_rawlen(L, table);
  size_t bytes = array_bytes((size_t)count, type);
  luaL_Buffer buffer;
  luaL_checkstack(L, LUA_MINSTACK + 20, "pokearray");
  lmems_write(L, self.box, self.arg, offset, bytes);
  lmems_letgo();
  char *values = luaL_buffinitsize(L, &buffer, bytes);
  convert_elements(L, table, count, type, values);
  check_no_hole(L, table, count);
  memcpy(lmems_write(L, self.box, self.arg, offset, bytes), values, bytes);
  lmems_letgo();
  lua_pushinteger(L, count);
  return 1;
}

/***
Sets bytes to the same value.
@function fill
@within Bulk
@tparam memory addr
@tparam integer byte from 0 to 255
@tparam[opt] integer n bytes, from 0; of an object all to its end, for an
 address it has to be there
@tparam[opt=0] integer offset of the first one, from 0
*/
static int fill(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int byte = (int)lmems_checkint(L, self.arg + 1, "byte", 0, 255);
  size_t offset = lmems_optoffset(L, self.arg + 3);
  lmems_checklast(L, self.arg + 3);
  size_t n = lmems_optbytes(L, self.arg + 2, self.arg, offset);
  memset(lmems_write(L, self.box, self.arg, offset, n), byte, n);
  lmems_letgo();
  return 0;
}

/* Two ranges of `n` bytes, which one hold is for. */
typedef struct both {
  char *one;
  const char *other;
  size_t n;
} both;

/* How many bytes copy and compare are about: as lmems_optbytes for the
   source at `src`, which may be a string as well. */
static size_t source_bytes(lua_State *L, int src, int index, size_t offset) {
  size_t length, n;
  if (lua_type(L, src) != LUA_TSTRING)
    return lmems_optbytes(L, index, src, offset);
  lua_tolstring(L, src, &length);
  n = length > offset ? length - offset : 0;
  if (!lua_isnoneornil(L, index))
    n = lmems_checkcount(L, index, "n");
  if (offset > length || n > length - offset)
    lmems_argerror(L, src, "%I bytes at offset %I run past the end of the "
                   "string, %I bytes", (lua_Integer)n, (lua_Integer)offset,
                   (lua_Integer)length);
  return n;
}

/* Holds what the arguments of copy and compare are about: memory, which is
   to be written or not; memory or a string; a count and two offsets. All is
   resolved before one is looked at. Nothing allocates between the two, unless
   the second one raises: then nothing may be held. */
static both hold_both(lua_State *L, lmems_self self, int write) {
  int src = self.arg + 1;
  both ends;
  size_t offset = lmems_optoffset(L, self.arg + 3);
  size_t from = lmems_optoffset(L, self.arg + 4);
  lmems_checklast(L, self.arg + 4);
  size_t n = ends.n = source_bytes(L, src, self.arg + 2, from);
  lmems_resolve(L, self.arg);
  lmems_resolve(L, src);
  if (write)
    ends.one = lmems_write(L, self.box, self.arg, offset, n);
  else
    ends.one = (char *)lmems_hold(L, self.box, self.arg, offset, n);
  lmems_letgo();
  if (lua_type(L, src) == LUA_TSTRING)
    ends.other = lmems_held((char *)lua_tolstring(L, src, NULL) + from);
  else
    ends.other = lmems_holdany(L, self.box, src, from, n);
  return ends;
}

/***
Copies bytes. The ranges may overlap.
@function copy
@within Bulk
@tparam memory dst
@tparam memory|string src an object may be one of another heap
@tparam[opt] integer n bytes, from 0; of a string or an object all to its
 end, for an address it has to be there
@tparam[opt=0] integer offset in `dst`, in bytes, from 0
@tparam[opt=0] integer source_offset the same in `src`
*/
static int copy(lua_State *L) {
  both ends = hold_both(L, lmems_checkself(L), 1);
  memmove(ends.one, ends.other, ends.n);
  lmems_letgo();
  return 0;
}

/***
Compares bytes, as unsigned numbers, from the first one on.
@function compare
@within Bulk
@tparam memory a
@tparam memory|string b an object may be one of another heap
@tparam[opt] integer n bytes, from 0; of a string or an object all of `b` to
 its end, for an address it has to be there
@tparam[opt=0] integer offset in `a`, in bytes, from 0
@tparam[opt=0] integer other_offset the same in `b`
@treturn integer -1 if the bytes at `a` are less, 0 if they are equal, 1 if
 they are greater
*/
static int compare(lua_State *L) {
  both ends = hold_both(L, lmems_checkself(L), 0);
  int order = memcmp(ends.one, ends.other, ends.n);
  lmems_letgo();
  lua_pushinteger(L, (order > 0) - (order < 0));
  return 1;
}

/***
Finds a string in `n` bytes.
@function find
@within Bulk
@tparam memory addr
@tparam integer n bytes, from 0
@tparam string s may hold any bytes
@tparam[opt=0] integer offset of the first of the `n` bytes, from 0
@treturn ?address|integer|nil where the first match begins: an address, in an
 object the offset; or nil
*/
static int find(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  size_t length, n = lmems_checkcount(L, self.arg + 1, "n");
  const char *s = lmems_checkstring(L, self.arg + 2, "s", &length);
  size_t offset = lmems_optoffset(L, self.arg + 3);
  lmems_checklast(L, self.arg + 3);
  lmems_resolve(L, self.arg);
  const char *p = lmems_hold(L, self.box, self.arg, offset, n);
  const char *match = memmem(p, n, s, length);
  size_t at = match != NULL ? offset + (size_t)(match - p) : 0;
  lmems_letgo();
  if (match != NULL)
    lmems_pushplace(L, self.arg, at);
  else
    lua_pushnil(L);
  return 1;
}

const luaL_Reg lmems_bulk[] = {
  {"peekarray", peekarray}, {"pokearray", pokearray}, {"fill", fill},
  {"copy", copy}, {"compare", compare}, {"find", find}, {NULL, NULL}
};
