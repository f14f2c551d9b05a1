/*
** saving.c - sync, save, restore, and what was recovered.
**
** While C saves a heap a script may run in between: the function that is told
** how far it is. It runs protected, and an error goes on only when C has put
** all away. The heap is pinned meanwhile, so that it is not unmapped under C's
** hands when the script closes it; if it was changed, C is told to stop before
** it looks at it again. No collection frees blocks of garbage meanwhile.
*/

#include "saving.h"

#include <errno.h>

#include "argument.h"
#include "fail.h"
#include "option.h"
#include "self.h"

/***
@module mems
*/

/* The name of a file at `arg`; raises. */
static const char *check_path(lua_State *L, int arg) {
  size_t length;
  const char *path = lmems_checkstring(L, arg, "path", &length);
  if (length == 0 || strlen(path) != length)
    lmems_argerror(L, arg, "path has to be the name of a file, got %s",
                   lmems_pushshown(L, arg));
  return path;
}

/***
Sees to it that what was written to a heap in a file until now survives a loss
of power, as far as system and disk keep their word. After the death of the
process alone everything is there without it. Takes as long as the disk does.
In memory it does nothing.
@function sync
@within Living
@treturn[1] boolean true
@treturn[2] nil if the system can't
@treturn[2] string a message
@treturn[2] integer `mems.EFILE`
*/
static int sync_(lua_State *L) {
  mems_heap *heap = lmems_checkself(L).box->heap;
  int error = mems_heap_sync(heap), number = errno;
  if (error == MEMS_EFILE)
    return lmems_failwith(L, error, lua_pushfstring(L, "can't be synced: %s",
                                                    strerror(number)));
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lua_pushboolean(L, 1);
  return 1;
}

/*
** Saving
*/

/* A save that tells a script how far it is. */
typedef struct telling {
  lua_State *L;
  const lmems_box *box;
  lmems_pin pin;
  int function; /* where it is on the stack */
  int failed;   /* not 0: its error is on top of the stack */
} telling;

static mems_stats counts_of(const mems_heap *heap) {
  mems_stats stats = {.size = offsetof(mems_stats, holes)};
  mems_heap_stats(heap, &stats);
  stats.overhead = 0; /* a search may map some */
  return stats;
}

/* Calls the function; not 0 if the save is to end. */
static int tell(void *context, uint64_t done, uint64_t total) {
  telling *t = context;
  lua_State *L = t->L;
  mems_stats before = counts_of(t->pin.heap);
  lua_pushvalue(L, t->function);
  lua_pushinteger(L, (lua_Integer)done);
  lua_pushinteger(L, (lua_Integer)total);
  t->failed = lua_pcall(L, 2, 0, 0) != LUA_OK;
  if (t->failed || t->pin.closed || t->box->heap != t->pin.heap)
    return 1;
  mems_stats after = counts_of(t->pin.heap);
  return memcmp(&before, &after, offsetof(mems_stats, holes)) != 0;
}

/* mems_heap_save, with the function at `function`, or 0. Raises its error. */
static int save_pinned(lua_State *L, lmems_box *box, const char *path,
                       mems_saving *saving, int function) {
  telling t = {.L = L, .box = box, .function = function};
  if (function == 0)
    return mems_heap_save(box->heap, path, saving);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  int running = lua_gc(L, LUA_GCISRUNNING);
  lua_gc(L, LUA_GCSTOP);
  lmems_boxpin(box, &t.pin);
  saving->progress = tell;
  saving->context = &t;
  int error = mems_heap_save(t.pin.heap, path, saving);
  lmems_boxunpin(box, &t.pin);
  if (running)
    lua_gc(L, LUA_GCRESTART);
  if (t.failed)
    lua_error(L);
  return error;
}

/* Reads the options of the table at `arg`: the limit is returned, the function
   `progress`, or nil, pushed. */
static uint64_t check_saving(lua_State *L, int arg) {
  lua_Integer limit = 0;
  if (lua_isnoneornil(L, arg)) {
    lua_pushnil(L);
    return 0;
  }
  if (!lua_istable(L, arg))
    lmems_argerror(L, arg, "a table of options expected, got %s",
                   lmems_pushshown(L, arg));
  for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2)
                                                     : "";
    if (strcmp(key, "limit") == 0)
      limit = lmems_checkint(L, -1, "option 'limit'", 4096,
                             (lua_Integer)1 << 46);
    else if (strcmp(key, "progress") != 0)
      lmems_argerror(L, arg, "unknown option %s", lmems_pushshown(L, -2));
  }
  lua_pushliteral(L, "progress");
  int type = lua_rawget(L, arg);
  if (type != LUA_TNIL && type != LUA_TFUNCTION)
    lmems_argerror(L, arg, "option 'progress' has to be a function, got %s",
                   lmems_pushshown(L, -1));
  return (uint64_t)limit;
}

/***
What @{save} takes. A field that is absent takes its default.
@table saving
@within Living
@tfield[opt] integer limit that of the heap in the new file; absent as it is
@tfield[opt] function progress is called for each MiB or so with the bytes that
 are done, and with how many there are. It may do what it likes: an error that
 it raises ends it all and goes on, and changing the heap ends it as well. It is
 not called while processes share the heap: they wait for a copy to be done
@luals param progress fun(done: integer, total: integer)
*/

/***
Copies a heap, in a file or in memory, into a file of its own, under the same
addresses: all of it, or nothing. A file that has this name already is
replaced. The copy has a checksum and is on the disk when this returns; it can
be opened, or restored.
@function save
@within Living
@tparam string path
@tparam[opt] saving options see @{saving}
@treturn[1] boolean true
@treturn[2] nil if the file can't be written, or the heap was changed meanwhile:
 there is no new file, and the old one is as it was
@treturn[2] string a message
@treturn[2] integer a code: `mems.ENOSPC`, `mems.EFILE`, `mems.ECHANGED`,
 `mems.EBUSY` if the heap lives in this file, or `mems.ELIMIT` if the limit is
 too small
*/
static int save(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  char why[512] = "";
  mems_saving saving = {.size = sizeof saving, .why = why,
                        .why_size = sizeof why};
  const char *path = check_path(L, self.arg);
  lmems_checklast(L, self.arg + 1);
  saving.limit = check_saving(L, self.arg + 1);
  int function = lua_isnil(L, -1) ? 0 : lua_gettop(L);
  int error = save_pinned(L, self.box, path, &saving, function);
  if (error != MEMS_OK)
    return lmems_failwith(L, error, why);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Opens a heap in memory with all that is in a file, under the same addresses. The
file is not changed, and not used any more. What @{save} has written is checked
by its checksum.
@function restore
@within Living
@tparam string path
@tparam[opt] options options `limit` and `base` may be others than in the file;
 with another base roots go along, and addresses in blocks are the script's
 affair. `trace` and `leaks` as in @{options}
@treturn[1] heap a heap
@treturn[2] nil if the file can't be read, or was damaged, or an open heap has
 its addresses
@treturn[2] string a message
@treturn[2] integer a code, see @{open}
*/
static int restore(lua_State *L) {
  lmems_options options;
  const char *path = check_path(L, 1);
  lmems_checklast(L, 2);
  lmems_checkoptions(L, 2, &options);
  const mems_options *heap = &options.heap;
  if (heap->path != NULL || heap->fd != NULL || heap->memfd)
    return lmems_argerror(L, 2, "option 'path' is not for restore, which "
                          "keeps nothing in a file");
  options.restore = path;
  int error = lmems_openbox(L, lmems_newbox(L), 2, &options);
  if (error != MEMS_OK)
    return lmems_failwith(L, error, options.why);
  return 1;
}

/***
What @{recovered} gives.
@table recovery
@within Living
@tfield integer blocks that are there
@tfield integer repairs places that were put right: no death of a process leaves
 them behind, but a loss of power may
@tfield boolean redone whether a call that was in progress was finished
@tfield number seconds that it took
*/

/***
What was found when the heap was opened, if its file had not been closed.
@function recovered
@within Living
@treturn[1] recovery see @{recovery}
@treturn[2] nil if there was nothing to recover
*/
static int recovered(lua_State *L) {
  mems_recovery r = {.size = sizeof r};
  if (!mems_heap_recovered(lmems_checkself(L).box->heap, &r)) {
    lua_pushnil(L);
    return 1;
  }
  lua_createtable(L, 0, 4);
  lua_pushinteger(L, (lua_Integer)r.blocks);
  lua_setfield(L, -2, "blocks");
  lua_pushinteger(L, (lua_Integer)r.repairs);
  lua_setfield(L, -2, "repairs");
  lua_pushboolean(L, r.redone);
  lua_setfield(L, -2, "redone");
  lua_pushnumber(L, (lua_Number)r.nanoseconds / 1e9);
  lua_setfield(L, -2, "seconds");
  return 1;
}

const luaL_Reg lmems_saving[] = {
  {"sync", sync_}, {"save", save}, {"recovered", recovered}, {NULL, NULL}
};

const luaL_Reg lmems_savingmodule[] = {{"restore", restore}, {NULL, NULL}};
