/*
** truth.c - the seam of truth.h: a process that ends at a store.
*/

#include "truth.h"

#if defined(MEMS_TEST)
#include <signal.h>

static _Thread_local long stores, last;

long truth_kill_at(long n) {
  long made = stores;
  stores = 0;
  last = n;
  return made;
}

void truth_count(void) {
  if (++stores == last) raise(SIGKILL);
}
#endif
