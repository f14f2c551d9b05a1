/*
** heap.c - the heap: malloc, free, realloc.
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

#include "damage.h"
#include "hole.h"
#include "image.h"
#include "redo.h"
#include "root.h"
#include "share.h"
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
  const mems_found *cell;  /* gets the address in the same step; NULL */
  const mems_block *from;  /* moves from there; NULL */
} mems_request;

static void take_back(mems_heap *heap, const mems_block *b);

/* Counts a block of n granules of the chain in, or out. */
static void count(mems_heap *heap, uint64_t n, bool in) {
  uint64_t by = in ? 1 : UINT64_MAX;
  heap->processes += by;
  heap->used += in ? n : -n;
  if (n <= SLOT_MOST) heap->runs.classes[size_class(n)].chained += by;
  if (in) heap_raise(heap);
}

/* Enters a block whose address goes into a cell, and takes back the one that
   it replaces. */
static void publish(mems_heap *heap, mems_redo *todo, const mems_request *r) {
  mems_chain *c = &heap->chain;
  todo->cell = r->cell->cell;
  todo->tag = r->cell->tag;
  todo->value = dict_addr(&heap->dict, todo->at);
  if (r->from) {
    memcpy(chain_physical(c, todo->at), chain_physical(c, r->from->at),
           at_most(r->size, r->from->size));
    todo->gone = r->from->at;
  }
  truth_order();
  redo_begin(heap, todo);
  dict_insert(&heap->dict, c, todo->at, todo->granules, todo->slack,
              todo->align);
  redo_publish(heap, todo);
  if (r->from) take_back(heap, r->from);
  redo_end(heap);
}

/* Enters a slot of a class, or a HOLE of exactly r.n granules (number 0). */
static mems_addr hand_out(mems_heap *heap, uint64_t g, unsigned number,
                          mems_request r) {
  uint64_t n = number ? size_granules(number) : r.n;
  /* in a file its pages have their place on the disk */
  bool fresh = !number && n >= FRESH_LEAST && !heap->fill && !r.cell &&
               place_of(heap)->file == 0;
  char *physical = chain_physical(&heap->chain, g);
  if (heap->verified) {
    uint64_t from = g * GRANULE, to = number || !r.zero ? 0 : from + r.size;
    damage_free(heap, g, n);
    damage_wake(heap, pages_around(g, g + n), from, to);
  }
  if (r.zero && number) memset(physical, 0, r.size);
  if (r.zero && !number) trim_zero(heap, g, r.size);
  if (heap->fill && !r.zero) memset(physical, 0xAA, r.size);
  if (!number) {
    hole_occupy(heap, g, n, fresh);
    count(heap, n, true);
  }
  heap->mallocs++;
  mems_redo todo = redo_nothing();
  todo.at = g, todo.granules = n, todo.slack = n * GRANULE - r.size;
  todo.align = r.mark;
  if (r.cell)
    publish(heap, &todo, &r);
  else
    dict_insert(&heap->dict, &heap->chain, g, n, todo.slack, r.mark);
  if (fresh) dict_set_fresh(&heap->chain, g, true);
  return dict_addr(&heap->dict, g);
}

/* Makes a HOLE of the block b of the chain, which no one counts any more. */
static void retire_chained(mems_heap *heap, uint64_t g, uint64_t n) {
  bool fresh = dict_is_fresh(&heap->chain, g, n);
  count(heap, n, false);
  chain_free(&heap->chain, g);
  hole_free(heap, g, n, fresh);
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
      bool fresh = dict_is_fresh(c, g, n);
      if (heap->verified) damage_waited(heap, g, n);
      retire(heap, g, n);
      guard_drop(q, heap, g, n); /* last: it is no block at any time */
      heap_raise(heap); /* a stack may have it now */
      if (n * GRANULE > AT_ONCE && !fresh) trim_block(heap, g, n);
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
  bool again = g == NOWHERE && own_of(heap)->error == MEMS_ELIMIT;
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

static mems_addr allocate_here(mems_heap *heap, mems_request r) {
  if (own_of(heap)->readonly) return refuse(heap, MEMS_EREADONLY);
  if (r.size == 0) return refuse(heap, MEMS_EINVAL);
  if (r.size > heap->chain.limit * GRANULE) return refuse(heap, MEMS_ELIMIT);
  r.mark = r.align > heap->align ? r.align : 1;
  r.align = at_least(r.align, heap->align);
  r.n = entry_granules(r.size + heap->verified);
  if (r.mark > 1) r.n = at_least(r.n, MARK_LEAST);
  int error = own_of(heap)->error;
  unsigned number = size_class_aligned(r.n, r.align);
  uint64_t g = NOWHERE;
  if (number)
    g = slot_take(heap, &number, round_up(r.n, heap->align), r.align == 1);
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
  if (!number && !hole_claim(heap, g, r.n)) {
    hole_free(heap, g, r.n, false);
    return 0;
  }
  own_of(heap)->error = error; /* of an attempt before the one that did it */
  return hand_out(heap, g, number, r);
}

static COLD mems_addr allocate(mems_heap *heap, mems_request r) {
  if (!share_enter(heap)) return 0;
  mems_addr addr = allocate_here(heap, r);
  share_leave(heap);
  return addr;
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

/* The same in a heap that fills: a slot at hand is looked at first. False if
   there is none; *addr is the block. */
static bool malloc_filled(mems_heap *heap, size_t size, mems_addr *addr) {
  unsigned number = heap->runs.numbers[size / GRANULE]; /* of a byte more */
  const mems_class *class = heap->runs.classes + number;
  uint64_t g;
  if (number == 0 || !slot_pop(heap, number, &g)) return false;
  size_t slack = class->granules * GRANULE - size;
  damage_slot(heap, g, class->granules);
  memset(chain_physical(&heap->chain, g), 0xAA, size);
  *addr = slack >= class->brim ? enter_tiny(heap, class, g, slack)
                               : enter(heap, class, g, 1 | slack << 1);
  return true;
}

/* A size beyond the table, or one for which there was nothing at hand. */
static COLD mems_addr malloc_far(mems_heap *heap, size_t size) {
  uint64_t bytes = heap->runs.bytes, g;
  mems_addr addr;
  if (heap->verified && size - 1 < TABLE_MOST * GRANULE - 1 &&
      malloc_filled(heap, size, &addr))
    return addr;
  if (bytes && size > bytes && size <= SLOT_MOST * GRANULE) {
    unsigned number = size_class_aligned(entry_granules(size), heap->align);
    if (number && slot_pop(heap, number, &g)) {
      const mems_class *class = heap->runs.classes + number;
      size_t slack = class->granules * GRANULE - size;
      return enter(heap, class, g, 1 | slack << 1);
    }
  }
  return allocate(heap, (mems_request){.size = size, .align = 1});
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

/* Takes a block out, by way of the quarantine if there is one. */
static void take_back(mems_heap *heap, const mems_block *b) {
  mems_guard *q = &heap->dict.guard;
  heap_forget(heap);
  uint64_t gone = b->granules;
  bool fresh = dict_is_fresh(&heap->chain, b->at, b->granules);
  if (heap->verified) damage_slack(heap, b);
  bool waits = guard_put(q, heap, b->at, b->granules);
  if (!waits) retire(heap, b->at, b->granules);
  truth_order(); /* it is freed before its contents go */
  if (heap->fill) memset(chain_physical(&heap->chain, b->at), 0x55, b->size);
  if (!waits && !fresh && gone * GRANULE > AT_ONCE)
    trim_block(heap, b->at, gone);
  if (waits) gone = release(heap, q->most, RELEASE_MOST);
  if (trim_is_due(heap)) trim_some(heap, at_most(gone, b->granules));
}

/* Frees a slot of a heap that fills, and has no quarantine; false if g is none
   that is in use. */
static bool free_filled(mems_heap *heap, uint64_t g) {
  const mems_chain *c = &heap->chain;
  const mems_runs *r = &heap->runs;
  if (g >= c->end) return false;
  unsigned entry = runs_map(c)[g / PAGE_GRANULES];
  unsigned number = runs_number(entry);
  const mems_class *class = r->classes + number;
  mems_block b;
  if (!runs_is_slot(class, runs_offset(g, entry)) ||
      !dict_find(&heap->dict, c, r, g, &b))
    return false;
  dict_forget(&heap->dict);
  damage_slack(heap, &b);
  bits_put(chain_useds(c), g, class->mask, 2);
  memset(chain_physical(c, g), 0x55, b.size);
  slot_put(heap, number, g);
  if (trim_is_due(heap)) trim_some(heap, class->granules);
  return true;
}

/* What starts at g is a block of the chain, one whose free takes more than
   the short way, or none. */
static COLD int free_far(mems_heap *heap, uint64_t g) {
  mems_block b;
  if (heap->verified && heap->dict.guard.most == 0 && free_filled(heap, g))
    return MEMS_OK;
  mems_addr addr = dict_addr(&heap->dict, 0) + (g << 3 | g >> 61);
  if (addr == 0) return MEMS_OK;
  if (!share_enter(heap)) return own_of(heap)->error;
  bool found = heap_block_at(heap, addr, &b), readonly = own_of(heap)->readonly;
  if (found && readonly) heap_fail(heap, MEMS_EREADONLY);
  if (found && !readonly) take_back(heap, &b);
  share_leave(heap);
  return found && !readonly ? MEMS_OK : own_of(heap)->error;
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

/* What is to become of a block: n granules for `size` bytes. */
typedef struct mems_change {
  uint64_t n, mark;
  size_t size;
} mems_change;

/* Makes a block of the chain n granules long where it stands:
     shrink   [ b        ]          grow   [ b   | HOLE        ]
              [ b | HOLE ]                 [ b          | HOLE ]
   False if there is no room. For a block that is small beside its heap that
   does not grow: there may be room for it elsewhere. */
static bool resize_chained(mems_heap *heap, const mems_block *b,
                           mems_change to) {
  mems_chain *c = &heap->chain;
  uint64_t end = b->at + b->granules, n = to.n;
  bool grow = n > SLOT_MOST || 2 * n > c->end;
  if (n > b->granules && !hole_room(heap, end, n - b->granules, grow))
    return false;
  mems_redo todo = redo_nothing();
  todo.at = b->at, todo.granules = n, todo.align = to.mark;
  todo.slack = n * GRANULE - to.size;
  if (n != b->granules) redo_begin(heap, &todo);
  if (n > b->granules && heap->verified) {
    damage_free(heap, end, n - b->granules);
    damage_wake(heap, pages_around(end, b->at + n), 0, 0);
  }
  if (n > b->granules) hole_extend(heap, end, n - b->granules);
  if (n < b->granules) chain_begin(c, b->at + n);
  dict_insert(&heap->dict, c, b->at, n, todo.slack, to.mark);
  if (n == b->granules) return true;
  redo_end(heap);
  count(heap, b->granules, false);
  count(heap, n, true);
  return true;
}

/* The same for any block; the slot of one stays as long as it is. What a block
   of the chain has too much is free. */
static bool resize(mems_heap *heap, const mems_block *b, mems_change to) {
  if (runs_has(&heap->chain, b->at)) {
    if (to.n > b->granules) return false;
    dict_insert(&heap->dict, &heap->chain, b->at, b->granules,
                b->granules * GRANULE - to.size, to.mark);
    to.n = b->granules;
  } else {
    uint64_t least = to.n;
    to.n = size_rounded(least);
    if (!resize_chained(heap, b, to)) {
      if (to.n == least) return false;
      to.n = least;
      if (!resize_chained(heap, b, to)) return false;
    }
  }
  truth_order(); /* it has its new size before the contents go */
  if (heap->fill) refill(heap, b, to.size);
  if (to.n < b->granules)
    hole_free(heap, b->at + to.n, b->granules - to.n, false);
  return true;
}

/* Moves a block, whose alignment is kept if it was asked for; `cell` gets the
   new address in the same step, if it is not NULL. */
static mems_addr move(mems_heap *heap, const mems_block *b, size_t size,
                      const mems_found *cell) {
  uint64_t align = dict_alignment(&heap->chain, b);
  if (cell)
    return allocate(heap, (mems_request){.size = size, .align = align,
                                         .cell = cell, .from = b});
  mems_addr addr = mems_heap_aligned(heap, size, align * GRANULE);
  if (addr == 0) return 0;
  memcpy(mems_heap_get(heap, addr), chain_physical(&heap->chain, b->at),
         at_most(size, b->size));
  truth_order();
  mems_heap_free(heap, dict_addr(&heap->dict, b->at));
  return addr;
}

/* A slot of which less than half would be used is too good for a block that
   gets smaller. */
static bool is_spacious(const mems_heap *heap, const mems_block *b,
                        uint64_t n) {
  return runs_has(&heap->chain, b->at) && 2 * n < b->granules;
}

/* Makes a block `size` bytes long, where it stands or elsewhere; then `cell`
   gets its address, if it is not NULL. The address, or 0. */
static mems_addr change(mems_heap *heap, const mems_block *b, size_t size,
                        const mems_found *cell) {
  mems_change to = {entry_granules(size + heap->verified),
                    dict_alignment(&heap->chain, b), size};
  if (size == 0) return refuse(heap, MEMS_EINVAL);
  if (size > heap->chain.limit * GRANULE) return refuse(heap, MEMS_ELIMIT);
  if (own_of(heap)->readonly) return refuse(heap, MEMS_EREADONLY);
  if (to.mark > 1) to.n = at_least(to.n, at_most(MARK_LONG, b->granules));
  if (heap->verified) damage_slack(heap, b);
  int error = own_of(heap)->error;
  mems_addr moved = is_spacious(heap, b, to.n) ? move(heap, b, size, cell) : 0;
  if (moved) return moved;
  own_of(heap)->error = error;
  hole_reach(heap, b->at, b->granules);
  bool done = resize(heap, b, to);
  own_of(heap)->error = error;
  if (!done) {
    moved = move(heap, b, size, cell);
    if (moved) return moved;
    /* what stacks held may be a HOLE behind it now */
    int reason = own_of(heap)->error;
    done = resize(heap, b, to);
    own_of(heap)->error = done ? error : reason;
    if (!done) return 0;
  }
  heap_forget(heap);
  uint64_t n = entry_granules(size);
  if (n < b->granules && trim_is_due(heap)) trim_some(heap, b->granules - n);
  return dict_addr(&heap->dict, b->at);
}

mems_addr mems_heap_realloc(mems_heap *heap, mems_addr addr, size_t size) {
  mems_block b;
  if (addr == 0) return mems_heap_malloc(heap, size);
  if (!share_enter(heap)) return 0;
  mems_addr moved = 0;
  if (heap_block_at(heap, addr, &b)) moved = change(heap, &b, size, NULL);
  share_leave(heap);
  return moved;
}

static mems_addr malloc_to(mems_heap *heap, const mems_cell *cell,
                           size_t size) {
  mems_found found;
  if (!root_cell(heap, cell, &found)) return 0;
  return allocate(heap, (mems_request){.size = size, .align = 1,
                                       .cell = &found});
}

static int free_from(mems_heap *heap, const mems_cell *cell) {
  mems_found found;
  mems_block b;
  if (!root_cell(heap, cell, &found)) return own_of(heap)->error;
  if (found.value == 0) return MEMS_OK;
  if (!heap_block_at(heap, found.value, &b)) return own_of(heap)->error;
  mems_redo todo = redo_nothing();
  todo.cell = found.cell;
  todo.tag = found.tag;
  todo.value = 0;
  todo.gone = b.at;
  redo_begin(heap, &todo);
  redo_publish(heap, &todo);
  take_back(heap, &b);
  redo_end(heap);
  return MEMS_OK;
}

static mems_addr realloc_to(mems_heap *heap, const mems_cell *cell,
                            size_t size) {
  mems_found found;
  mems_block b;
  if (!root_cell(heap, cell, &found)) return 0;
  if (found.value == 0) return malloc_to(heap, cell, size);
  if (!heap_block_at(heap, found.value, &b)) return 0;
  if (found.cell - b.at < b.granules) return refuse(heap, MEMS_EINVAL);
  return change(heap, &b, size, &found);
}

mems_addr mems_heap_malloc_to(mems_heap *heap, const mems_cell *cell,
                              size_t size) {
  if (!share_enter(heap)) return 0;
  mems_addr addr = malloc_to(heap, cell, size);
  share_leave(heap);
  return addr;
}

int mems_heap_free_from(mems_heap *heap, const mems_cell *cell) {
  if (!share_enter(heap)) return own_of(heap)->error;
  int error = free_from(heap, cell);
  share_leave(heap);
  return error;
}

mems_addr mems_heap_realloc_to(mems_heap *heap, const mems_cell *cell,
                               size_t size) {
  if (!share_enter(heap)) return 0;
  mems_addr addr = realloc_to(heap, cell, size);
  share_leave(heap);
  return addr;
}

size_t mems_heap_size(const mems_heap *heap, mems_addr addr) {
  mems_block b;
  if (!share_enter(heap)) return 0;
  size_t size = heap_block_at(heap, addr, &b) ? b.size : 0;
  share_leave(heap);
  return size;
}

int mems_heap_error(const mems_heap *heap) {
  return own_of(heap)->error;
}
