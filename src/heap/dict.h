/*
** dict.h - the dictionary: from a virtual address to the block that holds
** it and the physical address behind it, and back.
**
** A virtual address is base + 8 * granule + byte. Its entry is the used bit
** of the chain's bitmaps at the start of a PROCESS, with the slack behind it
** (entry.h), so that sizes are exact. In a run the page map leads to the
** start of the slot that holds an address, elsewhere the start bits do.
**
** Slack that has no room in a tiny block's bits stands in a table, a byte for
** two granules; its pages are in memory only where there are such blocks.
**
** The gate (dict_span) remembers the block it found last: while a caller
** stays in one block, dict_is_last says so after a subtraction and two
** compares.
*/

#ifndef MEMS_DICT_H
#define MEMS_DICT_H

#include "chain.h"
#include "entry.h"
#include "guard.h"
#include "mems.h"
#include "runs.h"

typedef struct mems_dict {
  mems_addr base; /* the virtual address of granule 0 */
  mems_addr last; /* the block found last, and its exact size; ... */
  size_t length;  /* ... 0: none */
  uint64_t known; /* no granule from here on was ever part of a block or of a
                     run */
  mems_area tiny; /* the table of slack */
  mems_guard guard; /* the blocks that were freed and wait */
} mems_dict;

/* A block as the dictionary knows it. */
typedef struct mems_block {
  uint64_t at, granules;
  size_t size; /* exact */
} mems_block;

/* Lays out the table of tiny blocks for at most `limit` granules from offset
   `at` on and returns the offset behind it. */
uint64_t dict_plan(mems_dict *d, uint64_t at, uint64_t limit);

/* Makes the table usable for granules below `end`. */
bool dict_reach(mems_dict *d, mems_chain *c, uint64_t end);

/* Nothing from `end` on is mapped any more. */
void dict_retreat(mems_dict *d, mems_chain *c, uint64_t end);

/* Bytes in use for the table and the quarantine. */
static inline uint64_t dict_overhead(const mems_dict *d) {
  return d->tiny.usable + guard_overhead(&d->guard);
}

/* The granule that starts at `addr`; far behind every end if none does. */
static inline uint64_t dict_granule(const mems_dict *d, mems_addr addr) {
  uint64_t offset = addr - d->base;
  return offset >> 3 | offset << 61;
}

static inline mems_addr dict_addr(const mems_dict *d, uint64_t g) {
  return d->base + g * GRANULE;
}

/* Does a block start at g: a PROCESS that does not wait in the quarantine?
   g is the start of a segment. */
static inline bool dict_is_block(const mems_dict *d, const mems_chain *c,
                                 uint64_t g) {
  return chain_is_process(c, g) && !guard_waits(&d->guard, c, g);
}

/* Where the slack of the tiny block at g is. */
static inline unsigned char *dict_tiny(const mems_dict *d,
                                       const mems_chain *c, uint64_t g) {
  return (unsigned char *)c + d->tiny.at + g / 2;
}

/* Slack of the PROCESS [g, g + n). */
static inline size_t dict_slack(const mems_dict *d, const mems_chain *c,
                                uint64_t g, uint64_t n) {
  uint64_t slack = entry_slack(n, bits_field(chain_useds(c), g));
  return slack < entry_brim(n) ? slack : *dict_tiny(d, c, g);
}

/* Has the PROCESS [g, g + n) of the chain as many granules as it would get
   today, with `more` bytes than were asked for? */
static inline bool dict_fits(const mems_dict *d, const mems_chain *c,
                             uint64_t g, uint64_t n, size_t more) {
  size_t size = n * GRANULE - dict_slack(d, c, g, n) + more;
  uint64_t align = entry_alignment(n, bits_field(chain_useds(c), g));
  uint64_t least = at_least(entry_granules(size), align > 1 ? MARK_LONG : 2);
  return n == least || n == size_rounded(least);
}

/* Enters [g, g + n), a HOLE or the block that is there already, as a block
   that is not fresh, with slack, marked as one that is to be aligned to `align`
   granules; 1: no mark. */
void dict_insert(const mems_dict *d, mems_chain *c, uint64_t g, uint64_t n,
                 size_t slack, uint64_t align);

/* The granules that a block is to be aligned to. */
static inline uint64_t dict_alignment(const mems_chain *c,
                                      const mems_block *b) {
  return entry_alignment(b->granules, bits_field(chain_useds(c), b->at));
}

/* Forgets the block found last; every change of a block calls this. */
static inline void dict_forget(mems_dict *d) {
  d->length = 0;
}

/* Remembers the block found last. */
static inline void dict_note(mems_dict *d, const mems_block *b) {
  d->last = dict_addr(d, b->at);
  d->length = b->size;
}

/* Is the PROCESS [g, g + n) fresh? No slot of a run is. */
static inline bool dict_is_fresh(const mems_chain *c, uint64_t g,
                                 uint64_t n) {
  return n >= FRESH_LEAST && bits_field(chain_useds(c), g + FIELD) & 1;
}

static inline void dict_set_fresh(mems_chain *c, uint64_t g, bool fresh) {
  bits_put(chain_useds(c), g + FIELD, 1, fresh);
}

/* Remembers that [0, end) may have held blocks. */
static inline void dict_touch(mems_dict *d, uint64_t end) {
  if (end > d->known) d->known = end;
}

/* The granules of the segment of the chain, or the slot, that starts at g; 0
   if none does. What a run leaves behind its last slot looks like a slot. */
static inline uint64_t dict_length(const mems_chain *c, const mems_runs *r,
                                   uint64_t g) {
  unsigned entry = runs_map(c)[g / PAGE_GRANULES];
  if (entry == 0) return chain_is_start(c, g) ? chain_next(c, g) - g : 0;
  const mems_class *class = r->classes + runs_number(entry);
  return runs_is_slot(class, runs_offset(g, entry)) ? class->granules : 0;
}

/* Finds the block that starts at g; false if none does. */
static inline bool dict_find(const mems_dict *d, const mems_chain *c,
                             const mems_runs *r, uint64_t g,
                             mems_block *found) {
  if (g >= c->end) return false;
  uint64_t n = dict_length(c, r, g), useds = bits_field(chain_useds(c), g);
  if (n == 0 || !(useds & 1) || guard_waits(&d->guard, c, g)) return false;
  /* the class of a slot knows what else its length had to tell */
  unsigned number = runs_number(runs_map(c)[g / PAGE_GRANULES]);
  const mems_class *class = r->classes + number;
  uint64_t slack = bits_below(useds, class->mark_at) >> 1;
  if (number == 0 || slack >= class->brim) slack = dict_slack(d, c, g, n);
  *found = (mems_block){g, n, n * GRANULE - slack};
  return true;
}

/* Finds the block that holds the byte at `addr`; false if none does. */
bool dict_search(const mems_dict *d, const mems_chain *c, const mems_runs *r,
                 mems_addr addr, mems_block *found);

/* Why [addr, addr + size) is no range inside one block. */
int dict_mistake(const mems_dict *d, const mems_chain *c, const mems_runs *r,
                 mems_addr addr);

/* Does [addr, addr + size) lie in the block found last? */
static inline bool dict_is_last(const mems_dict *d, mems_addr addr,
                                size_t size) {
  uint64_t offset = addr - d->last;
  return offset < d->length && size <= d->length - offset;
}

/* The gate: physical address of [addr, addr + size), or NULL; *found is the
   block that holds `addr`, of size 0 if none does. */
void *dict_span(const mems_dict *d, const mems_chain *c, const mems_runs *r,
                mems_addr addr, size_t size, mems_block *found);

#endif
