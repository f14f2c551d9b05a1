/*
** dict.h - the dictionary: from a virtual address to the block that holds
** it and the physical address behind it, and back.
**
** A virtual address is base + 8 * granule + byte. Its entry is the used bit
** of the chain's bitmaps: set at the start of a PROCESS, and only there
** looked at. The used bits that follow say how much slack there is, size of
** the segment - bytes asked for, so that sizes are exact, and the number of
** the segment's size (sizes.h), so that a free need not look for its end:
**
**   granules      the used bits from the start on
**   2, 3          1 s                 s: there is slack, and the table of tiny
**                                     blocks has how much
**   4 .. 32       1 s*3               slack, 0 to 7
**   33 .. 8192    1 s*13 n*8          slack, and the number or 0
**   8193 ..       1 s*13 n*8 s*11     the same; upper bits of the slack
**
** A parked HOLE has 0 there and then ones where the slack is, and the number
** in its place if it is long.
** A block takes two granules at least, since one has no bit to spare. The
** table of tiny blocks has a byte for two granules; its pages are in memory
** only where there are such blocks.
**
** The gate (dict_span) remembers the block it found last: while a caller
** stays in one block, dict_is_last says so after a subtraction and two
** compares.
*/

#ifndef MEMS_DICT_H
#define MEMS_DICT_H

#include "chain.h"
#include "guard.h"
#include "mems.h"
#include "sizes.h"

enum {
  TINY = 3, /* granules; a tiny block has no room for its slack */
  NEAR_SLACK = 7,
  TINY_ENTRY = 3, /* what entries of blocks up to TINY and to NEAR take */
  NEAR_ENTRY = 1 | NEAR_SLACK << 1,
  SLACK_BITS = 13,
  SLACK = (1 << SLACK_BITS) - 1,
  NUMBER_AT = 1 + SLACK_BITS, /* the place of the number in an entry */
  NUMBER_BITS = 8,
  NUMBER = (1 << NUMBER_BITS) - 1,
  /* the place of what slack has beyond SLACK_BITS: all else of a field */
  MORE_AT = NUMBER_AT + NUMBER_BITS,
  MORE = (1 << (FIELD - MORE_AT)) - 1
};

typedef struct mems_dict {
  mems_addr base; /* the virtual address of granule 0 */
  mems_addr last; /* the block found last, and its exact size; ... */
  size_t length;  /* ... 0: none */
  uint64_t fresh; /* no granule from here on was ever part of a block, or of
                     a row, since its page was mapped: it reads as zero.
                     Blocks of the slice are noted late (heap_note_slice) */
  uint64_t known; /* no granule from here on was ever part of one at all */
  mems_area tiny; /* the slack of tiny blocks */
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

/* Bytes in use for the table and the quarantine. */
static inline uint64_t dict_overhead(const mems_dict *d) {
  return d->tiny.usable + guard_overhead(&d->guard);
}

/* Granules that a block of `size` bytes takes at least; size is 1 at least. */
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

/* Where the slack of the tiny block at g is. */
static inline unsigned char *dict_tiny(const mems_dict *d,
                                       const mems_chain *c, uint64_t g) {
  return (unsigned char *)c + d->tiny.at + g / 2;
}

/* Slack of the tiny block at g, whose used bits are `useds`. */
static inline size_t dict_tiny_slack(const mems_dict *d, const mems_chain *c,
                                     uint64_t g, uint64_t useds) {
  return useds & 2 ? *dict_tiny(d, c, g) : 0;
}

/* The number of a size of n granules; 0 if it has none. */
static inline unsigned dict_number(uint64_t n) {
  if (n > NUMBER_MOST || size_rounded(n) != n) return 0;
  return size_number(n);
}

/* The granules of the PROCESS at g: its number knows if its start bits don't
   show it at once. */
static inline uint64_t dict_length(const mems_chain *c, uint64_t g) {
  uint64_t after = bits_above(bits_window(chain_starts(c), g), 0);
  if (LIKELY(after)) return bit_first(after);
  unsigned number = bits_field(chain_useds(c), g) >> NUMBER_AT & NUMBER;
  return number ? size_granules(number) : chain_next_far(c, g) - g;
}

/* The bits that the entry of a block of n granules takes. */
static inline uint64_t dict_entry(uint64_t n) {
  if (n <= TINY) return TINY_ENTRY;
  if (n <= NEAR) return NEAR_ENTRY;
  return bit(n <= QUICK_MOST ? MORE_AT : FIELD) - 1;
}

/* Slack of the PROCESS [g, g + n). */
static inline size_t dict_slack(const mems_dict *d, const mems_chain *c,
                                uint64_t g, uint64_t n) {
  uint64_t useds = bits_field(chain_useds(c), g), bits = useds >> 1;
  if (n <= TINY) return dict_tiny_slack(d, c, g, useds);
  if (n <= NEAR) return bits & NEAR_SLACK;
  uint64_t more = n > QUICK_MOST ? bits >> (MORE_AT - 1) & MORE : 0;
  return (bits & SLACK) | more * (SLACK + 1);
}

/* Enters [g, g + n), a HOLE or the block that is there already, as a block
   with slack. */
static inline void dict_insert(const mems_dict *d, mems_chain *c, uint64_t g,
                               uint64_t n, size_t slack) {
  uint64_t entry = 1 | (slack & SLACK) << 1;
  if (n <= TINY && slack) {
    *dict_tiny(d, c, g) = (unsigned char)slack;
    entry = TINY_ENTRY;
  } else if (n > NEAR) {
    entry |= (uint64_t)dict_number(n) << NUMBER_AT;
    entry |= slack / (SLACK + 1) << MORE_AT;
  }
  chain_write(c, g, dict_entry(n), entry);
}

/* The block at g, which has `room` granules at least, has no number any more:
   where it ends is for the start bits to tell. */
static inline void dict_clear_number(mems_chain *c, uint64_t g,
                                     uint64_t room) {
  if (room > NEAR) chain_write(c, g, (uint64_t)NUMBER << NUMBER_AT, 0);
}

/* Takes the block at g out: its segment is a HOLE. */
static inline void dict_remove(mems_chain *c, uint64_t g) {
  chain_useds(c)[g / WORD] &= ~bit(g % WORD);
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
void dict_retreat(mems_dict *d, mems_chain *c, uint64_t end);

/* Finds the block that holds the byte at `addr`; false if none does. */
bool dict_search(const mems_dict *d, const mems_chain *c, mems_addr addr,
                 mems_block *found);

/* Why [addr, addr + size) is no range inside one block. */
int dict_mistake(const mems_dict *d, const mems_chain *c, mems_addr addr);

/* Does [addr, addr + size) lie in the block found last? */
static inline bool dict_is_last(const mems_dict *d, mems_addr addr,
                                size_t size) {
  uint64_t offset = addr - d->last;
  return offset < d->length && size <= d->length - offset;
}

/* The gate: physical address of [addr, addr + size), or NULL. It notes the
   block for dict_is_last. */
void *dict_span(mems_dict *d, const mems_chain *c, mems_addr addr,
                size_t size);

#endif
