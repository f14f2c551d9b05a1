/*
** mems_lua.h - the contract for C programs that host Lua: whole Lua states
** inside heaps, and memory that C and Lua hand to each other, all checked.
**
** The functions are in the Lua module, `mems/core.so`, which a program links
** as `libmems_lua.so` (the same file) or `libmems_lua.a`. It has those of
** mems.h as well: no program needs both libraries. A script of the program
** gets the module once luaopen_mems_core was called, best by
**
**   luaL_requiref(L, "mems.core", luaopen_mems_core, 0);
**
** What holds for every function that takes a `lua_State *`:
** - Like Lua's own functions it may raise Lua's "not enough memory"; it needs
**   a few free slots of the stack, which every C function has.
** - An address that is wrong, or an object that is dead, is refused, never
**   followed.
** - It belongs to the thread that runs the state.
*/

#ifndef MEMS_LUA_H
#define MEMS_LUA_H

#include "mems.h"

#ifdef __cplusplus
extern "C" {
#endif

#include <lua.h>

/* Opens the module in a state, as `require "mems.core"` does: what a script
   gets without the functions written in Lua. */
MEMS_API int luaopen_mems_core(lua_State *L);

/*
** States: all of a Lua state inside a heap.
*/

/* A lua_Alloc, for lua_newstate: all that the state allocates comes from the
   heap that is `ud`. Where the heap's limit is reached Lua collects garbage,
   and if that does not help raises "not enough memory"; lua_newstate gives
   NULL. The heap has to be open longer than the state, and nobody else may
   free its blocks; other blocks may be in it. O(1). */
MEMS_API void *mems_lua_alloc(void *ud, void *pointer, size_t old_size,
                              size_t size);

/*
** Heaps: those of C in Lua, and those of Lua in C.
*/

/* Pushes an open heap as the value that `mems.open` gives; for a heap that the
   state knows already the value that it has. With `owned` Lua closes it, by
   `heap:close()` or when the value is collected; without it, these only end
   what Lua knows of it. One that is not owned has to be open longer than the
   value is used, and nothing but Lua may free or move blocks that objects of
   Lua lie in; if it is in a file a forked child must not use those objects.
   Raises if the module was never opened in the state. */
MEMS_API void mems_lua_pushheap(lua_State *L, mems_heap *heap, int owned);

/* The heap that is the value at `index`, or the one that an object there (a
   buffer, an array, a struct) lies in; NULL if it is none, is closed or dead.
   It is good as long as the value is kept, and not closed. */
MEMS_API mems_heap *mems_lua_toheap(lua_State *L, int index);

/*
** Bytes of Lua: where they are for C.
*/

/* The bytes of an object at `index`, or those from an address there (virtual
   or physical, of any heap of the state) to the end of its block: where they
   are, and how many in *size. NULL if there are none, and then why is pushed,
   a string. They are good until the block is freed, moved or resized, or its
   heap is closed. So a program that calls Lua meanwhile, or comes back later,
   keeps the object (in the registry, say), and asks anew unless no script can
   release or resize it. */
MEMS_API const void *mems_lua_tobytes(lua_State *L, int index, size_t *size);

/* The same for bytes that are to be written: what is read-only is refused. */
MEMS_API void *mems_lua_towritable(lua_State *L, int index, size_t *size);

/*
** Bytes of C: lent to Lua.
*/

/* What gives bytes back that were lent; it must not use the state that they
   were lent to, which may be in the middle of a collection. */
typedef void mems_lua_release(void *context, void *pointer, size_t size);

/* Pushes a buffer of the `size` bytes at `pointer`, which are the program's:
   every access is checked against them. `release` (which may be NULL) is
   called once, as soon as the buffer is released or collected, when the state
   is closed, or if this call fails, before it raises. Until then the bytes
   have to stay. The buffer can't be resized and has no address; copies of it
   are the state's own. */
MEMS_API void mems_lua_pushbytes(lua_State *L, void *pointer, size_t size,
                                 mems_lua_release *release, void *context);

/* The same, read-only: whatever would write to them raises. */
MEMS_API void mems_lua_pushreadonly(lua_State *L, const void *pointer,
                                    size_t size, mems_lua_release *release,
                                    void *context);

#ifdef __cplusplus
}
#endif

#endif
