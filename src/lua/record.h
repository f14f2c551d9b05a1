/*
** record.h - records: what objects know of one block. Where it is, how much
** of it they may use.
**
**   view -> record -> bytes
**
** Each heap's box has a table of the records on its blocks, so that whoever
** frees, moves or closes makes them right or dead: an object asks its
** record, and never memory that has gone.
**
** Records lie in a pool that is kept until the Lua state ends, and outlive
** the objects that use them. A record that was given back serves again, but
** no view of its earlier life takes it for its own: all ends of views are
** counted from `floor`, and that sinks with each life by more than any block
** has bytes. A view is good if
**
**   its end <= record->limit        (a dead record has the limit 0)
**
** and that one compare is all that an access has to do beside its own
** bounds. A record whose floor has come down is not used again.
**
** In a heap that processes share another one may free the block. So there the
** limit is the bytes + 1, which is below all floors: the compare always fails,
** and the far way (lmems_alive_far in view.h) asks the heap each time, whose
** count of changes tells most often that all is as it was.
*/

#ifndef LMEMS_RECORD_H
#define LMEMS_RECORD_H

#include "rule.h"

typedef struct lmems_box lmems_box; /* box.h */
typedef struct lmems_record lmems_record;

#define LMEMS_LIFE ((uint64_t)1 << 47) /* between two floors */

struct lmems_record {
  char *data;     /* physical address of the bytes */
  uint64_t limit; /* floor and the bytes that views may use; 0: dead; in a
                     shared heap these bytes + 1 */
  uint64_t floor;
  lmems_box *box;
  mems_addr addr;      /* the block */
  size_t capacity;     /* its bytes, if the record owns it, else 0 */
  lmems_record *next;  /* in its bucket, or in the pool */
  lmems_record **back; /* what points here */
};

_Static_assert(sizeof(lmems_record) == 64, "a record is a line of the cache");

/* The records that are free. */
typedef struct lmems_pool {
  lmems_record *free;
  size_t count; /* all that there are */
} lmems_pool;

/* The live records of a box, by address of the block. */
typedef struct lmems_table {
  lmems_record **buckets; /* a power of two */
  size_t count;           /* records */
  unsigned shift;         /* of the hash: 64 - log2 of the buckets; 0: none */
  int shared;             /* not 0: the heap is */
} lmems_table;

/* Memory that a host program has lent, and what is to be called when it is
   not used any more. Hooks lie in memory that is kept, as records do, so that
   what no finalizer has released is when the Lua state ends. */
typedef struct lmems_hook lmems_hook;

typedef struct lmems_hooks {
  lmems_hook *used, *free;
} lmems_hooks;

struct lmems_hook {
  void (*release)(void *context, void *pointer, size_t size); /* or NULL */
  void *context, *pointer;
  size_t size;
  lmems_hooks *hooks; /* its list is one of these */
  lmems_hook *next, **back;
};

/* Makes room for one more hook: a chunk of them becomes a value in the table
   at `keep`. May collect garbage; raises without memory. */
void lmems_hookroom(lua_State *L, int keep, lmems_hooks *hooks);

/* A hook for which there is room, in use, with the `release` and what follows
   of `what`. */
lmems_hook *lmems_hooktake(lmems_hooks *hooks, const lmems_hook *what);

/* Calls what the hook is to call; it is free then. */
void lmems_hookrun(lmems_hook *hook);

/* Makes room in the pool and the table for one more record; the last thing
   that a verb does in step 1. May collect garbage; raises without memory.
   The new memory becomes a value in the table at `keep`: a chunk of records
   behind its elements, the buckets as that of the key `key`. */
void lmems_recordroom(lua_State *L, int keep, const void *key,
                      lmems_pool *pool, lmems_table *table);

/* A dead record of the pool, which has one. */
lmems_record *lmems_recordtake(lmems_pool *pool);

/* Gives it back. It is dead. */
void lmems_recordgive(lmems_pool *pool, lmems_record *record);

/* The record that is always dead, and nobody's. */
lmems_record *lmems_deadrecord(void);

/* Makes a record live: its block is at `addr`, `data` and `size` are what
   views may use. There is room in the table. */
void lmems_recordlink(lmems_table *table, lmems_record *record,
                      mems_addr addr, char *data, size_t size);

/* Makes it dead. */
void lmems_recorddie(lmems_table *table, lmems_record *record);

/* All records of the table are dead from now on, but stay in it. Follows links
   and stores limits, nothing else: it may interrupt whoever changes them. */
void lmems_recordslost(const lmems_table *table);

/* Some record of the block at `addr`, or NULL; the next one behind. */
lmems_record *lmems_recordfind(const lmems_table *table, mems_addr addr);
lmems_record *lmems_recordagain(lmems_record *record);

/* Any record of the table, or NULL. Going on from bucket `*i`, from 0. */
lmems_record *lmems_recordany(const lmems_table *table, size_t *i);

/* All records of the block at `old` know that it is at `addr` now, with
   `bytes` bytes; its physical address was `before` and is `block`. */
void lmems_recordmove(lmems_table *table, mems_addr old, mems_addr addr,
                      uintptr_t before, char *block, size_t bytes);

/* So many records have room in the table. */
static inline size_t lmems_tableroom(const lmems_table *table) {
  return table->shift == 0 ? 0 : (size_t)1 << (64 - table->shift);
}

/* Is it a live one of a shared heap? */
static inline int lmems_recordshared(const lmems_record *record) {
  return record->limit - 1 < LMEMS_LIFE;
}

/* Bytes that views may use of a live one. */
static inline size_t lmems_recordsize(const lmems_record *record) {
  return (size_t)(record->limit -
                  (lmems_recordshared(record) ? 1 : record->floor));
}

/* Sets that. */
static inline void lmems_recordresize(lmems_record *record, size_t size) {
  record->limit = size + (lmems_recordshared(record) ? 1 : record->floor);
}

static inline int lmems_recordlives(const lmems_record *record) {
  return record->limit != 0;
}

/* Is it in a table? A dead one is only behind lmems_recordslost. */
static inline int lmems_recordlinked(const lmems_record *record) {
  return record->back != NULL;
}

#endif
