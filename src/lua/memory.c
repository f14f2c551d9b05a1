/*
** memory.c - peek and poke: one value at one address.
**
** peek_TYPE and poke_TYPE are made from the table of types in type.h, one
** pair of C functions for each type and byte order.
*/

#include "memory.h"

#include "explain.h"
#include "gate.h"
#include "self.h"
#include "type.h"
#include "view.h"

/***
@module mems
*/

/* Ends a verb that has read the `ptr` at `p`, which is held, `offset` bytes
   after the address at its first argument: raises if that is the fill of the
   heap. */
static int filled(lua_State *L, lmems_self self, size_t offset,
                  const char *p) {
  mems_addr word, addr = lmems_virtualat(L, self.box, self.arg) + offset;
  memcpy(&word, p, sizeof word);
  lmems_letgo();
  lmems_checkfill(L, self.box, self.arg, addr, word);
  return 1;
}

/***
Reads a value. Types are `i8 u8 i16 u16 i24 u24 i32 u32 i64 u64 f16 f32 f64
bool ptr`, in the machine's byte order, or with `le` or `be` after the name in
that one; the address need not be aligned. `i24` and `u24` are three bytes,
`f16` is a half, which rounds to 11 bits of precision. A `u64` above 2^63 - 1
wraps around to a negative integer, as Lua's integers do. A `bool` is one byte,
true unless 0. A `ptr` is 8 bytes, an address, and nil if it is 0.
@function peek
@within Memory
@tparam memory addr virtual, or a physical one that @{get} gave
@tparam type type
@tparam[opt=0] integer offset in bytes, from 0
@return the value
@raise unless all the bytes from `addr` to the value's last one are in one
 block; for a `ptr` also if it is what a heap with the option `fill` fills
 memory with, so was never written
*/
static int peek(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int type = lmems_checktype(L, self.arg + 1);
  size_t offset = lmems_optoffset(L, self.arg + 2);
  const char *p = lmems_hold(L, self.box, self.arg, offset,
                             lmems_typesize(type));
  lmems_get(L, type, p);
  if (type % LMEMS_SWAPPED == LMEMS_PTR)
    return filled(L, self, offset, p);
  lmems_letgo();
  return 1;
}

/***
Writes a value. A `ptr` takes an address, or nil, false or 0 for none.
@function poke
@within Memory
@tparam memory addr virtual, or a physical one that @{get} gave
@tparam type type see @{peek}
@param value
@tparam[opt=0] integer offset in bytes, from 0
@raise if the value does not fit the type, or not all the bytes from `addr`
 to the value's last one are in one block
*/
static int poke(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int type = lmems_checktype(L, self.arg + 1);
  size_t offset = lmems_optoffset(L, self.arg + 3);
  char *p = lmems_write(L, self.box, self.arg, offset, lmems_typesize(type));
  int fits = lmems_put(L, self.arg + 2, type, p);
  lmems_letgo();
  if (!fits)
    return lmems_misfit(L, self.arg + 2, self.arg + 2, type, 0);
  return 0;
}

/***
Reads a value of the type in its name: there are `peek_i32`, `peek_f64be`
and so on, for every type and byte order.
@function peek_TYPE
@within Memory
@tparam memory addr
@tparam[opt=0] integer offset in bytes, from 0
@return the value
@see peek
*/

/***
Writes a value of the type in its name.
@function poke_TYPE
@within Memory
@tparam memory addr
@param value
@tparam[opt=0] integer offset in bytes, from 0
@see poke
*/

#define ACCESS(name, suffix, ID, swapped) \
  static int peek_##name##suffix(lua_State *L) { \
    lmems_self self = lmems_checkself(L); \
    size_t offset = lmems_optoffset(L, self.arg + 1); \
    const char *p = lmems_hold(L, self.box, self.arg, offset, \
                               lmems_typesize(LMEMS_##ID)); \
    lmems_get_##name(L, swapped, p); \
    if (LMEMS_##ID == LMEMS_PTR) \
      return filled(L, self, offset, p); \
    lmems_letgo(); \
    return 1; \
  } \
  static int poke_##name##suffix(lua_State *L) { \
    lmems_self self = lmems_checkself(L); \
    size_t offset = lmems_optoffset(L, self.arg + 2); \
    char *p = lmems_write(L, self.box, self.arg, offset, \
                          lmems_typesize(LMEMS_##ID)); \
    int fits = lmems_put_##name(L, self.arg + 1, swapped, p); \
    lmems_letgo(); \
    if (!fits) \
      return lmems_misfit(L, self.arg + 1, self.arg + 1, \
                          LMEMS_##ID + (swapped) * LMEMS_SWAPPED, 0); \
    return 0; \
  }

/* The short way of a method of buffers: holds `size` bytes of argument 1, at
   the offset that argument `arg` is, to read or to write them; NULL, and
   nothing is held, if the long way has to say what is wrong. */
static inline char *hold_own(lua_State *L, int arg, size_t size, int write) {
  const lmems_view *view = lmems_toview(L, 1, LMEMS_BUFFER_SEAL);
  if (LMEMS_UNLIKELY(view == NULL || (write && view->readonly)))
    return NULL;
  size_t offset = lmems_optoffset(L, arg);
  if (LMEMS_UNLIKELY(!lmems_alive(view) ||
                     offset + size > lmems_viewbytes(view)))
    return NULL;
  return lmems_held(view->record->data + view->offset + offset);
}

#define OWN(name, suffix, ID, swapped) \
  static int own_peek_##name##suffix(lua_State *L) { \
    const char *p = hold_own(L, 2, lmems_typesize(LMEMS_##ID), 0); \
    if (LMEMS_UNLIKELY(p == NULL)) \
      return peek_##name##suffix(L); \
    lmems_get_##name(L, swapped, p); \
    lmems_letgo(); \
    return 1; \
  } \
  static int own_poke_##name##suffix(lua_State *L) { \
    char *p = hold_own(L, 3, lmems_typesize(LMEMS_##ID), 1); \
    if (LMEMS_UNLIKELY(p == NULL)) \
      return poke_##name##suffix(L); \
    int fits = lmems_put_##name(L, 2, swapped, p); \
    lmems_letgo(); \
    return LMEMS_LIKELY(fits) ? 0 : poke_##name##suffix(L); \
  }

#define X(ID, name, ctype, bits) \
  ACCESS(name, _native, ID, 0) \
  ACCESS(name, _swapped, ID, 1)
LMEMS_EVERY(X)
#undef X

/* A `ptr` is looked at once more when it was read: it has no short way. */
#define X(ID, name, ctype, bits) \
  OWN(name, _native, ID, 0) \
  OWN(name, _swapped, ID, 1)
LMEMS_NUMBERS(X)
LMEMS_NARROW(X)
#undef X

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LE(verb) verb##_native
#define BE(verb) verb##_swapped
#else
#define LE(verb) verb##_swapped
#define BE(verb) verb##_native
#endif

#define REGISTERED(prefix, name) \
  {"peek_" #name, prefix##peek_##name##_native}, \
  {"peek_" #name "le", LE(prefix##peek_##name)}, \
  {"peek_" #name "be", BE(prefix##peek_##name)}, \
  {"poke_" #name, prefix##poke_##name##_native}, \
  {"poke_" #name "le", LE(prefix##poke_##name)}, \
  {"poke_" #name "be", BE(prefix##poke_##name)},

const luaL_Reg lmems_memory[] = {
  {"peek", peek},
  {"poke", poke},
#define X(ID, name, ctype, bits) REGISTERED(, name)
  LMEMS_EVERY(X)
#undef X
  {NULL, NULL}
};

const luaL_Reg lmems_ownmemory[] = {
#define X(ID, name, ctype, bits) REGISTERED(own_, name)
  LMEMS_NUMBERS(X)
  LMEMS_NARROW(X)
#undef X
  {NULL, NULL}
};
