/*
** method.c - methods of types of structs.
**
** A view knows its layout by its address only. What it keeps alive keeps the
** layout alive, so that is where its userdata is found.
*/

#include "method.h"

#include "fail.h"

void lmems_setmethodtable(lua_State *L, lmems_layout *s, int methods) {
  lua_pushnil(L);
  while (lua_next(L, methods)) {
    lua_pop(L, 1);
    if (lmems_field_slow(L, -1, s) != NULL)
      lmems_argerror(L, methods, "a field has the name of the method %s",
                     lmems_pushshown(L, -1));
  }
  lua_pushvalue(L, methods);
  lua_setiuservalue(L, -2, 4);
  s->methods = 1;
}

/* Pushes the userdata that is the layout `s`, if it is the value on top or
   that keeps it alive; `far` is how many objects to look through. */
static int push_layout_of(lua_State *L, const lmems_layout *s, int far) {
  if (lua_type(L, -1) != LUA_TUSERDATA || !lua_checkstack(L, 4))
    return 0;
  const lmems_layout *found = lmems_tolayout(L, -1);
  if (found == s) {
    lua_pushvalue(L, -1);
    return 1;
  }
  int top = lua_gettop(L), done = 0;
  if (found != NULL) { /* the types of its fields */
    lua_getiuservalue(L, top, 2);
    lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 1; i <= n && !done; i++) {
      lua_settop(L, top + 1);
      lua_rawgeti(L, top + 1, i);
      done = lmems_tolayout(L, -1) != NULL && push_layout_of(L, s, far);
    }
  }
  for (int i = 1; i <= 2 && found == NULL && far > 0 && !done; i++) {
    lua_settop(L, top);
    lua_getiuservalue(L, top, i);
    done = push_layout_of(L, s, far - 1);
  }
  if (done)
    lua_replace(L, top + 1);
  lua_settop(L, top + done);
  return done;
}

int lmems_pushmethods(lua_State *L, int object, const lmems_layout *s) {
  enum { FAR = 4 };
  if (!s->methods)
    return 0;
  lua_pushvalue(L, object);
  if (!push_layout_of(L, s, FAR)) {
    lua_pop(L, 1);
    return 0;
  }
  lua_getiuservalue(L, -1, 4);
  lua_replace(L, -3);
  lua_pop(L, 1);
  return 1;
}
