/* The allocator under test: mems, on one heap that adapter_open opened. */

#ifndef ADAPTER_H
#define ADAPTER_H

#include "mems.h"

typedef uint64_t block;
typedef struct arena {
  mems_heap *heap;
} arena;

static inline int adapter_open(arena *a) {
  a->heap = mems_heap_open(NULL, NULL);
  return a->heap != NULL;
}

static inline block take(arena a, size_t size) {
  return mems_heap_malloc(a.heap, size);
}

static inline block take_aligned(arena a, size_t size, size_t align) {
  return mems_heap_aligned(a.heap, size, align);
}

static inline block resize(arena a, block b, size_t size) {
  return mems_heap_realloc(a.heap, b, size);
}

static inline void give(arena a, block b) { mems_heap_free(a.heap, b); }

static inline void *reach(arena a, block b) {
  return mems_heap_get(a.heap, b);
}

enum { MAPPED_EVERY = 16 };

static inline uint64_t mapped(arena a) {
  mems_stats stats = {.size = offsetof(mems_stats, holes)};
  mems_heap_stats(a.heap, &stats);
  return stats.mapped;
}

/* What `get` and `span` look up: an address anywhere inside a block. */
static inline block interior(block b, size_t offset) { return b + offset; }

static inline uintptr_t look(arena a, block b) {
  return (uintptr_t)mems_heap_get(a.heap, b);
}

static inline uintptr_t look_span(arena a, block b) {
  return (uintptr_t)mems_heap_span(a.heap, b, 8);
}

/* The counterpart of malloc_usable_size: of block starts only. */
static inline uintptr_t look_size(arena a, block b) {
  return mems_heap_size(a.heap, b);
}

#endif
