/*
** hold.c - the count of holds in a test build. Per thread, as each may run a
** Lua state of its own.
*/

#include "hold.h"

#if defined(MEMS_TEST)
_Thread_local int lmems_holds;
#endif
