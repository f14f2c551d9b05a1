/*
** meter.h - what the collector is told of that it does not see.
**
** Lua's collector knows what userdata take, but not the blocks and heaps
** behind them. So each byte that something collectable comes to hold counts
** as garbage may: as many bytes as are held (or a fixed amount, while that
** is small) drive the collector through one cycle, in steps as small as its
** own.
*/

#ifndef LMEMS_METER_H
#define LMEMS_METER_H

#include "rule.h"

typedef struct lmems_meter {
  size_t least;   /* what drives a cycle at least */
  size_t held;    /* bytes that are held now */
  size_t debt;    /* bytes that the collector has not been told of */
  size_t quiet;   /* with less debt there is nothing to be done */
  size_t ceiling; /* with so many held all garbage is collected */
} lmems_meter;

void lmems_tell_slow(lua_State *L, lmems_meter *meter, size_t size);

/* Tells the collector of `size` bytes that are about to be held. May collect
   garbage. */
static inline void lmems_tell(lua_State *L, lmems_meter *meter, size_t size) {
  if (LMEMS_LIKELY(size < meter->quiet && meter->debt < meter->quiet - size))
    meter->debt += size;
  else
    lmems_tell_slow(L, meter, size);
}

/* A request of `size` bytes was refused, and `most` bytes may be held by
   garbage: collects all of it and returns 1, if that is worth it. It is when
   since the last time as much was asked for as pays for a collection:
   *credit counts that. So who meets many refusals, like a cache that is
   full, pays for few. */
int lmems_collect(lua_State *L, size_t *credit, size_t size, size_t most);

#endif
