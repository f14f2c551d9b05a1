/*
** The workload `pause`: how long the slowest calls take. The machine itself
** stops a program now and then (interrupts, other programs, a hypervisor),
** so two things stand beside the plain figures: an empty call, timed in the
** same loop, and the calls that were slow every time. For the latter the
** whole run is repeated in children of fork, each from the same state with
** the same calls; what is slow by its own doing is slow in all of them,
** and the smallest of the times of each call is kept.
*/

#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPEATS = 3 };

/* Nanoseconds of each call of one kind, shared with the children. */
typedef struct times {
  const char *name;
  uint32_t *now;   /* in this run */
  uint32_t *least; /* in any run */
} times;

static times new_times(const char *name, size_t ops) {
  times t;
  size_t i;
  t.name = name;
  t.now = own_memory(ops * sizeof *t.now);
  t.least = own_memory(ops * sizeof *t.least);
  for (i = 0; i < ops; i++) t.least[i] = UINT32_MAX;
  return t;
}

static inline uint32_t clip(uint64_t ns) {
  return ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

/* The clock runs from the end of one call to the end of the next. */
static void time_calls(const workload *w, arena a, const plan *p, size_t ops,
                       const times *t) {
  uint64_t t0, t1, t2, t3;
  size_t i;
  for (i = 0; i < ops; i++) {
    block *b = &p->blocks[p->slots[i]];
    size_t size = p->sizes[i];
    t0 = wall_ns();
    t1 = wall_ns();
    give(a, *b);
    t2 = wall_ns();
    *b = take_touched(a, size, w->touch);
    t3 = wall_ns();
    t[0].now[i] = clip(t1 - t0);
    t[1].now[i] = clip(t2 - t1);
    t[2].now[i] = clip(t3 - t2);
  }
}

static int compare_u32(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void report_calls(const char *name, const char *which, uint32_t *ns,
                         size_t ops) {
  static const double shares[] = {0.5, 0.99, 0.999, 0.9999, 1};
  static const char *const names[] = {"p50", "p99", "p99.9", "p99.99", "max"};
  double per = 1e5 / (double)ops;
  size_t slow = 0, stopped = 0, i;
  qsort(ns, ops, sizeof *ns, compare_u32);
  for (i = 0; i < ops; i++) {
    slow += ns[i] > 50000;
    stopped += ns[i] > 1000000;
  }
  for (i = 0; i < 5; i++) {
    size_t at = (size_t)(shares[i] * (double)(ops - 1));
    printf("%s.%s.%s %u\n", name, which, names[i], ns[at]);
  }
  printf("%s.%s.over50us %.4f\n", name, which, (double)slow * per);
  printf("%s.%s.over1ms %.4f\n", name, which, (double)stopped * per);
}

static void keep_least(const times *t, size_t ops) {
  size_t i;
  for (i = 0; i < ops; i++) {
    if (t->now[i] < t->least[i]) t->least[i] = t->now[i];
  }
}

static void run_once(const workload *w, arena a, const plan *p, size_t live,
                     size_t ops, const times *t) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    fill(a, p, live, w->touch);
    time_calls(w, a, p, ops, t);
    _exit(0);
  }
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
    die("a run of the workload failed");
  }
}

void run_pause(const workload *w, arena a) {
  size_t live = scaled(w->live, 100), ops = scaled(w->ops, 100);
  plan p = draw_plan(w, live, ops);
  times t[3];
  size_t i, k;
  t[0] = new_times("empty", ops);
  t[1] = new_times("free", ops);
  t[2] = new_times("malloc", ops);
  for (i = 0; i < REPEATS; i++) {
    run_once(w, a, &p, live, ops, t);
    for (k = 0; k < 3; k++) keep_least(&t[k], ops);
  }
  for (k = 0; k < 3; k++) {
    report_calls(t[k].name, "once", t[k].now, ops);
    report_calls(t[k].name, "always", t[k].least, ops);
  }
}
