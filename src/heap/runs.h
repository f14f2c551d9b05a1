/*
** runs.h - runs: whole pages of one node that are cut into slots of one size
** class, and the stacks of free slots that are handed out next.
**
** A run is made from a HOLE of the chain: the start bits of its slots are set
** once and stay; the used bit of a slot (with its entry behind, entry.h) is
** its state. So every walk sees ordinary segments; only, HOLEs of a run don't
** merge, neither its free slots nor what is left behind the last one:
**
**   pages   |       0       |       1       |       2       |
**   map     |  class, 0     |  class, 1     |  class, 2     |
**   run     [ slot  ][ slot  ][ slot  ][ slot  ][ slot  ][ ]
**
** The page map has an entry for each page: the class of the run that it lies
** in, and how many pages it is from its start; 0: the chain's. With that, an
** address is a slot's start if and only if its distance from the run's start
** is a multiple of the slot's length n. n is odd << shift, so a product with
** the inverse of `odd` modulo 2^32, turned by `shift`, is the slot's number if
** it is one, and else more than any slot has (Granlund and Montgomery 1994,
** section 9). Where in a slot an address lies takes a product with 2^32 / n.
**
** Each class has a stack of free slots, last in first out. In front of all
** stacks stands the slot that was freed last: a malloc of its class, right
** behind the free, need not wait until the free knows which stack it was. A
** free slot that a stack or the front names shows it: its second used bit is
** set. All others are found by what the chain shows: the set of a class
** (bins.h) has the runs with such slots; the sets are hints, and may be wrong.
**
** What a heap is made of: for each class
**   slots of its runs = live blocks + slots named in stacks + spare ones.
**
** 32 bits of a granule number are kept, so no run lies behind the first
** 32 GiB.
*/

#ifndef MEMS_RUNS_H
#define MEMS_RUNS_H

#include "bins.h"
#include "chain.h"
#include "entry.h"
#include "sizes.h"

enum {
  RUN_MOST = 16,    /* pages of a run at most: it holds the longest slot */
  TABLE_MOST = 512, /* granules of the largest size in the table */
  GAP = 16, /* slots between two stacks, so that the tops of all don't compete
               for the same few lines of the cache */
  STACKS = SIZES * (STACK_DEEP + GAP)
};

/* A size class, a line of the cache. */
typedef struct mems_class {
  uint64_t mask;        /* the bits of an entry */
  uint32_t granules;    /* of a slot */
  uint32_t share;       /* 2^32 / granules, rounded up */
  uint32_t inverse;     /* of the odd part of `granules` */
  uint32_t most;        /* more than any slot's number; 0: no class */
  uint32_t brim;        /* the least slack that an entry has no room for */
  uint8_t shift;        /* granules are odd << shift */
  uint8_t lost;         /* 1: a run, to make room for others */
  uint16_t first, last; /* its stack is [first, last), at its deepest STACK_DEEP
                           slots */
  uint16_t top;         /* behind the slot that was put last */
  uint16_t asks;    /* requests that the chain served before the first run, and
                       since then those that no slot was free for */
  uint8_t mark_at;  /* where in an entry the mark begins */
  uint8_t full;     /* 1: the stack was so since it was empty */
  uint64_t slots;   /* in its runs */
  uint64_t spare;   /* of these, free and in no stack */
  uint64_t chained; /* blocks of its length that are the chain's */
} mems_class;

typedef struct mems_runs {
  size_t bytes;    /* sizes up to this are in the table; 0: none */
  uint64_t end;    /* no granule from here on is in a run that free and get may
                      look at first; 0 where they take the long way */
  bool direct;     /* not so */
  uint32_t recent; /* the slot that was freed last, ... */
  uint32_t recent_class;       /* ... and its class, or 0 */
  uint32_t turn;   /* the class whose stack was emptied last */
  uint32_t churns; /* 1: blocks come and go, or did when it was noted, ... */
  uint64_t live;   /* ... with so many of them ... */
  uint64_t mallocs; /* ... after so many mallocs */
  uint64_t flush_from; /* so many mallocs from which on stacks are emptied
                          before a heap grows by a page */
  uint64_t taken;  /* granules in slots that are in use or in a stack, ... */
  uint64_t spare;  /* ... and in those that are neither */
  uint32_t passed[SIZES]; /* per class, a granule: in its run none before it is
                             of a slot that is free and not named */
  uint8_t numbers[TABLE_MOST]; /* which class serves 1, 2, ... granules */
  _Alignas(64) mems_class classes[SIZES];
  mems_area map;    /* the page map, usable as far as needed */
  mems_bins sets;   /* per class, the runs that have some */
  uint32_t stacks[STACKS];
} mems_runs;

/* Lays out the page map and the sets for at most `limit` granules from offset
   `at` of the image on; `here` is where *r itself stands. */
uint64_t runs_plan(mems_runs *r, uint64_t here, uint64_t at, uint64_t limit);

/* Sets up the classes for blocks aligned to `align` granules. Malloc and free
   may look here first, or not. */
void runs_open(mems_runs *r, uint64_t align, bool malloc_may, bool free_may);

/* No run, no slot in a stack: as runs_open left it. */
void runs_clear(mems_runs *r);

/* Makes map and sets usable for granules below `end`. */
bool runs_reach(mems_runs *r, mems_chain *c, uint64_t end);

/* Forgets what lies behind `end`, where no run is. */
void runs_retreat(mems_runs *r, mems_chain *c, uint64_t end);

uint64_t runs_overhead(const mems_runs *r);

/* Notes a new end of the chain. */
void runs_set_end(mems_runs *r, uint64_t end);

/* How many slots of n granules a stack may hold while so many blocks of their
   class live in runs: what it names keeps pages from going back. */
uint16_t runs_depth(uint64_t n, uint64_t live);

/* Class `number` with its stack from `first` on, as deep as it may be. */
mems_class runs_class(unsigned number, uint32_t first);

/* The start bits of a run of slots of n granules, word by word from its first
   one on, with that of what is left behind the last slot. Where a word has many
   they are one pattern, which turns from word to word. */
typedef struct mems_marks {
  uint64_t n, bits;
  uint64_t at;   /* how far the next start is from the beginning of a word */
  uint64_t turn; /* and how much nearer it would be to that of the next */
} mems_marks;

static inline mems_marks runs_marks(uint64_t n) {
  mems_marks m = {.n = n, .bits = 1, .turn = n > WORD ? WORD : WORD % n};
  for (uint64_t shift = n; shift < WORD; shift *= 2) m.bits |= m.bits << shift;
  return m;
}

static inline uint64_t runs_next_marks(mems_marks *m) {
  uint64_t bits = m->at < WORD ? m->bits << m->at : 0;
  m->at += (m->at < m->turn ? m->n : 0) - m->turn;
  return bits;
}

/* The page behind the last one of the run that begins at `page`. */
uint64_t runs_last(const mems_chain *c, uint64_t page);

/* The blocks of a class in runs, and of all classes, in blocks and granules. */
uint64_t runs_live(const mems_runs *r, unsigned number);
uint64_t runs_blocks(const mems_runs *r);
uint64_t runs_used(const mems_runs *r);

static inline uint16_t *runs_map(const mems_chain *c) {
  return chain_place(c)->map;
}

/* The entry of the page of granule g: its class, and how far back its run
   begins. */
static inline unsigned runs_number(unsigned entry) {
  return entry & 0xff;
}

static inline unsigned runs_back(unsigned entry) {
  return entry >> 8;
}

/* Does g lie in a run? */
static inline bool runs_has(const mems_chain *c, uint64_t g) {
  return runs_map(c)[g / PAGE_GRANULES] != 0;
}

/* Is no used bit of a page set? What is in the cache is read without a guess
   where the first one may be. */
static inline bool runs_page_is_clear(const mems_chain *c, uint64_t page) {
  const uint64_t *w = chain_useds(c) + page * (PAGE_GRANULES / WORD);
  return (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) == 0;
}

/* Is all of a page of a run free, and in no stack? A slot that begins before
   it may reach into it. */
bool runs_page_is_spare(const mems_runs *r, const mems_chain *c,
                        uint64_t page);

/* Granules from the start of g's run to g. */
static inline uint32_t runs_offset(uint64_t g, unsigned entry) {
  return runs_back(entry) * (uint32_t)PAGE_GRANULES +
         (uint32_t)(g % PAGE_GRANULES);
}

/* Does a slot of this class begin so far from the start of a run? */
HOT bool runs_is_slot(const mems_class *class, uint32_t offset) {
  uint32_t product = offset * class->inverse, shift = class->shift;
  return (product >> shift | product << (-shift & 31)) < class->most;
}

/* How far a granule of a run lies behind the start of its slot. */
static inline uint32_t runs_inside(const mems_class *class, uint32_t offset) {
  uint32_t slot = (uint32_t)((uint64_t)offset * class->share >> 32);
  return offset - slot * class->granules;
}

/* Does g, below the end of the chain, lie in a run of class `number`? */
HOT bool runs_agree(const mems_chain *c, unsigned number, uint64_t g) {
  return runs_number(runs_map(c)[g / PAGE_GRANULES]) == number;
}

/* How many slots the stack of a class names. */
static inline uint64_t runs_stacked(const mems_class *class) {
  return class->top - class->first;
}

/* A free slot shows in its second bit that a stack names it, or that none
   does. */
static inline void runs_name(const mems_chain *c, uint64_t g, bool named) {
  uint64_t *w = chain_useds(c) + (g + 1) / WORD, mask = bit((g + 1) % WORD);
  truth_put(w, named ? *w | mask : *w & ~mask);
}

/* Is g a free slot, named or not as `named` says? */
static inline bool runs_is_free(const mems_chain *c, uint64_t g, bool named) {
  const uint64_t *useds = chain_useds(c);
  bool shown = useds[(g + 1) / WORD] >> (g + 1) % WORD & 1;
  return shown == named && !(useds[g / WORD] >> g % WORD & 1);
}

#endif
