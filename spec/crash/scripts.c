/*
** scripts.c - each operation of a heap, in each of its ways.
*/

#include "files.h"
#include "pages.h"
#include "states.h"

/* Some plain block: the `part`th sixteenth of all. */
static int block_at(const model *m, long part) {
  int live = live_blocks(m), at = 0;
  for (int i = (int)(part * live / 16); i >= 0; i--) {
    at = some_block(m, at, false);
    if (at == NONE) return NONE;
    if (i > 0) at = (at + 1) % m->most;
  }
  return at;
}

static void go(mems_heap *heap, model *m, call c) {
  perform(heap, m, c);
}

static void run_malloc(mems_heap *heap, model *m, long size, uint64_t seed) {
  (void)seed;
  for (int i = 0; i < 3; i++)
    go(heap, m, (call){.kind = MALLOC, .block = vacant(m), .cell = NONE,
                       .size = (size_t)size});
}

static void run_calloc(mems_heap *heap, model *m, long size, uint64_t seed) {
  (void)seed;
  go(heap, m, (call){.kind = CALLOC, .block = vacant(m), .cell = NONE,
                     .size = (size_t)size});
}

/* arg: size * 100 + log2 of the alignment. */
static void run_aligned(mems_heap *heap, model *m, long arg, uint64_t seed) {
  (void)seed;
  for (int i = 0; i < 3; i++)
    go(heap, m, (call){.kind = MALLOC_ALIGNED, .block = vacant(m), .cell = NONE,
                       .size = (size_t)arg / 100,
                       .align = (size_t)1 << arg % 100});
}

static void run_free(mems_heap *heap, model *m, long part, uint64_t seed) {
  (void)seed;
  int at = block_at(m, part);
  if (at == NONE) return;
  go(heap, m, (call){.kind = FREE, .block = at, .cell = NONE});
}

/* arg: part * 1000000 + size, a part of which may be in per mille beyond
   900000. */
static void run_realloc(mems_heap *heap, model *m, long arg, uint64_t seed) {
  (void)seed;
  int at = block_at(m, arg / 1000000);
  size_t size = (size_t)arg % 1000000;
  if (at == NONE) return;
  if (size > 900000)
    size = 1 + m->blocks[at].size * (size - 900000) / 1000;
  go(heap, m, (call){.kind = REALLOC, .block = at, .cell = NONE,
                     .size = size});
}

/* Allocates, changes and frees by a cell; sizes in turn. arg: cell * 1000000 +
   size. */
static void run_cell(mems_heap *heap, model *m, long arg, uint64_t seed) {
  (void)seed;
  int cell = (int)(arg / 1000000), at = vacant(m);
  size_t size = (size_t)arg % 1000000;
  call c = {.kind = MALLOC_TO, .block = at, .cell = cell, .size = size};
  if (m->owned[cell] != NONE) at = c.block = m->owned[cell];
  else go(heap, m, c);
  if (m->blocks[at].addr == 0) return;
  c.kind = REALLOC_TO;
  c.size = size + 1;
  go(heap, m, c);
  c.size = 3 * size + 20;
  go(heap, m, c);
  c.size = size / 5 + 1;
  go(heap, m, c);
  c.kind = FREE_FROM;
  go(heap, m, c);
}

/* Blocks of a chain of cells: allocated by realloc, freed in another order. */
static void run_cells(mems_heap *heap, model *m, long size, uint64_t seed) {
  for (int cell = 0; cell < CELLS; cell++) {
    call c = {.kind = REALLOC_TO, .block = m->owned[cell], .cell = cell,
              .size = (size_t)size + draw(&seed, 50)};
    if (c.block == NONE) c.block = vacant(m);
    go(heap, m, c);
  }
  for (int cell = 0; cell < CELLS; cell += 2)
    if (m->owned[cell] != NONE)
      go(heap, m, (call){.kind = FREE_FROM, .block = m->owned[cell],
                         .cell = cell});
}

static void run_roots(mems_heap *heap, model *m, long arg, uint64_t seed) {
  (void)arg, (void)seed;
  for (int i = 0; i < 2 * NAMED; i++) {
    int at = block_at(m, i);
    call c = {.kind = SETROOT, .block = NONE, .cell = i * 3 % NAMED,
              .tag = (uint64_t)i + 1};
    if (at == NONE) return;
    c.addr = m->blocks[at].addr;
    go(heap, m, c);
    c.tag += 100;
    if (i % 3) go(heap, m, c);
    c.addr = 0;
    if (i % 2) go(heap, m, c);
  }
}

static void run_trim(mems_heap *heap, model *m, long arg, uint64_t seed) {
  (void)arg, (void)seed;
  go(heap, m, (call){.kind = TRIM, .block = NONE, .cell = NONE});
}

static void run_reset(mems_heap *heap, model *m, long arg, uint64_t seed) {
  for (int cell = 0; cell < CELLS; cell++) /* which would dangle */
    if (m->owned[cell] != NONE)
      go(heap, m, (call){.kind = FREE_FROM, .block = m->owned[cell],
                         .cell = cell});
  go(heap, m, (call){.kind = RESET, .block = NONE, .cell = NONE});
  run_malloc(heap, m, arg, seed);
}

/* A run is made, and more. */
static void run_many(mems_heap *heap, model *m, long size, uint64_t seed) {
  for (int i = 0; i < 40; i++)
    go(heap, m, (call){.kind = MALLOC, .block = vacant(m), .cell = NONE,
                       .size = (size_t)size - draw(&seed, 3)});
}

/* All blocks go but each `keep`th; runs dissolve, and the heap gets shorter. */
static void run_free_all(mems_heap *heap, model *m, long keep, uint64_t seed) {
  (void)seed;
  for (int i = 0; i < m->most; i++)
    if (m->blocks[i].addr && m->blocks[i].cell == NONE &&
        (keep == 0 || i % keep))
      go(heap, m, (call){.kind = FREE, .block = i, .cell = NONE});
  run_trim(heap, m, 0, 0);
}

/* The heap gets longer, by blocks and by one that grows, and shorter. */
static void run_grow(mems_heap *heap, model *m, long size, uint64_t seed) {
  int at = vacant(m);
  go(heap, m, (call){.kind = MALLOC, .block = at, .cell = NONE,
                     .size = (size_t)size});
  for (int i = 1; i < 4 && m->blocks[at].addr; i++)
    go(heap, m, (call){.kind = REALLOC, .block = at, .cell = NONE,
                       .size = (size_t)(size * i * 2)});
  if (m->blocks[at].addr)
    go(heap, m, (call){.kind = FREE, .block = at, .cell = NONE});
  run_trim(heap, m, 0, 0);
  run_malloc(heap, m, size, seed);
}

/* Calls while the OS refuses one request. */
static void run_refused(mems_heap *heap, model *m, long arg, uint64_t seed) {
  pages_fail(arg);
  run_random(heap, m, 40, seed);
  pages_fail(0);
}

/* It is closed and opened, to be checked or not. */
static void run_close(mems_heap *heap, model *m, long check, uint64_t seed) {
  (void)seed;
  m->closed = true;
  mems_heap_close(heap);
  heap = check ? open_checked(files_path("a"))
               : open_again(files_path("a"), false);
  verify(heap, m);
  run_malloc(heap, m, 24, 0);
}

#define PARTS(run, name, arg, by) \
  {name, run, arg, 0, 0}, {name, run, arg + by, 0, 0}, \
  {name, run, arg + 3 * by, 0, 0}, {name, run, arg + 6 * by, 0, 0}, \
  {name, run, arg + 8 * by, 0, 0}, {name, run, arg + 11 * by, 0, 0}, \
  {name, run, arg + 15 * by, 0, 0}
#define REALLOCS(size) PARTS(run_realloc, "realloc", size, 1000000L)

const script state_scripts[] = {
  {"malloc", run_malloc, 1, 0, 0}, {"malloc", run_malloc, 10, 0, 0},
  {"malloc", run_malloc, 16, 0, 0}, {"malloc", run_malloc, 17, 0, 0},
  {"malloc", run_malloc, 33, 0, 0}, {"malloc", run_malloc, 48, 0, 0},
  {"malloc", run_malloc, 129, 0, 0}, {"malloc", run_malloc, 600, 0, 0},
  {"malloc", run_malloc, 4096, 0, 0}, {"malloc", run_malloc, 9000, 0, 0},
  {"malloc", run_malloc, 66000, 0, 0}, {"malloc", run_malloc, 300000, 0, 0},
  {"calloc", run_calloc, 20, 0, 0}, {"calloc", run_calloc, 3000, 0, 0},
  {"calloc", run_calloc, 100000, 0, 0},
  {"aligned", run_aligned, 4006, 0, 0}, {"aligned", run_aligned, 10007, 0, 0},
  {"aligned", run_aligned, 100012, 0, 0},
  {"aligned", run_aligned, 5000010, 0, 0},
  PARTS(run_free, "free", 0, 1),
  REALLOCS(1), REALLOCS(13), REALLOCS(900500), REALLOCS(900980),
  REALLOCS(901030), REALLOCS(901300), REALLOCS(5000), REALLOCS(200000),
  {"root", run_roots, 0, 0, 0},
  {"cell", run_cell, 5, 0, 0}, {"cell", run_cell, 1000048, 0, 0},
  {"cell", run_cell, 2000600, 0, 0}, {"cell", run_cell, 3070000, 0, 0},
  {"cell", run_cell, 5000005, 1, 0}, {"cell", run_cell, 6000048, 1, 0},
  {"cell", run_cell, 7000600, 1, 0}, {"cell", run_cell, 8070000, 1, 0},
  {"cells", run_cells, 30, 1, 0}, {"cells", run_cells, 3000, 1, 0},
  {"trim", run_trim, 0, 0, 0}, {"reset", run_reset, 40, 0, 0},
  {"many", run_many, 16, 0, 0}, {"many", run_many, 48, 0, 0},
  {"many", run_many, 500, 0, 0},
  {"free all", run_free_all, 0, 0, 0}, {"free all", run_free_all, 50, 0, 0},
  {"free all", run_free_all, 2, 0, 0},
  {"grow", run_grow, 3000, 0, 0}, {"grow", run_grow, 40000, 0, 0},
  {"grow", run_grow, 250000, 0, 0},
  {"close", run_close, 0, 0, 0}, {"close", run_close, 1, 0, 0},
  {"refused", run_refused, 1, 0, 0}, {"refused", run_refused, 2, 0, 0},
  {"refused", run_refused, 3, 0, 0}, {"refused", run_refused, 5, 0, 0},
  {"refused", run_refused, 9, 0, 0},
  {0}
};
