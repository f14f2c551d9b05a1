/*
** block.c - records: what objects know of the blocks they lie in.
**
** Each box has a table of the records on its blocks, chained by the block's
** address. A live record is in it, a dead one is not. There may be several
** records on one block, of which one at most owns it.
**
** The collector does not see what blocks take. So each byte that an object
** comes to own counts as garbage may: bytes in the amount of what is owned
** (or a fixed amount, while that is small) drive the collector through one
** cycle, in steps as small as its own.
*/

#include <limits.h>

#include "view.h"

/*
** The table
*/

static lmems_block **bucket(const lmems_box *box, mems_addr addr) {
  return &box->table[(addr >> 3) * 0x9E3779B97F4A7C15u >> box->shift];
}

static void link_block(lmems_block *block) {
  lmems_block **head = bucket(block->box, block->addr);
  block->next = *head;
  block->back = head;
  if (block->next != NULL)
    block->next->back = &block->next;
  *head = block;
  block->box->blocks++;
}

static void unlink_block(lmems_block *block) {
  *block->back = block->next;
  if (block->next != NULL)
    block->next->back = block->back;
  block->box->blocks--;
}

/* Some record of the block at `addr`, or NULL. */
static lmems_block *find_block(const lmems_box *box, mems_addr addr) {
  lmems_block *block = *bucket(box, addr);
  while (block != NULL && block->addr != addr)
    block = block->next;
  return block;
}

/* Puts the records of `old`, a table of `count` buckets, into that of the
   box. */
static void rehash(lmems_box *box, lmems_block **old, size_t count) {
  box->blocks = 0;
  for (size_t i = 0; i < count; i++)
    while (old[i] != NULL) {
      lmems_block *block = old[i];
      old[i] = block->next;
      link_block(block);
    }
}

static size_t buckets(const lmems_box *box) {
  return box->shift == 0 ? 0 : (size_t)1 << (64 - box->shift);
}

void lmems_blockroom(lua_State *L, int index, lmems_box *box) {
  enum { LEAST = 6 }; /* log2 */
  if (box->blocks < buckets(box))
    return;
  index = lua_absindex(L, index);
  unsigned shift = box->shift == 0 ? 64 - LEAST : box->shift - 1;
  size_t bytes = ((size_t)1 << (64 - shift)) * sizeof(lmems_block *);
  lmems_block **table = lua_newuserdatauv(L, bytes, 0);
  memset(table, 0, bytes);
  /* finalizers may have changed the table by now; any size will do */
  lmems_block **old = box->table;
  size_t count = buckets(box);
  box->table = table;
  box->shift = shift;
  rehash(box, old, count);
  lua_setiuservalue(L, index, 1);
}

/*
** Records
*/

static void die(lmems_block *block) {
  unlink_block(block);
  block->box->owned -= block->capacity;
  block->data = NULL;
  block->size = block->capacity = 0;
}

void lmems_blockgone_slow(lmems_box *box, mems_addr addr) {
  lmems_block *block;
  while ((block = find_block(box, addr)) != NULL)
    die(block);
}

void lmems_blocksgone(lmems_box *box) {
  for (size_t i = 0; i < buckets(box); i++)
    while (box->table[i] != NULL)
      die(box->table[i]);
}

void lmems_blockdrop(lmems_block *block) {
  if (block->data != NULL)
    die(block);
}

void lmems_blockrelease(lmems_block *block) {
  if (block->data == NULL)
    return;
  if (block->capacity == 0) {
    die(block);
    return;
  }
  mems_addr addr = block->addr;
  lmems_box *box = block->box;
  lmems_blockgone_slow(box, addr);
  mems_heap_free(box->heap, addr);
  lmems_traced_free(NULL, box, addr);
}

void lmems_blocklook(lmems_box *box, lmems_block *block, const void *p) {
  mems_segment segment;
  mems_heap_locate(box->heap, mems_heap_address(box->heap, p), &segment);
  block->box = box;
  block->addr = segment.addr;
  block->data = mems_heap_get(box->heap, segment.addr);
  block->size = segment.requested;
  block->capacity = 0;
  link_block(block);
}

/* A new block of zero bytes; 0 if there is none. */
static mems_addr zero_block(lua_State *L, const lmems_box *box, size_t size,
                            size_t align) {
  if (box->heap == NULL)
    lmems_noheap(L, box);
  if (align == 0)
    return mems_heap_calloc(box->heap, 1, size);
  mems_addr addr = mems_heap_aligned(box->heap, size, align);
  if (addr != 0)
    memset(mems_heap_get(box->heap, addr), 0, size);
  return addr;
}

int lmems_blocknew(lua_State *L, int index, lmems_box *box,
                   lmems_block *block, size_t size, size_t align) {
  size_t capacity = size > 0 ? size : 1;
  lmems_blockroom(L, index, box);
  mems_addr addr = zero_block(L, box, capacity, align);
  if (addr == 0 && lua_gc(L, LUA_GCISRUNNING)) {
    lua_gc(L, LUA_GCCOLLECT); /* garbage may own what is missing */
    addr = zero_block(L, box, capacity, align);
  }
  if (addr == 0)
    return mems_heap_error(box->heap);
  lmems_traced(L, box, addr);
  block->box = box;
  block->addr = addr;
  block->data = mems_heap_get(box->heap, addr);
  block->size = size;
  block->capacity = capacity;
  box->owned += capacity;
  link_block(block);
  return MEMS_OK;
}

int lmems_blockown(lmems_box *box, lmems_block *block, mems_addr addr) {
  for (lmems_block *other = *bucket(box, addr); other != NULL;
       other = other->next)
    if (other->addr == addr && other->capacity != 0)
      return 0;
  block->box = box;
  block->addr = addr;
  block->data = mems_heap_get(box->heap, addr);
  block->size = block->capacity = mems_heap_size(box->heap, addr);
  box->owned += block->capacity;
  link_block(block);
  return 1;
}

/* Tells all records of the block at `old` that it is at `addr` now, with
   `capacity` bytes. */
static void move_records(lmems_box *box, mems_addr old, mems_addr addr,
                         size_t capacity) {
  char *data = mems_heap_get(box->heap, addr);
  lmems_block *moved = NULL, *block;
  while ((block = find_block(box, old)) != NULL) {
    unlink_block(block);
    block->next = moved;
    moved = block;
  }
  while ((block = moved) != NULL) {
    moved = block->next;
    block->addr = addr;
    block->data = data;
    if (block->capacity == 0)
      block->size = capacity;
    link_block(block);
  }
}

int lmems_blockresize(lmems_block *block, size_t capacity, size_t size) {
  lmems_box *box = block->box;
  size_t kept = block->size < size ? block->size : size;
  if (capacity == 0)
    capacity = 1;
  if (capacity != block->capacity) {
    mems_addr old = block->addr;
    mems_addr addr = mems_heap_realloc(box->heap, old, capacity);
    if (addr == 0)
      return mems_heap_error(box->heap);
    lmems_traced_move(NULL, box, old, addr);
    box->owned += capacity - block->capacity;
    block->capacity = capacity;
    move_records(box, old, addr, capacity);
  }
  block->size = size;
  memset(block->data + kept, 0, size - kept);
  return MEMS_OK;
}

/*
** The collector
*/

void lmems_nudge(lua_State *L, lmems_box *box, size_t size) {
  static const size_t FLOOR = (size_t)8 << 20;
  enum { STEPS = 64, EIGHTH = 128 }; /* of a cycle; of a kilobyte */
  size_t lua = (size_t)lua_gc(L, LUA_GCCOUNT) * EIGHTH;
  size_t horizon = box->owned > FLOOR ? box->owned : FLOOR;
  if (lua > horizon)
    horizon = lua;
  size_t most = box->owned + 2 * horizon;
  if (size > (size_t)LUA_MAXINTEGER - box->debt)
    return; /* no heap has so much */
  box->debt += size;
  if (box->debt < horizon / STEPS || !lua_gc(L, LUA_GCISRUNNING))
    return;
  size_t debt = box->debt < horizon ? box->debt : horizon;
  box->debt = 0; /* before finalizers run, which may come here */
  if (box->ceiling == 0 || box->ceiling / 2 > most)
    box->ceiling = most;
  if (box->owned + debt > box->ceiling) {
    /* young collections don't free what is old */
    lua_gc(L, LUA_GCCOLLECT);
    box->ceiling = 0;
    return;
  }
  /* The collector begins a cycle when as much has been allocated as it has
     in use; so one horizon of ours counts as all that it has in use. */
  double share = (double)debt / (double)horizon;
  double kilobytes = share * lua_gc(L, LUA_GCCOUNT);
  lua_gc(L, LUA_GCSTEP, 1 + (int)(kilobytes < INT_MAX / 2 ? kilobytes : 0));
}
