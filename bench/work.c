/* See work.h. */

#include "work.h"

#include <string.h>

void write_block(void *p, size_t size, touch how) {
  char *bytes = p;
  size_t i;
  if (how == FIRST_BYTE) {
    *(volatile char *)bytes = 1;
  } else if (how == EVERY_PAGE) {
    for (i = 0; i < size; i += 4096) *(volatile char *)(bytes + i) = 1;
  } else if (how == EVERY_BYTE) {
    memset(bytes, 1, size);
    __asm__ volatile("" : : "r"(bytes) : "memory");
  }
}

plan draw_plan(const workload *w, size_t live, size_t ops) {
  uint64_t seed = 0x9E3779B97F4A7C15u;
  plan p;
  size_t i;
  p.blocks = own_memory(live * sizeof *p.blocks);
  p.first = own_memory(live * sizeof *p.first);
  p.slots = own_memory(ops * sizeof *p.slots);
  p.sizes = own_memory(ops * sizeof *p.sizes);
  for (i = 0; i < live + ops; i++) {
    size_t size = w->draw == UNIFORM ? between(&seed, w->low, w->high)
                                     : log_between(&seed, w->low, w->high);
    if (i < live) {
      p.first[i] = (uint32_t)size;
    } else {
      p.sizes[i - live] = (uint32_t)size;
      p.slots[i - live] = (uint32_t)below(&seed, live);
    }
  }
  return p;
}

void fill(arena a, const plan *p, size_t live, touch how) {
  size_t i;
  for (i = 0; i < live; i++) {
    p->blocks[i] = take_touched(a, p->first[i], how);
  }
}

void replace(arena a, const plan *p, size_t from, size_t to, touch how) {
  size_t i;
  for (i = from; i < to; i++) {
    block *b = &p->blocks[p->slots[i]];
    give(a, *b);
    *b = take_touched(a, p->sizes[i], how);
  }
}
