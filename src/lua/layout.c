/*
** layout.c - from the definition of a struct to its layout.
**
** A layout is one userdata:
**
**   [ lmems_layout ][ slots ][ fields ][ kinds ][ names ]
**
** A row of rows has one kind for each dimension: the outermost in its field,
** the inner ones behind all fields. Names are found by the identity of the
** string, which Lua keeps unique for short ones, without a look at its
** bytes (slots); or else by their bytes (names).
**
** The definition is read once, into a list in which each field is its name,
** its type, how many dimensions, and those. All else looks at the list: so
** a finalizer that changes the definition meanwhile does no harm.
*/

#include "layout.h"

#include <stdlib.h>

#include "fail.h"

#define LAYOUT_SEAL ((uintptr_t)0x6E1F90A3C8D7254Bu)

enum {
  MOST_DIMENSIONS = 8,
  MOST_DEPTH = 32,   /* of structs in structs: values are walked recursively */
  MOST_FIELDS = 10000
};

static const lua_Integer MOST_BYTES = (lua_Integer)1 << 46;

/* What is known while a definition is read. */
typedef struct reader {
  int arg;              /* where the definition is */
  int list;             /* where the list is */
  lua_Integer count;    /* fields */
  lua_Integer number;   /* of the field that is read */
  lua_Integer next;     /* in the list: what is read next */
  size_t dimensions;    /* of all fields */
  int packed;
  lmems_layout *layout;
  lmems_field *fields;
  lmems_kind *kinds;    /* the next free one */
} reader;

/*
** Reading the definition
*/

/* Puts the value on top behind the list, and pops it. */
static void add(lua_State *L, reader *r) {
  lua_rawseti(L, r->list, ++r->next);
}

/* Raises if the table of a field, on top, has a key that is no number from 1
   to `count`. */
static void check_keys(lua_State *L, const reader *r, lua_Integer count) {
  int field = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, field)) {
    lua_pop(L, 1);
    if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 ||
        lua_tointeger(L, -1) > count)
      lmems_argerror(L, r->arg, "field %I: unknown key %s", r->number,
                     lmems_pushshown(L, -1));
  }
}

/* Adds what the current field is made of to the list. */
static void read_parts(lua_State *L, reader *r) {
  if (lua_rawgeti(L, r->arg, r->number) != LUA_TTABLE)
    lmems_argerror(L, r->arg, "field %I has to be a table such as "
                   "{\"x\", \"f32\"}, got %s", r->number,
                   lmems_pushshown(L, -1));
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1) - 2;
  check_keys(L, r, n + 2);
  if (n > MOST_DIMENSIONS)
    lmems_argerror(L, r->arg, "field %I has more than %d dimensions",
                   r->number, MOST_DIMENSIONS);
  if (n < 0)
    n = 0;
  for (lua_Integer i = 1; i <= n + 2; i++) {
    if (lua_rawgeti(L, -1, i) == LUA_TNIL) {
      lua_pop(L, 1);
      lua_pushboolean(L, 0); /* so that the list has no hole */
    }
    add(L, r);
    if (i == 2) {
      lua_pushinteger(L, n);
      add(L, r);
    }
  }
  r->dimensions += (size_t)n;
  lua_pop(L, 1);
}

/* Reads "layout" and refuses any other key that is no field's number. */
static void read_packed(lua_State *L, reader *r) {
  lua_pushnil(L);
  while (lua_next(L, r->arg)) {
    if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
        lua_tointeger(L, -2) <= r->count) {
      lua_pop(L, 1);
      continue;
    }
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2)
                                                     : "";
    const char *value = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                                       : "";
    if (strcmp(key, "layout") != 0)
      lmems_argerror(L, r->arg, "unknown option %s", lmems_pushshown(L, -2));
    r->packed = strcmp(value, "packed") == 0;
    if (!r->packed && strcmp(value, "natural") != 0)
      lmems_argerror(L, r->arg, "layout has to be \"natural\" or "
                     "\"packed\", got %s", lmems_pushshown(L, -1));
    lua_pop(L, 1);
  }
}

/* Pushes the list. */
static void read_definition(lua_State *L, reader *r) {
  if (!lua_istable(L, r->arg))
    lmems_argerror(L, r->arg, "a table of fields expected, got %s",
                   lmems_pushshown(L, r->arg));
  r->count = (lua_Integer)lua_rawlen(L, r->arg);
  if (r->count < 1 || r->count > MOST_FIELDS)
    lmems_argerror(L, r->arg, "a struct has from 1 to %d fields, got %I",
                   MOST_FIELDS, r->count);
  read_packed(L, r);
  lua_createtable(L, (int)r->count * 3, 0);
  r->list = lua_gettop(L);
  for (r->number = 1; r->number <= r->count; r->number++)
    read_parts(L, r);
  r->next = 0;
}

/*
** Fields
*/

/* Pushes what the list has next. */
static int get_next(lua_State *L, reader *r) {
  return lua_rawgeti(L, r->list, ++r->next);
}

/* The next dimension of the current field. */
static lua_Integer get_dimension(lua_State *L, reader *r) {
  int ok;
  get_next(L, r);
  lua_Integer n = lua_tointegerx(L, -1, &ok);
  if (!ok || n < 1 || n > MOST_BYTES)
    lmems_argerror(L, r->arg, "field %I: a dimension has to be a positive "
                   "integer, got %s", r->number, lmems_pushshown(L, -1));
  lua_pop(L, 1);
  return n;
}

/* The kind of a struct in the current one. */
static size_t nest(lua_State *L, const reader *r, const lmems_layout *inner,
                   lmems_kind *kind) {
  if (inner->depth >= MOST_DEPTH)
    lmems_argerror(L, r->arg, "field %I: more than %d structs in structs",
                   r->number, MOST_DEPTH);
  if (inner->depth >= r->layout->depth)
    r->layout->depth = inner->depth + 1;
  *kind = inner->kind;
  return inner->align;
}

/* Reads the type of the current field into *kind; its alignment. */
static size_t read_type(lua_State *L, reader *r, lmems_kind *kind) {
  size_t length, align;
  int lua_kind = get_next(L, r);
  const lmems_layout *inner = lmems_tolayout(L, -1);
  const char *name = lua_kind == LUA_TSTRING ? lua_tolstring(L, -1, &length)
                                             : NULL;
  if (inner != NULL) {
    align = nest(L, r, inner, kind);
  } else if (name != NULL && strcmp(name, "char") == 0) {
    *kind = (lmems_kind){LMEMS_CHARS, 1, 1, NULL, NULL};
    align = 1;
  } else {
    int type = name == NULL ? -1 : lmems_findtype(name, length);
    if (type < 0)
      lmems_argerror(L, r->arg, "field %I: unknown type %s", r->number,
                     lua_isboolean(L, -1) ? "nil" : lmems_pushshown(L, -1));
    *kind = *lmems_scalar(type);
    align = lmems_typealign(type);
  }
  lua_pop(L, 1);
  return align;
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

/* The slot of a name: that of the field which has it, or an empty one. */
static uint32_t *name_slot(const lmems_layout *s, const char *name,
                           size_t length) {
  uint64_t h = length;
  for (size_t i = 0; i < length; i++)
    h = (h ^ (unsigned char)name[i]) * 0x100000001B3u;
  size_t i = (size_t)(h * 0x9E3779B97F4A7C15u >> s->shift);
  size_t mask = ((size_t)1 << (64 - s->shift)) - 1;
  for (; s->names[i] != 0; i = (i + 1) & mask) {
    const lmems_field *field = &s->fields[s->names[i] - 1];
    if (field->length == length && memcmp(field->name, name, length) == 0)
      break;
  }
  return &s->names[i];
}

/* Reads the name of the current field, which stays on the stack. */
static void read_name(lua_State *L, reader *r, lmems_field *field) {
  if (get_next(L, r) != LUA_TSTRING)
    lmems_argerror(L, r->arg, "field %I: its name has to be a string, got %s",
                   r->number,
                   lua_isboolean(L, -1) ? "nil" : lmems_pushshown(L, -1));
  field->name = lua_tolstring(L, -1, &field->length);
  field->key = lua_topointer(L, -1);
  uint32_t *slot = name_slot(r->layout, field->name, field->length);
  if (*slot != 0)
    lmems_argerror(L, r->arg, "field %I: there is a field %s already",
                   r->number, lmems_pushshown(L, -1));
  *slot = (uint32_t)r->number;
}

/* Reads the current field and puts it behind those before it. The table of
   offsets is on top of the stack. */
static void read_field(lua_State *L, reader *r) {
  lmems_field *field = &r->fields[r->number - 1];
  lmems_layout *s = r->layout;
  lua_Integer dimension[MOST_DIMENSIONS];
  read_name(L, r, field);
  size_t align = read_type(L, r, &field->kind);
  get_next(L, r);
  int n = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  for (int i = 0; i < n; i++)
    dimension[i] = get_dimension(L, r);
  if (field->kind.type == LMEMS_CHARS && n > 0)
    field->kind.size = field->kind.count = (size_t)dimension[--n];
  while (n > 0)
    wrap_kind(L, r, &field->kind, dimension[--n]);
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

static unsigned slots_log2(lua_Integer fields) {
  unsigned log2 = 3;
  while (((lua_Integer)1 << log2) < 4 * fields)
    log2++;
  return log2;
}

/* Pushes an empty layout for the fields of the definition. */
static void push_layout(lua_State *L, reader *r) {
  size_t log2 = slots_log2(r->count), count = (size_t)r->count;
  size_t slots = ((size_t)1 << log2) + count + 1;
  size_t bytes = sizeof *r->layout + slots * sizeof(lmems_slot) +
                 count * sizeof(lmems_field) +
                 r->dimensions * sizeof(lmems_kind) +
                 ((size_t)1 << log2) * sizeof(uint32_t);
  r->layout = lua_newuserdatauv(L, bytes, 3);
  memset(r->layout, 0, bytes);
  r->fields = (lmems_field *)(r->layout->slots + slots);
  r->kinds = (lmems_kind *)(r->fields + count);
  r->layout->names = (uint32_t *)(r->kinds + r->dimensions);
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

/*
** Offsets
*/

static int refuse_offset(lua_State *L) {
  return luaL_error(L, "the offsets of a struct can't be changed");
}

static int next_offset(lua_State *L) {
  lua_settop(L, 2);
  if (lua_next(L, lua_upvalueindex(1)))
    return 2;
  lua_pushnil(L);
  return 1;
}

static int pairs_of_offsets(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushcclosure(L, next_offset, 1);
  return 1;
}

/* Puts a table in the place of the one on top that shows it and takes
   nothing. */
static void protect_offsets(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 4);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuse_offset);
  lua_setfield(L, -2, "__newindex");
  lua_pushvalue(L, -3);
  lua_pushcclosure(L, pairs_of_offsets, 1);
  lua_setfield(L, -2, "__pairs");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_replace(L, -2);
}

lmems_layout *lmems_newlayout(lua_State *L, int arg, int anchor) {
  reader r = {.arg = arg};
  anchor = lua_absindex(L, anchor);
  read_definition(L, &r);
  push_layout(L, &r);
  lmems_layout *s = r.layout;
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, r.list);
  lua_setiuservalue(L, -2, 2);
  lua_newtable(L);
  for (r.number = 1; r.number <= r.count; r.number++)
    read_field(L, &r);
  protect_offsets(L);
  lua_setiuservalue(L, -2, 3);
  s->count = (size_t)r.count;
  s->kind.size = (s->kind.size + s->align - 1) / s->align * s->align;
  s->kind.type = LMEMS_STRUCT;
  s->kind.count = 1;
  s->kind.layout = s;
  fill_slots(s);
  luaL_setmetatable(L, "mems.layout");
  s->seal = (uintptr_t)s ^ LAYOUT_SEAL;
  return s;
}

lmems_layout *lmems_tolayout(lua_State *L, int arg) {
  lmems_layout *s = lua_touserdata(L, arg);
  if (s != NULL && lua_rawlen(L, arg) >= sizeof *s &&
      s->seal == ((uintptr_t)s ^ LAYOUT_SEAL))
    return s;
  return NULL;
}

/*
** Names
*/

/* The number, from 1, of the field whose name is at `index`, by its bytes; 0
   if there is none. */
static uint32_t field_number(lua_State *L, int index, const lmems_layout *s) {
  size_t length;
  if (lua_type(L, index) != LUA_TSTRING)
    return 0;
  const char *name = lua_tolstring(L, index, &length);
  return *name_slot(s, name, length);
}

const lmems_field *lmems_field_slow(lua_State *L, int index,
                                    const lmems_layout *s) {
  uint32_t number = field_number(L, index, s);
  return number != 0 ? &s->fields[number - 1] : NULL;
}

const lmems_field *lmems_checkfield(lua_State *L, int index,
                                    const lmems_layout *s) {
  const lmems_field *field = lmems_field_at(L, index, s);
  if (field != NULL)
    return field;
  uint32_t number = field_number(L, index, s);
  if (number == 0)
    lmems_nofield(L, index, s);
  return &s->fields[number - 1];
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
