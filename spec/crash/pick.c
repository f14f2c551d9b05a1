/*
** pick.c - calls at random, of all kinds and sizes; there are times of growth
** and times when most is freed.
*/

#include "model.h"

static size_t some_size(uint64_t *state) {
  uint64_t of = draw(state, 100);
  if (of < 55) return 1 + draw(state, 128);
  if (of < 80) return 1 + draw(state, 1024);
  if (of < 99) return 1 + draw(state, of < 90 ? 3000 : 9000);
  return 1 + draw(state, 120000);
}

static call allocation(const model *m, uint64_t *state) {
  uint64_t of = draw(state, 10);
  call c = {.kind = of < 7 ? MALLOC : of < 8 ? CALLOC : MALLOC_ALIGNED,
            .block = vacant(m), .cell = NONE, .size = some_size(state)};
  if (c.kind == MALLOC_ALIGNED) c.align = (size_t)8 << draw(state, 11);
  return c;
}

/* A call about a cell. */
static call cell_call(const model *m, uint64_t *state) {
  int cell = (int)draw(state, m->holder ? CELLS : OWNERS);
  call c = {.kind = REALLOC_TO, .cell = cell, .block = m->owned[cell],
            .size = some_size(state)};
  if (c.block == NONE) {
    c.block = vacant(m);
    c.kind = draw(state, 3) ? MALLOC_TO : REALLOC_TO;
    if (c.block == NONE) c.kind = TRIM;
  } else if (draw(state, 2)) {
    c.kind = FREE_FROM;
  }
  return c;
}

static call root_call(const model *m, uint64_t *state) {
  call c = {.kind = SETROOT, .block = NONE, .cell = (int)draw(state, NAMED),
            .tag = draw(state, 1000)};
  int named = some_block(m, (int)draw(state, (uint64_t)m->most), false);
  if (named != NONE && draw(state, 3)) c.addr = m->blocks[named].addr;
  if (m->roots[c.cell].addr == 0 && c.addr == 0) c.kind = TRIM;
  return c;
}

call pick(const model *m, uint64_t *state) {
  uint64_t of = draw(state, 100);
  uint64_t frees = m->calls / 150 % 3 == 2 ? 45 : m->calls / 150 % 3 ? 27 : 15;
  if (of < 4) return root_call(m, state);
  if (of == 4 && draw(state, 3) == 0)
    return (call){.kind = TRIM, .block = NONE, .cell = NONE};
  if (of < 20) return cell_call(m, state);
  int at = some_block(m, (int)draw(state, (uint64_t)m->most), false);
  bool full = vacant(m) == NONE;
  if (at == NONE || (!full && of >= 35 + frees)) return allocation(m, state);
  if (!full && of < 35)
    return (call){.kind = REALLOC, .block = at, .cell = NONE,
                  .size = draw(state, 2)
                            ? some_size(state)
                            : 1 + m->blocks[at].size * draw(state, 200) / 100};
  return (call){.kind = FREE, .block = at, .cell = NONE};
}
