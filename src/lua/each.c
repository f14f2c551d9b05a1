/*
** each.c - going over elements and fields as over those of a table.
*/

#include "each.h"

#include "argument.h"
#include "element.h"
#include "layout.h"

static const char IPAIRS = 0; /* its address: the key of ipairs's iterator */

/* The next index and element behind the index at 2. */
static int next_element(lua_State *L) {
  const lmems_view *a = lmems_checkview(L, LMEMS_ARRAY_SEAL);
  size_t i = lmems_checkcount(L, 2, "index");
  lmems_checkalive(L, a);
  if (i >= a->length) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, (lua_Integer)i + 1);
  lmems_pushitem(L, 1, a, i);
  return 2;
}

/* The name and value of the field behind that whose name is at 2. */
static int next_field(lua_State *L) {
  const lmems_view *view = lmems_checkview(L, LMEMS_STRUCT_SEAL);
  const lmems_layout *s = view->kind->layout;
  const lmems_field *field = s->fields;
  lua_settop(L, 2);
  if (!lua_isnil(L, 2))
    field = lmems_checkfield(L, 2, s) + 1;
  if (field == s->fields + s->count) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushlstring(L, field->name, field->length);
  lmems_pushelement(L, 1, view, &field->kind,
                    view->offset + field->offset);
  return 2;
}

int lmems_arraypairs(lua_State *L) {
  lmems_checkview(L, LMEMS_ARRAY_SEAL);
  lua_pushcfunction(L, next_element);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}

int lmems_structpairs(lua_State *L) {
  lmems_checkview(L, LMEMS_STRUCT_SEAL);
  lua_pushcfunction(L, next_field);
  lua_pushvalue(L, 1);
  return 2;
}

int lmems_askedbyipairs(lua_State *L) {
  lua_Debug caller;
  if (!lua_getstack(L, 1, &caller))
    return 0;
  lua_getinfo(L, "f", &caller);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &IPAIRS);
  int same = !lua_isnil(L, -1) && lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

void lmems_keepipairs(lua_State *L) {
  int top = lua_gettop(L);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, LUA_GNAME) == LUA_TTABLE &&
      lua_getfield(L, -1, "ipairs") == LUA_TFUNCTION) {
    lua_newtable(L);
    lua_call(L, 1, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &IPAIRS);
  }
  lua_settop(L, top);
}
