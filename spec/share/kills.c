/*
** kills.c - workers use the whole API, each against a model of what it owns,
** and are killed at any time; the heap is emptied for all now and then. Models
** survive in memory that all share. What a worker was about to do when it died
** is not known, and not looked at again; all else has to be there.
*/

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "sharing.h"

enum { RECORDS = 800, UNKNOWN = 2 };

typedef struct record {
  mems_addr addr;
  uint32_t size, state; /* 0: none; 1: live; UNKNOWN */
} record;

typedef struct world {
  record records[WORKERS][RECORDS];
  uint64_t calls[WORKERS];
  uint32_t paused, waiting[WORKERS]; /* while the heap is emptied */
  tallies tallies;
  uint64_t counted; /* in cells that are gone */
} world;

typedef struct job {
  world *world;
  unsigned worker, seed;
} job;

static void settle(record *r, mems_addr addr, size_t size) {
  r->addr = addr;
  r->size = (uint32_t)size;
  __asm__ volatile("" ::: "memory");
  *(volatile uint32_t *)&r->state = 1;
}

static unsigned char pattern(unsigned worker, unsigned i) {
  return (unsigned char)(worker * 61 + i * 7 + 1);
}

static void expect(mems_heap *heap, const record *r, unsigned char byte,
                   size_t size) {
  size_t there = mems_heap_size(heap, r->addr);
  if (there != r->size)
    fprintf(stderr, "%llu has %zu bytes in place of %u, error %d\n",
            (unsigned long long)r->addr, there, r->size,
            mems_heap_error(heap));
  CHECK(there == r->size);
  const unsigned char *p = mems_heap_span(heap, r->addr, r->size);
  CHECK(p != NULL);
  for (size_t k = 0; k < size; k++) CHECK(p[k] == byte);
}

static void make(mems_heap *heap, record *r, unsigned char byte, unsigned how,
                 size_t size) {
  mems_addr addr;
  r->state = UNKNOWN;
  if (how == 0) {
    addr = mems_heap_aligned(heap, size, (size_t)16 << size % 7);
  } else if (how == 1) {
    addr = mems_heap_calloc(heap, 1, size);
    const char *p = mems_heap_get(heap, addr);
    for (size_t k = 0; k < size; k++) CHECK(p[k] == 0);
  } else {
    addr = mems_heap_malloc(heap, size);
  }
  CHECK(addr != 0);
  memset(mems_heap_get(heap, addr), byte, size);
  settle(r, addr, size);
}

static void change(mems_heap *heap, record *r, unsigned char byte,
                   size_t size) {
  size_t kept = size < r->size ? size : r->size;
  r->state = UNKNOWN;
  mems_addr addr = mems_heap_realloc(heap, r->addr, size);
  CHECK(addr != 0);
  r->addr = addr;
  r->size = (uint32_t)size;
  expect(heap, r, byte, kept);
  memset(mems_heap_get(heap, addr), byte, size);
  settle(r, addr, size);
}

static void drop(mems_heap *heap, record *r) {
  r->state = UNKNOWN;
  CHECK(mems_heap_free(heap, r->addr) == MEMS_OK);
  r->state = 0;
}

/* A cell, what it holds now, gets, changes and loses a block. */
static void change_cell(mems_heap *heap, const mems_cell *cell,
                        mems_addr held) {
  if (held == 0) {
    CHECK(mems_heap_malloc_to(heap, cell, 40) != 0);
  } else if (rand() % 2) {
    CHECK(mems_heap_realloc_to(heap, cell, 1 + (size_t)(rand() % 900)) != 0);
  } else {
    CHECK(mems_heap_size(heap, held) != 0);
    CHECK(mems_heap_free_from(heap, cell) == MEMS_OK);
  }
}

/* Cells of its own: a root, and 8 bytes of a block that another one names. */
static void use_cell(mems_heap *heap, unsigned worker) {
  char name[] = "worker 0", block[] = "block 0";
  name[7] = block[6] = (char)('0' + worker);
  const mems_cell root = {.root = name};
  change_cell(heap, &root, mems_heap_root(heap, name, NULL));
  uint64_t tag = 0, held;
  mems_addr addr = mems_heap_root(heap, block, &tag);
  if (addr == 0) {
    addr = mems_heap_calloc(heap, 2, sizeof held);
    CHECK(mems_heap_setroot(heap, block, addr, worker + 1) == MEMS_OK);
    tag = worker + 1;
  }
  CHECK(addr != 0 && tag == worker + 1);
  const mems_cell cell = {.addr = addr + sizeof held};
  memcpy(&held, mems_heap_span(heap, cell.addr, sizeof held), sizeof held);
  change_cell(heap, &cell, held);
}

/* A block is found by each way that leads to it. */
static void look_at(mems_heap *heap, const record *r) {
  mems_addr inside = r->addr + (mems_addr)rand() % r->size;
  mems_segment segment;
  mems_extent extent;
  const char *p = mems_heap_get(heap, inside);
  CHECK(p != NULL && mems_heap_address(heap, p) == inside);
  CHECK(mems_heap_span(heap, inside, r->addr + r->size - inside) == p);
  CHECK(mems_heap_span(heap, inside, r->size + 1) == NULL);
  CHECK(mems_heap_locate(heap, inside, &segment) == MEMS_OK);
  CHECK(segment.kind == MEMS_PROCESS && segment.addr == r->addr &&
        segment.requested == r->size);
  CHECK(mems_heap_extent(heap, inside, 0, &extent) == MEMS_OK);
  CHECK(extent.addr == r->addr && extent.requested == r->size);
  CHECK(inside == r->addr || mems_heap_free(heap, inside) == MEMS_EINSIDE);
}

typedef struct search {
  const record *records;
  unsigned found;
  mems_addr behind;
} search;

static int find_record(void *context, const mems_segment *s) {
  search *at = context;
  CHECK(s->addr >= at->behind);
  at->behind = s->addr + s->size;
  if (s->kind != MEMS_PROCESS) return 0;
  for (unsigned i = 0; i < RECORDS; i++)
    if (at->records[i].state == 1 && at->records[i].addr == s->addr) {
      CHECK(at->records[i].size == s->requested);
      at->found++;
    }
  return 0;
}

/* All that tells of the heap, while others change it. */
static void look_around(mems_heap *heap, const record *records) {
  mems_stats stats = {.size = sizeof stats};
  search all = {.records = records};
  mems_process process = {.pid = 0};
  unsigned live = 0, me = (unsigned)getpid();
  mems_heap_stats(heap, &stats);
  for (unsigned i = 0; i < RECORDS; i++) live += records[i].state == 1;
  CHECK(stats.used + stats.unused == stats.mapped);
  CHECK(stats.processes >= live && stats.used >= stats.requested);
  CHECK(mems_heap_walk(heap, find_record, &all) == 0);
  CHECK(all.found == live);
  for (size_t i = 0; process.pid != me;) {
    i = mems_heap_processes(heap, i, &process);
    CHECK(i != 0);
  }
  CHECK(process.alive);
  mems_root root;
  bool shared = false;
  for (size_t i = 0; (i = mems_heap_roots(heap, i, &root)) != 0;)
    shared = shared || strcmp(root.name, "shared") == 0;
  CHECK(shared && mems_heap_sync(heap) == MEMS_OK);
  FILE *nowhere = fopen("/dev/null", "w");
  CHECK(nowhere != NULL && mems_heap_print(heap, nowhere) == MEMS_OK);
  fclose(nowhere);
}

static void step(mems_heap *heap, job *j) {
  unsigned i = (unsigned)rand() % RECORDS, how = (unsigned)rand() % 40;
  record *r = j->world->records[j->worker] + i;
  unsigned char byte = pattern(j->worker, i);
  size_t size = 1 + (size_t)rand() % (rand() % 20 ? 200 : 9000);
  if (rand() % 500 == 0) size = 70000 + (size_t)rand() % 100000;
  if (how == 39) {
    use_cell(heap, j->worker);
  } else if (how > 36) {
    use_cells(heap, &j->world->tallies, j->worker);
  } else if (r->state == 0) {
    make(heap, r, byte, how % 6, size);
  } else {
    expect(heap, r, byte, r->size);
    if (how % 16 == 3) look_at(heap, r);
    if (how % 4 == 0)
      change(heap, r, byte, size);
    else
      drop(heap, r);
  }
  if (rand() % 20000 == 0) mems_heap_trim(heap);
  if (rand() % 20000 == 0) look_around(heap, j->world->records[j->worker]);
  if (rand() % 20000 == 0) check_heap(heap);
}

static void work(void *context) {
  job *j = context;
  world *w = j->world;
  record *records = w->records[j->worker];
  mems_heap *heap = open_shared();
  srand(j->seed);
  for (int i = 0; i < RECORDS; i++)
    if (records[i].state == UNKNOWN) records[i].state = 0;
  for (;;) {
    if (__atomic_load_n(&w->paused, __ATOMIC_SEQ_CST)) {
      __atomic_store_n(w->waiting + j->worker, 1, __ATOMIC_SEQ_CST);
      while (__atomic_load_n(&w->paused, __ATOMIC_SEQ_CST)) usleep(200);
      __atomic_store_n(w->waiting + j->worker, 0, __ATOMIC_SEQ_CST);
    }
    step(heap, j);
    check_repairs(heap);
    if (rand() % 20000 == 0) {
      mems_heap_close(heap);
      heap = open_shared();
    }
    w->calls[j->worker]++;
  }
}

static void empty_all(world *w, mems_heap *heap) {
  __atomic_store_n(&w->paused, 1, __ATOMIC_SEQ_CST);
  for (int i = 0; i < WORKERS; i++)
    while (!__atomic_load_n(w->waiting + i, __ATOMIC_SEQ_CST)) usleep(200);
  w->counted += check_cells(heap, &w->tallies);
  mems_heap_reset(heap);
  for (unsigned i = 0; i < WORKERS; i++) { /* they name what others may get */
    char name[] = "worker 0", block[] = "block 0";
    name[7] = block[6] = (char)('0' + i);
    CHECK(mems_heap_setroot(heap, name, 0, 0) != MEMS_EINVAL);
    CHECK(mems_heap_setroot(heap, block, 0, 0) != MEMS_EINVAL);
  }
  memset(w->records, 0, sizeof w->records);
  memset(&w->tallies, 0, sizeof w->tallies);
  make_cells(heap);
  __atomic_store_n(&w->paused, 0, __ATOMIC_SEQ_CST);
}

static void check_all(const world *w, mems_heap *heap) {
  check_heap(heap);
  check_cells(heap, &w->tallies);
  for (unsigned n = 0; n < WORKERS; n++)
    for (unsigned i = 0; i < RECORDS; i++)
      if (w->records[n][i].state == 1)
        expect(heap, &w->records[n][i], pattern(n, i),
               w->records[n][i].size);
}

static pid_t start_worker(world *w, unsigned worker, unsigned seed) {
  job j = {w, worker, seed};
  w->waiting[worker] = 0;
  return start(work, &j);
}

void try_kills(unsigned kills, double seconds, unsigned seed) {
  world *w = mmap(NULL, sizeof *w, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  unlink(PATH);
  mems_heap *heap = open_shared();
  make_cells(heap);
  pid_t workers[WORKERS];
  uint64_t begun = nanoseconds(), calls = 0;
  unsigned done = 0;
  srand(seed);
  for (unsigned n = 0; n < WORKERS; n++)
    workers[n] = start_worker(w, n, seed + n);
  while (kills ? done < kills
               : (double)(nanoseconds() - begun) < seconds * 1e9) {
    usleep((useconds_t)(rand() % 4000));
    unsigned n = (unsigned)rand() % WORKERS;
    if (rand() % 20 == 0) stop_and_wait(workers[n]);
    kill(workers[n], SIGKILL);
    expect_killed(workers[n]);
    workers[n] = start_worker(w, n, seed + 7 * ++done + n);
    if (done % 100 == 0) check_heap(heap);
    if (done % 1000 == 0) empty_all(w, heap);
  }
  for (unsigned n = 0; n < WORKERS; n++) {
    kill(workers[n], SIGKILL);
    expect_killed(workers[n]);
    calls += w->calls[n];
  }
  check_all(w, heap);
  w->counted += check_cells(heap, &w->tallies);
  printf("  %u kills among %d workers, %u takeovers, %llu calls, %llu counted "
         "together, %.1f s\n", done, WORKERS, mems_heap_takeovers(heap),
         (unsigned long long)calls, (unsigned long long)w->counted,
         (double)(nanoseconds() - begun) / 1e9);
  CHECK(w->counted > 0);
  mems_heap_close(heap);
  mems_options o = {.size = sizeof o, .path = PATH, .check = 1};
  heap = mems_heap_open(&o, NULL);
  CHECK(heap != NULL);
  check_all(w, heap);
  mems_heap_close(heap);
  munmap(w, sizeof *w);
}
