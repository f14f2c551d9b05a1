/*
** kills.c - death at any moment. A child works on a heap until it is killed;
** then, at times, another one that opens it, in the middle of its recovery.
** What is left is verified, and the next one goes on with it.
*/

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "files.h"
#include "modes.h"
#include "states.h"

enum {
  ROUNDS_LEAST = 500, /* however long they take */
  ROUNDS_EACH = 40,   /* of one file */
  LONGEST = 4000, LONGEST_OPENING = 400 /* microseconds */
};

static void work(mems_heap *heap, model *m, uint64_t seed) {
  for (long i = 0; i < 10000000; i++) {
    perform(heap, m, pick(m, &seed));
    if (draw(&seed, 3000) == 0) mems_heap_save(heap, files_path("c"), NULL);
  }
}

/* What was saved is whole, whenever its process died. */
static void look_at_saved(void) {
  const char *path = files_path("c");
  if (access(path, F_OK) != 0) return;
  mems_options o = {.size = sizeof o, .why = why, .why_size = sizeof why};
  mems_heap *heap = mems_heap_restore(path, &o, NULL);
  if (heap == NULL) fail("what was saved can't be restored: %s", why);
  if (mems_heap_check(heap) != MEMS_OK)
    fail("check of what was saved: %s", mems_heap_broken(heap));
  mems_heap_close(heap);
}

/* Runs a child for some time; false if it ended before. */
static bool kill_after(uint64_t microseconds, model *m, uint64_t seed,
                       bool check) {
  int status;
  pid_t child = fork();
  if (child < 0) fail("no child");
  if (child == 0) {
    mems_heap *heap = check ? open_checked(files_path("a"))
                            : open_again(files_path("a"), false);
    if (m) work(heap, m, seed);
    mems_heap_close(heap);
    _exit(0);
  }
  struct timespec t = {0, (long)microseconds * 1000};
  while (nanosleep(&t, &t) != 0) {}
  kill(child, SIGKILL);
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("a child is lost");
  if (WIFEXITED(status) && WEXITSTATUS(status)) fail("a child failed");
  if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
    fail("a child got signal %d", WTERMSIG(status));
  return WIFSIGNALED(status);
}

static void begin(model *m, uint64_t *seed) {
  const setting *s = states + draw(seed, (uint64_t)state_count());
  mems_options o = s->options;
  o.limit = o.limit < (1 << 20) ? o.limit : (64 << 20);
  mems_heap *heap = open_new(files_path("a"), &o);
  model_clear(m, &o);
  m->most = 20 + (int)draw(seed, draw(seed, 4) ? 300 : BLOCKS - 20);
  if (draw(seed, 3)) make_holder(heap, m);
  mems_heap_close(heap);
}

void kills(long number, double until, uint64_t seed) {
  model *m = model_new();
  uint64_t inside = 0, again = 0, calls = 0;
  long rounds = 0;
  for (; rounds < number; rounds++) {
    if (seconds() > until && rounds >= ROUNDS_LEAST) break;
    if (rounds % ROUNDS_EACH == 0) calls += m->calls, begin(m, &seed);
    snprintf(trying, sizeof trying, "round %ld, calls %llu", rounds,
             (unsigned long long)m->calls);
    kill_after(draw(&seed, LONGEST), m, seed, draw(&seed, 2));
    inside += m->stage == CALLING;
    while (draw(&seed, 3) == 0)
      again += kill_after(draw(&seed, LONGEST_OPENING), NULL, 0, false);
    mems_heap *heap = open_again(files_path("a"), false);
    verify(heap, m);
    if (draw(&seed, 16) == 0) exercise(heap, m, seed);
    mems_heap_close(heap);
    if (draw(&seed, 8) == 0) look_at_saved();
    if (draw(&seed, 3)) continue;
    /* it is clean; rebuilding it may be cut short */
    again += kill_after(draw(&seed, LONGEST_OPENING), NULL, 0, true);
    heap = open_again(files_path("a"), false);
    verify(heap, m);
    mems_heap_close(heap);
  }
  printf("kills: %ld, %llu of them inside a call, %llu in opening, %llu calls: "
         "nothing lost\n", rounds, (unsigned long long)inside,
         (unsigned long long)again, (unsigned long long)(calls + m->calls));
}
