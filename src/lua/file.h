/*
** file.h - between files and memory.
*/

#ifndef LMEMS_FILE_H
#define LMEMS_FILE_H

#include "rule.h"

/* Verbs for module, heaps and all objects. */
extern const luaL_Reg lmems_file[];

/* Verbs for module and heaps. */
extern const luaL_Reg lmems_files[];

#endif
