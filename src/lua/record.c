/*
** record.c - the pool and the tables.
*/

#include "record.h"

/*
** Tables
*/

/* Blocks side by side have buckets side by side, which are in the cache
   together; parts of the heap lie anywhere. */
static lmems_record **bucket(const lmems_table *table, mems_addr addr) {
  uint64_t part = (addr >> 14) * 0x9E3779B97F4A7C15u;
  uint64_t place = ((addr >> 4) << table->shift) + part;
  return &table->buckets[place >> table->shift];
}

static void enter(lmems_table *table, lmems_record *record) {
  lmems_record **head = bucket(table, record->addr);
  record->next = *head;
  record->back = head;
  if (record->next != NULL)
    record->next->back = &record->next;
  *head = record;
  table->count++;
}

static void leave(lmems_table *table, lmems_record *record) {
  *record->back = record->next;
  if (record->next != NULL)
    record->next->back = record->back;
  table->count--;
}

/* Puts all records into other buckets: 2^(64 - shift) that are empty. */
static void rehash(lmems_table *table, lmems_record **to, unsigned shift) {
  lmems_record **old = table->buckets;
  size_t count = lmems_tableroom(table);
  table->buckets = to;
  table->shift = shift;
  table->count = 0;
  for (size_t i = 0; i < count; i++)
    while (old[i] != NULL) {
      lmems_record *record = old[i];
      old[i] = record->next;
      enter(table, record);
    }
}

lmems_record *lmems_recordagain(lmems_record *record) {
  mems_addr addr = record->addr;
  do {
    record = record->next;
  } while (record != NULL && record->addr != addr);
  return record;
}

lmems_record *lmems_recordfind(const lmems_table *table, mems_addr addr) {
  if (table->count == 0)
    return NULL;
  lmems_record *record = *bucket(table, addr);
  while (record != NULL && record->addr != addr)
    record = record->next;
  return record;
}

lmems_record *lmems_recordany(const lmems_table *table, size_t *i) {
  for (; table->count > 0 && *i < lmems_tableroom(table); ++*i)
    if (table->buckets[*i] != NULL)
      return table->buckets[*i];
  return NULL;
}

/*
** Lives
*/

void lmems_recordlink(lmems_table *table, lmems_record *record,
                      mems_addr addr, char *data, size_t size) {
  record->addr = addr;
  record->data = data;
  record->limit = size + (table->shared ? 1 : record->floor);
  enter(table, record);
}

void lmems_recorddie(lmems_table *table, lmems_record *record) {
  leave(table, record);
  record->back = NULL;
  record->limit = 0;
  record->data = NULL;
  record->capacity = 0;
}

void lmems_recordslost(const lmems_table *table) {
  for (size_t i = 0; i < lmems_tableroom(table); i++) {
    lmems_record *record = table->buckets[i];
    for (; record != NULL; record = record->next)
      record->limit = 0;
  }
}

void lmems_recordmove(lmems_table *table, mems_addr old, mems_addr addr,
                      uintptr_t before, char *block, size_t bytes) {
  lmems_record *moved = NULL, *record;
  while ((record = lmems_recordfind(table, old)) != NULL) {
    leave(table, record);
    record->next = moved;
    moved = record;
  }
  while ((record = moved) != NULL) {
    moved = record->next;
    record->addr = addr;
    size_t skip = (size_t)((uintptr_t)record->data - before);
    record->data = block + skip;
    if (record->capacity == 0)
      lmems_recordresize(record, bytes > skip ? bytes - skip : 0);
    enter(table, record);
  }
}

/*
** The pool
*/

lmems_record *lmems_deadrecord(void) {
  static const lmems_record dead;
  return (lmems_record *)&dead; /* nobody writes to a dead one */
}

lmems_record *lmems_recordtake(lmems_pool *pool) {
  lmems_record *record = pool->free;
  pool->free = record->next;
  record->floor -= LMEMS_LIFE;
  return record;
}

void lmems_recordgive(lmems_pool *pool, lmems_record *record) {
  if (record->floor <= 2 * LMEMS_LIFE)
    return; /* it has had its lives */
  record->next = pool->free;
  pool->free = record;
}

static void grow_pool(lua_State *L, int keep, lmems_pool *pool) {
  enum { LEAST = 32, MOST = 4096, LINE = sizeof(lmems_record) };
  size_t n = pool->count < LEAST ? LEAST : pool->count;
  if (n > MOST)
    n = MOST;
  char *memory = lua_newuserdatauv(L, (n + 1) * LINE, 0);
  memory += -(uintptr_t)memory % LINE;
  lmems_record *chunk = (lmems_record *)(void *)memory;
  memset(chunk, 0, n * sizeof *chunk);
  lua_rawseti(L, keep, (lua_Integer)lua_rawlen(L, keep) + 1);
  pool->count += n;
  while (n-- > 0) {
    chunk[n].floor = (uint64_t)1 << 63;
    lmems_recordgive(pool, &chunk[n]);
  }
}

static void grow_table(lua_State *L, int keep, const void *key,
                       lmems_table *table) {
  enum { LEAST = 6 }; /* log2 */
  unsigned shift = table->shift == 0 ? 64 - LEAST : table->shift - 1;
  size_t bytes = ((size_t)1 << (64 - shift)) * sizeof(lmems_record *);
  lmems_record **to = lua_newuserdatauv(L, bytes, 0);
  memset(to, 0, bytes);
  /* finalizers may have changed the table by now; any size will do. The old
     buckets lose their anchor, and nothing allocates until they are empty. */
  lua_rawsetp(L, keep, key);
  rehash(table, to, shift);
}

void lmems_recordroom(lua_State *L, int keep, const void *key,
                      lmems_pool *pool, lmems_table *table) {
  while (pool->free == NULL || table->count >= lmems_tableroom(table))
    if (pool->free == NULL)
      grow_pool(L, keep, pool);
    else
      grow_table(L, keep, key, table);
}

/*
** Hooks
*/

/* Puts a hook into a list that begins at `head`. */
static void put_hook(lmems_hook *hook, lmems_hook **head) {
  hook->next = *head;
  hook->back = head;
  if (hook->next != NULL)
    hook->next->back = &hook->next;
  *head = hook;
}

static void move_hook(lmems_hook *hook, lmems_hook **head) {
  *hook->back = hook->next;
  if (hook->next != NULL)
    hook->next->back = hook->back;
  put_hook(hook, head);
}

void lmems_hookroom(lua_State *L, int keep, lmems_hooks *hooks) {
  enum { CHUNK = 16 };
  while (hooks->free == NULL) {
    lmems_hook *chunk = lua_newuserdatauv(L, CHUNK * sizeof *chunk, 0);
    lua_rawseti(L, keep, (lua_Integer)lua_rawlen(L, keep) + 1);
    for (int i = 0; i < CHUNK; i++)
      put_hook(&chunk[i], &hooks->free);
  }
}

lmems_hook *lmems_hooktake(lmems_hooks *hooks, const lmems_hook *what) {
  lmems_hook *hook = hooks->free;
  move_hook(hook, &hooks->used);
  hook->release = what->release;
  hook->context = what->context;
  hook->pointer = what->pointer;
  hook->size = what->size;
  hook->hooks = hooks;
  return hook;
}

void lmems_hookrun(lmems_hook *hook) {
  lmems_hook run = *hook;
  move_hook(hook, &hook->hooks->free);
  if (run.release != NULL)
    run.release(run.context, run.pointer, run.size);
}
