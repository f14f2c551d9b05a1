/*
** gate.h - the one gate: from the address in an argument to the memory
** behind it, which is then held.
**
** The address may be
** - a light userdata or an integer: a virtual address;
** - the same with a physical address that is inside a live block;
** - an object of this module: a buffer, an array, a struct or a part of one,
**   whose own bounds count then;
** - another full userdata whose metatable has a field `__address`: it is
**   called with the userdata and the heap, and returns one of the first
**   two (or raises). That is Lua code, so it belongs to step 1.
*/

#ifndef LMEMS_GATE_H
#define LMEMS_GATE_H

#include "argument.h"
#include "box.h"
#include "hold.h"

/* Step 1 for a userdata at `arg` that is no object of this module: puts its
   address in its place; the userdata is left on top of the stack, which
   keeps it alive. Runs Lua code. */
void lmems_resolve_slow(lua_State *L, int arg);

/* For verbs with two addresses, which resolve both before they hold one. */
static inline void lmems_resolve(lua_State *L, int arg) {
  if (lua_type(L, arg) == LUA_TUSERDATA)
    lmems_resolve_slow(L, arg);
}

/* The slow parts of lmems_hold and lmems_write: integers, objects, physical
   addresses, errors. */
const char *lmems_hold_slow(lua_State *L, lmems_box *box, int arg,
                            size_t offset, size_t size);
char *lmems_write_slow(lua_State *L, lmems_box *box, int arg, size_t offset,
                       size_t size);

/* Resolves what is at `arg`, and begins step 2: holds `size` bytes, `offset`
   bytes after the address. Raises unless the heap is open and all of
   [address, address + offset + size) lies inside one block. offset and size
   are at most LUA_MAXINTEGER each, so that their sum can't overflow. */
static inline const char *lmems_hold(lua_State *L, lmems_box *box, int arg,
                                     size_t offset, size_t size) {
  if (LMEMS_LIKELY(lua_type(L, arg) == LUA_TLIGHTUSERDATA &&
                   box->heap != NULL)) {
    mems_addr addr = (uintptr_t)lua_touserdata(L, arg);
    char *block = mems_heap_span(box->heap, addr, offset + size);
    if (LMEMS_LIKELY(block != NULL))
      return lmems_held(block + offset);
  }
  return lmems_hold_slow(L, box, arg, offset, size);
}

/* The write gate: the same for bytes that are to be written. Raises as well
   if the object, or for an address the heap, is read-only. */
static inline char *lmems_write(lua_State *L, lmems_box *box, int arg,
                                size_t offset, size_t size) {
  if (LMEMS_LIKELY(lua_type(L, arg) == LUA_TLIGHTUSERDATA &&
                   box->heap != NULL)) {
    mems_addr addr = (uintptr_t)lua_touserdata(L, arg);
    char *block = mems_heap_span(box->heap, addr, offset + size);
    if (LMEMS_LIKELY(block != NULL && !box->readonly))
      return lmems_held(block + offset);
  }
  return lmems_write_slow(L, box, arg, offset, size);
}

/* The same as lmems_hold, but an object may be one of any heap. */
const char *lmems_holdany(lua_State *L, lmems_box *box, int arg,
                          size_t offset, size_t size);

/* How many bytes a verb is about: the count at `index`; without it, if an
   object is at `arg`, all from `offset` to its end. Raises, but not for an
   offset that is too large: lmems_hold will. */
size_t lmems_optbytes(lua_State *L, int index, int arg, size_t offset);

/* Pushes what is `offset` bytes after the address at `arg`, which is
   resolved: an address, or the offset itself if that is an object. */
void lmems_pushplace(lua_State *L, int arg, size_t offset);

/* What follows may be called while something is held. */

/* The bytes from the address at `arg`, which is resolved, to the end of its
   block, or of the object. Raises if it is not inside a live one: not while
   anything is held, then. */
size_t lmems_rest(lua_State *L, lmems_box *box, int arg);

/* The address at `arg`, which was held: as it was given, or that of the
   object. */
mems_addr lmems_addressat(lua_State *L, int arg);

/* The same, always the virtual one. */
mems_addr lmems_virtualat(lua_State *L, const lmems_box *box, int arg);

#endif
