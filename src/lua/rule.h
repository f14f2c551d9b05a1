/*
** rule.h - where the binding begins: the rule that all of it keeps.
**
** A finalizer may run wherever Lua allocates, and may do whatever a script
** may: free, resize, move, release, close, open. So no verb mixes these
** three steps:
**
** 1. Arguments become C values. Whatever allocates, calls Lua or raises
**    happens here: lmems_check..., lmems_opt..., lmems_resolve, room for
**    results, news for the collector.
** 2. Memory is held: lmems_hold for an address, lmems_holdview for an
**    object. Here is looked at what step 1 may have changed (is the heap
**    open, does the block live, are there still so many elements), and from
**    here to lmems_letgo nothing allocates, calls Lua or raises.
** 3. Results are pushed, from copies. Bytes become a string by
**    lmems_letgobytes, which lets go with it.
**
** A verb that has to allocate as it goes takes step 2 anew for each piece.
** In test builds Lua's allocator ends the process when it is asked for
** memory while something is held (spec/watch.c).
**
** What views and verbs point to, records and boxes, lies in memory that is
** kept until the Lua state ends (record.h, box.h). So whether a finalizer
** ran, was skipped, or ran and the object came back: no pointer dangles. All
** state lives there, in upvalues and in the registry; none in C.
*/

#ifndef LMEMS_RULE_H
#define LMEMS_RULE_H

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
LMEMS_DIRECT(lua_gettable);
LMEMS_DIRECT(lua_gettop);
LMEMS_DIRECT(lua_isinteger);
LMEMS_DIRECT(lua_pushinteger);
LMEMS_DIRECT(lua_pushlightuserdata);
LMEMS_DIRECT(lua_pushnumber);
LMEMS_DIRECT(lua_pushvalue);
LMEMS_DIRECT(lua_rawget);
LMEMS_DIRECT(lua_rawlen);
LMEMS_DIRECT(lua_settop);
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

/* Begins at a line of the cache. */
#define LMEMS_ALIGNED __attribute__((aligned(64)))

/* Made part of each function that calls it, whatever its size. */
#define LMEMS_INLINE inline __attribute__((always_inline))

/* Kept out of the functions that call it, which need less stack then. */
#define LMEMS_SLOW __attribute__((noinline))

/* For functions that raise: they never return, but `return f(...)` reads
   well. */
#define LMEMS_RAISES __attribute__((cold, noreturn))

#endif
