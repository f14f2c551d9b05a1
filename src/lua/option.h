/*
** option.h - the table of options that a heap is opened with.
*/

#ifndef LMEMS_OPTION_H
#define LMEMS_OPTION_H

#include "box.h"

/* Reads the options of the table at `arg`, which may be none or nil; raises
   for one that is unknown or out of its range. */
void lmems_checkoptions(lua_State *L, int arg, lmems_options *options);

#endif
