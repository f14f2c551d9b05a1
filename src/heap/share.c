/*
** share.c - the lock of share.h: a futex word in the file (Drepper 2011,
** "Futexes are tricky", mutex 2). It names its owner's slot and, since a slot
** may be taken again, the slot's life, of which it has room for 21 bits:
**
**   [ WAITED | life | slot + 1 ]
*/

#include "share.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "admit.h"
#include "file.h"
#include "recover.h"

enum {
  SLOT_BITS = 10,
  SPINS = 100,
  NAP = 5000000 /* nanoseconds between two looks at the owner */
};

uint64_t share_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

bool share_sleep(uint32_t *word, uint32_t value, uint64_t nanoseconds) {
  struct timespec t = {(time_t)(nanoseconds / 1000000000),
                       (long)(nanoseconds % 1000000000)};
  return syscall(SYS_futex, word, FUTEX_WAIT, value, &t, NULL, 0) == 0 ||
         errno != ETIMEDOUT;
}

int share_wake(uint32_t *word, int count) {
  return (int)syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

/* Makes the word `value` if it is `seen`; what it was. */
static uint32_t swap(mems_running *running, uint32_t seen, uint32_t value) {
  __atomic_compare_exchange_n(&running->word, &seen, value, false,
                              __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
  return seen;
}

static int file_of(const mems_heap *heap) {
  return place_of(heap)->file - 1;
}

bool share_is_held(const mems_heap *heap, uint32_t slot) {
  return slot < SLOTS && file_is_locked(file_of(heap), FILE_SLOTS + slot, 1);
}

/* What the word is while the owner of a slot has the lock, in its life. */
static uint32_t word_of(const mems_running *running, uint32_t slot) {
  uint32_t life = __atomic_load_n(running->lives + slot, __ATOMIC_ACQUIRE);
  return (life << SLOT_BITS | (slot + 1)) & ~WAITED;
}

/* Does another one have the lock, who lives? */
static bool owner_lives(const mems_heap *heap, uint32_t seen) {
  const mems_own *own = own_of(heap);
  uint32_t slot = (seen & ((1u << SLOT_BITS) - 1)) - 1;
  return slot < SLOTS && slot != own->slot &&
         word_of(own->running, slot) == (seen & ~WAITED) &&
         share_is_held(heap, slot);
}

/* Tries to take the lock from an owner that has died. */
static bool take_over(const mems_heap *heap, uint32_t seen) {
  mems_own *own = own_of(heap);
  if (owner_lives(heap, seen) ||
      swap(own->running, seen, own->word | WAITED) != seen)
    return false;
  own->depth = 1;
  __atomic_fetch_add(&own->running->takeovers, 1, __ATOMIC_RELAXED);
  share_recover((mems_heap *)heap);
  return true;
}

/* Waits for the lock, which was taken when last looked at. */
static bool wait_for(const mems_heap *heap, uint32_t seen) {
  mems_own *own = own_of(heap);
  uint32_t *word = &own->running->word, me = own->word | WAITED;
  uint64_t start = share_now();
  for (;;) {
    if (seen == 0) {
      seen = swap(own->running, 0, me);
      if (seen == 0) return true;
      continue;
    }
    uint32_t found = seen;
    if (!(seen & WAITED)) found = swap(own->running, seen, seen | WAITED);
    if (found != seen) {
      seen = found;
      continue;
    }
    uint64_t looked = share_now();
    share_sleep(word, seen | WAITED, NAP);
    seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    if (seen == 0 || share_now() - looked < NAP / 2) continue;
    if (take_over(heap, seen)) return true;
    if (own->patience && share_now() - start > own->patience) break;
    seen = __atomic_load_n(word, __ATOMIC_RELAXED);
  }
  heap_fail(heap, MEMS_EBUSY);
  return false;
}

/* The other processor is told that this one waits. */
static void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

bool share_lock(const mems_heap *heap) {
  mems_own *own = own_of(heap);
  uint32_t seen = 0;
  if (own->depth > 0) {
    own->depth++;
    return true;
  }
  for (int i = 0; i < SPINS; i++) {
    seen = swap(own->running, 0, own->word);
    if (seen == 0) {
      own->depth = 1;
      return true;
    }
    if (seen & WAITED) break;
    pause_briefly();
  }
  if (!wait_for(heap, seen)) return false;
  own->depth = 1;
  return true;
}

void share_unlock(const mems_heap *heap) {
  mems_own *own = own_of(heap);
  if (--own->depth > 0) return;
  uint32_t *word = &own->running->word;
  uint32_t old = __atomic_exchange_n(word, 0, __ATOMIC_RELEASE);
  if (UNLIKELY(old & WAITED)) share_wake(word, 1);
}

bool share_is_alone(const mems_heap *heap) {
  return !file_is_locked(file_of(heap), FILE_SLOTS, SLOTS);
}

void share_begin(mems_heap *heap) {
  mems_running *running = own_of(heap)->running;
  uint32_t life = (uint32_t)share_now();
  memset(running, 0, sizeof *running);
  if (getrandom(&life, sizeof life, 0) < 0) life ^= (uint32_t)getpid();
  for (uint32_t i = 0; i < SLOTS; i++) running->lives[i] = life;
}

bool share_take_slot(mems_heap *heap) {
  mems_own *own = own_of(heap);
  mems_running *running = own->running;
  for (uint32_t i = 0; i < SLOTS; i++) {
    if (!file_lock(file_of(heap), FILE_SLOTS + i, true)) continue;
    own->slot = i;
    running->pids[i] = (uint32_t)getpid();
    __atomic_fetch_add(&running->lives[i], 1, __ATOMIC_ACQ_REL);
    own->word = word_of(running, i);
    return true;
  }
  return false;
}

void share_recover(mems_heap *heap) {
  mems_own *own = own_of(heap);
  heap->chain.end = admit_end(&head_of(heap)->head);
  recover(heap);
  own->recovery.size = 0; /* it was another's */
  head_of(heap)->head.recoveries++;
  __atomic_fetch_add(&own->running->changes, 1, __ATOMIC_RELEASE);
}
