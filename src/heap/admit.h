/*
** admit.h - what a file has to be to be taken for a heap, and the sentences
** that say why one is not.
*/

#ifndef MEMS_ADMIT_H
#define MEMS_ADMIT_H

#include "head.h"

/* An attempt at a file. */
typedef struct mems_attempt {
  const mems_options *o; /* what is asked for */
  const char *path;
  int error;             /* MEMS_OK until it was refused */
} mems_attempt;

/* Notes why it failed: `format` goes on from the path, as printf has it. NULL,
   for the caller to return. */
void *admit_refuse(mems_attempt *a, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for what errno says; it is kept. */
void *admit_refuse_os(mems_attempt *a, const char *what);

/* The same, where a heap would lie, and for the addresses it would have, of
   which an open heap has some, from `other` on. */
void *admit_refuse_space(mems_attempt *a);
void *admit_refuse_overlap(mems_attempt *a, mems_addr other);

/* Reads the head of an open file and checks all of it that is fixed, and that
   it is as was asked for; false if it was refused. */
bool admit_head(mems_attempt *a, int file, mems_head *head);

/* The end that a head tells. */
uint64_t admit_end(const mems_head *head);

#endif
