/*
** near.c - how near names are.
*/

#include "near.h"

#include "fail.h"

enum { LONGEST = 40 }; /* names that are compared */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* How many characters to put in, leave out, change, or swap with the next
   one to make `a` of `b`. */
static size_t distance(const char *a, size_t m, const char *b, size_t n) {
  size_t row[3][LONGEST + 1];
  if (m > LONGEST || n > LONGEST)
    return LONGEST;
  for (size_t j = 0; j <= n; j++)
    row[0][j] = j;
  for (size_t i = 1; i <= m; i++) {
    size_t *now = row[i % 3], *last = row[(i + 2) % 3];
    const size_t *before = row[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= n; j++) {
      now[j] = smaller(last[j - 1] + (a[i - 1] != b[j - 1]),
                       1 + smaller(last[j], now[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = smaller(now[j], before[j - 2] + 1);
    }
  }
  return row[m % 3][n];
}

void lmems_nearto(lua_State *L, int index, lmems_near *near) {
  memset(near, 0, sizeof *near);
  if (lua_type(L, index) == LUA_TSTRING)
    near->name = lua_tolstring(L, index, &near->length);
  near->changes = near->length < 4 ? 1 : 2;
}

void lmems_nearname(lmems_near *near, const char *name, size_t length) {
  enum { NAMED = 5 };
  size_t changes = LONGEST;
  if (near->length > 0)
    changes = distance(near->name, near->length, name, length);
  if (changes > near->changes)
    return;
  if (changes < near->changes) {
    near->changes = changes;
    near->count = 0;
    near->used = 0;
  }
  if (near->count == NAMED || near->used + length + 4 > sizeof near->text)
    return;
  char *to = near->text + near->used;
  if (near->count++ > 0) {
    *to++ = ',';
    *to++ = ' ';
  }
  *to++ = '\'';
  memcpy(to, name, length);
  to += length;
  *to++ = '\'';
  near->used = (size_t)(to - near->text);
}

void lmems_nearkeys(lua_State *L, int table, lmems_near *near) {
  table = lua_absindex(L, table);
  lua_pushnil(L);
  while (lua_next(L, table)) {
    size_t length;
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) {
      const char *name = lua_tolstring(L, -1, &length);
      lmems_nearname(near, name, length);
    }
  }
}

const char *lmems_pushnear(lua_State *L, const lmems_near *near) {
  if (near->count == 0)
    return lua_pushliteral(L, "");
  lua_pushliteral(L, "; near it is ");
  lua_pushlstring(L, near->text, near->used);
  lua_concat(L, 2);
  return lua_tostring(L, -1);
}

int lmems_nomethod(lua_State *L, const char *what, int level) {
  lmems_near near;
  lua_settop(L, 2);
  const char *shown = lmems_pushshown(L, 2);
  lmems_nearto(L, 2, &near);
  lmems_nearkeys(L, 1, &near);
  const char *nearest = lmems_pushnear(L, &near);
  luaL_where(L, level);
  lua_pushfstring(L, "%s has no %s%s", what, shown, nearest);
  lua_concat(L, 2);
  return lua_error(L);
}
