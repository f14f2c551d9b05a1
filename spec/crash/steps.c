/*
** steps.c - death at each store.
**
** A script prepares a heap in some state and then makes one call or a few. A
** child runs it and is killed at the n-th store of the truth that those calls
** make, for n = 1, 2, ... until they complete. Then the file is opened, which
** recovers it, and verified. The recovery may be killed at each of its own
** stores as well, and the file is opened a third time.
*/

#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "model.h"
#include "states.h"
#include "truth.h"

typedef struct death {
  model *m;
  const setting *in;
  const script *what;
  uint64_t seed;
  long store;  /* where it dies */
} death;

static uint64_t cases, deaths, second_deaths;

static void live_and_die(void *of) {
  death *d = of;
  mems_heap *heap = state_prepare(d->in, files_path("a"), d->m, d->seed);
  if (d->what->needs_holder && d->m->holder == 0) make_holder(heap, d->m);
  truth_kill_at(d->store);
  d->what->run(heap, d->m, d->what->arg, d->seed);
  truth_kill_at(0);
  if (!d->m->closed) verify(heap, d->m); /* it did not die */
}

static void open_and_die(void *of) {
  death *d = of;
  truth_kill_at(d->store);
  open_again(files_path("b"), false);
  truth_kill_at(0);
}

/* What one finds who changes nothing, or has a copy in memory. */
static void look_aside(const char *path, const model *m) {
  static model *copy;
  if (copy == NULL) copy = model_new();
  memcpy(copy, m, sizeof *m);
  mems_heap *heap = open_again(path, true);
  if (mems_heap_check(heap) != MEMS_OK)
    fail("check, read only: %s", mems_heap_broken(heap));
  mems_heap_close(heap);
  heap = mems_heap_restore(path, NULL, NULL);
  if (heap == NULL) fail("it can't be restored");
  verify(heap, copy);
  mems_heap_close(heap);
}

static void look(const char *path, model *m, uint64_t seed) {
  if (cases % 8 == 0) look_aside(path, m);
  mems_heap *heap = open_again(path, false);
  mems_recovery r = {.size = sizeof r};
  if (!mems_heap_recovered(heap, &r) && !m->closed)
    fail("it was not recovered");
  if (r.repairs) fail("there were repairs");
  verify(heap, m);
  if (cases++ % 32 == 0) exercise(heap, m, seed);
  mems_heap_close(heap);
}

/* What a third opening finds, after a death in the second one at each of its
   stores, or at some. */
static void die_again(const death *d, const model *left, const snapshot *file,
                      long every) {
  death again = *d;
  uint64_t seed = d->seed + (uint64_t)d->store;
  size_t length = strlen(trying);
  again.store = every > 1 ? 1 + (long)draw(&seed, (uint64_t)every) : 1;
  for (;; again.store += every) {
    memcpy(d->m, left, sizeof *left);
    snprintf(trying + length, sizeof trying - length, ", again at %ld",
             again.store);
    snapshot_put(file, files_path("b"));
    bool completed = in_child(open_and_die, &again);
    if (!completed) second_deaths++;
    look(files_path("b"), d->m, seed);
    if (completed) break;
  }
  trying[length] = '\0';
}

static void steps_run(const setting *in, const script *what, uint64_t seed,
                      long every) {
  static model *m, *left;
  if (m == NULL) m = model_new(), left = model_new();
  death d = {m, in, what, seed, 1};
  for (;; d.store++) {
    snprintf(trying, sizeof trying, "state %s, %s %ld, seed %llu, store %ld",
             in->name, what->name, what->arg, (unsigned long long)d.seed,
             d.store);
    bool completed = in_child(live_and_die, &d);
    deaths += !completed;
    bool twice = every == 1 || (every && draw(&seed, 4) == 0);
    if (twice && !completed) {
      memcpy(left, m, sizeof *left);
      snapshot file = snapshot_take(files_path("a"));
      die_again(&d, left, &file, every);
      snapshot_drop(&file);
      memcpy(m, left, sizeof *left);
    }
    look(files_path("a"), m, seed);
    if (completed) break;
  }
}

static void make_and_die(void *of) {
  const death *d = of;
  const mems_options o = {.limit = 1 << 20};
  unlink(files_path("a"));
  truth_kill_at(d->store);
  mems_heap_close(open_new(files_path("a"), &o));
  truth_kill_at(0);
}

/* A file that is made is there in whole, or not. */
static void make(void) {
  death d = {.store = 1};
  snprintf(trying, sizeof trying, "making a file");
  for (bool completed = false; !completed; d.store++) {
    completed = in_child(make_and_die, &d);
    deaths += !completed;
    if (access(files_path("a"), F_OK) != 0) continue;
    mems_heap *heap = open_again(files_path("a"), false);
    if (mems_heap_check(heap) != MEMS_OK)
      fail("check: %s", mems_heap_broken(heap));
    mems_heap_close(heap);
  }
}

void steps_case(char **words, long every) {
  long arg = atol(words[2]);
  uint64_t seed = strtoull(words[3], NULL, 10);
  for (const setting *s = states; s->name; s++) {
    if (strcmp(s->name, words[0]) != 0) continue;
    const script random = {"random calls", run_random, arg, 0, 0};
    if (strcmp(words[1], random.name) == 0)
      steps_run(s, &random, seed, every);
    for (const script *w = state_scripts; w->name; w++)
      if (strcmp(w->name, words[1]) == 0 && w->arg == arg)
        steps_run(s, w, seed, every);
  }
}

static long gcd(long a, long b) {
  return b == 0 ? a : gcd(b, a % b);
}

/* Script number i of all, in each state; false if it is not for that one. */
static bool run_number(long i, uint64_t seed, long every) {
  const setting *s = states + i % state_count();
  const script *w = state_scripts + i / state_count();
  if (w->only && strcmp(w->only, s->name) != 0) return false;
  steps_run(s, w, seed, every);
  return true;
}

void steps(double until, uint64_t seed, long every) {
  long all = 0, scripts = 0, random = 0;
  make();
  while (state_scripts[all].name) all++;
  all *= state_count();
  /* in some order, as there may be no time for all of them */
  long at = (long)draw(&seed, (uint64_t)all), by = all / 2;
  for (by = by | 1; gcd(by, all) != 1; by += 2) {}
  for (long i = 0; i < all && seconds() < until; i++, at = (at + by) % all)
    scripts += run_number(at, 1 + draw(&seed, 3), every);
  for (; seconds() < until; random++) {
    int number = (int)draw(&seed, 1000) % state_count();
    script w = {"random calls", run_random, 10 + (long)draw(&seed, 50), 0, 0};
    steps_run(states + number, &w, draw(&seed, 1000000), every);
  }
  printf("steps: %d states, %ld scripts of %ld, %ld random ones, %llu deaths "
         "at a store, %llu more in recovery: nothing lost\n", state_count(),
         scripts, all, random, (unsigned long long)deaths,
         (unsigned long long)second_deaths);
}
