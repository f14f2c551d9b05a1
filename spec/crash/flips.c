/*
** flips.c - damaged files. Each bit of the first pages is flipped, and random
** ones of the bitmaps, and the file is cut, or made longer, at each page: it
** is refused with a reason, or opens as a sound heap.
*/

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "head.h"
#include "modes.h"
#include "states.h"

static uint64_t refused, opened;

/* Opens what is damaged: no block needs to be right, unless `m` says which. */
static void attempt(const char *path, const model *m, bool readonly,
                    bool check) {
  int error = 0;
  why[0] = '\0';
  mems_options o = {.size = sizeof o, .path = path, .readonly = readonly,
                    .create = MEMS_CREATE_NEVER, .why = why, .check = check,
                    .why_size = sizeof why};
  mems_heap *heap = mems_heap_open(&o, &error);
  if (heap == NULL) {
    if (error == MEMS_OK || why[0] == '\0') fail("no reason is given");
    refused++;
    return;
  }
  opened++;
  mems_root root;
  for (size_t i = 0; (i = mems_heap_roots(heap, i, &root)); )
    mems_heap_root(heap, root.name, NULL);
  for (int i = 0; m && i < BLOCKS; i++) {
    const block *b = m->blocks + i;
    const char *what = b->addr ? mistake_in(heap, b, b->size) : NULL;
    if (what) fail("block %d of %zu bytes %s", i, b->size, what);
  }
  if (mems_heap_check(heap) != MEMS_OK)
    fail("check: %s", mems_heap_broken(heap));
  mems_heap_close(heap);
}

static void flip(int file, size_t bit) {
  char byte;
  if (pread(file, &byte, 1, (off_t)(bit / 8)) != 1) fail("no byte");
  byte = (char)(byte ^ 1 << bit % 8);
  if (pwrite(file, &byte, 1, (off_t)(bit / 8)) != 1) fail("no place");
}

/* Each `every`th bit of a part of the file. Only reading it leaves it as it
   is; now and then it is opened to be changed. */
static void flip_bits(const snapshot *whole, const model *m, size_t from,
                      size_t to, long every) {
  const char *path = files_path("b");
  snapshot_put(whole, path);
  int file = open(path, O_RDWR | O_CLOEXEC);
  for (size_t bit = from * 8; bit < to * 8; bit += (size_t)every) {
    snprintf(trying, sizeof trying, "bit %zu of byte %zu", bit % 8, bit / 8);
    flip(file, bit);
    attempt(path, m, true, false);
    if (bit / (size_t)every % 16 == 0) {
      attempt(path, m, false, false);
      snapshot_put(whole, path);
      continue;
    }
    flip(file, bit);
  }
  close(file);
}

/* Random bits of the truth, of which all else is rebuilt. */
static void flip_truth(const snapshot *whole, long count, uint64_t *seed) {
  const char *path = files_path("b");
  for (long i = 0; i < count; i++) {
    snapshot_put(whole, path);
    int file = open(path, O_RDWR | O_CLOEXEC);
    int flips = 1 + (int)draw(seed, 30);
    while (flips > 0) {
      size_t page = 16 + draw(seed, whole->pages - 16);
      if (!whole->present[page]) continue;
      flip(file, page * UNIT * 8 + draw(seed, UNIT * 8));
      flips--;
    }
    close(file);
    snprintf(trying, sizeof trying, "random bits %ld", i);
    attempt(path, NULL, draw(seed, 2), true);
  }
}

static void cut(const snapshot *whole, const model *m) {
  const char *path = files_path("b");
  snapshot_put(whole, path);
  for (size_t page = whole->pages + 8; page-- > 0; ) {
    size_t length = page * UNIT;
    snprintf(trying, sizeof trying, "%zu bytes of %zu", length,
             whole->length);
    if (truncate(path, (off_t)length) != 0) fail("it can't be cut");
    if (length == whole->length) {
      snapshot_put(whole, path);
      attempt(path, m, false, false);
      continue;
    }
    uint64_t before = refused;
    attempt(path, NULL, false, false);
    attempt(path, NULL, true, true);
    int error = 0;
    mems_heap *heap = mems_heap_restore(path, NULL, &error);
    if (refused != before + 2) fail("a file of another length was opened");
    if (heap && length < whole->length && mems_heap_check(heap) != MEMS_OK)
      fail("check of a restored heap: %s", mems_heap_broken(heap));
    mems_heap_close(heap);
  }
}

/* A saved file whose bits flip is not restored, or is what it was. */
static void flip_saved(const model *m, long count, uint64_t *seed) {
  const char *path = files_path("c");
  mems_heap *heap = open_again(files_path("a"), false);
  if (mems_heap_save(heap, path, NULL) != MEMS_OK) fail("it can't be saved");
  mems_heap_close(heap);
  snapshot whole = snapshot_take(path);
  int file = open(path, O_RDWR | O_CLOEXEC);
  while (count > 0) {
    size_t page = draw(seed, whole.pages);
    if (!whole.present[page]) continue;
    size_t bit = page * UNIT * 8 + draw(seed, UNIT * 8);
    flip(file, bit);
    snprintf(trying, sizeof trying, "bit %zu of byte %zu, saved", bit % 8,
             bit / 8);
    heap = mems_heap_restore(path, NULL, NULL);
    for (int i = 0; heap && i < BLOCKS; i++) {
      const block *b = m->blocks + i;
      const char *what = b->addr ? mistake_in(heap, b, b->size) : NULL;
      if (what) fail("block %d of %zu bytes %s", i, b->size, what);
    }
    *(heap ? &opened : &refused) += 1;
    mems_heap_close(heap);
    flip(file, bit);
    count--;
  }
  close(file);
  snapshot_drop(&whole);
}

void flips(long every, double until, uint64_t seed) {
  model *m = model_new();
  if (every < 1) every = 1;
  mems_heap *heap = state_prepare(states + 2, files_path("a"), m, seed);
  make_holder(heap, m);
  run_random(heap, m, 200, seed);
  mems_heap_close(heap);
  snapshot whole = snapshot_take(files_path("a"));
  for (int state = HEAD_CLEAN; state <= HEAD_OPEN; state++) {
    whole.bytes[offsetof(mems_head, state)] = (char)state;
    flip_bits(&whole, m, 0, sizeof(mems_head), 1);
    flip_bits(&whole, m, 2 * UNIT, 2 * UNIT + sizeof(mems_redo), 1);
    flip_bits(&whole, m, UNIT, 2 * UNIT, every);
    flip_bits(&whole, m, 2 * UNIT, 3 * UNIT, every);
    flip_bits(&whole, m, 3 * UNIT, 3 * UNIT + sizeof(mems_summary), every);
  }
  flip_truth(&whole, 4000 / every + 100, &seed);
  cut(&whole, m);
  flip_saved(m, 3000 / every + 100, &seed);
  snapshot_drop(&whole);
  printf("flips: %llu refused, %llu harmless%s\n",
         (unsigned long long)refused, (unsigned long long)opened,
         seconds() > until ? ", too slow" : "");
}
