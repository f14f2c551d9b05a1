/*
** recover.c - one pass over the truth.
*/

#include "recover.h"

#include <string.h>

#include "hole.h"
#include "redo.h"

static void repaired(mems_heap *heap) {
  own_of(heap)->recovery.repairs++;
}

/* Clears the bits of a bitmap of `words` words from bit `from` on. */
static void clear_behind(uint64_t *map, uint64_t words, uint64_t from) {
  for (uint64_t i = from / WORD; i < words; i++) {
    uint64_t left = i == from / WORD ? bits_below(map[i], from % WORD) : 0;
    if (map[i] != left) truth_put(map + i, left);
  }
}

/* Nothing starts behind the end, and the sentinel stands there. */
static void mend_end(mems_heap *heap) {
  mems_chain *c = &heap->chain;
  uint64_t *starts = chain_starts(c), *useds = chain_useds(c);
  uint64_t end = c->end;
  if (starts[-1]) truth_put(starts - 1, 0);
  clear_behind(starts, c->start_bits.usable / 8 - 1, end + 1);
  clear_behind(useds, c->used_bits.usable / 8, end + 1);
  clear_behind(chain_node_bits(c), c->node_bits.usable / 8,
               end / PAGE_GRANULES);
  truth_put(useds + end / WORD, useds[end / WORD] | bit(end % WORD));
  truth_put(starts + end / WORD, starts[end / WORD] | bit(end % WORD));
}

/* A node begins at the base, and where a node begins a segment does. */
static void mend_nodes(mems_heap *heap) {
  mems_chain *c = &heap->chain;
  uint64_t *nodes = chain_node_bits(c);
  c->nodes = 0;
  if (c->end && !chain_is_start(c, 0)) {
    chain_free(c, 0);
    truth_put(chain_starts(c), chain_starts(c)[0] | 1);
    repaired(heap);
  }
  for (uint64_t i = 0; i < c->node_bits.usable / 8; i++) {
    for (uint64_t w = nodes[i]; w; w &= w - 1) {
      uint64_t g = (i * WORD + bit_first(w)) * PAGE_GRANULES;
      if (chain_is_start(c, g)) continue;
      chain_mark_node(c, g, false);
      repaired(heap);
    }
    c->nodes += bit_count(nodes[i]);
  }
  if (c->end && !chain_is_node(c, 0)) {
    chain_mark_node(c, 0, true);
    c->nodes++;
    repaired(heap);
  }
}

static void rebuild_summaries(mems_chain *c) {
  uint64_t words = c->end / WORD + 1;
  memset((char *)c + c->level1.at, 0, c->level1.usable);
  memset((char *)c + c->level2.at, 0, c->level2.usable);
  memset((char *)c + c->tops.at, 0, c->tops.usable);
  for (uint64_t i = 0; i < words; i++) {
    if (chain_starts(c)[i] == 0) continue;
    uint64_t *word = chain_level(c, 1) + i / WORD;
    if (*word == 0) chain_word_filled(c, i * WORD);
    *word |= bit(i % WORD);
  }
}

/* Do the starts of [g, end) say that it is a run of slots of n granules? */
static bool starts_agree(const mems_chain *c, uint64_t n, uint64_t g,
                         uint64_t end) {
  mems_marks marks = runs_marks(n);
  if (!chain_is_start(c, end)) return false;
  for (uint64_t i = g / WORD; i < end / WORD; i++)
    if (chain_starts(c)[i] != runs_next_marks(&marks)) return false;
  return true;
}

/* The page behind the run that the map shows at `page`; 0 if it shows none
   that can be. */
static uint64_t run_at(const mems_heap *heap, uint64_t page) {
  const mems_chain *c = &heap->chain;
  unsigned entry = runs_map(c)[page], number = runs_number(entry);
  if (runs_back(entry) || number < 2 || number >= SIZES) return 0;
  uint64_t n = size_granules(number), last = runs_last(c, page);
  uint64_t g = page * PAGE_GRANULES, end = last * PAGE_GRANULES;
  if (last - page > RUN_MOST || end - g < n || n % heap->align ||
      end > UINT32_MAX || !starts_agree(c, n, g, end))
    return 0;
  while (++page < last)
    if (chain_is_node(c, page * PAGE_GRANULES)) return 0;
  return last;
}

/* Is any slot of [g, end) in use? */
static bool any_used(const mems_chain *c, uint64_t g, uint64_t end) {
  for (uint64_t i = g / WORD; i * WORD < end; i++)
    if (chain_starts(c)[i] & chain_useds(c)[i]) return true;
  return false;
}

/* Leaves the map with nothing but runs that have a block. */
static void mend_map(mems_heap *heap) {
  mems_chain *c = &heap->chain;
  uint16_t *map = runs_map(c);
  uint64_t page = 0, pages = c->end / PAGE_GRANULES, last;
  for (; page < pages; page = last) {
    last = page + 1;
    if (map[page] == 0) continue;
    uint64_t behind = run_at(heap, page);
    if (behind) last = behind;
    uint64_t size = (last - page) * sizeof *map;
    if (!behind || !any_used(c, page * PAGE_GRANULES, last * PAGE_GRANULES))
      memset(map + page, 0, size);
  }
  memset(map + pages, 0, heap->runs.map.usable - pages * sizeof *map);
}

/* A block that waits is free; one that can't be is, too. */
static bool is_sound(mems_heap *heap, uint64_t g, uint64_t n) {
  const mems_chain *c = &heap->chain;
  if (guard_waits(&heap->dict.guard, heap, g)) return false;
  if (n >= 2 && g % heap->align == 0 &&
      dict_slack(&heap->dict, c, g, n) < n * GRANULE)
    return true;
  repaired(heap);
  return false;
}

static void enter_process(mems_heap *heap, uint64_t g, uint64_t n) {
  if (dict_is_fresh(&heap->chain, g, n))
    dict_set_fresh(&heap->chain, g, false);
  heap->mended |= !dict_fits(&heap->dict, &heap->chain, g, n,
                             heap->verified);
  heap->processes++;
  heap->used += n;
  if (n <= SLOT_MOST) heap->runs.classes[size_class(n)].chained++;
}

/* What is free may have been punched out of a file, or never been in it. */
static void enter_free(mems_heap *heap, mems_pages p) {
  if (place_of(heap)->file)
    idle_gone(&heap->idle, heap, p);
  else
    idle_add(&heap->idle, heap, p);
}

/* The slots of a run. */
static void enter_run(mems_heap *heap, uint64_t g, uint64_t end) {
  mems_chain *c = &heap->chain;
  mems_runs *r = &heap->runs;
  unsigned number = runs_number(runs_map(c)[g / PAGE_GRANULES]);
  mems_class *class = r->classes + number;
  uint64_t n = class->granules, spare = 0, at = g;
  for (; at + n <= end; at += n) {
    uint64_t entry = bits_field(chain_useds(c), at) & class->mask;
    if (entry & 1 && is_sound(heap, at, n)) continue;
    if (entry) bits_put(chain_useds(c), at, class->mask, 0);
    spare++;
  }
  uint64_t slots = (end - g) / n;
  class->slots += slots;
  class->spare += spare;
  r->spare += spare * n;
  r->taken += (slots - spare) * n;
  if (spare) bins_include(&r->sets, g / REGION, number);
  if (at < end && !chain_is_hole(c, at)) chain_free(c, at);
  for (uint64_t page = g / PAGE_GRANULES; page < end / PAGE_GRANULES; page++)
    if (runs_page_is_spare(r, c, page))
      enter_free(heap, (mems_pages){page, page + 1});
}

static void enter_hole(mems_heap *heap, uint64_t g, uint64_t end) {
  if (g < end) enter_free(heap, pages_inside(g, end));
}

/* Enters each segment, and merges HOLEs: [hole, g) is free. */
static void enter_all(mems_heap *heap) {
  mems_chain *c = &heap->chain;
  uint64_t hole = 0, g = 0, next;
  for (; g < c->end; g = next) {
    bool run = runs_has(c, g), node = chain_is_node(c, g);
    next = run ? runs_last(c, g / PAGE_GRANULES) * PAGE_GRANULES
               : chain_next(c, g);
    if (!run && chain_is_process(c, g) && !is_sound(heap, g, next - g))
      chain_free(c, g);
    bool free = !run && chain_is_hole(c, g);
    if (free && !node) {
      if (hole < g) chain_drop(c, g);
      continue;
    }
    enter_hole(heap, hole, g);
    hole = free ? g : next;
    if (run)
      enter_run(heap, g, next);
    else if (!free)
      enter_process(heap, g, next - g);
  }
  enter_hole(heap, hole, c->end);
}

/* Nothing waits any more. */
static void clear_quarantine(mems_heap *heap) {
  mems_guard *q = &heap->dict.guard;
  if (q->most == 0) return;
  uint64_t *words = guard_word(q, heap, 0);
  for (uint64_t i = 0; i < q->bits.usable / sizeof *words; i++)
    if (words[i]) truth_put(words + i, 0);
  q->head = q->tail = q->waiting = 0;
}

static void clear_hints(mems_heap *heap) {
  mems_idle *d = &heap->idle;
  bins_clear(&heap->bins);
  bins_clear(&heap->runs.sets);
  runs_clear(&heap->runs);
  memset((char *)heap + d->idle_bits.at, 0, d->idle_bits.usable);
  memset((char *)heap + d->gone_bits.at, 0, d->gone_bits.usable);
  d->pages = d->cursor = 0;
  heap->processes = heap->used = 0;
  heap->hopeless[0] = heap->hopeless[1] = NOWHERE;
  heap->mended = false;
  dict_forget(&heap->dict);
}

void recover(mems_heap *heap) {
  own_of(heap)->recovery = (mems_recovery){.size = sizeof(mems_recovery)};
  mend_end(heap);
  own_of(heap)->recovery.redone = redo_again(heap);
  mend_nodes(heap);
  rebuild_summaries(&heap->chain);
  mend_map(heap);
  clear_hints(heap);
  enter_all(heap);
  clear_quarantine(heap);
  runs_set_end(&heap->runs, heap->chain.end);
  if (!hole_heap_is_tight(heap)) hole_note_all(heap);
  heap->dict.known = heap->chain.end;
  heap->peak = heap_taken(heap);
  heap->mallocs = own_of(heap)->recovery.blocks = heap_live(heap);
}
