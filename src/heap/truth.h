/*
** truth.h - how the truth about a heap is stored.
**
** The truth is what all else is rebuilt from: start, used and node bits, the
** end, the table of slack, the bits of the quarantine, roots and the redo
** record. Where a heap lies in a file its process may die between any two
** stores. So each change of the truth is one store of one word, they happen
** in the order that the code has, and any prefix of them is a heap. All that
** takes is that the compiler neither splits, joins nor swaps them: they are
** volatile. Processors need no fences for it, since what a dead process has
** stored is in memory.
*/

#ifndef MEMS_TRUTH_H
#define MEMS_TRUTH_H

#include <stdint.h>

#if defined(MEMS_TEST)
/* The seam: the process is killed in place of the n-th store from now on that
   this thread makes; 0: it lives on. Returns how many were made since the last
   call. */
long truth_kill_at(long n);

/* A store is about to happen. */
void truth_count(void);
#else
static inline void truth_count(void) {}
#endif

static inline void truth_put(uint64_t *at, uint64_t value) {
  truth_count();
  *(volatile uint64_t *)at = value;
}

static inline void truth_put_byte(unsigned char *at, unsigned char value) {
  truth_count();
  *(volatile unsigned char *)at = value;
}

/* The same at a multiple of 4. */
static inline void truth_put_field(void *at, uint64_t value) {
  struct __attribute__((packed, aligned(4), may_alias)) field { uint64_t w; };
  truth_count();
  ((volatile struct field *)at)->w = value;
}

/* What was stored to anywhere before is stored before what comes behind. */
static inline void truth_order(void) {
  __asm__ volatile("" ::: "memory");
}

#endif
