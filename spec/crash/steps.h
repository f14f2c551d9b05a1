/*
** steps.h - death at each store, by scripts and at random.
*/

#ifndef CRASH_STEPS_H
#define CRASH_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "states.h"

/* All scripts in all states, and then random ones, until a time. `every`: at
   how many of the stores of a recovery it dies again: 1, all; 0, none. */
void steps(double until, uint64_t seed, long every);

/* One script. */
void steps_run(const setting *in, const script *what, uint64_t seed,
               long every, bool each_store);

#endif
