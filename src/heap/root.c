/*
** root.c - the table of roots. An entry without an address is none; so a new
** one appears with the store of its address, and goes with that of 0.
*/

#include "root.h"

#include <string.h>

#include "redo.h"
#include "share.h"

static_assert((int)ROOTS == (int)MEMS_ROOTS, "as mems.h says");

static mems_root_entry *entries(const mems_heap *heap) {
  return head_of(heap)->roots;
}

static bool name_is_good(const char *name) {
  return name[0] != '\0' && strnlen(name, ROOT_NAME) < ROOT_NAME;
}

/* Is entry i a root? Its name may be damaged. */
static bool is_root(const mems_heap *heap, uint64_t i) {
  return entries(heap)[i].addr != 0 && name_is_good(entries(heap)[i].name);
}

/* The number of the root `name`; ROOTS if there is none. */
static uint64_t find(const mems_heap *heap, const char *name) {
  uint64_t i = own_of(heap)->rooted ? 0 : ROOTS;
  while (i < ROOTS &&
         !(is_root(heap, i) && strcmp(entries(heap)[i].name, name) == 0))
    i++;
  return i;
}

/* A place for a root that is not there: its name and tag stand in it. ROOTS,
   with the reason in heap->error, if there is none. */
static uint64_t prepare(mems_heap *heap, const char *name, uint64_t tag) {
  if (!own_of(heap)->rooted && !pages_map(NULL, head_of(heap), PREAMBLE)) {
    heap_fail(heap, MEMS_ENOMEM);
    return ROOTS;
  }
  own_of(heap)->rooted = true;
  uint64_t i = 0;
  while (i < ROOTS && is_root(heap, i)) i++;
  if (i == ROOTS) {
    heap_fail(heap, MEMS_ELIMIT);
    return ROOTS;
  }
  mems_root_entry *root = entries(heap) + i;
  root->addr = 0;
  truth_order();
  memset(root->name, 0, sizeof root->name);
  memcpy(root->name, name, strlen(name));
  root->tag = tag;
  truth_order();
  return i;
}

/* Why this can't be changed; MEMS_OK if it can. */
static int mistake(const mems_heap *heap, const char *name) {
  int error = MEMS_OK;
  if (own_of(heap)->readonly) error = MEMS_EREADONLY;
  if (own_of(heap)->closed) error = MEMS_ECLOSED;
  if (name && !name_is_good(name)) error = MEMS_EINVAL;
  if (error) heap_fail(heap, error);
  return error;
}

static int set(mems_heap *heap, const char *name, mems_addr addr,
               uint64_t tag) {
  int error = mistake(heap, name);
  mems_block b;
  if (error) return error;
  if (addr && !heap_block_at(heap, addr, &b)) return own_of(heap)->error;
  uint64_t i = find(heap, name);
  if (i == ROOTS && addr == 0) {
    heap_fail(heap, MEMS_ENOROOT);
    return MEMS_ENOROOT;
  }
  if (i == ROOTS) {
    i = prepare(heap, name, tag);
    if (i == ROOTS) return own_of(heap)->error;
    truth_put(&entries(heap)[i].addr, addr);
    return MEMS_OK;
  }
  mems_redo todo = redo_nothing();
  todo.cell = CELL_ROOT + i;
  todo.value = addr;
  todo.tag = tag;
  redo_begin(heap, &todo);
  redo_publish(heap, &todo);
  redo_end(heap);
  return MEMS_OK;
}

int mems_heap_setroot(mems_heap *heap, const char *name, mems_addr addr,
                      uint64_t tag) {
  if (!share_enter(heap)) return own_of(heap)->error;
  int error = set(heap, name, addr, tag);
  share_leave(heap);
  return error;
}

mems_addr mems_heap_root(const mems_heap *heap, const char *name,
                         uint64_t *tag) {
  mems_addr addr = 0;
  if (!share_enter(heap)) return 0;
  uint64_t i = find(heap, name);
  if (i == ROOTS) {
    heap_fail(heap, MEMS_ENOROOT);
  } else {
    const mems_root_entry *root = entries(heap) + i;
    mems_block b;
    if (tag) *tag = root->tag;
    if (heap_block_at(heap, root->addr, &b)) addr = root->addr;
  }
  share_leave(heap);
  return addr;
}

size_t mems_heap_roots(const mems_heap *heap, size_t i, mems_root *root) {
  if (!own_of(heap)->rooted || !share_enter(heap)) return 0;
  while (i < ROOTS && !is_root(heap, i)) i++;
  if (i < ROOTS) {
    const mems_root_entry *entry = entries(heap) + i;
    *root = (mems_root){.addr = entry->addr, .tag = entry->tag};
    memcpy(root->name, entry->name, sizeof root->name);
  }
  share_leave(heap);
  return i < ROOTS ? i + 1 : 0;
}

/* The cell at `addr`. */
static bool block_cell(mems_heap *heap, mems_addr addr, mems_found *found) {
  const mems_dict *d = &heap->dict;
  mems_block b;
  const uint64_t *at = dict_span(d, &heap->chain, &heap->runs, addr,
                                 sizeof *at, &b);
  if (at && addr % sizeof *at == 0) {
    *found = (mems_found){.cell = dict_granule(d, addr), .value = *at};
    return true;
  }
  if (at)
    heap_fail(heap, MEMS_EINVAL);
  else
    heap_refuse_range(heap, addr);
  return false;
}

bool root_cell(mems_heap *heap, const mems_cell *cell, mems_found *found) {
  if (mistake(heap, cell->root)) return false;
  if (cell->root == NULL) return block_cell(heap, cell->addr, found);
  uint64_t i = find(heap, cell->root);
  if (i == ROOTS) i = prepare(heap, cell->root, 0);
  if (i == ROOTS) return false;
  const mems_root_entry *root = entries(heap) + i;
  *found = (mems_found){CELL_ROOT + i, root->addr, root->tag};
  return true;
}
