/*
** slot.h - where a class gets its slots: from its stack, from its runs, from
** a new run that is made of a HOLE; and the way back.
**
** What stands in stacks keeps runs from being free in whole. So before a heap
** grows it empties them if they hold more than a part of it.
*/

#ifndef MEMS_SLOT_H
#define MEMS_SLOT_H

#include "image.h"

/* Takes a free slot of class *number for a request of n granules. A stack that
   is empty takes REFILL_MOST free slots of a run at once. A new run is made
   where that pays: after some requests for the first, and for the next ones
   where an eighth of what is live in the class is a run, and, if `longer` may
   be what is needed, after BORROWED slots of the next class while blocks come
   and go; *number is that class then. The slot is free and named; NOWHERE: the
   chain has to serve the request. */
uint64_t slot_take(mems_heap *heap, unsigned *number, uint64_t n,
                   bool longer);

/* The same at the end of memory: from what is there, of this class or of any
   longer one at whose length `align` holds; *number is the class then. */
uint64_t slot_find(mems_heap *heap, unsigned *number, uint64_t align);

/* Puts the slot g, which a stack is to name, in front of all stacks; the one
   that stood there goes to its own, and half of that back to the runs if it
   was full. */
void slot_put(mems_heap *heap, unsigned number, uint64_t g);

/* A HOLE of exactly n granules, as hole_find gives it, or by growing; before
   that, stacks that hold much are emptied. NOWHERE with the reason in
   heap->error. */
uint64_t slot_hole(mems_heap *heap, uint64_t n, uint64_t align);

/* What stacks name goes back to the runs, stack by stack until so many slots
   have gone, and runs that are all free to the chain. */
void slot_flush(mems_heap *heap, uint64_t most);

/* Takes the slot of a class that was put last; false if there is none, or if
   chain and page map don't agree, and then it is forgotten. */
HOT bool slot_pop(mems_heap *heap, unsigned number, uint64_t *slot) {
  mems_runs *r = &heap->runs;
  const mems_chain *c = &heap->chain;
  mems_class *class = r->classes + number;
  uint64_t g;
  if (r->recent_class == number) {
    g = r->recent;
    r->recent_class = 0;
  } else {
    uint32_t top = class->top;
    if (UNLIKELY(top == class->first)) return false;
    class->top = (uint16_t)--top;
    g = r->stacks[top];
  }
  *slot = g;
  return LIKELY(g < c->end) && LIKELY(runs_agree(c, number, g)) &&
         LIKELY((bits_field(chain_useds(c), g) & 3) == 2);
}

#endif
