/*
** main.c - crash MODE [NUMBER [SECONDS [SEED [FOLDER]]]]: heaps in files whose
** process dies, and what is found there. Ends with 1 if anything was lost.
**
**   steps   death at each store; NUMBER: at each NUMBERth store of a recovery
**   kills   death at any moment; NUMBER: rounds
**   power   loss of power: pages and sectors, old and new; NUMBER: mixes
**   flips   each bit of the head, and files that were cut; NUMBER: each
**           NUMBERth bit
**   case    one that failed: NUMBER STATE SCRIPT ARGUMENT SEED
**   turns   several that open it in turn; NUMBER: processes
**   bounds  how long opening takes; NUMBER: MiB of payload
*/

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "model.h"
#include "modes.h"
#include "steps.h"

#if defined(__SANITIZE_ADDRESS__)
enum { GUARDED = 1 }; /* it tells more about a signal */
#else
enum { GUARDED = 0 };
#endif

static void died(int number) {
  signal(number, SIG_DFL);
  fprintf(stderr, "FAILED: signal %d\n  %s\n", number, trying);
  raise(number);
}

int main(int count, char **words) {
  const char *mode = count > 1 ? words[1] : "";
  long number = count > 2 ? atol(words[2]) : 0;
  double limit = count > 3 && atof(words[3]) > 0 ? atof(words[3]) : 1e9;
  uint64_t seed = count > 4 ? strtoull(words[4], NULL, 10) : 0;
  double until = seconds() + limit;
  if (seed == 0) seed = (uint64_t)time(NULL);
  bool one = strcmp(mode, "case") == 0;
  files_begin(count > 5 && !one ? words[5] : "/dev/shm");
  if (!GUARDED)
    signal(SIGSEGV, died), signal(SIGBUS, died), signal(SIGABRT, died);
  printf("%s, seed %llu\n", mode, (unsigned long long)seed);
  if (strcmp(mode, "case") == 0 && count == 7) {
    steps_case(words + 3, number);
  } else if (strcmp(mode, "steps") == 0) {
    steps(until, seed, number);
  } else if (strcmp(mode, "kills") == 0) {
    kills(number, until, seed);
  } else if (strcmp(mode, "power") == 0) {
    power(number, until, seed);
  } else if (strcmp(mode, "flips") == 0) {
    flips(number, until, seed);
  } else if (strcmp(mode, "turns") == 0) {
    turns(number, until, seed);
  } else if (strcmp(mode, "bounds") == 0) {
    bounds(number);
  } else {
    fprintf(stderr, "no such mode\n");
    return 2;
  }
  files_end();
  return 0;
}
