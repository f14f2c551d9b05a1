/*
** type.c - the types: names, ranges, and the values that don't fit.
*/

#include "type.h"

#include <float.h>
#include <math.h>

#include "fail.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { LITTLE = 0, BIG = LMEMS_SWAPPED };
#define OTHER_ORDER "be"
#else
enum { LITTLE = LMEMS_SWAPPED, BIG = 0 };
#define OTHER_ORDER "le"
#endif

const char *lmems_typename(int type) {
  static const char *const name[LMEMS_NTYPES] = {
#define X(ID, name, ctype, bits) \
    [LMEMS_##ID] = #name, [LMEMS_##ID + LMEMS_SWAPPED] = #name OTHER_ORDER,
    LMEMS_EVERY(X)
#undef X
  };
  return name[type];
}

/* Names of three characters, which most are: the first two tell where one
   has to stand. */
#define PLACE(a, b) (((a) + 2 * (b)) & 31)
#define NAME(a, b, c, ID) [PLACE(a, b)] = {{a, b, c}, 1 + LMEMS_##ID}

static const struct three {
  char name[3];
  unsigned char type; /* and 1; 0: none */
} threes[32] = {
  NAME('i', '1', '6', I16), NAME('u', '1', '6', U16),
  NAME('i', '3', '2', I32), NAME('u', '3', '2', U32),
  NAME('i', '6', '4', I64), NAME('u', '6', '4', U64),
  NAME('f', '3', '2', F32), NAME('f', '6', '4', F64),
  NAME('i', '2', '4', I24), NAME('u', '2', '4', U24),
  NAME('f', '1', '6', F16), NAME('p', 't', 'r', PTR)
};

#undef NAME

static inline int type_of_three(const char *name) {
  const struct three *t = &threes[PLACE(name[0], name[1])];
  return memcmp(t->name, name, sizeof t->name) == 0 ? t->type - 1 : -1;
}

/* The type of a name without byte order, or -1. */
static int base_type(const char *name, size_t length) {
  if (length == 3)
    return type_of_three(name);
  if (length == 2 && memcmp(name, "i8", 2) == 0)
    return LMEMS_I8;
  if (length == 2 && memcmp(name, "u8", 2) == 0)
    return LMEMS_U8;
  return length == 4 && memcmp(name, "bool", 4) == 0 ? LMEMS_BOOL : -1;
}

int lmems_findtype(const char *name, size_t length) {
  if (length <= 3 || name[length - 1] != 'e')
    return base_type(name, length);
  int type = base_type(name, length - 2);
  if (type < 0)
    return -1;
  if (name[length - 2] == 'l')
    return type + LITTLE;
  return name[length - 2] == 'b' ? type + BIG : -1;
}

void lmems_neartypes(lmems_near *near) {
  static const char *const orders[] = {"", "le", "be"};
  for (int i = 0; i < LMEMS_SWAPPED * 3; i++) {
    const char *base = lmems_typename(i / 3), *order = orders[i % 3];
    char name[8];
    size_t m = strlen(base), n = strlen(order);
    memcpy(name, base, m + 1);
    memcpy(name + m, order, n + 1);
    lmems_nearname(near, name, m + n);
  }
}

/* Raises: the string at `arg` is no type. */
LMEMS_RAISES static int unknown_type(lua_State *L, int arg) {
  lmems_near near;
  lmems_nearto(L, arg, &near);
  lmems_neartypes(&near);
  const char *shown = lmems_pushshown(L, arg);
  lmems_argerror(L, arg, "unknown type %s%s", shown,
                 lmems_pushnear(L, &near));
}

int lmems_checktype(lua_State *L, int arg) {
  size_t length;
  const char *name = lua_tolstring(L, arg, &length);
  if (name == NULL)
    lmems_argerror(L, arg, "type name expected, got %s",
                   lmems_pushshown(L, arg));
  int type = length == 3 ? type_of_three(name) : lmems_findtype(name, length);
  if (type < 0)
    unknown_type(L, arg);
  return type;
}

float lmems_float_of_half(uint16_t half) {
  uint32_t exponent = half >> 10 & 31u, mantissa = half & 0x3FFu;
  uint32_t sign = (uint32_t)(half & 0x8000u) << 16, u;
  float f;
  if (exponent == 0) { /* so many 2^-24 */
    f = (float)mantissa * 0x1p-24f;
    return sign != 0 ? -f : f;
  }
  u = exponent == 31 ? 255 : exponent + 127 - 15;
  u = sign | u << 23 | mantissa << 13;
  memcpy(&f, &u, sizeof f);
  return f;
}

uint16_t lmems_half_of(double number) {
  enum { SHIFT = 52 - 10 };
  uint64_t u, rest = ((uint64_t)1 << SHIFT) - 1;
  memcpy(&u, &number, sizeof u);
  uint16_t sign = (uint16_t)(u >> 48 & 0x8000u);
  double size = fabs(number);
  if (isnan(number))
    return sign | 0x7E00;
  if (size >= 65520) /* the middle between the greatest and the next one */
    return sign | 0x7C00;
  if (size < 0x1p-14) { /* too small for an exponent of its own */
    size += 0x1p28; /* the last bit of its mantissa is 2^-24 */
    memcpy(&u, &size, sizeof u);
    return sign | (uint16_t)(u & 0x7FF);
  }
  u &= INT64_MAX;
  u += rest / 2 + (u >> SHIFT & 1); /* to the nearest, or even */
  return sign | (uint16_t)((u >> SHIFT) - ((1023 - 15) << 10));
}

void lmems_get_f16(lua_State *L, int swapped, const void *p) {
  uint16_t u;
  memcpy(&u, p, sizeof u);
  u = swapped ? lmems_swap16(u) : u;
  lua_pushnumber(L, (lua_Number)lmems_float_of_half(u));
}

int lmems_put_f16(lua_State *L, int index, int swapped, void *p) {
  int ok;
  lua_Number n = lua_tonumberx(L, index, &ok);
  if (!ok)
    return 0;
  uint16_t u = lmems_half_of((double)n);
  u = swapped ? lmems_swap16(u) : u;
  memcpy(p, &u, sizeof u);
  return 1;
}

int lmems_bits_ptr(lua_State *L, int index, uint64_t *u) {
  int ok = 1;
  switch (lua_type(L, index)) {
    case LUA_TLIGHTUSERDATA:
      *u = (uintptr_t)lua_touserdata(L, index);
      return 1;
    case LUA_TNUMBER: {
      lua_Integer n = lua_tointegerx(L, index, &ok);
      if (ok)
        *u = (uint64_t)n;
      return ok;
    }
    case LUA_TBOOLEAN:
      ok = !lua_toboolean(L, index);
      break;
    case LUA_TNIL:
      break;
    default:
      return 0;
  }
  if (ok)
    *u = 0;
  return ok;
}

int lmems_misfit(lua_State *L, int arg, int value, int type,
                 lua_Integer element) {
  const char *shown = lmems_pushshown(L, value);
  const char *name = lmems_typename(type);
  if (element == 0)
    lmems_argerror(L, arg, "value %s does not fit %s", shown, name);
  lmems_argerror(L, arg, "element %I: value %s does not fit %s", element,
                 shown, name);
}

/*
** Wide types
*/

int lmems_widetype(int type) {
  switch (type % LMEMS_SWAPPED) {
#define X(ID, name, WIDE, bits) \
    case LMEMS_##ID: return LMEMS_##WIDE;
    LMEMS_NARROW(X)
#undef X
    default: return type % LMEMS_SWAPPED;
  }
}

static void widen24(int type, char *to, const char *from, size_t n) {
  int swapped = type >= LMEMS_SWAPPED;
  int minus = type % LMEMS_SWAPPED == LMEMS_I24;
  for (size_t i = 0; i < n; i++, from += 3) {
    uint32_t u = lmems_load24(swapped, from);
    u = minus ? (uint32_t)lmems_signed24(u) : u;
    memcpy(to + i * sizeof u, &u, sizeof u);
  }
}

static void widen16(int type, char *to, const char *from, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint16_t u;
    memcpy(&u, from + i * sizeof u, sizeof u);
    float f = lmems_float_of_half(type >= LMEMS_SWAPPED ? lmems_swap16(u) : u);
    memcpy(to + i * sizeof f, &f, sizeof f);
  }
}

static void narrow24(int type, char *to, const char *from, size_t n) {
  for (size_t i = 0; i < n; i++, to += 3) {
    uint32_t u;
    memcpy(&u, from + i * sizeof u, sizeof u);
    lmems_store24(type >= LMEMS_SWAPPED, to, u);
  }
}

static void narrow16(int type, char *to, const char *from, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float f;
    memcpy(&f, from + i * sizeof f, sizeof f);
    uint16_t u = lmems_half_of((double)f);
    u = type >= LMEMS_SWAPPED ? lmems_swap16(u) : u;
    memcpy(to + i * sizeof u, &u, sizeof u);
  }
}

/* The bytes of each element the other way round, or as they are. */
static void turn(int type, char *to, const char *from, size_t n) {
#define TURN(bits) \
    case (bits) / 8: \
      for (size_t i = 0; i < n; i++) { \
        uint##bits##_t u; \
        memcpy(&u, from + i * sizeof u, sizeof u); \
        u = lmems_swap##bits(u); \
        memcpy(to + i * sizeof u, &u, sizeof u); \
      } \
      break;
  size_t size = lmems_typesize(type);
  switch (type < LMEMS_SWAPPED ? 0 : size) {
    TURN(16)
    TURN(32)
    TURN(64)
    default: memcpy(to, from, n * size); break;
  }
#undef TURN
}

void lmems_widen(int type, char *to, const char *from, size_t n) {
  if (lmems_typesize(type) == 3)
    widen24(type, to, from, n);
  else if (type % LMEMS_SWAPPED == LMEMS_F16)
    widen16(type, to, from, n);
  else
    turn(type, to, from, n);
}

void lmems_narrow(int type, char *to, const char *from, size_t n) {
  if (lmems_typesize(type) == 3)
    narrow24(type, to, from, n);
  else if (type % LMEMS_SWAPPED == LMEMS_F16)
    narrow16(type, to, from, n);
  else
    turn(type, to, from, n);
}

/*
** The table of types
*/

static void set_range(lua_State *L, lua_Integer low, lua_Integer high) {
  lua_pushinteger(L, low);
  lua_setfield(L, -2, "min");
  lua_pushinteger(L, high);
  lua_setfield(L, -2, "max");
}

static void set_number_range(lua_State *L, lua_Number high) {
  lua_pushnumber(L, -high);
  lua_setfield(L, -2, "min");
  lua_pushnumber(L, high);
  lua_setfield(L, -2, "max");
}

static void set_limits(lua_State *L, int type) {
  switch (type) {
    case LMEMS_I8: set_range(L, INT8_MIN, INT8_MAX); break;
    case LMEMS_U8: set_range(L, 0, UINT8_MAX); break;
    case LMEMS_I16: set_range(L, INT16_MIN, INT16_MAX); break;
    case LMEMS_U16: set_range(L, 0, UINT16_MAX); break;
    case LMEMS_I32: set_range(L, INT32_MIN, INT32_MAX); break;
    case LMEMS_U32: set_range(L, 0, (lua_Integer)UINT32_MAX); break;
    case LMEMS_I64: set_range(L, INT64_MIN, INT64_MAX); break;
    case LMEMS_U64: set_range(L, 0, -1); break; /* 2^64 - 1 */
    case LMEMS_I24: set_range(L, -0x800000, 0x7FFFFF); break;
    case LMEMS_U24: set_range(L, 0, 0xFFFFFF); break;
    case LMEMS_F16: set_number_range(L, 65504); break;
    case LMEMS_F32: set_number_range(L, FLT_MAX); break;
    case LMEMS_F64: set_number_range(L, DBL_MAX); break;
    default: break;
  }
}

/* Sets `types[name .. order]`; the table `types` is on top. */
static void set_type(lua_State *L, int type, const char *order) {
  const char *name = lua_pushfstring(L, "%s%s", lmems_typename(type), order);
  lua_createtable(L, 0, 4);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "name");
  lua_pushinteger(L, (lua_Integer)lmems_typesize(type));
  lua_setfield(L, -2, "size");
  set_limits(L, type);
  lua_rawset(L, -3);
}

void lmems_settypes(lua_State *L) {
  lua_createtable(L, 0, 3 * LMEMS_SWAPPED);
  for (int type = 0; type < LMEMS_SWAPPED; type++) {
    set_type(L, type, "");
    set_type(L, type, "le");
    set_type(L, type, "be");
  }
  lua_setfield(L, -2, "types");
}
