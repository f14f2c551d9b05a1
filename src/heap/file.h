/*
** file.h - the file of a heap as the OS sees it: found, made, locked, named.
**
** A file is made without a name and gets it when it is whole, so nobody ever
** sees a part of one. The lock is one of the open file description (Linux):
** it stands while the descriptor is open, however the process ends, and holds
** against other descriptors of the same process.
*/

#ifndef MEMS_FILE_H
#define MEMS_FILE_H

#include <limits.h>

#include "base.h"

/* Opens what is there, to be changed or only read. A descriptor, or -1 with
   the reason in errno. */
int file_open(const char *path, bool write);

/* A file on its way to a name. */
typedef struct mems_draft {
  int file;
  char temporary[PATH_MAX]; /* the name it has meanwhile; "": none */
} mems_draft;

/* Begins a file that will be called `path`. False with the reason in errno. */
bool file_begin(mems_draft *draft, const char *path);

/* It is called so from now on; `replace`: also if another is, which goes.
   False with the reason in errno, and nothing is left but the descriptor. */
bool file_name(mems_draft *draft, const char *path, bool replace);

/* It comes to nothing; closes the descriptor. */
void file_abandon(mems_draft *draft);

/* Locks a file for one who changes it, or for those who read it. False if
   another descriptor has a lock that does not go with that. */
bool file_lock(int file, bool write);

/* Reads or writes all of that; false with the reason in errno. At the end of
   the file errno is 0. */
bool file_read(int file, void *to, size_t size, uint64_t offset);
bool file_write(int file, const void *from, size_t size, uint64_t offset);

/* What tells one start of the system from another; zeros if it can't. */
void file_boot(unsigned char boot[16]);

#endif
