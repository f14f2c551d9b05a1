/*
** plan.h - what a heap is opened with, and where all of it goes: the layout of
** its reservation.
*/

#ifndef MEMS_PLAN_H
#define MEMS_PLAN_H

#include "image.h"

/* The fields of the caller's options that its version has. */
mems_options plan_options(const mems_options *options);

/* Is each in its range? */
bool plan_is_good(const mems_options *o);

/* Puts defaults in place of what is 0, but for the base, and whole pages. */
void plan_defaults(mems_options *o);

/* A reservation for a heap with these options, nothing in it but a struct of
   zeros and its place; NULL if the OS refuses. */
mems_heap *plan_reserve(const mems_options *o);

/* The same with the layout of a heap and no room for it: to know where in its
   file things are. */
mems_heap *plan_layout(const mems_options *o);

/* Lays out the image and fills the struct in, with nothing usable yet. */
void plan_begin(mems_heap *heap, const mems_options *o, mems_addr base);

/* Makes usable what a heap without nodes needs; false if the OS refuses. */
bool plan_make_empty(mems_heap *heap);

/* Makes usable what a heap with nodes up to granule `end` needs, also those; in
   a file they have their place there. heap->chain.end is `end` then. */
bool plan_reach(mems_heap *heap, uint64_t end);

/* All areas of the image, and how many; AREAS at most. */
enum { AREAS = 24 };
unsigned plan_areas(const mems_heap *heap, const mems_area **areas);

/* Bytes of the pages that the struct is in. */
uint64_t plan_struct(void);

/* A sum of all that the layout consists of. */
uint64_t plan_sum(const mems_heap *heap);

/* Bytes of the file of a heap that is laid out like this one. */
uint64_t plan_length(const mems_heap *heap);

/* Returns the reservation; the range of the heap leaves the list. */
void plan_unreserve(mems_heap *heap);

#endif
