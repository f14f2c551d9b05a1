/*
** damage.c - looking for bytes that should be FREED.
*/

#include "damage.h"

#include <string.h>

/* The first of n bytes that is not `byte`; NULL if all are. */
static const char *other(const char *p, size_t n, char byte) {
  if (n == 0 || (p[0] == byte && memcmp(p, p + 1, n - 1) == 0)) return NULL;
  while (*p == byte) p++;
  return p;
}

/* Reports the byte at `at`; the memory that is described begins at granule
   g. */
static void report(const mems_heap *heap, int what, uint64_t g, size_t size,
                   const char *at) {
  const mems_place *place = chain_place(&heap->chain);
  if (place->damage == NULL) return;
  mems_damage d = {
      .what = what,
      .addr = dict_addr(&heap->dict, g),
      .size = size,
      .offset = (size_t)(at - chain_physical(&heap->chain, g)),
  };
  place->damage(place->damage_context, &d);
}

/* Looks at the bytes from `from` to `to` behind granule g, which are to be
   `byte`. Is there damage? */
static bool look(const mems_heap *heap, int what, uint64_t g, size_t size,
                 uint64_t from, uint64_t to, char byte) {
  char *start = chain_physical(&heap->chain, g);
  const char *at = other(start + from, to - from, byte);
  if (at == NULL) return false;
  report(heap, what, g, size, at);
  return true;
}

void damage_slack(mems_heap *heap, const mems_block *b) {
  uint64_t bytes = b->granules * GRANULE;
  if (look(heap, MEMS_DAMAGE_BEHIND, b->at, b->size, b->size, bytes, FREED))
    memset(chain_physical(&heap->chain, b->at) + b->size, FREED,
           bytes - b->size);
}

/* The bytes that were asked for of the PROCESS [g, g + n). */
static size_t bytes_of(const mems_heap *heap, uint64_t g, uint64_t n) {
  return n * GRANULE - dict_slack(&heap->dict, &heap->chain, g, n);
}

void damage_waited(mems_heap *heap, uint64_t g, uint64_t n) {
  if (look(heap, MEMS_DAMAGE_FREED, g, bytes_of(heap, g, n), 0, n * GRANULE,
           FREED))
    memset(chain_physical(&heap->chain, g), FREED, n * GRANULE);
}

/* Looks at the free memory [g, g + n) page by page, and fills it anew if
   `mend` says so. Is there damage? */
static bool look_free(mems_heap *heap, uint64_t g, uint64_t n, bool mend) {
  const mems_idle *d = &heap->idle;
  mems_pages p = pages_around(g, g + n);
  bool found = false;
  while (p.from < p.to) {
    bool gone = idle_is(&d->gone_bits, heap, p.from);
    uint64_t like = at_least(idle_like(d, heap, p, gone), 1);
    uint64_t from = at_least(p.from * PAGE, g * GRANULE) - g * GRANULE;
    p.from += like;
    uint64_t to = at_most(p.from * PAGE, (g + n) * GRANULE) - g * GRANULE;
    char byte = gone ? 0 : FREED;
    if (!look(heap, MEMS_DAMAGE_FREE, g, 0, from, to, byte)) continue;
    found = true;
    if (mend) memset(chain_physical(&heap->chain, g) + from, byte, to - from);
  }
  return found;
}

void damage_free(mems_heap *heap, uint64_t g, uint64_t n) {
  look_free(heap, g, n, true);
}

void damage_slot(mems_heap *heap, uint64_t g, uint64_t n) {
  if (look(heap, MEMS_DAMAGE_FREE, g, 0, 0, n * GRANULE, FREED))
    memset(chain_physical(&heap->chain, g), FREED, n * GRANULE);
}

void damage_wake(mems_heap *heap, mems_pages p, uint64_t from, uint64_t to) {
  for (uint64_t page = p.from; page < p.to; page++) {
    if (page * PAGE >= from && (page + 1) * PAGE <= to) continue;
    if (!idle_is(&heap->idle.gone_bits, heap, page)) continue;
    memset(chain_physical(&heap->chain, page * PAGE_GRANULES), FREED, PAGE);
    idle_touch(&heap->idle, heap, (mems_pages){page, page + 1});
  }
}

const char *damage_check(mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  const char *wrong = NULL;
  for (uint64_t g = 0, next; g < c->end; g = next) {
    next = chain_next(c, g);
    uint64_t n = next - g, bytes = n * GRANULE;
    if (chain_is_hole(c, g)) {
      if (look_free(heap, g, n, false))
        wrong = "memory that is free was written to";
    } else if (guard_waits(&heap->dict.guard, c, g)) {
      if (look(heap, MEMS_DAMAGE_FREED, g, bytes_of(heap, g, n), 0, bytes,
               FREED))
        wrong = "a block was written to after it was freed";
    } else {
      size_t size = bytes_of(heap, g, n);
      if (look(heap, MEMS_DAMAGE_BEHIND, g, size, size, bytes, FREED))
        wrong = "bytes behind the end of a block were written to";
    }
  }
  return wrong;
}
