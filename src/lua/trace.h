/*
** trace.h - the option `trace`: where each block was allocated, and, while
** it waits in the quarantine, where it was freed.
*/

#ifndef LMEMS_TRACE_H
#define LMEMS_TRACE_H

#include "rule.h"

typedef struct lmems_trace lmems_trace;

/* What to do about leaks when the heap is closed. */
enum { LMEMS_QUIET, LMEMS_WARN, LMEMS_RAISE };

/* A line of a source, as text; "" if it is not known. */
typedef struct lmems_site {
  char text[LUA_IDSIZE + 16];
} lmems_site;

/* What is known of an allocation. */
typedef struct lmems_origin {
  lmems_site allocated, freed;
  int known;     /* 0: nothing */
  uint64_t age;  /* allocations since */
} lmems_origin;

/* What one line has left behind. */
typedef struct lmems_lost {
  lmems_site site;
  uint64_t blocks, bytes;
} lmems_lost;

/* A new trace; NULL without memory. */
lmems_trace *lmems_tracenew(int leaks_option);
void lmems_traceclose(lmems_trace *t);

/* The option `leaks`. */
int lmems_traceoption(const lmems_trace *t);

/* Whoever allocates, resizes or frees a block of `heap` tells it. None of
   these raises; L may be NULL: then no place is known. */

/* The block at `addr` was allocated by the Lua function that runs in L, or
   is called from there. */
void lmems_tracednew(lmems_trace *t, lua_State *L, const mems_heap *heap,
                     mems_addr addr);

/* It was freed. `kept`: it may wait in a quarantine. */
void lmems_tracedfree(lmems_trace *t, lua_State *L, int kept, mems_addr addr);

/* It was resized, and is at `to` now; from 0 it was allocated. */
void lmems_tracedmove(lmems_trace *t, lua_State *L, const mems_heap *heap,
                      int kept, mems_addr from, mems_addr to);

/* What is known of the block at `addr`: live, or one that was freed. `t` may
   be NULL. */
lmems_origin lmems_traceorigin(const lmems_trace *t, mems_addr addr,
                               int live);

/* Fills at most `room` leaks of `heap`, by site, those with most bytes
   first; how many there are. */
size_t lmems_traceleaks(lmems_trace *t, mems_heap *heap, lmems_lost *leaks,
                        size_t room);

/* Most leaks that there may be. */
size_t lmems_tracesites(const lmems_trace *t);

#endif
