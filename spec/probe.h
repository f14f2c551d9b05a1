/*
** probe.h - what the probes share: how they come to the inside of a heap.
*/

#ifndef PROBE_H
#define PROBE_H

#include <lauxlib.h>
#include <lua.h>

#include "image.h"
#include "box.h"

/* The heap in the userdata at `arg`, which mems.open gave; raises. */
mems_heap *probe_heap(lua_State *L, int arg);

/* The size class of slots whose number is at `arg`; raises. */
mems_class *probe_class(lua_State *L, mems_heap *heap, int arg);

/* The sets whose name is at `arg`, "holes" or "runs"; raises. */
mems_bins *probe_bins(lua_State *L, mems_heap *heap, int arg);

/* The integer at `arg` as 64 bits without a sign. */
static inline uint64_t probe_number(lua_State *L, int arg) {
  return (uint64_t)luaL_checkinteger(L, arg);
}

/* Pushes a number; NOWHERE is nil. */
static inline int probe_push(lua_State *L, uint64_t n) {
  if (n == NOWHERE)
    lua_pushnil(L);
  else
    lua_pushinteger(L, (lua_Integer)n);
  return 1;
}

/* Each adds its functions to the table on top of the stack. */
void probe_set_inner(lua_State *L); /* probe_inner.c: questions */
void probe_set_break(lua_State *L); /* probe_break.c: damage */
void probe_set_alloc(lua_State *L); /* probe_alloc.c: Lua out of memory */
void probe_set_host(lua_State *L);  /* probe_host.c: a host program */

#endif
