/*
** states.c - the states: each kind of heap that the code treats otherwise.
*/

#include "states.h"

#include <string.h>

#include "files.h"

static int some(mems_heap *heap, model *m, size_t size) {
  int at = vacant(m);
  call c = {.kind = MALLOC, .block = at, .cell = NONE, .size = size};
  return at != NONE && perform(heap, m, c) ? at : NONE;
}

static void drop(mems_heap *heap, model *m, int at) {
  call c = {.kind = FREE, .block = at, .cell = NONE};
  if (at != NONE && m->blocks[at].addr) perform(heap, m, c);
}

static void fill_nothing(mems_heap *heap, model *m, uint64_t *seed) {
  (void)heap, (void)m, (void)seed;
}

/* Up to three pages: no index, and holes of all kinds between blocks. */
static void fill_tight(mems_heap *heap, model *m, uint64_t *seed) {
  for (int i = 0; i < 24; i++) some(heap, m, 1 + draw(seed, 400));
  for (int i = 0; i < 24; i += 3) drop(heap, m, i);
  drop(heap, m, 7), drop(heap, m, 8);
}

/* Runs of several classes, some full, some with free slots, some in stacks. */
static void fill_runs(mems_heap *heap, model *m, uint64_t *seed) {
  static const size_t sizes[] = {12, 16, 21, 40, 48, 100, 260};
  some(heap, m, 14000);
  for (int i = 0; i < 350; i++) some(heap, m, sizes[i % 7] - i % 4);
  for (int i = 1; i < 350; i += 1 + (int)draw(seed, 9)) drop(heap, m, i);
}

/* A run with one block left, and a class whose stack is full. */
static void fill_nearly_free(mems_heap *heap, model *m, uint64_t *seed) {
  int from = some(heap, m, 13000) + 1;
  for (int i = 0; i < 600; i++) some(heap, m, i % 2 ? 48 : 1200 % (i + 30) + 1);
  int keep = from + (int)draw(seed, 500);
  for (int i = from; i < from + 599; i++)
    if (i != keep && m->blocks[i].size == 48) drop(heap, m, i);
}

/* The end is near 256 KiB, where a page of start bits ends. */
static void fill_edge(mems_heap *heap, model *m, uint64_t *seed) {
  some(heap, m, 100000);
  int hole = some(heap, m, 60000);
  for (int i = 0; i < 20; i++) some(heap, m, 100 + draw(seed, 2000));
  some(heap, m, 70000);
  drop(heap, m, hole);
}

static void fill_large(mems_heap *heap, model *m, uint64_t *seed) {
  int at[8];
  for (int i = 0; i < 8; i++)
    at[i] = some(heap, m, 20000 + draw(seed, 150000));
  drop(heap, m, at[1]), drop(heap, m, at[4]), drop(heap, m, at[7]);
  for (int i = 0; i < 30; i++) some(heap, m, 1 + draw(seed, 5000));
}

/* Hardly anything is left below the limit. */
static void fill_full(mems_heap *heap, model *m, uint64_t *seed) {
  while (some(heap, m, 1 + draw(seed, 600)) != NONE) {}
  for (int i = 0; i < 60; i += 4) drop(heap, m, i);
}

static void fill_waiting(mems_heap *heap, model *m, uint64_t *seed) {
  for (int i = 0; i < 200; i++) some(heap, m, 1 + draw(seed, i % 9 ? 90 : 900));
  for (int i = 0; i < 200; i += 2) drop(heap, m, i);
}

static void fill_any(mems_heap *heap, model *m, uint64_t *seed) {
  run_random(heap, m, 300, draw(seed, 1000000));
}

#define MIB ((uint64_t)1 << 20)

const setting states[] = {
  {"empty", {.limit = 8 * MIB}, fill_nothing, 0},
  {"tight", {.limit = 8 * MIB}, fill_tight, 0},
  {"runs", {.limit = 8 * MIB}, fill_runs, 0},
  {"runs, opened again", {.limit = 8 * MIB}, fill_runs, 1},
  {"runs, recovered", {.limit = 8 * MIB}, fill_runs, 2},
  {"nearly free", {.limit = 8 * MIB}, fill_nearly_free, 0},
  {"edge", {.limit = 8 * MIB}, fill_edge, 0},
  {"large", {.limit = 8 * MIB}, fill_large, 0},
  {"large, recovered", {.limit = 8 * MIB}, fill_large, 2},
  {"full", {.limit = 1 << 16}, fill_full, 0},
  {"waiting", {.limit = 8 * MIB, .quarantine = 2000, .fill = 1}, fill_waiting,
   0},
  {"waiting, long blocks", {.limit = 8 * MIB, .quarantine = 200000},
   fill_large, 0},
  {"aligned", {.limit = 8 * MIB, .align = 64}, fill_runs, 0},
  {"filled", {.limit = 8 * MIB, .fill = 1}, fill_runs, 0},
  {"any", {.limit = 8 * MIB}, fill_any, 0},
  {"any, waiting", {.limit = 8 * MIB, .quarantine = 5000}, fill_any, 0},
  {"any, limited", {.limit = 200000}, fill_any, 0},
  {"any, of large pages", {.limit = 8 * MIB, .page = 65536}, fill_any, 0},
  {.name = NULL}
};

int state_count(void) {
  int count = 0;
  while (states[count].name) count++;
  return count;
}

mems_heap *state_prepare(const setting *s, const char *path, model *m,
                         uint64_t seed) {
  mems_heap *heap = open_new(path, &s->options);
  model_clear(m, &s->options);
  s->fill(heap, m, &seed);
  if (s->again == 0) return heap;
  mems_heap_close(heap);
  return s->again == 1 ? open_again(path, false) : open_checked(path);
}

void run_random(mems_heap *heap, model *m, long calls, uint64_t seed) {
  while (calls-- > 0) perform(heap, m, pick(m, &seed));
}
