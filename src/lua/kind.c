/*
** kind.c - kinds of one type, and how kinds compare and are called.
*/

#include "kind.h"

const lmems_kind *lmems_scalar(int type) {
#define X(ID, name, ctype, bits) \
  [LMEMS_##ID] = {LMEMS_##ID, (bits) / 8, 1, NULL, NULL}, \
  [LMEMS_##ID + LMEMS_SWAPPED] = {LMEMS_##ID + LMEMS_SWAPPED, (bits) / 8, 1, \
                                  NULL, NULL},
  static const lmems_kind kinds[LMEMS_NTYPES] = {LMEMS_EVERY(X)};
#undef X
  return &kinds[type];
}

lmems_kind lmems_bitkind(int type, unsigned first, unsigned bits) {
  return (lmems_kind){LMEMS_BITS, (first + bits + 7) / 8, bits * 8 + first,
                      lmems_scalar(type), NULL};
}

int lmems_samekind(const lmems_kind *a, const lmems_kind *b) {
  for (; a->type == LMEMS_ROW && b->type == LMEMS_ROW;
       a = a->element, b = b->element)
    if (a->count != b->count)
      return 0;
  return a->type == b->type && a->size == b->size && a->layout == b->layout;
}

const char *lmems_pushkind(lua_State *L, const lmems_kind *kind) {
  luaL_Buffer B;
  if (kind->type == LMEMS_BITS)
    return lua_pushfstring(L, "%s: %d bits",
                           lmems_typename(kind->element->type),
                           (int)lmems_bitcount(kind));
  luaL_buffinit(L, &B);
  const lmems_kind *inner = kind;
  while (inner->type == LMEMS_ROW)
    inner = inner->element;
  if (inner->type == LMEMS_STRUCT)
    luaL_addstring(&B, "struct");
  else if (inner->type == LMEMS_CHARS)
    luaL_addstring(&B, "char");
  else
    luaL_addstring(&B, lmems_typename(inner->type));
  for (; kind->type == LMEMS_ROW || kind->type == LMEMS_CHARS;
       kind = kind->element) {
    lua_pushfstring(L, "[%I]", (lua_Integer)kind->count);
    luaL_addvalue(&B);
    if (kind->type == LMEMS_CHARS)
      break;
  }
  luaL_pushresult(&B);
  return lua_tostring(L, -1);
}
