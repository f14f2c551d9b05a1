/*
** main.c - tries heaps that are shared: `share [SECONDS [KILLS [SEED]]]`,
** where no KILLS is as many as there is time for; a quarter of that with a
** quarantine. `share threads SECONDS`, with ThreadSanitizer; `share time`.
*/

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "image.h"
#include "sharing.h"

char PATH[60];
size_t quarantine;
_Thread_local char why[300];

mems_heap *try_open(int *error) {
  mems_options o = {.size = sizeof o, .path = PATH, .share = 1,
                    .limit = (uint64_t)1 << 30, .quarantine = quarantine,
                    .why = why, .why_size = sizeof why};
  why[0] = '\0';
  return mems_heap_open(&o, error);
}

mems_heap *open_shared(void) {
  mems_heap *heap = try_open(NULL);
  CHECK(heap != NULL);
  return heap;
}

void check_repairs(const mems_heap *heap) {
  CHECK(own_of(heap)->recovery.repairs == 0);
}

void check_heap(mems_heap *heap) {
  check_repairs(heap);
  if (mems_heap_check(heap) == MEMS_OK) return;
  fprintf(stderr, "%s\n", mems_heap_broken(heap));
  CHECK(!"the heap is broken");
}

pid_t start(void (*body)(void *context), void *context) {
  fflush(NULL);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child > 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* where the test itself fails */
  body(context);
  fflush(NULL);
  _exit(EXIT_SUCCESS);
}

void expect_end(pid_t child) {
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

void expect_killed(pid_t child) {
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

void stop_and_wait(pid_t child) {
  int status;
  kill(child, SIGSTOP);
  CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
}

uint64_t nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(int count, char **arguments) {
  const char *what = count > 1 ? arguments[1] : "20";
  unsigned kills = count > 2 ? (unsigned)atoi(arguments[2]) : 0;
  unsigned seed = count > 3 ? (unsigned)atoi(arguments[3]) : 1;
  snprintf(PATH, sizeof PATH, "/dev/shm/mems-share-%d", (int)getpid());
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (strcmp(what, "time") == 0) {
    measure();
  } else if (strcmp(what, "threads") == 0) {
    try_threads(kills);
  } else if (strcmp(what, "kills") == 0) {
    try_kills(kills, 0, seed);
  } else {
    double seconds = atof(what);
    try_cases();
    try_deaths();
    try_kills(kills - kills / 4, seconds * 3 / 4, seed);
    quarantine = 1 << 18;
    printf("  with a quarantine:\n");
    try_deaths();
    try_kills(kills / 4, seconds / 4, seed);
  }
  unlink(PATH);
  return EXIT_SUCCESS;
}
