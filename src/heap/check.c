/*
** check.c - every invariant of a heap, each with a sentence that names it.
**
** Nothing is assumed of what is checked later: the walk over segments runs
** only once the bitmaps are known to lead it to the end.
*/

#include <string.h>

#include "damage.h"
#include "hole.h"
#include "share.h"

/* What the walk adds up, to be compared with the counters. */
typedef struct mems_sums {
  uint64_t processes, used;  /* of the chain, with those that wait */
  uint64_t waiters, waiting; /* blocks in quarantine, and their granules */
  uint64_t slots[SIZES], spare[SIZES], named[SIZES], chained[SIZES];
} mems_sums;

static uint64_t level_words(const mems_chain *c, unsigned level) {
  uint64_t words = c->end / WORD + 2;
  for (; level > 0; level--) words = words_for(words);
  return words;
}

static bool is_empty(const mems_chain *c, unsigned level, uint64_t i) {
  if (level == 0) return chain_starts(c)[i] == 0;
  return chain_level(c, level)[i] == 0;
}

/* Each bit of a summary says whether the word below it is 0; behind the last
   word in use all are clear. */
static const char *check_summaries(const mems_chain *c) {
  for (unsigned level = 1; level <= c->top; level++) {
    uint64_t words = level_words(c, level - 1);
    for (uint64_t i = 0; i < round_up(words, WORD); i++) {
      bool set = chain_level(c, level)[i / WORD] >> i % WORD & 1;
      if (set != (i < words && !is_empty(c, level - 1, i)))
        return "a summary bit differs from the word it stands for";
    }
  }
  return NULL;
}

static const char *check_sentinel(const mems_chain *c) {
  if (c->end > c->limit) return "the end is behind the limit";
  if (c->end % PAGE_GRANULES) return "the end is not the end of a page";
  if (!chain_is_process(c, c->end)) return "the sentinel is missing";
  const uint64_t *last = chain_starts(c) + c->end / WORD;
  if (bits_above(last[0], c->end % WORD) || last[1])
    return "a segment starts behind the end";
  return NULL;
}

static const char *check_nodes(const mems_chain *c) {
  const uint64_t *nodes = chain_node_bits(c);
  uint64_t count = 0, pages = c->end / PAGE_GRANULES;
  for (uint64_t page = 0; page < c->node_bits.usable * 8; page++) {
    if ((nodes[page / WORD] >> page % WORD & 1) == 0) continue;
    if (page >= pages) return "a node starts behind the end";
    if (!chain_is_start(c, page * PAGE_GRANULES))
      return "no segment starts where a node does";
    count++;
  }
  if (pages && !chain_is_node(c, 0)) return "no node starts at the base";
  return count == c->nodes ? NULL : "the count of nodes is wrong";
}

/* Is g a free slot of a class that shows that a stack names it? */
static bool is_stacked(const mems_heap *heap, unsigned number, uint64_t g) {
  const mems_chain *c = &heap->chain;
  if (g >= c->end || !runs_agree(c, number, g)) return false;
  uint32_t offset = runs_offset(g, runs_map(c)[g / PAGE_GRANULES]);
  return runs_is_slot(heap->runs.classes + number, offset) &&
         runs_is_free(c, g, true);
}

/* All that the stack of a class names are its free slots, each once. */
static const char *check_stack(const mems_heap *heap, unsigned number) {
  const mems_class *class = heap->runs.classes + number;
  const uint32_t *slots = heap->runs.stacks;
  const char *broken = NULL;
  uint32_t i = class->first;
  for (; i < class->top; i++) {
    if (!is_stacked(heap, number, slots[i])) {
      broken = "a stack names what is no free slot of its class";
      break;
    }
    runs_name(&heap->chain, slots[i], false); /* so what comes twice is found */
  }
  while (i-- > class->first) runs_name(&heap->chain, slots[i], true);
  return broken;
}

/* Class `number`, whose stack has to begin at *slot; then where that of the
   next one does. What it is made of is as runs_class says. */
static const char *check_class(const mems_heap *heap, unsigned number,
                               uint32_t *slot) {
  const mems_runs *r = &heap->runs;
  const mems_class *class = r->classes + number;
  mems_class made = runs_class(number, *slot);
  *slot = made.last + GAP;
  if (class->last < made.first || class->last > made.last)
    return "a stack is too deep";
  made.last = class->last, made.top = class->top, made.asks = class->asks;
  made.slots = class->slots, made.spare = class->spare;
  made.chained = class->chained;
  made.full = class->full, made.lost = class->lost;
  if (memcmp(&made, class, sizeof made) != 0)
    return "a class is not that of its size";
  if (class->top < class->first || class->top > class->last)
    return "the top of a stack is outside of it";
  return check_stack(heap, number);
}

/* The slot that was freed last is one, and no stack names it. */
static const char *check_recent(const mems_heap *heap) {
  const mems_runs *r = &heap->runs;
  if (r->turn >= SIZES) return "no class has the turn";
  if (r->recent_class == 0) return NULL;
  if (r->recent_class >= SIZES || r->classes[r->recent_class].most == 0)
    return "the slot that was freed last has no class";
  if (!is_stacked(heap, r->recent_class, r->recent))
    return "the slot that was freed last is no free one of its class";
  runs_name(&heap->chain, r->recent, false); /* as in check_stack */
  const char *broken = check_stack(heap, r->recent_class);
  runs_name(&heap->chain, r->recent, true);
  return broken;
}

static const char *check_classes(const mems_heap *heap) {
  const mems_runs *r = &heap->runs;
  const char *broken = NULL;
  uint64_t end = at_most(heap->chain.end, UINT32_MAX);
  if (r->end != (r->direct ? end : 0))
    return "the end of what may be in a run is wrong";
  for (uint64_t n = 1; n <= TABLE_MOST; n++)
    if (r->numbers[n - 1] != size_class_aligned(n, heap->align))
      return "the table of classes is wrong";
  uint32_t slot = GAP;
  for (unsigned i = 0; i < SIZES && !broken; i++)
    broken = check_class(heap, i, &slot);
  return broken ? broken : check_recent(heap);
}

/* Each page is of the run that begins where its entry says, and a run lies in
   one node. */
static const char *check_map(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  const uint16_t *map = runs_map(c);
  uint64_t pages = c->end / PAGE_GRANULES;
  for (uint64_t page = 0; page < heap->runs.map.usable / 2; page++) {
    unsigned number = runs_number(map[page]), back = runs_back(map[page]);
    if (map[page] == 0) continue;
    if (page >= pages) return "a page of a run is behind the end";
    if (number < 2 || number >= SIZES) return "a page has no such class";
    if (back == 0) {
      if (!chain_is_start(c, page * PAGE_GRANULES))
        return "no segment starts where a run does";
      continue;
    }
    if (back >= RUN_MOST || page == 0 ||
        map[page - 1] != (number | (back - 1) << 8))
      return "a page is of no run";
    if (chain_is_node(c, page * PAGE_GRANULES))
      return "a run lies in two nodes";
  }
  return NULL;
}

/* Each bit of a set says whether the word below it is 0. */
static const char *check_sets(const mems_bins *b) {
  uint64_t blocks = b->levels[0].usable / sizeof(mems_sets);
  for (unsigned level = 0; level < b->top; level++) {
    for (uint64_t i = 0; i < blocks * CLASSES; i++) {
      uint64_t group = i / CLASSES, c = i % CLASSES;
      bool any = bins_level(b, level)[group].word[c] != 0;
      const mems_sets *above = bins_level(b, level + 1) + group / 64;
      if (any != (above->word[c] >> group % 64 & 1))
        return "a summary of a set differs from what it stands for";
    }
    for (uint64_t i = 0; blocks % 64 && i < CLASSES; i++)
      if (bins_level(b, level + 1)[blocks / 64].word[i] >> blocks % 64)
        return "a summary of a set has a bit behind the last region";
    blocks = words_for(blocks);
  }
  for (unsigned c = 0; c < CLASSES; c++)
    if ((bins_level(b, b->top)->word[c] != 0) != has_class(b->present, c))
      return "the classes present are not those of the sets";
  return NULL;
}

static const char *check_hole(const mems_heap *heap, uint64_t g, uint64_t n) {
  const mems_idle *d = &heap->idle;
  mems_pages in = pages_inside(g, g + n);
  if (!hole_heap_is_tight(heap) &&
      !bins_has(&heap->bins, g / REGION, class_of(n)))
    return "a HOLE is in no index";
  if (n >= heap->hopeless[0] && heap->align == 1)
    return "a HOLE is longer than any is said to be";
  for (uint64_t page = in.from; page < in.to; page++)
    if (idle_is(&d->idle_bits, heap, page) ==
        idle_is(&d->gone_bits, heap, page))
      return "a free page is not either idle or gone";
  return NULL;
}

/* Adds a PROCESS up. */
static const char *check_process(const mems_heap *heap, uint64_t g,
                                 uint64_t n, mems_sums *sums) {
  const mems_chain *c = &heap->chain;
  if (g % heap->align) return "a PROCESS is not aligned";
  if (g + n > heap->dict.known) return "a PROCESS lies where none has been";
  if (guard_waits(&heap->dict.guard, c, g)) {
    sums->waiters++;
    sums->waiting += n;
    return NULL;
  }
  if (dict_slack(&heap->dict, c, g, n) >= n * GRANULE)
    return "the slack of a PROCESS does not fit its segment";
  return NULL;
}

/* A PROCESS of the chain has no granule too many, unless it was a slot of a run
   that recovery did not believe, and no page that is idle or gone but for those
   in a fresh one, which are either. */
static const char *check_chained(const mems_heap *heap, uint64_t g,
                                 uint64_t n, mems_sums *sums) {
  const mems_idle *d = &heap->idle;
  const char *broken = check_process(heap, g, n, sums);
  if (broken) return broken;
  if (!heap->mended &&
      !dict_fits(&heap->dict, &heap->chain, g, n, heap->verified))
    return "the slack of a PROCESS does not fit its segment";
  mems_pages p = pages_around(g, g + n), whole = pages_inside(g, g + n);
  if (!dict_is_fresh(&heap->chain, g, n)) whole = (mems_pages){0, 0};
  for (uint64_t page = p.from; page < p.to; page++) {
    int states = idle_is(&d->idle_bits, heap, page) +
                 idle_is(&d->gone_bits, heap, page);
    bool free = page >= whole.from && page < whole.to;
    if (free && states != 1)
      return "a page of a fresh block is not either idle or gone";
    if (!free && states) return "a page in use is idle or gone";
  }
  sums->processes++;
  sums->used += n;
  if (n <= SLOT_MOST) sums->chained[size_class(n)]++;
  return NULL;
}

/* A slot of a run: in use, or free with no bit but the one that says that a
   stack names it. */
static const char *check_slot(const mems_heap *heap, unsigned number,
                              uint64_t g, mems_sums *sums) {
  const mems_chain *c = &heap->chain;
  uint64_t n = size_granules(number);
  uint64_t entry = bits_field(chain_useds(c), g) & entry_mask(n);
  if (chain_next(c, g) != g + n) return "a slot of a run is not its length";
  sums->slots[number]++;
  if (entry & 1) return check_process(heap, g, n, sums);
  if (entry > 2) return "a free slot has bits of a block";
  if (entry == 2) sums->named[number]++;
  if (entry == 0) sums->spare[number]++;
  return NULL;
}

/* The run at g, slot by slot; *behind is where it ends. */
static const char *check_run(const mems_heap *heap, uint64_t g,
                             uint64_t *behind, mems_sums *sums) {
  const mems_chain *c = &heap->chain;
  unsigned number = runs_map(c)[g / PAGE_GRANULES];
  uint64_t n = size_granules(number), spare = sums->spare[number];
  uint64_t end = runs_last(c, g / PAGE_GRANULES) * PAGE_GRANULES, at = g;
  *behind = end;
  for (; at + n <= end; at += n) {
    const char *broken = check_slot(heap, number, at, sums);
    if (broken) return broken;
  }
  if (at < end && (!chain_is_hole(c, at) || chain_next(c, at) != end))
    return "what a run leaves behind its last slot is no HOLE";
  if (sums->spare[number] > spare &&
      !bins_has(&heap->runs.sets, g / REGION, number))
    return "a run with free slots is in no index";
  for (uint64_t page = g / PAGE_GRANULES; page < end / PAGE_GRANULES; page++)
    if (runs_page_is_spare(&heap->runs, c, page) !=
        (idle_is(&heap->idle.idle_bits, heap, page) ||
         idle_is(&heap->idle.gone_bits, heap, page)))
      return "a page of a run is not as idle or gone as it should be";
  return NULL;
}

static const char *check_segments(const mems_heap *heap, mems_sums *sums) {
  const mems_chain *c = &heap->chain;
  bool merges = false; /* the segment before would merge with a HOLE here */
  uint64_t next;
  const char *broken = NULL;
  for (uint64_t g = 0; g < c->end && !broken; g = next) {
    bool hole = chain_is_hole(c, g);
    next = chain_next(c, g);
    if (runs_has(c, g)) {
      broken = check_run(heap, g, &next, sums);
      hole = false;
    } else if (!hole) {
      broken = check_chained(heap, g, next - g, sums);
    } else if (merges && !chain_is_node(c, g)) {
      broken = "two neighbouring HOLEs are not merged";
    } else {
      broken = check_hole(heap, g, next - g);
    }
    merges = hole;
  }
  return broken;
}

/* For each class, slots are in use, named by a stack or spare. */
static const char *check_supply(const mems_heap *heap, const mems_sums *s) {
  const mems_runs *r = &heap->runs;
  uint64_t taken = 0, spare = 0;
  for (unsigned i = 2; i < SIZES; i++) {
    const mems_class *class = r->classes + i;
    uint64_t named = runs_stacked(class) + (r->recent_class == i);
    if (class->slots != s->slots[i]) return "the count of slots is wrong";
    if (class->spare != s->spare[i])
      return "the count of spare slots is wrong";
    if (named != s->named[i])
      return "the stacks name not just the slots that say so";
    if (class->chained != s->chained[i])
      return "the count of a class's blocks in the chain is wrong";
    taken += (class->slots - class->spare) * class->granules;
    spare += class->spare * class->granules;
  }
  if (taken != r->taken || spare != r->spare)
    return "the count of granules in slots is wrong";
  return NULL;
}

static const char *check_counters(const mems_heap *h, const mems_sums *s) {
  uint64_t idle = 0;
  for (uint64_t page = 0; page < h->idle.idle_bits.usable * 8; page++)
    idle += idle_is(&h->idle.idle_bits, h, page);
  if (idle != h->idle.pages) return "the count of idle pages is wrong";
  if (s->processes != h->processes || s->used != h->used)
    return "the count of processes is wrong";
  if (heap_taken(h) > h->peak) return "the peak is below what is used";
  if (heap_live(h) > h->mallocs) return "more blocks are live than ever were";
  return check_supply(h, s);
}

/* What the queue names waits, each block once, and nothing else does. */
static const char *check_quarantine(mems_heap *heap, const mems_sums *s) {
  mems_guard *q = &heap->dict.guard;
  const char *broken = NULL;
  uint64_t at = q->head;
  if (q->tail - q->head != s->waiters)
    return "the queue of the quarantine is not as long as what waits";
  if (guard_count(q, heap) != s->waiters)
    return "a bit of the quarantine is set where no block starts";
  if (s->waiting != q->waiting)
    return "the count of waiting granules is wrong";
  for (; at != q->tail; at++) {
    uint64_t g = *guard_slot(q, heap, at);
    if (!guard_waits(q, heap, g)) {
      broken = "the queue of the quarantine names what does not wait";
      break;
    }
    guard_mark(q, heap, g, false); /* so what comes twice is found */
  }
  while (at-- != q->head) guard_mark(q, heap, *guard_slot(q, heap, at), true);
  return broken;
}

/* What the gate found last is a block, exactly. */
static const char *check_last(const mems_heap *heap) {
  const mems_dict *d = &heap->dict;
  mems_block b;
  if (d->length == 0) return NULL;
  if (dict_search(d, &heap->chain, &heap->runs, d->last, &b) &&
      b.size == d->length && dict_addr(d, b.at) == d->last)
    return NULL;
  return "the block found last is none";
}

static const char *check_all(mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  mems_sums sums = {0};
  const char *broken = check_sentinel(c);
  if (!broken) broken = check_summaries(c);
  if (!broken) broken = check_nodes(c);
  if (!broken) broken = check_map(heap);
  if (!broken) broken = check_classes(heap);
  if (!broken) broken = check_sets(&heap->bins);
  if (!broken) broken = check_sets(&heap->runs.sets);
  if (!broken) broken = check_segments(heap, &sums);
  if (!broken) broken = check_quarantine(heap, &sums);
  if (!broken) broken = check_counters(heap, &sums);
  if (!broken) broken = check_last(heap);
  return !broken && heap->verified ? damage_check(heap) : broken;
}

int mems_heap_check(mems_heap *heap) {
  if (!share_enter(heap)) return own_of(heap)->error;
  const char *broken = check_all(heap);
  share_leave(heap);
  own_of(heap)->broken = broken;
  if (!broken) return MEMS_OK;
  heap_fail(heap, MEMS_EBROKEN);
  return MEMS_EBROKEN;
}

const char *mems_heap_broken(const mems_heap *heap) {
  return own_of(heap)->broken ? own_of(heap)->broken : "no invariant is broken";
}
