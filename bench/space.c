/*
** The workloads `space`: how much memory a live set takes that changes all
** the time. Blocks come until the payload passes what may live, and then
** random ones go until it fits again; every byte is written. Mapped and
** resident bytes are the most that were seen, looked at every so many
** operations, beyond what there was before the heap was opened; both once
** more after all is freed.
*/

#include "work.h"

#include <string.h>

enum {
  TURNS = 4,    /* how often the live set is replaced, at least */
  SAME = 200,   /* creeping: operations until the next size */
  FEW = 300,    /* one in eight: the bytes of the others, at most */
  PAYLOAD = 64, /* of a block on the average, at least */
  RESIDENT_EVERY = 1 << 13
};

typedef struct pool {
  arena a;
  block *blocks;
  uint32_t *sizes;
  size_t count, room;
  uint64_t live, peak, taken; /* bytes of payload; those ever written */
  uint64_t mapped, resident;  /* the most that were seen */
  uint64_t unmapped, absent;  /* what is not the allocator's */
} pool;

static void most(uint64_t *of, uint64_t value) {
  if (value > *of) *of = value;
}

static void look_at(pool *p, size_t op) {
  if (op % MAPPED_EVERY == 0) most(&p->mapped, mapped(p->a) - p->unmapped);
  if (op % RESIDENT_EVERY == 0) most(&p->resident, resident() - p->absent);
}

static void keep(pool *p, size_t i, block b, size_t size) {
  if (!b) die("the allocator returned no memory");
  write_block(reach(p->a, b), size, EVERY_BYTE);
  p->blocks[i] = b;
  p->sizes[i] = (uint32_t)size;
  p->live += size;
  p->taken += size;
  most(&p->peak, p->live);
}

static void drop(pool *p, size_t i) {
  p->live -= p->sizes[i];
  give(p->a, p->blocks[i]);
  p->count--;
  p->blocks[i] = p->blocks[p->count];
  p->sizes[i] = p->sizes[p->count];
}

static size_t next_size(const workload *w, uint64_t *seed, size_t op) {
  size_t high = w->high;
  if (w->draw == LOG_UNIFORM) return log_between(seed, w->low, high);
  if (w->draw == CREEPING) return w->low + op / SAME % (high - w->low + 1);
  if (w->draw == ONE_IN_EIGHT && below(seed, 8)) high = FEW;
  return between(seed, w->low, high);
}

static void resize_one(pool *p, size_t i, size_t size) {
  p->live -= p->sizes[i];
  keep(p, i, resize(p->a, p->blocks[i], size), size);
}

/* One operation: a new block, or what the workload does instead. */
static void step(const workload *w, pool *p, uint64_t *seed, size_t size) {
  size_t i = p->count ? below(seed, p->count) : 0;
  size_t kind = below(seed, 4);
  if (w->habit == RESIZES && p->count && kind) {
    resize_one(p, i, size);
  } else if (w->habit == APPENDS && p->count && kind &&
             p->sizes[i] * 3 / 2 <= w->high) {
    resize_one(p, i, p->sizes[i] * 3 / 2);
  } else {
    int aligns = w->habit == ALIGNS && kind == 0;
    if (w->habit == APPENDS) size = w->low;
    if (p->count == p->room) die("more blocks than were thought of");
    keep(p, p->count++, aligns ? take_aligned(p->a, size, 4096)
                               : take(p->a, size), size);
  }
}

void run_space(const workload *w, arena a) {
  uint64_t seed = 3;
  size_t op, room = w->live / PAYLOAD + 4096;
  pool p = {.a = a, .room = room};
  p.blocks = own_memory(room * sizeof *p.blocks);
  p.sizes = own_memory(room * sizeof *p.sizes);
  p.unmapped = mapped(a);
  p.absent = resident() - w->opening;
  for (op = 0; op < w->ops || p.taken < (uint64_t)TURNS * w->live; op++) {
    step(w, &p, &seed, next_size(w, &seed, op));
    while (p.live > w->live && p.count > 0) drop(&p, below(&seed, p.count));
    look_at(&p, op);
  }
  look_at(&p, 0);
  report("peak", (double)p.peak);
  report("mapped", (double)p.mapped);
  report("resident", (double)p.resident);
  while (p.count > 0) drop(&p, below(&seed, p.count));
  report("mapped.freed", (double)(mapped(a) - p.unmapped));
  report("resident.freed", (double)(resident() - p.absent));
}
