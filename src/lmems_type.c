/*
** lmems_type.c - the types: names, ranges, and the values that don't fit.
*/

#include <float.h>
#include <math.h>

#include "lmems.h"

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

/* The first characters of a name as a number. */
#define KEY2(a, b) ((unsigned)(a) | (unsigned)(b) << 8)
#define KEY3(a, b, c) (KEY2(a, b) | (unsigned)(c) << 16)

/* The type at the start of a name of two characters or more, in this
   machine's order, or -1; *length is the length of its name. */
static int base_type(const unsigned char *name, size_t *length) {
  unsigned key = KEY2(name[0], name[1]);
  *length = 2;
  if (key == KEY2('i', '8'))
    return LMEMS_I8;
  if (key == KEY2('u', '8'))
    return LMEMS_U8;
  *length = 3;
  switch (KEY3(name[0], name[1], name[2])) {
    case KEY3('i', '1', '6'): return LMEMS_I16;
    case KEY3('u', '1', '6'): return LMEMS_U16;
    case KEY3('i', '3', '2'): return LMEMS_I32;
    case KEY3('u', '3', '2'): return LMEMS_U32;
    case KEY3('i', '6', '4'): return LMEMS_I64;
    case KEY3('u', '6', '4'): return LMEMS_U64;
    case KEY3('f', '3', '2'): return LMEMS_F32;
    case KEY3('f', '6', '4'): return LMEMS_F64;
    case KEY3('p', 't', 'r'): return LMEMS_PTR;
    case KEY3('b', 'o', 'o'):
      *length = 4;
      return name[3] == 'l' ? LMEMS_BOOL : -1;
    default: return -1;
  }
}

int lmems_findtype(const char *name, size_t length) {
  size_t base;
  if (length < 2)
    return -1;
  int type = base_type((const unsigned char *)name, &base);
  if (length == base || type < 0)
    return type;
  if (length != base + 2 || name[base + 1] != 'e')
    return -1;
  if (name[base] == 'l')
    return type + LITTLE;
  return name[base] == 'b' ? type + BIG : -1;
}

int lmems_checktype(lua_State *L, int arg) {
  size_t length;
  const char *name = lua_tolstring(L, arg, &length);
  if (name == NULL)
    lmems_argerror(L, arg, "type name expected, got %s",
                   lmems_pushshown(L, arg));
  int type = lmems_findtype(name, length);
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
