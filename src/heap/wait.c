/*
** wait.c - cells of a block that processes wait for, and lock.
**
** A locked cell of 8 bytes names its owner: slot and life, since a slot may be
** taken again. So the death of an owner is seen by whoever wants the lock,
** who gets it, and is told.
*/

#include <limits.h>

#include "share.h"

enum { NAP = 20000000 }; /* nanoseconds between two looks at an owner */

/* A cell that is locked: the owner's slot + 1 and, above it, its life. */
static uint64_t mine(const mems_heap *heap) {
  const mems_own *own = own_of(heap);
  return (uint64_t)own->running->lives[own->slot] << 32 | (own->slot + 1);
}

/* Does the owner of a cell live? */
static bool owner_lives(const mems_heap *heap, uint64_t seen) {
  const mems_own *own = own_of(heap);
  uint32_t slot = ((uint32_t)seen & ~WAITED) - 1;
  if (slot >= SLOTS) return false;
  uint32_t life = __atomic_load_n(&own->running->lives[slot],
                                  __ATOMIC_ACQUIRE);
  return life == seen >> 32 && (slot == own->slot || share_is_held(heap, slot));
}

static void *cell_at(mems_heap *heap, mems_addr addr, size_t size) {
  void *cell = mems_heap_span(heap, addr, size);
  if (cell && addr % size) {
    heap_fail(heap, MEMS_EINVAL);
    return NULL;
  }
  if (cell && own_of(heap)->readonly) {
    heap_fail(heap, MEMS_EREADONLY);
    return NULL;
  }
  return cell;
}

/* Only there is one who could have a lock. */
static bool is_shared(const mems_heap *heap) {
  if (own_of(heap)->running) return true;
  heap_fail(heap, MEMS_EINVAL);
  return false;
}

int mems_heap_wait(mems_heap *heap, mems_addr addr, uint32_t expected,
                   uint64_t nanoseconds) {
  uint32_t *cell = cell_at(heap, addr, sizeof *cell);
  uint64_t end = share_now() + nanoseconds;
  if (cell == NULL) return own_of(heap)->error;
  while (__atomic_load_n(cell, __ATOMIC_SEQ_CST) == expected) {
    uint64_t left = nanoseconds ? end - share_now() : NAP;
    if (nanoseconds && left - 1 >= nanoseconds) return MEMS_ETIME;
    share_sleep(cell, expected, at_most(left, NAP));
    /* the block may be gone */
    cell = cell_at(heap, addr, sizeof *cell);
    if (cell == NULL) return own_of(heap)->error;
  }
  return MEMS_OK;
}

int mems_heap_notify(mems_heap *heap, mems_addr addr, int count) {
  uint32_t *cell = cell_at(heap, addr, sizeof *cell);
  return cell ? share_wake(cell, count > 0 ? count : INT_MAX) : -1;
}

/* Takes a cell whose owner has died; false if he lives, or another did. */
static bool take_cell(mems_heap *heap, void *cell, uint64_t seen) {
  uint64_t *word = cell;
  return !owner_lives(heap, seen) &&
         __atomic_compare_exchange_n(word, &seen, mine(heap) | WAITED, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

int mems_heap_lock(mems_heap *heap, mems_addr addr, uint64_t nanoseconds) {
  uint64_t start = share_now(), seen = 0;
  bool waited = false;
  if (!is_shared(heap)) return own_of(heap)->error;
  for (;;) {
    uint64_t *cell = cell_at(heap, addr, sizeof *cell);
    if (cell == NULL) return own_of(heap)->error;
    uint64_t me = mine(heap) | (waited ? WAITED : 0);
    seen = 0;
    if (__atomic_compare_exchange_n(cell, &seen, me, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
      return MEMS_OK;
    if ((seen & ~(uint64_t)WAITED) == mine(heap)) return MEMS_EBUSY;
    if (take_cell(heap, cell, seen)) return MEMS_EDIED;
    uint64_t gone = share_now() - start;
    if (nanoseconds && gone >= nanoseconds) return MEMS_ETIME;
    uint64_t marked = seen | WAITED;
    if (!(seen & WAITED) &&
        !__atomic_compare_exchange_n(cell, &seen, marked, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      continue;
    uint64_t nap = nanoseconds ? at_most(nanoseconds - gone, NAP) : NAP;
    share_sleep((uint32_t *)cell, (uint32_t)marked, nap);
    waited = true;
  }
}

int mems_heap_unlock(mems_heap *heap, mems_addr addr) {
  uint64_t *cell = cell_at(heap, addr, sizeof *cell);
  if (cell == NULL) return own_of(heap)->error;
  if (!is_shared(heap)) return own_of(heap)->error;
  uint64_t seen = __atomic_load_n(cell, __ATOMIC_RELAXED);
  if ((seen & ~(uint64_t)WAITED) != mine(heap)) return MEMS_EBUSY;
  seen = __atomic_exchange_n(cell, 0, __ATOMIC_RELEASE);
  if (seen & WAITED) share_wake((uint32_t *)cell, 1);
  return MEMS_OK;
}

size_t mems_heap_processes(const mems_heap *heap, size_t i,
                           mems_process *process) {
  const mems_running *running = own_of(heap)->running;
  if (running == NULL) return 0;
  while (i < SLOTS && running->pids[i] == 0) i++;
  if (i >= SLOTS) return 0;
  uint32_t slot = (uint32_t)i;
  bool own = slot == own_of(heap)->slot;
  *process = (mems_process){.slot = slot, .pid = running->pids[i],
                            .alive = own || share_is_held(heap, slot)};
  return i + 1;
}

void mems_heap_patience(mems_heap *heap, uint64_t nanoseconds) {
  own_of(heap)->patience = nanoseconds;
}

uint32_t mems_heap_takeovers(const mems_heap *heap) {
  const mems_running *running = own_of(heap)->running;
  return running ? running->takeovers : 0;
}

uint64_t mems_heap_recoveries(const mems_heap *heap) {
  return place_of(heap)->file ? head_of(heap)->head.recoveries : 0;
}
