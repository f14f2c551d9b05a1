/*
** bounds.c - how long it takes: prints, and decides nothing.
*/

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "modes.h"
#include "model.h"

static double median(double *of, int count) {
  for (int i = 1; i < count; i++)
    for (int k = i; k > 0 && of[k] < of[k - 1]; k--) {
      double d = of[k];
      of[k] = of[k - 1];
      of[k - 1] = d;
    }
  return of[count / 2];
}

/* Nanoseconds for a malloc and a free, 64 blocks at a time. */
static double pairs(mems_heap *heap) {
  enum { ROUNDS = 20000, AT_ONCE = 64, TIMES = 9 };
  mems_addr at[AT_ONCE];
  double took[TIMES];
  for (int t = 0; t < TIMES; t++) {
    double start = seconds();
    for (int i = 0; i < ROUNDS; i++) {
      for (int k = 0; k < AT_ONCE; k++) at[k] = mems_heap_malloc(heap, 48);
      for (int k = 0; k < AT_ONCE; k++) mems_heap_free(heap, at[k]);
    }
    took[t] = (seconds() - start) * 1e9 / ROUNDS / AT_ONCE;
  }
  return median(took, TIMES);
}

/* Opens it some times; milliseconds. */
static double opening(const char *path, bool check) {
  enum { TIMES = 7 };
  double took[TIMES];
  for (int i = 0; i < TIMES; i++) {
    mems_options o = {.size = sizeof o, .path = path, .check = check,
                      .create = MEMS_CREATE_NEVER};
    double start = seconds();
    mems_heap *heap = mems_heap_open(&o, NULL);
    took[i] = (seconds() - start) * 1e3;
    if (heap == NULL) fail("it can't be opened");
    mems_heap_close(heap);
  }
  return median(took, TIMES);
}

/* Until so much is in use; a third of the blocks goes again at once. */
static void fill(mems_heap *heap, size_t size, uint64_t bytes) {
  for (uint64_t i = 0, got = 0; got < bytes; i++) {
    mems_addr at = mems_heap_malloc(heap, size);
    if (at == 0) fail("no room");
    *(char *)mems_heap_get(heap, at) = 1;
    if (i % 3 == 2)
      mems_heap_free(heap, at);
    else
      got += size;
  }
}

void bounds(long mib) {
  static const size_t sizes[] = {48, 2000, 500000};
  uint64_t bytes = (uint64_t)(mib > 0 ? mib : 1024) << 20;
  for (int i = 0; i < 3; i++) {
    mems_options o = {.limit = 2 * bytes};
    mems_heap *heap = open_new(files_path("a"), &o);
    fill(heap, sizes[i], bytes);
    mems_stats s = {.size = offsetof(mems_stats, holes)};
    mems_heap_stats(heap, &s);
    mems_heap_close(heap);
    double clean = opening(files_path("a"), false);
    double rebuilt = opening(files_path("a"), true);
    printf("blocks of %zu bytes, %llu MiB, %llu of them: clean open %.3f ms, "
           "rebuild %.0f ms, %.0f ms per GiB\n", sizes[i],
           (unsigned long long)(s.mapped >> 20),
           (unsigned long long)s.processes, clean, rebuilt,
           rebuilt * (double)(1 << 30) / (double)s.mapped);
  }
  mems_options o = {.limit = 2 * bytes};
  mems_heap *file = open_new(files_path("a"), &o);
  mems_heap *memory = mems_heap_open(NULL, NULL);
  if (memory == NULL) fail("no memory");
  for (int i = 0; i < 3; i++)
    printf("malloc and free of 48 bytes: %.1f ns in a file, %.1f in memory\n",
           pairs(file), pairs(memory));
  mems_heap_close(file);
  mems_heap_close(memory);
}
