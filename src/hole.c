/*
** hole.c - the search for a HOLE, the growth of the heap, merging.
**
** A request goes down this list and stops at the first that serves it:
**
**   slice      cut the next piece off                 small requests only
**   flush      merge what waits in the quick lists    small heaps only
**   search     the smallest size class that will do, the lowest region
**              that has it, there the best fit
**   flush      if much waits there, and search again
**   release    let go of the slice, if it would do, and search again
**   grow       a new node
**   search     once more, as long as it takes, before memory is refused
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

/* Blocks are often freed in the order of their addresses: then the hole that
   was merged last ends where the next one begins, and its start, which may
   be far, need not be searched. */
static uint64_t start_before(const mems_heap *heap, uint64_t g) {
  if (heap->merged.at + heap->merged.size == g) return heap->merged.at;
  return chain_prev(&heap->chain, g - 1);
}

static void forget_merged(mems_heap *heap) {
  heap->merged = (mems_run){NOWHERE, 0};
}

/* Its hole is somebody else's now. */
static void forget_slice(mems_heap *heap) {
  heap->slice = NOWHERE;
  heap->slice_left = 0;
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
    uint64_t before = start_before(heap, g);
    if (chain_is_hole(c, before) && !chain_is_parked(c, before)) {
      chain_drop(c, g);
      g = before;
    }
  }
  if (heap->slice - g < end - g) forget_slice(heap);
  heap->merged = (mems_run){g, end - g};
  return heap->merged;
}

uint64_t hole_take(mems_heap *heap, uint64_t g) {
  if (!merges(&heap->chain, g)) return 0;
  forget_merged(heap);
  if (heap->slice == g) forget_slice(heap);
  return chain_next(&heap->chain, g) - g;
}

void hole_free(mems_heap *heap, uint64_t g, uint64_t n) {
  chain_park(&heap->chain, g, n, false);
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
  uint64_t used = heap->used + at_most(n, SLICE_GRANULES);
  if (used > heap->high) hole_rearm(heap, used);
  heap->slice = g;
  heap->slice_left = at_most(n, SLICE_GRANULES);
}

/* Cuts the last piece of the slice, and lets go of the hole behind it. */
static uint64_t slice_end(mems_heap *heap, uint64_t n) {
  uint64_t g = heap->slice;
  if (heap->slice_left < n) return NOWHERE;
  uint64_t left = chain_next(&heap->chain, g) - g - n;
  if (left > 0) chain_begin(&heap->chain, g + n, left);
  heap->slice = g + n;
  slice_release(heap);
  return g;
}

void hole_flush(mems_heap *heap) {
  slice_release(heap);
  for (uint64_t n = 2; n <= QUICK_MOST; n++) {
    uint64_t g;
    while ((g = quick_pop(&heap->bins, n)) != NOWHERE)
      if (g < heap->chain.end && chain_is_hole(&heap->chain, g))
        hole_free(heap, g, chain_next(&heap->chain, g) - g);
  }
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
  uint64_t g = region * REGION, left = 0;
  uint64_t until = at_most(g + REGION, heap->chain.end);
  while (g < until && (g = chain_hole(&heap->chain, g, until)) != NOWHERE) {
    mems_run hole = {g, chain_next(&heap->chain, g) - g}, other = hole;
    if (!chain_is_parked(&heap->chain, g)) {
      if (fits(wish, hole) &&
          (wish->best.size == 0 || hole.size < wish->best.size)) {
        other = wish->best;
        wish->best = hole;
      }
      if (other.size) left |= bit(class_of(other.size));
    }
    g = hole.at + hole.size;
  }
  if ((left >> c & 1) == 0) bins_exclude(&heap->bins, region, c);
  if (wish->best.size == 0) return;
  if (wish->best.at == heap->slice) forget_slice(heap);
  unsigned taken = class_of(wish->best.size);
  if ((left >> taken & 1) == 0) bins_exclude(&heap->bins, region, taken);
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
  uint64_t end = at_most(heap->chain.end, QUICK_END);
  heap->quick_end = heap->quick_size ? end : 0;
  forget_merged(heap);
}

static bool grow_by(mems_heap *heap, uint64_t granules) {
  if (!bins_reach(&heap->bins, heap->chain.end + granules)) return false;
  if (!chain_grow(&heap->chain, granules)) return false;
  hole_set_end(heap);
  return true;
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

/* A small heap merges before it searches, so that blocks land where whoever
   reads its chains expects them: in the hole that fits. */
static bool is_small(const mems_heap *heap) {
  return heap->chain.end <= SMALL_HEAP;
}

/* Cuts [at, at + n) out of a hole:  [ front | n granules | rest ]. */
static uint64_t cut(mems_heap *heap, mems_run hole, uint64_t n,
                    uint64_t align) {
  uint64_t at = round_up(hole.at, align), end = hole.at + hole.size;
  forget_merged(heap);
  if (at > hole.at) {
    chain_begin(&heap->chain, at, end - at);
    bins_note(&heap->bins, hole.at, at - hole.at);
  }
  if (at + n < end) {
    uint64_t rest = end - at - n;
    chain_begin(&heap->chain, at + n, rest);
    bool small = n <= QUICK_MOST && align == 1;
    if (small && rest >= SLICE_LEAST && !is_small(heap))
      slice_set(heap, at + n, rest);
    else
      bins_note(&heap->bins, at + n, rest);
  }
  return at;
}

/* Merging what is parked gives up fast reuse, so a heap prefers to grow as
   long as little is parked. */
static bool much_is_parked(const mems_heap *heap) {
  uint64_t parked = 0;
  for (uint64_t n = 2; n <= QUICK_MOST; n++)
    parked += n * quick_count(&heap->bins, n);
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

static bool find(mems_heap *heap, mems_wish *wish) {
  if (is_small(heap)) hole_flush(heap);
  if (search(heap, wish, SEARCH_TRIES)) return true;
  if (!is_small(heap) && much_is_parked(heap)) {
    hole_flush(heap);
    if (search(heap, wish, SEARCH_TRIES)) return true;
  }
  if (slice_fits(heap, wish)) {
    slice_release(heap);
    if (search(heap, wish, SEARCH_TRIES)) return true;
  }
  if (grow(heap, wish)) return true;
  hole_flush(heap);
  return search(heap, wish, UINT64_MAX);
}

void hole_rearm(mems_heap *heap, uint64_t used) {
  uint64_t idle = at_least(used / 2, IDLE_LEAST / GRANULE);
  heap->high = used;
  heap->relief = used > idle ? used - idle : 0;
}

uint64_t hole_alloc(mems_heap *heap, uint64_t n, uint64_t align) {
  uint64_t g = NOWHERE;
  if (n <= QUICK_MOST && align == 1) {
    g = hole_slice(heap, n);
    if (g != NOWHERE) return g;
    g = slice_end(heap, n);
  }
  if (g == NOWHERE) {
    mems_wish wish = {n, align, {0, 0}};
    if (!find(heap, &wish)) return NOWHERE;
    g = cut(heap, wish.best, n, align);
  }
  dict_touch(&heap->dict, g + n);
  if (heap->used + n > heap->high) hole_rearm(heap, heap->used + n);
  return g;
}
