/*
** layout.c - from the definition of a struct to its layout.
**
** A layout is one userdata:
**
**   [ lmems_layout ][ slots: the hash of names ][ fields ][ kinds ]
**
** A row of rows has one kind for each dimension: the outermost in its field,
** the inner ones behind all fields. Names are found by the identity of the
** string, which Lua keeps unique for short ones, without a look at its
** bytes; user value 2 keeps them where they are.
*/

#include <stdlib.h>

#include "view.h"

enum {
  MOST_DIMENSIONS = 8,
  MOST_DEPTH = 32,   /* of structs in structs: values are walked recursively */
  MOST_FIELDS = 10000
};

static const lua_Integer MOST_BYTES = (lua_Integer)1 << 46;

/* What is known while a definition is read. */
typedef struct reader {
  int arg;              /* where the definition is */
  int keep;             /* the table of what has to stay alive */
  int packed;
  lmems_layout *layout;
  lmems_field *fields;
  lmems_kind *kinds;    /* the next free one */
  lua_Integer number;   /* of the field that is read */
} reader;

/* Pushes element `i` of the definition of the current field. */
static int get_part(lua_State *L, const reader *r, lua_Integer i) {
  lua_rawgeti(L, r->arg, r->number);
  int type = lua_rawgeti(L, -1, i);
  lua_remove(L, -2);
  return type;
}

/* How many dimensions the current field has; checks that it is a table. */
static lua_Integer count_dimensions(lua_State *L, const reader *r) {
  if (lua_rawgeti(L, r->arg, r->number) != LUA_TTABLE)
    lmems_argerror(L, r->arg, "field %I has to be a table such as "
                   "{\"x\", \"f32\"}, got %s", r->number,
                   lmems_pushshown(L, -1));
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1) - 2;
  lua_pop(L, 1);
  if (n > MOST_DIMENSIONS)
    lmems_argerror(L, r->arg, "field %I has more than %d dimensions",
                   r->number, MOST_DIMENSIONS);
  return n > 0 ? n : 0;
}

/* Dimension `i`, from 1, of the current field. */
static lua_Integer get_dimension(lua_State *L, const reader *r,
                                 lua_Integer i) {
  int ok;
  get_part(L, r, i + 2);
  lua_Integer n = lua_tointegerx(L, -1, &ok);
  if (!ok || n < 1 || n > MOST_BYTES)
    lmems_argerror(L, r->arg, "field %I: a dimension has to be a positive "
                   "integer, got %s", r->number, lmems_pushshown(L, -1));
  lua_pop(L, 1);
  return n;
}

/* Reads the type of the current field into *kind; its alignment. */
static size_t read_type(lua_State *L, reader *r, lmems_kind *kind) {
  size_t length;
  int lua_kind = get_part(L, r, 2);
  const lmems_layout *inner = lmems_tolayout(L, -1);
  memset(kind, 0, sizeof *kind);
  if (inner != NULL) {
    if (inner->depth >= MOST_DEPTH)
      lmems_argerror(L, r->arg, "field %I: more than %d structs in structs",
                     r->number, MOST_DEPTH);
    if (inner->depth >= r->layout->depth)
      r->layout->depth = inner->depth + 1;
    *kind = inner->kind;
    lua_rawseti(L, r->keep, (lua_Integer)lua_rawlen(L, r->keep) + 1);
    return inner->align;
  }
  const char *name = lua_kind == LUA_TSTRING ? lua_tolstring(L, -1, &length)
                                             : NULL;
  if (name != NULL && strcmp(name, "char") == 0) {
    *kind = (lmems_kind){LMEMS_CHARS, 1, 1, NULL, NULL};
  } else {
    int type = name == NULL ? -1 : lmems_findtype(name, length);
    if (type < 0)
      lmems_argerror(L, r->arg, "field %I: unknown type %s", r->number,
                     lmems_pushshown(L, -1));
    *kind = *lmems_scalar(type);
  }
  lua_pop(L, 1);
  return kind->size;
}

/* Makes *kind a row of `n` of itself. */
static void wrap_kind(lua_State *L, reader *r, lmems_kind *kind,
                      lua_Integer n) {
  if (kind->size > (size_t)(MOST_BYTES / n))
    lmems_argerror(L, r->arg, "field %I is too large", r->number);
  lmems_kind *element = r->kinds++;
  *element = *kind;
  *kind = (lmems_kind){LMEMS_ROW, element->size * (size_t)n, (size_t)n,
                       element, NULL};
}

/* Reads the name of the current field, which stays on the stack. */
static void read_name(lua_State *L, reader *r, lmems_field *field) {
  if (get_part(L, r, 1) != LUA_TSTRING)
    lmems_argerror(L, r->arg, "field %I: its name has to be a string, got %s",
                   r->number, lmems_pushshown(L, -1));
  r->layout->count = (size_t)r->number - 1;
  if (lmems_field_slow(L, -1, r->layout) != NULL)
    lmems_argerror(L, r->arg, "field %I: there is a field %s already",
                   r->number, lmems_pushshown(L, -1));
  field->name = lua_tolstring(L, -1, &field->length);
  field->key = lua_topointer(L, -1);
  lua_pushvalue(L, -1);
  lua_rawseti(L, r->keep, (lua_Integer)lua_rawlen(L, r->keep) + 1);
}

/* Reads the current field and puts it behind those before it. The table of
   offsets is on top of the stack. */
static void read_field(lua_State *L, reader *r) {
  lmems_field *field = &r->fields[r->number - 1];
  lmems_layout *s = r->layout;
  lua_Integer dimensions = count_dimensions(L, r);
  read_name(L, r, field);
  size_t align = read_type(L, r, &field->kind);
  if (field->kind.type == LMEMS_CHARS && dimensions > 0) {
    lua_Integer n = get_dimension(L, r, dimensions--);
    field->kind.size = field->kind.count = (size_t)n;
  }
  for (lua_Integer i = dimensions; i >= 1; i--)
    wrap_kind(L, r, &field->kind, get_dimension(L, r, i));
  if (r->packed)
    align = 1;
  field->offset = (s->kind.size + align - 1) / align * align;
  s->kind.size = field->offset + field->kind.size;
  if (s->kind.size > (size_t)MOST_BYTES)
    lmems_argerror(L, r->arg, "field %I: the struct is too large",
                   r->number);
  if (align > s->align)
    s->align = align;
  lua_pushinteger(L, (lua_Integer)field->offset);
  lua_rawset(L, -3);
}

/* Reads "layout" and refuses any other key that is no field's number. */
static int read_packed(lua_State *L, int arg, lua_Integer count) {
  int packed = 0;
  lua_pushnil(L);
  while (lua_next(L, arg)) {
    if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
        lua_tointeger(L, -2) <= count) {
      lua_pop(L, 1);
      continue;
    }
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2)
                                                     : "";
    const char *value = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                                       : "";
    if (strcmp(key, "layout") != 0)
      lmems_argerror(L, arg, "unknown option %s", lmems_pushshown(L, -2));
    packed = strcmp(value, "packed") == 0;
    if (!packed && strcmp(value, "natural") != 0)
      lmems_argerror(L, arg, "layout has to be \"natural\" or \"packed\", "
                     "got %s", lmems_pushshown(L, -1));
    lua_pop(L, 1);
  }
  return packed;
}

static unsigned slots_log2(lua_Integer fields) {
  unsigned log2 = 3;
  while (((lua_Integer)1 << log2) < 4 * fields)
    log2++;
  return log2;
}

/* Pushes an empty layout for the fields of the definition. */
static void push_layout(lua_State *L, reader *r, lua_Integer count) {
  size_t dimensions = 0, log2 = slots_log2(count);
  for (r->number = 1; r->number <= count; r->number++)
    dimensions += (size_t)count_dimensions(L, r);
  size_t slots = ((size_t)1 << log2) + (size_t)count + 1;
  size_t bytes = sizeof *r->layout + slots * sizeof(lmems_slot) +
                 (size_t)count * sizeof(lmems_field) +
                 dimensions * sizeof(lmems_kind);
  r->layout = lua_newuserdatauv(L, bytes, 3);
  memset(r->layout, 0, bytes);
  r->fields = (lmems_field *)(r->layout->slots + slots);
  r->kinds = (lmems_kind *)(r->fields + count);
  r->layout->fields = r->fields;
  r->layout->shift = 64 - (unsigned)log2;
  r->layout->align = 1;
  r->layout->depth = 1;
}

static void fill_slots(lmems_layout *s) {
  for (size_t i = 0; i < s->count; i++) {
    const lmems_field *field = &s->fields[i];
    lmems_slot *slot = &s->slots[lmems_hash(field->key, s->shift)];
    while (slot->key != NULL)
      slot++;
    slot->key = field->key;
    slot->field = field;
  }
}

lmems_layout *lmems_newlayout(lua_State *L, int arg, int index,
                              lmems_box *box) {
  reader r = {.arg = arg};
  if (!lua_istable(L, arg))
    lmems_argerror(L, arg, "a table of fields expected, got %s",
                   lmems_pushshown(L, arg));
  lua_Integer count = (lua_Integer)lua_rawlen(L, arg);
  if (count < 1 || count > MOST_FIELDS)
    lmems_argerror(L, arg, "a struct has from 1 to %d fields, got %I",
                   MOST_FIELDS, count);
  r.packed = read_packed(L, arg, count);
  lua_newtable(L);
  r.keep = lua_gettop(L);
  push_layout(L, &r, count);
  lmems_layout *s = r.layout;
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, r.keep);
  lua_setiuservalue(L, -2, 2);
  lua_newtable(L);
  for (r.number = 1; r.number <= count; r.number++)
    read_field(L, &r);
  lua_setiuservalue(L, -2, 3);
  s->box = box;
  s->count = (size_t)count;
  s->kind.size = (s->kind.size + s->align - 1) / s->align * s->align;
  s->kind.type = LMEMS_STRUCT;
  s->kind.count = 1;
  s->kind.layout = s;
  fill_slots(s);
  luaL_setmetatable(L, "mems.layout");
  s->seal = (uintptr_t)s ^ LMEMS_LAYOUT_SEAL;
  return s;
}

lmems_layout *lmems_tolayout(lua_State *L, int arg) {
  lmems_layout *s = lua_touserdata(L, arg);
  if (s != NULL && lua_rawlen(L, arg) >= sizeof *s &&
      s->seal == ((uintptr_t)s ^ LMEMS_LAYOUT_SEAL))
    return s;
  return NULL;
}

/*
** Names
*/

const lmems_field *lmems_field_slow(lua_State *L, int index,
                                    const lmems_layout *s) {
  size_t length;
  if (lua_type(L, index) != LUA_TSTRING)
    return NULL;
  const char *name = lua_tolstring(L, index, &length);
  for (size_t i = 0; i < s->count; i++)
    if (s->fields[i].length == length &&
        memcmp(s->fields[i].name, name, length) == 0)
      return &s->fields[i];
  return NULL;
}

enum { LONGEST = 40 }; /* names that are compared */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* How many characters to put in, leave out or change to make `a` of `b`. */
static size_t distance(const char *a, size_t m, const char *b, size_t n) {
  size_t row[LONGEST + 1];
  if (m > LONGEST || n > LONGEST)
    return LONGEST;
  for (size_t j = 0; j <= n; j++)
    row[j] = j;
  for (size_t i = 1; i <= m; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = smaller(replaced, 1 + smaller(row[j], row[j - 1]));
    }
  }
  return row[n];
}

/* Adds the names of fields at most `most` changes away from `name`; how
   many there were. */
static int add_near(luaL_Buffer *B, const lmems_layout *s, const char *name,
                    size_t length, size_t most) {
  enum { NAMED = 5 };
  int found = 0;
  for (size_t i = 0; i < s->count && found < NAMED; i++) {
    const lmems_field *field = &s->fields[i];
    if (distance(name, length, field->name, field->length) > most)
      continue;
    luaL_addstring(B, found++ > 0 ? ", '" : "'");
    luaL_addlstring(B, field->name, field->length);
    luaL_addchar(B, '\'');
  }
  return found;
}

int lmems_nofield(lua_State *L, int index, const lmems_layout *s) {
  luaL_Buffer B;
  size_t length = 0;
  const char *shown = lmems_pushshown(L, index), *name = "";
  if (lua_type(L, index) == LUA_TSTRING)
    name = lua_tolstring(L, index, &length);
  luaL_buffinit(L, &B);
  int near = length == 0 ? 0
                         : add_near(&B, s, name, length, length < 4 ? 1 : 2);
  if (near == 0)
    add_near(&B, s, name, length, LONGEST);
  luaL_pushresult(&B);
  luaL_error(L, "the struct has no field %s; %s %s", shown,
             near > 0 ? "near it is" : "it has", lua_tostring(L, -1));
  __builtin_unreachable();
}
