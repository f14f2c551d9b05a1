/*
** check.c - is the heap as the model says?
**
** The call in progress may have happened or not. A realloc that moves and no
** cell publishes may leave both blocks; the new one then is a stranger: a block
** that the model does not know, as is one whose malloc was in progress. Of all
** others there is none.
*/

#include "check.h"

#include <stdlib.h>
#include <string.h>

static uint64_t live_in(mems_heap *heap) {
  mems_stats s = {.size = offsetof(mems_stats, holes)};
  mems_heap_stats(heap, &s);
  return s.processes;
}

static bool is_known(const model *m, mems_addr addr) {
  if (addr == m->holder) return true;
  for (int i = 0; i < m->most; i++)
    if (m->blocks[i].addr == addr) return true;
  return false;
}

typedef struct search {
  const model *m;
  mems_segment found;
} search;

static int visit(void *of, const mems_segment *s) {
  search *at = of;
  if (s->kind != MEMS_PROCESS || s->waiting || is_known(at->m, s->addr))
    return 0;
  at->found = *s;
  return 1;
}

/* The first stranger; of requested 0: none. */
static mems_segment stranger(mems_heap *heap, const model *m) {
  search s = {.m = m};
  mems_heap_walk(heap, visit, &s);
  return s.found;
}

/* What a cell holds. */
static mems_addr held(mems_heap *heap, const model *m, int cell) {
  mems_cell c = cell_of(m, cell);
  uint64_t word = 0;
  if (c.root) {
    mems_root root;
    for (size_t i = 0; (i = mems_heap_roots(heap, i, &root)); )
      if (strcmp(root.name, c.root) == 0) return root.addr;
    return 0;
  }
  const void *at = mems_heap_span(heap, c.addr, sizeof word);
  if (at == NULL) fail("the block of cells is lost");
  memcpy(&word, at, sizeof word);
  return word;
}

static void resolve_new(mems_heap *heap, model *m, uint64_t extra) {
  mems_segment s = {.requested = 0};
  if (extra == 1) s = stranger(heap, m);
  if (extra == 1 && s.requested != m->now.size)
    fail("a new block has %zu bytes and not %zu", s.requested, m->now.size);
  adopt(heap, m, extra ? s.addr : 0);
}

/* The block that was to be freed, or changed, is there as it was. */
static bool is_as_before(mems_heap *heap, const model *m) {
  const block *b = &m->now.before;
  size_t size = mems_heap_size(heap, b->addr);
  if (size != b->size) return false;
  const char *what = mistake_in(heap, b, b->size);
  if (what) fail("the block of the call in progress %s", what);
  return true;
}

static void resolve_free(mems_heap *heap, model *m) {
  const block *b = &m->now.before;
  bool there = is_as_before(heap, m);
  if (!there && mems_heap_size(heap, b->addr))
    fail("a block that was being freed has another size");
  adopt(heap, m, !there);
}

static void resolve_realloc(mems_heap *heap, model *m, uint64_t extra) {
  const block *b = &m->now.before;
  size_t size = mems_heap_size(heap, b->addr);
  if (size == b->size && size != m->now.size && is_as_before(heap, m)) {
    adopt(heap, m, 0);
    if (extra == 0) return;
    mems_segment s = stranger(heap, m);
    if (s.requested != m->now.size) fail("a block on its way has a wrong size");
    if (mems_heap_free(heap, s.addr) != MEMS_OK) fail("it can't be freed");
  } else if (size == m->now.size) {
    adopt(heap, m, b->addr);
    if (extra == 0) return;
    mems_segment s = stranger(heap, m);
    if (s.requested != m->now.size) fail("a block on its way has a wrong size");
    if (mems_heap_free(heap, s.addr) != MEMS_OK) fail("it can't be freed");
  } else if (size == 0) {
    mems_addr addr = stranger(heap, m).addr;
    if (addr == 0) fail("a block that moved is lost");
    adopt(heap, m, addr);
  } else {
    fail("a block of %zu bytes that was to have %zu has %zu", b->size,
         m->now.size, size);
  }
}

static void resolve_cell(mems_heap *heap, model *m) {
  const call *c = &m->now;
  mems_addr is = held(heap, m, c->cell), was = c->before.addr;
  if (c->kind == FREE_FROM) {
    if (is != was && is != 0) fail("a cell holds what it never did");
    if (is == was && !is_as_before(heap, m)) fail("a cell dangles");
    if (is == 0 && mems_heap_size(heap, was)) fail("a block is unreachable");
    adopt(heap, m, is == 0);
  } else if (is == was) {
    bool same = was == 0 || (mems_heap_size(heap, was) == c->before.size &&
                             is_as_before(heap, m));
    adopt(heap, m, same ? 0 : was);
  } else {
    if (is == 0) fail("a cell was cleared");
    if (was && mems_heap_size(heap, was)) fail("a moved block is there twice");
    adopt(heap, m, is);
  }
}

static rooted root_is(mems_heap *heap, int i) {
  mems_root root;
  for (size_t at = 0; (at = mems_heap_roots(heap, at, &root)); )
    if (strcmp(root.name, root_name(i)) == 0)
      return (rooted){root.addr, root.tag};
  return (rooted){0, 0};
}

static bool same_root(rooted a, rooted b) {
  return a.addr == b.addr && (a.addr == 0 || a.tag == b.tag);
}

static void resolve_root(mems_heap *heap, model *m) {
  const call *c = &m->now;
  rooted is = root_is(heap, c->cell), to = {c->addr, c->tag};
  bool same = same_root(is, m->roots[c->cell]);
  if (!same && !same_root(is, to)) fail("a root is half changed");
  adopt(heap, m, !same);
}

static void resolve(mems_heap *heap, model *m) {
  uint64_t live = live_in(heap), known = (uint64_t)live_blocks(m);
  uint64_t extra = live > known ? live - known : 0;
  if (extra > 1) fail("there are %llu blocks too many",
                      (unsigned long long)extra);
  switch (m->now.kind) {
    case MALLOC: case CALLOC: case MALLOC_ALIGNED:
      resolve_new(heap, m, extra);
      break;
    case FREE: resolve_free(heap, m); break;
    case REALLOC: resolve_realloc(heap, m, extra); break;
    case MALLOC_TO: case FREE_FROM: case REALLOC_TO:
      resolve_cell(heap, m);
      break;
    case SETROOT: resolve_root(heap, m); break;
    case RESET: adopt(heap, m, live == 0); break;
    case TRIM: case KINDS: adopt(heap, m, 1); break;
  }
}

static void check_cells(mems_heap *heap, const model *m) {
  int count = m->holder != 0;
  for (int i = 0; i < NAMED; i++) {
    if (!same_root(root_is(heap, i), m->roots[i]))
      fail("the root \"%s\" is wrong", root_name(i));
    count += m->roots[i].addr != 0;
  }
  for (int i = 0; i < (m->holder ? CELLS : OWNERS); i++) {
    const block *b = m->owned[i] == NONE ? NULL : m->blocks + m->owned[i];
    if (held(heap, m, i) != (b ? b->addr : 0)) fail("cell %d is wrong", i);
    count += b && i < OWNERS;
  }
  mems_root root;
  for (size_t i = 0; (i = mems_heap_roots(heap, i, &root)); ) count--;
  if (count < 0) fail("there are roots too many");
}

void verify(mems_heap *heap, model *m) {
  if (mems_heap_check(heap) != MEMS_OK)
    fail("check: %s", mems_heap_broken(heap));
  if (m->stage == CALLING)
    resolve(heap, m);
  else if (m->stage == RETURNED)
    settle_returned(heap, m);
  for (int i = 0; i < m->most; i++) {
    const block *b = m->blocks + i;
    const char *what = b->addr ? mistake_in(heap, b, b->size) : NULL;
    if (what) fail("block %d of %zu bytes %s", i, b->size, what);
  }
  check_cells(heap, m);
  uint64_t live = live_in(heap), known = (uint64_t)live_blocks(m);
  if (live != known)
    fail("%llu blocks are there and not %llu", (unsigned long long)live,
         (unsigned long long)known);
}

void exercise(mems_heap *heap, model *m, uint64_t seed) {
  mems_addr far = mems_heap_malloc(heap, 300000), more = 0;
  if (mems_heap_check(heap) != MEMS_OK)
    fail("check of a heap that grew: %s", mems_heap_broken(heap));
  for (int i = 0; i < 60; i++) perform(heap, m, pick(m, &seed));
  if (far) more = mems_heap_realloc(heap, far, 700000);
  if (mems_heap_free(heap, more ? more : far) != MEMS_OK)
    fail("what was allocated can't be freed");
  verify(heap, m);
  for (int i = 0; i < m->most; i++) {
    block *b = m->blocks + i;
    if (b->addr == 0 || b->cell != NONE || i % 3 == 0) continue;
    perform(heap, m, (call){.kind = FREE, .block = i, .cell = NONE});
  }
  mems_heap_trim(heap);
  verify(heap, m);
}
