/*
** check.c - every invariant of a heap, each with a sentence that names it.
**
** Nothing is assumed of what is checked later: the walk over segments runs
** only once the bitmaps are known to lead it to the end.
*/

#include "hole.h"

/* What the walk adds up, to be compared with the counters. */
typedef struct mems_sums {
  uint64_t segments, processes, used, slack;
  uint64_t waiters, waiting; /* blocks in quarantine, and their granules */
  uint64_t parked;           /* HOLEs */
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

/* List `number`, whose slots have to begin at *slot; then where those of the
   next one do. */
static const char *check_list(const mems_heap *heap, unsigned number,
                              uint32_t *slot) {
  const mems_quick *q = &heap->quick;
  mems_list list = q->lists[number], empty = quick_list(number, *slot);
  uint32_t top = list.top;
  *slot = quick_next_slot(&empty);
  list.top = empty.top;
  if (memcmp(&list, &empty, sizeof list) != 0)
    return "a quick list is not that of its size";
  if (top < list.first || top > list.last)
    return "the top of a quick list is outside of it";
  for (uint32_t i = list.first; i < top; i++)
    if (q->slots[i] >= heap->chain.end)
      return "a quick list names a granule behind the end";
  return NULL;
}

static const char *check_recent(const mems_quick *q, const mems_chain *c) {
  unsigned number = q->recent_number;
  if (number == NONE) return NULL;
  if (number >= NUMBERS || !q->lists[number].granules)
    return "the hole that was freed last has no quick list";
  if (q->recent >= c->end)
    return "the hole that was freed last is behind the end";
  return quick_agrees(q->lists + number, c, q->recent)
             ? NULL
             : "the hole that was freed last is none of its list";
}

static const char *check_quick_lists(const mems_heap *heap) {
  const mems_quick *q = &heap->quick;
  uint64_t end = at_most(heap->chain.end, UINT32_MAX);
  bool rounds = q->bytes && !hole_heap_is_small(heap);
  const char *broken;
  if (heap->turn >= NUMBERS) return "the list to be merged next is none";
  if (q->end != (q->bytes ? end : 0))
    return "the end of what quick lists may name is wrong";
  for (uint64_t n = 1; n <= TABLE_MOST; n++)
    if (q->numbers[n] != quick_number(at_least(n, 2), rounds))
      return "the table of quick lists is wrong";
  broken = check_recent(q, &heap->chain);
  uint32_t slot = GAP;
  for (unsigned i = 0; i < NUMBERS && !broken; i++)
    broken = check_list(heap, i, &slot);
  return broken;
}

/* Does the list of its size name the HOLE of n granules at g? */
static bool is_listed(const mems_quick *q, const mems_chain *c, uint64_t g,
                      uint64_t n) {
  unsigned number = quick_number(n, false);
  const mems_list *list = q->lists + number;
  if (!quick_agrees(list, c, g)) return false;
  if (q->recent_number == number && q->recent == g) return true;
  for (uint32_t i = list->first; i < list->top; i++)
    if (q->slots[i] == g) return true;
  return false;
}

/* Each bit of a set says whether the word below it is 0. */
static const char *check_sets(const mems_bins *b) {
  uint64_t blocks = b->long_level[0].usable / sizeof(mems_sets);
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

static const char *check_hole(mems_heap *heap, uint64_t g, uint64_t n) {
  if (chain_is_parked(&heap->chain, g))
    return is_listed(&heap->quick, &heap->chain, g, n)
               ? NULL
               : "a parked HOLE is in no quick list";
  if (g == heap->slice) return NULL;
  uint64_t region = g / REGION;
  const mems_sets *block = bins_level(&heap->bins, 0) + region / 64;
  if (block->word[class_of(n)] >> region % 64 & 1) return NULL;
  return "a HOLE is in no index";
}

/* May a block of `size` bytes have n granules? */
static bool is_right_size(uint64_t n, size_t size) {
  uint64_t least = dict_granules(size);
  return size > 0 && (n == least || n == size_rounded(least));
}

static const char *check_process(const mems_heap *heap, uint64_t g,
                                 uint64_t n, mems_sums *sums) {
  const mems_chain *c = &heap->chain;
  if (g % heap->align) return "a PROCESS is not aligned";
  if (g + n > heap->dict.fresh) return "a PROCESS lies in fresh memory";
  if (!dict_is_block(&heap->dict, c, g)) {
    sums->waiters++;
    sums->waiting += n;
    return NULL;
  }
  size_t size = n * GRANULE - dict_slack(&heap->dict, c, g, n);
  uint64_t entry = bits_field(chain_useds(c), g);
  if (size > n * GRANULE || !is_right_size(n, size))
    return "the slack of a PROCESS does not fit its segment";
  if (n > NEAR && (entry >> NUMBER_AT & NUMBER) != dict_number(n))
    return "the number of a PROCESS is not that of its size";
  sums->processes++;
  sums->used += n;
  sums->slack += n * GRANULE - size;
  return NULL;
}

static const char *check_segments(mems_heap *heap, mems_sums *sums) {
  const mems_chain *c = &heap->chain;
  bool merges = false; /* the segment before would merge with a HOLE here */
  uint64_t next;
  for (uint64_t g = 0; g < c->end; g = next) {
    next = chain_next(c, g);
    bool merged = chain_is_process(c, g) || chain_is_parked(c, g);
    if (merges && !merged && !chain_is_node(c, g))
      return "two neighbouring HOLEs are not merged";
    sums->parked += chain_is_parked(c, g);
    const char *broken = chain_is_process(c, g)
                             ? check_process(heap, g, next - g, sums)
                             : check_hole(heap, g, next - g);
    if (broken) return broken;
    merges = !merged;
    sums->segments++;
  }
  return NULL;
}

static const char *check_counters(const mems_heap *h, const mems_sums *s) {
  if (s->segments != h->chain.segments)
    return "the count of segments is wrong";
  if (s->processes != h->mallocs - h->frees)
    return "the count of processes is wrong";
  if ((uint64_t)h->room > h->peak) return "the peak is below what is used";
  if (s->used != heap_used(h)) return "the count of used granules is wrong";
  if (s->slack != h->slack)
    return "the count of slack bytes is wrong";
  if (s->parked > 0 && h->flushed == h->frees)
    return "a HOLE is parked where all were merged";
  return NULL;
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
  if (q->waiting > q->most) return "more waits than the quarantine holds";
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
  if (dict_search(d, &heap->chain, d->last, &b) && b.size == d->length &&
      dict_addr(d, b.at) == d->last)
    return NULL;
  return "the block found last is none";
}

static const char *check_slice(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  uint64_t g = heap->slice;
  if (g == NOWHERE)
    return heap->slice_end != g ? "the slice is nowhere" : NULL;
  if (g >= c->end || !chain_is_hole(c, g)) return "the slice is no HOLE";
  if (heap->slice_end < g || heap->slice_end > chain_next(c, g))
    return "the slice runs past the end of its HOLE";
  for (uint64_t i = g; i < heap->slice_end; i++)
    if (chain_useds(c)[i / WORD] >> i % WORD & 1)
      return "a granule of the slice is marked used";
  return NULL;
}

int mems_heap_check(mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  mems_sums sums = {0};
  heap_note_slice(heap);
  const char *broken = check_sentinel(c);
  if (!broken) broken = check_summaries(c);
  if (!broken) broken = check_nodes(c);
  if (!broken) broken = check_slice(heap);
  if (!broken) broken = check_quick_lists(heap);
  if (!broken) broken = check_sets(&heap->bins);
  if (!broken) broken = check_segments(heap, &sums);
  if (!broken) broken = check_counters(heap, &sums);
  if (!broken) broken = check_last(heap);
  if (!broken) broken = check_quarantine(heap, &sums);
  heap->broken = broken;
  if (!broken) return MEMS_OK;
  heap_fail(heap, MEMS_EBROKEN);
  return MEMS_EBROKEN;
}

const char *mems_heap_broken(const mems_heap *heap) {
  return heap->broken ? heap->broken : "no invariant is broken";
}
