/*
** leak.h - what was never freed: to loop over, and as a report.
*/

#ifndef LMEMS_LEAK_H
#define LMEMS_LEAK_H

#include "box.h"

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_leak[];

/* If the heap is to report leaks and has some, pushes the report and returns
   LMEMS_WARN or LMEMS_RAISE, else LMEMS_QUIET. Collects garbage first. */
int lmems_pushleaks(lua_State *L, lmems_box *box);

/* Writes a report to stderr. */
void lmems_warn(const char *report);

/* Writes a report to stderr if there is something to report. Never raises. */
void lmems_warnleaks(lua_State *L, lmems_box *box);

#endif
