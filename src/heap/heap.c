/*
** heap.c - the heap: open, malloc, free, realloc, close.
**
** The two hot paths are short and hardly branch. malloc pops the quick list
** of its size and enters what it names in the dictionary, if the chain
** agrees; free reads which list a block belongs to from two fields of the
** chain, takes the block out and pushes it. All else is behind hole_alloc
** and hole_free. Nothing changes before nothing can fail any more.
*/

#include "image.h"

#include "hole.h"
#include "ranges.h"
#include "trim.h"

#define LIMIT ((uint64_t)64 << 30)
#define LIMIT_MOST ((uint64_t)1 << 46)
#define NODE_MOST ((size_t)1 << 30)
#define ALIGN_MOST PAGE

static bool options_are_good(const mems_options *o) {
  if (o->limit > LIMIT_MOST || (o->limit && o->limit < PAGE)) return false;
  uint64_t limit = o->limit ? o->limit : LIMIT;
  if (o->base % GRANULE || o->base > ((uint64_t)1 << 63) - limit)
    return false;
  if (o->page % PAGE || o->page > NODE_MOST) return false;
  if (o->align == 0) return true;
  return is_power_of_two(o->align) && o->align >= GRANULE &&
         o->align <= ALIGN_MOST;
}

/* Room for all that is laid out beside `limit` bytes: chain_plan and
   bins_plan take a 32nd part and a little, dict_plan a 16th, guard_plan a
   128th and its queue. */
static uint64_t reservation_for(uint64_t limit, const mems_options *o) {
  return round_up(sizeof(mems_heap), PAGE) + limit + limit / 8 + 65 * PAGE +
         guard_room(at_most(o->quarantine, limit) / GRANULE);
}

/* The largest reservation up to *limit that the OS grants, by halves. */
static mems_heap *reserve(uint64_t *limit, const mems_options *o) {
  for (; *limit >= PAGE; *limit = *limit / 2 / PAGE * PAGE) {
    char *at = pages_reserve(reservation_for(*limit, o));
    if (at != NULL) return (mems_heap *)(at + PAGE);
  }
  return NULL;
}

static bool set_up(mems_heap *heap, uint64_t limit, mems_addr base,
                   const mems_options *o) {
  uint64_t header = round_up(sizeof *heap, PAGE);
  if (!pages_map(chain_place(&heap->chain), PAGE + header)) return false;
  uint64_t granules = limit / GRANULE;
  uint64_t at = chain_plan(&heap->chain, header, granules);
  at = dict_plan(&heap->dict, at, granules);
  uint64_t here = offsetof(mems_heap, bins);
  at = bins_plan(&heap->bins, here, at, granules);
  heap->chain.payload = guard_plan(&heap->dict.guard, at, granules,
                                   o->quarantine / GRANULE);
  heap->reserved = reservation_for(limit, o);
  assert(PAGE + heap->chain.payload + limit <= heap->reserved);
  chain_attach(&heap->chain);
  heap->drawn = o->base == 0;
  heap->dict.base = base;
  quick_open(&heap->quick);
  heap->slice = heap->slice_end = NOWHERE;
  heap->cursor = NOWHERE;
  heap->align = (o->align ? o->align : GRANULE) / GRANULE;
  heap->node = (o->page ? o->page : PAGE) / GRANULE;
  heap->fill = o->fill != 0;
  heap->guarded = heap->fill || heap->dict.guard.most > 0;
  if (heap->align == 1 && !heap->guarded)
    heap->quick.bytes = TABLE_MOST * GRANULE;
  return chain_open(&heap->chain) && bins_reach(&heap->bins, 0) &&
         dict_reach(&heap->dict, &heap->chain, 1);
}

/* Makes a heap of a reservation with room for `limit` bytes; false, and
   nothing is left, if there are no pages or no addresses for it. */
static bool found(mems_heap *heap, uint64_t limit, const mems_options *o) {
  mems_addr base = o->base ? o->base : ranges_take(limit);
  if (base != 0 && set_up(heap, limit, base, o)) return true;
  if (base != 0 && o->base == 0) ranges_give(base);
  pages_unreserve((char *)heap - PAGE, reservation_for(limit, o));
  return false;
}

mems_heap *mems_heap_open(const mems_options *options, int *error) {
  static const mems_options defaults;
  const mems_options *o = options ? options : &defaults;
  uint64_t limit = (o->limit ? o->limit : LIMIT) / PAGE * PAGE;
  int reason = MEMS_EINVAL;
  mems_heap *heap = NULL;
  if (options_are_good(o)) {
    reason = MEMS_ENOMEM;
    heap = reserve(&limit, o);
  }
  if (heap != NULL && !found(heap, limit, o)) heap = NULL;
  if (error) *error = heap ? MEMS_OK : reason;
  return heap;
}

void mems_heap_close(mems_heap *heap) {
  if (heap == NULL) return;
  if (heap->drawn) ranges_give(heap->dict.base);
  pages_unreserve(chain_place(&heap->chain), heap->reserved);
}

/* Counts a block of n granules in. */
static inline void count_in(mems_heap *heap, uint64_t n, size_t slack) {
  heap->mallocs++;
  heap->slack += slack;
  heap_count(heap, n);
}

/* Enters [g, g + n) as a block of `size` bytes and counts it. */
static inline mems_addr hand_out(mems_heap *heap, uint64_t g, uint64_t n,
                                 size_t size) {
  size_t slack = n * GRANULE - size;
  dict_insert(&heap->dict, &heap->chain, g, n, slack);
  count_in(heap, n, slack);
  return dict_addr(&heap->dict, g);
}

static mems_addr refuse(const mems_heap *heap, int error) {
  heap_fail(heap, error);
  return 0;
}

/* Makes the HOLE of what was the block [g, g + n) known, merged. */
static void give_back(mems_heap *heap, uint64_t g, uint64_t n) {
  dict_remove(&heap->chain, g);
  hole_free(heap, g, n);
  if (UNLIKELY(heap_used(heap) < heap->relief)) trim_step(heap, n * GRANULE);
}

/* Makes HOLEs of the blocks that wait, the oldest first, until no more than
   `most` granules wait. */
static void release(mems_heap *heap, uint64_t most) {
  const mems_chain *c = &heap->chain;
  mems_guard *q = &heap->dict.guard;
  uint64_t g = 0;
  while (q->waiting > most && g != NOWHERE) {
    g = guard_take(q, heap);
    if (g < c->end && chain_is_process(c, g) && guard_waits(q, heap, g)) {
      uint64_t n = dict_length(c, g);
      guard_drop(q, heap, g, n);
      give_back(heap, g, n);
    }
  }
}

/* hole_alloc has failed: what waits makes room, as many granules as are
   wanted at first and then twice as many each time. */
static uint64_t squeeze(mems_heap *heap, uint64_t n, uint64_t align) {
  const mems_guard *q = &heap->dict.guard;
  uint64_t g = NOWHERE;
  for (uint64_t part = n; g == NOWHERE && q->head != q->tail; part *= 2) {
    release(heap, q->waiting - at_most(part, q->waiting));
    g = hole_alloc(heap, n, align);
  }
  return g;
}

/* Granules for a block of `size` bytes that is cut anew. With a large block
   no heap stays small: so the first one is rounded as the next will be, which
   then fits where the first one was. */
static uint64_t granules_for(const mems_heap *heap, size_t size) {
  uint64_t n = dict_granules(size);
  bool small = hole_heap_is_small(heap) && n <= SMALL_HEAP;
  return heap->quick.bytes && !small ? size_rounded(n) : n;
}

/* A HOLE for n granules, whatever can be done for it. */
static uint64_t find_room(mems_heap *heap, uint64_t n, uint64_t align) {
  uint64_t g = hole_alloc(heap, n, align);
  if (g == NOWHERE) g = squeeze(heap, n, align);
  if (g == NOWHERE && trim_for(heap, n)) g = hole_alloc(heap, n, align);
  return g;
}

static COLD mems_addr allocate(mems_heap *heap, size_t size, uint64_t align) {
  if (size == 0) return refuse(heap, MEMS_EINVAL);
  if (size > heap->chain.limit * GRANULE) return refuse(heap, MEMS_ELIMIT);
  uint64_t n = granules_for(heap, size), least = dict_granules(size);
  int error = heap->error;
  uint64_t g = n > least ? hole_try(heap, n, align) : NOWHERE;
  if (g == NOWHERE) g = find_room(heap, n = least, align);
  if (g == NOWHERE) return 0;
  heap->error = error; /* of an attempt before the one that did it */
  if (heap->fill) memset(chain_physical(&heap->chain, g), 0xAA, size);
  return hand_out(heap, g, n, size);
}

/* Last of all, so that nothing has to be kept for later. */
static COLD mems_addr raise_peak(mems_heap *heap, uint64_t g) {
  heap_raise(heap);
  return dict_addr(&heap->dict, g);
}

/* Enters the hole at g, which was taken from a list: what it shows there is
   known, and `flips` make the entry of it. Counted as by count_in, but that a
   new peak is noted elsewhere: so one instruction counts and tells. */
HOT mems_addr enter_as(mems_heap *heap, const mems_list *list, uint64_t g,
                       size_t slack, uint64_t flips) {
  bits_flip(chain_useds(&heap->chain), g, flips);
  heap->mallocs++;
  heap->slack += slack;
  heap->room -= (int64_t)list->granules;
  if (UNLIKELY(heap->room < 0)) return raise_peak(heap, g);
  return dict_addr(&heap->dict, g);
}

/* A block whose slack is in the table of tiny ones. A parked HOLE already
   shows that there is some. */
static COLD mems_addr enter_tiny(mems_heap *heap, const mems_list *list,
                                 uint64_t g, size_t size) {
  size_t slack = list->bytes - size;
  if (slack) *dict_tiny(&heap->dict, &heap->chain, g) = (unsigned char)slack;
  return enter_as(heap, list, g, slack, slack ? 1 : list->entry);
}

HOT mems_addr enter(mems_heap *heap, const mems_list *list, uint64_t g,
                    size_t size) {
  if (UNLIKELY(size <= TINY * GRANULE))
    return enter_tiny(heap, list, g, size);
  size_t slack = list->bytes - size;
  return enter_as(heap, list, g, slack, slack << 1 ^ list->entry);
}

/* A size beyond the table, or one for which there was nothing at hand. */
static COLD mems_addr malloc_far(mems_heap *heap, size_t size) {
  mems_quick *q = &heap->quick;
  if (q->end && size > q->bytes && size <= QUICK_MOST * GRANULE) {
    unsigned number = dict_number(granules_for(heap, size));
    mems_list *list = q->lists + number;
    uint64_t g;
    if (number && (quick_take_recent(q, number, &g) ||
                   quick_take(q, &heap->chain, list, &g)))
      return enter(heap, list, g, size);
  }
  return allocate(heap, size, heap->align);
}

/* Last of all, so that malloc_sliced calls nothing and needs no frame. */
static COLD mems_addr summarise(mems_heap *heap, uint64_t g, mems_addr addr) {
  chain_word_filled(&heap->chain, g);
  return addr;
}

/* Tiny blocks are cut off the slice in rows, so that they share the pages of
   their table. */
static COLD mems_addr malloc_tiny(mems_heap *heap, const mems_list *list,
                                  size_t size) {
  uint64_t g = hole_refill(heap, list->granules);
  return hand_out(heap, g, list->granules, size);
}

/* A list had no hole to give, or there is none for that size (then n is 0):
   cuts a block off the slice. */
static COLD mems_addr malloc_sliced(mems_heap *heap, const mems_list *list,
                                    size_t size) {
  uint64_t n = list->granules, slack = n * GRANULE - size, g = heap->slice;
  if (UNLIKELY(n == 0 || !hole_slice_has(heap, n)))
    return malloc_far(heap, size);
  if (UNLIKELY(n <= TINY)) return malloc_tiny(heap, list, size);
  heap->slice = g + n;
  bool filled = chain_mark(&heap->chain, g + n);
  chain_set(&heap->chain, g, list->useds ^ list->entry ^ slack << 1);
  count_in(heap, n, slack);
  mems_addr addr = dict_addr(&heap->dict, g);
  return UNLIKELY(filled) ? summarise(heap, g + n, addr) : addr;
}

ALIGNED mems_addr mems_heap_malloc(mems_heap *heap, size_t size) {
  mems_quick *q = &heap->quick;
  if (UNLIKELY(size - 1 >= q->bytes)) return malloc_far(heap, size);
  unsigned number = q->numbers[(size - 1) / GRANULE + 1];
  mems_list *list = q->lists + number;
  uint64_t g;
  if (quick_take_recent(q, number, &g)) return enter(heap, list, g, size);
  if (LIKELY(quick_take(q, &heap->chain, list, &g)))
    return enter(heap, list, g, size);
  return malloc_sliced(heap, list, size);
}

mems_addr mems_heap_aligned(mems_heap *heap, size_t size, size_t align) {
  if (!is_power_of_two(align) || align > ALIGN_MOST)
    return refuse(heap, MEMS_EINVAL);
  uint64_t granules = at_least(align / GRANULE, heap->align);
  if (granules == 1) return mems_heap_malloc(heap, size);
  return allocate(heap, size, granules);
}

mems_addr mems_heap_calloc(mems_heap *heap, size_t count, size_t size) {
  size_t bytes;
  if (multiply_overflows(count, size, &bytes))
    return refuse(heap, MEMS_ELIMIT);
  heap_note_slice(heap);
  uint64_t fresh = heap->dict.fresh;
  mems_addr addr = mems_heap_malloc(heap, bytes);
  if (addr == 0) return 0;
  uint64_t g = dict_granule(&heap->dict, addr);
  uint64_t dirty = fresh > g ? (fresh - g) * GRANULE : 0;
  if (heap->fill) dirty = bytes;
  memset(chain_physical(&heap->chain, g), 0, at_most(bytes, dirty));
  return addr;
}

/* Notes what is wrong with `addr` as the start of a block. */
static void refuse_block(const mems_heap *heap, mems_addr addr) {
  heap_note_slice(heap);
  int error = dict_mistake(&heap->dict, &heap->chain, addr);
  heap_fail(heap, error == MEMS_ERANGE ? MEMS_EINSIDE : error);
}

/* The block that starts at `addr`; false, with the mistake noted, if none
   does. */
static bool block_at(const mems_heap *heap, mems_addr addr, mems_block *b) {
  const mems_chain *c = &heap->chain;
  uint64_t g = dict_granule(&heap->dict, addr);
  if (UNLIKELY(g >= c->end || !dict_is_block(&heap->dict, c, g))) {
    refuse_block(heap, addr);
    return false;
  }
  uint64_t n = dict_length(c, g);
  *b = (mems_block){g, n, n * GRANULE - dict_slack(&heap->dict, c, g, n)};
  return true;
}

/* Counts a block of n granules out. */
static inline void count_out(mems_heap *heap, uint64_t n, size_t slack) {
  dict_forget(&heap->dict);
  heap->frees++;
  heap->slack -= slack;
  heap->room += (int64_t)n;
}

/* Takes a block out whose HOLE is merged at once. */
static int retire_far(mems_heap *heap, const mems_block *b) {
  count_out(heap, b->granules, b->granules * GRANULE - b->size);
  give_back(heap, b->at, b->granules);
  return MEMS_OK;
}

/* Takes a block out of a heap with fill or a quarantine. */
static int retire_guarded(mems_heap *heap, const mems_block *b) {
  mems_guard *q = &heap->dict.guard;
  if (heap->fill) memset(chain_physical(&heap->chain, b->at), 0x55, b->size);
  if (!guard_put(q, heap, b->at, b->granules)) return retire_far(heap, b);
  count_out(heap, b->granules, b->granules * GRANULE - b->size);
  release(heap, q->most);
  return MEMS_OK;
}

/* Makes a HOLE of the block of n granules at g and puts it in front of the
   lists. `entry` are the bits in which it has its used bit and its slack. */
static inline int retire(mems_heap *heap, unsigned number, uint64_t g,
                         uint64_t n, uint64_t entry, size_t slack) {
  uint64_t *map = chain_useds(&heap->chain);
  bits_set(map, g, entry);
  bits_flip(map, g, 1);
  heap->quick.recent = (uint32_t)g;
  heap->quick.recent_number = number;
  count_out(heap, n, slack);
  return MEMS_OK;
}

static COLD int retire_tiny(mems_heap *heap, uint64_t g, unsigned n,
                            uint64_t useds) {
  size_t slack = dict_tiny_slack(&heap->dict, &heap->chain, g, useds);
  return retire(heap, n, g, n, TINY_ENTRY, slack);
}

/* A block up to NEAR: what its list knows is in its length, n. */
static inline int retire_near(mems_heap *heap, uint64_t g, unsigned n,
                              uint64_t useds) {
  if (UNLIKELY(n <= TINY)) return retire_tiny(heap, g, n, useds);
  return retire(heap, n, g, n, NEAR_ENTRY, useds >> 1 & NEAR_SLACK);
}

static inline int retire_long(mems_heap *heap, uint64_t g, unsigned number,
                              uint64_t useds) {
  const mems_list *list = heap->quick.lists + number;
  return retire(heap, number, g, list->granules, list->entry,
                useds >> 1 & SLACK);
}

static int take_back(mems_heap *heap, const mems_block *b) {
  if (UNLIKELY(heap->guarded)) return retire_guarded(heap, b);
  unsigned number = quick_number(b->granules, false);
  if (number == 0 || b->at >= heap->quick.end) return retire_far(heap, b);
  hole_settle(heap);
  if (UNLIKELY(heap_used(heap) < heap->relief))
    trim_step(heap, b->granules * GRANULE);
  return retire(heap, number, b->at, b->granules,
                heap->quick.lists[number].entry,
                b->granules * GRANULE - b->size);
}

/* What starts at g is a block that no list has room for, or none. */
static COLD int free_far(mems_heap *heap, uint64_t g) {
  mems_block b;
  mems_addr addr = dict_addr(&heap->dict, 0) + (g << 3 | g >> 61);
  if (!block_at(heap, addr, &b)) return heap->error;
  return take_back(heap, &b);
}

ALIGNED int mems_heap_free(mems_heap *heap, mems_addr addr) {
  uint64_t g = dict_granule(&heap->dict, addr);
  mems_quick *q = &heap->quick;
  if (LIKELY(g < q->end) && LIKELY(quick_list_recent(q))) {
    uint64_t starts = bits_field(chain_starts(&heap->chain), g);
    uint64_t useds = bits_field(chain_useds(&heap->chain), g);
    uint64_t next = starts & (bit(FIELD) - 2);
    unsigned number = useds >> NUMBER_AT & NUMBER;
    if (LIKELY(starts & useds & 1)) {
      if (LIKELY(next != 0))
        return retire_near(heap, g, bit_first(next), useds);
      if (LIKELY(number - 1 < size_number(QUICK_MOST)))
        return retire_long(heap, g, number, useds);
    }
    q->recent_number = NONE;
  }
  return free_far(heap, g);
}

/* Makes a block n granules long where it stands, if there is room:
     shrink   [ b        ]          grow   [ b   | HOLE        ]
              [ b | HOLE ]                 [ b          | HOLE ]
   Its number goes first, since it tells a length. */
static bool resize_in_place(mems_heap *heap, const mems_block *b,
                            uint64_t n) {
  mems_chain *c = &heap->chain;
  uint64_t end = b->at + b->granules;
  if (n > b->granules) {
    uint64_t hole = hole_take(heap, end);
    if (hole < n - b->granules) {
      if (hole) hole_free(heap, end, hole);
      return false;
    }
    dict_clear_number(c, b->at, b->granules + hole);
    chain_drop(c, end);
    end += hole;
    dict_touch(&heap->dict, b->at + n);
  } else {
    dict_clear_number(c, b->at, b->granules);
  }
  if (b->at + n < end) {
    uint64_t rest = end - b->at - n;
    chain_begin(c, b->at + n, rest);
    hole_free(heap, b->at + n, rest);
  }
  return true;
}

/* The granules that a block has where it stands when it is made to hold
   `size` bytes: as many as a new one would get, else as many as it needs; 0
   if there is no room. */
static uint64_t resize(mems_heap *heap, const mems_block *b, size_t size) {
  uint64_t n = granules_for(heap, size), least = dict_granules(size);
  if (n == b->granules) return n;
  if (n < b->granules || least > b->granules)
    if (resize_in_place(heap, b, n)) return n;
  if (least == b->granules || resize_in_place(heap, b, least)) return least;
  return 0;
}

static mems_addr move(mems_heap *heap, const mems_block *b, size_t size) {
  mems_addr addr = mems_heap_malloc(heap, size);
  if (addr == 0) return 0;
  uint64_t g = dict_granule(&heap->dict, addr);
  memcpy(chain_physical(&heap->chain, g), chain_physical(&heap->chain, b->at),
         at_most(size, b->size));
  take_back(heap, b);
  return addr;
}

/* Fills what a block that now has `size` bytes has won or lost. */
static void refill(mems_heap *heap, const mems_block *b, size_t size) {
  char *at = chain_physical(&heap->chain, b->at);
  if (size > b->size) memset(at + b->size, 0xAA, size - b->size);
  if (size < b->size) memset(at + size, 0x55, b->size - size);
}

mems_addr mems_heap_realloc(mems_heap *heap, mems_addr addr, size_t size) {
  mems_block b;
  if (addr == 0) return mems_heap_malloc(heap, size);
  if (!block_at(heap, addr, &b)) return 0;
  if (size == 0) return refuse(heap, MEMS_EINVAL);
  if (size > heap->chain.limit * GRANULE) return refuse(heap, MEMS_ELIMIT);
  uint64_t n = resize(heap, &b, size);
  if (n == 0) {
    int error = heap->error;
    mems_addr moved = move(heap, &b, size);
    if (moved) return moved;
    /* no memory elsewhere: a neighbour that is parked may do */
    hole_flush(heap);
    n = resize(heap, &b, size);
    if (n == 0) return 0;
    heap->error = error;
  }
  if (heap->fill) refill(heap, &b, size);
  dict_insert(&heap->dict, &heap->chain, b.at, n, n * GRANULE - size);
  dict_forget(&heap->dict);
  heap->slack += n * GRANULE - size - (b.granules * GRANULE - b.size);
  heap->room += (int64_t)b.granules;
  heap_count(heap, n);
  if (heap_used(heap) > heap->high) hole_rearm(heap, heap_used(heap));
  if (heap_used(heap) < heap->relief && b.granules > n)
    trim_step(heap, (b.granules - n) * GRANULE);
  return addr;
}

/* The range is not in the block found last; notes why if it is in none. */
static COLD void *span_far(const mems_heap *heap, mems_addr addr,
                           size_t size) {
  /* the dictionary may note what it found last */
  mems_dict *dict = &((mems_heap *)heap)->dict;
  void *physical = dict_span(dict, &heap->chain, addr, size);
  if (UNLIKELY(physical == NULL)) {
    heap_note_slice(heap);
    int error = dict_mistake(dict, &heap->chain, addr);
    if (error == MEMS_OK || error == MEMS_EINSIDE) error = MEMS_ERANGE;
    heap_fail(heap, error);
  }
  return physical;
}

void *mems_heap_span(const mems_heap *heap, mems_addr addr, size_t size) {
  const mems_dict *d = &heap->dict;
  if (LIKELY(dict_is_last(d, addr, size)))
    return chain_physical(&heap->chain, 0) + (addr - d->base);
  return span_far(heap, addr, size);
}

void *mems_heap_get(const mems_heap *heap, mems_addr addr) {
  return mems_heap_span(heap, addr, 1);
}

mems_addr mems_heap_address(const mems_heap *heap, const void *physical) {
  uintptr_t payload = (uintptr_t)chain_physical(&heap->chain, 0);
  uint64_t offset = (uintptr_t)physical - payload;
  mems_addr addr = heap->dict.base + offset;
  if (offset < heap->chain.end * GRANULE && mems_heap_get(heap, addr))
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
