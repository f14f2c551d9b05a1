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

/* One case: the words that tell its state, script, argument and seed, as they
   are printed where it failed. */
void steps_case(char **words, long every);

#endif
