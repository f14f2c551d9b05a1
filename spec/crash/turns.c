/*
** turns.c - several processes that open one file, over and over, each as soon
** as another has closed it. Each puts blocks in front of a list whose
** first one is a root; so each of them finds all that the others have put.
*/

#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "model.h"
#include "modes.h"

enum { PROCESSES = 3, SIZE = 3000, LONGEST_LIST = 400 };

typedef struct entry {
  mems_addr next;
  uint64_t number;
} entry;

static const mems_cell top = {.root = "top"};

static mems_heap *wait_for(const char *path) {
  for (;;) {
    int error = 0;
    mems_options o = {.size = sizeof o, .path = path, .why = why,
                      .create = MEMS_CREATE_NEVER, .why_size = sizeof why};
    mems_heap *heap = mems_heap_open(&o, &error);
    if (heap) return heap;
    if (error != MEMS_EBUSY) fail("it can't be opened: %s", why);
  }
}

/* Walks the list; the number of its first entry. */
static uint64_t count(mems_heap *heap) {
  uint64_t number = 0, found = 0;
  mems_addr at = mems_heap_root(heap, top.root, NULL);
  for (; at; found++) {
    const entry *e = mems_heap_span(heap, at, sizeof *e);
    if (e == NULL) fail("an entry is lost after %llu",
                        (unsigned long long)found);
    if (found == 0) number = e->number;
    at = e->next;
  }
  if (number != found) fail("the list has %llu entries and not %llu",
                            (unsigned long long)found,
                            (unsigned long long)number);
  return number;
}

static void put(mems_heap *heap, uint64_t number) {
  mems_addr old = mems_heap_root(heap, top.root, NULL);
  mems_addr at = mems_heap_malloc(heap, SIZE);
  entry *e = mems_heap_span(heap, at, sizeof *e);
  if (e == NULL) fail("no room for an entry");
  *e = (entry){old, number};
  if (mems_heap_setroot(heap, top.root, at, 0) != MEMS_OK) fail("no root");
}

static void drop_all(mems_heap *heap) {
  mems_addr at;
  while ((at = mems_heap_root(heap, top.root, NULL))) {
    const entry *e = mems_heap_span(heap, at, sizeof *e);
    if (mems_heap_setroot(heap, top.root, e->next, 0)) fail("no root");
    if (mems_heap_free(heap, at) != MEMS_OK) fail("an entry stays");
  }
  mems_heap_trim(heap);
}

static void take_turns(double until, uint64_t seed) {
  for (uint64_t turn = 0; seconds() < until; turn++) {
    mems_heap *heap = wait_for(files_path("a"));
    uint64_t number = count(heap);
    if (number > LONGEST_LIST) drop_all(heap), number = 0;
    for (uint64_t i = draw(&seed, 8); i > 0; i--) put(heap, ++number);
    if (turn % 16 == 0 && mems_heap_check(heap) != MEMS_OK)
      fail("check: %s", mems_heap_broken(heap));
    mems_heap_close(heap);
  }
}

void turns(long number, double until, uint64_t seed) {
  mems_options o = {.limit = 64 << 20};
  mems_heap_close(open_new(files_path("a"), &o));
  if (number <= 0) number = PROCESSES;
  snprintf(trying, sizeof trying, "in turn");
  for (long i = 0; i < number; i++) {
    pid_t child = fork();
    if (child < 0) fail("no child");
    if (child == 0) {
      take_turns(until, seed + (uint64_t)i);
      _exit(0);
    }
  }
  for (int status; number > 0; number--)
    if (wait(&status) < 0 || status != 0) fail("a child failed");
  mems_heap *heap = open_again(files_path("a"), false);
  printf("turns: a list of %llu, nothing lost\n",
         (unsigned long long)count(heap));
  mems_heap_close(heap);
}
