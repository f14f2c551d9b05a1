/*
** leak.c - leaks: the loop over live blocks, and the report at the end.
*/

#include "leak.h"

#include <stdio.h>

#include "argument.h"
#include "self.h"

/***
@module mems
*/

static const char *plural(uint64_t n) {
  return n == 1 ? "" : "s";
}

static const char *shown(const lmems_site *site) {
  return site->text[0] != '\0' ? site->text : "?";
}

/* Copies the leaks of the heap into a new userdata, on top; how many. */
static size_t push_copies(lua_State *L, lmems_box *box, lmems_lost **leaks) {
  size_t room = 0;
  *leaks = NULL;
  while (box->trace != NULL && lmems_tracesites(box->trace) > room) {
    room = lmems_tracesites(box->trace);
    *leaks = lua_newuserdatauv(L, room * sizeof **leaks, 0);
  }
  if (box->trace == NULL || *leaks == NULL)
    return 0;
  return lmems_traceleaks(box->trace, box->heap, *leaks, room);
}

static void add_line(luaL_Buffer *B, const lmems_lost *leak) {
  char line[80];
  snprintf(line, sizeof line, "\n  %llu byte%s in %llu block%s from ",
           (unsigned long long)leak->bytes, plural(leak->bytes),
           (unsigned long long)leak->blocks, plural(leak->blocks));
  luaL_addstring(B, line);
  luaL_addstring(B, shown(&leak->site));
}

/* Pushes the report, if there is something to report; else returns 0. */
static int push_report(lua_State *L, lmems_box *box) {
  lmems_lost *leaks;
  luaL_Buffer B;
  char line[96];
  uint64_t blocks = 0, bytes = 0;
  size_t n = push_copies(L, box, &leaks);
  for (size_t i = 0; i < n; i++) {
    blocks += leaks[i].blocks;
    bytes += leaks[i].bytes;
  }
  if (blocks == 0)
    return 0;
  luaL_buffinit(L, &B);
  snprintf(line, sizeof line, "%llu block%s of %llu byte%s %s never freed:",
           (unsigned long long)blocks, plural(blocks),
           (unsigned long long)bytes, plural(bytes),
           blocks == 1 ? "was" : "were");
  luaL_addstring(&B, line);
  for (size_t i = 0; i < n; i++)
    add_line(&B, &leaks[i]);
  luaL_pushresult(&B);
  return 1;
}

int lmems_pushleaks(lua_State *L, lmems_box *box) {
  if (box->trace == NULL || lmems_traceoption(box->trace) == LMEMS_QUIET)
    return LMEMS_QUIET;
  lua_gc(L, LUA_GCCOLLECT); /* what garbage owns is no leak */
  if (box->trace == NULL)
    return LMEMS_QUIET;
  int option = lmems_traceoption(box->trace);
  return push_report(L, box) ? option : LMEMS_QUIET;
}

void lmems_warn(const char *report) {
  fprintf(stderr, "mems: %s\n", report);
}

static int protected_report(lua_State *L) {
  if (lmems_pushleaks(L, lua_touserdata(L, 1)) != LMEMS_QUIET)
    lmems_warn(lua_tostring(L, -1));
  return 0;
}

void lmems_warnleaks(lua_State *L, lmems_box *box) {
  if (box->trace == NULL || !lua_checkstack(L, 3))
    return;
  lua_pushcfunction(L, protected_report);
  lua_pushlightuserdata(L, box);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK)
    lua_pop(L, 1); /* no memory for the report */
}

/* Upvalue of the iterator, after those of every verb: where it goes on. */
enum { NEXT = 3 };

static int leaks_step(lua_State *L) {
  lmems_self self = lmems_iteratorself(L);
  mems_addr next = (mems_addr)lua_tointeger(L, lua_upvalueindex(NEXT));
  mems_segment segment;
  do {
    if (mems_heap_locate(self.box->heap, next, &segment) != MEMS_OK)
      return 0;
    next = segment.addr + segment.size;
  } while (segment.kind != MEMS_PROCESS);
  lmems_origin origin = lmems_traceorigin(self.box->trace, segment.addr, 1);
  lua_pushinteger(L, (lua_Integer)next);
  lua_replace(L, lua_upvalueindex(NEXT));
  lmems_pushaddr(L, segment.addr);
  lua_pushinteger(L, (lua_Integer)segment.requested);
  lua_pushstring(L, shown(&origin.allocated));
  if (!origin.known)
    return 3;
  lua_pushinteger(L, (lua_Integer)origin.age);
  return 4;
}

/***
Loops over the live blocks of a heap with the option `trace`, in address
order: `for addr, size, site, age in mems.leaks() do`. Gives for each its
address, the bytes it was asked for, where it was allocated, as
`"file:line"`, and how many allocations there were since. A block that was
resized keeps its site and age. Where memory for a record was missing the
site is `"?"` and there is no age. The heap may change between two steps.
@function leaks
@within Inspection
@luals return fun(): lightuserdata?, integer, string, integer?
@treturn function an iterator
@raise unless the heap was opened with `trace` or `leaks`
*/
static int leaks(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  mems_stats stats = {.size = offsetof(mems_stats, holes)};
  if (self.box->trace == NULL)
    return luaL_error(L, "'leaks' needs a heap with the option trace = true");
  mems_heap_stats(self.box->heap, &stats);
  lmems_pushanchor(L, self);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushinteger(L, (lua_Integer)stats.base);
  lua_pushcclosure(L, leaks_step, NEXT);
  return 1;
}

const luaL_Reg lmems_leak[] = {{"leaks", leaks}, {NULL, NULL}};
