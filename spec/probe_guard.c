/*
** probe_guard.c - reads and breaks what a quarantine is made of, and reads
** and writes memory as foreign code does: without asking.
**
** As in probe_break.c an optional last argument is the new value, and the
** result the one before.
*/

#include "probe.h"

/* waits(heap, granule [, on]) */
static int waits(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t g = probe_number(L, 2);
  lua_pushboolean(L, guard_waits(&heap->dict.guard, heap, g));
  if (!lua_isnoneornil(L, 3))
    guard_mark(&heap->dict.guard, heap, g, lua_toboolean(L, 3));
  return 1;
}

/* queued(heap, i [, granule]): the i-th of the queue, from 0 */
static int queued(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  mems_guard *q = &heap->dict.guard;
  uint64_t i = probe_number(L, 2);
  luaL_argcheck(L, i < q->tail - q->head, 2, "not so many wait");
  uint64_t *slot = guard_slot(q, heap, q->head + i);
  lua_pushinteger(L, (lua_Integer)*slot);
  if (!lua_isnoneornil(L, 3)) *slot = probe_number(L, 3);
  return 1;
}

/* waiting(heap [, granules]) */
static int waiting(lua_State *L) {
  mems_guard *q = &probe_heap(L, 1)->dict.guard;
  lua_pushinteger(L, (lua_Integer)q->waiting);
  if (!lua_isnoneornil(L, 2)) q->waiting = probe_number(L, 2);
  return 1;
}

/* write(physical, string) */
static int write(lua_State *L) {
  size_t length;
  const char *s = luaL_checklstring(L, 2, &length);
  memcpy(lua_touserdata(L, 1), s, length);
  return 0;
}

/* read(physical, bytes) */
static int read(lua_State *L) {
  lua_pushlstring(L, lua_touserdata(L, 1), (size_t)luaL_checkinteger(L, 2));
  return 1;
}

__attribute__((visibility("default"))) int luaopen_mems_guard(lua_State *L);

int luaopen_mems_guard(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"waits", waits}, {"queued", queued}, {"waiting", waiting},
    {"write", write}, {"read", read}, {NULL, NULL}
  };
  luaL_newlib(L, functions);
  return 1;
}
