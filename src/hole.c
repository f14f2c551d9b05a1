/*
** hole.c - the search for a HOLE, the growth of the heap, merging.
**
** A request goes down this list and stops at the first that serves it:
**
**   slice      cut the next piece off              small requests only
**   search     the lowest region whose bound promises enough, there the
**              best fit
**   flush      merge what waits in the quick lists, search again
**   grow       a new node
**   search     once more, as long as it takes, before memory is refused
*/

#include "hole.h"

enum { EIGHTH = 8 };

/*
** Merging. The freed segment g, its neighbours, and what is left:
**
**   P g P   ->  P H P      nothing to merge
**   P g H   ->  P H .      the next start goes
**   H g P   ->  H . P      its own start goes
**   H g H   ->  H . .      both go
**
** A start of a node never goes.
*/
static uint64_t extend(mems_chain *c, uint64_t g) {
  uint64_t end = chain_next(c, g);
  while (chain_is_hole(c, end) && !chain_is_node(c, end)) {
    uint64_t next = chain_next(c, end);
    chain_drop(c, end);
    end = next;
  }
  return end;
}

mems_hole hole_coalesce(mems_heap *heap, uint64_t g) {
  mems_chain *c = &heap->chain;
  uint64_t end = extend(c, g);
  while (!chain_is_node(c, g)) {
    uint64_t before = chain_prev(c, g - 1);
    if (!chain_is_hole(c, before)) break;
    chain_drop(c, g);
    g = before;
  }
  if (heap->slice - g < end - g) heap->slice_left = 0, heap->slice = NOWHERE;
  return (mems_hole){g, end - g};
}

uint64_t hole_extend(mems_heap *heap, uint64_t g) {
  if (!chain_is_hole(&heap->chain, g) || chain_is_node(&heap->chain, g))
    return 0;
  mems_hole hole = hole_coalesce(heap, g);
  return hole.size;
}

void hole_free(mems_heap *heap, uint64_t g) {
  mems_hole hole = hole_coalesce(heap, g);
  bins_note(&heap->bins, hole.at, hole.size);
}

/* Puts the HOLE of n granules at g into its quick list, if it has one. */
static bool shelve(mems_heap *heap, uint64_t g, uint64_t n) {
  if (n > QUICK_MOST || heap->quick_size == 0) return false;
  if (!quick_push(&heap->bins, n, g)) return false;
  dict_touch(&heap->dict, g + n); /* it may be handed out unseen */
  return true;
}

/* The HOLE of n granules at g is left over; it has no HOLE beside it. */
static void spare(mems_heap *heap, uint64_t g, uint64_t n) {
  if (!shelve(heap, g, n)) bins_note(&heap->bins, g, n);
}

static void slice_release(mems_heap *heap) {
  uint64_t g = heap->slice;
  heap->slice = NOWHERE;
  heap->slice_left = 0;
  if (g < heap->chain.end && chain_is_hole(&heap->chain, g))
    spare(heap, g, chain_next(&heap->chain, g) - g);
}

static void slice_set(mems_heap *heap, uint64_t g, uint64_t n) {
  slice_release(heap);
  heap->slice = g;
  heap->slice_left = at_most(n, SLICE_GRANULES);
}

static uint64_t slice_cut(mems_heap *heap, uint64_t n) {
  uint64_t g = heap->slice;
  if (heap->slice_left < n) return NOWHERE;
  heap->slice = g + n;
  heap->slice_left -= n;
  if (!chain_is_start(&heap->chain, g + n)) chain_begin(&heap->chain, g + n);
  if (heap->slice_left == 0) slice_release(heap);
  return g;
}

void hole_flush(mems_heap *heap) {
  slice_release(heap);
  for (uint64_t n = 1; n <= QUICK_MOST; n++) {
    uint64_t g;
    while ((g = quick_pop(&heap->bins, n)) != NOWHERE)
      if (g < heap->chain.end && chain_is_hole(&heap->chain, g))
        hole_free(heap, g);
  }
}

/* What a search wants, and the best that it has seen. */
typedef struct mems_wish {
  uint64_t n, align;
  mems_hole best; /* of size 0: none yet */
} mems_wish;

static bool fits(const mems_wish *wish, mems_hole hole) {
  uint64_t skipped = round_up(hole.at, wish->align) - hole.at;
  return hole.size >= skipped + wish->n;
}

/* Harvests one region: merges its holes, keeps the best fit, lays others of
   just the size asked for in their quick list, sets the bound anew. */
static void harvest(mems_heap *heap, uint64_t region, mems_wish *wish) {
  uint64_t g = region * REGION, most = 0;
  uint64_t until = at_most(g + REGION, heap->chain.end);
  while (g < until && (g = chain_hole(&heap->chain, g, until)) != NOWHERE) {
    mems_hole hole = hole_coalesce(heap, g), other = hole;
    g = hole.at + hole.size;
    if (fits(wish, hole) &&
        (wish->best.size == 0 || hole.size < wish->best.size)) {
      other = wish->best;
      wish->best = hole;
    }
    if (other.size == 0) continue;
    if (other.at < region * REGION)
      bins_note(&heap->bins, other.at, other.size);
    else if (other.size != wish->n || !shelve(heap, other.at, other.size))
      most = at_least(most, other.size);
  }
  bins_lower(&heap->bins, region, 0);
  if (most) bins_note(&heap->bins, region * REGION, most);
}

/* Looks in `tries` regions at most: first in those that are sure to have
   enough if their bound is true, then in those that may. */
static bool search(mems_heap *heap, mems_wish *wish, uint64_t tries) {
  unsigned sure = class_for(wish->n + wish->align - 1);
  unsigned may = class_of(wish->n);
  if (sure > CLASS_MOST) sure = CLASS_MOST;
  for (unsigned c = sure; ; c = may) {
    uint64_t region = bins_find(&heap->bins, 0, c);
    while (region != NOWHERE && tries-- > 0) {
      harvest(heap, region, wish);
      if (wish->best.size) return true;
      region = bins_find(&heap->bins, region + 1, c);
    }
    if (c == may) return false;
  }
}

/* From here on less used memory means that some goes back: more than 1 MiB
   and a quarter of what is mapped is then unused. */
static void set_relief(mems_heap *heap) {
  uint64_t mapped = heap->chain.end;
  uint64_t idle = at_least(mapped / 4, (1 << 20) / GRANULE);
  heap->relief = mapped > idle ? mapped - idle : 0;
}

static bool grow_by(mems_heap *heap, uint64_t granules) {
  return bins_reach(&heap->bins, heap->chain.end + granules) &&
         chain_grow(&heap->chain, granules);
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
  wish->best = (mems_hole){mapped, heap->chain.end - mapped};
  set_relief(heap);
  return true;
}

/* Cuts [at, at + n) out of a hole:  [ front | n granules | rest ]. */
static uint64_t cut(mems_heap *heap, mems_hole hole, uint64_t n,
                    uint64_t align) {
  uint64_t at = round_up(hole.at, align), end = hole.at + hole.size;
  if (at > hole.at) {
    chain_begin(&heap->chain, at);
    bins_note(&heap->bins, hole.at, at - hole.at);
  }
  if (at + n < end) {
    chain_begin(&heap->chain, at + n);
    if (n <= QUICK_MOST)
      slice_set(heap, at + n, end - at - n);
    else
      spare(heap, at + n, end - at - n);
  }
  return at;
}

static bool find(mems_heap *heap, mems_wish *wish) {
  if (search(heap, wish, SEARCH_TRIES)) return true;
  hole_flush(heap);
  return search(heap, wish, SEARCH_TRIES) || grow(heap, wish) ||
         search(heap, wish, UINT64_MAX);
}

uint64_t hole_alloc(mems_heap *heap, uint64_t n, uint64_t align) {
  uint64_t g = NOWHERE;
  if (n <= QUICK_MOST && align == 1) g = slice_cut(heap, n);
  if (g == NOWHERE) {
    mems_wish wish = {n, align, {0, 0}};
    if (!find(heap, &wish)) return NOWHERE;
    g = cut(heap, wish.best, n, align);
  }
  dict_touch(&heap->dict, g + n);
  return g;
}
