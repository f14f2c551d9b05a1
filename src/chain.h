/*
** chain.h - the main chain and its sub-chains, as bitmaps.
**
** Two bits for each granule: `start` (a segment begins here) and `used`
** (meaningful at a start: PROCESS if set, HOLE if not). A segment ends where
** the next one starts; one more start, used, stands behind the last node as
** a sentinel, so that every segment has a next one:
**
**   granule   0 1 2 3 4 5 6 7 | 8        [0,3) PROCESS, [3,5) HOLE,
**   start     1 0 0 1 0 1 0 0 | 1        [5,8) PROCESS, 8 the sentinel
**   used      1 . . 0 . 1 . . | 1
**
** A HOLE of two granules or more may be parked: it waits in a quick list and
** is not to be merged. Its second used bit says so.
**
** One bit for each page says that a node begins there. A segment never
** crosses the start of a node, so holes of two nodes never merge.
**
** Summaries, 64 to 1: a bit of level k is set if and only if the word of
** level k - 1 that it stands for is not 0; level 0 is the start bits. They
** find the next and the previous start in a few steps, however far.
**
** These bitmaps are the truth about a heap. All else that finds holes is an
** index, and may be rebuilt from them.
**
** The chain stands at the very start of the reservation and names the
** bitmaps by their offset from itself: it holds no pointer.
*/

#ifndef MEMS_CHAIN_H
#define MEMS_CHAIN_H

#include "base.h"
#include "bits.h"
#include "pages.h"

/* 64 granules, their two bits side by side in one cache line. */
typedef struct mems_word {
  uint64_t start, used;
} mems_word;

enum { LEVELS = 8 }; /* enough for 2^48 granules */

typedef struct mems_chain {
  uint64_t end;             /* granules in nodes; the sentinel's number */
  uint64_t limit;           /* granules; end <= limit */
  uint64_t nodes;           /* length of the main chain */
  uint64_t segments;        /* starts, without the sentinel */
  uint64_t payload;         /* offset of granule 0, a multiple of PAGE */
  unsigned top;             /* the level that is one word long */
  uint64_t level_at[LEVELS]; /* offset of each summary, from level 1 up */
  mems_area words;          /* level 0: mems_word for each 64 granules */
  mems_area level1, level2; /* the long summaries, usable as far as needed */
  mems_area tops;           /* the short ones, usable in whole */
  mems_area starts;         /* of nodes: a bit for each page */
} mems_chain;

/* Lays out the bitmaps of at most `limit` granules from offset `at` on and
   returns the offset behind them. Touches nothing but *c. */
uint64_t chain_plan(mems_chain *c, uint64_t at, uint64_t limit);

/* Makes the first bitmap pages usable and sets the sentinel at granule 0. */
bool chain_open(mems_chain *c);

/* Adds a node of `granules`, one HOLE, at the end. False, and nothing has
   changed, if the OS refuses. The limit is the caller's to keep. */
bool chain_grow(mems_chain *c, uint64_t granules);

/* Unmaps the last node, which is one HOLE. */
bool chain_shrink(mems_chain *c);

/* Bytes in use for the bitmaps. */
uint64_t chain_overhead(const mems_chain *c);

/* The first start behind g's word, and the last one before it. */
uint64_t chain_next_far(const mems_chain *c, uint64_t g);
uint64_t chain_prev_far(const mems_chain *c, uint64_t g);

/* Start of the node that holds granule g, and of the one behind it. */
uint64_t chain_node(const mems_chain *c, uint64_t g);
uint64_t chain_node_end(const mems_chain *c, uint64_t g);

/* The start bits of g's word were all clear before one was set, or are all
   clear since one was cleared: brings the summaries up to date. */
void chain_word_filled(mems_chain *c, uint64_t g);
void chain_word_emptied(mems_chain *c, uint64_t g);

/* The first HOLE that starts in [g, until), or NOWHERE. */
uint64_t chain_hole(const mems_chain *c, uint64_t g, uint64_t until);

static inline mems_word *chain_word(const mems_chain *c, uint64_t g) {
  return (mems_word *)((char *)c + c->words.at) + g / WORD;
}

static inline uint64_t *chain_level(const mems_chain *c, unsigned level) {
  return (uint64_t *)((char *)c + c->level_at[level]);
}

static inline char *chain_physical(const mems_chain *c, uint64_t g) {
  return (char *)c + c->payload + g * GRANULE;
}

static inline bool chain_is_start(const mems_chain *c, uint64_t g) {
  return chain_word(c, g)->start >> g % WORD & 1;
}

static inline bool chain_is_process(const mems_chain *c, uint64_t g) {
  const mems_word *w = chain_word(c, g);
  return w->start >> g % WORD & w->used >> g % WORD & 1;
}

static inline bool chain_is_hole(const mems_chain *c, uint64_t g) {
  const mems_word *w = chain_word(c, g);
  return w->start >> g % WORD & ~w->used >> g % WORD & 1;
}

static inline bool chain_is_parked(const mems_chain *c, uint64_t g) {
  const mems_word *w = chain_word(c, g);
  uint64_t second = bits_after(w[0].used & ~w[0].start,
                               w[1].used & ~w[1].start, g % WORD);
  return chain_is_hole(c, g) && (second & 1);
}

/* The HOLE of n granules at g is parked from now on, or no more. One of a
   single granule can't be. */
static inline void chain_park(mems_chain *c, uint64_t g, uint64_t n,
                              bool parked) {
  if (UNLIKELY(n < 2)) return;
  mems_word *w = chain_word(c, g + 1);
  uint64_t mask = bit((g + 1) % WORD);
  w->used = parked ? w->used | mask : w->used & ~mask;
}

/* Splits: a HOLE of n granules, not parked, begins at g, inside a segment. */
static inline void chain_begin(mems_chain *c, uint64_t g, uint64_t n) {
  mems_word *w = chain_word(c, g);
  uint64_t old = w->start;
  w->used &= ~bit(g % WORD);
  chain_park(c, g, n, false);
  w->start = old | bit(g % WORD);
  if (UNLIKELY(old == 0)) chain_word_filled(c, g);
  c->segments++;
}

/* Merges: the segment at g becomes part of the one before it. */
static inline void chain_drop(mems_chain *c, uint64_t g) {
  mems_word *w = chain_word(c, g);
  w->start &= ~bit(g % WORD);
  if (UNLIKELY(w->start == 0)) chain_word_emptied(c, g);
  c->segments--;
}

static inline bool chain_is_node(const mems_chain *c, uint64_t g) {
  uint64_t page = g / PAGE_GRANULES;
  const uint64_t *starts = (uint64_t *)((char *)c + c->starts.at);
  return g % PAGE_GRANULES == 0 && (starts[page / 64] >> page % 64 & 1);
}

/* The first start behind g, which is below the end. */
static inline uint64_t chain_next(const mems_chain *c, uint64_t g) {
  const mems_word *w = chain_word(c, g);
  uint64_t after = bits_after(w[0].start, w[1].start, g % WORD);
  return LIKELY(after) ? g + 1 + bit_first(after) : chain_next_far(c, g);
}

/*
** A view is the 64 granules from g on, wherever they lie in their words:
** bit 0 of `start` is g itself. What the hot paths look up once and then
** work on. They handle only views that are not split, whose first four used
** bits lie in one word: 61 of 64. The compiler then drops what is below for
** the others.
**
**   words   ....gxxx|xxx.....      start   gxxxxxx...
*/
typedef struct mems_view {
  mems_word *w;
  unsigned i; /* number of g in *w */
  uint64_t start;
} mems_view;

static inline mems_view chain_view(const mems_chain *c, uint64_t g) {
  mems_view v = {.w = chain_word(c, g), .i = g % WORD};
  uint64_t own = ~UINT64_C(0) << v.i; /* the bits that *w has a part in */
  uint64_t start = bits_blend(v.w[0].start, v.w[1].start, own);
  v.start = bits_rotate(start, v.i);
  return v;
}

static inline bool view_is_split(mems_view v) {
  return v.i > WORD - 4;
}

static inline bool view_is_process(mems_view v) {
  return v.start & v.w->used >> v.i & 1;
}

/* Granules of the segment that starts here, if they are 63 at most; else
   0. */
static inline uint64_t view_length(mems_view v) {
  uint64_t after = v.start & ~UINT64_C(1);
  return LIKELY(after) ? bit_first(after) : 0;
}

/* The used bits of the first four granules, and what follows. */
static inline uint64_t view_used(mems_view v) {
  uint64_t used = v.w[0].used >> v.i;
  if (view_is_split(v)) used |= v.w[1].used << (WORD - v.i);
  return used;
}

static inline bool view_is_parked(mems_view v) {
  return (v.start & 1) && (view_used(v) & 3) == 2;
}

/* Sets those used bits of the first four granules that `mask` has. */
static inline void view_write(mems_view v, uint64_t mask, uint64_t bits) {
  v.w[0].used = (v.w[0].used & ~(mask << v.i)) | bits << v.i;
  if (view_is_split(v)) {
    unsigned over = WORD - v.i;
    v.w[1].used = (v.w[1].used & ~(mask >> over)) | bits >> over;
  }
}

/* The PROCESS here, of two granules or more, is a parked HOLE from now on. */
static inline void view_retire(mems_view v) {
  view_write(v, 3, 2);
}

/* The length of a segment that starts at g and that no view shows whole, if
   its end is in reach of one summary word; else 0. */
static inline uint64_t chain_length(const mems_chain *c, uint64_t g) {
  uint64_t i = g / WORD;
  uint64_t found = bits_above(chain_level(c, 1)[i / WORD], i % WORD);
  if (UNLIKELY(found == 0)) return 0;
  uint64_t end = (i - i % WORD + bit_first(found)) * WORD;
  return end + bit_first(chain_word(c, end)->start) - g;
}

/* The start of the segment that holds g. */
static inline uint64_t chain_prev(const mems_chain *c, uint64_t g) {
  uint64_t upto = bits_upto(chain_word(c, g)->start, g % WORD);
  return LIKELY(upto) ? g - g % WORD + bit_last(upto) : chain_prev_far(c, g);
}

#endif
