/*
** sharing.h - what the programs that try shared heaps have in common.
*/

#ifndef SHARING_H
#define SHARING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "mems.h"

/* The file that all of them share, its quarantine, if not 0, and why it did not
   open. */
extern char PATH[60];
extern size_t quarantine;
extern _Thread_local char why[300];

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      fprintf(stderr, "%s:%d: %s (pid %d; %s)\n", __FILE__, __LINE__,      \
              #condition, (int)getpid(), why);                             \
      exit(EXIT_FAILURE);                                                  \
    }                                                                      \
  } while (0)

/* The heap, which is opened to be shared; NULL with *error. */
mems_heap *try_open(int *error);
mems_heap *open_shared(void);

/* Whenever this process rebuilt it, was all of it as deaths leave it? */
void check_repairs(const mems_heap *heap);

/* Is all of it as it should be? */
void check_heap(mems_heap *heap);

/* A child that runs `body`. */
pid_t start(void (*body)(void *context), void *context);

/* The child ends: it has to have ended well, or been killed. */
void expect_end(pid_t child);
void expect_killed(pid_t child);
void stop_and_wait(pid_t child);

uint64_t nanoseconds(void);

enum { WORKERS = 4 };

/* How often each worker has begun to count something, and has done it: one that
   dies in between leaves them apart. */
typedef struct tallies {
  struct { uint64_t begun, done; } added[WORKERS], guarded[WORKERS];
} tallies;

/* Cells that all workers count in: made, by whoever empties the heap, too;
   counted in and waited for; compared with what the workers have noted, which
   gives how often it was counted. */
void make_cells(mems_heap *heap);
void use_cells(mems_heap *heap, tallies *t, unsigned worker);
uint64_t check_cells(mems_heap *heap, const tallies *t);

/* The parts: how one case goes, how workers are killed, how long it takes. */
void try_cases(void);
void try_deaths(void);
void try_kills(unsigned kills, double seconds, unsigned seed);
void try_threads(double seconds);
void measure(void);

#endif
