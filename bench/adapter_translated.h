/* The allocator under test: mems behind malloc's own interface. Every address
   is turned into a pointer at once, and every pointer back when it is freed,
   as in a program that was written for malloc and knows nothing else. */

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

static inline block to_pointer(arena a, mems_addr addr) {
  return (block)(uintptr_t)mems_heap_get(a.heap, addr);
}

static inline mems_addr to_address(arena a, block b) {
  return mems_heap_address(a.heap, (void *)(uintptr_t)b);
}

static inline block take(arena a, size_t size) {
  return to_pointer(a, mems_heap_malloc(a.heap, size));
}

static inline block take_aligned(arena a, size_t size, size_t align) {
  return to_pointer(a, mems_heap_aligned(a.heap, size, align));
}

static inline block resize(arena a, block b, size_t size) {
  return to_pointer(a, mems_heap_realloc(a.heap, to_address(a, b), size));
}

static inline void give(arena a, block b) {
  mems_heap_free(a.heap, to_address(a, b));
}

static inline void *reach(arena a, block b) {
  (void)a;
  return (void *)(uintptr_t)b;
}

enum { MAPPED_EVERY = 16 };

static inline uint64_t mapped(arena a) {
  mems_stats stats = {.size = offsetof(mems_stats, holes)};
  mems_heap_stats(a.heap, &stats);
  return stats.mapped;
}

static inline block interior(block b, size_t offset) { return b + offset; }

static inline uintptr_t look(arena a, block b) {
  return (uintptr_t)to_address(a, b);
}

static inline uintptr_t look_span(arena a, block b) { return look(a, b); }

static inline uintptr_t look_size(arena a, block b) { return look(a, b); }

#endif
