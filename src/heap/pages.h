/*
** pages.h - the one door to the OS.
**
** Every address and size that passes it is a multiple of the OS's page,
** which pages_unit tells: PAGE, or a larger power of two. A request either
** does all that it says or changes nothing and returns false (NULL).
**
** An area is a part of a reservation that is made usable from its start, as
** far as it is needed: [usable | reserved only]. A dense one, sooner or later
** written all over, asks for huge pages once it is longer than one: then it
** grows by them.
*/

#ifndef MEMS_PAGES_H
#define MEMS_PAGES_H

#include "base.h"

/* What the OS deals in: bytes, a multiple of PAGE. */
size_t pages_unit(void);

/* Reserves `size` bytes of address space that nothing may touch yet. */
void *pages_reserve(size_t size);

/* Returns a whole reservation. */
void pages_unreserve(void *at, size_t size);

/* Makes a part of a reservation usable; it reads as zero. */
bool pages_map(void *at, size_t size);

/* Makes a part of a reservation untouchable again; its contents are lost. */
bool pages_unmap(void *at, size_t size);

/* Gives the memory of usable pages back; they stay usable and read as
   zero. */
bool pages_discard(void *at, size_t size);

/* Asks for huge pages where they fit; without them all is the same, only
   slower. */
void pages_prefer_huge(void *at, size_t size);

/* Bytes of usable pages that are in memory; 0 if the OS won't tell. */
size_t pages_resident(void *at, size_t size);

typedef struct mems_area {
  uint64_t at;     /* byte offset from the start of the reservation */
  uint64_t size;   /* bytes reserved */
  uint64_t usable; /* bytes usable, whole pages of the OS */
  bool dense;
} mems_area;

/* Lays out an area for `bytes` at offset `at`; returns the offset behind. */
uint64_t area_plan(mems_area *area, uint64_t at, uint64_t bytes);

/* Makes at least the first `bytes` of an area usable. */
bool area_grow(char *reservation, mems_area *area, uint64_t bytes);

/* Gives back all whole pages behind the first `bytes`; false if the OS
   refuses. */
bool area_shrink(char *reservation, mems_area *area, uint64_t bytes);

#if defined(MEMS_TEST)
/* The seam: the n-th request from now on fails, once; 0: none does. Returns
   how many requests were made since the last call. */
long pages_fail(long n);

/* The seam for larger pages: from now on the OS seems to have pages of `unit`
   bytes, a multiple of its own, and refuses what is no multiple of them. 0:
   its own again. */
void pages_emulate(size_t unit);
#endif

#endif
