/*
** value.c - rows and structs, to and from tables.
**
** From a view each part is fetched for itself: between two of them the
** collector may run, and a part is only read if the view is still alive.
*/

#include "value.h"

#include <limits.h>

#include "bits.h"
#include "fail.h"
#include "layout.h"
#include "series.h"

/*
** Bytes to Lua
*/

static int hint(size_t count) {
  return count < INT_MAX ? (int)count : INT_MAX;
}

static void push_bits(lua_State *L, const lmems_view *view,
                      const lmems_kind *kind, size_t offset) {
  int type = kind->element->type;
  unsigned n = lmems_bitcount(kind);
  const char *p = lmems_holdpart(L, view, offset, kind->size);
  uint64_t u = lmems_readbits(p, lmems_bitfirst(kind), n);
  lmems_letgo();
  if (type == LMEMS_BOOL)
    lua_pushboolean(L, u != 0);
  else if (lmems_signedtype(type))
    lua_pushinteger(L, lmems_signedbits(u, n));
  else
    lua_pushinteger(L, (lua_Integer)u);
}

static void push_chars(lua_State *L, const lmems_view *view,
                       const lmems_kind *kind, size_t offset) {
  const char *p = lmems_holdpart(L, view, offset, kind->size);
  lmems_letgobytes(L, p, strnlen(p, kind->count));
}

void lmems_pushvalues(lua_State *L, const lmems_view *view,
                      const lmems_kind *element, size_t offset, size_t count,
                      size_t stride) {
  luaL_checkstack(L, LUA_MINSTACK, "too many parts in parts");
  lua_createtable(L, hint(count), 0);
  for (size_t i = 0; i < count; i++) {
    lmems_pushvalue(L, view, element, offset + i * stride);
    if (lua_isnil(L, -1)) { /* address 0: as in peekarray */
      lua_pop(L, 1);
      lua_pushboolean(L, 0);
    }
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

static void push_struct(lua_State *L, const lmems_view *view,
                        const lmems_layout *s, size_t offset) {
  lua_createtable(L, 0, hint(s->count));
  for (size_t i = 0; i < s->count; i++) {
    const lmems_field *field = &s->fields[i];
    lua_pushlstring(L, field->name, field->length);
    lmems_pushvalue(L, view, &field->kind, offset + field->offset);
    lua_rawset(L, -3);
  }
}

void lmems_pushvalue(lua_State *L, const lmems_view *view,
                     const lmems_kind *kind, size_t offset) {
  if (kind->type < LMEMS_NTYPES) {
    lmems_get(L, kind->type, lmems_holdpart(L, view, offset, kind->size));
    lmems_letgo();
    return;
  }
  if (kind->type == LMEMS_BITS) {
    push_bits(L, view, kind, offset);
    return;
  }
  luaL_checkstack(L, LUA_MINSTACK, "too many parts in parts");
  if (kind->type == LMEMS_CHARS)
    push_chars(L, view, kind, offset);
  else if (kind->type == LMEMS_ROW)
    lmems_pushvalues(L, view, kind->element, offset, kind->count,
                     kind->element->size);
  else
    push_struct(L, view, kind->layout, offset);
}

/*
** Lua to bytes
*/

/* Raises: the value at `index` is no `kind`. */
LMEMS_RAISES static void misfit(lua_State *L, int index,
                                const lmems_kind *kind, const char *what) {
  const char *shown = lmems_pushshown(L, index);
  const char *name = lmems_pushkind(L, kind);
  luaL_error(L, "%s: value %s does not fit %s", what, shown, name);
  __builtin_unreachable();
}

static void store_bits(lua_State *L, int index, const lmems_kind *kind,
                       char *p, const char *what) {
  uint64_t u = 0;
  int type = kind->element->type;
  unsigned n = lmems_bitcount(kind);
  int fits = lmems_put(L, index, type, &u);
  if (fits && type == LMEMS_BOOL) {
    u = (uint64_t)lua_toboolean(L, index);
  } else if (fits) {
    u = (uint64_t)lua_tointegerx(L, index, NULL);
    fits = u == (lmems_signedtype(type) ? (uint64_t)lmems_signedbits(u, n)
                                        : lmems_lowbits(u, n));
  }
  if (!fits)
    misfit(L, index, kind, what);
  lmems_writebits(p, lmems_bitfirst(kind), n, u);
}

static void store_chars(lua_State *L, int index, const lmems_kind *kind,
                        char *p, const char *what) {
  size_t length;
  if (lua_type(L, index) != LUA_TSTRING)
    misfit(L, index, kind, what);
  const char *s = lua_tolstring(L, index, &length);
  if (length > kind->count)
    luaL_error(L, "%s: a string of %I bytes does not fit char[%I]", what,
               (lua_Integer)length, (lua_Integer)kind->count);
  if (memchr(s, 0, length) != NULL)
    luaL_error(L, "%s: a byte 0 would end the string early", what);
  memcpy(p, s, length);
  memset(p + length, 0, kind->count - length);
}

/* Stores the object at `index`, if it is an array or a struct of that kind;
   else returns 0. */
static int store_view(lua_State *L, int index, const lmems_kind *kind,
                      char *p) {
  const lmems_view *view;
  if (kind->type == LMEMS_STRUCT) {
    view = lmems_toview(L, index, LMEMS_STRUCT_SEAL);
    if (view == NULL || view->kind->layout != kind->layout)
      return 0;
  } else {
    view = lmems_toview(L, index, LMEMS_ARRAY_SEAL);
    if (view == NULL || view->length != kind->count ||
        !lmems_samekind(view->kind, kind->element))
      return 0;
  }
  const char *from = lmems_holdview(L, view);
  if (lmems_stepped(view)) {
    const lmems_series s = {(char *)from, view->length, view->stride,
                            view->kind->size, 0};
    lmems_pack(p, &s);
  } else {
    memcpy(p, from, kind->size);
  }
  lmems_letgo();
  return 1;
}

static void store_row(lua_State *L, int index, const lmems_kind *kind,
                      char *p, const char *what) {
  lua_Integer count = (lua_Integer)lua_rawlen(L, index);
  if (count != (lua_Integer)kind->count)
    luaL_error(L, "%s: %I elements expected, got %I", what,
               (lua_Integer)kind->count, count);
  for (lua_Integer i = 1; i <= count; i++, p += kind->element->size) {
    lua_rawgeti(L, index, i);
    if (lua_isnil(L, -1))
      luaL_error(L, "%s: element %I is nil", what, i);
    lmems_storevalue(L, -1, kind->element, p, what);
    lua_pop(L, 1);
  }
}

/* The field that the key at -2 names, or counts. In one table all do the
   same: `*keys` has what those before did. */
static const lmems_field *key_field(lua_State *L, const lmems_layout *s,
                                    int *keys) {
  enum { NAMED = 1, COUNTED = 2 };
  int counted = lua_type(L, -2) == LUA_TNUMBER;
  *keys |= counted ? COUNTED : NAMED;
  if (*keys == (NAMED | COUNTED))
    luaL_error(L, "a table of fields has names or positions, not both");
  if (!counted)
    return lmems_checkfield(L, -2, s);
  lua_Unsigned i = (lua_Unsigned)lua_tointegerx(L, -2, NULL);
  if (!lua_isinteger(L, -2) || i < 1 || i > s->count)
    luaL_error(L, "the struct has %I fields, and none at position %s",
               (lua_Integer)s->count, lmems_pushshown(L, -2));
  return &s->fields[i - 1];
}

static void store_struct(lua_State *L, int index, const lmems_kind *kind,
                         char *p) {
  int keys = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    const lmems_field *field = key_field(L, kind->layout, &keys);
    lmems_storevalue(L, -1, &field->kind, p + field->offset, field->name);
    lua_pop(L, 1);
  }
}

void lmems_storevalue(lua_State *L, int index, const lmems_kind *kind,
                      char *p, const char *what) {
  index = lua_absindex(L, index);
  luaL_checkstack(L, LUA_MINSTACK, "too many parts in parts");
  if (kind->type < LMEMS_NTYPES) {
    if (!lmems_put(L, index, kind->type, p))
      misfit(L, index, kind, what);
  } else if (kind->type == LMEMS_BITS) {
    store_bits(L, index, kind, p, what);
  } else if (kind->type == LMEMS_CHARS) {
    store_chars(L, index, kind, p, what);
  } else if (lua_istable(L, index)) {
    if (kind->type == LMEMS_ROW)
      store_row(L, index, kind, p, what);
    else
      store_struct(L, index, kind, p);
  } else if (!store_view(L, index, kind, p)) {
    misfit(L, index, kind, what);
  }
}

/*
** Bytes to text
*/

static void show_chars(luaL_Buffer *B, const lmems_view *view,
                       const lmems_kind *kind, size_t offset) {
  luaL_addchar(B, '"');
  char *to = luaL_prepbuffsize(B, kind->count);
  const char *p = lmems_holdpart(B->L, view, offset, kind->size);
  size_t length = strnlen(p, kind->count);
  memcpy(to, p, length);
  lmems_letgo();
  luaL_addsize(B, length);
  luaL_addchar(B, '"');
}

static void show_scalar(luaL_Buffer *B, const lmems_view *view,
                        const lmems_kind *kind, size_t offset) {
  lua_State *L = B->L;
  lmems_pushvalue(L, view, kind, offset);
  if (lua_islightuserdata(L, -1)) { /* an address, shown as such */
    lua_pushinteger(L, (lua_Integer)(uintptr_t)lua_touserdata(L, -1));
    lua_replace(L, -2);
  }
  luaL_tolstring(L, -1, NULL);
  lua_remove(L, -2);
  luaL_addvalue(B);
}

/* Appends the first of `count` elements at even distances. */
static void show_elements(luaL_Buffer *B, const lmems_view *view,
                          const lmems_kind *element, size_t count,
                          size_t offset, size_t stride) {
  enum { SHOWN = 16 };
  luaL_addchar(B, '{');
  for (size_t i = 0; i < count && i < SHOWN; i++) {
    luaL_addstring(B, i > 0 ? ", " : "");
    lmems_showvalue(B, view, element, offset + i * stride);
  }
  luaL_addstring(B, count > SHOWN ? ", ...}" : "}");
}

void lmems_showelements(luaL_Buffer *B, const lmems_view *array) {
  show_elements(B, array, array->kind, array->length, array->offset,
                array->stride);
}

static void show_struct(luaL_Buffer *B, const lmems_view *view,
                        const lmems_layout *s, size_t offset) {
  luaL_addchar(B, '{');
  for (size_t i = 0; i < s->count; i++) {
    luaL_addstring(B, i > 0 ? ", " : "");
    luaL_addlstring(B, s->fields[i].name, s->fields[i].length);
    luaL_addstring(B, " = ");
    lmems_showvalue(B, view, &s->fields[i].kind,
                    offset + s->fields[i].offset);
  }
  luaL_addchar(B, '}');
}

void lmems_showvalue(luaL_Buffer *B, const lmems_view *view,
                     const lmems_kind *kind, size_t offset) {
  if (kind->type <= LMEMS_BITS) {
    show_scalar(B, view, kind, offset);
  } else if (kind->type == LMEMS_CHARS) {
    show_chars(B, view, kind, offset);
  } else if (kind->type == LMEMS_ROW) {
    show_elements(B, view, kind->element, kind->count, offset,
                  kind->element->size);
  } else {
    show_struct(B, view, kind->layout, offset);
  }
}
