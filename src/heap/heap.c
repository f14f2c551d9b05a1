/*
** heap.c - the heap: malloc, free, realloc, and the gate.
**
** The two hot paths are short and hardly branch. malloc takes the slot of its
** class that was freed last, looks whether chain and page map agree, and
** enters it in the dictionary; free finds an address's class in the page map,
** whether a slot begins there by a multiplication, whether it is in use by
** its bits, clears them and remembers the slot. All else is behind slot_take,
** slot_put, slot_hole and hole_free. Nothing changes before nothing can fail
** any more.
*/

#include <string.h>

#include "hole.h"
#include "image.h"
#include "slot.h"
#include "trim.h"

/* A freed block larger than this returns its pages at once. */
#define AT_ONCE ((uint64_t)16 << 20)

enum { RELEASE_MOST = 64 }; /* blocks that one call lets out of quarantine */

static mems_addr refuse(const mems_heap *heap, int error) {
  heap_fail(heap, error);
  return 0;
}

/* What a request is about. */
typedef struct mems_request {
  size_t size;
  uint64_t n, align; /* granules */
  uint64_t mark;     /* the alignment that was asked for; 1: none */
  bool zero;
} mems_request;

/* Counts a block of n granules of the chain in, or out. */
static void count(mems_heap *heap, uint64_t n, bool in) {
  uint64_t by = in ? 1 : UINT64_MAX;
  heap->processes += by;
  heap->used += in ? n : -n;
  if (n <= SLOT_MOST) heap->runs.classes[size_class(n)].chained += by;
  if (in) heap_raise(heap);
}

/* Pages of the PROCESS [g, g + n) of the chain are in use: all, or those that
   it shares with others if it is fresh. */
static void occupy(mems_heap *heap, uint64_t g, uint64_t n, bool fresh) {
  mems_pages p = pages_around(g, g + n), inside = pages_inside(g, g + n);
  if (fresh) {
    idle_touch(&heap->idle, heap, pages_below(p, inside));
    p = pages_above(p, inside);
  }
  idle_touch(&heap->idle, heap, p);
}

/* Someone may have a pointer to the block [g, g + n) from now on. */
static void reach(mems_heap *heap, uint64_t g, uint64_t n) {
  if (!dict_is_fresh(&heap->chain, g, n)) return;
  dict_set_fresh(&heap->chain, g, false);
  occupy(heap, g, n, false);
}

/* Enters a slot of a class, or a HOLE of exactly r.n granules (number 0). */
static mems_addr hand_out(mems_heap *heap, uint64_t g, unsigned number,
                          mems_request r) {
  uint64_t n = number ? size_granules(number) : r.n;
  bool fresh = !number && n >= FRESH_LEAST && !heap->fill;
  char *physical = chain_physical(&heap->chain, g);
  if (r.zero && number) memset(physical, 0, r.size);
  if (r.zero && !number) trim_zero(heap, g, r.size);
  if (heap->fill && !r.zero) memset(physical, 0xAA, r.size);
  if (!number) {
    occupy(heap, g, n, fresh);
    count(heap, n, true);
  }
  dict_insert(&heap->dict, &heap->chain, g, n, n * GRANULE - r.size, r.mark);
  if (fresh) dict_set_fresh(&heap->chain, g, true);
  heap->mallocs++;
  return dict_addr(&heap->dict, g);
}

/* Makes a HOLE of the block b of the chain, which no one counts any more. */
static void retire_chained(mems_heap *heap, uint64_t g, uint64_t n) {
  bool fresh = dict_is_fresh(&heap->chain, g, n);
  count(heap, n, false);
  chain_free(&heap->chain, g);
  hole_free(heap, g, n, fresh);
  if (n * GRANULE > AT_ONCE && !fresh) trim_block(heap, g, n);
}

/* The PROCESS of n granules at g is free. */
static void retire(mems_heap *heap, uint64_t g, uint64_t n) {
  mems_chain *c = &heap->chain;
  unsigned entry = runs_map(c)[g / PAGE_GRANULES];
  if (entry) {
    unsigned number = runs_number(entry);
    bits_put(chain_useds(c), g, heap->runs.classes[number].mask, 2);
    slot_put(heap, number, g);
  } else {
    retire_chained(heap, g, n);
  }
}

/* Lets the blocks go that wait, the oldest first, until no more than `most`
   granules wait, or `blocks` have gone; how many granules have. */
static uint64_t release(mems_heap *heap, uint64_t most, uint64_t blocks) {
  const mems_chain *c = &heap->chain;
  mems_guard *q = &heap->dict.guard;
  uint64_t waited = q->waiting;
  while (q->waiting > most && blocks-- > 0) {
    uint64_t g = guard_take(q, heap);
    if (g == NOWHERE) break;
    uint64_t n = g < c->end ? dict_length(c, &heap->runs, g) : 0;
    if (n && chain_useds(c)[g / WORD] >> g % WORD & 1 &&
        guard_waits(q, heap, g)) {
      guard_drop(q, heap, g, n);
      retire(heap, g, n);
      heap_raise(heap); /* a stack may have it now */
    }
  }
  return waited - q->waiting;
}

/* What is there for a request that the heap can't grow for: a longer slot, or
   whatever there is once the stacks are empty. */
static uint64_t find(mems_heap *heap, unsigned *number, mems_request r) {
  *number = size_class_aligned(r.n, r.align);
  uint64_t g = *number ? slot_find(heap, number, r.align) : NOWHERE;
  if (g != NOWHERE) return g;
  *number = 0;
  slot_flush(heap, UINT64_MAX);
  g = hole_find(heap, r.n, r.align, false);
  /* what is free at the end now may be enough to stay below the limit */
  bool again = g == NOWHERE && heap->error == MEMS_ELIMIT;
  return again ? hole_grow(heap, r.n, r.align) : g;
}

/* The same, while blocks wait that may make room: as many granules as are
   wanted at first, and then twice as many each time. */
static uint64_t find_all(mems_heap *heap, unsigned *number, mems_request r) {
  const mems_guard *q = &heap->dict.guard;
  uint64_t g = find(heap, number, r);
  for (uint64_t part = r.n; g == NOWHERE && q->head != q->tail; part *= 2) {
    release(heap, q->waiting - at_most(part, q->waiting), UINT64_MAX);
    g = find(heap, number, r);
  }
  return g;
}

static COLD mems_addr allocate(mems_heap *heap, mems_request r) {
  if (r.size == 0) return refuse(heap, MEMS_EINVAL);
  if (r.size > heap->chain.limit * GRANULE) return refuse(heap, MEMS_ELIMIT);
  r.mark = r.align > heap->align ? r.align : 1;
  r.align = at_least(r.align, heap->align);
  r.n = entry_granules(r.size);
  if (r.mark > 1) r.n = at_least(r.n, MARK_LEAST);
  int error = heap->error;
  unsigned number = size_class_aligned(r.n, r.align);
  uint64_t g = number ? slot_take(heap, number, round_up(r.n, heap->align))
                      : NOWHERE;
  if (g == NOWHERE) {
    number = 0;
    if (r.mark > 1) r.n = at_least(r.n, MARK_LONG);
    uint64_t least = r.n;
    r.n = size_rounded(least);
    g = slot_hole(heap, r.n, r.align);
    if (g == NOWHERE && r.n != least)
      g = slot_hole(heap, r.n = least, r.align);
  }
  if (g == NOWHERE) g = find_all(heap, &number, r);
  if (g == NOWHERE) return 0;
  heap->error = error; /* of an attempt before the one that did it */
  return hand_out(heap, g, number, r);
}

/* A size beyond the table, or one for which there was nothing at hand. */
static COLD mems_addr malloc_far(mems_heap *heap, size_t size) {
  return allocate(heap, (mems_request){.size = size, .align = 1});
}

/* A block whose slack may have no room in its bits. */
static COLD mems_addr enter_tiny(mems_heap *heap, const mems_class *class,
                                 uint64_t g, size_t slack) {
  dict_insert(&heap->dict, &heap->chain, g, class->granules, slack, 1);
  heap->mallocs++;
  return dict_addr(&heap->dict, g);
}

/* Enters a slot that slot_pop gave. */
HOT mems_addr enter(mems_heap *heap, const mems_class *class, uint64_t g,
                    uint64_t entry) {
  bits_put(chain_useds(&heap->chain), g, class->mask, entry);
  heap->mallocs++;
  return dict_addr(&heap->dict, g);
}

ALIGNED mems_addr mems_heap_malloc(mems_heap *heap, size_t size) {
  const mems_runs *r = &heap->runs;
  if (UNLIKELY(size - 1 >= r->bytes)) return malloc_far(heap, size);
  unsigned number = r->numbers[(size - 1) / GRANULE];
  const mems_class *class = r->classes + number;
  uint64_t g;
  if (UNLIKELY(!slot_pop(heap, number, &g))) return malloc_far(heap, size);
  size_t slack = class->granules * GRANULE - size;
  if (UNLIKELY(slack >= class->brim)) return enter_tiny(heap, class, g, slack);
  return enter(heap, class, g, 1 | slack << 1);
}

mems_addr mems_heap_aligned(mems_heap *heap, size_t size, size_t align) {
  if (!is_power_of_two(align) || align > HUGE_PAGE)
    return refuse(heap, MEMS_EINVAL);
  uint64_t granules = at_least(align / GRANULE, 1), g;
  if (granules <= heap->align) return mems_heap_malloc(heap, size);
  if (size - 1 < heap->runs.bytes) { /* the short way, as in malloc */
    uint64_t n = at_least((size - 1) / GRANULE + 1, MARK_LEAST);
    n = round_up(n, granules);
    unsigned number = n <= TABLE_MOST ? heap->runs.numbers[n - 1] : 0;
    if (number && slot_pop(heap, number, &g)) {
      const mems_class *class = heap->runs.classes + number;
      uint64_t slack = class->granules * GRANULE - size;
      uint64_t mark = class->granules < MARK_LONG ? 1 : bit_first(granules);
      return enter(heap, class, g, 1 | slack << 1 | mark << class->mark_at);
    }
  }
  return allocate(heap, (mems_request){.size = size, .align = granules});
}

mems_addr mems_heap_calloc(mems_heap *heap, size_t count, size_t size) {
  size_t bytes;
  if (multiply_overflows(count, size, &bytes))
    return refuse(heap, MEMS_ELIMIT);
  if (bytes - 1 >= heap->runs.bytes)
    return allocate(heap, (mems_request){.size = bytes, .align = 1,
                                         .zero = true});
  mems_addr addr = mems_heap_malloc(heap, bytes);
  if (addr == 0) return 0;
  uint64_t g = dict_granule(&heap->dict, addr);
  memset(chain_physical(&heap->chain, g), 0, bytes);
  return addr;
}

/* The block that starts at `addr`; false, with the mistake noted, if none
   does. */
static bool block_at(const mems_heap *heap, mems_addr addr, mems_block *b) {
  const mems_chain *c = &heap->chain;
  uint64_t g = dict_granule(&heap->dict, addr);
  if (LIKELY(dict_find(&heap->dict, c, &heap->runs, g, b))) return true;
  int error = dict_mistake(&heap->dict, c, &heap->runs, addr);
  heap_fail(heap, error == MEMS_ERANGE ? MEMS_EINSIDE : error);
  return false;
}

/* Takes a block out, by way of the quarantine if there is one. */
static void take_back(mems_heap *heap, const mems_block *b) {
  mems_guard *q = &heap->dict.guard;
  dict_forget(&heap->dict);
  if (heap->fill) memset(chain_physical(&heap->chain, b->at), 0x55, b->size);
  uint64_t gone = b->granules;
  if (guard_put(q, heap, b->at, b->granules))
    gone = release(heap, q->most, RELEASE_MOST);
  else
    retire(heap, b->at, b->granules);
  if (trim_is_due(heap)) trim_some(heap, at_most(gone, b->granules));
}

/* What starts at g is a block of the chain, one whose free takes more than
   the short way, or none. */
static COLD int free_far(mems_heap *heap, uint64_t g) {
  mems_block b;
  mems_addr addr = dict_addr(&heap->dict, 0) + (g << 3 | g >> 61);
  if (addr == 0) return MEMS_OK;
  if (!block_at(heap, addr, &b)) return heap->error;
  take_back(heap, &b);
  return MEMS_OK;
}

ALIGNED int mems_heap_free(mems_heap *heap, mems_addr addr) {
  uint64_t g = dict_granule(&heap->dict, addr);
  mems_runs *r = &heap->runs;
  mems_chain *c = &heap->chain;
  if (UNLIKELY(g >= r->end)) return free_far(heap, g);
  unsigned entry = runs_map(c)[g / PAGE_GRANULES];
  unsigned number = runs_number(entry);
  const mems_class *class = r->classes + number;
  if (UNLIKELY(!runs_is_slot(class, runs_offset(g, entry))) ||
      UNLIKELY(!(bits_field(chain_useds(c), g) & 1)))
    return free_far(heap, g);
  if (r->recent_class) {
    mems_class *before = r->classes + r->recent_class;
    uint32_t top = before->top;
    if (UNLIKELY(top == before->last)) return free_far(heap, g);
    r->stacks[top] = r->recent;
    before->top = (uint16_t)(top + 1);
  }
  bits_put(chain_useds(c), g, class->mask, 2);
  r->recent = (uint32_t)g;
  r->recent_class = number;
  dict_forget(&heap->dict);
  return MEMS_OK;
}

/* Fills what a block that now has `size` bytes has won or lost. */
static void refill(mems_heap *heap, const mems_block *b, size_t size) {
  char *at = chain_physical(&heap->chain, b->at);
  if (size > b->size) memset(at + b->size, 0xAA, size - b->size);
  if (size < b->size) memset(at + size, 0x55, b->size - size);
}

/* Makes a block of the chain n granules long where it stands:
     shrink   [ b        ]          grow   [ b   | HOLE        ]
              [ b | HOLE ]                 [ b          | HOLE ]
   False if there is no room. For a block that is small beside its heap that
   does not grow: there may be room for it elsewhere. */
static bool resize_chained(mems_heap *heap, const mems_block *b, uint64_t n) {
  mems_chain *c = &heap->chain;
  uint64_t end = b->at + b->granules;
  bool grow = n > SLOT_MOST || 2 * n > c->end;
  if (n > b->granules && !hole_extend(heap, end, n - b->granules, grow))
    return false;
  if (n != b->granules) {
    count(heap, b->granules, false);
    count(heap, n, true);
  }
  if (n < b->granules) {
    chain_begin(c, b->at + n);
    hole_free(heap, b->at + n, b->granules - n, false);
  }
  return true;
}

/* The granules that a block has where it stands when n are needed; 0 if there
   is no room. */
static uint64_t resize(mems_heap *heap, const mems_block *b, uint64_t n) {
  if (runs_has(&heap->chain, b->at)) return n <= b->granules ? b->granules : 0;
  uint64_t rounded = size_rounded(n);
  if (resize_chained(heap, b, rounded)) return rounded;
  return rounded != n && resize_chained(heap, b, n) ? n : 0;
}

/* Moves a block, whose alignment is kept if it was asked for. */
static mems_addr move(mems_heap *heap, const mems_block *b, size_t size) {
  uint64_t align = dict_alignment(&heap->chain, b);
  mems_addr addr = mems_heap_aligned(heap, size, align * GRANULE);
  if (addr == 0) return 0;
  memcpy(mems_heap_get(heap, addr), chain_physical(&heap->chain, b->at),
         at_most(size, b->size));
  mems_heap_free(heap, dict_addr(&heap->dict, b->at));
  return addr;
}

/* A slot of which less than half would be used is too good for a block that
   gets smaller. */
static bool is_spacious(const mems_heap *heap, const mems_block *b,
                        uint64_t n) {
  return runs_has(&heap->chain, b->at) && 2 * n < b->granules;
}

mems_addr mems_heap_realloc(mems_heap *heap, mems_addr addr, size_t size) {
  mems_block b;
  if (addr == 0) return mems_heap_malloc(heap, size);
  if (!block_at(heap, addr, &b)) return 0;
  if (size == 0) return refuse(heap, MEMS_EINVAL);
  if (size > heap->chain.limit * GRANULE) return refuse(heap, MEMS_ELIMIT);
  uint64_t n = entry_granules(size), mark = dict_alignment(&heap->chain, &b);
  if (mark > 1) n = at_least(n, at_most(MARK_LONG, b.granules));
  int error = heap->error;
  mems_addr moved = is_spacious(heap, &b, n) ? move(heap, &b, size) : 0;
  if (moved) return moved;
  heap->error = error;
  reach(heap, b.at, b.granules);
  n = resize(heap, &b, n);
  heap->error = error;
  if (n == 0) return move(heap, &b, size);
  if (heap->fill) refill(heap, &b, size);
  dict_insert(&heap->dict, &heap->chain, b.at, n, n * GRANULE - size,
              mark);
  dict_forget(&heap->dict);
  if (n < b.granules && trim_is_due(heap)) trim_some(heap, b.granules - n);
  return addr;
}

/* The range is not in the block found last; notes why if it is in none. */
static COLD void *span_far(const mems_heap *heap, mems_addr addr,
                           size_t size) {
  /* the dictionary may note what it found last, and that it is reached */
  mems_dict *dict = &((mems_heap *)heap)->dict;
  void *physical = dict_span(dict, &heap->chain, &heap->runs, addr, size);
  if (dict->length) {
    uint64_t g = dict_granule(dict, dict->last);
    if (UNLIKELY(bits_field(chain_useds(&heap->chain), g + FIELD) & 1))
      reach((mems_heap *)heap, g, dict_length(&heap->chain, &heap->runs, g));
  }
  if (UNLIKELY(physical == NULL)) {
    int error = dict_mistake(dict, &heap->chain, &heap->runs, addr);
    if (error == MEMS_OK || error == MEMS_EINSIDE) error = MEMS_ERANGE;
    heap_fail(heap, error);
  }
  return physical;
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

mems_addr mems_heap_address(const mems_heap *heap, const void *physical) {
  uintptr_t payload = (uintptr_t)chain_physical(&heap->chain, 0);
  uint64_t offset = (uintptr_t)physical - payload;
  mems_addr addr = heap->dict.base + offset;
  if (is_slot_in_use(heap, offset >> 3 | offset << 61)) return addr;
  if (offset < heap->chain.end * GRANULE && mems_heap_span(heap, addr, 1))
    return addr;
  return refuse(heap, MEMS_EFOREIGN);
}

size_t mems_heap_size(const mems_heap *heap, mems_addr addr) {
  mems_block b;
  return block_at(heap, addr, &b) ? b.size : 0;
}

int mems_heap_error(const mems_heap *heap) {
  return heap->error;
}
