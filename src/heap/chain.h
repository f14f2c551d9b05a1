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
** What the other used bits of a segment mean is not the chain's affair
** (entry.h).
**
** One bit for each page says that a node begins there. A segment never
** crosses the start of a node, so holes of two nodes never merge. The last
** node may be made longer and shorter at its end.
**
** Summaries, 64 to 1: a bit of level k is set if and only if the word of
** level k - 1 that it stands for is not 0; level 0 is the start bits. They
** find the next and the previous start in a few steps, however far.
**
** These bitmaps are the truth about a heap. All else that finds holes is an
** index, and may be rebuilt from them.
**
** The chain stands at the very start of the image and names the bitmaps by
** their offset from itself: it holds no pointer. Pointers to what is looked
** at most are on the page in front of the image, which is no part of it but
** belongs to the process.
*/

#ifndef MEMS_CHAIN_H
#define MEMS_CHAIN_H

#include "base.h"
#include "bits.h"
#include "pages.h"

enum { LEVELS = 8 }; /* enough for 2^48 granules */

typedef struct mems_chain {
  uint64_t end;             /* granules in nodes; the sentinel's number */
  uint64_t limit;           /* granules; end <= limit */
  uint64_t nodes;           /* length of the main chain */
  uint64_t payload;         /* offset of granule 0 */
  unsigned top;             /* the level that is one word long */
  uint64_t level_at[LEVELS]; /* offset of each summary, from level 1 up */
  mems_area start_bits;     /* behind one word of zeros, for bits_before */
  mems_area used_bits;
  mems_area level1, level2; /* the long summaries, usable as far as needed */
  mems_area tops;           /* the short ones, usable in whole */
  mems_area node_bits;      /* a bit for each page: a node starts there */
} mems_chain;

/* Notes where the image of *c lies, once all of it is laid out. */
void chain_attach(mems_chain *c);

/* Lays out the bitmaps of at most `limit` granules from offset `at` on and
   returns the offset behind them. Touches nothing but *c. */
uint64_t chain_plan(mems_chain *c, uint64_t at, uint64_t limit);

/* Makes the first bitmap pages usable and sets the sentinel at granule 0. */
bool chain_open(mems_chain *c);

/* Adds `granules` at the end, one HOLE: a node of its own, or more of the last
   one, whose last segment is not merged with it. False, and nothing has
   changed, if the OS refuses. The limit is the caller's to keep. */
bool chain_grow(mems_chain *c, uint64_t granules, bool node);

/* Unmaps all from granule `end` on, which is a multiple of the OS's page and
   lies in the last segment, a HOLE. False if the OS refuses. */
bool chain_shrink(mems_chain *c, uint64_t end);

/* Makes the bitmaps usable for granules up to `end`, the sentinel's. */
bool chain_reach(mems_chain *c, uint64_t end);

/* The end as a file has it: in pages, with some bits that tell whether it is
   one, so that it changes by one store. */
static inline uint64_t chain_seal_end(uint64_t end) {
  uint64_t pages = end / PAGE_GRANULES;
  return pages << 24 | (pages * UINT64_C(0x9E3779B97F4A7C15) >> 40);
}

/* The sentinel stands at g. */
void chain_set_sentinel(mems_chain *c, uint64_t g);

/* A node starts at g, or none does. */
void chain_mark_node(mems_chain *c, uint64_t g, bool on);

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

/* Merges all segments that start behind g and before `end` into the one at
   g. */
void chain_drop_all(mems_chain *c, uint64_t g, uint64_t end);

/* Clears the used bits of the n granules from g on. */
void chain_clear(mems_chain *c, uint64_t g, uint64_t n);

/* The first HOLE that starts in [g, until), or NOWHERE. */
uint64_t chain_hole(const mems_chain *c, uint64_t g, uint64_t until);

static inline mems_place *chain_place(const mems_chain *c) {
  return place_of(c);
}

/* The bitmaps, as words of 64 granules. */
static inline uint64_t *chain_starts(const mems_chain *c) {
  return chain_place(c)->starts;
}

static inline uint64_t *chain_useds(const mems_chain *c) {
  return chain_place(c)->useds;
}

static inline uint64_t *chain_node_bits(const mems_chain *c) {
  return (uint64_t *)((char *)c + c->node_bits.at);
}

static inline uint64_t *chain_level(const mems_chain *c, unsigned level) {
  return (uint64_t *)((char *)c + c->level_at[level]);
}

static inline char *chain_physical(const mems_chain *c, uint64_t g) {
  return chain_place(c)->payload + g * GRANULE;
}

static inline bool chain_is_start(const mems_chain *c, uint64_t g) {
  return chain_starts(c)[g / WORD] >> g % WORD & 1;
}

/* Is g a start, and is its used bit `used`? */
static inline bool chain_is(const mems_chain *c, uint64_t g, bool used) {
  uint64_t w = chain_useds(c)[g / WORD];
  return chain_is_start(c, g) && (w >> g % WORD & 1) == used;
}

static inline bool chain_is_process(const mems_chain *c, uint64_t g) {
  return chain_is(c, g, true);
}

static inline bool chain_is_hole(const mems_chain *c, uint64_t g) {
  return chain_is(c, g, false);
}

/* Marks that a segment begins at g. True if its word was empty: then
   chain_word_filled has to be told. */
static inline bool chain_mark(mems_chain *c, uint64_t g) {
  uint64_t *w = chain_starts(c) + g / WORD, old = *w;
  truth_put(w, old | bit(g % WORD));
  return UNLIKELY(old == 0);
}

/* A segment will begin near g soon, where nobody has looked for long. */
static inline void chain_expect(const mems_chain *c, uint64_t g) {
  __builtin_prefetch(chain_starts(c) + g / WORD, 1);
  __builtin_prefetch(chain_useds(c) + g / WORD, 1);
}

/* Are all used bits of the n granules from g on clear? Both are multiples of
   WORD. */
static inline bool chain_is_clear(const mems_chain *c, uint64_t g,
                                  uint64_t n) {
  const uint64_t *useds = chain_useds(c) + g / WORD;
  uint64_t i = n / WORD;
  while (i > 0 && useds[i - 1] == 0) i--;
  return i == 0;
}

/* Makes a HOLE of the segment at g. */
static inline void chain_free(mems_chain *c, uint64_t g) {
  uint64_t *w = chain_useds(c) + g / WORD;
  truth_put(w, *w & ~bit(g % WORD));
}

/* Splits: a HOLE begins at g, inside a segment. */
static inline void chain_begin(mems_chain *c, uint64_t g) {
  chain_free(c, g);
  if (chain_mark(c, g)) chain_word_filled(c, g);
}

/* Merges: the segment at g becomes part of the one before it. */
static inline void chain_drop(mems_chain *c, uint64_t g) {
  uint64_t *w = chain_starts(c) + g / WORD, left = *w & ~bit(g % WORD);
  truth_put(w, left);
  if (UNLIKELY(left == 0)) chain_word_emptied(c, g);
}

static inline bool chain_is_node(const mems_chain *c, uint64_t g) {
  uint64_t page = g / PAGE_GRANULES;
  return g % PAGE_GRANULES == 0 &&
         (chain_node_bits(c)[page / WORD] >> page % WORD & 1);
}

/* The first start behind g, which is below the end. */
static inline uint64_t chain_next(const mems_chain *c, uint64_t g) {
  uint64_t after = bits_above(bits_window(chain_starts(c), g), 0);
  return LIKELY(after) ? g + bit_first(after) : chain_next_far(c, g);
}

/* The start of the segment that holds g. */
static inline uint64_t chain_prev(const mems_chain *c, uint64_t g) {
  uint64_t upto = bits_before(chain_starts(c), g);
  return LIKELY(upto) ? g - (WORD - 1 - bit_last(upto)) : chain_prev_far(c, g);
}

#endif
