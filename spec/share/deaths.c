/*
** deaths.c - a process dies in place of each store that a call makes, and the
** one who rebuilds the heap then dies in place of each store of that.
*/

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "sharing.h"
#include "truth.h"

enum { BLOCKS = 40 };

/* What is there before, and has to be there after: the call in progress is
   about blocks[0] and new ones. */
typedef struct state {
  mems_addr blocks[BLOCKS];
  size_t sizes[BLOCKS];
  mems_addr cell;
} state;

typedef struct act {
  const char *name;
  void (*run)(mems_heap *heap, const state *s);
} act;

static void act_malloc(mems_heap *heap, const state *s) {
  (void)s;
  mems_heap_malloc(heap, 24);
  mems_heap_malloc(heap, 3000);
  mems_heap_malloc(heap, 100000);
}

static void act_calloc(mems_heap *heap, const state *s) {
  (void)s;
  mems_heap_calloc(heap, 30, 30);
  mems_heap_aligned(heap, 1000, 512);
}

static void act_free(mems_heap *heap, const state *s) {
  mems_heap_free(heap, s->blocks[0]);
}

static void act_realloc(mems_heap *heap, const state *s) {
  mems_addr addr = mems_heap_realloc(heap, s->blocks[0], 600);
  addr = mems_heap_realloc(heap, addr, 7000);
  mems_heap_realloc(heap, addr, 5000);
}

static void act_trim(mems_heap *heap, const state *s) {
  mems_heap_free(heap, s->blocks[0]);
  mems_heap_trim(heap);
}

static void act_root(mems_heap *heap, const state *s) {
  mems_heap_setroot(heap, "first", s->blocks[1], 1);
  mems_heap_setroot(heap, "first", s->blocks[2], 2);
}

static void act_cell(mems_heap *heap, const state *s) {
  const mems_cell cell = {.addr = s->cell};
  mems_heap_malloc_to(heap, &cell, 50);
  mems_heap_realloc_to(heap, &cell, 5000);
  mems_heap_free_from(heap, &cell);
}

static const act ACTS[] = {
    {"malloc", act_malloc}, {"calloc, aligned", act_calloc},
    {"free", act_free},     {"realloc", act_realloc},
    {"trim", act_trim},     {"roots", act_root},
    {"cells", act_cell},
};

static void prepare(mems_heap *heap, state *s) {
  mems_heap_reset(heap);
  for (int i = 0; i < BLOCKS; i++) {
    s->sizes[i] = (size_t)(i % 7 == 6 ? 9000 : 8 + 40 * (i % 7));
    s->blocks[i] = mems_heap_malloc(heap, s->sizes[i]);
    memset(mems_heap_get(heap, s->blocks[i]), i, s->sizes[i]);
  }
  s->cell = mems_heap_calloc(heap, 1, 8);
}

static void expect(mems_heap *heap, const state *s) {
  check_heap(heap);
  for (int i = 1; i < BLOCKS; i++) {
    CHECK(mems_heap_size(heap, s->blocks[i]) == s->sizes[i]);
    const unsigned char *p = mems_heap_get(heap, s->blocks[i]);
    for (size_t k = 0; k < s->sizes[i]; k++) CHECK(p[k] == i);
  }
  mems_addr held;
  memcpy(&held, mems_heap_get(heap, s->cell), sizeof held);
  CHECK(held == 0 || mems_heap_size(heap, held) != 0);
}

typedef struct plan {
  const act *call; /* NULL: any call, which takes the lock over */
  const state *state;
  long store;      /* it dies in place of this one */
} plan;

static void die(void *context) {
  const plan *p = context;
  mems_heap *heap = open_shared();
  truth_kill_at(p->store);
  if (p->call)
    p->call->run(heap, p->state);
  else
    mems_heap_stats(heap, &(mems_stats){.size = sizeof(mems_stats)});
  truth_kill_at(0);
  mems_heap_close(heap);
}

/* Was it killed? */
static bool dies(plan p) {
  int status;
  pid_t child = start(die, &p);
  CHECK(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return true;
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
  return false;
}

static void try_act(mems_heap *heap, const act *a) {
  long deaths = 0, again = 0;
  unsigned before = mems_heap_takeovers(heap);
  state s;
  for (long n = 1;; n++) {
    prepare(heap, &s);
    if (!dies((plan){a, &s, n})) break;
    deaths++;
    /* every third one is rebuilt by some who die in it */
    for (long m = 1; n % 3 == 0 && m <= 40; m++) {
      if (!dies((plan){NULL, &s, m})) break;
      again++;
    }
    expect(heap, &s);
  }
  printf("  %-16s dead in %ld stores, in %ld of the recovery: %u takeovers\n",
         a->name, deaths, again, mems_heap_takeovers(heap) - before);
  CHECK(deaths > 0);
}

void try_deaths(void) {
  unlink(PATH);
  mems_heap *heap = open_shared();
  for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++)
    try_act(heap, ACTS + i);
  mems_heap_close(heap);
}
