/*
** hole.c - the search for a HOLE, the growth of the heap, merging.
**
** A search goes from the smallest size class that will do to larger ones, in
** each to the lowest region that has it, and takes the best fit there. A heap
** grows by a node up to JOINED granules, then by more of the last one.
*/

#include "hole.h"

enum { GROWTH_PART = 48 }; /* of the heap: by so much it grows at least */

/* May the segment at g be merged with the one before it? */
static bool merges(const mems_chain *c, uint64_t g) {
  return chain_is_hole(c, g) && !chain_is_node(c, g) && !runs_has(c, g);
}

static void note(mems_heap *heap, uint64_t g, uint64_t n) {
  if (!hole_heap_is_tight(heap))
    bins_include(&heap->bins, g / REGION, class_of(n));
  for (int i = 0; i < 2; i++)
    if (n >= heap->hopeless[i]) heap->hopeless[i] = NOWHERE;
}

/*
** Merging. The freed segment g, its neighbours, and what is left:
**
**   P g P   ->  P H P      nothing to merge
**   P g H   ->  P H .      the next start goes
**   H g P   ->  H . P      its own start goes
**   H g H   ->  H . .      both go
**
** A start of a node never goes, nor does one of a run. The pages that lie in
** the HOLE now, and in none before, are idle.
*/
void hole_free(mems_heap *heap, uint64_t g, uint64_t n, bool fresh) {
  mems_chain *c = &heap->chain;
  uint64_t at = g, end = g + n;
  if (merges(c, end)) {
    uint64_t next = chain_next(c, end);
    chain_drop(c, end);
    end = next;
  }
  if (!chain_is_node(c, g)) {
    uint64_t before = chain_prev(c, g - 1);
    if (chain_is_hole(c, before) && !runs_has(c, before)) {
      chain_drop(c, g);
      at = before;
    }
  }
  mems_pages p = pages_around(g, g + n), inside = pages_inside(at, end);
  p.from = at_least(p.from, inside.from);
  p.to = at_most(p.to, inside.to);
  if (fresh) {
    mems_pages own = pages_inside(g, g + n);
    idle_add(&heap->idle, heap, pages_below(p, own));
    p = pages_above(p, own);
  }
  idle_add(&heap->idle, heap, p);
  note(heap, at, end - at);
}

void hole_occupy(mems_heap *heap, uint64_t g, uint64_t n, bool fresh) {
  mems_pages p = pages_around(g, g + n), inside = pages_inside(g, g + n);
  if (fresh) {
    idle_touch(&heap->idle, heap, pages_below(p, inside));
    p = pages_above(p, inside);
  }
  idle_touch(&heap->idle, heap, p);
}

void hole_reach(mems_heap *heap, uint64_t g, uint64_t n) {
  if (LIKELY(!dict_is_fresh(&heap->chain, g, n))) return;
  dict_set_fresh(&heap->chain, g, false);
  hole_occupy(heap, g, n, false);
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

/* Takes the best fit out of one region. Which classes are left is known
   then: the class looked for, and that of the hole taken, may go. */
static void pick(mems_heap *heap, uint64_t region, unsigned class,
                 mems_wish *wish) {
  const mems_chain *c = &heap->chain;
  uint64_t g = region * REGION, left[CLASSES / WORD] = {0};
  uint64_t until = at_most(g + REGION, c->end);
  if (g < until && runs_has(c, g)) until = g;
  while (g < until && (g = chain_hole(c, g, until)) != NOWHERE) {
    mems_hole hole = {g, chain_next(c, g) - g}, other = hole;
    if (fits(wish, hole) &&
        (wish->best.size == 0 || hole.size < wish->best.size)) {
      other = wish->best;
      wish->best = hole;
    }
    if (other.size) set_class(left, class_of(other.size));
    g = hole.at + hole.size;
  }
  if (wish->best.size) chain_expect(c, wish->best.at + wish->n);
  if (!has_class(left, class)) bins_exclude(&heap->bins, region, class);
  if (wish->best.size == 0) return;
  unsigned taken = class_of(wish->best.size);
  if (!has_class(left, taken)) bins_exclude(&heap->bins, region, taken);
}

/* Looks for the wish in regions that have the class, in `tries` at most. */
static bool search_class(mems_heap *heap, mems_wish *wish, unsigned class,
                         uint64_t tries) {
  uint64_t region = bins_find(&heap->bins, 0, class);
  while (region != NOWHERE && tries-- > 0) {
    pick(heap, region, class, wish);
    if (wish->best.size) return true;
    region = bins_find(&heap->bins, region + 1, class);
  }
  return false;
}

/* The best fit of all HOLEs. */
static bool search_tight(const mems_heap *heap, mems_wish *wish) {
  const mems_chain *c = &heap->chain;
  uint64_t g = 0, end = c->end;
  while (g < end && (g = chain_hole(c, g, end)) != NOWHERE) {
    uint64_t next = chain_next(c, g), size = next - g;
    if (size >= wish->n && !runs_has(c, g) &&
        (wish->best.size == 0 || size < wish->best.size) &&
        fits(wish, (mems_hole){g, size}))
      wish->best = (mems_hole){g, size};
    g = next;
  }
  return wish->best.size != 0;
}

/* Is it known that no HOLE will do? */
static bool is_hopeless(const mems_heap *heap, const mems_wish *wish) {
  return wish->n >= heap->hopeless[0] ||
         (wish->n >= heap->hopeless[1] && wish->align >= heap->hopeless_align);
}

/* Up from the class of n, in which a hole may do, to those in which every
   one does. */
static bool search(mems_heap *heap, mems_wish *wish, uint64_t tries) {
  if (is_hopeless(heap, wish)) return false;
  if (hole_heap_is_tight(heap)) return search_tight(heap, wish);
  unsigned sure = class_for(wish->n + wish->align - 1);
  unsigned class = bins_class(&heap->bins, class_of(wish->n));
  while (class != CLASS_NONE) {
    uint64_t regions = class < sure ? tries / SEARCH_TRIES * MAY_TRIES : tries;
    if (search_class(heap, wish, class, regions)) return true;
    class = bins_class(&heap->bins, class + 1);
  }
  return false;
}

void hole_note_all(mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  uint64_t g = 0, end = c->end;
  while (g < end && (g = chain_hole(c, g, end)) != NOWHERE) {
    uint64_t next = chain_next(c, g);
    if (!runs_has(c, g)) note(heap, g, next - g);
    g = next;
  }
}

/* Nothing stays usable that is for granules behind the end. */
static void retreat(mems_heap *heap) {
  mems_chain *c = &heap->chain;
  bins_retreat(&heap->bins, c->end);
  runs_retreat(&heap->runs, c, c->end);
  dict_retreat(&heap->dict, c, c->end);
  idle_shrink(&heap->idle, heap, c->end / PAGE_GRANULES);
}

/* Makes the heap `n` granules longer: one more HOLE at its end, a node of its
   own or merged with the HOLE before. False if the OS refuses. */
static bool grow_by(mems_heap *heap, uint64_t n, bool node) {
  mems_chain *c = &heap->chain;
  uint64_t old = c->end, end = old + n;
  bool tight = hole_heap_is_tight(heap);
  if (!bins_reach(&heap->bins, end) || !dict_reach(&heap->dict, c, end) ||
      !runs_reach(&heap->runs, c, end) ||
      !idle_grow(&heap->idle, heap, pages_inside(old, end)) ||
      !chain_grow(c, n, node)) {
    retreat(heap);
    return false;
  }
  runs_set_end(&heap->runs, end);
  /* new pages of a file have their place on the disk */
  if (place_of(heap)->file)
    idle_touch(&heap->idle, heap, pages_inside(old, end));
  if (tight && !hole_heap_is_tight(heap)) hole_note_all(heap);
  hole_free(heap, old, n, false);
  return true;
}

/* The HOLE at the end of the heap; of size 0 if there is none. */
static mems_hole last_hole(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  uint64_t g = c->end ? chain_prev(c, c->end - 1) : 0;
  if (c->end == 0 || !chain_is_hole(c, g) || runs_has(c, g)) g = c->end;
  return (mems_hole){g, c->end - g};
}

/* Makes the heap longer by `need` granules at least: by a part of
   itself where limit and OS allow, else just the pages that are needed. */
static bool lengthen(mems_heap *heap, uint64_t need, bool node) {
  uint64_t mapped = heap->chain.end, left = heap->chain.limit - mapped;
  uint64_t part = mapped / GROWTH_PART / heap->unit * heap->unit;
  if (need > left) {
    heap_fail(heap, MEMS_ELIMIT);
    return false;
  }
  need = round_up(need, heap->unit);
  uint64_t want = at_least(at_least(need, part), heap->node);
  want = at_most(want, left);
  if (grow_by(heap, want, node) || (want != need && grow_by(heap, need, node)))
    return true;
  heap_fail(heap, hole_refusal(heap));
  return false;
}

/* Grows for a wish that no HOLE fits as far as a search has seen. */
static bool grow_for(mems_heap *heap, mems_wish *wish) {
  const mems_chain *c = &heap->chain;
  bool node = c->end < JOINED;
  mems_hole last = {c->end, 0};
  if (!node) last = last_hole(heap);
  uint64_t end = round_up(last.at, wish->align) + wish->n;
  if (end > c->end && !lengthen(heap, end - c->end, node)) return false;
  wish->best = (mems_hole){last.at, c->end - last.at};
  return true;
}

/* Cuts n granules out of the hole:  [ front | n granules | rest ]. */
static uint64_t cut(mems_heap *heap, const mems_wish *wish) {
  mems_hole hole = wish->best;
  uint64_t at = round_up(hole.at, wish->align), end = at + wish->n;
  if (hole.at + hole.size > end) {
    chain_begin(&heap->chain, end);
    note(heap, end, hole.at + hole.size - end);
  }
  if (at > hole.at) {
    chain_begin(&heap->chain, at);
    note(heap, hole.at, at - hole.at);
  }
  dict_touch(&heap->dict, end);
  return at;
}

uint64_t hole_find(mems_heap *heap, uint64_t n, uint64_t align,
                   bool bounded) {
  mems_wish wish = {n, align, {0, 0}};
  if (search(heap, &wish, bounded ? SEARCH_TRIES : UINT64_MAX))
    return cut(heap, &wish);
  if (!bounded && !is_hopeless(heap, &wish)) {
    bool aligned = align > heap->align;
    heap->hopeless[aligned] = n;
    if (aligned) heap->hopeless_align = align;
  }
  return NOWHERE;
}

uint64_t hole_grow(mems_heap *heap, uint64_t n, uint64_t align) {
  mems_wish wish = {n, align, {0, 0}};
  return grow_for(heap, &wish) ? cut(heap, &wish) : NOWHERE;
}

bool hole_claim(mems_heap *heap, uint64_t g, uint64_t n) {
  const mems_place *place = place_of(heap);
  mems_pages p = pages_around(g, g + n);
  if (LIKELY(place->file == 0)) return true;
  while (n > 0 && p.from < p.to) {
    p.from += idle_like(&heap->idle, heap, p, false);
    uint64_t gone = idle_like(&heap->idle, heap, p, true);
    if (gone == 0) break;
    char *at = chain_physical(&heap->chain, p.from * PAGE_GRANULES);
    if (!pages_claim(place, at, gone * PAGE)) {
      heap_fail(heap, MEMS_ENOSPC);
      return false;
    }
    p.from += gone;
  }
  return true;
}

/* The granules of the HOLE at `end` that the segment before it may take. */
static uint64_t room_at(const mems_chain *c, uint64_t end) {
  return end < c->end && merges(c, end) ? chain_next(c, end) - end : 0;
}

bool hole_room(mems_heap *heap, uint64_t end, uint64_t more, bool grow) {
  mems_chain *c = &heap->chain;
  uint64_t room = room_at(c, end);
  if (!hole_claim(heap, end, at_most(room, more))) return false;
  return room >= more || (grow && end + room == c->end &&
                          lengthen(heap, more - room, false));
}

void hole_extend(mems_heap *heap, uint64_t end, uint64_t more) {
  mems_chain *c = &heap->chain;
  uint64_t room = room_at(c, end);
  chain_drop(c, end);
  if (room > more) {
    chain_begin(c, end + more);
    note(heap, end + more, room - more);
  }
  idle_touch(&heap->idle, heap, pages_around(end, end + more));
  dict_touch(&heap->dict, end + more);
}

void hole_shrink(mems_heap *heap) {
  mems_chain *c = &heap->chain;
  for (;;) {
    mems_hole last = last_hole(heap);
    uint64_t keep = round_up(last.at, heap->unit);
    if (keep >= c->end || !chain_shrink(c, keep)) break;
    if (keep > last.at) note(heap, last.at, keep - last.at);
  }
  runs_set_end(&heap->runs, c->end);
  retreat(heap);
}

/* The granules of the longest block that a HOLE has room for. */
static uint64_t room_in(const mems_heap *heap, uint64_t g, uint64_t end) {
  uint64_t at = round_up(g, heap->align);
  return at + 1 < end ? end - at : 0; /* a block takes two at least */
}

/* Is no slot of the run [g, end) in use? */
static bool run_is_free(const mems_chain *c, uint64_t g, uint64_t end) {
  while (g < end && (chain_starts(c)[g / WORD] & chain_useds(c)[g / WORD]) == 0)
    g += WORD;
  return g >= end;
}

uint64_t hole_largest(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  uint64_t most = 0, at = 0; /* what is free begins there */
  for (uint64_t g = 0, next; g < c->end; g = next) {
    bool run = runs_has(c, g);
    next = run ? runs_last(c, g / PAGE_GRANULES) * PAGE_GRANULES
               : chain_next(c, g);
    if (chain_is_node(c, g)) at = g;
    if (run ? run_is_free(c, g, next) : chain_is_hole(c, g))
      most = at_least(most, room_in(heap, at, next));
    else
      at = next;
  }
  if (c->end < JOINED) at = c->end;
  return at_least(most, room_in(heap, at, c->limit));
}
