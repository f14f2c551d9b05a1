/*
** lmems.h - what the files of the Lua binding share.
**
** Every verb is one C function that is registered twice: in the module
** table, where it works on the state's default heap, and in the metatable
** of heaps, where the heap is argument 1. A verb makes three moves: check
** the arguments, call mems.h, push the result.
**
** Upvalues of every verb:
**   1  the box of the default heap (a userdata), or, for a method, the
**      metatable of heaps (a table), or, for a method of objects, `true`:
**      the object is argument 1 and takes the place of an address;
**   2  the verb's name, for messages.
**
** What every file keeps:
** - A pointer into a heap is used before anything runs that may call the
**   collector (a new table, string or userdata, a call): a finalizer may
**   free the block or close the heap. Whoever has to allocate asks the
**   gate again afterwards.
** - Arguments are checked before anything is changed.
** - All state lives in boxes, upvalues and the registry; none in C.
*/

#ifndef LMEMS_H
#define LMEMS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <lua.h>
#include <lauxlib.h>

#include "mems.h"

_Static_assert(sizeof(void *) == sizeof(mems_addr),
               "an address has to fit a light userdata");
_Static_assert(sizeof(lua_Integer) == sizeof(mems_addr),
               "an address has to fit a Lua integer");

/* Lua's functions that every access calls: a call looks their address up
   itself, without the detour through a linkage table that the compiler would
   make of it (5 % of a peek). */
#if defined(__has_attribute)
#if __has_attribute(noplt)
#define LMEMS_DIRECT(f) extern __typeof__(f) f __attribute__((noplt))
LMEMS_DIRECT(lua_gettop);
LMEMS_DIRECT(lua_pushinteger);
LMEMS_DIRECT(lua_pushlightuserdata);
LMEMS_DIRECT(lua_pushnumber);
LMEMS_DIRECT(lua_tointegerx);
LMEMS_DIRECT(lua_tolstring);
LMEMS_DIRECT(lua_tonumberx);
LMEMS_DIRECT(lua_touserdata);
LMEMS_DIRECT(lua_type);
#undef LMEMS_DIRECT
#endif
#endif

#define LMEMS_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define LMEMS_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* For functions that raise: they never return, but `return f(...)` reads
   well. */
#define LMEMS_RAISES __attribute__((cold, noreturn))

/*
** Heaps (box.c)
*/

#define LMEMS_HEAP "mems.heap" /* name of the metatable of boxes */

/* What objects know of a block (view.h). */
typedef struct lmems_block lmems_block;

/* The userdata that owns a heap. */
typedef struct lmems_box {
  mems_heap *heap;  /* NULL: not open */
  unsigned epoch;   /* counts openings and closings */
  int standard;     /* not 0: the default heap of this Lua state */
  int fill;         /* not 0: the heap has the option `fill` */
  int quarantine;   /* not 0: it has a quarantine */
  struct lmems_trace *trace; /* NULL: sites are not recorded */
  size_t owned;     /* bytes in blocks that Lua objects own */
  size_t debt;      /* bytes that the collector has not been told of */
  size_t ceiling;   /* with so many owned all garbage is collected */
  size_t blocks;    /* records in the table */
  lmems_block **table; /* buckets, chained; a power of two. User value 1 of
                          the box keeps them alive */
  unsigned shift;   /* of the hash: 64 - log2 of the buckets; 0: no table */
} lmems_box;

/* What a verb runs on, and where its own arguments begin. */
typedef struct lmems_self {
  lmems_box *box;
  int arg; /* index of the first argument after the heap: 1 or 2 */
} lmems_self;

/* What a method runs on: the box at index 1, or the box of the object at
   index 1; raises if there is none. */
lmems_self lmems_checkbox(lua_State *L);

/* Raises: `box` has no heap. */
LMEMS_RAISES int lmems_noheap(lua_State *L, const lmems_box *box);

/* For verbs that need no heap. */
static inline lmems_self lmems_anyself(lua_State *L) {
  lmems_self self = {lua_touserdata(L, lua_upvalueindex(1)), 1};
  return self.box != NULL ? self : lmems_checkbox(L);
}

/* For verbs that work on an open heap: raises if it is not. */
static inline lmems_self lmems_checkself(lua_State *L) {
  lmems_self self = lmems_anyself(L);
  if (self.box->heap == NULL)
    lmems_noheap(L, self.box);
  return self;
}

/* Raises if the heap has been closed since. */
static inline void lmems_stillopen(lua_State *L, lmems_self self) {
  if (self.box->heap == NULL)
    lmems_noheap(L, self.box);
}

/* Pushes the box of a verb's heap, to be kept as an upvalue or user value
   by what has to keep the heap alive. */
static inline void lmems_pushbox(lua_State *L, lmems_self self) {
  lua_pushvalue(L, self.arg == 1 ? lua_upvalueindex(1) : 1);
}

/* Opens a heap with the options of the table at `arg` (or none or nil) in
   `box`, which has none. Returns MEMS_OK or why the OS refused; raises for
   a wrong option. */
int lmems_boxopen(lua_State *L, lmems_box *box, int arg);

/* Closes the heap of `box`, if it has one. */
void lmems_boxclose(lmems_box *box);

/* Pushes a new box without a heap. */
lmems_box *lmems_newbox(lua_State *L);

/* Sets the verbs of `verbs` in the table on top of the stack, each with
   upvalue 1 a copy of the value at `first` and upvalue 2 its name. */
void lmems_setverbs(lua_State *L, const luaL_Reg *verbs, int first);

/*
** Records of blocks (block.c): what has to be told to the objects.
*/

/* The records of the block at `addr` are dead: it was freed or moved. */
void lmems_blockgone_slow(lmems_box *box, mems_addr addr);

static inline void lmems_blockgone(lmems_box *box, mems_addr addr) {
  if (LMEMS_UNLIKELY(box->blocks != 0))
    lmems_blockgone_slow(box, addr);
}

/* All records are dead: the heap is about to be closed. */
void lmems_blocksgone(lmems_box *box);

/* The box of the object that is argument 1 of a method; raises if it is
   none (view.c, as the next two). */
lmems_box *lmems_viewbox(lua_State *L);

/* If there is an object of this module at `arg`, replaces it by its address,
   leaves it on top of the stack and returns 1. Raises if it is dead, has not
   so many bytes or belongs to another box. */
int lmems_viewaddress(lua_State *L, lmems_box *box, int arg, size_t size);

/* If there is one at `arg`, sets *rest to its bytes and returns 1. */
int lmems_viewrest(lua_State *L, int arg, size_t *rest);

/*
** Sites of allocations (trace.c). Whoever allocates, resizes or frees
** a block for Lua tells it, whether it succeeded or not (then the address is
** 0); none of these raises.
*/

typedef struct lmems_trace lmems_trace;

/* What to do about leaks when the heap is closed. */
enum { LMEMS_QUIET, LMEMS_WARN, LMEMS_RAISE };

/* A new trace; NULL without memory. */
lmems_trace *lmems_newtrace(int leaks_option);

void lmems_closetrace(lmems_box *box);

void lmems_traced_slow(lua_State *L, lmems_box *box, mems_addr addr);
void lmems_traced_free_slow(lua_State *L, lmems_box *box, mems_addr addr);
void lmems_traced_move_slow(lua_State *L, lmems_box *box, mems_addr from,
                            mems_addr to);

/* The block at `addr` was allocated by the Lua function that runs in L, or
   is called from there. */
static inline void lmems_traced(lua_State *L, lmems_box *box,
                                mems_addr addr) {
  if (LMEMS_UNLIKELY(box->trace != NULL))
    lmems_traced_slow(L, box, addr);
}

/* It was freed. L may be NULL: then no place is known. */
static inline void lmems_traced_free(lua_State *L, lmems_box *box,
                                     mems_addr addr) {
  if (LMEMS_UNLIKELY(box->trace != NULL))
    lmems_traced_free_slow(L, box, addr);
}

/* It was resized, and is at `to` now; from 0 it was allocated. L may be
   NULL. */
static inline void lmems_traced_move(lua_State *L, lmems_box *box,
                                     mems_addr from, mems_addr to) {
  if (LMEMS_UNLIKELY(box->trace != NULL))
    lmems_traced_move_slow(L, box, from, to);
}

/* Pushes " allocated at SITE" for the live block at `addr`, or "". */
const char *lmems_pushallocated(lua_State *L, const lmems_box *box,
                                mems_addr addr);

/* Pushes " at SITE, allocated at SITE" for the block at `addr`, which waits
   in the quarantine, or ", allocated at SITE", or "". */
const char *lmems_pushfreed(lua_State *L, const lmems_box *box,
                            mems_addr addr);

/* If the heap is to report leaks and has some, pushes the report and returns
   LMEMS_WARN or LMEMS_RAISE, else LMEMS_QUIET. Collects garbage first. */
int lmems_pushleaks(lua_State *L, lmems_box *box);

/* Writes a report to stderr. */
void lmems_warn(const char *report);

/* Writes a report to stderr if there is something to report. Never raises. */
void lmems_warnleaks(lua_State *L, lmems_box *box);

/*
** Messages (fail.c)
*/

/* Raises "bad argument #n to 'verb' (message)"; `arg` is a stack index.
   `format` is as for lua_pushfstring. In a function that is no verb (upvalue
   2 is not a string) it does what luaL_argerror does. */
LMEMS_RAISES int lmems_argerror(lua_State *L, int arg, const char *format,
                                ...);

/* Pushes nil, message, code for a MEMS_E... code; returns 3. */
int lmems_fail(lua_State *L, int code);

/* Pushes what is wrong with the range of `size` bytes, `offset` bytes after
   `addr`, that the gate refused; returns the MEMS_E... code. */
int lmems_explain(lua_State *L, const lmems_box *box, mems_addr addr,
                  size_t offset, size_t size);

/* Pushes the value at `index` as a message shows it: 1.5, "text", a table. */
const char *lmems_pushshown(lua_State *L, int index);

/* Raises: `addr` is not the start of a block. */
LMEMS_RAISES int lmems_notblock(lua_State *L, const lmems_box *box, int arg,
                                mems_addr addr);

/* Raises if the `ptr` at `p`, `offset` bytes after the address at `arg`, is
   what memory is filled with. */
void lmems_checkfill_slow(lua_State *L, lmems_box *box, int arg,
                          size_t offset, const void *p);

static inline void lmems_checkfill(lua_State *L, lmems_box *box, int arg,
                                   size_t offset, const void *p) {
  if (LMEMS_UNLIKELY(box->fill))
    lmems_checkfill_slow(L, box, arg, offset, p);
}

/*
** Arguments and the gate (arg.c)
*/

/* An integer from `low` to `high`; raises, calling it `what`. */
lua_Integer lmems_checkint(lua_State *L, int arg, const char *what,
                           lua_Integer low, lua_Integer high);

/* A string; raises, calling it `what`. Numbers are converted. */
const char *lmems_checkstring(lua_State *L, int arg, const char *what,
                              size_t *length);

/* The address that is an integer at `arg`; raises on anything else. */
mems_addr lmems_checkaddr_slow(lua_State *L, int arg);

/* An address: a light userdata or an integer; raises on anything else. */
static inline mems_addr lmems_checkaddr(lua_State *L, int arg) {
  if (LMEMS_LIKELY(lua_type(L, arg) == LUA_TLIGHTUSERDATA))
    return (uintptr_t)lua_touserdata(L, arg);
  return lmems_checkaddr_slow(L, arg);
}

/* A count of bytes or elements: an integer from 0; raises. */
static inline size_t lmems_checkcount(lua_State *L, int arg,
                                      const char *what) {
  int ok;
  lua_Integer n = lua_tointegerx(L, arg, &ok);
  if (!ok || n < 0)
    n = lmems_checkint(L, arg, what, 0, LUA_MAXINTEGER);
  return (size_t)n;
}

/* Turns an object at `arg` into its address, see lmems_gate; the object is
   left on top of the stack, which keeps it alive. Raises if one of this
   module has no `size` bytes. May run Lua code. */
void lmems_resolve_slow(lua_State *L, lmems_box *box, int arg, size_t size);

/* For verbs with two addresses: after it, the gate runs no Lua code. */
static inline void lmems_resolve(lua_State *L, lmems_box *box, int arg,
                                 size_t size) {
  if (lua_type(L, arg) == LUA_TUSERDATA)
    lmems_resolve_slow(L, box, arg, size);
}

/* An optional offset in bytes, from 0; raises. At most LUA_MAXINTEGER. */
static inline size_t lmems_optoffset(lua_State *L, int arg) {
  int ok;
  if (lua_gettop(L) < arg)
    return 0;
  lua_Integer n = lua_tointegerx(L, arg, &ok);
  if (!ok || n < 0)
    n = lua_isnil(L, arg) ? 0 : lmems_checkint(L, arg, "offset", 0,
                                               LUA_MAXINTEGER);
  return (size_t)n;
}

/* The slow part of lmems_gate: integers, objects, physical addresses,
   errors. */
char *lmems_gate_slow(lua_State *L, lmems_box *box, int arg, size_t offset,
                      size_t size);

/* The one gate: the physical address of `size` bytes, `offset` bytes after
   the address at `arg`. Raises unless all of [address, address + offset +
   size) lies inside one block. offset and size are at most LUA_MAXINTEGER
   each, so that their sum can't overflow. The address may be
   - a light userdata or an integer: a virtual address;
   - the same with a physical address that is inside a live block;
   - an object of this module: a buffer, an array, a struct or a part of
     one, whose own bounds count then;
   - another full userdata whose metatable has a field `__address`: it is
     called with the userdata and the heap's box, and returns a virtual
     address (or raises). */
static inline char *lmems_gate(lua_State *L, lmems_box *box, int arg,
                               size_t offset, size_t size) {
  if (LMEMS_LIKELY(lua_type(L, arg) == LUA_TLIGHTUSERDATA)) {
    mems_addr addr = (uintptr_t)lua_touserdata(L, arg);
    char *block = mems_heap_span(box->heap, addr, offset + size);
    if (LMEMS_LIKELY(block != NULL))
      return block + offset;
  }
  return lmems_gate_slow(L, box, arg, offset, size);
}

/* The bytes from the address at `arg`, which may be any the gate takes, to
   the end of its block. Raises if it is not inside a block. */
size_t lmems_rest(lua_State *L, lmems_box *box, int arg);

/*
** Types (type.c)
**
** A type is a number: one of LMEMS_I8 ... LMEMS_PTR for this machine's byte
** order, the same plus LMEMS_SWAPPED for the other one.
*/

/* X(ID, name, C type, bits) */
#define LMEMS_INTEGERS(X) \
  X(I8, i8, int8_t, 8) \
  X(U8, u8, uint8_t, 8) \
  X(I16, i16, int16_t, 16) \
  X(U16, u16, uint16_t, 16) \
  X(I32, i32, int32_t, 32) \
  X(U32, u32, uint32_t, 32) \
  X(I64, i64, int64_t, 64) \
  X(U64, u64, uint64_t, 64)

#define LMEMS_TYPES(X) \
  LMEMS_INTEGERS(X) \
  X(F32, f32, float, 32) \
  X(F64, f64, double, 64) \
  X(BOOL, bool, unsigned char, 8) \
  X(PTR, ptr, mems_addr, 64)

enum {
#define X(ID, name, ctype, bits) LMEMS_##ID,
  LMEMS_TYPES(X)
#undef X
  LMEMS_SWAPPED,
  LMEMS_NTYPES = 2 * LMEMS_SWAPPED
};

/* The type whose name is the string at `arg`; raises "unknown type". A name
   is looked up, not compared with one after the other. */
int lmems_checktype(lua_State *L, int arg);

/* The type of that name, or -1. */
int lmems_findtype(const char *name, size_t length);

/* Its name ("i32", or "i32be" where the machine is little-endian). */
const char *lmems_typename(int type);

/* Raises: the value at `value` does not fit `type`. `element` is its index
   in a list that is argument `arg`, or 0. */
LMEMS_RAISES int lmems_misfit(lua_State *L, int arg, int value, int type,
                              lua_Integer element);

/* Sets `types` in the table on top of the stack: name, size, range. */
void lmems_settypes(lua_State *L);

/* Bytes of an element. */
static inline size_t lmems_typesize(int type) {
  static const unsigned char size[LMEMS_NTYPES] = {
#define X(ID, name, ctype, bits) \
    [LMEMS_##ID] = (bits) / 8, \
    [LMEMS_##ID + LMEMS_SWAPPED] = (bits) / 8,
    LMEMS_TYPES(X)
#undef X
  };
  return size[type];
}

static inline uint8_t lmems_swap8(uint8_t u) { return u; }
static inline uint16_t lmems_swap16(uint16_t u) { return __builtin_bswap16(u); }
static inline uint32_t lmems_swap32(uint32_t u) { return __builtin_bswap32(u); }
static inline uint64_t lmems_swap64(uint64_t u) { return __builtin_bswap64(u); }

/* From the bits of a value to Lua: lmems_push_TYPE. */

#define X(ID, name, ctype, bits) \
  static inline void lmems_push_##name(lua_State *L, uint##bits##_t u) { \
    lua_pushinteger(L, (lua_Integer)(ctype)u); \
  }
LMEMS_INTEGERS(X)
#undef X

static inline void lmems_push_f32(lua_State *L, uint32_t u) {
  float f;
  memcpy(&f, &u, sizeof f);
  lua_pushnumber(L, (lua_Number)f);
}

static inline void lmems_push_f64(lua_State *L, uint64_t u) {
  double d;
  memcpy(&d, &u, sizeof d);
  lua_pushnumber(L, (lua_Number)d);
}

static inline void lmems_push_bool(lua_State *L, uint8_t u) {
  lua_pushboolean(L, u != 0);
}

/* Address 0 is none, and none is nil. */
static inline void lmems_push_ptr(lua_State *L, uint64_t u) {
  if (u != 0)
    lua_pushlightuserdata(L, (void *)(uintptr_t)u);
  else
    lua_pushnil(L);
}

/* From a Lua value to bits: lmems_bits_TYPE. Each returns whether the value
   at `index` fits, and only then sets *u. Strings that Lua converts to a
   number count as that number. */

#define LMEMS_BITS(name, ctype, bits, low, high) \
  static inline int lmems_bits_##name(lua_State *L, int index, \
                                      uint##bits##_t *u) { \
    int ok; \
    lua_Integer n = lua_tointegerx(L, index, &ok); \
    if (!ok || n < (low) || n > (high)) \
      return 0; \
    *u = (uint##bits##_t)n; \
    return 1; \
  }
LMEMS_BITS(i8, int8_t, 8, INT8_MIN, INT8_MAX)
LMEMS_BITS(u8, uint8_t, 8, 0, UINT8_MAX)
LMEMS_BITS(i16, int16_t, 16, INT16_MIN, INT16_MAX)
LMEMS_BITS(u16, uint16_t, 16, 0, UINT16_MAX)
LMEMS_BITS(i32, int32_t, 32, INT32_MIN, INT32_MAX)
LMEMS_BITS(u32, uint32_t, 32, 0, (lua_Integer)UINT32_MAX)
LMEMS_BITS(i64, int64_t, 64, INT64_MIN, INT64_MAX)
LMEMS_BITS(u64, uint64_t, 64, INT64_MIN, INT64_MAX)
#undef LMEMS_BITS

int lmems_bits_f32(lua_State *L, int index, uint32_t *u);
int lmems_bits_ptr(lua_State *L, int index, uint64_t *u);

static inline int lmems_bits_f64(lua_State *L, int index, uint64_t *u) {
  int ok;
  double d = (double)lua_tonumberx(L, index, &ok);
  if (ok)
    memcpy(u, &d, sizeof d);
  return ok;
}

static inline int lmems_bits_bool(lua_State *L, int index, uint8_t *u) {
  if (!lua_isboolean(L, index))
    return 0;
  *u = (uint8_t)lua_toboolean(L, index);
  return 1;
}

/* Element access at any alignment: lmems_get_TYPE pushes what is at `p`,
   lmems_put_TYPE stores the value at `index` there and returns whether it
   fits; if not, nothing is stored. Neither raises nor allocates. */

#define X(ID, name, ctype, bits) \
  static inline void lmems_get_##name(lua_State *L, int swapped, \
                                      const void *p) { \
    uint##bits##_t u; \
    memcpy(&u, p, sizeof u); \
    lmems_push_##name(L, swapped ? lmems_swap##bits(u) : u); \
  } \
  static inline int lmems_put_##name(lua_State *L, int index, int swapped, \
                                     void *p) { \
    uint##bits##_t u; \
    if (!lmems_bits_##name(L, index, &u)) \
      return 0; \
    if (swapped) \
      u = lmems_swap##bits(u); \
    memcpy(p, &u, sizeof u); \
    return 1; \
  }
LMEMS_TYPES(X)
#undef X

/* Pushes the value of type `type` at `p`. */
static inline void lmems_get(lua_State *L, int type, const void *p) {
  switch (type) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: lmems_get_##name(L, 0, p); break; \
    case LMEMS_##ID + LMEMS_SWAPPED: lmems_get_##name(L, 1, p); break;
    LMEMS_TYPES(X)
#undef X
    default: lua_pushnil(L); break;
  }
}

/* Stores the value at `index` as `type` at `p`; whether it fits. */
static inline int lmems_put(lua_State *L, int index, int type, void *p) {
  switch (type) {
#define X(ID, name, ctype, bits) \
    case LMEMS_##ID: return lmems_put_##name(L, index, 0, p); \
    case LMEMS_##ID + LMEMS_SWAPPED: return lmems_put_##name(L, index, 1, p);
    LMEMS_TYPES(X)
#undef X
    default: return 0;
  }
}

/*
** Registration: each adds its verbs to the table on top of the stack, with
** the value at `first` as upvalue 1. Called once for the module and once
** for the methods.
*/

void lmems_setheap(lua_State *L, int first);   /* heap.c */
void lmems_setmemory(lua_State *L, int first); /* memory.c */
void lmems_setbulk(lua_State *L, int first);   /* bulk.c */
void lmems_setstring(lua_State *L, int first); /* string.c */
void lmems_setwalk(lua_State *L, int first);   /* walk.c */
void lmems_settrace(lua_State *L, int first);  /* trace.c */

/* object.c: adds buffer, array, struct and what belongs to them to
   the module table on top of the stack; `first` is the default heap's box.
   Called with the metatable of heaps on top and itself as `first` as well,
   so that heap:buffer(...) works. */
void lmems_setobjects(lua_State *L, int first);

#endif
