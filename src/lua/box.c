/*
** box.c - the userdata that owns a heap: options, open, close.
**
** A box without a heap is never used: a default one is "not initialised",
** another one is "closed". Closing is one function for close, __close and
** __gc, and does nothing the second time; so a Lua state that is closed
** leaves no mapping behind.
*/

#include <stdio.h>

#include "lmems.h"

/*
** Options
*/

/* An option that is a number, and what it may be. */
typedef struct number_option {
  const char *name;
  lua_Integer low, high;
  lua_Integer step;  /* it is a multiple of this */
  int power;         /* and a power of two */
} number_option;

enum { LIMIT, BASE, PAGE, ALIGN, QUARANTINE, NUMBERS };

static const lua_Integer MOST = (lua_Integer)1 << 62;

/* The number option `which`; 0 if it is absent. The table is at `arg`. */
static lua_Integer number_field(lua_State *L, int arg, int which) {
  const number_option known[NUMBERS] = {
    [LIMIT] = {"limit", 4096, MOST, 1, 0},
    [BASE] = {"base", 8, MOST, 8, 0},
    [PAGE] = {"page", 4096, (lua_Integer)1 << 30, 4096, 0},
    [ALIGN] = {"align", 8, 4096, 8, 1},
    [QUARANTINE] = {"quarantine", 0, MOST, 1, 0}
  };
  const number_option *option = &known[which];
  int ok = 0;
  lua_Integer n = 0;
  lua_pushstring(L, option->name);
  if (lua_rawget(L, arg) == LUA_TNUMBER)
    n = lua_tointegerx(L, -1, &ok);
  else if (lua_isnil(L, -1))
    return 0;
  if (ok && n >= option->low && n <= option->high &&
      n % option->step == 0 && !(option->power && (n & (n - 1))))
    return n;
  const char *shown = lmems_pushshown(L, -1);
  if (option->power)
    lmems_argerror(L, arg, "option '%s' has to be a power of two from %I to "
                   "%I, got %s", option->name, option->low, option->high,
                   shown);
  if (option->step > 1)
    lmems_argerror(L, arg, "option '%s' has to be a multiple of %I from %I "
                   "to %I, got %s", option->name, option->step, option->low,
                   option->high, shown);
  return lmems_argerror(L, arg, "option '%s' has to be an integer from %I to "
                        "%I, got %s", option->name, option->low,
                        option->high, shown);
}

/* The option `name`, true or false; 0 if it is absent. */
static int flag_field(lua_State *L, int arg, const char *name) {
  lua_pushstring(L, name);
  int type = lua_rawget(L, arg);
  if (type != LUA_TNIL && type != LUA_TBOOLEAN)
    lmems_argerror(L, arg, "option '%s' has to be true or false, got %s",
                   name, lmems_pushshown(L, -1));
  return lua_toboolean(L, -1);
}

/* The option `leaks`: LMEMS_WARN, LMEMS_RAISE, or LMEMS_QUIET if it is
   absent. */
static int leaks_field(lua_State *L, int arg) {
  lua_pushliteral(L, "leaks");
  int type = lua_rawget(L, arg);
  const char *how = type == LUA_TSTRING ? lua_tostring(L, -1) : "";
  if (strcmp(how, "warn") == 0)
    return LMEMS_WARN;
  if (strcmp(how, "error") == 0)
    return LMEMS_RAISE;
  if (type != LUA_TNIL)
    lmems_argerror(L, arg, "option 'leaks' has to be \"warn\" or \"error\", "
                   "got %s", lmems_pushshown(L, -1));
  return LMEMS_QUIET;
}

/* Raises if the table at `arg` has a key that is no option. */
static void check_keys(lua_State *L, int arg) {
  static const char *const known[] = {
    "limit", "base", "page", "align", "quarantine", "fill", "trace", "leaks",
    NULL
  };
  lua_pushnil(L);
  while (lua_next(L, arg)) {
    lua_pop(L, 1);
    int i = 0;
    if (lua_type(L, -1) == LUA_TSTRING)
      while (known[i] != NULL && strcmp(known[i], lua_tostring(L, -1)) != 0)
        i++;
    if (lua_type(L, -1) != LUA_TSTRING || known[i] == NULL)
      lmems_argerror(L, arg, "unknown option %s", lmems_pushshown(L, -1));
  }
}

/* What the binding has options for itself. */
typedef struct trace_options {
  int trace, leaks;
} trace_options;

static void check_options(lua_State *L, int arg, mems_options *options,
                          trace_options *own) {
  memset(options, 0, sizeof *options);
  memset(own, 0, sizeof *own);
  if (lua_isnoneornil(L, arg))
    return;
  if (!lua_istable(L, arg))
    lmems_argerror(L, arg, "a table of options expected, got %s",
                   lmems_pushshown(L, arg));
  check_keys(L, arg);
  options->limit = (uint64_t)number_field(L, arg, LIMIT);
  options->base = (mems_addr)number_field(L, arg, BASE);
  options->page = (size_t)number_field(L, arg, PAGE);
  options->align = (size_t)number_field(L, arg, ALIGN);
  options->quarantine = (size_t)number_field(L, arg, QUARANTINE);
  options->fill = flag_field(L, arg, "fill");
  own->leaks = leaks_field(L, arg);
  own->trace = flag_field(L, arg, "trace") || own->leaks != LMEMS_QUIET;
}

/*
** Boxes
*/

lmems_self lmems_checkbox(lua_State *L) {
  lmems_self self = {lua_touserdata(L, 1), 2};
  if (lua_isboolean(L, lua_upvalueindex(1))) {
    self.box = lmems_viewbox(L);
    self.arg = 1;
    return self;
  }
  if (self.box != NULL && lua_getmetatable(L, 1)) {
    int same = lua_rawequal(L, -1, lua_upvalueindex(1));
    lua_pop(L, 1);
    if (same)
      return self;
  }
  lmems_argerror(L, 1, LMEMS_HEAP " expected, got %s", lmems_pushshown(L, 1));
}

int lmems_noheap(lua_State *L, const lmems_box *box) {
  if (box->standard)
    luaL_error(L, "mems is not initialised: call mems.init()");
  luaL_error(L, "the heap is closed");
  __builtin_unreachable();
}

lmems_box *lmems_newbox(lua_State *L) {
  lmems_box *box = lua_newuserdatauv(L, sizeof *box, 1);
  memset(box, 0, sizeof *box);
  luaL_setmetatable(L, LMEMS_HEAP);
  return box;
}

int lmems_boxopen(lua_State *L, lmems_box *box, int arg) {
  mems_options options;
  trace_options own;
  int error = MEMS_OK;
  check_options(L, arg, &options, &own);
  if (box->standard && options.base == 0)
    options.base = 1000;
  box->heap = mems_heap_open(&options, &error);
  if (box->heap != NULL) {
    box->epoch++;
    box->fill = options.fill;
    box->quarantine = options.quarantine != 0;
    if (!own.trace || (box->trace = lmems_newtrace(own.leaks)) != NULL)
      return MEMS_OK;
    lmems_boxclose(box);
    error = MEMS_ENOMEM;
  }
  if (error == MEMS_EINVAL)
    lmems_argerror(L, arg, "these options don't go together");
  return error;
}

void lmems_boxclose(lmems_box *box) {
  mems_heap *heap = box->heap;
  if (heap == NULL)
    return;
  lmems_blocksgone(box);
  box->heap = NULL;
  box->epoch++;
  lmems_closetrace(box);
  mems_heap_close(heap);
}

void lmems_setverbs(lua_State *L, const luaL_Reg *verbs, int first) {
  first = lua_absindex(L, first);
  for (; verbs->name != NULL; verbs++) {
    lua_pushvalue(L, first);
    lua_pushstring(L, verbs->name);
    lua_pushcclosure(L, verbs->func, 2);
    lua_setfield(L, -2, verbs->name);
  }
}
