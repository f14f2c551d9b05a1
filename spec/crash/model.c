/*
** model.c - making calls, and noting them.
*/

#include "model.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

char trying[400];

void fail(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fputs("FAILED: ", stderr);
  vfprintf(stderr, format, list);
  fprintf(stderr, "\n  %s\n", trying);
  va_end(list);
  fflush(NULL);
  _exit(1);
}

model *model_new(void) {
  model *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (m == MAP_FAILED) fail("no memory");
  return m;
}

void model_clear(model *m, const mems_options *options) {
  memset(m, 0, sizeof *m);
  m->options = *options;
  m->most = BLOCKS;
  for (int i = 0; i < BLOCKS; i++) m->blocks[i].cell = NONE;
  for (int i = 0; i < CELLS; i++) m->owned[i] = NONE;
}

uint64_t draw(uint64_t *state, uint64_t n) {
  uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
  return (x ^ x >> 31) % n;
}

int vacant(const model *m) {
  for (int i = 0; i < m->most; i++)
    if (m->blocks[i].addr == 0) return i;
  return NONE;
}

int some_block(const model *m, int from, bool owned) {
  for (int i = 0; i < m->most; i++) {
    int at = (from + i) % m->most;
    const block *b = m->blocks + at;
    if (b->addr && (b->cell != NONE) == owned) return at;
  }
  return NONE;
}

int live_blocks(const model *m) {
  int count = m->holder != 0;
  for (int i = 0; i < m->most; i++) count += m->blocks[i].addr != 0;
  return count;
}

/* What is stored before is there before what is stored behind. */
static void order(void) {
  __asm__ volatile("" ::: "memory");
}

mems_cell cell_of(const model *m, int cell) {
  static const char *const names[OWNERS] = {"c0", "c1", "c2", "c3"};
  if (cell < OWNERS) return (mems_cell){.root = names[cell]};
  return (mems_cell){.addr = m->holder + 8 * (uint64_t)(cell - OWNERS)};
}

const char *root_name(int i) {
  static const char *const names[NAMED] = {"first", "second", "third",
    "a name as long as a name can be at most"};
  return names[i];
}

static mems_addr make_call(mems_heap *heap, const model *m, const call *c) {
  mems_cell cell = {0};
  if (c->kind >= MALLOC_TO && c->kind <= REALLOC_TO)
    cell = cell_of(m, c->cell);
  switch (c->kind) {
    case MALLOC: return mems_heap_malloc(heap, c->size);
    case CALLOC: return mems_heap_calloc(heap, 1, c->size);
    case MALLOC_ALIGNED: return mems_heap_aligned(heap, c->size, c->align);
    case FREE: return mems_heap_free(heap, c->before.addr) == MEMS_OK;
    case REALLOC: return mems_heap_realloc(heap, c->before.addr, c->size);
    case MALLOC_TO: return mems_heap_malloc_to(heap, &cell, c->size);
    case FREE_FROM: return mems_heap_free_from(heap, &cell) == MEMS_OK;
    case REALLOC_TO: return mems_heap_realloc_to(heap, &cell, c->size);
    case SETROOT:
      return mems_heap_setroot(heap, root_name(c->cell), c->addr, c->tag) ==
             MEMS_OK;
    case TRIM: mems_heap_trim(heap); return 1;
    case RESET: mems_heap_reset(heap); return 1;
    case KINDS: break;
  }
  return 0;
}

/* The call has happened with that result: may be repeated. */
void apply(model *m) {
  const call *c = &m->now;
  block *b = c->block == NONE ? NULL : m->blocks + c->block;
  if (m->result == 0) return;
  switch (c->kind) {
    case MALLOC: case CALLOC: case MALLOC_ALIGNED: case MALLOC_TO:
    case REALLOC: case REALLOC_TO:
      b->size = c->size;
      b->align = c->align;
      b->seed = c->before.addr ? c->before.seed : m->result + m->calls;
      b->cell = c->before.addr ? c->before.cell : c->cell;
      b->touched = true;
      if (b->cell != NONE) m->owned[b->cell] = c->block;
      order();
      b->addr = m->result;
      break;
    case FREE: case FREE_FROM:
      b->addr = 0;
      if (c->cell != NONE) m->owned[c->cell] = NONE;
      break;
    case SETROOT:
      m->roots[c->cell] = (rooted){c->addr, c->tag};
      break;
    case RESET:
      for (int i = 0; i < BLOCKS; i++) m->blocks[i].addr = 0;
      for (int i = 0; i < CELLS; i++) m->owned[i] = NONE;
      break;
    case TRIM: case KINDS: break;
  }
}

size_t bytes_kept(const call *c) {
  size_t old = c->before.addr ? c->before.size : 0;
  return old < c->size ? old : c->size;
}

/* The word number i of contents. */
static uint64_t word_at(uint64_t seed, size_t i) {
  return (seed + i) * UINT64_C(0x9E3779B97F4A7C15) ^ i;
}

/* Writes the contents from a byte on. */
static void write_contents(mems_heap *heap, const block *b, size_t from) {
  char *at = mems_heap_span(heap, b->addr, b->size);
  if (at == NULL) fail("a block has no place");
  size_t words = b->size / 8;
  for (size_t i = from / 8; i < words; i++) {
    uint64_t word = word_at(b->seed, i);
    memcpy(at + i * 8, &word, sizeof word);
  }
  uint64_t last = word_at(b->seed, words);
  memcpy(at + words * 8, &last, b->size % 8);
}

const char *mistake_in(mems_heap *heap, const block *b, size_t bytes) {
  size_t size = mems_heap_size(heap, b->addr);
  if (size == 0) return "is lost";
  if (size != b->size) return "has another size";
  const char *at = mems_heap_span(heap, b->addr, b->size);
  if (at == NULL) return "has no place";
  if (b->align && (uintptr_t)at % b->align) return "is not aligned";
  size_t words = bytes / 8, left = bytes % 8;
  for (size_t i = 0; i < words; i++) {
    uint64_t word;
    memcpy(&word, at + i * 8, sizeof word);
    if (word != word_at(b->seed, i)) return "has other contents";
  }
  uint64_t last = word_at(b->seed, words);
  if (memcmp(at + words * 8, &last, left) != 0) return "has other contents";
  return NULL;
}

/* What was refused needs no place. */
static bool finish(mems_heap *heap, model *m) {
  const call *c = &m->now;
  bool allocates = c->kind <= MALLOC_ALIGNED || c->kind == REALLOC ||
                   c->kind == MALLOC_TO || c->kind == REALLOC_TO;
  if (allocates && m->result)
    write_contents(heap, m->blocks + c->block, bytes_kept(c));
  order();
  m->stage = IDLE;
  return m->result != 0;
}

static void check_zeros(mems_heap *heap, const model *m) {
  const char *at = mems_heap_span(heap, m->result, m->now.size);
  if (at == NULL) fail("a block of zeros has no place");
  if (at[0] || memcmp(at, at + 1, m->now.size - 1))
    fail("calloc gave other bytes than zeros");
}

bool perform(mems_heap *heap, model *m, call c) {
  c.before = (block){.addr = 0};
  if (c.block != NONE) {
    c.before = m->blocks[c.block];
    m->blocks[c.block].touched = true;
    if (c.before.addr && c.kind != FREE && c.kind != FREE_FROM)
      c.align = c.before.align;
  }
  m->now = c;
  m->calls++;
  order();
  m->stage = CALLING;
  order();
  m->result = make_call(heap, m, &c);
  order();
  m->stage = RETURNED;
  order();
  apply(m);
  order();
  if (c.kind == CALLOC && m->result) check_zeros(heap, m);
  return finish(heap, m);
}

void settle_returned(mems_heap *heap, model *m) {
  apply(m);
  const call *c = &m->now;
  bool allocates = c->kind <= MALLOC_ALIGNED || c->kind == REALLOC ||
                   c->kind == MALLOC_TO || c->kind == REALLOC_TO;
  if (allocates && m->result) {
    const char *what = mistake_in(heap, m->blocks + c->block, bytes_kept(c));
    if (what) fail("the block that had just been returned %s", what);
  }
  finish(heap, m);
}

void make_holder(mems_heap *heap, model *m) {
  m->holder_size = (CELLS - OWNERS) * sizeof(uint64_t);
  mems_cell cell = {.root = "holder"};
  m->holder = mems_heap_malloc_to(heap, &cell, m->holder_size);
  if (m->holder == 0) fail("no block for cells");
  memset(mems_heap_get(heap, m->holder), 0, m->holder_size);
}

void adopt(mems_heap *heap, model *m, mems_addr addr) {
  m->result = addr;
  settle_returned(heap, m);
}
