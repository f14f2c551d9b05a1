/* The allocator under test: whichever malloc the program is linked with.
   It has no checked look-up; malloc_usable_size of the block's start is the
   nearest thing, so that is what stands beside ours. */

#ifndef ADAPTER_H
#define ADAPTER_H

#include <malloc.h>
#include <stdlib.h>

typedef uint64_t block;
typedef struct arena {
  int none;
} arena;

static inline int adapter_open(arena *a) {
  a->none = 0;
  return 1;
}

static inline block take(arena a, size_t size) {
  (void)a;
  return (block)(uintptr_t)malloc(size);
}

static inline block take_aligned(arena a, size_t size, size_t align) {
  (void)a;
  return (block)(uintptr_t)memalign(align, size);
}

static inline block resize(arena a, block b, size_t size) {
  (void)a;
  return (block)(uintptr_t)realloc((void *)(uintptr_t)b, size);
}

static inline void give(arena a, block b) {
  (void)a;
  free((void *)(uintptr_t)b);
}

static inline void *reach(arena a, block b) {
  (void)a;
  return (void *)(uintptr_t)b;
}

/* How often it may be asked: reading what the process maps takes long. */
enum { MAPPED_EVERY = 1 << 13 };

static inline uint64_t mapped(arena a) {
  (void)a;
  return writable();
}

static inline block interior(block b, size_t offset) {
  (void)offset;
  return b;
}

static inline uintptr_t look(arena a, block b) {
  (void)a;
  return malloc_usable_size((void *)(uintptr_t)b);
}

static inline uintptr_t look_span(arena a, block b) { return look(a, b); }

static inline uintptr_t look_size(arena a, block b) { return look(a, b); }

#endif
