/*
** gate.c - the gate: from virtual addresses to physical ones, and back.
**
** While a caller stays in one block a compare tells; a block of a run is found
** by the page map and its used bits; all else the dictionary knows.
*/

#include "hole.h"
#include "share.h"

/* Looks a range up and, if a block holds its start, notes that one. */
static COLD void *span_locked(const mems_heap *heap, mems_addr addr,
                              size_t size) {
  mems_own *own = own_of(heap);
  mems_block b = {0};
  if (!share_lock(heap)) return NULL;
  void *physical = dict_span(&heap->dict, &heap->chain, &heap->runs, addr,
                             size, &b);
  const mems_sight found = {.first = dict_addr(&heap->dict, b.at),
                            .length = b.size, .seen = own->running->changes};
  own->last = own->found[found_place(addr)] = found;
  if (physical == NULL) heap_refuse_range(heap, addr);
  share_unlock(heap);
  return physical;
}

/* Is the range in a block that was found when nothing had changed since? */
HOT bool still_holds(const mems_sight *found, uint64_t changes,
                     mems_addr addr, size_t size) {
  uint64_t offset = addr - found->first;
  return changes == found->seen && offset < found->length &&
         size <= found->length - offset;
}

/* The same in a heap that is shared: a block that was found is good until any
   block changed, and known without the lock. */
static inline void *span_shared(const mems_heap *heap, mems_addr addr,
                                size_t size) {
  const mems_own *own = own_of(heap);
  uint64_t now = __atomic_load_n(&own->running->changes, __ATOMIC_ACQUIRE);
  if (LIKELY(still_holds(&own->last, now, addr, size)) ||
      still_holds(own->found + found_place(addr), now, addr, size))
    return chain_physical(&heap->chain, 0) + (addr - heap->dict.base);
  return span_locked(heap, addr, size);
}

/* The same by the dictionary, which notes what it found last, and that it is
   reached. */
static COLD void *span_by_dict(const mems_heap *heap, mems_addr addr,
                               size_t size) {
  mems_block b;
  void *physical = dict_span(&heap->dict, &heap->chain, &heap->runs, addr,
                             size, &b);
  if (b.size) {
    dict_note(&((mems_heap *)heap)->dict, &b);
    hole_reach((mems_heap *)heap, b.at, b.granules);
  }
  if (UNLIKELY(physical == NULL)) heap_refuse_range(heap, addr);
  return physical;
}

/* The range is not in the block found last; notes why if it is in none. */
static COLD void *span_far(const mems_heap *heap, mems_addr addr,
                           size_t size) {
  if (own_of(heap)->running) return span_shared(heap, addr, size);
  return span_by_dict(heap, addr, size);
}

/* Does [addr, addr + size) lie in a block of a run? Where its entry says more
   than slack, or not all of it, this does not know. */
HOT bool lies_in_slot(const mems_heap *heap, uint64_t offset, size_t size) {
  const mems_chain *c = &heap->chain;
  const mems_runs *r = &heap->runs;
  uint64_t g = offset / GRANULE;
  if (UNLIKELY(g >= r->end)) return false;
  unsigned entry = runs_map(c)[g / PAGE_GRANULES];
  if (UNLIKELY(entry == 0)) return false;
  const mems_class *class = r->classes + runs_number(entry);
  uint32_t inside = runs_inside(class, runs_offset(g, entry));
  uint64_t useds = bits_field(chain_useds(c), g - inside) & class->mask;
  uint64_t bytes = class->granules * GRANULE, slack = useds >> 1;
  if (UNLIKELY(slack >= class->brim)) return false;
  return LIKELY(useds & 1) && size <= bytes &&
         inside * GRANULE + offset % GRANULE + slack <= bytes - size;
}

void *mems_heap_span(const mems_heap *heap, mems_addr addr, size_t size) {
  const mems_dict *d = &heap->dict;
  if (LIKELY(dict_is_last(d, addr, size)) ||
      LIKELY(lies_in_slot(heap, addr - d->base, size)))
    return chain_physical(&heap->chain, 0) + (addr - d->base);
  return span_far(heap, addr, size);
}

/* Is g the start of a slot that is in use? Then its first byte needs no look
   at its size. */
HOT bool is_slot_in_use(const mems_heap *heap, uint64_t g) {
  const mems_chain *c = &heap->chain;
  const mems_runs *r = &heap->runs;
  if (UNLIKELY(g >= r->end)) return false;
  unsigned entry = runs_map(c)[g / PAGE_GRANULES];
  const mems_class *class = r->classes + runs_number(entry);
  return LIKELY(runs_is_slot(class, runs_offset(g, entry))) &&
         LIKELY(bits_field(chain_useds(c), g) & 1);
}

void *mems_heap_get(const mems_heap *heap, mems_addr addr) {
  uint64_t g = dict_granule(&heap->dict, addr);
  if (is_slot_in_use(heap, g)) return chain_physical(&heap->chain, g);
  return mems_heap_span(heap, addr, 1);
}

int mems_heap_expect(const mems_heap *heap, mems_addr addr, size_t size) {
  char *at = mems_heap_span(heap, addr, size);
  if (at == NULL) return own_of(heap)->error;
  if (place_of(heap)->file == 0) pages_expect(at, size);
  return MEMS_OK;
}

mems_addr mems_heap_address(const mems_heap *heap, const void *physical) {
  uintptr_t payload = (uintptr_t)chain_physical(&heap->chain, 0);
  uint64_t offset = (uintptr_t)physical - payload;
  mems_addr addr = heap->dict.base + offset;
  if (is_slot_in_use(heap, offset >> 3 | offset << 61)) return addr;
  if (offset < heap->chain.end * GRANULE && mems_heap_span(heap, addr, 1))
    return addr;
  heap_fail(heap, MEMS_EFOREIGN);
  return 0;
}
