/*
** power.c - loss of power. The OS writes pages when it likes, and a disk
** sectors: so what is found later is a mix of each page, or sector, as it was
** at the last sync or at any time since. What no call has changed since the
** sync has to be there.
*/

#include <string.h>
#include <unistd.h>

#include "files.h"
#include "modes.h"
#include "states.h"
#include "truth.h"

enum { TIMES = 4, MIXES_EACH = 40, HEAD_STATE = 104, STATE_OPEN = 2 };

typedef struct life {
  model *m, *synced;
  uint64_t seed;
  const setting *in;
  long calls, store;
} life;

/* Works, and dies at some store later. */
static void work(void *of) {
  life *l = of;
  uint64_t seed = l->seed;
  setting same = *l->in;
  same.options.base = (mems_addr)1 << 40; /* as all others of this life have */
  mems_heap *heap = state_prepare(&same, files_path("a"), l->m, seed);
  if (draw(&seed, 2)) make_holder(heap, l->m);
  run_random(heap, l->m, (long)draw(&seed, 400), seed + 1);
  if (mems_heap_sync(heap) != MEMS_OK) fail("sync");
  for (int i = 0; i < BLOCKS; i++) l->m->blocks[i].touched = false;
  memcpy(l->synced, l->m, sizeof *l->m);
  truth_kill_at(l->store);
  run_random(heap, l->m, l->calls, seed + 2);
  truth_kill_at(0);
}

/* Puts together some pages of `times` images, and sectors of others. */
static snapshot mix(snapshot *from, int times, uint64_t *seed) {
  snapshot to = snapshot_take(files_path("a"));
  uint64_t torn = draw(seed, 2) ? 4 : 1000, old = 1 + draw(seed, 8);
  for (size_t page = 0; page < to.pages; page++) {
    int one = draw(seed, 8) < old ? 0 : (int)draw(seed, (uint64_t)times);
    bool is_torn = draw(seed, torn) == 0;
    to.present[page] = 0;
    for (int i = 0; i < times; i++) to.present[page] |= from[i].present[page];
    if (!to.present[page]) continue;
    for (size_t at = page * UNIT; at < (page + 1) * UNIT; at += SECTOR) {
      if (is_torn) one = (int)draw(seed, (uint64_t)times);
      memcpy(to.bytes + at, from[one].bytes + at, SECTOR);
    }
  }
  to.bytes[HEAD_STATE] = STATE_OPEN;
  return to;
}

static uint64_t blocks, repairs;

static void look(const model *now, const model *synced, model *scratch) {
  mems_heap *heap = open_again(files_path("b"), false);
  mems_recovery r = {.size = sizeof r};
  if (!mems_heap_recovered(heap, &r)) fail("it was not recovered");
  repairs += r.repairs;
  if (mems_heap_check(heap) != MEMS_OK)
    fail("check: %s", mems_heap_broken(heap));
  memcpy(scratch, synced, sizeof *scratch);
  for (int i = 0; i < BLOCKS; i++) {
    const block *b = synced->blocks + i;
    scratch->blocks[i].addr = 0;
    scratch->blocks[i].cell = NONE;
    if (b->addr == 0 || now->blocks[i].touched) continue;
    const char *what = mistake_in(heap, b, b->size);
    if (what) fail("block %d of %zu bytes, untouched, %s", i, b->size, what);
    scratch->blocks[i].addr = b->addr;
    blocks++;
  }
  for (int i = 0; i < CELLS; i++) scratch->owned[i] = NONE;
  scratch->holder = 0;
  uint64_t seed = scratch->calls;
  for (int i = 0; i < 200; i++) {
    call c = pick(scratch, &seed);
    if (c.cell == NONE) perform(heap, scratch, c);
  }
  for (int i = 0; i < BLOCKS; i++) {
    const block *b = scratch->blocks + i;
    const char *what = b->addr ? mistake_in(heap, b, b->size) : NULL;
    if (what) fail("block %d of %zu bytes %s later", i, b->size, what);
  }
  if (mems_heap_check(heap) != MEMS_OK)
    fail("check later: %s", mems_heap_broken(heap));
  mems_heap_close(heap);
}

/* Images of the same life, cut short at several stores. */
static int take_images(life *l, snapshot *from, uint64_t *seed) {
  long stores[TIMES] = {1, 1 + (long)draw(seed, 40),
                        40 + (long)draw(seed, 200), 1000000};
  for (int i = 0; i < TIMES; i++) {
    l->store = stores[i];
    in_child(work, l);
    from[i] = snapshot_take(files_path("a"));
  }
  return TIMES;
}

void power(long number, double until, uint64_t seed) {
  model *m = model_new(), *synced = model_new(), *scratch = model_new();
  long done = 0;
  while (done < number && seconds() < until) {
    life l = {.m = m, .synced = synced, .seed = draw(&seed, 1 << 30)};
    l.in = states + draw(&seed, (uint64_t)state_count());
    l.calls = 5 + (long)draw(&seed, 200);
    snapshot from[TIMES];
    int times = take_images(&l, from, &seed);
    for (int i = 0; i < MIXES_EACH && done < number; i++, done++) {
      snprintf(trying, sizeof trying, "state %s, life %llu, mix %d of %ld",
               l.in->name, (unsigned long long)l.seed, i, done);
      snapshot mixed = mix(from, times, &seed);
      snapshot_put(&mixed, files_path("b"));
      snapshot_drop(&mixed);
      look(m, synced, scratch);
    }
    for (int i = 0; i < times; i++) snapshot_drop(from + i);
  }
  printf("power: %ld mixes, %llu blocks untouched since the sync, none lost; "
         "%llu repairs\n", done, (unsigned long long)blocks,
         (unsigned long long)repairs);
}
