/*
** check.c - every invariant of a heap, each with a sentence that names it.
**
** Nothing is assumed of what is checked later: the walk over segments runs
** only once the bitmaps are known to lead it to the end.
*/

#include "heap.h"

/* What the walk adds up, to be compared with the counters. */
typedef struct mems_sums {
  uint64_t segments, processes, used, slack;
  uint64_t waiters, waiting; /* blocks in quarantine, and their granules */
} mems_sums;

static uint64_t level_words(const mems_chain *c, unsigned level) {
  uint64_t words = c->end / WORD + 2;
  for (; level > 0; level--) words = words_for(words);
  return words;
}

static bool is_empty(const mems_chain *c, unsigned level, uint64_t i) {
  if (level == 0) return chain_word(c, i * WORD)->start == 0;
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
  uint64_t tail = bits_above(chain_word(c, c->end)->start, c->end % WORD);
  if (tail || chain_word(c, c->end)[1].start)
    return "a segment starts behind the end";
  return NULL;
}

static const char *check_nodes(const mems_chain *c) {
  const uint64_t *starts = (uint64_t *)((char *)c + c->starts.at);
  uint64_t count = 0, pages = c->end / PAGE_GRANULES;
  for (uint64_t page = 0; page < c->starts.usable * 8; page++) {
    if ((starts[page / WORD] >> page % WORD & 1) == 0) continue;
    if (page >= pages) return "a node starts behind the end";
    if (!chain_is_start(c, page * PAGE_GRANULES))
      return "no segment starts where a node does";
    count++;
  }
  if (pages && !chain_is_node(c, 0)) return "no node starts at the base";
  return count == c->nodes ? NULL : "the count of nodes is wrong";
}

static bool in_quick_list(const mems_bins *b, uint64_t g, uint64_t n) {
  if (n < 2 || n > QUICK_MOST) return false;
  for (unsigned i = quick_first(n); i < b->quick_top[n]; i++)
    if (b->slots[i] == g) return true;
  return false;
}

static const char *check_quick_lists(const mems_heap *heap) {
  const mems_bins *b = &heap->bins;
  for (uint64_t n = 1; n <= QUICK_MOST; n++) {
    unsigned i = quick_first(n), end = quick_first(n + 1) - 1;
    if (b->slots[i - 1] != QUICK_END || b->slots[end] != QUICK_END)
      return "the end of a quick list is missing";
    if (b->quick_top[n] < i || b->quick_top[n] > end)
      return "the top of a quick list is outside of it";
    for (; i < b->quick_top[n]; i++)
      if (b->slots[i] >= heap->chain.end)
        return "a quick list names a granule behind the end";
  }
  return NULL;
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
    if ((bins_level(b, b->top)->word[c] != 0) != (b->present >> c & 1))
      return "the classes present are not those of the sets";
  return NULL;
}

static const char *check_hole(mems_heap *heap, uint64_t g, uint64_t n) {
  bool listed = in_quick_list(&heap->bins, g, n);
  if (chain_is_parked(&heap->chain, g))
    return listed ? NULL : "a parked HOLE is in no quick list";
  if (g == heap->slice) return NULL;
  uint64_t region = g / REGION;
  const mems_sets *block = bins_level(&heap->bins, 0) + region / 64;
  if (block->word[class_of(n)] >> region % 64 & 1) return NULL;
  return "a HOLE is in no index";
}

static const char *check_process(const mems_heap *heap, uint64_t g,
                                 uint64_t n, mems_sums *sums) {
  if (g % heap->align) return "a PROCESS is not aligned";
  if (g + n > heap->dict.fresh) return "a PROCESS lies in fresh memory";
  if (!dict_is_block(&heap->dict, &heap->chain, g)) {
    sums->waiters++;
    sums->waiting += n;
    return NULL;
  }
  size_t slack = dict_slack(&heap->chain, chain_view(&heap->chain, g),
                            g, n);
  if (slack >= n * GRANULE || dict_granules(n * GRANULE - slack) != n)
    return "the slack of a PROCESS does not fit its segment";
  sums->processes++;
  sums->used += n;
  sums->slack += slack;
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
  if (s->used != h->used) return "the count of used granules is wrong";
  if (s->slack != h->slack)
    return "the count of slack bytes is wrong";
  if (h->peak < h->used) return "the peak is below what is used";
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

static const char *check_quick_end(const mems_heap *heap) {
  uint64_t end = at_most(heap->chain.end, QUICK_END);
  if (heap->quick_end == (heap->quick_size ? end : 0)) return NULL;
  return "the end of what quick lists may name is wrong";
}

static const char *check_slice(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  uint64_t g = heap->slice;
  if (g == NOWHERE) return heap->slice_left ? "the slice is nowhere" : NULL;
  if (g >= c->end || !chain_is_hole(c, g)) return "the slice is no HOLE";
  if (chain_next(c, g) - g < heap->slice_left)
    return "the slice runs past the end of its HOLE";
  return NULL;
}

int mems_heap_check(mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  mems_sums sums = {0};
  const char *broken = check_sentinel(c);
  if (!broken) broken = check_summaries(c);
  if (!broken) broken = check_nodes(c);
  if (!broken) broken = check_slice(heap);
  if (!broken) broken = check_quick_end(heap);
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
