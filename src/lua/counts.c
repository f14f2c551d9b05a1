/*
** counts.c - the verb that tells all that is counted.
*/

#include "counts.h"

#include "argument.h"
#include "fail.h"
#include "self.h"

/***
@module mems
*/

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

const luaL_Reg lmems_counts[] = {{"stats", stats}, {NULL, NULL}};
