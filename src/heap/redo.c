/*
** redo.c - sealing a record, and doing it again.
*/

#include "redo.h"

static uint64_t seal_of(const mems_redo *todo) {
  return head_sum(3, &todo->kind, sizeof *todo - sizeof todo->seal);
}

void redo_begin(mems_heap *heap, const mems_redo *todo) {
  if (place_of(heap)->file == 0) return;
  mems_redo *redo = &head_of(heap)->redo;
  const uint64_t *from = &todo->kind;
  uint64_t *to = &redo->kind;
  for (size_t i = 0; i < sizeof *todo / sizeof *to - 1; i++)
    truth_put(to + i, from[i]);
  truth_put(&redo->seal, seal_of(todo));
}

void redo_end(mems_heap *heap) {
  if (place_of(heap)->file == 0) return;
  truth_put(&head_of(heap)->redo.seal, 0);
}

/* The block is the chain's or a slot: [at, at + granules). */
static void redo_block(mems_heap *heap, const mems_redo *todo) {
  mems_chain *c = &heap->chain;
  uint64_t *starts = chain_starts(c), at = todo->at;
  uint64_t end = at + todo->granules;
  for (uint64_t i = (at + 1) / WORD; i * WORD < end; i++) {
    uint64_t left = starts[i] & ~bits_between(i, at + 1, end);
    if (left != starts[i]) truth_put(starts + i, left);
  }
  if (!chain_is_start(c, end)) {
    chain_free(c, end);
    truth_put(starts + end / WORD, starts[end / WORD] | bit(end % WORD));
  }
  dict_insert(&heap->dict, c, at, todo->granules, todo->slack, todo->align);
}

void redo_publish(mems_heap *heap, const mems_redo *todo) {
  if (todo->cell == NOWHERE) return;
  if (todo->cell >= CELL_ROOT) {
    mems_root_entry *root = head_of(heap)->roots + (todo->cell - CELL_ROOT);
    truth_put(&root->tag, todo->tag);
    truth_put(&root->addr, todo->value);
  } else {
    void *cell = chain_physical(&heap->chain, todo->cell);
    truth_put(cell, todo->value);
  }
}

/* All blocks are free; their starts are left to recovery. */
static void redo_reset(mems_heap *heap) {
  uint64_t *useds = chain_useds(&heap->chain);
  for (uint64_t i = 0; i * WORD < heap->chain.end; i++)
    if (useds[i]) truth_put(useds + i, 0);
}

/* Is it a record of this heap, as far as can be told? */
static bool is_possible(const mems_heap *heap, const mems_redo *todo) {
  const mems_chain *c = &heap->chain;
  uint64_t end = c->end, at = todo->at, n = todo->granules;
  if (todo->seal != seal_of(todo)) return false;
  if (todo->kind == REDO_RESET) return true;
  if (todo->kind != REDO_BLOCK) return false;
  if (at != NOWHERE && (at >= end || n < 2 || n > end - at ||
                        !chain_is_start(c, at) || todo->slack >= n * GRANULE ||
                        !is_power_of_two(todo->align)))
    return false;
  if (todo->gone != NOWHERE && todo->gone >= end) return false;
  return todo->cell == NOWHERE || todo->cell < end ||
         (todo->cell >= CELL_ROOT && todo->cell < CELL_ROOT + ROOTS);
}

bool redo_again(mems_heap *heap) {
  const mems_redo todo = head_of(heap)->redo;
  if (todo.seal == 0) return false;
  bool possible = is_possible(heap, &todo);
  if (possible && todo.kind == REDO_RESET) redo_reset(heap);
  if (possible && todo.kind == REDO_BLOCK) {
    if (todo.at != NOWHERE) redo_block(heap, &todo);
    redo_publish(heap, &todo);
    if (todo.gone != NOWHERE) chain_free(&heap->chain, todo.gone);
  }
  truth_put(&head_of(heap)->redo.seal, 0);
  return possible;
}
