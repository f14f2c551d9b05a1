/*
** trace.c - sites and records of a trace.
**
** All of it lies in a heap of its own, so that it neither loads Lua's
** collector nor shows in the heap that it watches:
** - a site is a line of a source; each is kept once and known by its number,
**   0 for one that is not known;
** - a record is what is known of a block, found by its address in a table
**   with open addressing. There is one for each live block and each freed
**   one that waits; of those that wait no more some are left, until the
**   table grows, and are never believed: the heap is asked first.
** - Records are only a comment. If there is no memory for one, its block has
**   none, and nothing else goes wrong.
** What others are to show is copied for them: a trace goes with its heap.
*/

#include "trace.h"

#include <stdio.h>
#include <stdlib.h>

enum { UNKNOWN = 0, BUCKETS = 256, LEAST = 8 /* log2 of the slots */ };

#define LIVE UINT32_MAX /* as a site of freeing: not freed */
#define STORE_LIMIT ((uint64_t)4 << 30)

typedef struct site {
  uint32_t next;          /* in its bucket; UNKNOWN: none */
  int line;
  uint64_t blocks, bytes; /* that leaked; counted for a report only */
  char source[LUA_IDSIZE];
} site;

typedef struct record {
  mems_addr addr;  /* 0: an empty slot */
  uint64_t number; /* of the allocation, from 1 */
  uint32_t allocated, freed; /* sites */
} record;

struct lmems_trace {
  mems_heap *store;     /* holds this, too */
  uint64_t allocations; /* so far */
  int leaks;            /* LMEMS_QUIET, LMEMS_WARN, LMEMS_RAISE */
  record *records;      /* slots, a power of two, and never full */
  size_t count;         /* records */
  unsigned shift;       /* of the hash: 64 - log2 of the slots */
  site *sites;
  uint32_t known, room; /* sites, with number 0, and how many there may be */
  uint32_t buckets[BUCKETS];
};

/* Zero bytes of the store, or NULL. */
static void *store_new(mems_heap *store, size_t count, size_t size) {
  mems_addr addr = mems_heap_calloc(store, count, size);
  return addr != 0 ? mems_heap_get(store, addr) : NULL;
}

static void store_free(mems_heap *store, void *p) {
  mems_heap_free(store, mems_heap_address(store, p));
}

/*
** Sites
*/

static uint32_t *bucket_of(lmems_trace *t, const char *source, int line) {
  uint32_t h = (uint32_t)line;
  for (; *source != '\0'; source++)
    h = (h ^ (unsigned char)*source) * 16777619u;
  return &t->buckets[(h ^ h >> 16) % BUCKETS];
}

static int more_sites(lmems_trace *t) {
  uint32_t room = t->room * 2;
  site *sites = store_new(t->store, room, sizeof *sites);
  if (sites == NULL)
    return 0;
  memcpy(sites, t->sites, t->known * sizeof *sites);
  store_free(t->store, t->sites);
  t->sites = sites;
  t->room = room;
  return 1;
}

/* The number of a site, which is new or known. */
static uint32_t intern(lmems_trace *t, const char *source, int line) {
  uint32_t *bucket = bucket_of(t, source, line);
  for (uint32_t i = *bucket; i != UNKNOWN; i = t->sites[i].next)
    if (t->sites[i].line == line && strcmp(t->sites[i].source, source) == 0)
      return i;
  if (t->known == t->room && !more_sites(t))
    return UNKNOWN;
  site *new = &t->sites[t->known];
  new->next = *bucket;
  new->line = line;
  memcpy(new->source, source, strlen(source) + 1);
  return *bucket = t->known++;
}

/* The site of the call that runs: the innermost Lua function's line. */
static uint32_t here(lmems_trace *t, lua_State *L) {
  lua_Debug ar;
  for (int level = 0; L != NULL && lua_getstack(L, level, &ar); level++)
    if (lua_getinfo(L, "Sl", &ar) && ar.currentline > 0)
      return intern(t, ar.short_src, ar.currentline);
  return UNKNOWN;
}

/*
** Records
*/

static size_t slots(const lmems_trace *t) {
  return (size_t)1 << (64 - t->shift);
}

static size_t home(const lmems_trace *t, mems_addr addr) {
  return (size_t)((addr >> 3) * 0x9E3779B97F4A7C15u >> t->shift);
}

/* The slot of the record of `addr`, or the empty one where it would be. */
static record *slot_of(const lmems_trace *t, mems_addr addr) {
  size_t i = home(t, addr), mask = slots(t) - 1;
  while (t->records[i].addr != 0 && t->records[i].addr != addr)
    i = (i + 1) & mask;
  return &t->records[i];
}

/* Empties a slot; what follows it closes up:
     [ a b c . ]  without a  [ b c . . ]  unless b or c are at home */
static void drop(lmems_trace *t, record *r) {
  size_t mask = slots(t) - 1, gap = (size_t)(r - t->records), i = gap;
  while (t->records[i = (i + 1) & mask].addr != 0)
    if (((i - home(t, t->records[i].addr)) & mask) >= ((i - gap) & mask)) {
      t->records[gap] = t->records[i];
      gap = i;
    }
  t->records[gap].addr = 0;
  t->count--;
}

static int is_waiting(const mems_heap *heap, mems_addr addr,
                      mems_segment *segment) {
  return mems_heap_locate(heap, addr, segment) == MEMS_OK &&
         segment->waiting;
}

/* May the record be forgotten: was its block let go by the quarantine? */
static int is_stale(const mems_heap *heap, const record *r) {
  mems_segment segment;
  return r->freed != LIVE && !(is_waiting(heap, r->addr, &segment) &&
                               segment.addr == r->addr);
}

/* Forgets what is stale, and makes slots for twice what is left. */
static int more_slots(lmems_trace *t, const mems_heap *heap) {
  record *old = t->records;
  size_t before = slots(t), kept = 0;
  for (size_t i = 0; i < before; i++)
    kept += old[i].addr != 0 && !is_stale(heap, &old[i]);
  unsigned shift = 64 - LEAST;
  while (((size_t)1 << (64 - shift)) < 2 * kept)
    shift--;
  record *new = store_new(t->store, (size_t)1 << (64 - shift), sizeof *new);
  if (new == NULL)
    return 0;
  t->records = new;
  t->shift = shift;
  t->count = kept;
  for (size_t i = 0; i < before; i++)
    if (old[i].addr != 0 && !is_stale(heap, &old[i]))
      *slot_of(t, old[i].addr) = old[i];
  store_free(t->store, old);
  return 1;
}

/* The record of the block at `addr`, which is new: what an older one says is
   to be overwritten. NULL if there is no room. */
static record *enter(lmems_trace *t, const mems_heap *heap, mems_addr addr) {
  record *r = slot_of(t, addr);
  if (r->addr != 0)
    return r;
  if (t->count >= slots(t) / 4 * 3) {
    if (!more_slots(t, heap))
      return NULL;
    r = slot_of(t, addr);
  }
  t->count++;
  r->addr = addr;
  return r;
}

/* The record of a live block, or of a freed one, or NULL. */
static const record *find(const lmems_trace *t, mems_addr addr, int live) {
  const record *r = slot_of(t, addr);
  return r->addr != 0 && (r->freed == LIVE) == live ? r : NULL;
}

/*
** What happens to blocks
*/

void lmems_tracednew(lmems_trace *t, lua_State *L, const mems_heap *heap,
                     mems_addr addr) {
  if (addr == 0)
    return;
  t->allocations++;
  record *r = enter(t, heap, addr);
  if (r != NULL)
    *r = (record){addr, t->allocations, here(t, L), LIVE};
}

void lmems_tracedfree(lmems_trace *t, lua_State *L, int kept,
                      mems_addr addr) {
  record *r = slot_of(t, addr);
  if (r->addr == 0)
    return;
  if (kept)
    r->freed = here(t, L);
  else
    drop(t, r);
}

void lmems_tracedmove(lmems_trace *t, lua_State *L, const mems_heap *heap,
                      int kept, mems_addr from, mems_addr to) {
  if (from == 0)
    lmems_tracednew(t, L, heap, to);
  const record *old = find(t, from, 1);
  if (old == NULL || to == 0 || to == from)
    return;
  record before = *old;
  lmems_tracedfree(t, L, kept, from);
  record *r = enter(t, heap, to);
  if (r != NULL)
    *r = (record){to, before.number, before.allocated, LIVE};
}

/*
** What is known
*/

static lmems_site text_of(const lmems_trace *t, uint32_t number) {
  lmems_site text = {""};
  const site *s = &t->sites[number];
  if (number != UNKNOWN)
    snprintf(text.text, sizeof text.text, "%s:%d", s->source, s->line);
  return text;
}

lmems_origin lmems_traceorigin(const lmems_trace *t, mems_addr addr,
                               int live) {
  lmems_origin origin = {.known = 0};
  const record *r = t != NULL ? find(t, addr, live) : NULL;
  if (r == NULL)
    return origin;
  origin.known = 1;
  origin.allocated = text_of(t, r->allocated);
  if (!live)
    origin.freed = text_of(t, r->freed);
  origin.age = t->allocations - r->number;
  return origin;
}

/* Counts a segment to its site, if it is a live block. */
static int count_leak(void *context, const mems_segment *segment) {
  const lmems_trace *t = context;
  if (segment->kind == MEMS_PROCESS) {
    const record *r = find(t, segment->addr, 1);
    site *s = &t->sites[r != NULL ? r->allocated : UNKNOWN];
    s->blocks++;
    s->bytes += segment->requested;
  }
  return 0;
}

/* Most bytes first; among equals by name. */
static int by_bytes(const void *one, const void *other) {
  const lmems_lost *a = one, *b = other;
  if (a->bytes != b->bytes)
    return a->bytes < b->bytes ? 1 : -1;
  return strcmp(a->site.text, b->site.text);
}

size_t lmems_traceleaks(lmems_trace *t, mems_heap *heap, lmems_lost *leaks,
                        size_t room) {
  size_t n = 0;
  for (uint32_t i = 0; i < t->known; i++)
    t->sites[i].blocks = t->sites[i].bytes = 0;
  mems_heap_walk(heap, count_leak, t);
  for (uint32_t i = 0; i < t->known && n < room; i++)
    if (t->sites[i].blocks > 0)
      leaks[n++] = (lmems_lost){text_of(t, i), t->sites[i].blocks,
                                t->sites[i].bytes};
  qsort(leaks, n, sizeof *leaks, by_bytes);
  return n;
}

size_t lmems_tracesites(const lmems_trace *t) { return t->known; }
int lmems_traceoption(const lmems_trace *t) { return t->leaks; }

/*
** Opening and closing
*/

lmems_trace *lmems_tracenew(int leaks_option) {
  enum { ROOM = 32 };
  const mems_options options = {.limit = STORE_LIMIT};
  mems_heap *store = mems_heap_open(&options, NULL);
  if (store == NULL)
    return NULL;
  lmems_trace *t = store_new(store, 1, sizeof *t);
  record *records = store_new(store, (size_t)1 << LEAST, sizeof *records);
  site *sites = store_new(store, ROOM, sizeof *sites);
  if (t == NULL || records == NULL || sites == NULL) {
    mems_heap_close(store);
    return NULL;
  }
  t->store = store;
  t->leaks = leaks_option;
  t->records = records;
  t->shift = 64 - LEAST;
  t->sites = sites;
  t->room = ROOM;
  t->known = 1;
  return t;
}

void lmems_traceclose(lmems_trace *t) {
  if (t != NULL)
    mems_heap_close(t->store);
}
