/*
** states.h - heaps in several states, and what is done to them.
*/

#ifndef CRASH_STATES_H
#define CRASH_STATES_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

typedef struct setting {
  const char *name;
  mems_options options;
  void (*fill)(mems_heap *heap, model *m, uint64_t *seed);
  int again; /* 1: closed and opened before the calls; 2: and recovered */
} setting;

typedef struct script {
  const char *name;
  void (*run)(mems_heap *heap, model *m, long arg, uint64_t seed);
  long arg;
  bool needs_holder;
  const char *only; /* in this state; NULL: in each */
} script;

extern const setting states[];         /* up to one without a name */
extern const script state_scripts[];
int state_count(void);

/* Makes a heap in that state in a new file. */
mems_heap *state_prepare(const setting *s, const char *path, model *m,
                         uint64_t seed);

/* Some calls of pick. */
void run_random(mems_heap *heap, model *m, long calls, uint64_t seed);

#endif
