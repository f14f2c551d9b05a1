/*
** heap.c - bytes become operations on a heap in C. A plain array of blocks
** is the model: no two overlap, each has its exact size and keeps its bytes,
** a call fails only for a reason that the model knows, and every invariant
** holds. Requests to the OS fail as well, when the bytes say so.
**
** The sanitizers can't see where a block ends, so what is written is checked
** against the model, and what they watch over is the metadata.
*/

#include <string.h>

#include "input.h"
#include "mems.h"
#include "pages.h"

enum {
  BLOCKS = 96, OPERATIONS = 600, WHOLE = 4096, PART = 512,
  MOST_ALIGN = 2 << 20
};

typedef struct block {
  mems_addr addr; /* 0: none */
  size_t size, align;
  uint8_t seed;
} block;

typedef struct world {
  input in;
  mems_heap *heap;
  mems_options options;
  block blocks[BLOCKS];
  uint8_t seeds;
  uint64_t mallocs, frees, requested;
} world;

static uint8_t pattern(const block *b, size_t i) {
  return (uint8_t)((i ^ i >> 8) * 31 + b->seed);
}

/* Calls verb on the bytes of a block that are looked at: all of a small
   block, both ends of a large one. */
static void each_byte(world *w, const block *b,
                      void (*verb)(uint8_t *, uint8_t)) {
  uint8_t *at = mems_heap_span(w->heap, b->addr, b->size);
  MUST(at != NULL);
  for (size_t i = 0; i < b->size; i++) {
    if (b->size > WHOLE && i >= PART && i < b->size - PART)
      i = b->size - PART;
    verb(at + i, pattern(b, i));
  }
}

static void put(uint8_t *at, uint8_t value) {
  *at = value;
}

static void compare(uint8_t *at, uint8_t value) {
  MUST(*at == value);
}

static void write_block(world *w, const block *b) {
  each_byte(w, b, put);
}

static void verify_block(world *w, const block *b) {
  MUST(mems_heap_size(w->heap, b->addr) == b->size);
  each_byte(w, b, compare);
}

static bool overlap(const block *a, const block *b) {
  return a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

/* Mostly small, some of pages, few of MiB, or more than any heap has. */
static size_t take_size(input *in) {
  unsigned kind = take_byte(in);
  if (kind < 160) return kind % 160 + 1;
  if (kind < 220) return take_number(in, 2) % 5000;
  if (kind < 245) return take_number(in, 2) * 16;
  size_t size = (size_t)take_number(in, 8);
  return size >> 37 ? size : size & 0x1FFFFF;
}

static block *take_block(world *w) {
  return &w->blocks[take_byte(&w->in) % BLOCKS];
}

/* Any power of two up to 8 MiB, mostly small ones. */
static size_t take_align(input *in) {
  unsigned kind = take_byte(in);
  return (size_t)1 << (kind < 200 ? kind % 13 : kind % 24);
}

/* Why an allocation may have been refused. */
static void check_refusal(world *w, size_t size) {
  int error = mems_heap_error(w->heap);
  if (size == 0) MUST(error == MEMS_EINVAL);
  MUST(error == MEMS_EINVAL || error == MEMS_ELIMIT ||
       error == MEMS_ENOMEM);
  MUST(mems_heap_check(w->heap) == MEMS_OK);
}

static void check_fresh(world *w, const block *b, size_t align) {
  uint8_t *at = mems_heap_get(w->heap, b->addr);
  MUST(at != NULL);
  if (align < w->options.align) align = w->options.align;
  MUST((uintptr_t)at % (align < 8 ? 8 : align) == 0);
  MUST(mems_heap_address(w->heap, at) == b->addr);
  MUST(mems_heap_size(w->heap, b->addr) == b->size);
  for (const block *other = w->blocks; other < w->blocks + BLOCKS; other++)
    if (other->addr && other != b) MUST(!overlap(b, other));
}

/* There is a new block, if the heap gave one. */
static void enter(world *w, block *b, mems_addr addr, size_t size,
                  size_t align) {
  if (addr == 0) {
    check_refusal(w, size);
    return;
  }
  MUST(size > 0);
  *b = (block){addr, size, 8, ++w->seeds};
  check_fresh(w, b, align);
  w->mallocs++;
  w->requested += size;
}

static void discard(world *w, block *b) {
  verify_block(w, b);
  MUST(mems_heap_free(w->heap, b->addr) == MEMS_OK);
  MUST(mems_heap_free(w->heap, b->addr) != MEMS_OK);
  MUST(mems_heap_get(w->heap, b->addr) == NULL);
  w->frees++;
  w->requested -= b->size;
  b->addr = 0;
}

static void op_malloc(world *w) {
  block *b = take_block(w);
  size_t size = take_size(&w->in);
  if (b->addr) discard(w, b);
  enter(w, b, mems_heap_malloc(w->heap, size), size, 8);
  if (b->addr == 0) return;
  if (w->options.fill)
    MUST(*(uint8_t *)mems_heap_get(w->heap, b->addr) == 0xAA);
  write_block(w, b);
}

static void op_aligned(world *w) {
  block *b = take_block(w);
  size_t size = take_size(&w->in), align = take_align(&w->in);
  if (b->addr) discard(w, b);
  enter(w, b, mems_heap_aligned(w->heap, size, align), size, align);
  if (b->addr == 0) return;
  MUST(align <= MOST_ALIGN);
  b->align = align;
  write_block(w, b);
}

static void zero(uint8_t *at, uint8_t value) {
  (void)value;
  MUST(*at == 0);
}

static void op_calloc(world *w) {
  block *b = take_block(w);
  size_t size = take_size(&w->in), count = take_byte(&w->in) % 5, bytes;
  if (b->addr) discard(w, b);
  mems_addr addr = mems_heap_calloc(w->heap, count, size);
  bool overflow = __builtin_mul_overflow(count, size, &bytes);
  MUST(!overflow || addr == 0);
  enter(w, b, addr, overflow ? 1 : bytes, 8);
  if (b->addr == 0) return;
  each_byte(w, b, zero);
  write_block(w, b);
}

static void op_realloc(world *w) {
  block *b = take_block(w);
  size_t size = take_size(&w->in);
  mems_addr addr = mems_heap_realloc(w->heap, b->addr, size);
  if (b->addr == 0) {
    enter(w, b, addr, size, 8);
    if (b->addr) write_block(w, b);
    return;
  }
  if (addr == 0) {
    check_refusal(w, size);
    verify_block(w, b);
    return;
  }
  if (addr != b->addr) {
    MUST(mems_heap_get(w->heap, b->addr) == NULL ||
         (addr < b->addr && b->addr < addr + size));
    w->mallocs++, w->frees++;
  }
  size_t kept = b->size <= WHOLE ? b->size : PART;
  w->requested += size - b->size;
  b->addr = addr;
  b->size = size;
  check_fresh(w, b, b->align);
  const uint8_t *at = mems_heap_span(w->heap, addr, size);
  for (size_t i = 0; i < kept && i < size; i++) MUST(at[i] == pattern(b, i));
  write_block(w, b);
}

static void op_free(world *w) {
  block *b = take_block(w);
  if (b->addr) discard(w, b);
}

/* Any number for an address: found by the heap if and only if by the model. */
static void op_hostile(world *w) {
  block *b = take_block(w);
  mems_addr addr = take_byte(&w->in) % 4 == 0
                       ? take_number(&w->in, 8)
                       : b->addr + take_number(&w->in, 2) % 200 - 20;
  size_t size = take_size(&w->in);
  const block *in = NULL;
  for (const block *o = w->blocks; o < w->blocks + BLOCKS; o++)
    if (o->addr && addr - o->addr < o->size) in = o;
  bool fits = in && size <= in->size - (addr - in->addr);
  MUST((mems_heap_get(w->heap, addr) != NULL) == (in != NULL));
  if (size > 0) MUST((mems_heap_span(w->heap, addr, size) != NULL) == fits);
  bool start = in && in->addr == addr;
  MUST((mems_heap_size(w->heap, addr) != 0) == start);
  if (start) return;
  MUST((mems_heap_free(w->heap, addr) == MEMS_OK) == (addr == 0));
  if (addr == 0) return;
  MUST(mems_heap_realloc(w->heap, addr, 8) == 0);
  /* a fuzzer that watches compares may come upon a physical address */
  void *physical = (void *)(uintptr_t)addr;
  addr = mems_heap_address(w->heap, physical);
  MUST(addr == 0 || mems_heap_get(w->heap, addr) == physical);
}

static void op_locate(world *w) {
  const block *b = take_block(w);
  mems_segment s;
  if (b->addr == 0) return;
  MUST(mems_heap_locate(w->heap, b->addr + b->size - 1, &s) == MEMS_OK);
  MUST(s.kind == MEMS_PROCESS && s.addr == b->addr);
  MUST(s.requested == b->size && s.size >= b->size && s.size % 8 == 0);
  MUST(s.node <= s.addr && s.addr + s.size <= s.node + s.node_size);
}

static void op_stats(world *w) {
  mems_stats s = {.size = sizeof s};
  mems_heap_stats(w->heap, &s);
  MUST(s.mallocs == w->mallocs && s.frees == w->frees);
  MUST(s.processes == w->mallocs - w->frees);
  MUST(s.requested == w->requested && s.used >= s.requested);
  MUST(s.used + s.unused == s.mapped && s.mapped <= s.limit);
}

static int count_segment(void *context, const mems_segment *s) {
  uint64_t *counts = context;
  counts[s->kind]++;
  counts[2] += s->requested;
  return 0;
}

static void op_walk(world *w) {
  uint64_t counts[3] = {0, 0, 0};
  MUST(mems_heap_walk(w->heap, count_segment, counts) == 0);
  MUST(counts[MEMS_PROCESS] == w->mallocs - w->frees);
  MUST(counts[2] == w->requested);
}

/* What is said to be the largest block is had; unless the OS refuses. */
static void op_largest(world *w) {
  mems_stats s = {.size = sizeof s};
  mems_heap_stats(w->heap, &s);
  if (s.largest == 0 || s.largest > 1 << 21) return;
  mems_addr addr = mems_heap_malloc(w->heap, s.largest);
  MUST(addr || mems_heap_error(w->heap) == MEMS_ENOMEM);
  if (addr == 0) return;
  MUST(mems_heap_size(w->heap, addr) == s.largest);
  MUST(mems_heap_free(w->heap, addr) == MEMS_OK);
  w->mallocs++, w->frees++;
}

static void op_reset(world *w) {
  mems_heap_reset(w->heap);
  for (block *b = w->blocks; b < w->blocks + BLOCKS; b++) {
    if (b->addr == 0) continue;
    MUST(mems_heap_get(w->heap, b->addr) == NULL);
    w->frees++;
    w->requested -= b->size;
    b->addr = 0;
  }
}

/* Many of one size, so that there are runs of it: all but a few go again. */
static void op_crowd(world *w) {
  size_t size = take_number(&w->in, 2) % 1200 + 1;
  mems_addr crowd[64];
  for (int i = 0; i < 64; i++) crowd[i] = mems_heap_malloc(w->heap, size);
  for (int i = 0; i < 64; i++) {
    if (crowd[i] == 0) continue;
    block *b = i % 16 == 0 ? take_block(w) : NULL;
    w->mallocs++;
    if (b && b->addr == 0) {
      *b = (block){crowd[i], size, 8, ++w->seeds};
      w->requested += size;
      check_fresh(w, b, 8);
      write_block(w, b);
    } else {
      MUST(mems_heap_size(w->heap, crowd[i]) == size);
      MUST(mems_heap_free(w->heap, crowd[i]) == MEMS_OK);
      w->frees++;
    }
  }
}

static void op_trim(world *w) {
  mems_heap_trim(w->heap);
}

static void op_check(world *w) {
  MUST(mems_heap_check(w->heap) == MEMS_OK);
}

static void op_fail(world *w) {
  pages_fail(take_byte(&w->in) % 8);
}

static void (*const operations[])(world *) = {
  op_malloc, op_malloc, op_malloc, op_malloc, op_free, op_free, op_free,
  op_realloc, op_realloc, op_aligned, op_calloc, op_hostile, op_locate,
  op_stats, op_walk, op_trim, op_check, op_fail, op_largest, op_crowd,
  op_crowd, op_reset
};

static bool open_heap(world *w) {
  static const uint64_t limits[] = {
    4096, 8192, 65536, 1 << 18, 1 << 20, 3 << 20, 1 << 26, 0
  };
  unsigned choice = take_byte(&w->in);
  w->options.limit = limits[choice % 8];
  w->options.align = choice & 8 ? (size_t)8 << (choice >> 4 & 15) : 0;
  choice = take_byte(&w->in);
  w->options.page = choice & 1 ? 4096 * (size_t)(choice >> 4) : 0;
  w->options.quarantine = choice & 2 ? (size_t)(choice >> 4) * 1000 : 0;
  w->options.fill = choice >> 2 & 1;
  w->options.base = choice & 8 ? (mems_addr)1 << 40 : 0;
  if (choice >> 4 == 3) pages_fail(take_byte(&w->in) % 16);
  int error;
  w->heap = mems_heap_open(&w->options, &error);
  MUST((w->heap != NULL) == (error == MEMS_OK));
  MUST(w->heap || error == MEMS_ENOMEM || (w->options.page & 4095));
  return w->heap != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  world w = {.in = {data, data + size}};
  pages_fail(0);
  if (!open_heap(&w)) return 0;
  for (int i = 0; i < OPERATIONS && w.in.at < w.in.end; i++) {
    unsigned kind = take_byte(&w.in);
    operations[kind % (sizeof operations / sizeof operations[0])](&w);
  }
  pages_fail(0);
  op_check(&w);
  op_stats(&w);
  op_walk(&w);
  for (block *b = w.blocks; b < w.blocks + BLOCKS; b++)
    if (b->addr) discard(&w, b);
  op_check(&w);
  mems_heap_close(w.heap);
  return 0;
}
