/*
** option.h - the table of options that a heap is opened with, and opening.
*/

#ifndef LMEMS_OPTION_H
#define LMEMS_OPTION_H

#include "box.h"

/* Reads the options of the table at `arg`, the last argument, which may be
   none or nil; raises for one that is unknown or out of its range. What the
   options point to is left behind it on the stack. */
void lmems_checkoptions(lua_State *L, int arg, lmems_options *options);

/* Pushes the path of the shared memory that the string at `index` names; raises
   for argument `arg` if it is no good name. */
void lmems_pushshm(lua_State *L, int arg, int index);

/* Opens a heap in `box` with options that were read from `arg`; collects
   garbage before, and again if it may be in the way. MEMS_OK, or why not:
   MEMS_EINIT if there is a heap by now. Raises if the options don't go
   together. */
int lmems_openbox(lua_State *L, lmems_box *box, int arg,
                  const lmems_options *options);

#endif
