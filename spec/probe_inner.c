/*
** probe_inner.c - the inner verbs as they are: bits, chain, bins, sizes,
** runs, entries, idle pages, dict. What each has to give is for the specs to
** say.
*/

#include "probe.h"

/*
** bits.h
*/

#define OF_WORD(name, expression) \
  static int name(lua_State *L) { \
    uint64_t w = probe_number(L, 1); \
    lua_pushinteger(L, (lua_Integer)(expression)); \
    return 1; \
  }
#define OF_WORD_AND_NUMBER(name, expression) \
  static int name(lua_State *L) { \
    uint64_t w = probe_number(L, 1); \
    unsigned i = (unsigned)probe_number(L, 2); \
    lua_pushinteger(L, (lua_Integer)(expression)); \
    return 1; \
  }
OF_WORD(first, bit_first(w))
OF_WORD(last, bit_last(w))
OF_WORD(count, bit_count(w))
OF_WORD_AND_NUMBER(above, bits_above(w, i))
OF_WORD_AND_NUMBER(from, bits_from(w, i))
OF_WORD_AND_NUMBER(upto, bits_upto(w, i))
OF_WORD_AND_NUMBER(below, bits_below(w, i))
#undef OF_WORD
#undef OF_WORD_AND_NUMBER

/* Each takes three words of a bitmap and a number; 0 is the first bit of the
   second word. */
typedef struct three { uint64_t words[3]; } three;

static three check_three(lua_State *L) {
  return (three){{probe_number(L, 1), probe_number(L, 2),
                  probe_number(L, 3)}};
}

#define OF_MAP(name, verb) \
  static int name(lua_State *L) { \
    three map = check_three(L); \
    uint64_t bits = verb(map.words + 1, probe_number(L, 4)); \
    lua_pushinteger(L, (lua_Integer)bits); \
    return 1; \
  }
OF_MAP(window, bits_window)
OF_MAP(before, bits_before)
OF_MAP(field, bits_field)
#undef OF_MAP

/* put: three words, a number, a mask and bits from there on: the three words
   then. */
static int put(lua_State *L) {
  three map = check_three(L);
  bits_put(map.words + 1, probe_number(L, 4), probe_number(L, 5),
           probe_number(L, 6));
  for (int i = 0; i < 3; i++)
    lua_pushinteger(L, (lua_Integer)map.words[i]);
  return 3;
}

/* between(word number, from, to) */
static int between(lua_State *L) {
  uint64_t mask = bits_between(probe_number(L, 1), probe_number(L, 2),
                               probe_number(L, 3));
  lua_pushinteger(L, (lua_Integer)mask);
  return 1;
}

static const luaL_Reg bits[] = {
  {"first", first}, {"last", last}, {"count", count}, {"above", above},
  {"from", from}, {"upto", upto}, {"below", below}, {"window", window},
  {"before", before}, {"field", field}, {"put", put}, {"between", between},
  {NULL, NULL}
};

/*
** chain.h: each takes a heap and a granule
*/

#define OF_GRANULE(name, push, expression) \
  static int name(lua_State *L) { \
    const mems_chain *c = &probe_heap(L, 1)->chain; \
    uint64_t g = probe_number(L, 2); \
    push(L, expression); \
    return 1; \
  }
OF_GRANULE(next, probe_push, chain_next(c, g))
OF_GRANULE(next_far, probe_push, chain_next_far(c, g))
OF_GRANULE(prev, probe_push, chain_prev(c, g))
OF_GRANULE(prev_far, probe_push, chain_prev_far(c, g))
OF_GRANULE(node, probe_push, chain_node(c, g))
OF_GRANULE(node_end, probe_push, chain_node_end(c, g))
OF_GRANULE(is_process, lua_pushboolean, chain_is_process(c, g))
OF_GRANULE(is_hole, lua_pushboolean, chain_is_hole(c, g))
OF_GRANULE(is_node, lua_pushboolean, chain_is_node(c, g))
OF_GRANULE(hole, probe_push, chain_hole(c, g, probe_number(L, 3)))
OF_GRANULE(is_clear, lua_pushboolean, chain_is_clear(c, g, probe_number(L, 3)))
#undef OF_GRANULE

/* drop_all(heap, granule, end) and clear(heap, granule, n) */
static int drop_all(lua_State *L) {
  chain_drop_all(&probe_heap(L, 1)->chain, probe_number(L, 2),
                 probe_number(L, 3));
  return 0;
}

static int clear(lua_State *L) {
  chain_clear(&probe_heap(L, 1)->chain, probe_number(L, 2),
              probe_number(L, 3));
  return 0;
}

/* grow(heap, granules, node) and shrink(heap, end): of the chain alone */
static int grow(lua_State *L) {
  lua_pushboolean(L, chain_grow(&probe_heap(L, 1)->chain, probe_number(L, 2),
                                lua_toboolean(L, 3)));
  return 1;
}

static int shrink(lua_State *L) {
  lua_pushboolean(L, chain_shrink(&probe_heap(L, 1)->chain,
                                  probe_number(L, 2)));
  return 1;
}

static const luaL_Reg chain[] = {
  {"next", next}, {"next_far", next_far}, {"prev", prev},
  {"prev_far", prev_far}, {"node", node}, {"node_end", node_end},
  {"is_process", is_process}, {"is_hole", is_hole}, {"is_node", is_node},
  {"hole", hole}, {"is_clear", is_clear}, {"clear", clear},
  {"drop_all", drop_all}, {"grow", grow}, {"shrink", shrink}, {NULL, NULL}
};

/*
** bins.h
*/

static int class_of_(lua_State *L) {
  lua_pushinteger(L, class_of(probe_number(L, 1)));
  return 1;
}

static int class_for_(lua_State *L) {
  lua_pushinteger(L, class_for(probe_number(L, 1)));
  return 1;
}

/* The others take a heap, which of its sets, and what the verb takes. */

/* class(heap, which, c): the first class from c on that any region has */
static int class(lua_State *L) {
  lua_pushinteger(L, bins_class(probe_bins(L, probe_heap(L, 1), 2),
                                (unsigned)probe_number(L, 3)));
  return 1;
}

static int reach(lua_State *L) {
  lua_pushboolean(L, bins_reach(probe_bins(L, probe_heap(L, 1), 2),
                                probe_number(L, 3)));
  return 1;
}

static int retreat(lua_State *L) {
  bins_retreat(probe_bins(L, probe_heap(L, 1), 2), probe_number(L, 3));
  return 0;
}

/* find(heap, which, region, class), and so on */
static int find(lua_State *L) {
  return probe_push(L, bins_find(probe_bins(L, probe_heap(L, 1), 2),
                                 probe_number(L, 3),
                                 (unsigned)probe_number(L, 4)));
}

static int include(lua_State *L) {
  bins_include(probe_bins(L, probe_heap(L, 1), 2), probe_number(L, 3),
               (unsigned)probe_number(L, 4));
  return 0;
}

static int exclude(lua_State *L) {
  bins_exclude(probe_bins(L, probe_heap(L, 1), 2), probe_number(L, 3),
               (unsigned)probe_number(L, 4));
  return 0;
}

static const luaL_Reg bins[] = {
  {"class_of", class_of_}, {"class_for", class_for_}, {"class", class},
  {"reach", reach}, {"retreat", retreat}, {"find", find},
  {"include", include}, {"exclude", exclude}, {NULL, NULL}
};

/*
** sizes.h and entry.h
*/

static int size_class_(lua_State *L) {
  lua_pushinteger(L, size_class(probe_number(L, 1)));
  return 1;
}

static int size_granules_(lua_State *L) {
  return probe_push(L, size_granules((unsigned)probe_number(L, 1)));
}

static int size_class_aligned_(lua_State *L) {
  lua_pushinteger(L, size_class_aligned(probe_number(L, 1),
                                        probe_number(L, 2)));
  return 1;
}

static const luaL_Reg sizes[] = {
  {"class", size_class_}, {"granules", size_granules_},
  {"aligned", size_class_aligned_}, {NULL, NULL}
};

/* bits(n): of its slack, and of its mark; then its mask and its brim */
static int entry_bits(lua_State *L) {
  uint64_t n = probe_number(L, 1);
  lua_pushinteger(L, entry_slack_bits(n));
  lua_pushinteger(L, entry_mark_bits(n));
  lua_pushinteger(L, (lua_Integer)entry_mask(n));
  lua_pushinteger(L, (lua_Integer)entry_brim(n));
  return 4;
}

/* mark(n, align): the bits; read(n, bits): slack and alignment */
static int entry_mark_(lua_State *L) {
  return probe_push(L, entry_mark(probe_number(L, 1), probe_number(L, 2)));
}

static int entry_read(lua_State *L) {
  uint64_t n = probe_number(L, 1), useds = probe_number(L, 2);
  lua_pushinteger(L, (lua_Integer)entry_slack(n, useds));
  lua_pushinteger(L, (lua_Integer)entry_alignment(n, useds));
  return 2;
}

static int entry_granules_(lua_State *L) {
  return probe_push(L, entry_granules((size_t)probe_number(L, 1)));
}

static const luaL_Reg entry[] = {
  {"bits", entry_bits}, {"mark", entry_mark_}, {"read", entry_read},
  {"granules", entry_granules_}, {NULL, NULL}
};

/*
** runs.h
*/

/* is_slot(number, offset) and inside(number, offset), of a class as it is
   made */
static int is_slot(lua_State *L) {
  mems_class it = runs_class((unsigned)probe_number(L, 1), 0);
  lua_pushboolean(L, runs_is_slot(&it, (uint32_t)probe_number(L, 2)));
  return 1;
}

static int inside(lua_State *L) {
  mems_class it = runs_class((unsigned)probe_number(L, 1), 0);
  lua_pushinteger(L, runs_inside(&it, (uint32_t)probe_number(L, 2)));
  return 1;
}

/* slots(number): how many of all granules of the longest run start a slot, and
   whether is_slot and inside say what a division says of each; for speed */
static int slots(lua_State *L) {
  mems_class it = runs_class((unsigned)probe_number(L, 1), 0);
  bool same = true;
  lua_Integer count = 0;
  for (uint32_t g = 0; g < RUN_MOST * PAGE_GRANULES; g++) {
    bool starts = runs_is_slot(&it, g);
    count += starts;
    if (it.granules == 0) continue;
    same = same && starts == (g % it.granules == 0) &&
           runs_inside(&it, g) == g % it.granules;
  }
  lua_pushinteger(L, count);
  lua_pushboolean(L, same);
  return 2;
}

/* last(heap, page): behind the run that begins there */
static int last_page(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  return probe_push(L, runs_last(&heap->chain, probe_number(L, 2)));
}

/* live(heap, number): blocks of a class */
static int live(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  return probe_push(L, runs_live(&heap->runs, (unsigned)probe_number(L, 2)));
}

static const luaL_Reg runs[] = {
  {"is_slot", is_slot}, {"inside", inside}, {"slots", slots},
  {"last", last_page}, {"live", live}, {NULL, NULL}
};

/*
** idle.h: each takes a heap and pages [from, to)
*/

static mems_pages check_pages(lua_State *L) {
  return (mems_pages){probe_number(L, 2), probe_number(L, 3)};
}

#define ON_PAGES(name, verb) \
  static int name(lua_State *L) { \
    mems_heap *heap = probe_heap(L, 1); \
    verb(&heap->idle, heap, check_pages(L)); \
    return 0; \
  }
ON_PAGES(pages_add, idle_add)
ON_PAGES(pages_touch, idle_touch)
ON_PAGES(pages_gone, idle_gone)
#undef ON_PAGES

/* next(heap, page, end): the first idle ones, [from, to) */
static int pages_next(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  mems_pages p = idle_next(&heap->idle, heap, probe_number(L, 2),
                           probe_number(L, 3));
  lua_pushinteger(L, (lua_Integer)p.from);
  lua_pushinteger(L, (lua_Integer)p.to);
  return 2;
}

/* like(heap, from, to, gone): how many are */
static int pages_like(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  return probe_push(L, idle_like(&heap->idle, heap, check_pages(L),
                                 lua_toboolean(L, 4)));
}

static const luaL_Reg pages[] = {
  {"add", pages_add}, {"touch", pages_touch}, {"go", pages_gone},
  {"next", pages_next}, {"like", pages_like}, {NULL, NULL}
};

/*
** dict.h
*/

/* search(heap, addr): granule, granules and size of the block */
static int search(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  mems_block b;
  if (!dict_search(&heap->dict, &heap->chain, &heap->runs,
                   probe_number(L, 2), &b))
    return 0;
  lua_pushinteger(L, (lua_Integer)b.at);
  lua_pushinteger(L, (lua_Integer)b.granules);
  lua_pushinteger(L, (lua_Integer)b.size);
  return 3;
}

static int mistake(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  lua_pushinteger(L, dict_mistake(&heap->dict, &heap->chain, &heap->runs,
                                  probe_number(L, 2)));
  return 1;
}

static const luaL_Reg dict[] = {
  {"search", search}, {"mistake", mistake}, {NULL, NULL}
};

static void set_noun(lua_State *L, const char *name, const luaL_Reg *verbs) {
  lua_newtable(L);
  luaL_setfuncs(L, verbs, 0);
  lua_setfield(L, -2, name);
}

void probe_set_inner(lua_State *L) {
  static const struct limit { const char *name; lua_Integer value; }
  limits[] = {
    {"WINDOW", WINDOW}, {"FIELD", FIELD}, {"CLASSES", CLASSES},
    {"REGION", REGION}, {"PAGE_GRANULES", PAGE_GRANULES}, {"SIZES", SIZES},
    {"SLOT_MOST", SLOT_MOST}, {"RUN_MOST", RUN_MOST},
    {"TABLE_MOST", TABLE_MOST}, {"STACKS", STACKS},
    {"STACK_BYTES", STACK_BYTES}, {"TIGHT_HEAP", TIGHT_HEAP},
    {"JOINED", JOINED}, {"IDLE_LEAST", IDLE_LEAST}, {"IDLE_STEP", IDLE_STEP},
    {"ZERO_LEAST", ZERO_LEAST}
  };
  set_noun(L, "bits", bits);
  set_noun(L, "chain", chain);
  set_noun(L, "bins", bins);
  set_noun(L, "sizes", sizes);
  set_noun(L, "entry", entry);
  set_noun(L, "runs", runs);
  set_noun(L, "pages", pages);
  set_noun(L, "dict", dict);
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    lua_pushinteger(L, limits[i].value);
    lua_setfield(L, -2, limits[i].name);
  }
}
