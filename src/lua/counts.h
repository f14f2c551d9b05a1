/*
** counts.h - the verb that tells all that is counted.
*/

#ifndef LMEMS_COUNTS_H
#define LMEMS_COUNTS_H

#include "rule.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_counts[];

#endif
