/*
** hold.h - pointers into heaps: held from the moment they are found until
** they are let go; nothing allocates meanwhile (rule.h).
**
** It costs nothing but in test builds, which count what is held.
*/

#ifndef LMEMS_HOLD_H
#define LMEMS_HOLD_H

#include "rule.h"

#if defined(MEMS_TEST)
/* How many pointers this thread holds. */
extern _Thread_local int lmems_holds;
#define LMEMS_COUNT(n) ((void)(lmems_holds += (n)))
#else
#define LMEMS_COUNT(n) ((void)0)
#endif

/* `p` is held from now on. */
static inline char *lmems_held(char *p) {
  LMEMS_COUNT(1);
  return p;
}

/* What was held last is held no more. */
static inline void lmems_letgo(void) {
  LMEMS_COUNT(-1);
}

/* Lets go of `p`, which was held last, and pushes its first `n` bytes as a
   string. Lua makes the string, then copies, and only then the collector may
   run; a collection for want of memory calls no finalizer. */
static inline void lmems_letgobytes(lua_State *L, const char *p, size_t n) {
  lmems_letgo();
  lua_pushlstring(L, p, n);
}

#undef LMEMS_COUNT

#endif
