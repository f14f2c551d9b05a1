/*
** files.h - the files of heaps as bytes: taken, put back, opened.
*/

#ifndef CRASH_FILES_H
#define CRASH_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mems.h"

enum { UNIT = 4096, SECTOR = 512 };

/* All of a file. */
typedef struct snapshot {
  char *bytes;
  size_t length, pages;
  unsigned char *present; /* the file has that page; others read as zero */
} snapshot;

/* A new folder for files, in `parent`. */
void files_begin(const char *parent);
void files_end(void);

/* The path of a file in that folder; stays good. */
const char *files_path(const char *name);

snapshot snapshot_take(const char *path);
void snapshot_put(const snapshot *i, const char *path);
void snapshot_drop(snapshot *i);

/* Opens what has to be there; ends the process if it can't be opened. */
mems_heap *open_again(const char *path, bool readonly);

/* The same, and all but the truth is rebuilt. */
mems_heap *open_checked(const char *path);

/* Makes a new one. */
mems_heap *open_new(const char *path, const mems_options *options);

/* The reason of the last attempt. */
extern char why[300];

/* Runs f(trying) in a child; true if it came to its end, false if it was
   killed. */
bool in_child(void (*f)(void *), void *trying);

double seconds(void);

#endif
