/*
** element.c - getting and setting elements.
*/

#include "element.h"

#include "value.h"

void lmems_pushelement(lua_State *L, int parent, const lmems_kind *kind,
                       size_t offset) {
  const lmems_view *whole = lua_touserdata(L, parent);
  if (kind->type <= LMEMS_CHARS) {
    lmems_pushvalue(L, whole, kind, offset);
    return;
  }
  lmems_checkalive(L, whole);
  if (kind->type == LMEMS_ROW) {
    lmems_view *view = lmems_part(L, LMEMS_ARRAY_SEAL, parent, offset,
                                  kind->size);
    view->length = kind->count;
    lmems_setkind(view, kind->element);
  } else {
    lmems_setkind(lmems_part(L, LMEMS_STRUCT_SEAL, parent, offset,
                             kind->size), kind);
  }
}

void lmems_pushitem(lua_State *L, int array, size_t i) {
  const lmems_view *a = lua_touserdata(L, array);
  lmems_pushelement(L, array, a->kind, a->offset + i * a->stride);
  if (a->type == LMEMS_STRUCT) {
    lmems_view *element = lua_touserdata(L, -1);
    element->first = a->offset;
    element->stride = a->stride;
    element->length = lmems_owns(a) ? LMEMS_GROWING : a->length;
  }
}

void lmems_setelement(lua_State *L, int parent, int index,
                      const lmems_kind *kind, size_t offset,
                      const char *what) {
  enum { SMALL = 256 };
  const lmems_view *whole = lua_touserdata(L, parent);
  size_t size = kind->size;
  char small[SMALL], *copy = small;
  if (kind->type < LMEMS_NTYPES) {
    int fits = lmems_put(L, index, kind->type,
                         lmems_writepart(L, whole, offset, size));
    lmems_letgo();
    if (fits)
      return;
  }
  /* What has parts is put together in a copy, so that a value which does
     not fit changes nothing. */
  index = lua_absindex(L, index);
  lmems_checkwritable(L, 0, whole);
  if (size > SMALL)
    copy = lua_newuserdatauv(L, size, 0);
  memcpy(copy, lmems_holdpart(L, whole, offset, size), size);
  lmems_letgo();
  lmems_storevalue(L, index, kind, copy, what);
  memcpy(lmems_writepart(L, whole, offset, size), copy, size);
  lmems_letgo();
  if (copy != small)
    lua_pop(L, 1);
}
