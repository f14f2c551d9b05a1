/*
** probe.c - the module of the specs that look into a heap. It is linked into
** the test build only, together with the library and the binding.
*/

#include "probe.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hold.h"
#include "ranges.h"

mems_heap *probe_heap(lua_State *L, int arg) {
  luaL_checkudata(L, arg, LMEMS_HEAP);
  lmems_box *box = lmems_anchored(L, arg);
  luaL_argcheck(L, box->heap != NULL, arg, "an open heap expected");
  return box->heap;
}

mems_class *probe_class(lua_State *L, mems_heap *heap, int arg) {
  uint64_t number = probe_number(L, arg);
  luaL_argcheck(L, number < SIZES, arg, "no class");
  return heap->runs.classes + number;
}

mems_bins *probe_bins(lua_State *L, mems_heap *heap, int arg) {
  static const char *const names[] = {"holes", "runs", NULL};
  return luaL_checkoption(L, arg, NULL, names) ? &heap->runs.sets
                                               : &heap->bins;
}

/* pages_fail(n): the n-th request to the OS from now on fails, once. Gives
   how many were made since the last call. */
static int pages_fail_(lua_State *L) {
  lua_pushinteger(L, pages_fail((long)luaL_checkinteger(L, 1)));
  return 1;
}

/* pages_emulate(bytes): the OS seems to have larger pages; 0: its own. */
static int pages_emulate_(lua_State *L) {
  pages_emulate((size_t)luaL_checkinteger(L, 1));
  return 0;
}

/* Addresses that no heap gave: in the stack, in the code, in a mapping of
   another, and of nothing at all. */
static int foreign(lua_State *L) {
  int here = 0;
  void *mapping = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);
  lua_pushlightuserdata(L, &here);
  lua_pushlightuserdata(L, (void *)(uintptr_t)&foreign);
  lua_pushlightuserdata(L, mapping);
  munmap(mapping, PAGE);
  return 3;
}

/* free_code(heap, addr): what the C function gives. */
static int free_code(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  lua_pushinteger(L, mems_heap_free(heap, probe_number(L, 2)));
  return 1;
}

/* aligned(heap, size, align): the address, or 0 and the error */
static int aligned(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  size_t size = (size_t)probe_number(L, 2), align = (size_t)probe_number(L, 3);
  lua_pushinteger(L, (lua_Integer)mems_heap_aligned(heap, size, align));
  lua_pushinteger(L, mems_heap_error(heap));
  return 2;
}

/* reset(heap) */
static int reset(lua_State *L) {
  mems_heap_reset(probe_heap(L, 1));
  return 0;
}

/* largest(heap): what the C function tells */
static int largest(lua_State *L) {
  mems_stats stats = {.size = sizeof stats};
  mems_heap_stats(probe_heap(L, 1), &stats);
  lua_pushinteger(L, (lua_Integer)stats.largest);
  return 1;
}

/* resident(heap): bytes of blocks and holes that are in memory */
static int resident(lua_State *L) {
  const mems_chain *c = &probe_heap(L, 1)->chain;
  size_t bytes = pages_resident(chain_physical(c, 0), c->end * GRANULE);
  lua_pushinteger(L, (lua_Integer)bytes);
  return 1;
}

/* expect(heap, addr, size): MEMS_OK or the code; and whether that is what its
   error is as well. */
static int expect(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  int code = mems_heap_expect(heap, probe_number(L, 2),
                              (size_t)probe_number(L, 3));
  lua_pushinteger(L, code);
  lua_pushboolean(L, code == mems_heap_error(heap));
  return 2;
}

/* The physical address of a granule, be it part of a block or not. */
static int physical(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  lua_pushlightuserdata(L,
                        chain_physical(&heap->chain, probe_number(L, 2)));
  return 1;
}

/* hold(n): so many pointers more are held. */
static int hold(lua_State *L) {
  lmems_holds += (int)luaL_checkinteger(L, 1);
  return 0;
}

/* scribble(heap, addr, byte): writes a byte wherever it is in the payload. */
static int scribble(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  char *payload = chain_physical(&heap->chain, 0);
  payload[probe_number(L, 2) - heap->dict.base] = (char)probe_number(L, 3);
  return 0;
}

/* readonly(heap): no verb is to write to it from now on. */
static int readonly(lua_State *L) {
  probe_heap(L, 1);
  lmems_anchored(L, 1)->readonly = 1;
  return 0;
}

/* fork(f): what f returned in a forked child, as a string, or its error; and
   how the child ended, as wait has it. */
static int fork_(lua_State *L) {
  char text[1000];
  int ends[2], status = -1;
  luaL_argcheck(L, pipe(ends) == 0, 1, "no pipe");
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    size_t length;
    lua_settop(L, 1);
    lua_pcall(L, 0, 1, 0);
    const char *said = luaL_tolstring(L, -1, &length);
    _exit(write(ends[1], said, length) != (ssize_t)length);
  }
  close(ends[1]);
  ssize_t n = child > 0 ? read(ends[0], text, sizeof text) : 0;
  close(ends[0]);
  waitpid(child, &status, 0);
  lua_pushlstring(L, text, n > 0 ? (size_t)n : 0);
  lua_pushinteger(L, status);
  return 2;
}

/* range_take(size): the first address of a range, or 0; range_give(first) */
static int range_take(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)ranges_take(probe_number(L, 1)));
  return 1;
}

static int range_give(lua_State *L) {
  ranges_give(probe_number(L, 1));
  return 0;
}

__attribute__((visibility("default"))) int luaopen_mems_probe(lua_State *L);

int luaopen_mems_probe(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"pages_fail", pages_fail_}, {"pages_emulate", pages_emulate_},
    {"foreign", foreign}, {"physical", physical}, {"free_code", free_code},
    {"aligned", aligned}, {"reset", reset}, {"largest", largest},
    {"resident", resident}, {"expect", expect}, {"hold", hold},
    {"readonly", readonly}, {"scribble", scribble}, {"fork", fork_},
    {"range_take", range_take}, {"range_give", range_give}, {NULL, NULL}
  };
  luaL_newlib(L, functions);
  probe_set_inner(L);
  probe_set_break(L);
  probe_set_alloc(L);
  probe_set_host(L);
  return 1;
}
