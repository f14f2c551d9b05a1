/*
** probe_break.c - reads and writes what a heap is made of, number by number
** and bit by bit, so that a spec can break each of them.
**
** Every function takes the heap, then what it is about, and at last,
** optionally, the new value; it gives the one before.
*/

#include "probe.h"

#include <string.h>

/* A number in a struct, by name. */
typedef struct probe_field {
  const char *name;
  size_t at, size;
} probe_field;

#define FIELD(name, of, member) \
  {name, offsetof(of, member), sizeof(((of *)0)->member)}
#define OF_HEAP(name, member) FIELD(name, struct mems_heap, member)
#define OF_CLASS(member) FIELD(#member, mems_class, member)

static const probe_field fields[] = {
  OF_HEAP("end", chain.end), OF_HEAP("limit", chain.limit),
  OF_HEAP("nodes", chain.nodes), OF_HEAP("top", chain.top),
  OF_HEAP("known", dict.known), OF_HEAP("last", dict.last),
  OF_HEAP("length", dict.length), OF_HEAP("processes", processes),
  OF_HEAP("used", used), OF_HEAP("peak", peak), OF_HEAP("mallocs", mallocs),
  OF_HEAP("hopeless", hopeless[0]), OF_HEAP("aligned", hopeless[1]),
  OF_HEAP("hopeless_align", hopeless_align), OF_HEAP("turn", runs.turn),
  OF_HEAP("idle_pages", idle.pages),
  OF_HEAP("cursor", idle.cursor), OF_HEAP("runs_end", runs.end),
  OF_HEAP("recent", runs.recent), OF_HEAP("recent_class", runs.recent_class),
  OF_HEAP("taken", runs.taken), OF_HEAP("spare", runs.spare)
};

static const probe_field class_fields[] = {
  OF_CLASS(granules), OF_CLASS(share), OF_CLASS(inverse), OF_CLASS(most),
  OF_CLASS(mask), OF_CLASS(brim), OF_CLASS(first), OF_CLASS(last),
  OF_CLASS(top), OF_CLASS(shift), OF_CLASS(asks), OF_CLASS(slots),
  OF_CLASS(spare), OF_CLASS(chained)
};

static const probe_field set_fields[] = {
  FIELD("present", mems_bins, present[0]),
  FIELD("present_above", mems_bins, present[1]),
  FIELD("top", mems_bins, top),
  FIELD("usable", mems_bins, levels[0].usable)
};

#undef FIELD
#undef OF_HEAP
#undef OF_CLASS

/* Gives the number of `it` whose name is at `arg`, one of `count`, and makes
   it what is behind the name, if anything is. */
static int change_field(lua_State *L, void *it, int arg,
                        const probe_field *all, size_t count) {
  const char *name = luaL_checkstring(L, arg);
  for (size_t i = 0; i < count; i++) {
    if (strcmp(all[i].name, name) != 0) continue;
    uint64_t old = 0;
    memcpy(&old, (char *)it + all[i].at, all[i].size);
    if (!lua_isnoneornil(L, arg + 1)) {
      uint64_t value = probe_number(L, arg + 1);
      memcpy((char *)it + all[i].at, &value, all[i].size);
    }
    lua_pushinteger(L, (lua_Integer)old);
    return 1;
  }
  return luaL_argerror(L, arg, "no such field");
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* field(heap, name [, value]) */
static int field(lua_State *L) {
  return change_field(L, probe_heap(L, 1), 2, fields, COUNT(fields));
}

/* class(heap, number, name [, value]) */
static int class(lua_State *L) {
  mems_class *it = probe_class(L, probe_heap(L, 1), 2);
  return change_field(L, it, 3, class_fields, COUNT(class_fields));
}

/* sets(heap, which, name [, value]) */
static int sets(lua_State *L) {
  mems_bins *it = probe_bins(L, probe_heap(L, 1), 2);
  return change_field(L, it, 3, set_fields, COUNT(set_fields));
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

/* set(heap, which, level, class, i [, on]): is region i, or group i of
   regions, in the set of the class? */
static int set(lua_State *L) {
  const mems_bins *b = probe_bins(L, probe_heap(L, 1), 2);
  uint64_t level = probe_number(L, 3), c = probe_number(L, 4);
  uint64_t i = probe_number(L, 5);
  luaL_argcheck(L, level <= b->top, 3, "no level");
  luaL_argcheck(L, c < CLASSES, 4, "no class");
  mems_sets *blocks = bins_level(b, (unsigned)level);
  return change_bit(L, &blocks[i / WORD].word[c], i % WORD, 6);
}

/* idle(heap, page [, on]) and gone(heap, page [, on]) */
static int idle(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t page = probe_number(L, 2);
  uint64_t *word = idle_word(&heap->idle.idle_bits, heap, page);
  return change_bit(L, word, page % WORD, 3);
}

static int gone(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t page = probe_number(L, 2);
  uint64_t *word = idle_word(&heap->idle.gone_bits, heap, page);
  return change_bit(L, word, page % WORD, 3);
}

/* map(heap, page [, entry]) */
static int map(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint16_t *entry = runs_map(&heap->chain) + probe_number(L, 2);
  lua_pushinteger(L, *entry);
  if (!lua_isnoneornil(L, 3)) *entry = (uint16_t)probe_number(L, 3);
  return 1;
}

/* stack(heap, i [, granule]): entry i of all the stacks */
static int stack(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t i = probe_number(L, 2);
  luaL_argcheck(L, i < STACKS, 2, "no such entry");
  uint32_t *entry = &heap->runs.stacks[i];
  lua_pushinteger(L, *entry);
  if (!lua_isnoneornil(L, 3)) *entry = (uint32_t)probe_number(L, 3);
  return 1;
}

/* number(heap, granules [, class]): which class serves so many */
static int number(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  uint64_t n = probe_number(L, 2);
  luaL_argcheck(L, n >= 1 && n <= TABLE_MOST, 2, "not in the table");
  uint8_t *entry = &heap->runs.numbers[n - 1];
  lua_pushinteger(L, *entry);
  if (!lua_isnoneornil(L, 3)) *entry = (uint8_t)probe_number(L, 3);
  return 1;
}

/* tiny(heap, granule [, slack]): what the table has for a block there */
static int tiny(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  unsigned char *slack =
      dict_tiny(&heap->dict, &heap->chain, probe_number(L, 2));
  lua_pushinteger(L, *slack);
  if (!lua_isnoneornil(L, 3)) *slack = (unsigned char)probe_number(L, 3);
  return 1;
}

void probe_set_break(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"field", field}, {"class", class}, {"sets", sets}, {"start", start},
    {"used", used}, {"summary", summary}, {"mark", mark}, {"set", set},
    {"idle", idle}, {"gone", gone}, {"map", map}, {"stack", stack},
    {"number", number}, {"tiny", tiny}, {NULL, NULL}
  };
  luaL_setfuncs(L, functions, 0);
}
