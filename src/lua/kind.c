/*
** kind.c - values that may have parts: from bytes to Lua and back.
**
** All of this works on copies of the bytes (view.h): whatever the
** collector or a finalizer does meanwhile, no pointer here is into a heap.
*/

#include <limits.h>

#include "view.h"

const lmems_kind *lmems_scalar(int type) {
#define X(ID, name, ctype, bits) \
  [LMEMS_##ID] = {LMEMS_##ID, (bits) / 8, 1, NULL, NULL}, \
  [LMEMS_##ID + LMEMS_SWAPPED] = {LMEMS_##ID + LMEMS_SWAPPED, (bits) / 8, 1, \
                                  NULL, NULL},
  static const lmems_kind kinds[LMEMS_NTYPES] = {LMEMS_TYPES(X)};
#undef X
  return &kinds[type];
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

/*
** Bytes to Lua
*/

static void push_struct(lua_State *L, const lmems_layout *s, const char *p) {
  lua_createtable(L, 0, s->count < INT_MAX ? (int)s->count : 0);
  for (size_t i = 0; i < s->count; i++) {
    const lmems_field *field = &s->fields[i];
    lua_pushlstring(L, field->name, field->length);
    lmems_pushvalue(L, &field->kind, p + field->offset);
    lua_rawset(L, -3);
  }
}

void lmems_pushvalue(lua_State *L, const lmems_kind *kind, const char *p) {
  luaL_checkstack(L, LUA_MINSTACK, "too many parts in parts");
  switch (kind->type) {
    case LMEMS_CHARS:
      lua_pushlstring(L, p, strnlen(p, kind->count));
      break;
    case LMEMS_ROW:
      lua_createtable(L, kind->count < INT_MAX ? (int)kind->count : 0, 0);
      for (size_t i = 0; i < kind->count; i++) {
        lmems_pushvalue(L, kind->element, p + i * kind->element->size);
        if (lua_isnil(L, -1)) { /* address 0: as in peekarray */
          lua_pop(L, 1);
          lua_pushboolean(L, 0);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
      }
      break;
    case LMEMS_STRUCT:
      push_struct(L, kind->layout, p);
      break;
    default:
      lmems_get(L, kind->type, p);
      break;
  }
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
    view = lmems_toview(L, index, LMEMS_RECORD_SEAL);
    if (view == NULL || view->kind->layout != kind->layout)
      return 0;
  } else {
    view = lmems_toview(L, index, LMEMS_ARRAY_SEAL);
    if (view == NULL || view->length != kind->count ||
        !lmems_samekind(view->kind, kind->element))
      return 0;
  }
  memcpy(p, lmems_viewdata(L, view), kind->size);
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

static void store_struct(lua_State *L, int index, const lmems_kind *kind,
                         char *p) {
  const lmems_layout *s = kind->layout;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    const lmems_field *field = lmems_field_at(L, -2, s);
    if (field == NULL)
      field = lmems_field_slow(L, -2, s);
    if (field == NULL)
      lmems_nofield(L, -2, s);
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

static void show_scalar(luaL_Buffer *B, const lmems_kind *kind,
                        const char *p) {
  lua_State *L = B->L;
  if (kind->type == LMEMS_CHARS) {
    luaL_addchar(B, '"');
    luaL_addlstring(B, p, strnlen(p, kind->count));
    luaL_addchar(B, '"');
    return;
  }
  lmems_get(L, kind->type, p);
  if (lua_islightuserdata(L, -1)) { /* an address, shown as such */
    lua_pop(L, 1);
    lmems_get(L, kind->type - LMEMS_PTR + LMEMS_U64, p);
  }
  luaL_tolstring(L, -1, NULL);
  lua_remove(L, -2);
  luaL_addvalue(B);
}

void lmems_showvalue(luaL_Buffer *B, const lmems_kind *kind, const char *p) {
  enum { SHOWN = 16 }; /* elements of a row */
  const lmems_layout *s = kind->layout;
  if (kind->type != LMEMS_ROW && kind->type != LMEMS_STRUCT) {
    show_scalar(B, kind, p);
    return;
  }
  luaL_addchar(B, '{');
  if (kind->type == LMEMS_ROW) {
    size_t count = kind->count < SHOWN ? kind->count : SHOWN;
    for (size_t i = 0; i < count; i++) {
      luaL_addstring(B, i > 0 ? ", " : "");
      lmems_showvalue(B, kind->element, p + i * kind->element->size);
    }
    luaL_addstring(B, count < kind->count ? ", ..." : "");
  } else {
    for (size_t i = 0; i < s->count; i++) {
      luaL_addstring(B, i > 0 ? ", " : "");
      luaL_addlstring(B, s->fields[i].name, s->fields[i].length);
      luaL_addstring(B, " = ");
      lmems_showvalue(B, &s->fields[i].kind, p + s->fields[i].offset);
    }
  }
  luaL_addchar(B, '}');
}
