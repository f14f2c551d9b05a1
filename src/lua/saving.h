/*
** saving.h - what keeps a heap beyond the process: sync, copies in files.
*/

#ifndef LMEMS_SAVING_H
#define LMEMS_SAVING_H

#include "rule.h"

/* Verbs for module and heaps, and for the module. */
extern const luaL_Reg lmems_saving[];
extern const luaL_Reg lmems_savingmodule[];

#endif
