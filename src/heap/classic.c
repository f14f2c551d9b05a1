/*
** classic.c - the classic functions, on the one default heap of the process.
** Beside the counter in ranges.c the only mutable globals of the library.
*/

#include <errno.h>
#include <stdbool.h>

#include "mems.h"

static mems_heap *heap;
static int last_error;

static void note(int error) {
  last_error = error;
  if (error == MEMS_ENOMEM || error == MEMS_ELIMIT)
    errno = ENOMEM;
  else if (error != MEMS_OK)
    errno = EINVAL;
}

static bool ready(void) {
  note(heap ? MEMS_OK : MEMS_EINIT);
  return heap != NULL;
}

static mems_addr addr_of(const void *addr) {
  return (mems_addr)(uintptr_t)addr;
}

void mems_init(void) {
  const mems_options options = {.base = 1000};
  int error = MEMS_EINIT;
  if (heap == NULL) heap = mems_heap_open(&options, &error);
  note(error);
}

void mems_finish(void) {
  if (!ready()) return;
  mems_heap_close(heap);
  heap = NULL;
}

void *mems_malloc(size_t size) {
  if (!ready()) return NULL;
  mems_addr addr = mems_heap_malloc(heap, size);
  if (addr == 0) note(mems_heap_error(heap));
  return (void *)(uintptr_t)addr;
}

void mems_free(void *addr) {
  if (ready()) note(mems_heap_free(heap, addr_of(addr)));
}

void *mems_get(void *addr) {
  if (!ready()) return NULL;
  void *physical = mems_heap_get(heap, addr_of(addr));
  if (physical == NULL) note(mems_heap_error(heap));
  return physical;
}

void mems_print_stats(void) {
  if (ready()) note(mems_heap_print(heap, stdout));
}

int mems_errno(void) {
  return last_error;
}
