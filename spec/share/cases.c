/*
** cases.c - what may happen to those who share a heap, one thing at a time.
*/

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "share.h"
#include "sharing.h"

enum { SECOND = 1000000000, WHILE = 50000000 };

/* Cells of the root "cells": which process has come how far. */
static uint32_t *cells(mems_heap *heap) {
  mems_addr addr = mems_heap_root(heap, "cells", NULL);
  CHECK(addr != 0);
  return mems_heap_get(heap, addr);
}

static mems_addr cell(mems_heap *heap, unsigned i) {
  return mems_heap_root(heap, "cells", NULL) + i * sizeof(uint32_t);
}

/* A new file whose heap has 16 cells. */
static mems_heap *begin(const char *title) {
  printf("  %s\n", title);
  unlink(PATH);
  mems_heap *heap = open_shared();
  mems_addr addr = mems_heap_calloc(heap, 16, sizeof(uint32_t));
  CHECK(mems_heap_setroot(heap, "cells", addr, 0) == MEMS_OK);
  return heap;
}

static void set(mems_heap *heap, unsigned i, uint32_t value) {
  __atomic_store_n(cells(heap) + i, value, __ATOMIC_SEQ_CST);
  CHECK(mems_heap_notify(heap, cell(heap, i), 0) >= 0);
}

static void await(mems_heap *heap, unsigned i, uint32_t value) {
  uint32_t now;
  while ((now = __atomic_load_n(cells(heap) + i, __ATOMIC_SEQ_CST)) != value)
    CHECK(mems_heap_wait(heap, cell(heap, i), now, 20ull * SECOND) ==
          MEMS_OK);
}

static void twice(void) {
  mems_heap *one = begin("one process opens it twice"), *two = open_shared();
  mems_addr addr = mems_heap_malloc(one, 100);
  CHECK(mems_heap_size(two, addr) == 100);
  CHECK(mems_heap_get(one, addr) != mems_heap_get(two, addr));
  memset(mems_heap_get(one, addr), 7, 100);
  CHECK(((char *)mems_heap_get(two, addr))[99] == 7);
  CHECK(mems_heap_free(two, addr) == MEMS_OK);
  CHECK(mems_heap_get(one, addr) == NULL);
  CHECK(mems_heap_error(one) == MEMS_EFREED);
  mems_heap_close(one);
  CHECK(mems_heap_malloc(two, 10) != 0);
  mems_options o = {.size = sizeof o, .path = PATH, .why = why,
                    .why_size = sizeof why};
  int error;
  CHECK(mems_heap_open(&o, &error) == NULL && error == MEMS_EBUSY);
  mems_heap_close(two);
  o.check = 1;
  two = mems_heap_open(&o, &error);
  CHECK(two != NULL);
  CHECK(try_open(&error) == NULL && error == MEMS_EBUSY);
  check_heap(two);
  mems_heap_close(two);
}

/* Raises a signal while it has the lock. */
static void raise_inside(void *context) {
  mems_heap *heap = open_shared();
  CHECK(share_lock(heap));
  raise(*(int *)context);
  share_unlock(heap);
  CHECK(mems_heap_malloc(heap, 10) != 0);
  mems_heap_close(heap);
}

static void stopped(void) {
  int signal = SIGSTOP, status;
  mems_heap *heap = begin("an owner of the lock is stopped");
  pid_t child = start(raise_inside, &signal);
  CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  uint64_t before = nanoseconds();
  mems_heap_patience(heap, WHILE);
  CHECK(mems_heap_malloc(heap, 10) == 0);
  CHECK(mems_heap_error(heap) == MEMS_EBUSY);
  CHECK(nanoseconds() - before >= WHILE);
  CHECK(mems_heap_takeovers(heap) == 0);
  kill(child, SIGCONT);
  mems_heap_patience(heap, 0);
  CHECK(mems_heap_malloc(heap, 10) != 0);
  expect_end(child);
  check_heap(heap);
  mems_heap_close(heap);
}

static void stopped_killed(void) {
  int signal = SIGSTOP, status;
  mems_heap *heap = begin("an owner is stopped, and killed then");
  pid_t child = start(raise_inside, &signal);
  CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  kill(child, SIGKILL);
  CHECK(mems_heap_malloc(heap, 10) != 0);
  CHECK(mems_heap_takeovers(heap) == 1);
  expect_killed(child);
  check_heap(heap);
  mems_heap_close(heap);
}

enum { STAYING = 2000 };

/* A walk whose visitor uses the heap, through two openings of it. */
typedef struct tour {
  mems_heap *one, *two;
  mems_addr staying[STAYING], going[STAYING];
  mems_addr behind, made; /* where the last segment ended; what it made last */
  unsigned seen, gone;    /* how many so far */
} tour;

static int use_and_look(void *context, const mems_segment *s) {
  tour *t = context;
  CHECK(s->size > 0 && s->addr >= t->behind);
  CHECK(s->addr >= s->node && s->addr < s->node + s->node_size);
  t->behind = s->addr + s->size;
  if (t->seen < STAYING && s->addr == t->staying[t->seen]) {
    CHECK(s->kind == MEMS_PROCESS && s->requested == 100);
    t->seen++;
  }
  CHECK(t->seen == STAYING || s->addr < t->staying[t->seen]);
  if (t->gone < STAYING)
    CHECK(mems_heap_free(t->one, t->going[t->gone++]) == MEMS_OK);
  CHECK(mems_heap_free(t->one, t->made) == MEMS_OK);
  t->made = mems_heap_malloc(t->two, 10 + 7 * t->seen % 9000);
  CHECK(t->made != 0 && mems_heap_get(t->one, t->made) != NULL);
  return 0;
}

static int by_address(const void *one, const void *other) {
  const mems_addr *a = one, *b = other;
  return (*a > *b) - (*a < *b);
}

static void tour_through(mems_heap *one, mems_heap *two) {
  tour t = {.one = one, .two = two};
  for (unsigned i = 0; i < STAYING; i++) {
    t.going[i] = mems_heap_malloc(one, 1 + 50 * i % 2000);
    t.staying[i] = mems_heap_malloc(one, 100);
  }
  qsort(t.staying, STAYING, sizeof *t.staying, by_address);
  CHECK(mems_heap_walk(one, use_and_look, &t) == 0);
  CHECK(t.seen == STAYING && t.gone == STAYING);
  CHECK(mems_heap_check(one) == MEMS_OK);
}

static void churn(void *context) {
  mems_heap *heap = open_shared();
  mems_addr blocks[64] = {0};
  (void)context;
  for (unsigned i = 0;; i++) {
    mems_addr *block = blocks + rand() % 64;
    CHECK(mems_heap_free(heap, *block) == MEMS_OK);
    *block = mems_heap_malloc(heap, 1 + (size_t)rand() % 5000);
    if (i % 500 == 0) set(heap, 0, 1), mems_heap_trim(heap);
  }
}

static void visitor(void) {
  mems_heap *one = begin("a visitor uses the heap, others change it");
  mems_heap *two = open_shared(), *private = mems_heap_open(NULL, NULL);
  for (int round = 0; round < 10; round++) {
    pid_t child = start(churn, NULL);
    await(one, 0, 1);
    tour_through(one, two);
    kill(child, SIGKILL);
    expect_killed(child);
    set(one, 0, 0);
  }
  tour_through(private, private);
  check_heap(one);
  mems_heap_close(private);
  mems_heap_close(two);
  mems_heap_close(one);
}

/* Prints into a pipe that nobody reads, and so stays. */
static void print_into(void *context) {
  const int *ends = context;
  mems_heap *heap = open_shared();
  FILE *out = fdopen(ends[1], "w");
  CHECK(out != NULL && mems_heap_print(heap, out) == MEMS_OK);
  mems_heap_close(heap);
}

static void slow_print(void) {
  enum { ROOM = 60000 };
  mems_heap *heap = begin("it is printed to somebody slow");
  int ends[2], waiting = 0;
  char text[4096];
  for (int i = 0; i < 10000; i++) CHECK(mems_heap_malloc(heap, 2000) != 0);
  CHECK(pipe(ends) == 0);
  pid_t child = start(print_into, ends);
  while (waiting < ROOM) {
    CHECK(ioctl(ends[0], FIONREAD, &waiting) == 0);
    usleep(1000);
  }
  mems_heap_patience(heap, 40 * WHILE);
  for (int i = 0; i < 100; i++) CHECK(mems_heap_malloc(heap, 3000) != 0);
  CHECK(waitpid(child, NULL, WNOHANG) == 0);
  close(ends[1]);
  while (read(ends[0], text, sizeof text) > 0) continue;
  expect_end(child);
  close(ends[0]);
  mems_heap_close(heap);
}

/* Its slot goes to another one, who opens at once. */
static void same_slot(void) {
  int signal = SIGKILL;
  mems_heap *heap = begin("the next one gets a dead owner's slot");
  expect_killed(start(raise_inside, &signal));
  mems_heap *next = open_shared();
  CHECK(mems_heap_malloc(next, 10) != 0);
  CHECK(mems_heap_takeovers(heap) == 1);
  check_heap(heap);
  mems_heap_close(next);
  mems_heap_close(heap);
}

/* A child that has the lock of cells 2 and 3 and goes on in the way that
   `context` tells. */
static void hold_cell(void *context) {
  const char *how = context;
  mems_heap *heap = open_shared();
  mems_addr at = cell(heap, 2);
  CHECK(mems_heap_lock(heap, at, 0) == MEMS_OK);
  CHECK(mems_heap_lock(heap, at, 0) == MEMS_EBUSY);
  set(heap, 0, 1);
  if (how[0] == 'c') {
    await(heap, 1, 1);
    usleep(20000);
    mems_heap_close(heap);
  } else if (how[0] == 'e') {
    execl("/bin/sleep", "sleep", "2", (char *)NULL);
  } else if (how[0] == 'f') {
    if (fork() > 0) raise(SIGKILL);
    CHECK(mems_heap_malloc(heap, 10) == 0);
    CHECK(mems_heap_error(heap) == MEMS_ECLOSED);
    CHECK(mems_heap_get(heap, at) == NULL);
    mems_heap_close(heap);
    sleep(2);
  } else if (how[0] == 'u') {
    await(heap, 1, 1);
    usleep(20000);
    CHECK(mems_heap_unlock(heap, at) == MEMS_OK);
    await(heap, 1, 2);
    mems_heap_close(heap);
  }
}

static void cell_owner(const char *title, const char *how, int expected) {
  mems_heap *heap = begin(title);
  pid_t child = start(hold_cell, (void *)(uintptr_t)how);
  await(heap, 0, 1);
  mems_addr at = cell(heap, 2);
  if (how[0] == 'c' || how[0] == 'u')
    CHECK(mems_heap_lock(heap, at, WHILE / 10) == MEMS_ETIME);
  CHECK(how[0] == 'e' || how[0] == 'f' ||
        mems_heap_unlock(heap, at) == MEMS_EBUSY);
  set(heap, 1, 1);
  uint64_t before = nanoseconds();
  CHECK(mems_heap_lock(heap, at, 0) == expected);
  CHECK(nanoseconds() - before < SECOND);
  CHECK(mems_heap_unlock(heap, at) == MEMS_OK);
  CHECK(mems_heap_lock(heap, at, 0) == MEMS_OK);
  CHECK(mems_heap_unlock(heap, at) == MEMS_OK);
  set(heap, 1, 2);
  if (how[0] == 'f')
    expect_killed(child);
  else
    expect_end(child);
  check_heap(heap);
  mems_heap_close(heap);
}

/* A lock that was left in the file by processes that are all gone. */
static void old_lock(void) {
  mems_heap *heap = begin("all who had it open died, one with a locked cell");
  mems_heap_close(heap);
  pid_t child = start(hold_cell, "k");
  expect_end(child);
  heap = open_shared();
  CHECK(mems_heap_lock(heap, cell(heap, 2), SECOND) == MEMS_EDIED);
  CHECK(mems_heap_unlock(heap, cell(heap, 2)) == MEMS_OK);
  check_heap(heap);
  mems_heap_close(heap);
}

/* Opens it as often as its descriptors allow, and stays. */
static void take_slots(void *context) {
  int *ready = context, error, n = *ready;
  for (int i = 0; i < n; i++) open_shared();
  __atomic_store_n(ready, 0, __ATOMIC_SEQ_CST);
  (void)error;
  pause();
}

static void slots(void) {
  enum { CHILDREN = 4, EACH = 250 };
  printf("  all slots are taken\n");
  int *ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0), error;
  pid_t children[CHILDREN];
  unlink(PATH);
  mems_heap *first = open_shared();
  for (int i = 0; i < CHILDREN; i++) {
    ready[i] = i == 0 ? EACH - 1 : EACH;
    children[i] = start(take_slots, ready + i);
  }
  for (int i = 0; i < CHILDREN; i++)
    while (__atomic_load_n(ready + i, __ATOMIC_SEQ_CST)) usleep(1000);
  CHECK(try_open(&error) == NULL && error == MEMS_ELIMIT);
  size_t alive = 0;
  mems_process process;
  for (size_t i = 0; (i = mems_heap_processes(first, i, &process)) != 0;)
    alive += process.alive != 0;
  CHECK(alive == CHILDREN * EACH);
  kill(children[2], SIGKILL);
  expect_killed(children[2]);
  mems_heap *late = open_shared();
  CHECK(mems_heap_malloc(late, 100) != 0);
  mems_heap_close(late);
  for (int i = 0; i < CHILDREN; i++)
    if (i != 2) kill(children[i], SIGKILL), expect_killed(children[i]);
  check_heap(first);
  mems_heap_close(first);
  munmap(ready, 4096);
}

static void open_close(void *context) {
  (void)context;
  for (;;) {
    mems_heap *heap = open_shared();
    CHECK(mems_heap_root(heap, "cells", NULL) != 0);
    mems_heap_close(heap);
  }
}

/* The first one is killed while it opens or closes, with some others about. */
static void opening(void) {
  enum { ROUNDS = 60, BLOCKS = 3000 };
  mems_heap *heap = begin("the first one is killed while it opens");
  mems_addr *blocks = calloc(BLOCKS, sizeof *blocks);
  for (unsigned i = 0; i < BLOCKS; i++) {
    blocks[i] = mems_heap_malloc(heap, 16 + i % 500);
    memset(mems_heap_get(heap, blocks[i]), (int)(i & 127), 16 + i % 500);
  }
  mems_heap_close(heap);
  for (unsigned i = 0; i < ROUNDS; i++) {
    pid_t one = start(open_close, NULL), two = start(open_close, NULL);
    usleep((useconds_t)(rand() % 3000));
    kill(one, SIGKILL);
    usleep((useconds_t)(rand() % 500));
    kill(two, SIGKILL);
    expect_killed(one);
    expect_killed(two);
  }
  heap = open_shared();
  check_heap(heap);
  for (unsigned i = 0; i < BLOCKS; i++) {
    CHECK(mems_heap_size(heap, blocks[i]) == 16 + i % 500);
    CHECK(((char *)mems_heap_get(heap, blocks[i]))[15] == (char)(i & 127));
  }
  free(blocks);
  mems_heap_close(heap);
}

/* Opens it as soon as the pipe is closed. */
static void open_then(void *context) {
  const int *ends = context;
  char byte;
  close(ends[1]);
  CHECK(read(ends[0], &byte, 1) == 0);
  mems_heap *heap = open_shared();
  usleep(1000);
  mems_heap_close(heap);
}

/* One of them makes the file, and all have it. */
static void together(void) {
  enum { ROUNDS = 100, SHARERS = 4 };
  printf("  some begin it at once\n");
  for (unsigned i = 0; i < ROUNDS; i++) {
    pid_t children[SHARERS];
    int ends[2];
    unlink(PATH);
    CHECK(pipe(ends) == 0);
    for (unsigned k = 0; k < SHARERS; k++)
      children[k] = start(open_then, ends);
    close(ends[0]);
    close(ends[1]);
    for (unsigned k = 0; k < SHARERS; k++) expect_end(children[k]);
  }
}

/* Forks, while other threads of the process open a file and close it. */
static void *open_again(void *context) {
  const bool *ends = context;
  while (!__atomic_load_n(ends, __ATOMIC_RELAXED)) {
    mems_options o = {.size = sizeof o, .path = PATH, .why = why,
                      .why_size = sizeof why};
    mems_heap *heap = mems_heap_open(&o, NULL);
    CHECK(heap != NULL);
    mems_heap_close(heap);
  }
  return NULL;
}

static void sleep_shortly(void *context) {
  (void)context;
  usleep(2000);
}

static void forks(void) {
  bool ends = false;
  pthread_t thread;
  mems_heap_close(begin("children that are forked while it is opened"));
  CHECK(pthread_create(&thread, NULL, open_again, &ends) == 0);
  for (unsigned i = 0; i < 200; i++) expect_end(start(sleep_shortly, NULL));
  __atomic_store_n(&ends, true, __ATOMIC_RELAXED);
  CHECK(pthread_join(thread, NULL) == 0);
}

/* Who has it open, and who has it no more. */
static void listed(void) {
  mems_heap *one = begin("who closed it is not in the list"), *two, *copy;
  mems_process p;
  two = open_shared();
  CHECK(mems_heap_processes(one, 1, &p) == 2);
  mems_heap_close(two);
  CHECK(mems_heap_processes(one, 1, &p) == 0);
  mems_heap_close(one);
  copy = mems_heap_restore(PATH, NULL, NULL);
  CHECK(copy != NULL);
  int error = MEMS_OK;
  CHECK(try_open(&error) == NULL); /* the copy has its addresses */
  CHECK(error == MEMS_EBUSY);
  mems_heap_close(copy);
}

/* A heap without a name is opened by a child that inherits it. */
static void open_memfd(void *context) {
  mems_options o = {.size = sizeof o, .fd = context, .share = 1,
                    .why = why, .why_size = sizeof why};
  mems_heap *heap = mems_heap_open(&o, NULL);
  CHECK(heap != NULL);
  set(heap, 0, 5);
  mems_heap_close(heap);
}

static void memfd(void) {
  printf("  a file in memory\n");
  mems_options o = {.size = sizeof o, .memfd = 1, .share = 1, .why = why,
                    .why_size = sizeof why};
  mems_heap *heap = mems_heap_open(&o, NULL);
  CHECK(heap != NULL);
  mems_heap_setroot(heap, "cells", mems_heap_calloc(heap, 16, 4), 0);
  int fd = mems_heap_fd(heap);
  expect_end(start(open_memfd, &fd));
  CHECK(cells(heap)[0] == 5);
  mems_heap_close(heap);
}

void try_cases(void) {
  twice();
  stopped();
  stopped_killed();
  visitor();
  slow_print();
  same_slot();
  cell_owner("a locked cell is let go", "u", MEMS_OK);
  cell_owner("the owner of a cell closes the heap", "c", MEMS_EDIED);
  cell_owner("the owner of a cell ends", "k", MEMS_EDIED);
  cell_owner("the owner of a cell becomes another program", "e", MEMS_EDIED);
  cell_owner("the owner of a cell dies, a fork of it lives", "f",
             MEMS_EDIED);
  old_lock();
  slots();
  opening();
  together();
  forks();
  listed();
  memfd();
}
