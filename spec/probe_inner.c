/*
** probe_inner.c - the inner verbs as they are: bits, chain, bins, sizes,
** quick lists, dict. What each has to give is for the specs to say.
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

/* Three words, a number, and bits from there on: the three words then. */
#define ON_MAP(name, verb) \
  static int name(lua_State *L) { \
    three map = check_three(L); \
    verb(map.words + 1, probe_number(L, 4), probe_number(L, 5)); \
    for (int i = 0; i < 3; i++) \
      lua_pushinteger(L, (lua_Integer)map.words[i]); \
    return 3; \
  }
ON_MAP(flip, bits_flip)
ON_MAP(set, bits_set)
#undef ON_MAP

static const luaL_Reg bits[] = {
  {"first", first}, {"last", last}, {"count", count}, {"above", above},
  {"from", from}, {"upto", upto}, {"below", below}, {"window", window},
  {"before", before}, {"field", field}, {"flip", flip},
  {"set", set},
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
OF_GRANULE(is_parked, lua_pushboolean, chain_is_parked(c, g))
OF_GRANULE(is_node, lua_pushboolean, chain_is_node(c, g))
OF_GRANULE(hole, probe_push, chain_hole(c, g, probe_number(L, 3)))
#undef OF_GRANULE

/* A row is given by its start, its granules and its count. */
static mems_row check_row(lua_State *L) {
  return (mems_row){probe_number(L, 2), probe_number(L, 3),
                    probe_number(L, 4)};
}

/* split_row(heap, at, n, count, useds) */
static int split_row(lua_State *L) {
  mems_chain *c = &probe_heap(L, 1)->chain;
  chain_split_row(c, check_row(L), probe_number(L, 5));
  return 0;
}

/* is_row(heap, at, n, count, useds, mask) */
static int is_row(lua_State *L) {
  const mems_chain *c = &probe_heap(L, 1)->chain;
  uint64_t useds = probe_number(L, 5), mask = probe_number(L, 6);
  lua_pushboolean(L, chain_is_row(c, check_row(L), useds, mask));
  return 1;
}

static const luaL_Reg chain[] = {
  {"next", next}, {"next_far", next_far}, {"prev", prev},
  {"prev_far", prev_far}, {"node", node}, {"node_end", node_end},
  {"is_process", is_process}, {"is_hole", is_hole},
  {"is_parked", is_parked}, {"is_node", is_node}, {"hole", hole},
  {"split_row", split_row}, {"is_row", is_row}, {NULL, NULL}
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

/* The first class from c on that the sets of the heap have. */
static int class(lua_State *L) {
  lua_pushinteger(L, bins_class(&probe_heap(L, 1)->bins,
                                (unsigned)probe_number(L, 2)));
  return 1;
}

static int reach(lua_State *L) {
  lua_pushboolean(L, bins_reach(&probe_heap(L, 1)->bins,
                                probe_number(L, 2)));
  return 1;
}

static int retreat(lua_State *L) {
  bins_retreat(&probe_heap(L, 1)->bins, probe_number(L, 2));
  return 0;
}

static int find(lua_State *L) {
  return probe_push(L, bins_find(&probe_heap(L, 1)->bins, probe_number(L, 2),
                                 (unsigned)probe_number(L, 3)));
}

static int note(lua_State *L) {
  bins_note(&probe_heap(L, 1)->bins, probe_number(L, 2), probe_number(L, 3));
  return 0;
}

static int exclude(lua_State *L) {
  bins_exclude(&probe_heap(L, 1)->bins, probe_number(L, 2),
               (unsigned)probe_number(L, 3));
  return 0;
}

/* The first slot of list n, or of what would follow the last list. */
static const luaL_Reg bins[] = {
  {"class_of", class_of_}, {"class_for", class_for_}, {"class", class},
  {"reach", reach}, {"retreat", retreat}, {"find", find}, {"note", note},
  {"exclude", exclude}, {NULL, NULL}
};

/*
** sizes.h and quick.h
*/

static int size_number_(lua_State *L) {
  lua_pushinteger(L, size_number(probe_number(L, 1)));
  return 1;
}

static int size_granules_(lua_State *L) {
  return probe_push(L, size_granules((unsigned)probe_number(L, 1)));
}

static int size_rounded_(lua_State *L) {
  return probe_push(L, size_rounded(probe_number(L, 1)));
}

static const luaL_Reg sizes[] = {
  {"number", size_number_}, {"granules", size_granules_},
  {"rounded", size_rounded_}, {NULL, NULL}
};

/* slots(heap, number): the first and the one behind the last of a list */
static int slots(lua_State *L) {
  const mems_list *list = probe_list(L, probe_heap(L, 1), 2);
  lua_pushinteger(L, list->first);
  lua_pushinteger(L, list->last);
  return 2;
}

static int push(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  mems_list *list = probe_list(L, heap, 2);
  lua_pushboolean(L, quick_push(&heap->quick, list, probe_number(L, 3)));
  return 1;
}

static int pop(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  return probe_push(L, quick_pop(&heap->quick, probe_list(L, heap, 2)));
}

static const luaL_Reg quick[] = {
  {"slots", slots}, {"push", push}, {"pop", pop}, {NULL, NULL}
};

/*
** dict.h
*/

/* search(heap, addr): granule, granules and size of the block */
static int search(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  mems_block b;
  if (!dict_search(&heap->dict, &heap->chain, probe_number(L, 2), &b))
    return 0;
  lua_pushinteger(L, (lua_Integer)b.at);
  lua_pushinteger(L, (lua_Integer)b.granules);
  lua_pushinteger(L, (lua_Integer)b.size);
  return 3;
}

static int mistake(lua_State *L) {
  mems_heap *heap = probe_heap(L, 1);
  lua_pushinteger(L, dict_mistake(&heap->dict, &heap->chain,
                                  probe_number(L, 2)));
  return 1;
}

static int granules(lua_State *L) {
  return probe_push(L, dict_granules((size_t)probe_number(L, 1)));
}

static const luaL_Reg dict[] = {
  {"search", search}, {"mistake", mistake}, {"granules", granules},
  {NULL, NULL}
};

static void set_noun(lua_State *L, const char *name, const luaL_Reg *verbs) {
  lua_newtable(L);
  luaL_setfuncs(L, verbs, 0);
  lua_setfield(L, -2, name);
}

void probe_set_inner(lua_State *L) {
  static const struct limit { const char *name; lua_Integer value; }
  limits[] = {
    {"QUICK_MOST", QUICK_MOST}, {"NUMBERS", NUMBERS}, {"NONE", NONE},
    {"NEAR", NEAR}, {"WINDOW", WINDOW}, {"FIELD", FIELD},
    {"CLASSES", CLASSES}, {"REGION", REGION},
    {"PAGE_GRANULES", PAGE_GRANULES}, {"SMALL_HEAP", SMALL_HEAP}
  };
  set_noun(L, "bits", bits);
  set_noun(L, "chain", chain);
  set_noun(L, "bins", bins);
  set_noun(L, "sizes", sizes);
  set_noun(L, "quick", quick);
  set_noun(L, "dict", dict);
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    lua_pushinteger(L, limits[i].value);
    lua_setfield(L, -2, limits[i].name);
  }
}
