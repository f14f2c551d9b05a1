/*
** type.h - types of numbers, truth values and addresses: from bytes to Lua
** and back.
**
** A type is a number: one of LMEMS_I8 ... LMEMS_PTR for this machine's byte
** order, the same plus LMEMS_SWAPPED for the other one.
*/

#ifndef LMEMS_TYPE_H
#define LMEMS_TYPE_H

#include "near.h"

/* X(ID, name, C type, bits) */
#define LMEMS_INTEGERS(X) \
  X(I8, i8, int8_t, 8) \
  X(U8, u8, uint8_t, 8) \
  X(I16, i16, int16_t, 16) \
  X(U16, u16, uint16_t, 16) \
  X(I32, i32, int32_t, 32) \
  X(U32, u32, uint32_t, 32) \
  X(I64, i64, int64_t, 64) \
  X(U64, u64, uint64_t, 64)

#define LMEMS_NUMBERS(X) \
  LMEMS_INTEGERS(X) \
  X(F32, f32, float, 32) \
  X(F64, f64, double, 64)

#define LMEMS_TYPES(X) \
  LMEMS_NUMBERS(X) \
  X(BOOL, bool, unsigned char, 8) \
  X(PTR, ptr, mems_addr, 64)

/* Those that C has no type for: X(ID, name, WIDE, bits). WIDE is the type of
   LMEMS_TYPES that has all their values. */
#define LMEMS_NARROW(X) \
  X(I24, i24, I32, 24) \
  X(U24, u24, U32, 24) \
  X(F16, f16, F32, 16)

/* X as for LMEMS_TYPES, with anything as the third. */
#define LMEMS_EVERY(X) LMEMS_TYPES(X) LMEMS_NARROW(X)

enum {
#define X(ID, name, ctype, bits) LMEMS_##ID,
  LMEMS_EVERY(X)
#undef X
  LMEMS_SWAPPED,
  LMEMS_NTYPES = 2 * LMEMS_SWAPPED
};

/* The type whose name is the string at `arg`; raises "unknown type". A name
   is looked up, not compared with one after the other. */
int lmems_checktype(lua_State *L, int arg);

/* The type of that name, or -1. */
int lmems_findtype(const char *name, size_t length);

/* The type of this machine's byte order in LMEMS_TYPES that has all values of
   `type`. */
int lmems_widetype(int type);

/* Is it one of LMEMS_NARROW? */
static inline int lmems_isnarrow(int type) {
  return type % LMEMS_SWAPPED > LMEMS_PTR;
}

/* `n` elements of `type` at `from` as elements of its wide type at `to`, and
   back. The places don't overlap, and need no alignment. */
void lmems_widen(int type, char *to, const char *from, size_t n);
void lmems_narrow(int type, char *to, const char *from, size_t n);

/* Its name ("i32", or "i32be" where the machine is little-endian). */
const char *lmems_typename(int type);

/* Adds the names of types that are near. */
void lmems_neartypes(lmems_near *near);

/* Raises: the value at `value` does not fit `type`. `element` is its index
   in a list that is argument `arg`, or 0. */
LMEMS_RAISES int lmems_misfit(lua_State *L, int arg, int value, int type,
                              lua_Integer element);

/* Sets `types` in the table on top of the stack: name, size, range. */
void lmems_settypes(lua_State *L);

/* Bytes of an element. */
static inline size_t lmems_typesize(int type) {
  static const unsigned char size[LMEMS_NTYPES] = {
#define X(ID, name, ctype, bits) \
    [LMEMS_##ID] = (bits) / 8, \
    [LMEMS_##ID + LMEMS_SWAPPED] = (bits) / 8,
    LMEMS_EVERY(X)
#undef X
  };
  return size[type];
}

/* Is it an integer of this machine's byte order with a sign? */
static inline int lmems_signedtype(int type) {
  return type == LMEMS_I8 || type == LMEMS_I16 || type == LMEMS_I32 ||
         type == LMEMS_I64;
}

/* What C aligns it to; one that is three bytes to nothing. */
static inline size_t lmems_typealign(int type) {
  size_t size = lmems_typesize(type);
  return size == 3 ? 1 : size;
}

static inline uint8_t lmems_swap8(uint8_t u) { return u; }
static inline uint16_t lmems_swap16(uint16_t u) { return __builtin_bswap16(u); }
static inline uint32_t lmems_swap32(uint32_t u) { return __builtin_bswap32(u); }
static inline uint64_t lmems_swap64(uint64_t u) { return __builtin_bswap64(u); }

/* From the bits of a value to Lua: lmems_push_TYPE. */

#define X(ID, name, ctype, bits) \
  static inline void lmems_push_##name(lua_State *L, uint##bits##_t u) { \
    lua_pushinteger(L, (lua_Integer)(ctype)u); \
  }
LMEMS_INTEGERS(X)
#undef X

static inline void lmems_push_f32(lua_State *L, uint32_t u) {
  float f;
  memcpy(&f, &u, sizeof f);
  lua_pushnumber(L, (lua_Number)f);
}

static inline void lmems_push_f64(lua_State *L, uint64_t u) {
  double d;
  memcpy(&d, &u, sizeof d);
  lua_pushnumber(L, (lua_Number)d);
}

static inline void lmems_push_bool(lua_State *L, uint8_t u) {
  lua_pushboolean(L, u != 0);
}

/* Address 0 is none, and none is nil. */
static inline void lmems_push_ptr(lua_State *L, uint64_t u) {
  if (u != 0)
    lua_pushlightuserdata(L, (void *)(uintptr_t)u);
  else
    lua_pushnil(L);
}

/* From a Lua value to bits: lmems_bits_TYPE. Each returns whether the value
   at `index` fits, and only then sets *u. Strings that Lua converts to a
   number count as that number. */

#define LMEMS_BITS(name, ctype, bits, low, high) \
  static inline int lmems_bits_##name(lua_State *L, int index, \
                                      uint##bits##_t *u) { \
    int ok; \
    lua_Integer n = lua_tointegerx(L, index, &ok); \
    if (!ok || n < (low) || n > (high)) \
      return 0; \
    *u = (uint##bits##_t)n; \
    return 1; \
  }
LMEMS_BITS(i8, int8_t, 8, INT8_MIN, INT8_MAX)
LMEMS_BITS(u8, uint8_t, 8, 0, UINT8_MAX)
LMEMS_BITS(i16, int16_t, 16, INT16_MIN, INT16_MAX)
LMEMS_BITS(u16, uint16_t, 16, 0, UINT16_MAX)
LMEMS_BITS(i32, int32_t, 32, INT32_MIN, INT32_MAX)
LMEMS_BITS(u32, uint32_t, 32, 0, (lua_Integer)UINT32_MAX)
LMEMS_BITS(i64, int64_t, 64, INT64_MIN, INT64_MAX)
LMEMS_BITS(u64, uint64_t, 64, INT64_MIN, INT64_MAX)
#undef LMEMS_BITS

int lmems_bits_ptr(lua_State *L, int index, uint64_t *u);

/* A number that is too large for f32 is infinite there, as in string.pack. */
static inline int lmems_bits_f32(lua_State *L, int index, uint32_t *u) {
  int ok;
  float f = (float)lua_tonumberx(L, index, &ok);
  if (ok)
    memcpy(u, &f, sizeof f);
  return ok;
}

static inline int lmems_bits_f64(lua_State *L, int index, uint64_t *u) {
  int ok;
  double d = (double)lua_tonumberx(L, index, &ok);
  if (ok)
    memcpy(u, &d, sizeof d);
  return ok;
}

static inline int lmems_bits_bool(lua_State *L, int index, uint8_t *u) {
  if (!lua_isboolean(L, index))
    return 0;
  *u = (uint8_t)lua_toboolean(L, index);
  return 1;
}

/* Element access at any alignment: lmems_get_TYPE pushes what is at `p`,
   lmems_put_TYPE stores the value at `index` there and returns whether it
   fits; if not, nothing is stored. Neither raises nor allocates. */

#define X(ID, name, ctype, bits) \
  static inline void lmems_get_##name(lua_State *L, int swapped, \
                                      const void *p) { \
    uint##bits##_t u; \
    memcpy(&u, p, sizeof u); \
    lmems_push_##name(L, swapped ? lmems_swap##bits(u) : u); \
  } \
  static inline int lmems_put_##name(lua_State *L, int index, int swapped, \
                                     void *p) { \
    uint##bits##_t u; \
    if (!lmems_bits_##name(L, index, &u)) \
      return 0; \
    if (swapped) \
      u = lmems_swap##bits(u); \
    memcpy(p, &u, sizeof u); \
    return 1; \
  }
LMEMS_TYPES(X)
#undef X

/* The same of three bytes and of halves of a float. */

static inline uint32_t lmems_load24(int swapped, const void *p) {
  const unsigned char *b = p;
  int big = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) != swapped;
  return (uint32_t)b[big ? 2 : 0] | (uint32_t)b[1] << 8 |
         (uint32_t)b[big ? 0 : 2] << 16;
}

static inline void lmems_store24(int swapped, void *p, uint32_t u) {
  unsigned char *b = p;
  int big = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) != swapped;
  b[big ? 2 : 0] = (unsigned char)u;
  b[1] = (unsigned char)(u >> 8);
  b[big ? 0 : 2] = (unsigned char)(u >> 16);
}

/* A number of 24 bits with a sign. */
static inline int32_t lmems_signed24(uint32_t u) {
  return (int32_t)(u ^ 0x800000u) - 0x800000;
}

static inline void lmems_get_i24(lua_State *L, int swapped, const void *p) {
  lua_pushinteger(L, lmems_signed24(lmems_load24(swapped, p)));
}

static inline void lmems_get_u24(lua_State *L, int swapped, const void *p) {
  lua_pushinteger(L, (lua_Integer)lmems_load24(swapped, p));
}

#define LMEMS_PUT24(name, low, high) \
  static inline int lmems_put_##name(lua_State *L, int index, int swapped, \
                                     void *p) { \
    int ok; \
    lua_Integer n = lua_tointegerx(L, index, &ok); \
    if (!ok || n < (low) || n > (high)) \
      return 0; \
    lmems_store24(swapped, p, (uint32_t)n); \
    return 1; \
  }
LMEMS_PUT24(i24, -0x800000, 0x7FFFFF)
LMEMS_PUT24(u24, 0, 0xFFFFFF)
#undef LMEMS_PUT24

/* A half: sign, 5 bits of exponent, 10 of mantissa, as IEEE 754 has it; the
   nearest one to a number, the even one of two. */
float lmems_float_of_half(uint16_t half);
uint16_t lmems_half_of(double number);

void lmems_get_f16(lua_State *L, int swapped, const void *p);
int lmems_put_f16(lua_State *L, int index, int swapped, void *p);

/* Pushes element `i` of those of type `type` that lie packed at `p`; 0: there
   is no such type. */
static LMEMS_INLINE int lmems_getat(lua_State *L, int type, const char *p,
                                    size_t i) {
  switch (type) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: lmems_get_##name(L, 0, p + i * ((bits) / 8)); return 1; \
    case LMEMS_##ID + LMEMS_SWAPPED: \
      lmems_get_##name(L, 1, p + i * ((bits) / 8)); return 1;
    LMEMS_EVERY(X)
#undef X
    default: return 0;
  }
}

/* Stores the value at `index` there; whether there is such a type and it
   fits. */
static LMEMS_INLINE int lmems_putat(lua_State *L, int index, int type,
                                    char *p, size_t i) {
  switch (type) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: \
      return lmems_put_##name(L, index, 0, p + i * ((bits) / 8)); \
    case LMEMS_##ID + LMEMS_SWAPPED: \
      return lmems_put_##name(L, index, 1, p + i * ((bits) / 8));
    LMEMS_EVERY(X)
#undef X
    default: return 0;
  }
}

/* Pushes the value of type `type` at `p`. */
static inline void lmems_get(lua_State *L, int type, const void *p) {
  lmems_getat(L, type, p, 0);
}

/* Stores the value at `index` as `type` at `p`; whether it fits. */
static inline int lmems_put(lua_State *L, int index, int type, void *p) {
  return lmems_putat(L, index, type, p, 0);
}

/* The same as a value of the wide type. */
static inline int lmems_putwide(lua_State *L, int index, int type, char *p) {
  char narrow[sizeof(uint64_t)];
  if (!lmems_put(L, index, type, narrow))
    return 0;
  lmems_widen(type, p, narrow, 1);
  return 1;
}

#endif
