/*
** chain.c - the bitmaps of chain.h: growing, splitting, merging, searching.
**
** Order of the stores: a new start is written with its used bit clear
** before anything relies on it, and a node's start before the end moves, so
** that whatever prefix of them survives a crash is a valid chain. What may
** be left over behind the end, or a sentinel that is missing there, recovery
** mends (recover.h).
*/

#include "chain.h"

uint64_t chain_plan(mems_chain *c, uint64_t at, uint64_t limit) {
  uint64_t count = words_for(limit + 1); /* with the sentinel */
  uint64_t tops = 0;
  c->limit = limit;
  /* one more word, since a window looks at the word behind */
  at = area_plan(&c->start_bits, at, (count + 2) * 8);
  at = area_plan(&c->used_bits, at, (count + 1) * 8);
  c->start_bits.dense = c->used_bits.dense = true;
  at = area_plan(&c->node_bits, at, words_for(limit / PAGE_GRANULES + 1) * 8);
  for (unsigned level = 1; ; level++) {
    count = words_for(count);
    if (level == 1) at = area_plan(&c->level1, at, count * 8);
    if (level == 2) at = area_plan(&c->level2, at, count * 8);
    c->level_at[level] = tops;
    if (level > 2) tops += count * 8;
    c->top = level;
    if (count == 1) break;
  }
  at = area_plan(&c->tops, at, tops);
  c->level_at[1] = c->level1.at;
  c->level_at[2] = c->level2.at;
  for (unsigned level = 3; level <= c->top; level++)
    c->level_at[level] += c->tops.at;
  return at;
}

void chain_attach(mems_chain *c) {
  char *image = (char *)c;
  mems_place *place = chain_place(c);
  place->starts = (uint64_t *)(image + c->start_bits.at) + 1;
  place->useds = (uint64_t *)(image + c->used_bits.at);
  place->payload = image + c->payload;
}

/* Bytes of each area that granules up to `end`, the sentinel's, need. */
typedef struct mems_needs {
  uint64_t starts, useds, level1, level2, nodes;
} mems_needs;

static mems_needs needs_of(const mems_chain *c, uint64_t end) {
  uint64_t words = end / WORD + 2;
  return (mems_needs){
      .starts = (words + 1) * 8,
      .useds = words * 8,
      .level1 = at_most(words_for(words) * 8, c->level1.size),
      .level2 = at_most(words_for(words_for(words)) * 8, c->level2.size),
      .nodes = (end / PAGE_GRANULES / WORD + 1) * 8,
  };
}

bool chain_reach(mems_chain *c, uint64_t end) {
  char *self = (char *)c;
  mems_needs n = needs_of(c, end);
  return area_grow(self, &c->tops, c->tops.size) &&
         area_grow(self, &c->start_bits, n.starts) &&
         area_grow(self, &c->used_bits, n.useds) &&
         area_grow(self, &c->level1, n.level1) &&
         area_grow(self, &c->level2, n.level2) &&
         area_grow(self, &c->node_bits, n.nodes);
}

/* The reverse of reach, once nothing is left behind `end`. */
static void retreat(mems_chain *c, uint64_t end) {
  char *self = (char *)c;
  mems_needs n = needs_of(c, end);
  area_shrink(self, &c->start_bits, n.starts);
  area_shrink(self, &c->used_bits, n.useds);
  area_shrink(self, &c->level1, n.level1);
  area_shrink(self, &c->level2, n.level2);
  area_shrink(self, &c->node_bits, n.nodes);
}

void chain_word_filled(mems_chain *c, uint64_t g) {
  uint64_t i = g / WORD, old = 0;
  for (unsigned level = 1; old == 0 && level <= c->top; level++, i /= WORD) {
    uint64_t *word = chain_level(c, level) + i / WORD;
    old = *word;
    *word = old | bit(i % WORD);
  }
}

void chain_word_emptied(mems_chain *c, uint64_t g) {
  uint64_t i = g / WORD, left = 0;
  for (unsigned level = 1; left == 0 && level <= c->top; level++, i /= WORD)
    left = chain_level(c, level)[i / WORD] &= ~bit(i % WORD);
}

void chain_set_sentinel(mems_chain *c, uint64_t g) {
  uint64_t *w = chain_useds(c) + g / WORD;
  truth_put(w, *w | bit(g % WORD));
  if (chain_mark(c, g)) chain_word_filled(c, g);
}

void chain_mark_node(mems_chain *c, uint64_t g, bool on) {
  uint64_t page = g / PAGE_GRANULES;
  uint64_t *w = chain_node_bits(c) + page / WORD, mask = bit(page % WORD);
  truth_put(w, on ? *w | mask : *w & ~mask);
}

/* The chain ends at `end` from now on. */
static void commit(mems_chain *c, uint64_t end) {
  c->end = end;
  if (chain_place(c)->end)
    truth_put(chain_place(c)->end, chain_seal_end(end));
}

bool chain_open(mems_chain *c) {
  if (!chain_reach(c, 0)) return false;
  chain_set_sentinel(c, 0);
  return true;
}

bool chain_grow(mems_chain *c, uint64_t granules, bool node) {
  uint64_t old = c->end, end = old + granules;
  assert(end <= c->limit && granules % PAGE_GRANULES == 0);
  if (!chain_reach(c, end) || !pages_map(chain_place(c), chain_physical(c, old),
                                         granules * GRANULE)) {
    retreat(c, old);
    return false;
  }
  chain_set_sentinel(c, end);
  if (node) chain_mark_node(c, old, true);
  chain_free(c, old);
  commit(c, end);
  c->nodes += node;
  return true;
}

bool chain_shrink(mems_chain *c, uint64_t end) {
  uint64_t old = c->end;
  assert(chain_prev(c, old - 1) == chain_prev(c, end));
  if (!pages_unmap(chain_place(c), chain_physical(c, end),
                   (old - end) * GRANULE))
    return false;
  commit(c, end); /* a sentinel before the end would look like a block */
  chain_set_sentinel(c, end);
  if (chain_is_node(c, end)) {
    chain_mark_node(c, end, false);
    c->nodes--;
  }
  chain_drop(c, old);
  retreat(c, end);
  return true;
}

uint64_t chain_overhead(const mems_chain *c) {
  return c->start_bits.usable + c->used_bits.usable + c->level1.usable +
         c->level2.usable + c->tops.usable + c->node_bits.usable;
}

uint64_t chain_next_far(const mems_chain *c, uint64_t g) {
  uint64_t i = g / WORD;
  unsigned level = 0;
  uint64_t found;
  do {
    level++;
    found = bits_above(chain_level(c, level)[i / WORD], i % WORD);
    i = i / WORD;
  } while (found == 0);
  for (;;) {
    i = i * WORD + bit_first(found);
    if (--level == 0) break;
    found = chain_level(c, level)[i];
  }
  return i * WORD + bit_first(chain_starts(c)[i]);
}

uint64_t chain_prev_far(const mems_chain *c, uint64_t g) {
  uint64_t i = g / WORD;
  unsigned level = 0;
  uint64_t found;
  do {
    level++;
    found = bits_below(chain_level(c, level)[i / WORD], i % WORD);
    i = i / WORD;
  } while (found == 0);
  for (;;) {
    i = i * WORD + bit_last(found);
    if (--level == 0) break;
    found = chain_level(c, level)[i];
  }
  return i * WORD + bit_last(chain_starts(c)[i]);
}

uint64_t chain_node(const mems_chain *c, uint64_t g) {
  const uint64_t *nodes = chain_node_bits(c);
  uint64_t page = g / PAGE_GRANULES, i = page / WORD;
  uint64_t found = bits_upto(nodes[i], page % WORD);
  while (found == 0) found = nodes[--i];
  return (i * WORD + bit_last(found)) * PAGE_GRANULES;
}

uint64_t chain_node_end(const mems_chain *c, uint64_t g) {
  const uint64_t *nodes = chain_node_bits(c);
  uint64_t page = g / PAGE_GRANULES, i = page / WORD;
  uint64_t last = (c->end / PAGE_GRANULES - 1) / WORD;
  uint64_t found = bits_above(nodes[i], page % WORD);
  while (found == 0 && i < last) found = nodes[++i];
  if (found == 0) return c->end;
  return (i * WORD + bit_first(found)) * PAGE_GRANULES;
}

uint64_t chain_hole(const mems_chain *c, uint64_t g, uint64_t until) {
  const uint64_t *starts = chain_starts(c), *useds = chain_useds(c);
  uint64_t i = g / WORD, last = (until - 1) / WORD;
  uint64_t found = bits_from(starts[i] & ~useds[i], g % WORD);
  while (found == 0 && i < last) {
    i++;
    found = starts[i] & ~useds[i];
  }
  if (found == 0) return NOWHERE;
  g = i * WORD + bit_first(found);
  return g < until ? g : NOWHERE;
}

void chain_drop_all(mems_chain *c, uint64_t g, uint64_t end) {
  uint64_t *starts = chain_starts(c);
  for (uint64_t i = (g + 1) / WORD; i * WORD < end; i++) {
    uint64_t old = starts[i], left = old & ~bits_between(i, g + 1, end);
    if (left == old) continue; /* pages that are clear stay untouched */
    truth_put(starts + i, left);
    if (left == 0) chain_word_emptied(c, i * WORD);
  }
}

void chain_clear(mems_chain *c, uint64_t g, uint64_t n) {
  uint64_t *useds = chain_useds(c);
  for (uint64_t i = g / WORD; i * WORD < g + n; i++)
    if (useds[i]) truth_put(useds + i, useds[i] & ~bits_between(i, g, g + n));
}
