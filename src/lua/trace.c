/*
** trace.c - the option `trace`: where each block was allocated, and,
** while it waits in the quarantine, where it was freed; what leaked.
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
*/

#include <stdio.h>
#include <stdlib.h>

#include "lmems.h"

/***
@module mems
*/

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

static const char *push_site(lua_State *L, const lmems_trace *t,
                             uint32_t number) {
  const site *s = &t->sites[number];
  if (number == UNKNOWN)
    return lua_pushliteral(L, "?");
  return lua_pushfstring(L, "%s:%d", s->source, s->line);
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

void lmems_traced_slow(lua_State *L, lmems_box *box, mems_addr addr) {
  lmems_trace *t = box->trace;
  if (addr == 0)
    return;
  t->allocations++;
  record *r = enter(t, box->heap, addr);
  if (r != NULL)
    *r = (record){addr, t->allocations, here(t, L), LIVE};
}

void lmems_traced_free_slow(lua_State *L, lmems_box *box, mems_addr addr) {
  lmems_trace *t = box->trace;
  record *r = slot_of(t, addr);
  if (r->addr == 0)
    return;
  if (box->quarantine)
    r->freed = here(t, L);
  else
    drop(t, r);
}

void lmems_traced_move_slow(lua_State *L, lmems_box *box, mems_addr from,
                            mems_addr to) {
  if (from == 0)
    lmems_traced_slow(L, box, to);
  const record *old = find(box->trace, from, 1);
  if (old == NULL || to == 0 || to == from)
    return;
  record kept = *old;
  lmems_traced_free_slow(L, box, from);
  record *r = enter(box->trace, box->heap, to);
  if (r != NULL)
    *r = (record){to, kept.number, kept.allocated, LIVE};
}

/*
** In messages
*/

const char *lmems_pushallocated(lua_State *L, const lmems_box *box,
                                mems_addr addr) {
  const lmems_trace *t = box->trace;
  const record *r = t != NULL ? find(t, addr, 1) : NULL;
  if (r == NULL)
    return lua_pushliteral(L, "");
  push_site(L, t, r->allocated);
  lua_pushfstring(L, " allocated at %s", lua_tostring(L, -1));
  lua_remove(L, -2);
  return lua_tostring(L, -1);
}

const char *lmems_pushfreed(lua_State *L, const lmems_box *box,
                            mems_addr addr) {
  const lmems_trace *t = box->trace;
  const record *r = t != NULL ? find(t, addr, 0) : NULL;
  if (r == NULL)
    return lua_pushliteral(L, "");
  int top = lua_gettop(L);
  const char *at = r->freed != UNKNOWN ? " at " : "";
  const char *freed = *at != '\0' ? push_site(L, t, r->freed) : "";
  const char *allocated = push_site(L, t, r->allocated);
  lua_pushfstring(L, "%s%s, allocated at %s", at, freed, allocated);
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
  return lua_tostring(L, -1);
}

/*
** Leaks
*/

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

/* A site in the order of a report. */
typedef struct rank {
  const site *site;
} rank;

/* Most bytes first; among equals by name. */
static int by_bytes(const void *one, const void *other) {
  const site *a = ((const rank *)one)->site;
  const site *b = ((const rank *)other)->site;
  if (a->bytes != b->bytes)
    return a->bytes < b->bytes ? 1 : -1;
  int order = strcmp(a->source, b->source);
  return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static const char *plural(uint64_t n) {
  return n == 1 ? "" : "s";
}

static void add_site(lua_State *L, luaL_Buffer *B, const lmems_trace *t,
                     const site *s) {
  char line[80];
  snprintf(line, sizeof line, "\n  %llu byte%s in %llu block%s from ",
           (unsigned long long)s->bytes, plural(s->bytes),
           (unsigned long long)s->blocks, plural(s->blocks));
  luaL_addstring(B, line);
  push_site(L, t, (uint32_t)(s - t->sites));
  luaL_addvalue(B);
}

/* Pushes the report of `blocks` blocks of `bytes` bytes that leaked. */
static void push_report(lua_State *L, lmems_box *box, uint64_t blocks,
                        uint64_t bytes) {
  lmems_trace *t = box->trace;
  luaL_Buffer B;
  char line[96];
  for (uint32_t i = 0; i < t->known; i++)
    t->sites[i].blocks = t->sites[i].bytes = 0;
  mems_heap_walk(box->heap, count_leak, t);
  /* in Lua's memory: were it the store's, an error of Lua would lose it */
  rank *ranks = lua_newuserdatauv(L, t->known * sizeof *ranks, 0);
  for (uint32_t i = 0; i < t->known; i++)
    ranks[i].site = &t->sites[i];
  qsort(ranks, t->known, sizeof *ranks, by_bytes);
  luaL_buffinit(L, &B);
  snprintf(line, sizeof line, "%llu block%s of %llu byte%s %s never freed:",
           (unsigned long long)blocks, plural(blocks),
           (unsigned long long)bytes, plural(bytes),
           blocks == 1 ? "was" : "were");
  luaL_addstring(&B, line);
  for (uint32_t i = 0; i < t->known && ranks[i].site->blocks > 0; i++)
    add_site(L, &B, t, ranks[i].site);
  luaL_pushresult(&B);
  lua_remove(L, -2);
}

int lmems_pushleaks(lua_State *L, lmems_box *box) {
  mems_stats stats;
  if (box->trace == NULL || box->trace->leaks == LMEMS_QUIET)
    return LMEMS_QUIET;
  lua_gc(L, LUA_GCCOLLECT); /* what garbage owns is no leak */
  if (box->heap == NULL)
    return LMEMS_QUIET;
  mems_heap_stats(box->heap, &stats);
  if (stats.processes == 0)
    return LMEMS_QUIET;
  push_report(L, box, stats.processes, stats.requested);
  return box->trace->leaks;
}

void lmems_warn(const char *report) {
  fprintf(stderr, "mems: %s\n", report);
}

static int protected_report(lua_State *L) {
  if (lmems_pushleaks(L, lua_touserdata(L, 1)) != LMEMS_QUIET)
    lmems_warn(lua_tostring(L, -1));
  return 0;
}

void lmems_warnleaks(lua_State *L, lmems_box *box) {
  if (box->trace == NULL || !lua_checkstack(L, 3))
    return;
  lua_pushcfunction(L, protected_report);
  lua_pushlightuserdata(L, box);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK)
    lua_pop(L, 1); /* no memory for the report */
}

/* Upvalue of the iterator, after those of every verb: where it goes on. */
enum { NEXT = 3 };

static int leaks_step(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  const lmems_trace *t = self.box->trace;
  mems_addr next = (mems_addr)lua_tointeger(L, lua_upvalueindex(NEXT));
  mems_segment segment;
  do {
    if (mems_heap_locate(self.box->heap, next, &segment) != MEMS_OK)
      return 0;
    next = segment.addr + segment.size;
  } while (segment.kind != MEMS_PROCESS);
  lua_pushinteger(L, (lua_Integer)next);
  lua_replace(L, lua_upvalueindex(NEXT));
  lua_pushlightuserdata(L, (void *)(uintptr_t)segment.addr);
  lua_pushinteger(L, (lua_Integer)segment.requested);
  const record *r = t != NULL ? find(t, segment.addr, 1) : NULL;
  if (r == NULL) {
    lua_pushliteral(L, "?");
    return 3;
  }
  push_site(L, t, r->allocated);
  lua_pushinteger(L, (lua_Integer)(t->allocations - r->number));
  return 4;
}

/***
Loops over the live blocks of a heap with the option `trace`, in address
order: `for addr, size, site, age in mems.leaks() do`. Gives for each its
address, the bytes it was asked for, where it was allocated, as
`"file:line"`, and how many allocations there were since. A block that was
resized keeps its site and age. Where memory for a record was missing the
site is `"?"` and there is no age. The heap may change between two steps.
@function leaks
@within Inspection
@luals return fun(): lightuserdata?, integer, string, integer?
@treturn function an iterator
@raise unless the heap was opened with `trace` or `leaks`
*/
static int leaks(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  mems_stats stats;
  if (self.box->trace == NULL)
    return luaL_error(L, "'leaks' needs a heap with the option trace = true");
  mems_heap_stats(self.box->heap, &stats);
  lmems_pushbox(L, self);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushinteger(L, (lua_Integer)stats.base);
  lua_pushcclosure(L, leaks_step, NEXT);
  return 1;
}

/*
** Opening and closing
*/

lmems_trace *lmems_newtrace(int leaks_option) {
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

void lmems_closetrace(lmems_box *box) {
  if (box->trace != NULL)
    mems_heap_close(box->trace->store);
  box->trace = NULL;
}

static const luaL_Reg verbs[] = {{"leaks", leaks}, {NULL, NULL}};

void lmems_settrace(lua_State *L, int first) {
  lmems_setverbs(L, verbs, first);
}
