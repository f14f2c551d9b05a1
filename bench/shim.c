/*
** malloc's own interface on a heap of mems, to be loaded in front of a program
** (LD_PRELOAD): every address is turned into a pointer at once, and every
** pointer back when it is freed. What was allocated before is refused by
** `free` and stays. For programs of one thread.
*/

#include <errno.h>
#include <stdlib.h>

#include "mems.h"

/* malloc promises what the largest type wants. */
enum { ALIGN = _Alignof(max_align_t) };

static mems_heap *shim_heap; /* malloc has no handle that could carry it */

static inline mems_heap *opened(void) {
  if (__builtin_expect(shim_heap == NULL, 0)) {
    mems_options options = {.size = sizeof options, .align = ALIGN};
    shim_heap = mems_heap_open(&options, NULL);
    if (!shim_heap) abort();
  }
  return shim_heap;
}

static inline void *pointer(mems_heap *heap, mems_addr addr) {
  if (addr) return mems_heap_get(heap, addr);
  errno = ENOMEM;
  return NULL;
}

static inline size_t at_least_one(size_t size) { return size ? size : 1; }

void *malloc(size_t size) {
  mems_heap *heap = opened();
  return pointer(heap, mems_heap_malloc(heap, at_least_one(size)));
}

void free(void *p) {
  if (p) mems_heap_free(opened(), mems_heap_address(opened(), p));
}

void *calloc(size_t count, size_t size) {
  mems_heap *heap = opened();
  if (count == 0 || size == 0) count = size = 1;
  return pointer(heap, mems_heap_calloc(heap, count, size));
}

void *realloc(void *p, size_t size) {
  mems_heap *heap = opened();
  if (!p) return malloc(size);
  return pointer(heap, mems_heap_realloc(heap, mems_heap_address(heap, p),
                                         at_least_one(size)));
}

void *aligned_alloc(size_t align, size_t size) {
  mems_heap *heap = opened();
  return pointer(heap, mems_heap_aligned(heap, at_least_one(size), align));
}

void *memalign(size_t align, size_t size) { return aligned_alloc(align, size); }

int posix_memalign(void **p, size_t align, size_t size) {
  void *got = aligned_alloc(align, size);
  if (got) *p = got;
  return got ? 0 : ENOMEM;
}

size_t malloc_usable_size(void *p) {
  mems_heap *heap = opened();
  return p ? mems_heap_size(heap, mems_heap_address(heap, p)) : 0;
}
