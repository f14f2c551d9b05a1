/*
** dict.h - the dictionary: from a virtual address to the block that holds
** it and the physical address behind it, and back.
**
** A virtual address is base + 8 * granule + byte. Its entry is the used bit
** of the chain's bitmaps: set at the start of a PROCESS, and only there
** looked at. The used bits that follow a PROCESS's start hold its slack,
** size of the segment - bytes asked for, so that sizes are exact:
**
**   granules   bytes    slack is found in
**   2, 3       1-24     one bit: slack or none; the last byte, which is
**                       padding then, has how much
**   4 ..       25 ..    three bits: 0 to 7
**
** A block takes two granules at least, since one has no bit to spare.
**
** The gate (dict_span) remembers the block it found last: while a caller
** stays in one block it costs a subtraction and two compares.
*/

#ifndef MEMS_DICT_H
#define MEMS_DICT_H

#include <string.h>

#include "chain.h"
#include "guard.h"
#include "mems.h"

typedef struct mems_dict {
  mems_addr base; /* the virtual address of granule 0 */
  mems_addr last; /* the block found last, and its exact size; ... */
  size_t length;  /* ... 0: none */
  uint64_t fresh; /* no granule from here on was ever part of a block since
                     its page was mapped: it reads as zero */
  uint64_t known; /* no granule from here on was ever part of a block */
  mems_guard guard; /* the blocks that were freed and wait */
} mems_dict;

/* A block as the dictionary knows it. */
typedef struct mems_block {
  uint64_t at, granules;
  size_t size; /* exact */
} mems_block;

/* Granules that a block of `size` bytes takes; size is 1 at least. */
static inline uint64_t dict_granules(size_t size) {
  return ((uint64_t)size + GRANULE - 1) / GRANULE + (size <= GRANULE);
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

/* The last byte of the segment [g, g + n), padding if there is slack. */
static inline unsigned char *dict_padding(const mems_chain *c, uint64_t g,
                                          uint64_t n) {
  return (unsigned char *)chain_physical(c, g + n) - 1;
}

/* Slack of the PROCESS [g, g + n) that v is the view of. */
static inline size_t dict_slack(const mems_chain *c, mems_view v, uint64_t g,
                                uint64_t n) {
  uint64_t used = view_used(v);
  if (LIKELY(n > 3)) return used >> 1 & 7;
  if ((used & 2) == 0) return 0;
  size_t padding = *dict_padding(c, g, n);
  /* raw C code may have overwritten it; its own block is what it loses */
  return padding < 2 * GRANULE ? padding : 0;
}

/* Enters [g, g + n), a HOLE or the block that is there already, as a block
   with slack. v is its view. */
static inline void dict_insert(const mems_chain *c, mems_view v, uint64_t g,
                               uint64_t n, size_t slack) {
  uint64_t mark = 1 | slack << 1, mask = 15;
  if (UNLIKELY(n < 4)) {
    mark = slack ? 3 : 1;
    mask = 3;
    if (slack) *dict_padding(c, g, n) = (unsigned char)slack;
  }
  view_write(v, mask, mark);
}

/* Takes the block at g out: its segment is a HOLE. */
static inline void dict_remove(mems_chain *c, uint64_t g) {
  chain_word(c, g)->used &= ~bit(g % WORD);
}

/* Forgets the block found last; every change of a block calls this. */
static inline void dict_forget(mems_dict *d) {
  d->length = 0;
}

/* Remembers that [0, end) may have been written to. */
static inline void dict_touch(mems_dict *d, uint64_t end) {
  if (end > d->fresh) d->fresh = end;
}

/* Nothing from `end` on is mapped any more: it will come back fresh. */
static inline void dict_retreat(mems_dict *d, uint64_t end) {
  d->known = at_least(d->known, d->fresh);
  d->fresh = at_most(d->fresh, end);
}

/* Finds the block that holds the byte at `addr`; false if none does. */
bool dict_search(const mems_dict *d, const mems_chain *c, mems_addr addr,
                 mems_block *found);

/* Why [addr, addr + size) is no range inside one block. */
int dict_mistake(const mems_dict *d, const mems_chain *c, mems_addr addr);

/* The gate for a range that is not in the block found last. */
void *dict_span_far(mems_dict *d, const mems_chain *c, mems_addr addr,
                    size_t size);

/* The gate: physical address of [addr, addr + size), or NULL. */
static inline void *dict_span(mems_dict *d, const mems_chain *c,
                              mems_addr addr, size_t size) {
  uint64_t offset = addr - d->last;
  if (LIKELY(offset < d->length && size <= d->length - offset))
    return (char *)c + c->payload + (addr - d->base);
  return dict_span_far(d, c, addr, size);
}

#endif
