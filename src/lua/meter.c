/*
** meter.c - steps and collections.
*/

#include "meter.h"

#include <limits.h>

static size_t lesser(size_t a, size_t b) { return a < b ? a : b; }
static size_t greater(size_t a, size_t b) { return a > b ? a : b; }

void lmems_tell_slow(lua_State *L, lmems_meter *meter, size_t size) {
  enum { STEPS = 64, EIGHTH = 128 }; /* of a cycle; of a kilobyte */
  enum { OFTEN = 1024 };             /* looks, in the least horizon */
  size_t lua = (size_t)lua_gc(L, LUA_GCCOUNT) * EIGHTH;
  size_t horizon = greater(greater(meter->held, meter->least), lua);
  size_t most = meter->held + 2 * horizon;
  if (size > (size_t)LUA_MAXINTEGER - meter->debt)
    return; /* no heap has so much */
  meter->debt += size;
  if (meter->debt < horizon / STEPS || !lua_gc(L, LUA_GCISRUNNING)) {
    meter->quiet = meter->debt + meter->least / OFTEN;
    return;
  }
  size_t debt = lesser(meter->debt, horizon);
  meter->debt = meter->quiet = 0; /* now: finalizers may come here */
  if (meter->ceiling == 0 || meter->ceiling / 2 > most)
    meter->ceiling = most;
  if (meter->held + debt > meter->ceiling) {
    /* young collections don't free what is old */
    lua_gc(L, LUA_GCCOLLECT);
    meter->ceiling = 0;
    return;
  }
  /* The collector begins a cycle when as much has been allocated as it has
     in use; so one horizon of ours counts as all that it has in use. */
  double share = (double)debt / (double)horizon;
  double kilobytes = share * lua_gc(L, LUA_GCCOUNT);
  int step = 1 + (int)(kilobytes < INT_MAX / 2 ? kilobytes : 0);
#if LUA_VERSION_NUM >= 505
  lua_gc(L, LUA_GCSTEP, (size_t)step);
#else
  lua_gc(L, LUA_GCSTEP, step);
#endif
}

int lmems_collect(lua_State *L, size_t *credit, size_t size, size_t most) {
  enum { EIGHTH = 128 }; /* of a kilobyte */
  if (most == 0 || !lua_gc(L, LUA_GCISRUNNING))
    return 0;
  *credit += lesser(size, (size_t)LUA_MAXINTEGER - lesser(*credit,
                                                          LUA_MAXINTEGER));
  /* what a collection costs, but not so much that half of all would have to
     be dropped in vain */
  size_t price = (size_t)lua_gc(L, LUA_GCCOUNT) * EIGHTH;
  if (*credit < greater(lesser(price, most / 2), most / 16))
    return 0;
  *credit = 0;
  lua_gc(L, LUA_GCCOLLECT);
  return 1;
}
