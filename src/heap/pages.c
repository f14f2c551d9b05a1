/*
** pages.c - the one door to the OS: mmap, mprotect, munmap, madvise, mincore,
** sysconf; fallocate and fsync for files.
**
** A reservation is mapped with no rights. Pages become usable by mprotect,
** which takes a third of the time that a mapping over them would. They are
** given back by laying a new mapping over them (MAP_FIXED), never by munmap,
** so that no other thread's mmap can land in a gap of the reservation; and so
** they read as zero when they are made usable again. MAP_NORESERVE throughout:
** neighbours with equal flags are one mapping to the kernel, and a reservation
** costs no memory.
*/

#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; an older one refuses it */
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

enum {
  FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
  DENSE_LONG = 1 << 16, /* bytes: from here on a dense area grows by ... */
  DENSE_PART = 8        /* ... such a part of itself at least */
};

static size_t page_of_os(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

#if defined(MEMS_TEST)
/* Per thread, so that threads with heaps of their own don't disturb each
   other's count. */
static _Thread_local long requests, failing;

long pages_fail(long n) {
  long made = requests;
  requests = 0;
  failing = n;
  return made;
}

static bool refused(void) {
  return ++requests == failing;
}

static _Thread_local size_t emulated;

void pages_emulate(size_t unit) {
  emulated = unit;
}

size_t pages_unit(void) {
  return emulated ? emulated : at_least(page_of_os(), PAGE);
}
#else
static bool refused(void) {
  return false;
}

size_t pages_unit(void) {
  return at_least(page_of_os(), PAGE);
}
#endif

/* Would the OS take it at all? */
static bool fits_unit(const void *at, size_t size) {
  return ((uintptr_t)at | size) % pages_unit() == 0;
}

void *pages_reserve(size_t size) {
  if (refused()) return NULL;
  void *at = mmap(NULL, size, PROT_NONE, FLAGS, -1, 0);
  return at == MAP_FAILED ? NULL : at;
}

void pages_unreserve(void *at, size_t size) {
  munmap(at, size);
}

static off_t offset_of(const mems_place *place, const void *at) {
  return (off_t)((const char *)at - place->file_start);
}

bool pages_claim(const mems_place *place, const void *at, size_t size) {
  int error = 0;
  if (place == NULL || place->file == 0) return true;
  do error = posix_fallocate(place->file - 1, offset_of(place, at),
                             (off_t)size);
  while (error == EINTR);
  errno = error;
  return error == 0;
}

bool pages_drop(const mems_place *place, const void *at, size_t size) {
  int how = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  off_t offset = offset_of(place, at);
  return fallocate(place->file - 1, how, offset, (off_t)size) == 0;
}

/* Takes pages out of the file; where it can't be done they are zero. */
static void punch(const mems_place *place, void *at, size_t size) {
  if (!pages_drop(place, at, size)) memset(at, 0, size);
}

bool pages_map(const mems_place *place, void *at, size_t size) {
  assert(fits_unit(at, size));
  return !refused() && pages_claim(place, at, size) &&
         mprotect(at, size, PROT_READ | PROT_WRITE) == 0;
}

bool pages_unmap(const mems_place *place, void *at, size_t size) {
  assert(fits_unit(at, size));
  if (refused()) return false;
  if (place == NULL || place->file == 0)
    return mmap(at, size, PROT_NONE, FLAGS | MAP_FIXED, -1, 0) == at;
  punch(place, at, size);
  return place->shared || mprotect(at, size, PROT_NONE) == 0;
}

bool pages_discard(const mems_place *place, void *at, size_t size) {
  assert(fits_unit(at, size));
  if (refused()) return false;
  if (place->file == 0) return madvise(at, size, MADV_DONTNEED) == 0;
  punch(place, at, size);
  return true;
}

bool pages_map_file(void *at, size_t size, int file, uint64_t offset,
                    bool own) {
  int how = MAP_FIXED | (own ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED);
  assert(fits_unit(at, size));
  return !refused() &&
         mmap(at, size, PROT_NONE, how, file, (off_t)offset) == at;
}

bool pages_protect(void *at, size_t size) {
  return mprotect(at, size, PROT_READ) == 0;
}

bool pages_sync(const mems_place *place) {
  return fsync(place->file - 1) == 0;
}

void pages_prefer_huge(void *at, size_t size) {
  (void)!madvise(at, size, MADV_HUGEPAGE);
}

void pages_populate(void *at, size_t size) {
  (void)!madvise(at, size, MADV_POPULATE_WRITE);
}

void pages_expect(char *at, size_t size) {
  char *from = at + (-(uintptr_t)at & (HUGE_PAGE - 1));
  char *end = at + size, *to = from;
  while (to < end && (size_t)(end - to) >= HUGE_PAGE &&
         pages_resident(to, pages_unit()) == 0) {
    /* of nothing at all Linux makes no huge page */
    __atomic_fetch_or(to, 0, __ATOMIC_RELAXED);
    to += HUGE_PAGE;
  }
  if (to > from) (void)!madvise(from, (size_t)(to - from), MADV_COLLAPSE);
}

size_t pages_resident(void *at, size_t size) {
  unsigned char in_memory[256];
  size_t bytes = 0, unit = page_of_os(); /* what mincore counts in */
  for (size_t done = 0; done < size; done += sizeof in_memory * unit) {
    size_t pages = at_most((size - done) / unit, sizeof in_memory);
    if (mincore((char *)at + done, pages * unit, in_memory) != 0) break;
    for (size_t i = 0; i < pages; i++) bytes += (in_memory[i] & 1) * unit;
  }
  return bytes;
}

uint64_t area_plan(mems_area *area, uint64_t at, uint64_t bytes) {
  area->at = at;
  area->size = round_up(bytes, pages_unit());
  area->usable = 0;
  area->dense = false;
  return at + area->size;
}

/* Up to where a dense area of `bytes` is made usable: by a part of itself, or
   to the end of a huge page, wherever the reservation lies. */
static uint64_t dense_end(const mems_area *area, const char *start,
                          uint64_t bytes) {
  uint64_t part = area->usable + area->usable / DENSE_PART;
  if (part > DENSE_LONG) bytes = at_least(bytes, round_up(part, pages_unit()));
  uint64_t end = (uint64_t)(uintptr_t)start + bytes;
  if (bytes > HUGE_PAGE) bytes += round_up(end, HUGE_PAGE) - end;
  return at_most(bytes, area->size);
}

/* New pages of a dense area are all used soon: in one call each costs a third
   of what it costs on its first touch. */
static void prepare(const mems_area *area, char *at, uint64_t end) {
  uint64_t size = end - area->usable;
  if (end > HUGE_PAGE) pages_prefer_huge(at, size);
  /* at first they may be those of a file, only to be looked at */
  else if (end > DENSE_LONG && area->usable) pages_populate(at, size);
}

/* Makes zero what is not, page by page. */
static void wipe(char *at, size_t size) {
  for (char *end = at + size; at < end; at += PAGE)
    if (at[0] || memcmp(at, at + 1, PAGE - 1) != 0) memset(at, 0, PAGE);
}

bool area_grow(char *image, mems_area *area, uint64_t bytes) {
  if (bytes <= area->usable) return true;
  uint64_t wanted = round_up(bytes, pages_unit());
  assert(wanted <= area->size);
  char *start = image + area->at, *from = start + area->usable;
  if (area->dense) wanted = dense_end(area, start, wanted);
  if (!pages_map(place_of(image), from, wanted - area->usable)) return false;
  if (area->dense) prepare(area, from, wanted);
  /* a process that died in growing or shrinking may have left something */
  if (place_of(image)->file) wipe(from, wanted - area->usable);
  area->usable = wanted;
  return true;
}

bool area_shrink(char *image, mems_area *area, uint64_t bytes) {
  uint64_t wanted = round_up(bytes, pages_unit());
  if (wanted >= area->usable || place_of(image)->shared) return true;
  char *from = image + area->at + wanted;
  if (!pages_unmap(place_of(image), from, area->usable - wanted))
    return false;
  area->usable = wanted;
  return true;
}

bool area_claim(const char *image, const mems_area *area) {
  return area->usable == 0 ||
         pages_claim(place_of(image), image + area->at, area->usable);
}
