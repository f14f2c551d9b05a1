/*
** bit.c - reading, writing and counting bits.
*/

#include "bit.h"

#include "bits.h"
#include "fail.h"
#include "gate.h"
#include "self.h"

/***
@module mems
*/

/* Which bits a verb is about: the arguments behind the address. */
typedef struct span {
  size_t offset; /* of their first byte */
  unsigned first, n;
  size_t bytes;
} span;

static span check_span(lua_State *L, lmems_self self) {
  enum { MOST = 64 };
  lua_Integer bit = lmems_checkint(L, self.arg + 1, "bit", 0, LUA_MAXINTEGER);
  unsigned n = (unsigned)lmems_checkint(L, self.arg + 2, "n", 1, MOST);
  unsigned first = (unsigned)(bit % 8);
  return (span){(size_t)(bit / 8), first, n, (first + n + 7) / 8};
}

/***
Reads bits, lowest first: bit 0 is the lowest of the first byte, bit 8 the
lowest of the second.
@function readbits
@within Memory
@tparam memory addr
@tparam integer bit the first one, from 0, which gets the lowest of the result
@tparam integer n how many, from 1 to 64
@treturn integer from 0; 64 bits wrap around as a `u64` does
@raise unless all of them are in one block
*/
static int readbits(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_checklast(L, self.arg + 2);
  span s = check_span(L, self);
  const char *p = lmems_hold(L, self.box, self.arg, s.offset, s.bytes);
  uint64_t value = lmems_readbits(p, s.first, s.n);
  lmems_letgo();
  lua_pushinteger(L, (lua_Integer)value);
  return 1;
}

/***
Writes bits, lowest first, and leaves those around them as they are.
@function writebits
@within Memory
@tparam memory addr
@tparam integer bit the first one, from 0, see @{readbits}
@tparam integer n how many, from 1 to 64
@tparam integer v from 0 to what `n` bits have room for; any integer for 64
@raise if the value does not fit, or not all of the bits are in one block
*/
static int writebits(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_checklast(L, self.arg + 3);
  span s = check_span(L, self);
  lua_Integer most = s.n < 64 ? (lua_Integer)lmems_lowbits(UINT64_MAX, s.n)
                              : LUA_MAXINTEGER;
  lua_Integer v = lmems_checkint(L, self.arg + 3, "v",
                                 s.n < 64 ? 0 : LUA_MININTEGER, most);
  char *p = lmems_write(L, self.box, self.arg, s.offset, s.bytes);
  lmems_writebits(p, s.first, s.n, (uint64_t)v);
  lmems_letgo();
  return 0;
}

/***
Counts the bits that are 1.
@function popcount
@within Memory
@tparam memory addr
@tparam[opt=0] integer offset in bytes, from 0
@tparam[opt] integer n bytes, from 0; up to the end of the block or object
@treturn integer
*/
static int popcount(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_checklast(L, self.arg + 2);
  size_t n, offset = lmems_optoffset(L, self.arg + 1);
  lua_settop(L, self.arg + 2);
  lmems_resolve(L, self.arg);
  if (lua_isnil(L, self.arg + 2)) {
    size_t rest = lmems_rest(L, self.box, self.arg);
    n = offset < rest ? rest - offset : 0;
  } else {
    n = lmems_checkcount(L, self.arg + 2, "n");
  }
  const char *p = lmems_hold(L, self.box, self.arg, offset, n);
  uint64_t count = lmems_countbits(p, n);
  lmems_letgo();
  lua_pushinteger(L, (lua_Integer)count);
  return 1;
}

const luaL_Reg lmems_bit[] = {
  {"readbits", readbits}, {"writebits", writebits}, {"popcount", popcount},
  {NULL, NULL}
};
