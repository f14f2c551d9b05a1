/*
** atomic.c - one number of a heap, read and changed at once, in one order that
** all processes and threads see.
**
** The numbers are i32, u32, i64 and u64 at a multiple of their size, for which
** the processor has instructions. What they take and give is bits; the type
** says how they are seen in Lua.
*/

#include "atomic.h"

#include "argument.h"
#include "fail.h"
#include "gate.h"
#include "self.h"
#include "type.h"

/***
@module mems
*/

/* The type of an atomic number at `arg`; raises. */
static int check_atomic(lua_State *L, int arg) {
  int type = lmems_checktype(L, arg);
  if (type != LMEMS_I32 && type != LMEMS_U32 && type != LMEMS_I64 &&
      type != LMEMS_U64)
    lmems_argerror(L, arg, "an atomic number is i32, u32, i64 or u64, got %s",
                   lua_tostring(L, arg));
  return type;
}

/* The bits of the number of that type at `arg`; raises if it does not fit. */
static uint64_t check_bits(lua_State *L, int arg, int type) {
  uint64_t bits = 0;
  if (!lmems_put(L, arg, type, &bits))
    lmems_misfit(L, arg, arg, type, 0);
  if (lmems_typesize(type) == 4) {
    uint32_t half;
    memcpy(&half, &bits, sizeof half);
    bits = half;
  }
  return bits;
}

/* Any integer at `arg`, of which a type takes the low bits. */
static uint64_t check_operand(lua_State *L, int arg) {
  return (uint64_t)lmems_checkint(L, arg, "n", LUA_MININTEGER,
                                  LUA_MAXINTEGER);
}

/* Pushes bits as a number of that type. */
static int push_bits(lua_State *L, int type, uint64_t bits) {
  uint32_t half = (uint32_t)bits;
  lmems_get(L, type, lmems_typesize(type) == 4 ? (void *)&half
                                               : (void *)&bits);
  return 1;
}

/* Holds the number, which is to be written or not; its offset, or none, is the
   last argument, at `last`. Raises unless it is aligned. */
static void *hold_number(lua_State *L, lmems_self self, int type, int last,
                         int write) {
  size_t offset = lmems_optoffset(L, last), size = lmems_typesize(type);
  lmems_checklast(L, last);
  char *p = write ? lmems_write(L, self.box, self.arg, offset, size)
                  : (char *)lmems_hold(L, self.box, self.arg, offset, size);
  if ((uintptr_t)p % size == 0)
    return p;
  lmems_letgo();
  lmems_argerror(L, self.arg, "an atomic %s has to be at a multiple of %d",
                 lmems_typename(type), (int)size);
}

/***
Reads a number at once. All processes that share the heap, and the threads of a
host program, see what @{load} and the verbs beside it do in one and the same
order.

`peek` and `poke`, elements of arrays and fields of structs never tear a
number, `bool` or `ptr` of 1, 2, 4 or 8 bytes, in either byte order, at a
multiple of its size: it is the old or the new one, but nothing says in which
order others see it. `i24` and `u24` may be torn, and what verbs copy, fill or
compute that do many at once; a bit field is written with the bits beside it.
@function load
@within Sharing
@tparam memory addr a multiple of the type's size
@tparam type type `i32`, `u32`, `i64` or `u64`
@tparam[opt=0] integer offset in bytes
@treturn integer
*/
static int load(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int type = check_atomic(L, self.arg + 1);
  void *p = hold_number(L, self, type, self.arg + 2, 0);
  uint64_t bits = lmems_typesize(type) == 4
    ? __atomic_load_n((uint32_t *)p, __ATOMIC_SEQ_CST)
    : __atomic_load_n((uint64_t *)p, __ATOMIC_SEQ_CST);
  lmems_letgo();
  return push_bits(L, type, bits);
}

/***
Writes a number at once; see @{load}.
@function store
@within Sharing
@tparam memory addr
@tparam type type
@tparam integer value
@tparam[opt=0] integer offset
*/
static int store(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int type = check_atomic(L, self.arg + 1);
  uint64_t bits = check_bits(L, self.arg + 2, type);
  void *p = hold_number(L, self, type, self.arg + 3, 1);
  if (lmems_typesize(type) == 4)
    __atomic_store_n((uint32_t *)p, (uint32_t)bits, __ATOMIC_SEQ_CST);
  else
    __atomic_store_n((uint64_t *)p, bits, __ATOMIC_SEQ_CST);
  lmems_letgo();
  return 0;
}

/***
Writes a number and gives the one that was there, at once; see @{load}.
@function exchange
@within Sharing
@tparam memory addr
@tparam type type
@tparam integer value
@tparam[opt=0] integer offset
@treturn integer what it was
*/
static int exchange(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int type = check_atomic(L, self.arg + 1);
  uint64_t bits = check_bits(L, self.arg + 2, type);
  void *p = hold_number(L, self, type, self.arg + 3, 1);
  if (lmems_typesize(type) == 4)
    bits = __atomic_exchange_n((uint32_t *)p, (uint32_t)bits,
                               __ATOMIC_SEQ_CST);
  else
    bits = __atomic_exchange_n((uint64_t *)p, bits, __ATOMIC_SEQ_CST);
  lmems_letgo();
  return push_bits(L, type, bits);
}

/***
Writes a number if it is the expected one, at once; see @{load}.
@function cas
@within Sharing
@tparam memory addr
@tparam type type
@tparam integer expected
@tparam integer desired
@tparam[opt=0] integer offset
@treturn boolean whether it was written
@treturn integer what it was
@usage repeat
  local n = heap:load(p, "i64")
until heap:cas(p, "i64", n, math.max(n, mine))
*/
static int cas(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int type = check_atomic(L, self.arg + 1);
  uint64_t was = check_bits(L, self.arg + 2, type);
  uint64_t bits = check_bits(L, self.arg + 3, type);
  void *p = hold_number(L, self, type, self.arg + 4, 1);
  uint32_t half = (uint32_t)was;
  int done;
  if (lmems_typesize(type) == 4) {
    done = __atomic_compare_exchange_n((uint32_t *)p, &half, (uint32_t)bits, 0,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    was = half;
  } else {
    done = __atomic_compare_exchange_n((uint64_t *)p, &was, bits, 0,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  }
  lmems_letgo();
  lua_pushboolean(L, done);
  return 1 + push_bits(L, type, was);
}

/***
Adds to a number, which wraps around, at once; see @{load}.
@function fetch_add
@within Sharing
@tparam memory addr
@tparam type type
@tparam integer n any integer, negative ones too
@tparam[opt=0] integer offset
@treturn integer what it was before
@usage heap:fetch_add(counters, "i64", 1, 8 * i)
*/

/***
Keeps those bits of a number that are set in `n`, at once; see @{load}.
@function fetch_and
@within Sharing
@tparam memory addr
@tparam type type
@tparam integer n
@tparam[opt=0] integer offset
@treturn integer what it was before
*/

/***
Sets those bits of a number that are set in `n`, at once; see @{load}.
@function fetch_or
@within Sharing
@tparam memory addr
@tparam type type
@tparam integer n
@tparam[opt=0] integer offset
@treturn integer what it was before
*/

#define FETCH(name) \
  static int fetch_##name(lua_State *L) { \
    lmems_self self = lmems_checkself(L); \
    int type = check_atomic(L, self.arg + 1); \
    uint64_t n = check_operand(L, self.arg + 2); \
    void *p = hold_number(L, self, type, self.arg + 3, 1); \
    n = lmems_typesize(type) == 4 \
      ? __atomic_fetch_##name((uint32_t *)p, (uint32_t)n, __ATOMIC_SEQ_CST) \
      : __atomic_fetch_##name((uint64_t *)p, n, __ATOMIC_SEQ_CST); \
    lmems_letgo(); \
    return push_bits(L, type, n); \
  }
FETCH(add)
FETCH(and)
FETCH(or)
#undef FETCH

const luaL_Reg lmems_atomic[] = {
  {"load", load}, {"store", store}, {"exchange", exchange}, {"cas", cas},
  {"fetch_add", fetch_add}, {"fetch_and", fetch_and},
  {"fetch_or", fetch_or}, {NULL, NULL}
};
