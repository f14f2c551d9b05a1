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

/* Opens the file of a descriptor anew. */
int file_reopen(int descriptor, bool write);

/* Is `path` a link that leads to nothing? */
bool file_leads_nowhere(const char *path);

/* A file in memory, which children inherit. */
int file_in_memory(void);

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

/* The name of a file is on the disk; false with the reason in errno. */
bool file_keep_name(const char *path);

/* It comes to nothing; closes the descriptor. */
void file_abandon(mems_draft *draft);

/* Bytes of a file that stand for something and may be locked (share.h). */
#define FILE_ALONE ((uint64_t)0)   /* one who changes it, or those who read */
#define FILE_SHARED ((uint64_t)1)  /* those who share it */
#define FILE_GATE ((uint64_t)2)    /* one who opens or closes it */
#define FILE_SLOTS ((uint64_t)1 << 60)

/* Locks a byte for one, or for all who do not want it for themselves. False if
   another opening of the file has a lock that does not go with that. */
bool file_lock(int file, uint64_t byte, bool alone);

/* Locks the gate, however long that takes, and unlocks a byte. */
bool file_lock_gate(int file);
void file_unlock(int file, uint64_t byte);

/* Unlocks all and closes it. A child that was forked while this one opened the
   file may have the same opening, which would keep the locks. */
void file_close(int file);

/* Has another opening locked one of `count` bytes? */
bool file_is_locked(int file, uint64_t byte, uint64_t count);

/* Reads or writes all of that; false with the reason in errno. At the end of
   the file errno is 0. */
bool file_read(int file, void *to, size_t size, uint64_t offset);
bool file_write(int file, const void *from, size_t size, uint64_t offset);

/* Does a number of errno say that the disk has no room? */
bool file_is_full(int number);

/* What tells one start of the system from another; zeros if it can't. */
void file_boot(unsigned char boot[16]);

#endif
