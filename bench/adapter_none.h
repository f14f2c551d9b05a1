/* No allocator at all: what the harness itself costs, with calls through a
   shared library that return at once (none.c). */

#ifndef ADAPTER_H
#define ADAPTER_H

#include "none.h"

typedef uint64_t block;
typedef struct arena {
  char *page;
} arena;

static inline int adapter_open(arena *a) {
  static char page[16 << 20];
  a->page = page;
  return 1;
}

static inline block take(arena a, size_t size) {
  return none_take(a.page, size);
}

static inline block take_aligned(arena a, size_t size, size_t align) {
  (void)align;
  return none_take(a.page, size);
}

static inline block resize(arena a, block b, size_t size) {
  (void)b;
  return none_take(a.page, size);
}

static inline void give(arena a, block b) { none_give(a.page, b); }

static inline void *reach(arena a, block b) {
  return (char *)none_look(a.page, b) - b;
}

enum { MAPPED_EVERY = 1 << 13 };

static inline uint64_t mapped(arena a) {
  (void)a;
  return 0;
}

static inline block interior(block b, size_t offset) { return b + offset; }

static inline uintptr_t look(arena a, block b) {
  return (uintptr_t)none_look(a.page, b);
}

static inline uintptr_t look_span(arena a, block b) { return look(a, b); }

static inline uintptr_t look_size(arena a, block b) { return look(a, b); }

#endif
