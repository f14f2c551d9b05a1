/*
** option.c - options, each checked for itself; whether they go together only
** opening tells.
*/

#include "option.h"

#include <limits.h>

#include "fail.h"

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
    [BASE] = {"base", 8, LUA_MAXINTEGER - 7, 8, 0},
    [PAGE] = {"page", 4096, (lua_Integer)1 << 30, 4096, 0},
    [ALIGN] = {"align", 8, 1 << 21, 8, 1},
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

/* The option `damage`: "error", "abort" or a function; nil is "error". */
static int damage_field(lua_State *L, int arg) {
  lua_pushliteral(L, "damage");
  int type = lua_rawget(L, arg);
  const char *how = type == LUA_TSTRING ? lua_tostring(L, -1) : "";
  if (type == LUA_TNIL || strcmp(how, "error") == 0)
    return LMEMS_DAMAGE_ERROR;
  if (strcmp(how, "abort") == 0)
    return LMEMS_DAMAGE_ABORT;
  if (type != LUA_TFUNCTION)
    lmems_argerror(L, arg, "option 'damage' has to be \"error\", \"abort\" "
                   "or a function, got %s", lmems_pushshown(L, -1));
  return LMEMS_DAMAGE_CALL;
}

/* The option `path`; NULL if it is absent. Its string is pushed. */
static const char *path_field(lua_State *L, int arg) {
  size_t length;
  lua_pushliteral(L, "path");
  int type = lua_rawget(L, arg);
  if (type == LUA_TNIL)
    return NULL;
  const char *path = type == LUA_TSTRING ? lua_tolstring(L, -1, &length) : "";
  if (path[0] == '\0' || strlen(path) != length)
    lmems_argerror(L, arg, "option 'path' has to be the name of a file, got "
                   "%s", lmems_pushshown(L, -1));
  return path;
}

/* The option `create`: MEMS_CREATE_... */
static int create_field(lua_State *L, int arg) {
  lua_pushliteral(L, "create");
  int type = lua_rawget(L, arg);
  if (type == LUA_TSTRING && strcmp(lua_tostring(L, -1), "new") == 0)
    return MEMS_CREATE_NEW;
  if (type != LUA_TNIL && type != LUA_TBOOLEAN)
    lmems_argerror(L, arg, "option 'create' has to be true, false or \"new\", "
                   "got %s", lmems_pushshown(L, -1));
  return type == LUA_TNIL || lua_toboolean(L, -1) ? MEMS_CREATE_MISSING
                                                  : MEMS_CREATE_NEVER;
}

/* Raises if the table has an option, one of `names`, that goes with another
   one only, or not with it: `why`. */
static void refuse_fields(lua_State *L, int arg, const char *const *names,
                          const char *why) {
  for (; *names != NULL; names++) {
    lua_pushstring(L, *names);
    if (lua_rawget(L, arg) != LUA_TNIL)
      lmems_argerror(L, arg, "option '%s' %s", *names, why);
    lua_pop(L, 1);
  }
}

/* Raises if the table at `arg` has a key that is no option. */
static void check_keys(lua_State *L, int arg) {
  static const char *const known[] = {
    "limit", "base", "page", "align", "quarantine", "fill", "trace", "leaks",
    "damage", "random", "path", "create", "readonly", "check", "share", "shm",
    "memfd", "fd", NULL
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

void lmems_pushshm(lua_State *L, int arg, int index) {
  size_t length;
  const char *name = lua_type(L, index) == LUA_TSTRING
    ? lua_tolstring(L, index, &length) : "";
  if (name[0] == '\0' || name[0] == '.' || strlen(name) != length ||
      strchr(name, '/') != NULL)
    lmems_argerror(L, arg, "the name of shared memory has to have no '/' and "
                   "begin with no '.', got %s", lmems_pushshown(L, index));
  lua_pushfstring(L, "/dev/shm/%s", name);
}

/* The path that the option `shm` stands for; NULL if it is absent. Its string
   is pushed. */
static const char *shm_field(lua_State *L, int arg) {
  lua_pushliteral(L, "shm");
  if (lua_rawget(L, arg) == LUA_TNIL)
    return NULL;
  lmems_pushshm(L, arg, -1);
  return lua_tostring(L, -1);
}

/* The option `fd`; -1 if it is absent. */
static int fd_field(lua_State *L, int arg) {
  int ok = 0;
  lua_pushliteral(L, "fd");
  if (lua_rawget(L, arg) == LUA_TNIL)
    return -1;
  lua_Integer n = lua_isinteger(L, -1) ? lua_tointegerx(L, -1, &ok) : -1;
  if (n < 0 || n > INT_MAX)
    lmems_argerror(L, arg, "option 'fd' has to be a descriptor, got %s",
                   lmems_pushshown(L, -1));
  return (int)n;
}

/* Where the file is: by its path, which is left at arg + 1, as shared memory,
   by a descriptor, or without a name. Raises if that is said twice. How many
   ways it is said that share it unless they are told not to. */
static int place_fields(lua_State *L, int arg, lmems_options *options) {
  mems_options *heap = &options->heap;
  heap->path = path_field(L, arg);
  const char *shm = shm_field(L, arg);
  if (heap->path != NULL)
    lua_pop(L, 1);
  options->fd = fd_field(L, arg);
  heap->fd = options->fd >= 0 ? &options->fd : NULL;
  heap->memfd = flag_field(L, arg, "memfd");
  int sharing = (shm != NULL) + (heap->fd != NULL) + heap->memfd;
  if (sharing + (heap->path != NULL) > 1)
    lmems_argerror(L, arg, "of the options 'path', 'shm', 'fd' and 'memfd' "
                   "one may be given");
  if (shm != NULL)
    heap->path = shm;
  return sharing;
}

/* What is about the file of a heap; its path is left at arg + 1. */
static void file_fields(lua_State *L, int arg, lmems_options *options) {
  static const char *const of_files[] = {"create", "readonly", "check",
                                         "share", NULL};
  static const char *const counted[] = {"leaks", NULL};
  mems_options *heap = &options->heap;
  int sharing = place_fields(L, arg, options);
  int filed = heap->path != NULL || heap->fd != NULL || heap->memfd;
  if (!filed)
    refuse_fields(L, arg, of_files, "goes with the option 'path'");
  else
    refuse_fields(L, arg, counted, "is not for a heap in a file, whose blocks "
                  "are to stay");
  heap->create = create_field(L, arg);
  heap->readonly = flag_field(L, arg, "readonly");
  heap->check = flag_field(L, arg, "check");
  heap->share = flag_field(L, arg, "share");
  if (sharing && lua_isnil(L, -1))
    heap->share = !heap->readonly;
}

void lmems_checkoptions(lua_State *L, int arg, lmems_options *options) {
  mems_options *heap = &options->heap;
  memset(options, 0, sizeof *options);
  heap->size = sizeof *heap;
  heap->why = options->why;
  heap->why_size = sizeof options->why;
  lua_settop(L, arg);
  if (lua_isnil(L, arg))
    return;
  if (!lua_istable(L, arg))
    lmems_argerror(L, arg, "a table of options expected, got %s",
                   lmems_pushshown(L, arg));
  check_keys(L, arg);
  file_fields(L, arg, options);
  heap->limit = (uint64_t)number_field(L, arg, LIMIT);
  heap->base = (mems_addr)number_field(L, arg, BASE);
  heap->page = (size_t)number_field(L, arg, PAGE);
  heap->align = (size_t)number_field(L, arg, ALIGN);
  heap->quarantine = (size_t)number_field(L, arg, QUARANTINE);
  heap->fill = flag_field(L, arg, "fill");
  heap->random = flag_field(L, arg, "random");
  options->damage = damage_field(L, arg);
  options->leaks = leaks_field(L, arg);
  options->trace = flag_field(L, arg, "trace") ||
                   options->leaks != LMEMS_QUIET;
}

int lmems_openbox(lua_State *L, lmems_box *box, int arg,
                  const lmems_options *options) {
  const mems_options *heap = &options->heap;
  int filed = heap->path != NULL || heap->fd != NULL || heap->memfd ||
              options->restore != NULL;
  uint64_t limit = options->heap.limit;
  if (limit == 0)
    limit = (uint64_t)(filed ? 4 : 64) << 30;
  lmems_openasked(L, box, limit);
  int error = box->heap != NULL ? MEMS_EINIT : lmems_boxopen(box, options);
  if (lmems_openretry(L, box, limit, error))
    error = box->heap != NULL ? MEMS_EINIT : lmems_boxopen(box, options);
  if (error == MEMS_EINVAL)
    lmems_argerror(L, arg, "%s", options->why[0] != '\0' ? options->why
                   : "these options don't go together");
  return error;
}
