/*
** slot.c - filling and emptying the stacks, making and dissolving runs.
*/

#include "slot.h"

#include <string.h>

#include "damage.h"
#include "hole.h"

enum {
  SMALL_HEAP = 1 << 17, /* granules */
  RUN_PAGES = 4, /* a run may have them, whatever its slots */
  SHORT_SLOT = 32,  /* granules; a run of such slots waits for no live ones */
  SMALL_SLOT = 128, /* granules; a run of such slots may be one page */
  WASTE_PART = 8, /* of a run may be left behind its last slot */
  LIVE_PART = 8,  /* of what is live in a class may be its next run */
  SPARE_LEAST = 12 * 512, /* granules that may be spare in any heap */
  TINY_PART = 8,  /* of what is taken counts as live in a tiny class */
  REFILL_LEAST = 8, /* slots */
  FLUSH_MOST = 500,  /* slots that one call takes out of stacks */
  REGRET = 4, /* times as many blocks as live come before stacks are emptied for
                 a page again, once that was no use */
  LAST_PART = 4 /* of the limit is for the chain */
};

/* The pages of a run of slots of n granules, `most` at most, with the least
   that is left behind the last slot; 0 if that is too much. */
static uint64_t best_pages(uint64_t n, uint64_t most) {
  uint64_t best = 0, least = 0;
  for (uint64_t pages = 1; pages <= most; pages++) {
    uint64_t size = pages * PAGE_GRANULES, left = size % n;
    if (size < n || left * WASTE_PART > size) continue;
    if (best && left * best > least * pages) continue;
    best = pages;
    least = left;
  }
  return best;
}

/* The fewest pages of a run with little left behind its last slot. */
static uint64_t least_pages(uint64_t n) {
  uint64_t pages = 1, best = 0;
  while (best == 0) best = best_pages(n, pages++);
  return best;
}

/* May a class have its first run, of so many pages? Long slots split what
   would be one HOLE, so in a heap of up to SMALL_HEAP much has to be in blocks
   of their length. */
static bool is_due(mems_heap *heap, mems_class *class, uint64_t pages) {
  unsigned asks = hole_heap_is_tight(heap) ? RUN_ASKS_TIGHT : RUN_ASKS;
  if (class->asks < UINT16_MAX) class->asks++;
  if (class->asks < asks) return false;
  uint64_t n = class->granules, held = pages * PAGE_GRANULES / n;
  uint64_t live = class->chained + 1;
  if (n <= SHORT_SLOT) return true;
  if (n <= SMALL_SLOT) return live >= 2 * held;
  if (heap->chain.end <= SMALL_HEAP && live * n * 3 < heap_taken(heap))
    return false;
  return live >= held;
}

/* Is much in slots of a class that are too long for n granules? The chain would
   take less, but where what is between its blocks serves nobody. */
static bool is_too_long(const mems_heap *heap, const mems_class *class,
                        uint64_t n) {
  uint64_t slots = class->slots * class->granules;
  uint64_t all = heap->used + heap->runs.taken; /* and what waits */
  if (class->granules <= 2 * n ||
      slots <= at_least(SPARE_LEAST, heap_taken(heap) / 4))
    return false;
  uint64_t others = all + class->spare * class->granules - slots;
  return heap->chain.end - slots <= 3 * others + 4 * SPARE_LEAST;
}

/* Would one more run of a class, for a request of n granules, be a waste? So
   it is where much is spare in other runs, where the limit is near, and where
   much is in slots of this class that are too long for what lies in them: the
   chain merges what is freed, whatever its size. */
static bool is_wasteful(const mems_heap *heap, const mems_class *class,
                        uint64_t n) {
  const mems_runs *r = &heap->runs;
  uint64_t taken = heap_taken(heap), limit = heap->chain.limit;
  return r->spare > r->taken + SPARE_LEAST ||
         taken > limit - limit / LAST_PART || is_too_long(heap, class, n);
}

/* How many pages the next run of a class has, which is to serve a request of
   `asked` granules; 0 if it gets none. */
static uint64_t next_pages(mems_heap *heap, unsigned number, uint64_t asked) {
  mems_class *class = heap->runs.classes + number;
  uint64_t n = class->granules;
  bool small = n <= SMALL_SLOT;
  uint64_t first = small ? 1 : least_pages(n);
  if (class->slots == 0 && !is_due(heap, class, first)) return 0;
  if (is_wasteful(heap, class, asked)) return 0;
  if (class->slots == 0) return first;
  uint64_t live = (class->slots - class->spare + class->chained) * n;
  uint64_t most = at_least(RUN_SLOTS * n, RUN_PAGES * PAGE_GRANULES);
  if (n <= TINY) { /* they lie together, and so do their bytes of slack */
    live = at_least(live, heap_taken(heap) / TINY_PART);
    most = RUN_MOST * PAGE_GRANULES;
  }
  most = at_most(live / LIVE_PART, most) / PAGE_GRANULES;
  most = at_most(at_least(most, 1), RUN_MOST);
  uint64_t pages = best_pages(n, most);
  return pages == 0 && small ? 1 : pages;
}

/* Sets the start bits of slots of n granules from g to `end`. */
static void mark_slots(mems_chain *c, uint64_t n, uint64_t g, uint64_t end) {
  mems_marks marks = runs_marks(n);
  for (uint64_t i = g / WORD; i < end / WORD; i++) {
    uint64_t old = chain_starts(c)[i], bits = runs_next_marks(&marks);
    if (bits == 0) continue;
    truth_put(chain_starts(c) + i, old | bits);
    if (old == 0) chain_word_filled(c, i * WORD);
  }
}

/* Cuts [g, end), a HOLE, into slots. All their used bits are clear before the
   first one begins. */
static void make_slots(mems_heap *heap, unsigned number, uint64_t g,
                       uint64_t end) {
  mems_chain *c = &heap->chain;
  mems_class *class = heap->runs.classes + number;
  uint64_t n = class->granules, count = (end - g) / n;
  chain_clear(c, g, end - g);
  mark_slots(c, n, g, end);
  for (uint64_t page = g / PAGE_GRANULES, back = 0;
       page < end / PAGE_GRANULES; page++, back++)
    runs_map(c)[page] = (uint16_t)(number | back << 8);
  class->slots += count;
  class->spare += count;
  heap->runs.spare += count * n;
  bins_include(&heap->runs.sets, g / REGION, number);
}

/* The run that begins at `page` and is all free is one HOLE again. */
static void dissolve(mems_heap *heap, unsigned number, uint64_t page,
                     uint64_t last) {
  mems_chain *c = &heap->chain;
  mems_class *class = heap->runs.classes + number;
  uint64_t g = page * PAGE_GRANULES, end = last * PAGE_GRANULES;
  uint64_t count = (end - g) / class->granules;
  chain_drop_all(c, g, end);
  for (; page < last; page++) runs_map(c)[page] = 0;
  class->slots -= count;
  class->spare -= count;
  heap->runs.spare -= count * class->granules;
  if (class->slots == 0) class->asks = 0;
  hole_free(heap, g, end - g, false);
}

/* Slots that begin in a page are spare now, the last of which ends at `end`:
   their run goes if all of it is, else the pages are idle that are. */
static void settle(mems_heap *heap, unsigned number, uint64_t page,
                   uint64_t end) {
  const mems_chain *c = &heap->chain;
  uint64_t run = page - runs_back(runs_map(c)[page]);
  bool clear = runs_page_is_clear(c, page);
  if (!bins_has(&heap->runs.sets, run, number))
    bins_include(&heap->runs.sets, run, number);
  if (!clear && end <= (page + 1) * PAGE_GRANULES) return;
  uint64_t last = runs_last(c, run);
  if (clear && chain_is_clear(c, run * PAGE_GRANULES,
                              (last - run) * PAGE_GRANULES)) {
    dissolve(heap, number, run, last);
    return;
  }
  last = at_most(last, (end - 1) / PAGE_GRANULES + 1);
  for (; page < last; page++)
    if (runs_page_is_spare(&heap->runs, c, page))
      idle_add(&heap->idle, heap, (mems_pages){page, page + 1});
}

/* The same for all these slots, once for those side by side in a page. */
static void settle_all(mems_heap *heap, unsigned number, const uint32_t *slots,
                       uint64_t count) {
  uint64_t n = heap->runs.classes[number].granules;
  for (uint64_t i = 0, end; i < count; i++) {
    uint64_t page = slots[i] / PAGE_GRANULES;
    for (end = slots[i] + n; i + 1 < count; i++) {
      if (slots[i + 1] / PAGE_GRANULES != page) break;
      end = at_least(end, slots[i + 1] + n);
    }
    /* its run may have gone meanwhile */
    if (runs_agree(&heap->chain, number, slots[i]))
      settle(heap, number, page, end);
  }
}

/* The slot g, which a stack of class `number` names, is named no more; false
   if it was not named rightly. */
static bool unname(const mems_heap *heap, unsigned number, uint64_t g) {
  const mems_chain *c = &heap->chain;
  if (g >= c->end || !runs_agree(c, number, g)) return false;
  uint64_t *w = chain_useds(c) + g / WORD, i = g % WORD;
  if (LIKELY(i < WORD - 1)) {
    if ((*w >> i & 3) != 2) return false;
    truth_put(w, *w & ~(bit(1) << i));
  } else { /* its two bits are in two words */
    if (!runs_is_free(c, g, true)) return false;
    runs_name(c, g, false);
  }
  return true;
}

/* The oldest slots of a stack go back to the runs, until `keep` are left. What
   is written in the first loop is read in the second, when it has long left
   the processor. */
static void empty(mems_heap *heap, unsigned number, uint64_t keep) {
  mems_runs *r = &heap->runs;
  mems_class *class = r->classes + number;
  uint32_t *slots = r->stacks + class->first;
  uint64_t count = runs_stacked(class), given = 0;
  if (count <= keep) return;
  for (uint64_t i = 0; i < count - keep; i++) {
    uint32_t g = slots[i];
    if (unname(heap, number, g)) slots[given++] = g;
  }
  if (given) r->passed[number] = 0;
  class->spare += given;
  r->spare += given * class->granules;
  r->taken -= given * class->granules;
  settle_all(heap, number, slots, given);
  memmove(slots, slots + (count - keep), keep * sizeof *slots);
  class->top = class->first + (uint16_t)keep;
}

/* Empties the stack of the class whose turn it is; how many slots it had. */
static uint64_t flush_next(mems_heap *heap) {
  mems_runs *r = &heap->runs;
  r->turn = (r->turn + 1) % SIZES;
  uint64_t count = runs_stacked(r->classes + r->turn);
  empty(heap, r->turn, 0);
  return count;
}

/* Empties stacks, class by class, until `most` slots have gone. */
static void flush_some(mems_heap *heap, uint64_t most) {
  uint64_t count = 0;
  for (unsigned i = 0; i < SIZES && count < most; i++)
    count += flush_next(heap);
}

/* Do stacks, with idle pages, keep more from the OS than may stay in memory? */
static bool holds_much(const mems_heap *heap) {
  uint64_t most = at_least(IDLE_LEAST / GRANULE, heap_taken(heap) / 4);
  uint64_t named = heap->runs.taken - runs_used(&heap->runs);
  return named > most / 8 && named + heap->idle.pages * PAGE_GRANULES > most;
}

/* A number below n, which is not 0 (Marsaglia's xorshift). */
static uint64_t draw(mems_heap *heap, uint64_t n) {
  uint64_t x = heap->random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  heap->random = x;
  return (x >> 16) % n;
}

/* Puts the slot that is `count` - 1 behind `slots` in any place of them. */
static void shuffle_in(mems_heap *heap, uint32_t *slots, uint64_t count) {
  uint64_t i = draw(heap, count);
  uint32_t last = slots[count - 1];
  slots[count - 1] = slots[i];
  slots[i] = last;
}

/* Stacks get no deeper than befits what lives in their classes. */
static void limit_depths(mems_heap *heap) {
  mems_runs *r = &heap->runs;
  for (unsigned i = 2; i < SIZES; i++) {
    mems_class *class = r->classes + i;
    uint64_t depth = runs_depth(class->granules, runs_live(r, i));
    depth = at_least(depth, runs_stacked(class));
    class->last = (uint16_t)at_most(class->last, class->first + depth);
  }
}

/* Do stacks hold half as much as lives? Idle classes that keep their slots
   could make a heap map far more than twice as much as ever lived. */
static bool holds_half(const mems_heap *heap) {
  uint64_t named = heap->runs.taken - runs_used(&heap->runs);
  return named > heap_used(heap) / 2;
}

/* Puts a slot on the stack of its class. */
static void push(mems_heap *heap, unsigned number, uint32_t g) {
  mems_runs *r = &heap->runs;
  mems_class *class = r->classes + number;
  if (class->top == class->last) {
    /* what a program takes and gives in turns, the stack has room for */
    uint64_t depth = class->last - class->first;
    if (class->full || holds_half(heap)) depth /= 2;
    class->full = 1;
    depth = at_least(depth, runs_depth(class->granules, runs_live(r, number)));
    empty(heap, number, depth / 2);
    class->last = (uint16_t)(class->first + depth);
    if (class->granules > SMALL_SLOT && holds_much(heap)) {
      flush_some(heap, FLUSH_MOST);
      limit_depths(heap);
    }
  }
  r->stacks[class->top++] = g;
  if (heap->random)
    shuffle_in(heap, r->stacks + class->first, runs_stacked(class));
}

void slot_put(mems_heap *heap, unsigned number, uint64_t g) {
  mems_runs *r = &heap->runs;
  if (r->recent_class) push(heap, r->recent_class, r->recent);
  if (heap->random && number) { /* none stands in front */
    push(heap, number, (uint32_t)g);
    number = 0;
  }
  r->recent = (uint32_t)g;
  r->recent_class = number;
}

void slot_flush(mems_heap *heap, uint64_t most) {
  slot_put(heap, 0, 0);
  flush_some(heap, most);
}

/* Empties stacks to make room, for a page only until some run was dissolved
   that has it. */
static uint64_t flush_for(mems_heap *heap, uint64_t n, uint64_t align) {
  mems_runs *r = &heap->runs;
  uint64_t count = 0, before = r->taken + r->spare, g = NOWHERE;
  slot_put(heap, 0, 0);
  for (unsigned i = 0; i < SIZES && count < FLUSH_MOST && g == NOWHERE; i++) {
    count += flush_next(heap);
    if (r->taken + r->spare == before) continue;
    before = r->taken + r->spare;
    r->classes[r->turn].lost = 1;
    if (n <= PAGE_GRANULES) g = hole_find(heap, n, align, true);
  }
  return g == NOWHERE && count ? hole_find(heap, n, align, true) : g;
}

/* May stacks be emptied for n granules? For a page of a larger heap not soon
   after a class has made the run again that it gave for one. */
static bool may_flush(const mems_heap *heap, uint64_t n) {
  return n > PAGE_GRANULES || heap->chain.end < 2 * JOINED ||
         heap->mallocs >= heap->runs.flush_from || holds_half(heap);
}

uint64_t slot_hole(mems_heap *heap, uint64_t n, uint64_t align) {
  uint64_t g = hole_find(heap, n, align, true);
  if (g == NOWHERE && may_flush(heap, n)) g = flush_for(heap, n, align);
  return g == NOWHERE ? hole_grow(heap, n, align) : g;
}

/* Names the free slots that begin in the word of g, below `last` and `most` at
   most, below `top`; how many. */
static uint64_t name_some(mems_chain *c, uint64_t g, uint64_t last,
                          uint32_t *top, uint64_t most) {
  uint64_t *useds = chain_useds(c) + g / WORD;
  const uint32_t *slot = top;
  uint64_t w = chain_starts(c)[g / WORD];
  if (w == 0) return 0;
  w &= ~(useds[0] | bits_behind(useds, 0));
  if (last - g < WORD) w = bits_below(w, (unsigned)(last - g));
  uint64_t left = w;
  for (; left && most-- > 0; left &= left - 1)
    *--top = (uint32_t)g + bit_first(left);
  useds[0] |= (w & ~left) << 1;
  useds[1] |= (w & ~left) >> (WORD - 1);
  return (uint64_t)(slot - top);
}

/* [g, end) is about to be used. */
static void touch(mems_heap *heap, uint64_t g, uint64_t end) {
  mems_pages p = pages_around(g, end);
  if (heap->verified) damage_wake(heap, p, 0, 0);
  idle_touch(&heap->idle, heap, p);
}

/* How many words of the run [g, last) have no free slot that none names. */
static uint64_t words_passed(const mems_runs *r, unsigned number, uint64_t g,
                             uint64_t last) {
  uint64_t passed = r->passed[number];
  return passed > g && passed < last ? (passed - g) / WORD : 0;
}

/* Puts free slots of the run at `page` on the stack of its class, the lowest
   on top: half as many as live, so that what is freed has room beside them;
   true if there may be more. */
static bool take_some(mems_heap *heap, unsigned number, uint64_t page) {
  mems_chain *c = &heap->chain;
  mems_runs *r = &heap->runs;
  mems_class *class = r->classes + number;
  uint32_t *slots = r->stacks + class->first;
  uint64_t count = 0, n = class->granules;
  uint64_t live = runs_live(r, number), deep = class->last - class->first;
  deep = at_least(deep, runs_depth(n, 4 * live));
  class->full = 0;
  class->last = (uint16_t)(class->first + deep);
  uint64_t most = at_most(at_least(live / 2, REFILL_LEAST), REFILL_MOST);
  most = at_most(most, deep);
  uint64_t g = page * PAGE_GRANULES, end = runs_last(c, page) * PAGE_GRANULES;
  uint64_t last = g + (end - g) / n * n; /* what is left behind is no slot */
  uint64_t words = (last - g + WORD - 1) / WORD;
  uint64_t first = heap->random ? draw(heap, words) : 0;
  uint64_t i = heap->random ? 0 : words_passed(r, number, g, last);
  for (; i < words && count < most; i++)
    count += name_some(c, g + (first + i) % words * WORD, last,
                       slots + most - count, most - count);
  /* it may have some yet */
  if (i > 0) r->passed[number] = (uint32_t)(g + (i - 1) * WORD);
  memmove(slots, slots + most - count, count * sizeof *slots);
  class->top = class->first + (uint16_t)count;
  class->spare -= count;
  r->spare -= count * n;
  r->taken += count * n;
  heap_raise(heap);
  if (heap->random) {
    for (uint64_t s = 2; s <= count; s++) shuffle_in(heap, slots, s);
    for (uint64_t s = 0; s < count; s++) touch(heap, slots[s], slots[s] + n);
  } else if (count) {
    touch(heap, slots[count - 1], slots[0] + n);
  }
  return count == most;
}

/* Fills an empty stack from the lowest run that has some free slots. */
static bool refill(mems_heap *heap, unsigned number) {
  mems_runs *r = &heap->runs;
  const mems_class *class = r->classes + number;
  uint64_t page = 0;
  while ((page = bins_find(&r->sets, page, number)) != NOWHERE) {
    const mems_chain *c = &heap->chain;
    uint64_t g = page * PAGE_GRANULES;
    bool run = g < c->end && runs_map(c)[page] == number;
    if (run && place_of(heap)->file &&
        !hole_claim(heap, g, runs_last(c, page) * PAGE_GRANULES - g)) {
      page++; /* others may be in the file in whole */
      continue;
    }
    if (!run || !take_some(heap, number, page))
      bins_exclude(&r->sets, page, number);
    if (runs_stacked(class)) return true;
    page++;
  }
  return false;
}

/* Notes now and then how many blocks live, and whether they come and go, or
   hardly any but come. */
static void observe(mems_heap *heap) {
  mems_runs *r = &heap->runs;
  uint64_t came = heap->mallocs - r->mallocs;
  if (came < OBSERVED) return;
  uint64_t live = heap_live(heap), stayed = live - at_most(live, r->live);
  r->churns = 2 * stayed < came;
  r->live = live;
  r->mallocs = heap->mallocs;
}

/* A class has a run again soon after it gave one to make room: if the heap does
   not grow, so it may go on, round after round. */
static void regret(mems_heap *heap) {
  mems_runs *r = &heap->runs;
  r->flush_from = heap->mallocs + REGRET * r->live;
}

/* Makes one more run of a class; false if it gets none. */
static bool make_run(mems_heap *heap, unsigned number, uint64_t asked) {
  mems_class *class = heap->runs.classes + number;
  uint64_t n = next_pages(heap, number, asked) * PAGE_GRANULES;
  if (n == 0) return false;
  int error = own_of(heap)->error;
  uint64_t g = slot_hole(heap, n, PAGE_GRANULES);
  own_of(heap)->error = error;
  if (g == NOWHERE) return false;
  if (g + n > UINT32_MAX || !hole_claim(heap, g, n)) {
    hole_free(heap, g, n, false);
    return false;
  }
  make_slots(heap, number, g, g + n);
  observe(heap);
  if (class->lost) regret(heap);
  class->lost = 0;
  return true;
}

/* The slot that was put last of all of a class; NOWHERE if there is none. */
static uint64_t pop(mems_heap *heap, unsigned number) {
  const mems_runs *r = &heap->runs;
  uint64_t g;
  while (r->recent_class == number || runs_stacked(r->classes + number))
    if (slot_pop(heap, number, &g)) return g;
  return NOWHERE;
}

/* A slot of a class from its stack or its runs. */
static uint64_t take(mems_heap *heap, unsigned number) {
  uint64_t g = pop(heap, number);
  return g == NOWHERE && refill(heap, number) ? pop(heap, number) : g;
}

/* May a class that has no free slot take one of the next? While blocks come and
   go, as many live in a class now and then as never before: that is worth a run
   only if it happens often. Powers of two also serve requests that are aligned,
   which may be worth no run themselves. */
static bool may_borrow(mems_heap *heap, unsigned number) {
  mems_class *class = heap->runs.classes + number, *next = class + 1;
  if (!heap->runs.churns || class->slots == 0 || number + 1 == SIZES ||
      is_power_of_two(class->granules))
    return false;
  if (next->spare + runs_stacked(next) == 0) return false;
  return ++class->asks % BORROWED != 0;
}

uint64_t slot_take(mems_heap *heap, unsigned *number, uint64_t n,
                   bool longer) {
  uint64_t g = take(heap, *number);
  if (g == NOWHERE && longer && may_borrow(heap, *number)) {
    g = take(heap, *number + 1);
    if (g != NOWHERE) ++*number;
  }
  return g == NOWHERE && make_run(heap, *number, n) ? take(heap, *number) : g;
}

uint64_t slot_find(mems_heap *heap, unsigned *number, uint64_t align) {
  uint64_t g = NOWHERE;
  for (unsigned i = *number; g == NOWHERE && i < SIZES; i++) {
    if (size_granules(i) % align) continue;
    g = take(heap, i);
    *number = i;
  }
  return g;
}
