/*
** probe_break.c - reads and writes what a heap is made of, number by number
** and bit by bit, so that a spec can break each of them.
**
** Every function takes the heap, then what it is about, and at last,
** optionally, the new value; it gives the one before.
*/

#include "probe.h"

#include <string.h>

/* A number in a heap, by name. */
typedef struct probe_field {
  const char *name;
  size_t at, size;
} probe_field;

#define FIELD(name, member) \
  {name, offsetof(struct mems_heap, member), \
   sizeof(((struct mems_heap *)0)->member)}

static const probe_field fields[] = {
  FIELD("end", chain.end), FIELD("limit", chain.limit),
  FIELD("nodes", chain.nodes), FIELD("segments", chain.segments),
  FIELD("top", chain.top), FIELD("fresh", dict.fresh),
  FIELD("known", dict.known), FIELD("last", dict.last),
  FIELD("length", dict.length), FIELD("slice", slice),
  FIELD("slice_end", slice_end), FIELD("quick_end", quick.end),
  FIELD("recent", quick.recent), FIELD("recent_number", quick.recent_number),
  FIELD("slack", slack), FIELD("room", room), FIELD("peak", peak),
  FIELD("mallocs", mallocs),
  FIELD("frees", frees), FIELD("flushed", flushed),
  FIELD("cursor", cursor),
  FIELD("present", bins.present[0]),
  FIELD("present_above", bins.present[1]), FIELD("set_top", bins.top),
  FIELD("sets_usable", bins.long_level[0].usable)
};

#undef FIELD

/* field(heap, name [, value]) */
static int field(lua_State *L) {
  char *heap = (char *)probe_heap(L, 1);
  const char *name = luaL_checkstring(L, 2);
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    if (strcmp(fields[i].name, name) != 0) continue;
    uint64_t old = 0;
    memcpy(&old, heap + fields[i].at, fields[i].size);
    if (!lua_isnoneornil(L, 3)) {
      uint64_t value = probe_number(L, 3);
      memcpy(heap + fields[i].at, &value, fields[i].size);
    }
    lua_pushinteger(L, (lua_Integer)old);
    return 1;
  }
  return luaL_argerror(L, 2, "no such field");
}

/* Gives bit i of *word and makes it what is at `arg`, if anything is. */
static int change_bit(lua_State *L, uint64_t *word, unsigned i, int arg) {
  uint64_t old = *word >> i & 1;
  if (!lua_isnoneornil(L, arg))
    *word = lua_toboolean(L, arg) ? *word | bit(i) : *word & ~bit(i);
  lua_pushboolean(L, (int)old);
  return 1;
}

/* start(heap, granule [, on]) */
static int start(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t g = probe_number(L, 2);
  return change_bit(L, chain_starts(&heap->chain) + g / WORD, g % WORD, 3);
}

/* used(heap, granule [, on]) */
static int used(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t g = probe_number(L, 2);
  return change_bit(L, chain_useds(&heap->chain) + g / WORD, g % WORD, 3);
}

/* summary(heap, level, i [, on]): bit i of a summary of the start bits */
static int summary(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t level = probe_number(L, 2), i = probe_number(L, 3);
  luaL_argcheck(L, level >= 1 && level <= heap->chain.top, 2, "no level");
  uint64_t *words = chain_level(&heap->chain, (unsigned)level);
  return change_bit(L, words + i / WORD, i % WORD, 4);
}

/* mark(heap, page [, on]): a node starts at this page */
static int mark(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t page = probe_number(L, 2);
  uint64_t *nodes = chain_node_bits(&heap->chain);
  return change_bit(L, nodes + page / WORD, page % WORD, 3);
}

/* set(heap, level, class, i [, on]): is region i, or group i of regions, in
   the set of the class? */
static int set(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t level = probe_number(L, 2), c = probe_number(L, 3);
  uint64_t i = probe_number(L, 4);
  luaL_argcheck(L, level <= heap->bins.top, 2, "no level");
  luaL_argcheck(L, c < CLASSES, 3, "no class");
  mems_sets *sets = bins_level(&heap->bins, (unsigned)level);
  return change_bit(L, &sets[i / WORD].word[c], i % WORD, 5);
}

/* quick_top(heap, number [, top]): the slot behind the last entry of a list */
static int quick_top(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  mems_list *list = probe_list(L, heap, 2);
  lua_pushinteger(L, list->top);
  if (!lua_isnoneornil(L, 3)) list->top = (uint32_t)probe_number(L, 3);
  return 1;
}

/* quick_slot(heap, slot [, granule]) */
static int quick_slot(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t i = probe_number(L, 2);
  luaL_argcheck(L, i < SLOTS, 2, "no slot");
  uint32_t *slot = &heap->quick.slots[i];
  lua_pushinteger(L, *slot);
  if (!lua_isnoneornil(L, 3)) *slot = (uint32_t)probe_number(L, 3);
  return 1;
}

/* quick_table(heap, granules [, number]): which list serves so many */
static int quick_table(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t n = probe_number(L, 2);
  luaL_argcheck(L, n >= 1 && n <= TABLE_MOST, 2, "not in the table");
  uint8_t *number = &heap->quick.numbers[n];
  lua_pushinteger(L, *number);
  if (!lua_isnoneornil(L, 3)) *number = (uint8_t)probe_number(L, 3);
  return 1;
}

/* quick_pattern(heap, number [, bits]): what the used bits of the holes of a
   list show */
static int quick_pattern(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  mems_list *list = probe_list(L, heap, 2);
  lua_pushinteger(L, (lua_Integer)list->useds);
  if (!lua_isnoneornil(L, 3)) list->useds = probe_number(L, 3);
  return 1;
}

void probe_set_break(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"field", field}, {"start", start}, {"used", used},
    {"summary", summary}, {"mark", mark}, {"set", set},
    {"quick_top", quick_top}, {"quick_slot", quick_slot},
    {"quick_table", quick_table}, {"quick_pattern", quick_pattern},
    {NULL, NULL}
  };
  luaL_setfuncs(L, functions, 0);
}
