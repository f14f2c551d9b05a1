/*
** walk.c - the main chain and its sub-chains, to loop over and to
** print, and what is counted.
**
** An iterator remembers the address it has come to and asks the heap what
** is there now. So the heap may change between two steps: the loop goes on
** with what there is, and an address that has gone ends it.
*/

#include "walk.h"

#include "argument.h"
#include "fail.h"
#include "self.h"

/***
@module mems
*/

/* Upvalues of an iterator, after those of every verb: the next address, and
   the address where it ends. */
enum { NEXT = 3, END = 4, UNIT = 5 };

static void push_iterator(lua_State *L, lmems_self self, lua_CFunction step,
                          mems_addr first, mems_addr end) {
  lmems_pushanchor(L, self);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushinteger(L, (lua_Integer)first);
  lua_pushinteger(L, (lua_Integer)end);
  lua_pushcclosure(L, step, END);
}

/* The segment that the iterator has come to; 0 at the end. */
static int next_segment(lua_State *L, mems_heap *heap,
                        mems_segment *segment) {
  mems_addr next = (mems_addr)lua_tointeger(L, lua_upvalueindex(NEXT));
  mems_addr end = (mems_addr)lua_tointeger(L, lua_upvalueindex(END));
  return next < end && mems_heap_locate(heap, next, segment) == MEMS_OK;
}

static void set_next(lua_State *L, mems_addr next) {
  lua_pushinteger(L, (lua_Integer)next);
  lua_replace(L, lua_upvalueindex(NEXT));
}

static int segments_step(lua_State *L) {
  lmems_self self = lmems_iteratorself(L);
  mems_segment segment;
  if (!next_segment(L, self.box->heap, &segment))
    return 0;
  set_next(L, segment.addr + segment.size);
  lua_pushstring(L, segment.kind == MEMS_PROCESS ? "PROCESS" : "HOLE");
  lua_pushlightuserdata(L, (void *)(uintptr_t)segment.addr);
  lua_pushinteger(L, (lua_Integer)segment.size);
  lua_pushinteger(L, (lua_Integer)segment.requested);
  return 4;
}

/* Counts the segments from the start of a node to its end. */
static void count_segments(const mems_heap *heap, mems_addr addr,
                           mems_addr end, lua_Integer count[2]) {
  mems_extent e;
  count[MEMS_HOLE] = count[MEMS_PROCESS] = 0;
  for (; addr < end; addr += e.size) {
    if (mems_heap_extent(heap, addr, SIZE_MAX, &e) != MEMS_OK)
      break;
    count[MEMS_HOLE] += (lua_Integer)e.holes;
    count[MEMS_PROCESS] += (lua_Integer)e.blocks;
  }
}

static int nodes_step(lua_State *L) {
  lmems_self self = lmems_iteratorself(L);
  mems_segment segment;
  lua_Integer count[2];
  if (!next_segment(L, self.box->heap, &segment))
    return 0;
  mems_addr end = segment.node + segment.node_size;
  count_segments(self.box->heap, segment.node, end, count);
  set_next(L, end);
  lua_pushlightuserdata(L, (void *)(uintptr_t)segment.node);
  lua_pushinteger(L, (lua_Integer)segment.node_size);
  lua_pushinteger(L, count[MEMS_PROCESS]);
  lua_pushinteger(L, count[MEMS_HOLE]);
  return 4;
}

static mems_addr first_address(const mems_heap *heap) {
  mems_stats stats = {.size = offsetof(mems_stats, holes)};
  mems_heap_stats(heap, &stats);
  return stats.base;
}

/***
Loops over the main chain: `for addr, size, processes, holes in
mems.nodes() do`. Gives for each node its first address, its bytes, and how
many PROCESS and HOLE segments its sub-chain has.
@function nodes
@within Inspection
@luals return fun(): lightuserdata?, integer, integer, integer
@treturn function an iterator
*/
static int nodes(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  push_iterator(L, self, nodes_step, first_address(self.box->heap),
                LUA_MAXINTEGER);
  return 1;
}

/***
Loops over the segments, in address order: `for kind, addr, size, requested
in mems.segments() do`. Gives for each its kind, `"PROCESS"` or `"HOLE"`,
its first address, its bytes, and the bytes it was asked for (0 for a
HOLE). The heap may change between two steps.
@function segments
@within Inspection
@luals return fun(): "PROCESS"|"HOLE"|nil, lightuserdata, integer, integer
@tparam[opt] address node any address in a node: only its sub-chain
@treturn function an iterator
*/
static int segments(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  mems_segment segment;
  if (lua_isnoneornil(L, self.arg)) {
    push_iterator(L, self, segments_step, first_address(self.box->heap),
                  LUA_MAXINTEGER);
    return 1;
  }
  mems_addr node = lmems_checkaddr(L, self.arg);
  if (mems_heap_locate(self.box->heap, node, &segment) != MEMS_OK)
    return lmems_argerror(L, self.arg, "no node holds address %I",
                          (lua_Integer)node);
  push_iterator(L, self, segments_step, segment.node,
                segment.node + segment.node_size);
  return 1;
}

static int extents_step(lua_State *L) {
  lmems_self self = lmems_iteratorself(L);
  mems_addr next = (mems_addr)lua_tointeger(L, lua_upvalueindex(NEXT));
  size_t unit = (size_t)lua_tointeger(L, lua_upvalueindex(UNIT));
  mems_extent e;
  if (mems_heap_extent(self.box->heap, next, unit, &e) != MEMS_OK)
    return 0;
  set_next(L, e.addr + e.size);
  lua_pushlightuserdata(L, (void *)(uintptr_t)e.addr);
  const size_t values[] = {e.size, e.blocks, e.live, e.requested, e.holes,
                           e.waiting, e.slot};
  enum { VALUES = sizeof values / sizeof values[0] };
  for (int i = 0; i < VALUES; i++)
    lua_pushinteger(L, (lua_Integer)values[i]);
  return 1 + VALUES;
}

/***
Loops over the segments, in address order, with neighbours taken together as
long as they are at most `unit` bytes, in one node, and alike in whether they
are slots of a run and how long these are: `for addr, size, blocks, live,
requested, holes, waiting, slot in mems.extents(4096) do`. Gives for each the
first address, the bytes, how many blocks there are, the bytes of their
segments and those that were asked for, how many holes, the bytes of those that
wait in the quarantine, and how long the slots are, 0 if they are none. A heap
of any size is looked over with as few steps as are wanted; see @{picture}.
@function extents
@within Inspection
@luals return fun(): lightuserdata?, integer, integer, integer, integer
@tparam[opt=0] integer unit in bytes; 0: each segment is given
@treturn function an iterator
*/
static int extents(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lua_Integer unit = 0;
  lmems_checklast(L, self.arg);
  if (!lua_isnoneornil(L, self.arg))
    unit = lmems_checkint(L, self.arg, "unit", 0, LUA_MAXINTEGER);
  lmems_pushanchor(L, self);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushinteger(L, (lua_Integer)first_address(self.box->heap));
  lua_pushinteger(L, LUA_MAXINTEGER);
  lua_pushinteger(L, unit);
  lua_pushcclosure(L, extents_step, UNIT);
  return 1;
}

/* The C file behind the Lua file at `arg`; stdout if there is none. */
static FILE *check_file(lua_State *L, int arg) {
  if (lua_isnoneornil(L, arg))
    return stdout;
  luaL_Stream *stream = luaL_testudata(L, arg, LUA_FILEHANDLE);
  if (stream == NULL)
    lmems_argerror(L, arg, "a file expected, got %s",
                   lmems_pushshown(L, arg));
  else if (stream->closef == NULL)
    lmems_argerror(L, arg, "the file is closed");
  return stream->f;
}

/***
Prints main chain, sub-chains and totals.
@function print_stats
@within Inspection
@tparam[opt=io.stdout] file file
@treturn[1] boolean true
@treturn[2] nil if the file took no more
@treturn[2] string a message
@treturn[2] integer a code
*/
static int print_stats(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  FILE *file = check_file(L, self.arg);
  int error = mems_heap_print(lmems_openheap(L, self.box), file);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  lua_pushboolean(L, 1);
  return 1;
}

/***
What @{stats} gives.
@table statistics
@within Inspection
@tfield integer limit the most bytes its nodes may map
@tfield integer mapped bytes in nodes now
@tfield integer used bytes in PROCESS segments: whole granules of 8, and what a
 slot or rounding adds
@tfield integer unused bytes in HOLEs
@tfield integer requested bytes the live blocks were asked for
@tfield integer quarantined bytes of freed blocks that wait
@tfield integer overhead bytes mapped beside the nodes
@tfield integer peak the highest value of `used` so far, free slots that stood
 ready counted in
@tfield integer processes live blocks
@tfield integer holes HOLEs, free slots of runs too
@tfield integer largest a block of so many bytes can be had now
@tfield integer nodes the length of the main chain
@tfield integer pages `mapped / page_size`
@tfield integer page_size 4096
@tfield integer mallocs blocks handed out so far
@tfield integer frees blocks taken back so far
@tfield integer base the first virtual address
@tfield integer align the physical alignment of every block
@tfield integer owned bytes in blocks that Lua objects own
@tfield integer takeovers how often the lock of a shared heap was taken over
 from a process that died in a call, since one has had it open
@tfield integer recoveries how often a heap in a file was rebuilt in its life
*/

/* A field of the statistics. */
typedef struct stats_field {
  const char *name;
  size_t at;
} stats_field;

/* All of them are 64 bits wide; @{stats} adds `owned`. */
static const stats_field *stats_fields(void) {
#define FIELD(name) {#name, offsetof(mems_stats, name)}
  static const stats_field fields[] = {
    FIELD(limit), FIELD(mapped), FIELD(used), FIELD(unused),
    FIELD(quarantined), FIELD(overhead), FIELD(peak), FIELD(processes),
    FIELD(nodes), FIELD(pages), FIELD(page_size), FIELD(mallocs),
    FIELD(frees), FIELD(base), FIELD(align), FIELD(holes), FIELD(requested),
    FIELD(largest), {NULL, 0}
  };
#undef FIELD
  return fields;
}

_Static_assert(sizeof(size_t) == sizeof(uint64_t),
               "all fields of the statistics are as wide");

static void push_field(lua_State *L, const mems_stats *stats, size_t at) {
  uint64_t value;
  memcpy(&value, (const char *)stats + at, sizeof value);
  lua_pushinteger(L, (lua_Integer)value);
}

static void set_number(lua_State *L, const char *name, uint64_t n) {
  lua_pushinteger(L, (lua_Integer)n);
  lua_setfield(L, -2, name);
}

/* Pushes a field that is not one of mems_stats; 0: there is none of that
   name. */
static int push_other(lua_State *L, const lmems_box *box, const char *name) {
  if (strcmp(name, "owned") == 0)
    lua_pushinteger(L, (lua_Integer)box->owned);
  else if (strcmp(name, "takeovers") == 0)
    lua_pushinteger(L, (lua_Integer)mems_heap_takeovers(box->heap));
  else if (strcmp(name, "recoveries") == 0)
    lua_pushinteger(L, (lua_Integer)mems_heap_recoveries(box->heap));
  else
    return 0;
  return 1;
}

/* Pushes the field of that name, and looks no further than for it. */
static int push_one(lua_State *L, lmems_self self, const char *name) {
  const stats_field *f = stats_fields();
  mems_stats stats = {.size = sizeof stats};
  if (push_other(L, self.box, name))
    return 1;
  while (f->name != NULL && strcmp(f->name, name) != 0)
    f++;
  if (f->name == NULL)
    return lmems_argerror(L, self.arg, "there is no statistic '%s'", name);
  if (f->at < offsetof(mems_stats, holes))
    stats.size = offsetof(mems_stats, holes);
  mems_heap_stats(self.box->heap, &stats);
  push_field(L, &stats, f->at);
  return 1;
}

/***
The state of the heap: a table with all that is counted, or one number of it.
`holes`, `requested` and `largest` cost a walk over all segments, and so does
the table; any other number costs the same for every heap.
@function stats
@within Inspection
@tparam[opt] string name of one field
@treturn[1] statistics see @{statistics}
@treturn[2] integer the field of that name
*/
static int stats(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  if (!lua_isnoneornil(L, self.arg)) {
    size_t length;
    const char *name = lmems_checkstring(L, self.arg, "name", &length);
    return push_one(L, self, name);
  }
  mems_stats stats = {.size = sizeof stats};
  size_t owned = self.box->owned;
  uint32_t takeovers = mems_heap_takeovers(self.box->heap);
  uint64_t recoveries = mems_heap_recoveries(self.box->heap);
  mems_heap_stats(self.box->heap, &stats);
  lua_createtable(L, 0, 22);
  for (const stats_field *f = stats_fields(); f->name != NULL; f++) {
    push_field(L, &stats, f->at);
    lua_setfield(L, -2, f->name);
  }
  set_number(L, "owned", owned);
  set_number(L, "takeovers", takeovers);
  set_number(L, "recoveries", recoveries);
  return 1;
}

const luaL_Reg lmems_walk[] = {
  {"stats", stats}, {"nodes", nodes}, {"segments", segments},
  {"extents", extents}, {"print_stats", print_stats},
  {NULL, NULL}
};
