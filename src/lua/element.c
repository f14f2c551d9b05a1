/*
** element.c - getting and setting elements.
*/

#include "element.h"

#include "value.h"

lmems_view *lmems_pushelement(lua_State *L, int index,
                              const lmems_view *whole,
                              const lmems_kind *kind, size_t offset) {
  if (kind->type <= LMEMS_CHARS) {
    lmems_pushvalue(L, whole, kind, offset);
    return NULL;
  }
  int row = kind->type == LMEMS_ROW;
  lmems_view *view = lmems_part(L, row ? LMEMS_ARRAY_SEAL : LMEMS_STRUCT_SEAL,
                                index, whole, offset, kind->size);
  lmems_setkind(view, row ? kind->element : kind);
  view->length = row ? kind->count : LMEMS_HERE;
  return view;
}

void lmems_pushitem(lua_State *L, int index, const lmems_view *a, size_t i) {
  lmems_view *element = lmems_pushelement(L, index, a, a->kind,
                                          a->offset + i * a->stride);
  if (element != NULL && a->type == LMEMS_STRUCT) {
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
