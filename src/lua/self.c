/*
** self.c - methods, whose heap is in argument 1.
*/

#include "self.h"

#include "fail.h"
#include "view.h"

lmems_self lmems_selfmethod(lua_State *L) {
  if (lua_isboolean(L, lua_upvalueindex(1))) {
    lmems_view *view = lmems_checkany(L);
    lmems_checkalive(L, view);
    return (lmems_self){view->record->box, 1};
  }
  if (lua_type(L, 1) == LUA_TUSERDATA && lua_getmetatable(L, 1)) {
    int same = lua_rawequal(L, -1, lua_upvalueindex(1));
    lua_pop(L, 1);
    if (same)
      return (lmems_self){lmems_anchored(L, 1), 2};
  }
  lmems_argerror(L, 1, LMEMS_HEAP " expected, got %s", lmems_pushshown(L, 1));
}
