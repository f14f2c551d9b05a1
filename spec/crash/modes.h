/*
** modes.h - the other ways to lose a heap; see main.c.
*/

#ifndef CRASH_MODES_H
#define CRASH_MODES_H

#include <stdint.h>

/* Each until `number` of them or a time. */
void kills(long number, double until, uint64_t seed);
void power(long number, double until, uint64_t seed);
void flips(long number, double until, uint64_t seed);

/* So many processes take turns. */
void turns(long number, double until, uint64_t seed);

/* Prints how long opening takes, with so many MiB in small blocks. */
void bounds(long mib);

#endif
