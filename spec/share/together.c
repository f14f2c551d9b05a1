/*
** together.c - what workers do with cells that all of them have: they count in
** them, by an atomic number and by two that a lock guards, and they wake and
** wait for each other. Any of them may die at any time; the next one that locks
** the two numbers is told of it, and puts them right.
*/

#include "sharing.h"

/* The block that the root "shared" names. */
typedef struct cells {
  uint32_t bell, unused;
  uint64_t lock, first, second, added;
} cells;

static mems_addr place(mems_heap *heap) {
  uint64_t tag = 0;
  mems_addr addr = mems_heap_root(heap, "shared", &tag);
  CHECK(addr != 0 && tag == 7);
  return addr;
}

void make_cells(mems_heap *heap) {
  mems_addr addr = mems_heap_calloc(heap, 1, sizeof(cells));
  CHECK(addr != 0);
  CHECK(mems_heap_setroot(heap, "shared", addr, 7) == MEMS_OK);
}

static void add(cells *c, tallies *t, unsigned worker) {
  t->added[worker].begun++;
  __atomic_fetch_add(&c->added, 1, __ATOMIC_SEQ_CST);
  t->added[worker].done++;
}

static void add_guarded(mems_heap *heap, mems_addr at, tallies *t,
                        unsigned worker) {
  cells *c = mems_heap_span(heap, at, sizeof *c);
  CHECK(c != NULL);
  t->guarded[worker].begun++;
  int got = mems_heap_lock(heap, at + offsetof(cells, lock), 0);
  CHECK(got == MEMS_OK || got == MEMS_EDIED);
  if (got == MEMS_EDIED && c->first == c->second + 1) c->second++;
  CHECK(c->first == c->second);
  *(volatile uint64_t *)&c->first += 1;
  if (rand() % 100 == 0) usleep(50);
  *(volatile uint64_t *)&c->second += 1;
  CHECK(mems_heap_unlock(heap, at + offsetof(cells, lock)) == MEMS_OK);
  t->guarded[worker].done++;
}

static void ring(mems_heap *heap, mems_addr at) {
  cells *c = mems_heap_span(heap, at, sizeof *c);
  CHECK(c != NULL);
  __atomic_fetch_add(&c->bell, 1, __ATOMIC_SEQ_CST);
  CHECK(mems_heap_notify(heap, at + offsetof(cells, bell), rand() % 3) >= 0);
}

static void listen(mems_heap *heap, mems_addr at) {
  cells *c = mems_heap_span(heap, at, sizeof *c);
  CHECK(c != NULL);
  uint32_t seen = __atomic_load_n(&c->bell, __ATOMIC_SEQ_CST);
  int heard = mems_heap_wait(heap, at + offsetof(cells, bell), seen, 300000);
  uint32_t now = __atomic_load_n(&c->bell, __ATOMIC_SEQ_CST);
  CHECK(heard == MEMS_ETIME || (heard == MEMS_OK && now != seen));
}

void use_cells(mems_heap *heap, tallies *t, unsigned worker) {
  mems_addr at = place(heap);
  switch (rand() % 4) {
    case 0: add_guarded(heap, at, t, worker); break;
    case 1: ring(heap, at); break;
    case 2:
      if (rand() % 50 == 0) listen(heap, at);
      break;
    default: add(mems_heap_get(heap, at), t, worker);
  }
}

uint64_t check_cells(mems_heap *heap, const tallies *t) {
  mems_addr at = place(heap);
  uint64_t begun[2] = {0, 0}, done[2] = {0, 0};
  for (unsigned n = 0; n < WORKERS; n++) {
    begun[0] += t->added[n].begun, done[0] += t->added[n].done;
    begun[1] += t->guarded[n].begun, done[1] += t->guarded[n].done;
  }
  const cells *c = mems_heap_span(heap, at, sizeof *c);
  CHECK(c != NULL);
  CHECK(done[0] <= c->added && c->added <= begun[0]);
  CHECK(done[1] <= c->second && c->first <= begun[1]);
  CHECK(c->first - c->second <= 1);
  return c->added + c->second;
}
