/*
** pages.h - the one door to the OS.
**
** Every address and size that passes it is a multiple of the OS's page,
** which pages_unit tells: PAGE, or a larger power of two. A request either
** does all that it says or changes nothing and returns false (NULL).
**
** A heap's pages are the OS's, or those of a file that is mapped where the
** heap lies (its place tells). Then a page is usable only once the disk has
** room for it, so that no store fails later; what is given back is punched
** out of the file.
**
** An area is a part of a reservation that is made usable from its start, as
** far as it is needed: [usable | reserved only]. A dense one, sooner or later
** written all over, grows by a part of itself and takes its new pages at once;
** it asks for huge ones once it is longer than one, and then grows by them.
*/

#ifndef MEMS_PAGES_H
#define MEMS_PAGES_H

#include "base.h"
#include "mems.h"

/* Where an image lies in this process: on the page in front of it. */
typedef struct mems_place {
  uint64_t *starts, *useds; /* the bitmaps (chain.h) */
  uint16_t *map;            /* the page map (runs.h) */
  char *payload;
  char *reservation;        /* all of it, ... */
  size_t reserved;          /* ... in bytes */
  int file;                 /* descriptor of the file + 1; 0: none */
  char *file_start;         /* where its first byte is, or would be */
  uint64_t *end;            /* where the file has the end; NULL: no file */
  bool shared;              /* by processes: what is usable stays so */
  void (*damage)(void *context, const mems_damage *damage); /* or NULL */
  void *damage_context;
  void (*lost)(void *);     /* called in a forked child; or NULL */
  void *lost_context;
} mems_place;

/* What the OS deals in: bytes, a multiple of PAGE. */
size_t pages_unit(void);

/* Reserves `size` bytes of address space that nothing may touch yet. */
void *pages_reserve(size_t size);

/* Returns a whole reservation. */
void pages_unreserve(void *at, size_t size);

/* Makes a part of a reservation usable; it reads as zero. `place` is that of
   the heap; NULL: the pages are the OS's. */
bool pages_map(const mems_place *place, void *at, size_t size);

/* Makes a part of a reservation untouchable again; its contents are lost. */
bool pages_unmap(const mems_place *place, void *at, size_t size);

/* Gives the memory of usable pages back; they stay usable and read as zero.
   In a file they have to be claimed before they are used again. */
bool pages_discard(const mems_place *place, void *at, size_t size);

/* Takes pages, which may be untouchable, out of the heap's file. False if the
   OS can't: then they stay. */
bool pages_drop(const mems_place *place, const void *at, size_t size);

/* The file has room for these pages from now on; false if the disk has none.
   Without a file nothing is to be done. */
bool pages_claim(const mems_place *place, const void *at, size_t size);

/* Maps `size` bytes of an open file from `offset` on over a part of a
   reservation, untouchable as yet; `own`: what is stored there is seen by this
   process alone. */
bool pages_map_file(void *at, size_t size, int file, uint64_t offset,
                    bool own);

/* Usable pages may be read only from now on. */
bool pages_protect(void *at, size_t size);

/* What was stored to the file is on its disk, if the OS can be trusted. */
bool pages_sync(const mems_place *place);

/* Asks for huge pages where they fit; without them all is the same, only
   slower. */
void pages_prefer_huge(void *at, size_t size);

/* Has usable pages in memory before they are touched, if the OS can do that
   (Linux 5.14). */
void pages_populate(void *at, size_t size);

/* All bytes of this range of usable pages of the OS's are about to be written.
   As far as they are not in memory they come now, as huge pages, where the OS
   can; what they hold stays. Unlike pages_prefer_huge it says nothing of who
   uses them next. */
void pages_expect(char *at, size_t size);

/* Bytes of usable pages that are in memory; 0 if the OS won't tell. */
size_t pages_resident(void *at, size_t size);

typedef struct mems_area {
  uint64_t at;     /* byte offset from the start of the image */
  uint64_t size;   /* bytes reserved */
  uint64_t usable; /* bytes usable, whole pages of the OS */
  bool dense;
} mems_area;

/* Lays out an area for `bytes` at offset `at`; returns the offset behind. */
uint64_t area_plan(mems_area *area, uint64_t at, uint64_t bytes);

/* Makes at least the first `bytes` of an area of an image usable; what that
   adds reads as zero. Before the place knows of its file: what is there is
   usable as it is. */
bool area_grow(char *image, mems_area *area, uint64_t bytes);

/* Gives back all whole pages behind the first `bytes`; false if the OS
   refuses. */
bool area_shrink(char *image, mems_area *area, uint64_t bytes);

/* The file has room for what is usable of an area. */
bool area_claim(const char *image, const mems_area *area);

static inline mems_place *place_of(const void *image) {
  return (mems_place *)((char *)(uintptr_t)image - PAGE);
}

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
