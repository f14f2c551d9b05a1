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
** its type, its options (or false), how many dimensions, and those. All else
** looks at the list: so a finalizer that changes the definition meanwhile does
** no harm.
**
** Places are counted in bits. A field begins behind the one before it, at the
** next place that its alignment allows. A bit field needs none, but lies
** in one unit of its type, as in the ABI of Linux: only a packed one may lie
** across two.
*/

#include "layout.h"

#include "fail.h"
#include "protect.h"

#define LAYOUT_SEAL ((uintptr_t)0x6E1F90A3C8D7254Bu)

enum {
  MOST_DIMENSIONS = 8,
  MOST_DEPTH = 32,   /* of structs in structs: values are walked recursively */
  MOST_FIELDS = 10000,
  MOST_ALIGN = 4096,
  OPTIONS = 3
};

static const char *const OPTION[OPTIONS] = {"bits", "offset", "align"};

static const lua_Integer MOST_BYTES = (lua_Integer)1 << 46;

/* What is known while a definition is read. */
typedef struct reader {
  int arg;              /* where the definition is */
  int list;             /* where the list is */
  lua_Integer count;    /* fields */
  lua_Integer number;   /* of the field that is read */
  lua_Integer next;     /* in the list: what is read next */
  size_t dimensions;    /* of all fields */
  size_t at;            /* where the last field ended, in bits */
  size_t end;           /* where any did */
  int packed;
  size_t align;         /* of the whole, if not 0 */
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

/* Raises if the table of a field, on top, has a key that is no option and no
   number from 1 to `count`. */
static void check_keys(lua_State *L, const reader *r, lua_Integer count) {
  int field = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, field)) {
    int known = 0;
    lua_pop(L, 1);
    if (lua_isinteger(L, -1))
      known = lua_tointeger(L, -1) >= 1 && lua_tointeger(L, -1) <= count;
    for (int i = 0; i < OPTIONS && lua_type(L, -1) == LUA_TSTRING; i++)
      known |= strcmp(lua_tostring(L, -1), OPTION[i]) == 0;
    if (!known)
      lmems_argerror(L, r->arg, "field %I: unknown key %s", r->number,
                     lmems_pushshown(L, -1));
  }
}

/* Adds the value on top, which is popped, or false, so that the list has no
   hole. */
static void add_part(lua_State *L, reader *r) {
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
  }
  add(L, r);
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
    lua_rawgeti(L, -1, i);
    add_part(L, r);
    for (int k = 0; i == 2 && k < OPTIONS; k++) {
      lua_pushstring(L, OPTION[k]);
      lua_rawget(L, -2);
      add_part(L, r);
    }
    if (i == 2) {
      lua_pushinteger(L, n);
      add(L, r);
    }
  }
  r->dimensions += (size_t)n;
  lua_pop(L, 1);
}

/* The option of the struct that is on top: an alignment. */
static size_t to_align(lua_State *L, const reader *r, const char *of) {
  int ok;
  lua_Integer n = lua_tointegerx(L, -1, &ok);
  if (!ok || n < 1 || n > MOST_ALIGN || (n & (n - 1)) != 0)
    lmems_argerror(L, r->arg, "%salign has to be a power of two up to %d, "
                   "got %s", of, MOST_ALIGN, lmems_pushshown(L, -1));
  return (size_t)n;
}

/* Sets `packed` from the value on top. */
static void to_packed(lua_State *L, reader *r) {
  const char *value = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                                     : "";
  r->packed = strcmp(value, "packed") == 0;
  if (!r->packed && strcmp(value, "natural") != 0)
    lmems_argerror(L, r->arg, "layout has to be \"natural\" or "
                   "\"packed\", got %s", lmems_pushshown(L, -1));
}

/* Reads the options of the struct and refuses any other key that is no
   field's number. */
static void read_options(lua_State *L, reader *r) {
  lua_pushnil(L);
  while (lua_next(L, r->arg)) {
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2)
                                                     : "";
    int field = lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
                lua_tointeger(L, -2) <= r->count;
    if (strcmp(key, "layout") == 0)
      to_packed(L, r);
    else if (strcmp(key, "align") == 0)
      r->align = to_align(L, r, "");
    else if (!field)
      lmems_argerror(L, r->arg, "unknown option %s", lmems_pushshown(L, -2));
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
  read_options(L, r);
  lua_createtable(L, (int)r->count * (3 + OPTIONS), 0);
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

/* Raises: the value on top is no type. */
LMEMS_RAISES static int unknown_type(lua_State *L, const reader *r) {
  lmems_near near;
  int at = lua_gettop(L);
  lmems_nearto(L, at, &near);
  lmems_neartypes(&near);
  lmems_nearname(&near, "char", 4);
  const char *shown = lua_isboolean(L, at) ? "nil" : lmems_pushshown(L, at);
  lmems_argerror(L, r->arg, "field %I: unknown type %s%s", r->number, shown,
                 lmems_pushnear(L, &near));
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
      unknown_type(L, r);
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

/* What a field asks for beside its type. */
typedef struct wish {
  unsigned bits;      /* 0: it is no bit field */
  lua_Integer offset; /* in bytes; -1: behind the last field */
  size_t align;       /* 0: that of its type */
} wish;

/* The next option of the current field as an integer from `low` to `high`, or
   `none`. */
static lua_Integer get_option(lua_State *L, reader *r, int k, lua_Integer low,
                              lua_Integer high, lua_Integer none) {
  int ok;
  get_next(L, r);
  lua_Integer n = lua_tointegerx(L, -1, &ok);
  int given = !lua_isboolean(L, -1) || lua_toboolean(L, -1);
  if (given && (!ok || n < low || n > high))
    lmems_argerror(L, r->arg, "field %I: %s has to be an integer from %I to "
                   "%I, got %s", r->number, OPTION[k], low, high,
                   lmems_pushshown(L, -1));
  lua_pop(L, 1);
  return given ? n : none;
}

/* Bits that a bit field of such a type may have, or 0. */
static lua_Integer most_bits(int type) {
  if (type == LMEMS_BOOL)
    return 1;
  if (type > LMEMS_U64)
    return 0;
  return (lua_Integer)lmems_typesize(type) * 8;
}

/* Reads the options of the current field, which is of that kind. */
static wish read_wish(lua_State *L, reader *r, const lmems_kind *kind) {
  wish w = {0, -1, 0};
  lua_Integer most = most_bits(kind->type);
  if (most == 0 && (get_next(L, r) != LUA_TBOOLEAN || lua_toboolean(L, -1)))
    lmems_argerror(L, r->arg, "field %I: bits are for integers of this "
                   "machine's byte order, and bool", r->number);
  if (most == 0)
    lua_pop(L, 1);
  else
    w.bits = (unsigned)get_option(L, r, 0, 1, most, 0);
  w.offset = get_option(L, r, 1, 0, MOST_BYTES, -1);
  if (get_next(L, r) != LUA_TBOOLEAN || lua_toboolean(L, -1)) {
    const char *of = lua_pushfstring(L, "field %I: ", r->number);
    lua_insert(L, -2);
    w.align = to_align(L, r, of);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return w;
}

static size_t round_up(size_t n, size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

/* Where a field begins, in bits; `align` is that of its type. */
static size_t place(lua_State *L, const reader *r, wish w, size_t align) {
  size_t unit = 8 * align, step = 8 * w.align;
  if (w.bits > 0 && step == 0)
    step = 1;
  else if (w.bits == 0 && !r->packed)
    step = step > unit ? step : unit;
  else if (step == 0)
    step = 8;
  if (w.offset >= 0) {
    size_t least = step < 8 ? 8 : step;
    if (!r->packed && least < unit)
      least = unit;
    if ((size_t)w.offset * 8 % least != 0)
      lmems_argerror(L, r->arg, "field %I: offset %I is no multiple of %I, "
                     "its alignment", r->number, w.offset,
                     (lua_Integer)(least / 8));
    return (size_t)w.offset * 8;
  }
  size_t at = round_up(r->at, step);
  if (w.bits > 0 && !r->packed &&
      at / unit != (at + w.bits - 1) / unit) /* of its type's size, here */
    at = round_up(at, unit);
  return at;
}

/* Reads the dimensions of the current field, and makes *kind what they make
   of it. */
static void read_dimensions(lua_State *L, reader *r, lmems_kind *kind,
                            unsigned bits) {
  lua_Integer dimension[MOST_DIMENSIONS];
  get_next(L, r);
  int n = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (n > 0 && bits > 0)
    lmems_argerror(L, r->arg, "field %I: a bit field has no dimensions",
                   r->number);
  for (int i = 0; i < n; i++)
    dimension[i] = get_dimension(L, r);
  if (kind->type == LMEMS_CHARS && n > 0)
    kind->size = kind->count = (size_t)dimension[--n];
  while (n > 0)
    wrap_kind(L, r, kind, dimension[--n]);
}

/* Reads the current field and gives it its place. The table of offsets is on
   top of the stack. */
static void read_field(lua_State *L, reader *r) {
  lmems_field *field = &r->fields[r->number - 1];
  lmems_layout *s = r->layout;
  read_name(L, r, field);
  size_t align = read_type(L, r, &field->kind);
  wish w = read_wish(L, r, &field->kind);
  read_dimensions(L, r, &field->kind, w.bits);
  size_t at = place(L, r, w, align);
  size_t bits = w.bits > 0 ? w.bits : field->kind.size * 8;
  field->offset = at / 8;
  if (w.bits > 0)
    field->kind = lmems_bitkind(field->kind.type, at % 8, w.bits);
  r->at = at + bits;
  if (r->at > r->end)
    r->end = r->at;
  if (r->end > (size_t)MOST_BYTES * 8)
    lmems_argerror(L, r->arg, "field %I: the struct is too large",
                   r->number);
  if (r->packed || w.align > align)
    align = w.align;
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
  r->layout = lua_newuserdatauv(L, bytes, 4);
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
** Making a layout
*/

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
  lmems_protect(L);
  lua_setiuservalue(L, -2, 3);
  s->count = (size_t)r.count;
  if (r.align > s->align)
    s->align = r.align;
  s->kind.size = round_up(r.end, 8 * s->align) / 8;
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

size_t lmems_wantsalign(const lmems_kind *kind) {
  enum { EVERY = 8 };
  int more = kind->type == LMEMS_STRUCT && kind->layout->align > EVERY;
  return more ? kind->layout->align : 0;
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
    lmems_nofield(L, index, s, NULL);
  return &s->fields[number - 1];
}

/* Raises: names the first fields, as none is near. */
LMEMS_RAISES static int only_has(lua_State *L, const lmems_layout *s,
                                 const char *shown) {
  enum { NAMED = 5 };
  luaL_Buffer B;
  luaL_buffinit(L, &B);
  for (size_t i = 0; i < s->count && i < NAMED; i++) {
    luaL_addstring(&B, i > 0 ? ", '" : "'");
    luaL_addlstring(&B, s->fields[i].name, s->fields[i].length);
    luaL_addchar(&B, '\'');
  }
  luaL_pushresult(&B);
  luaL_error(L, "the struct has no field %s; it has %s", shown,
             lua_tostring(L, -1));
  __builtin_unreachable();
}

int lmems_nofield(lua_State *L, int index, const lmems_layout *s,
                  lmems_near *near) {
  lmems_near fields;
  index = lua_absindex(L, index);
  const char *shown = lmems_pushshown(L, index);
  if (near == NULL)
    lmems_nearto(L, index, near = &fields);
  for (size_t i = 0; i < s->count; i++)
    lmems_nearname(near, s->fields[i].name, s->fields[i].length);
  if (near->count == 0)
    only_has(L, s, shown);
  luaL_error(L, "the struct has no field %s%s", shown,
             lmems_pushnear(L, near));
  __builtin_unreachable();
}
