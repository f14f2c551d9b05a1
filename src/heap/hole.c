/*
** hole.c - the search for a HOLE, the growth of the heap, merging.
**
** A request goes down this list and stops at the first that serves it:
**
**   slice      cut the next piece off                 small requests only
**   flush      merge what waits in the quick lists    heaps of a few pages
**   search     the smallest size class that will do, the lowest region
**              that has it, there the best fit
**   merge      some of it if much waits there, or all if the heap is small and
**              the request is not, and search again
**   release    let go of the slice, if it would do, and search again
**   grow       a new node
**   at last    merge and search by turns, then search as long as it takes
*/

#include "hole.h"

enum { EIGHTH = 8 };

#define IDLE_LEAST ((uint64_t)1 << 20)

/*
** Merging. The freed segment g, its neighbours, and what is left:
**
**   P g P   ->  P H P      nothing to merge
**   P g H   ->  P H .      the next start goes
**   H g P   ->  H . P      its own start goes
**   H g H   ->  H . .      both go
**
** A start of a node never goes, nor does a HOLE that is parked.
*/
static bool merges(const mems_chain *c, uint64_t g) {
  return chain_is_hole(c, g) && !chain_is_parked(c, g) &&
         !chain_is_node(c, g);
}

/* Its hole is somebody else's now. */
static void forget_slice(mems_heap *heap) {
  heap_note_slice(heap);
  heap->slice = heap->slice_end = NOWHERE;
}

/* The HOLE [g, end) with its neighbours. */
static mems_run coalesce(mems_heap *heap, uint64_t g, uint64_t end) {
  mems_chain *c = &heap->chain;
  while (merges(c, end)) {
    uint64_t next = chain_next(c, end);
    chain_drop(c, end);
    end = next;
  }
  if (!chain_is_node(c, g)) {
    uint64_t before = chain_prev(c, g - 1);
    if (chain_is_hole(c, before) && !chain_is_parked(c, before)) {
      chain_drop(c, g);
      g = before;
    }
  }
  if (heap->slice - g < end - g) forget_slice(heap);
  return (mems_run){g, end - g};
}

uint64_t hole_take(mems_heap *heap, uint64_t g) {
  if (!merges(&heap->chain, g)) return 0;
  if (heap->slice == g) forget_slice(heap);
  return chain_next(&heap->chain, g) - g;
}

void hole_free(mems_heap *heap, uint64_t g, uint64_t n) {
  chain_unpark(&heap->chain, g, n);
  mems_run hole = coalesce(heap, g, g + n);
  bins_note(&heap->bins, hole.at, hole.size);
}

static void slice_release(mems_heap *heap) {
  uint64_t g = heap->slice;
  forget_slice(heap);
  if (g < heap->chain.end && chain_is_hole(&heap->chain, g) &&
      !chain_is_parked(&heap->chain, g))
    bins_note(&heap->bins, g, chain_next(&heap->chain, g) - g);
}

static void slice_set(mems_heap *heap, uint64_t g, uint64_t n) {
  slice_release(heap);
  uint64_t left = at_most(n, SLICE_GRANULES);
  uint64_t used = heap_used(heap) + left;
  if (used > heap->high) hole_rearm(heap, used);
  chain_clear(&heap->chain, g, left);
  heap->slice = g;
  heap->slice_end = g + left;
}

/* Cuts n granules off the slice; with the last piece the hole behind it is
   let go. NOWHERE if it is too short. */
static uint64_t slice_cut(mems_heap *heap, uint64_t n) {
  uint64_t g = heap->slice;
  bool last = !hole_slice_has(heap, n);
  if (heap->slice_end - g < n) return NOWHERE;
  uint64_t left = chain_next(&heap->chain, g) - g - n;
  if (left > 0) chain_begin(&heap->chain, g + n, left);
  heap->slice = g + n;
  if (last) slice_release(heap);
  return g;
}

/* The row of HOLEs of n granules that is cut from `room` granules at g: the
   first one is asked for, the others are for their list, as far as it has
   room. */
static mems_row row_for(const mems_heap *heap, uint64_t g, uint64_t n,
                        uint64_t room) {
  mems_row row = {g, n, 1};
  if (n > NEAR || g + room > heap->quick.end) return row;
  uint64_t most = quick_space(&heap->quick.lists[n]) + 1;
  row.count = at_least(1, at_most(most, at_most(room, ROW_GRANULES) / n));
  return row;
}

/* Splits off all HOLEs of a row and parks all but the first. They will be
   taken in the order of their addresses. */
static void park_row(mems_heap *heap, mems_row row) {
  chain_split_row(&heap->chain, row, heap->quick.lists[row.n].useds);
  for (uint64_t i = row.count; --i > 0; )
    quick_push(&heap->quick, &heap->quick.lists[row.n], row.at + i * row.n);
  heap->flushed = NOWHERE;
}

uint64_t hole_refill(mems_heap *heap, uint64_t n) {
  mems_chain *c = &heap->chain;
  uint64_t g = heap->slice;
  mems_row row = row_for(heap, g, n, heap->slice_end - g - 2);
  heap->slice = row_end(row);
  if (chain_mark(c, heap->slice)) chain_word_filled(c, heap->slice);
  park_row(heap, row);
  return g;
}

/* Do segments at a and b, one behind the other, lie in the same node? */
static bool share_node(const mems_heap *heap, uint32_t a, uint32_t b) {
  uint64_t upper = at_least(a, b);
  return upper < heap->quick.end && !chain_is_node(&heap->chain, upper);
}

/* The last `most` entries of a list that are a row in one node, up or down; at
   least one. */
static mems_row last_row(const mems_heap *heap, const mems_list *list,
                         uint64_t most) {
  const uint32_t *last = heap->quick.slots + list->top - 1;
  mems_row row = {last[0], list->granules, 1};
  uint32_t n = list->granules, step = most > 1 ? last[-1] - last[0] : 0;
  if (step != n && step != -n) return row;
  while (row.count < most && last[-1] - last[0] == step &&
         share_node(heap, last[-1], last[0])) {
    row.count++;
    last--;
  }
  if (step != n) row.at = last[0];
  return row;
}

/* Is all of a row there? */
static bool row_agrees(const mems_heap *heap, const mems_list *list,
                       mems_row row) {
  const mems_chain *c = &heap->chain;
  uint64_t g = row.at, end = row_end(row);
  if (g >= end || end > heap->quick.end) return false;
  if (row.n <= NEAR)
    return chain_is_row(c, row, list->useds, list->useds_mask);
  while (g < end && quick_agrees(list, c, g)) g += row.n;
  return g == end;
}

/* Makes one HOLE of a row. */
static void join_row(mems_chain *c, mems_row row) {
  if (row.n <= NEAR)
    chain_drop_all(c, row.at, row_end(row), row.count - 1);
  else
    for (uint64_t i = 1; i < row.count; i++)
      chain_drop(c, row.at + i * row.n);
}

/* Merges the last entries of a list, `most` at most; returns how many. */
static uint64_t merge_last(mems_heap *heap, mems_list *list, uint64_t most) {
  mems_chain *c = &heap->chain;
  mems_row row = last_row(heap, list, most);
  if (row.count > 1 && row_agrees(heap, list, row)) {
    list->top -= (uint32_t)row.count;
    join_row(c, row);
    hole_free(heap, row.at, row.n * row.count);
    return row.count;
  }
  uint64_t g = quick_pop(&heap->quick, list);
  if (g < heap->quick.end && quick_agrees(list, c, g))
    hole_free(heap, g, list->granules);
  return 1;
}

/* Merges and notes what waits in a list, the newest first, until `keep`
   entries are left or `most` were merged; returns how many were. */
static uint64_t merge_list(mems_heap *heap, mems_list *list, uint64_t keep,
                           uint64_t most) {
  uint64_t count = 0, left;
  while (count < most && (left = quick_count(list)) > keep)
    count += merge_last(heap, list, at_most(left - keep, most - count));
  return count;
}

/* The newest are merged: their bits are still at hand. From here on the hole
   that was freed last is an entry like all others. */
void hole_settle(mems_heap *heap) {
  mems_quick *q = &heap->quick;
  unsigned number = q->recent_number;
  bool listed = quick_list_recent(q);
  q->recent_number = NONE;
  if (listed) return;
  mems_list *list = q->lists + number;
  merge_list(heap, list, quick_count(list) / 2, MERGE_MOST);
  quick_push(q, list, q->recent);
}

/* Merges what waits, list by list from *number on, `most` at most; false if
   it stopped at that. *number is the list to go on with. */
static bool merge_lists(mems_heap *heap, unsigned *number, uint64_t most) {
  for (unsigned i = 0; i < NUMBERS; i++) {
    most -= merge_list(heap, &heap->quick.lists[*number], 0, most);
    if (most == 0) return false;
    *number = (*number + 1) % NUMBERS;
  }
  return true;
}

bool hole_merge_some(mems_heap *heap) {
  hole_settle(heap);
  return merge_lists(heap, &heap->turn, MERGE_MOST);
}

void hole_flush(mems_heap *heap) {
  slice_release(heap);
  uint64_t left = heap->frees - heap->flushed; /* no more than these wait */
  if (heap->flushed == NOWHERE) left = UINT64_MAX;
  if (left == 0) return;
  unsigned number = heap->quick.recent_number; /* where one is sure to */
  hole_settle(heap);
  merge_lists(heap, &number, left);
  heap->flushed = heap->frees;
}

/* What a search wants, and the best that it has seen. */
typedef struct mems_wish {
  uint64_t n, align;
  mems_run best; /* of size 0: none yet */
} mems_wish;

static bool fits(const mems_wish *wish, mems_run hole) {
  uint64_t skipped = round_up(hole.at, wish->align) - hole.at;
  return hole.size >= skipped + wish->n;
}

/* Takes the best fit out of one region. Which classes are left is known
   then: the class looked for, and that of the hole taken, may go. */
static void pick(mems_heap *heap, uint64_t region, unsigned c,
                 mems_wish *wish) {
  uint64_t g = region * REGION, left[CLASSES / WORD] = {0};
  uint64_t until = at_most(g + REGION, heap->chain.end);
  while (g < until && (g = chain_hole(&heap->chain, g, until)) != NOWHERE) {
    mems_run hole = {g, chain_next(&heap->chain, g) - g}, other = hole;
    if (!chain_is_parked(&heap->chain, g)) {
      if (fits(wish, hole) &&
          (wish->best.size == 0 || hole.size < wish->best.size)) {
        other = wish->best;
        wish->best = hole;
      }
      if (other.size) set_class(left, class_of(other.size));
    }
    g = hole.at + hole.size;
  }
  if (wish->best.size) chain_expect(&heap->chain, wish->best.at + wish->n);
  if (!has_class(left, c)) bins_exclude(&heap->bins, region, c);
  if (wish->best.size == 0) return;
  if (wish->best.at == heap->slice) forget_slice(heap);
  unsigned taken = class_of(wish->best.size);
  if (!has_class(left, taken)) bins_exclude(&heap->bins, region, taken);
}

/* Looks for the wish in regions that have class c, in `tries` at most. */
static bool search_class(mems_heap *heap, mems_wish *wish, unsigned c,
                         uint64_t tries) {
  uint64_t region = bins_find(&heap->bins, 0, c);
  while (region != NOWHERE && tries-- > 0) {
    pick(heap, region, c, wish);
    if (wish->best.size) return true;
    region = bins_find(&heap->bins, region + 1, c);
  }
  return false;
}

/* Up from the class of n, in which a hole may do, to those in which every
   one does. */
static bool search(mems_heap *heap, mems_wish *wish, uint64_t tries) {
  unsigned sure = class_for(wish->n + wish->align - 1);
  unsigned c = bins_class(&heap->bins, class_of(wish->n));
  while (c != CLASS_NONE) {
    uint64_t regions = c < sure ? tries / SEARCH_TRIES * MAY_TRIES : tries;
    if (search_class(heap, wish, c, regions)) return true;
    c = bins_class(&heap->bins, c + 1);
  }
  return false;
}

void hole_set_end(mems_heap *heap) {
  mems_quick *q = &heap->quick;
  if (q->bytes) {
    q->end = at_most(heap->chain.end, UINT32_MAX);
    bool rounds = !hole_heap_is_small(heap);
    if (q->rounds != rounds) quick_set_rounding(q, rounds);
  }
  if (heap->slice != NOWHERE && heap->slice >= heap->chain.end)
    forget_slice(heap);
}

static bool grow_by(mems_heap *heap, uint64_t granules) {
  mems_chain *c = &heap->chain;
  uint64_t end = c->end + granules;
  if (bins_reach(&heap->bins, end) && dict_reach(&heap->dict, c, end) &&
      chain_grow(c, granules)) {
    hole_set_end(heap);
    return true;
  }
  bins_retreat(&heap->bins, c->end);
  dict_retreat(&heap->dict, c, c->end);
  return false;
}

/* A new node that holds n granules: with an eighth of the heap where limit
   and OS allow, else just the pages that n needs. */
static bool grow(mems_heap *heap, mems_wish *wish) {
  uint64_t mapped = heap->chain.end, left = heap->chain.limit - mapped;
  uint64_t need = round_up(wish->n, PAGE_GRANULES);
  uint64_t eighth = mapped / EIGHTH / PAGE_GRANULES * PAGE_GRANULES;
  uint64_t want = at_least(at_least(need, eighth), heap->node);
  if (need > left) {
    heap_fail(heap, MEMS_ELIMIT);
    return false;
  }
  want = at_most(want, left);
  if (!grow_by(heap, want) && (want == need || !grow_by(heap, need))) {
    heap_fail(heap, MEMS_ENOMEM);
    return false;
  }
  wish->best = (mems_run){mapped, heap->chain.end - mapped};
  return true;
}

/* Cuts [at, at + n) out of a hole:  [ front | n granules | rest ]. A heap that
   is not tight cuts more of the same size from the rest, for their list; but
   where memory is fresh the rest becomes the slice, so that what was never a
   block is known as such. */
static uint64_t cut(mems_heap *heap, mems_run hole, uint64_t n,
                    uint64_t align) {
  uint64_t at = round_up(hole.at, align), end = hole.at + hole.size;
  bool fresh = end > heap->dict.fresh;
  bool more = align == 1 && !hole_heap_is_tight(heap);
  mems_row row = {at, n, 1};
  if (more && !fresh) row = row_for(heap, at, n, end - at);
  if (at > hole.at) {
    chain_begin(&heap->chain, at, end - at);
    bins_note(&heap->bins, hole.at, at - hole.at);
  }
  uint64_t rest_at = row_end(row), rest = end - rest_at;
  if (rest > 0) {
    chain_begin(&heap->chain, rest_at, rest);
    if (more && n <= TABLE_MOST && (fresh || rest >= SLICE_LEAST))
      slice_set(heap, rest_at, rest);
    else
      bins_note(&heap->bins, rest_at, rest);
  }
  if (row.count > 1) park_row(heap, row);
  return at;
}

/* Merging what is parked gives up fast reuse, so a heap prefers to grow as
   long as little is parked. */
static bool much_is_parked(const mems_heap *heap) {
  uint64_t parked = 0;
  for (unsigned i = 0; i < NUMBERS; i++) {
    const mems_list *list = &heap->quick.lists[i];
    parked += list->granules * quick_count(list);
  }
  return parked > at_least(heap->chain.end / PARKED_PART, SMALL_HEAP);
}

/* The hole that the slice is cut from is in no set: small blocks stay apart
   from large ones, which saves a twelfth of the memory in churn. It is let go
   if it is more than an eighth of the heap and would do. */
static bool slice_fits(const mems_heap *heap, const mems_wish *wish) {
  uint64_t g = heap->slice;
  if (g >= heap->chain.end) return false;
  uint64_t size = chain_next(&heap->chain, g) - g;
  return size > heap->chain.end / EIGHTH && fits(wish, (mems_run){g, size});
}

/* Merges what is parked as far as that is better than to grow at once; false
   if not at all. */
static bool merge_for(mems_heap *heap, uint64_t n) {
  if (hole_heap_is_tight(heap)) return false;
  if (hole_heap_is_small(heap) && n >= PAGE_GRANULES)
    hole_flush(heap);
  else if (much_is_parked(heap))
    hole_merge_some(heap);
  else
    return false;
  return true;
}

static bool find(mems_heap *heap, mems_wish *wish, bool patient) {
  if (hole_heap_is_tight(heap)) hole_flush(heap);
  if (search(heap, wish, SEARCH_TRIES)) return true;
  if (merge_for(heap, wish->n) && search(heap, wish, SEARCH_TRIES))
    return true;
  if (slice_fits(heap, wish)) {
    slice_release(heap);
    if (search(heap, wish, SEARCH_TRIES)) return true;
  }
  if (grow(heap, wish)) return true;
  if (!patient) return false;
  while (!hole_merge_some(heap))
    if (search(heap, wish, SEARCH_TRIES)) return true;
  slice_release(heap);
  return search(heap, wish, UINT64_MAX);
}

void hole_rearm(mems_heap *heap, uint64_t used) {
  uint64_t idle = at_least(used / 2, IDLE_LEAST / GRANULE);
  heap->high = used;
  heap->relief = used > idle ? used - idle : 0;
}

static uint64_t alloc(mems_heap *heap, uint64_t n, uint64_t align,
                      bool patient) {
  uint64_t g = NOWHERE;
  if (n <= TABLE_MOST && align == 1) {
    g = slice_cut(heap, n);
  }
  if (g == NOWHERE) {
    mems_wish wish = {n, align, {0, 0}};
    if (!find(heap, &wish, patient)) return NOWHERE;
    g = cut(heap, wish.best, n, align);
  }
  dict_touch(&heap->dict, g + n);
  uint64_t used = heap_used(heap) + n;
  if (used > heap->high) hole_rearm(heap, used);
  return g;
}

uint64_t hole_alloc(mems_heap *heap, uint64_t n, uint64_t align) {
  return alloc(heap, n, align, true);
}

uint64_t hole_try(mems_heap *heap, uint64_t n, uint64_t align) {
  return alloc(heap, n, align, false);
}
