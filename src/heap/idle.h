/*
** idle.h - what each page of the payload costs: two bits for each.
**
**   idle   all of the page is free: it lies in one HOLE of the chain, or in
**          slots of a run that no stack names; and it may be in memory, so
**          it can be given back
**   gone   all of it is free, and no block has touched it since the OS made
**          it: it reads as zero and is not in memory
**
** A page in use, in whole or in part, has neither; any other has one of them.
** So has a page all of which lies in a fresh block (entry.h): no one has a
** pointer to it, so that it is as it was when it was free.
*/

#ifndef MEMS_IDLE_H
#define MEMS_IDLE_H

#include "base.h"
#include "bits.h"
#include "pages.h"

typedef struct mems_idle {
  uint64_t pages;  /* how many are idle */
  uint64_t cursor; /* the page where giving back goes on */
  mems_area idle_bits, gone_bits;
} mems_idle;

/* Some pages, by number. */
typedef struct mems_pages {
  uint64_t from, to;
} mems_pages;

/* The pages that [g, end) touches, and those that lie in it in whole. */
static inline mems_pages pages_around(uint64_t g, uint64_t end) {
  return (mems_pages){g / PAGE_GRANULES,
                      (end + PAGE_GRANULES - 1) / PAGE_GRANULES};
}

static inline mems_pages pages_inside(uint64_t g, uint64_t end) {
  uint64_t from = (g + PAGE_GRANULES - 1) / PAGE_GRANULES;
  return (mems_pages){from, at_least(from, end / PAGE_GRANULES)};
}

/* Those of the first that are not among the second: at either end. */
static inline mems_pages pages_below(mems_pages p, mems_pages inner) {
  return (mems_pages){p.from, at_most(p.to, inner.from)};
}

static inline mems_pages pages_above(mems_pages p, mems_pages inner) {
  return (mems_pages){at_least(p.from, inner.to), p.to};
}

/* Lays out the bits for at most `limit` granules from offset `at` of the
   image on and returns the offset behind them. */
uint64_t idle_plan(mems_idle *d, uint64_t at, uint64_t limit);

/* Pages are new in the payload, and gone. False if the OS refuses. */
bool idle_grow(mems_idle *d, void *image, mems_pages p);

/* All pages from `page` on have left the payload. */
void idle_shrink(mems_idle *d, void *image, uint64_t page);

/* Pages are free, in whole: those that are not gone are idle. */
void idle_add(mems_idle *d, void *image, mems_pages p);

/* Pages are in use, in whole or in part. */
void idle_touch(mems_idle *d, void *image, mems_pages p);

/* Pages were given back to the OS. */
void idle_gone(mems_idle *d, void *image, mems_pages p);

/* The next idle pages from `page` on, side by side; `to` is 0 if there are
   none below `end`. */
mems_pages idle_next(const mems_idle *d, const void *image, uint64_t page,
                     uint64_t end);

/* How many pages side by side from p.from on, below p.to, are gone, or not
   gone as `gone` says. */
uint64_t idle_like(const mems_idle *d, const void *image, mems_pages p,
                   bool gone);

static inline uint64_t *idle_word(const mems_area *area, const void *image,
                                  uint64_t page) {
  return (uint64_t *)((char *)image + area->at) + page / WORD;
}

/* Is a page idle, or gone? */
static inline bool idle_is(const mems_area *area, const void *image,
                           uint64_t page) {
  return *idle_word(area, image, page) >> page % WORD & 1;
}

/* Bytes in use for the bits. */
static inline uint64_t idle_overhead(const mems_idle *d) {
  return d->idle_bits.usable + d->gone_bits.usable;
}

#endif
