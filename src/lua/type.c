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
    LMEMS_TYPES(X)
#undef X
  };
  return name[type];
}

/* Names of three characters, which most are: the first two tell where one
   has to stand. */
#define PLACE(a, b) ((2 * (a) + (b)) & 15)
#define NAME(a, b, c, ID) [PLACE(a, b)] = {{a, b, c}, 1 + LMEMS_##ID}

static const struct three {
  char name[3];
  unsigned char type; /* and 1; 0: none */
} threes[16] = {
  NAME('i', '1', '6', I16), NAME('u', '1', '6', U16),
  NAME('i', '3', '2', I32), NAME('u', '3', '2', U32),
  NAME('i', '6', '4', I64), NAME('u', '6', '4', U64),
  NAME('f', '3', '2', F32), NAME('f', '6', '4', F64),
  NAME('p', 't', 'r', PTR)
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

int lmems_checktype(lua_State *L, int arg) {
  size_t length;
  const char *name = lua_tolstring(L, arg, &length);
  if (name == NULL)
    lmems_argerror(L, arg, "type name expected, got %s",
                   lmems_pushshown(L, arg));
  int type = length == 3 ? type_of_three(name) : lmems_findtype(name, length);
  if (type < 0)
    lmems_argerror(L, arg, "unknown type %s", lmems_pushshown(L, arg));
  return type;
}

int lmems_bits_f32(lua_State *L, int index, uint32_t *u) {
  int ok;
  lua_Number n = lua_tonumberx(L, index, &ok);
  if (!ok || (isfinite(n) && fabs(n) > FLT_MAX))
    return 0;
  float f = (float)n;
  memcpy(u, &f, sizeof f);
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
