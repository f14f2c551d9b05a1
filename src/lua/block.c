/*
** block.c - what records and heap do together.
*/

#include "block.h"

/* A new block of zero bytes; 0 if there is none. */
static mems_addr zero_block(mems_heap *heap, size_t size, size_t align) {
  if (align == 0)
    return mems_heap_calloc(heap, 1, size);
  mems_addr addr = mems_heap_aligned(heap, size, align);
  void *bytes = addr != 0 ? mems_heap_get(heap, addr) : NULL;
  if (bytes == NULL) /* there is none, or another process has freed it */
    return 0;
  memset(bytes, 0, size);
  return addr;
}

/* Links a record to the whole block at `addr`, which it owns. */
static void own(lmems_box *box, lmems_record *record, mems_addr addr,
                size_t size, size_t capacity) {
  record->box = box;
  record->capacity = capacity;
  lmems_recordlink(&box->records, record, addr,
                   mems_heap_get(box->heap, addr), size);
  lmems_boxowns(box, capacity, 0);
}

int lmems_blocknew(lua_State *L, lmems_box *box, size_t size, size_t align,
                   lmems_record **record) {
  size_t capacity = size > 0 ? size : 1;
  mems_addr addr = 0;
  for (int again = 1; addr == 0 && again >= 0; again--) {
    lmems_boxroom(L, box);
    lmems_checkopen(L, box);
    addr = zero_block(box->heap, capacity, align);
    if (addr == 0 && again && !lmems_boxretry(L, box, capacity))
      break;
  }
  if (addr == 0)
    return mems_heap_error(box->heap);
  lmems_traced(L, box, addr);
  *record = lmems_recordtake(&box->state->pool);
  own(box, *record, addr, size, capacity);
  return MEMS_OK;
}

void lmems_blocklook(lmems_box *box, lmems_record *record,
                     const char *data) {
  mems_segment segment = {.addr = 0};
  mems_heap *heap = box->heap;
  mems_addr addr = mems_heap_address(heap, data);
  if (addr != 0) /* no other process has freed it meanwhile */
    mems_heap_locate(heap, addr, &segment);
  size_t skip = (size_t)(addr - segment.addr), all = segment.requested;
  record->box = box;
  record->capacity = 0;
  lmems_recordlink(&box->records, record, segment.addr, (char *)data,
                   all > skip ? all - skip : 0);
}

void lmems_blocklend(lmems_box *box, lmems_record *record, void *data,
                     size_t size) {
  record->box = box;
  record->capacity = 0;
  lmems_recordlink(&box->records, record, (uintptr_t)data, data, size);
}

void lmems_blockshare(const lmems_record *of, lmems_record *record) {
  record->box = of->box;
  record->capacity = 0;
  lmems_recordlink(&of->box->records, record, of->addr, of->data,
                   lmems_recordsize(of));
}

lmems_record *lmems_blockown(lmems_box *box, mems_addr addr) {
  lmems_record *other = lmems_recordfind(&box->records, addr);
  for (; other != NULL; other = lmems_recordagain(other))
    if (other->capacity != 0)
      return NULL;
  size_t size = mems_heap_size(box->heap, addr);
  lmems_record *record = lmems_recordtake(&box->state->pool);
  own(box, record, addr, size, size);
  return record;
}

void lmems_blockdisown(lmems_record *record) {
  lmems_pool *pool = &record->box->state->pool;
  if (lmems_recordlinked(record))
    lmems_blockdead(record);
  lmems_recordgive(pool, record);
}

int lmems_blocktight(lmems_box *box, mems_addr *addr) {
  lmems_record *record = lmems_recordfind(&box->records, *addr);
  while (record != NULL && record->capacity == 0)
    record = lmems_recordagain(record);
  if (record == NULL)
    return MEMS_OK;
  size_t size = lmems_recordsize(record);
  if (record->capacity <= size)
    return MEMS_OK;
  int error = lmems_blockresize(record, size, size);
  *addr = record->addr;
  return error;
}

void lmems_blockkeep(lmems_box *box, mems_addr addr) {
  lmems_record *record = lmems_recordfind(&box->records, addr);
  for (; record != NULL; record = lmems_recordagain(record)) {
    lmems_boxowns(box, 0, record->capacity);
    record->capacity = 0;
  }
}

void lmems_blockrelease(lmems_record *record) {
  if (lmems_recordlives(record) && record->capacity != 0) {
    mems_addr addr = record->addr;
    lmems_box *box = record->box;
    lmems_blockdead(record);
    lmems_blockgone(box, addr);
    mems_heap_free(box->heap, addr);
    lmems_traced_free(NULL, box, addr);
  }
  lmems_blockdisown(record);
}

int lmems_blockresize(lmems_record *record, size_t capacity, size_t size) {
  lmems_box *box = record->box;
  size_t before = lmems_recordsize(record);
  size_t kept = before < size ? before : size;
  if (capacity == 0)
    capacity = 1;
  if (capacity != record->capacity) {
    mems_addr old = record->addr;
    uintptr_t place = (uintptr_t)record->data;
    mems_addr addr = mems_heap_realloc(box->heap, old, capacity);
    if (addr == 0)
      return mems_heap_error(box->heap);
    lmems_traced_move(NULL, box, old, addr);
    lmems_boxowns(box, capacity, record->capacity);
    record->capacity = capacity;
    lmems_recordmove(&box->records, old, addr, place,
                     mems_heap_get(box->heap, addr), capacity);
  }
  lmems_recordresize(record, size);
  if (record->data != NULL) /* no other process has freed it meanwhile */
    memset(record->data + kept, 0, size - kept);
  return MEMS_OK;
}
