/*
** heap.c - verbs on heaps and on whole blocks.
*/

#include "heap.h"

#include "argument.h"
#include "box.h"
#include "explain.h"
#include "fail.h"
#include "leak.h"
#include "option.h"
#include "self.h"

/***
@module mems
*/

/* Keeps the function that is the option `damage` of the table at `arg`. */
static void set_handler(lua_State *L, const lmems_box *box, int arg) {
  lmems_pushboxed(L, box);
  lua_pushliteral(L, "damage");
  lua_rawget(L, arg);
  lua_setiuservalue(L, -2, 1);
  lua_pop(L, 1);
}

/***
What @{init} and @{open} take. A field that is absent takes its default.
@table options
@within Heap
@tfield[opt=64 GiB] integer limit the most bytes its nodes may map
@tfield[opt] integer base the first virtual address, a multiple of 8; absent
 1000 on the default heap, and on others one that no open heap has
@tfield[opt=4096] integer page the least that a node begins with or grows by,
 in bytes, a multiple of 4096
@tfield[opt=8] integer align the physical alignment of every block, a power of
 two from 8 to 2 MiB
@tfield[opt=0] integer quarantine freed blocks are kept from reuse until this
 many bytes are waiting
@tfield[opt=false] boolean fill true to fill new blocks with 0xAA and freed
 ones with 0x55
@tfield[opt=false] boolean trace true to record where each block is allocated,
 see @{leaks}
@tfield[opt] string leaks `"warn"` or `"error"` to trace, and to report at the
 end what was not freed, see @{finish}; not for a heap in a file
@tfield[opt] string path the heap lives in this file: what is in it is there
 again when it is opened the next time, under the same addresses. The file has
 limit (4 GiB if it is absent), base, page, align, quarantine and fill for
 life: whoever opens it later may leave them out
@tfield[opt=true] boolean|string create with `path`: true to make the file if
 it is missing, false not to, `"new"` if it has to be missing
@tfield[opt=false] boolean readonly with `path`: nothing changes the file, and
 what would raises. Several processes may read one file
@tfield[opt=false] boolean check with `path`: all but the truth is rebuilt, as
 after a crash
@tfield[opt=false] boolean share with `path`: other processes may have the file
 open at the same time, who share it, too
@tfield[opt] string shm in place of `path`: shared memory of this name, in
 /dev/shm, which is gone when the system starts anew; see @{unlink}
@tfield[opt=false] boolean memfd in place of `path`: shared memory without a
 name, for child processes; see @{fd}
@tfield[opt] integer fd in place of `path`: the file of this descriptor, shared,
 as a parent process has it from @{fd}
@luals param leaks "warn"|"error"
@tfield[opt] string|function damage what happens when, in a heap with `fill`, a
 write is found to memory that is free or waits in the quarantine, or lies
 behind the end of a block: `"error"`, raised by the call that finds it when it
 has done its work, but @{malloc}, which then has no block to give; `"abort"`;
 or a function, called with a table: `message`, `what` (`"behind"`, `"freed"`
 or `"free"`), `block`, `offset` in it, `size`, and with `trace` the sites
 `allocated` and `freed`. Default `"error"`
@tfield[opt=false] boolean random true to draw which slot of a run a small
 block gets
@luals param create boolean|"new"
*/

/***
Opens the default heap. Without options, if it is open already, it does
nothing.
@function init
@within Heap
@tparam[opt] options options see @{options}
@treturn[1] boolean true
@treturn[2] nil if the system refuses the memory, or the file, see @{open}
@treturn[2] string a message
@treturn[2] integer a code
@raise if it is open already and options are given, or an option is unknown
 or out of its range
*/
static int init(lua_State *L) {
  lmems_self self = lmems_anyself(L);
  lmems_options options;
  lmems_checkoptions(L, self.arg, &options);
  int error = lmems_openbox(L, self.box, self.arg, &options);
  if (error == MEMS_EINIT && !lua_isnoneornil(L, self.arg))
    return luaL_error(L, "mems is already initialised");
  if (error != MEMS_OK && error != MEMS_EINIT)
    return lmems_failwith(L, error, options.why);
  if (options.damage == LMEMS_DAMAGE_CALL)
    set_handler(L, self.box, self.arg);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Opens another heap. It is closed by `heap:close()`, at the end of the scope
of a `<close>` variable, or when it is collected. With the option `path` it
lives in a file: see the guide on living heaps.
@function open
@within Heap
@tparam[opt] options options see @{options}
@treturn[1] heap a heap
@treturn[2] nil if the system refuses the memory, or something is wrong with
 the file
@treturn[2] string a message; for a file it says why
@treturn[2] integer a code: `mems.ENOMEM`; for a file `mems.EBUSY` if another
 process has it open, or an open heap its addresses, `mems.EFORMAT` if it is no
 heap that can be opened here, or has other options, `mems.ENOSPC` if the disk
 is full, `mems.EFILE` for all else
@raise if an option is unknown or out of its range
*/
static int open(lua_State *L) {
  lmems_options options;
  lmems_checkoptions(L, 1, &options);
  lmems_box *box = lmems_newbox(L);
  int error = lmems_openbox(L, box, 1, &options);
  if (error != MEMS_OK)
    return lmems_failwith(L, error, options.why);
  if (options.damage == LMEMS_DAMAGE_CALL)
    set_handler(L, box, 1);
  return 1;
}

/***
Closes the default heap: all its memory goes back to the system and all its
addresses are dead. With the option `leaks` it tells what was still
allocated, grouped by the lines that allocated it, most bytes first: on
stderr for `"warn"`, or as an error for `"error"`, which it raises when the
heap is closed.
@function finish
@within Heap
@treturn integer the number of blocks that were still allocated
@treturn integer the bytes that they were asked for
@raise with the option `leaks = "error"`, if a block was still allocated
*/
static int finish(lua_State *L) {
  mems_stats stats = {.size = sizeof stats};
  lmems_box *box = lmems_checkself(L).box;
  if (box->fill) {
    mems_heap_check(box->heap);
    int damaged = lmems_pushdamage(L, box);
    lmems_checkopen(L, box);
    if (damaged) {
      lmems_boxclose(box);
      return lua_error(L);
    }
  }
  int leaks = lmems_pushleaks(L, box);
  if (leaks == LMEMS_RAISE) {
    luaL_where(L, 1); /* the whole error, before anything is closed */
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  mems_heap_stats(lmems_openheap(L, box), &stats);
  lmems_boxclose(box);
  if (leaks == LMEMS_WARN)
    lmems_warn(lua_tostring(L, -1));
  else if (leaks == LMEMS_RAISE)
    return lua_error(L);
  lua_pushinteger(L, (lua_Integer)stats.processes);
  lua_pushinteger(L, (lua_Integer)stats.requested);
  return 2;
}

/***
Closes a heap that @{open} gave, as @{finish} does the default heap.
The second time it does nothing and returns 0, 0.
@function heap:close
@treturn integer the number of blocks that were still allocated
@treturn integer the bytes that they were asked for
*/
static int heap_close(lua_State *L) {
  lmems_box *box = lmems_anyself(L).box;
  if (box->heap != NULL)
    return finish(L);
  lmems_boxclose(box); /* what a fork has lost */
  lua_pushinteger(L, 0);
  lua_pushinteger(L, 0);
  return 2;
}

/* The end of the scope of a `<close>` variable. An error that is on its way
   is not to be replaced by one about leaks. */
static int heap_scope(lua_State *L) {
  lmems_box *box = lmems_anyself(L).box;
  if (lua_isnoneornil(L, 2))
    return heap_close(L);
  if (box->heap != NULL)
    lmems_warnleaks(L, box);
  lmems_boxclose(box);
  return 0;
}

/* The same when it is collected, where an error would be lost. */
static int heap_collect(lua_State *L) {
  lmems_box *box = lmems_anyself(L).box;
  if (box->heap != NULL)
    lmems_warnleaks(L, box);
  lmems_boxclose(box);
  lmems_dropbox(L, 1);
  return 0;
}

static int heap_tostring(lua_State *L) {
  lmems_box *box = lmems_anyself(L).box;
  mems_stats stats = {.size = sizeof stats};
  if (box->heap == NULL) {
    lua_pushliteral(L, LMEMS_HEAP " (closed)");
    return 1;
  }
  mems_heap_stats(box->heap, &stats);
  lua_pushfstring(L, LMEMS_HEAP " (blocks: %I, bytes: %I)",
                  (lua_Integer)stats.processes,
                  (lua_Integer)stats.requested);
  return 1;
}

/* An optional alignment: a power of two up to 2 MiB; 0 if there is none. */
static size_t opt_align(lua_State *L, int arg) {
  if (lua_isnoneornil(L, arg))
    return 0;
  size_t align = lmems_checksize(L, arg, "align");
  if (align > (size_t)1 << 21 || (align & (align - 1)) != 0)
    lmems_argerror(L, arg, "align has to be a power of two up to 2097152, got "
                   "%I", (lua_Integer)align);
  return align;
}

/* Pushes a new block's address, or if it is 0, nil, message, code. */
static int push_block(lua_State *L, lmems_box *box, mems_addr addr) {
  if (LMEMS_UNLIKELY(box->watched)) {
    lmems_traced(L, box, addr);
    if (box->damaged && box->how == LMEMS_DAMAGE_ERROR && addr != 0) {
      mems_heap_free(box->heap, addr); /* nobody will know of it */
      lmems_traced_free(L, box, addr);
    }
    lmems_checkdamage(L, box);
  }
  if (addr == 0)
    return lmems_fail(L, mems_heap_error(box->heap));
  lmems_pushaddr(L, addr);
  return 1;
}

static inline mems_addr allocate(lmems_box *box, size_t size,
                                 size_t align) {
  if (align == 0)
    return mems_heap_malloc(box->heap, size);
  return mems_heap_aligned(box->heap, size, align);
}

/***
Allocates a block. Its contents are undefined.
@function malloc
@within Blocks
@tparam integer size in bytes, from 1
@tparam[opt] integer align the physical address will be a multiple of this
 power of two, up to 2 MiB
@treturn[1] address the virtual address of its first byte
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
*/
static int malloc_(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_box *box = self.box;
  size_t size = lmems_checksize(L, self.arg, "size");
  size_t align = lua_gettop(L) <= self.arg ? 0 : opt_align(L, self.arg + 1);
  lmems_boxasked(L, box, size);
  mems_addr addr = allocate(box, size, align);
  if (LMEMS_UNLIKELY(addr == 0) && lmems_boxretry(L, box, size))
    addr = allocate(box, size, align);
  return push_block(L, box, addr);
}

/***
Allocates a block of `count * size` bytes, all zero.
@function calloc
@within Blocks
@tparam integer count from 1
@tparam integer size in bytes, from 1
@treturn[1] address the virtual address of its first byte
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
*/
static int calloc_(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_box *box = self.box;
  size_t count = lmems_checksize(L, self.arg, "count");
  size_t size = lmems_checksize(L, self.arg + 1, "size"), bytes;
  if (__builtin_mul_overflow(count, size, &bytes))
    bytes = SIZE_MAX;
  else
    lmems_boxasked(L, box, bytes);
  mems_addr addr = mems_heap_calloc(box->heap, count, size);
  if (LMEMS_UNLIKELY(addr == 0) && lmems_boxretry(L, box, bytes))
    addr = mems_heap_calloc(box->heap, count, size);
  return push_block(L, box, addr);
}

/***
Changes the size of a block. Its contents are kept, as far as they fit. An
object on that block, as of @{buffer}, is released, but not the block.
@function realloc
@within Blocks
@tparam ?address|nil addr the start of a block; nil allocates a new one
@tparam integer size in bytes, from 1
@treturn[1] address the same address, or a new one; then `addr` is dead
@treturn[2] nil over the limit, or without memory: the block is as it was
@treturn[2] string a message
@treturn[2] integer a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
@raise if `addr` is not the start of a block
*/
static int realloc_(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_box *box = self.box;
  int new = lua_isnil(L, self.arg);
  mems_addr moved = 0, addr = new ? 0 : lmems_checkaddr(L, self.arg);
  size_t size = lmems_checksize(L, self.arg + 1, "size");
  lmems_boxasked(L, box, size);
  for (int again = 1; moved == 0 && again >= 0; again--) {
    if (!new && mems_heap_size(box->heap, addr) == 0)
      return lmems_notblock(L, box, self.arg, addr);
    moved = mems_heap_realloc(box->heap, addr, size);
    if (moved == 0 && again && !lmems_boxretry(L, box, size))
      break;
  }
  if (moved == 0)
    return lmems_fail(L, mems_heap_error(box->heap));
  lmems_blockgone(box, addr);
  if (LMEMS_UNLIKELY(box->watched)) {
    lmems_traced_move(L, box, addr, moved);
    if (moved == addr) /* else the next call tells: that it moved comes first */
      lmems_checkdamage(L, box);
  }
  lmems_pushaddr(L, moved);
  return 1;
}

/***
Frees a block. Objects on it, as of @{buffer}, are released.
@function free
@within Blocks
@tparam address addr the start of a block
@raise if it is free already, inside a block, or was never allocated
*/
static int free_(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  mems_addr addr = lmems_checkaddr(L, self.arg);
  /* 0 is no mistake in C, where it is NULL; here it is no address */
  if (addr == 0 || mems_heap_free(self.box->heap, addr) != MEMS_OK)
    return lmems_notblock(L, self.box, self.arg, addr);
  lmems_blockgone(self.box, addr);
  if (LMEMS_UNLIKELY(self.box->watched)) {
    lmems_traced_free(L, self.box, addr);
    lmems_checkdamage(L, self.box);
  }
  return 0;
}

/***
The physical address behind a virtual one. It is good until the block is
freed or moved, for C code and for the functions of this module.
@function get
@within Blocks
@tparam address addr anywhere inside a block
@treturn[1] lightuserdata the physical address
@treturn[2] nil if it is not inside a block
@treturn[2] string a message
@treturn[2] integer a code
*/
static int get(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  mems_addr addr = lmems_checkaddr(L, self.arg);
  void *physical = mems_heap_get(self.box->heap, addr);
  if (physical != NULL) {
    lua_pushlightuserdata(L, physical);
    return 1;
  }
  int code = lmems_explain(L, self.box, addr, 0, 0);
  lua_pushnil(L);
  lua_insert(L, -2);
  lua_pushinteger(L, code);
  return 3;
}

/***
The size of a block.
@function size
@within Blocks
@tparam address addr the start of a block
@treturn integer the bytes it was asked for
@raise if `addr` is not the start of a block
*/
static int size(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  mems_addr addr = lmems_checkaddr(L, self.arg);
  size_t bytes = mems_heap_size(self.box->heap, addr);
  if (bytes == 0)
    return lmems_notblock(L, self.box, self.arg, addr);
  lua_pushinteger(L, (lua_Integer)bytes);
  return 1;
}

/***
Address arithmetic: `addr + n`. Needs no heap.
@function add
@within Addresses
@tparam address addr
@tparam integer n may be negative
@treturn address
@raise if the result is below 0 or passes 2^63 - 1
*/
static int add(lua_State *L) {
  lmems_self self = lmems_anyself(L);
  lua_Integer n, sum, addr = (lua_Integer)lmems_checkaddr(L, self.arg);
  n = lmems_checkint(L, self.arg + 1, "n", LUA_MININTEGER, LUA_MAXINTEGER);
  if (__builtin_add_overflow(addr, n, &sum) || sum < 0)
    return lmems_argerror(L, self.arg + 1, "%I and %I give no address", addr,
                          n);
  lmems_pushaddr(L, (mems_addr)sum);
  return 1;
}

/***
Address arithmetic: `a - b`. Needs no heap.
@function diff
@within Addresses
@tparam address a
@tparam address b
@treturn integer bytes
*/
static int diff(lua_State *L) {
  lmems_self self = lmems_anyself(L);
  mems_addr a = lmems_checkaddr(L, self.arg);
  mems_addr b = lmems_checkaddr(L, self.arg + 1);
  lua_pushinteger(L, (lua_Integer)(a - b));
  return 1;
}

/***
An address as an integer. Needs no heap.
@function tointeger
@within Addresses
@tparam address addr
@treturn integer
*/
static int tointeger(lua_State *L) {
  lmems_self self = lmems_anyself(L);
  lua_pushinteger(L, (lua_Integer)lmems_checkaddr(L, self.arg));
  return 1;
}

/***
An address as a light userdata. Needs no heap, and does not ask whether the
address is allocated.
@function toaddress
@within Addresses
@tparam address n
@treturn address
*/
static int toaddress(lua_State *L) {
  lmems_self self = lmems_anyself(L);
  mems_addr addr = lmems_checkaddr(L, self.arg);
  lmems_pushaddr(L, addr);
  return 1;
}

/***
Frees every block at once and keeps the memory for the next ones. All objects
on the heap are dead then.
@function reset
@within Heap
*/
static int reset(lua_State *L) {
  lmems_box *box = lmems_checkself(L).box;
  lmems_checkchangeable(L, box);
  lmems_boxreset(box);
  return 0;
}

/***
Gives back to the system what is unused.
@function trim
@within Inspection
@treturn integer the bytes given back
*/
static int trim(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lua_pushinteger(L, (lua_Integer)mems_heap_trim(self.box->heap));
  return 1;
}

/***
Checks every invariant of the heap. Takes time in proportion to its size.
@function check
@within Inspection
@treturn boolean true
@raise if the heap is damaged, with the invariant that does not hold
*/
static int check(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int damaged, sound = mems_heap_check(self.box->heap) == MEMS_OK;
  if ((damaged = self.box->damaged) != 0)
    lmems_telldamage(L, self.box);
  if (!sound && !damaged)
    return luaL_error(L, "the heap is damaged: %s",
                      mems_heap_broken(self.box->heap));
  lua_pushboolean(L, 1);
  return 1;
}

const luaL_Reg lmems_heap[] = {
  {"malloc", malloc_}, {"calloc", calloc_}, {"realloc", realloc_},
  {"free", free_}, {"get", get}, {"size", size}, {"add", add},
  {"diff", diff}, {"tointeger", tointeger}, {"toaddress", toaddress},
  {"reset", reset}, {"trim", trim}, {"check", check},
  {NULL, NULL}
};

const luaL_Reg lmems_heapmodule[] = {
  {"init", init}, {"open", open}, {"finish", finish}, {NULL, NULL}
};

const luaL_Reg lmems_heapmethods[] = {
  {"close", heap_close}, {"__close", heap_scope}, {"__gc", heap_collect},
  {"__tostring", heap_tostring}, {NULL, NULL}
};
