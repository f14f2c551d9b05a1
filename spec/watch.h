/*
** watch.h - the rule of the binding (src/lua/rule.h) is watched: while a
** pointer into a heap is held, Lua asks for no memory and gives none back.
** For allocators of Lua states in programs that have MEMS_TEST.
*/

#ifndef WATCH_H
#define WATCH_H

#include <stdio.h>
#include <stdlib.h>

#include "hold.h"

/* Ends the process with a message if something is held. */
static inline void watch_holds(void) {
  if (lmems_holds == 0) return;
  fprintf(stderr, "mems: Lua allocates while memory of a heap is held\n");
  abort();
}

#endif
