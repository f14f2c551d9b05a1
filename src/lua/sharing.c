/*
** sharing.c - processes that share a heap, wait for each other, and lock parts
** of it.
**
** A wait is cut into slices. Between two of them nothing is held, and a C
** function is called through Lua, so that a hook runs, as the one by which the
** stand-alone interpreter lets an interrupt through. It may do what it likes:
** each slice looks at the heap and the address anew.
*/

#include "sharing.h"

#include <unistd.h>

#include "argument.h"
#include "fail.h"
#include "gate.h"
#include "option.h"
#include "self.h"

/***
@module mems
*/

#define SLICE ((uint64_t)50000000) /* nanoseconds */
#define ENDLESS UINT64_MAX

/* Seconds at `arg`, in nanoseconds; ENDLESS if there are none. Raises. */
static uint64_t opt_seconds(lua_State *L, int arg) {
  int ok;
  if (lua_isnoneornil(L, arg))
    return ENDLESS;
  lua_Number n = lua_tonumberx(L, arg, &ok);
  if (!ok || !(n >= 0))
    lmems_argerror(L, arg, "seconds have to be a number from 0, got %s",
                   lmems_pushshown(L, arg));
  return n < 9e9 ? (uint64_t)(n * 1e9) : ENDLESS;
}

/* The virtual address at argument `arg`, where `size` bytes are, which may be
   written. Raises, also if that is no multiple of `size`. */
static mems_addr check_cell(lua_State *L, lmems_self self, size_t size) {
  lmems_write(L, self.box, self.arg, 0, size);
  lmems_letgo();
  mems_addr addr = lmems_virtualat(L, self.box, self.arg);
  if (addr % size != 0)
    lmems_argerror(L, self.arg, "what is waited for has to be at a multiple "
                   "of %d, got %I", (int)size, (lua_Integer)addr);
  return addr;
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

/* Lets hooks run; then takes a slice of what is left. 0 if nothing is. */
static uint64_t next_slice(lua_State *L, lmems_self self, uint64_t *left) {
  lua_pushcfunction(L, nothing);
  lua_call(L, 0, 0);
  lmems_checkopen(L, self.box);
  uint64_t slice = *left < SLICE ? *left : SLICE;
  if (*left != ENDLESS)
    *left -= slice;
  return slice;
}

/* true; nil, message, code for a wait that came to no good end. */
static int waited(lua_State *L, lmems_self self, int error) {
  if (error == MEMS_ETIME)
    return lmems_failwith(L, error, "timeout");
  if (error != MEMS_OK && error != MEMS_EDIED)
    return lmems_argerror(L, self.arg, "%s", mems_strerror(error));
  lua_pushboolean(L, 1);
  return 1;
}

/***
Waits until the 4 bytes at an address are other than expected. Whoever changes
them, by @{store} or in any other way, calls @{notify}. Gives true at once if
they are other already. A signal's hook, as that of an interrupt, runs meanwhile
within a twentieth of a second.
@function wait
@within Sharing
@tparam memory addr a multiple of 4
@tparam integer expected as `i32` or `u32`
@tparam[opt] number seconds at most; without it, without end
@treturn[1] boolean true: they are other
@treturn[2] nil
@treturn[2] string `"timeout"`
@treturn[2] integer `mems.ETIME`
@usage while heap:load(p, "u32") == 0 do heap:wait(p, 0) end
*/
static int wait_(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lua_Integer expected = lmems_checkint(L, self.arg + 1, "expected",
                                        INT32_MIN, (lua_Integer)UINT32_MAX);
  uint64_t left = opt_seconds(L, self.arg + 2), slice;
  lmems_checklast(L, self.arg + 2);
  lmems_resolve(L, self.arg);
  int error;
  do {
    slice = next_slice(L, self, &left);
    mems_addr addr = check_cell(L, self, sizeof(uint32_t));
    error = mems_heap_wait(self.box->heap, addr, (uint32_t)expected,
                           slice > 0 ? slice : 1);
  } while (error == MEMS_ETIME && left > 0);
  return waited(L, self, error);
}

/***
Wakes those who @{wait} for the 4 bytes at an address.
@function notify
@within Sharing
@tparam memory addr a multiple of 4
@tparam[opt] integer n how many, from 1; without it all
@treturn integer how many waited, and were woken
*/
static int notify(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lua_Integer n = 0;
  if (!lua_isnoneornil(L, self.arg + 1))
    n = lmems_checkint(L, self.arg + 1, "n", 1, INT32_MAX);
  lmems_checklast(L, self.arg + 1);
  lmems_resolve(L, self.arg);
  mems_addr addr = check_cell(L, self, sizeof(uint32_t));
  int woken = mems_heap_notify(self.box->heap, addr, (int)n);
  if (woken < 0)
    return waited(L, self, mems_heap_error(self.box->heap));
  lua_pushinteger(L, woken);
  return 1;
}

/* Raises unless processes share the heap. */
static void check_shared(lua_State *L, const lmems_box *box) {
  if (!box->shared)
    luaL_error(L, "the heap is not shared: see the options 'share' and 'shm'");
}

/***
Takes the lock that 8 bytes of a shared heap are, 0 at first, as soon as no
other process has it. It is let go by @{unlock}, or when the process ends: then
the next one gets it and is told, since what it guards may be half done. It is
for a moment: nothing else is locked by it, neither the heap nor its blocks.
@function lock
@within Sharing
@tparam memory addr a multiple of 8
@tparam[opt] number seconds at most; without it, without end
@treturn[1] boolean true
@treturn[1] ?string `"owner died"` if the last one that had it did not unlock it
@treturn[2] nil
@treturn[2] string `"timeout"`
@treturn[2] integer `mems.ETIME`
@raise if this process has it already, or the heap is not shared
*/
static int lock(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  uint64_t left = opt_seconds(L, self.arg + 1), slice;
  lmems_checklast(L, self.arg + 1);
  check_shared(L, self.box);
  lmems_resolve(L, self.arg);
  int error;
  do {
    slice = next_slice(L, self, &left);
    mems_addr addr = check_cell(L, self, sizeof(uint64_t));
    error = mems_heap_lock(self.box->heap, addr, slice > 0 ? slice : 1);
  } while (error == MEMS_ETIME && left > 0);
  if (error == MEMS_EBUSY)
    return luaL_error(L, "the lock is this process's already");
  int results = waited(L, self, error);
  if (error != MEMS_EDIED)
    return results;
  lua_pushliteral(L, "owner died");
  return 2;
}

/***
Lets go of a lock that @{lock} has taken.
@function unlock
@within Sharing
@tparam memory addr
@raise if it is not this process's
*/
static int unlock(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_checklast(L, self.arg);
  check_shared(L, self.box);
  lmems_resolve(L, self.arg);
  mems_addr addr = check_cell(L, self, sizeof(uint64_t));
  int error = mems_heap_unlock(self.box->heap, addr);
  if (error == MEMS_EBUSY)
    return luaL_error(L, "the lock is not this process's");
  if (error != MEMS_OK)
    return waited(L, self, error);
  return 0;
}

/***
How long a call on a shared heap waits while another process is in the middle of
one, and lives: if it was stopped, say by a debugger. Then it fails: `nil,
message, mems.EBUSY`, or an error. One that dies is never waited for.
@function lockwait
@within Sharing
@tparam[opt] number seconds without it, without end, as at first
*/
static int lockwait(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  uint64_t seconds = opt_seconds(L, self.arg);
  lmems_checklast(L, self.arg);
  mems_heap_patience(self.box->heap, seconds == ENDLESS ? 0
                                     : seconds > 0 ? seconds : 1);
  return 0;
}

/***
The descriptor of a heap's file, for child processes, which open it by
`mems.open{ fd = n }`: that of a heap with the option `memfd` is theirs too when
they are started.
@function fd
@within Sharing
@treturn ?integer nil if the heap is in no file
*/
static int fd(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int n = mems_heap_fd(self.box->heap);
  lmems_checklast(L, self.arg - 1);
  if (n < 0)
    lua_pushnil(L);
  else
    lua_pushinteger(L, n);
  return 1;
}

static int processes_step(lua_State *L) {
  lmems_self self = lmems_iteratorself(L);
  mems_process process;
  size_t i = (size_t)lua_tointeger(L, lua_upvalueindex(3));
  i = mems_heap_processes(self.box->heap, i, &process);
  if (i == 0)
    return 0;
  lua_pushinteger(L, (lua_Integer)i);
  lua_replace(L, lua_upvalueindex(3));
  lua_pushinteger(L, (lua_Integer)process.slot);
  lua_pushinteger(L, (lua_Integer)process.pid);
  lua_pushboolean(L, process.alive);
  return 3;
}

/***
Loops over the processes that share the heap, and those that did and have had no
successor: `for slot, pid, alive in heap:processes() do`. Its own one is among
them. A heap that is not shared has none.
@function processes
@within Sharing
@luals return fun(): integer?, integer, boolean
@treturn function an iterator
*/
static int processes(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_checklast(L, self.arg - 1);
  lmems_pushanchor(L, self);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, processes_step, 3);
  return 1;
}

/***
Takes the name of shared memory away, which `mems.open{ shm = name }` has made.
Those who have it open keep it; who opens the name anew gets a new one.
@function unlink
@within Sharing
@tparam string name
@treturn[1] boolean true
@treturn[2] nil if there is none
@treturn[2] string a message
@treturn[2] integer the system's number, as `os.remove` gives it
*/
static int unlink_(lua_State *L) {
  lmems_checklast(L, 1);
  lmems_pushshm(L, 1, 1);
  const char *path = lua_tostring(L, -1);
  return luaL_fileresult(L, unlink(path) == 0, path);
}

const luaL_Reg lmems_sharing[] = {
  {"wait", wait_}, {"notify", notify}, {"lock", lock}, {"unlock", unlock},
  {"lockwait", lockwait}, {"fd", fd}, {"processes", processes}, {NULL, NULL}
};

const luaL_Reg lmems_sharingmodule[] = {{"unlink", unlink_}, {NULL, NULL}};
