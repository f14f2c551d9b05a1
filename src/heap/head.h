/*
** head.h - the first pages of a heap's file, and the format they announce.
**
**   [ head ][ roots ][ redo ][ summary ][ running, struct ][ areas | payload ]
**     what    named    a call  counters   while processes    of the image
**     it is   blocks   that    of a       share it: the
**                      could   clean      lock, who they
**                      stop    close      are, and the
**                      halfway            mems_heap of all
**   0        PAGE     2 PAGE  3 PAGE     4 PAGE, STRUCT_AT PREAMBLE
**
** Geometry, the place of each area, follows from the checked part of the head
** alone: from limit, quarantine and the page of the OS. It never comes from
** what changes while the heap is used. All numbers are in the byte order of
** the machine that made the file, which is noted, too.
**
** The same pages stand in front of a heap that is in memory only, for its
** roots; they are usable once it has one.
*/

#ifndef MEMS_HEAD_H
#define MEMS_HEAD_H

#include "base.h"
#include "bins.h"
#include "chain.h"
#include "mems.h"
#include "sizes.h"

#define STRUCT_AT ((uint64_t)64 << 10) /* these begin a page of any OS */
#define PREAMBLE ((uint64_t)256 << 10)

enum {
  HEAD_FORMAT = 1,
  ROOTS = 63,
  SLOTS = 1000, /* processes that may share a heap */
  ROOT_NAME = 40, /* bytes, with a zero at the end */
};

/* What the file is: fixed for its life. */
typedef struct mems_head_fixed {
  char magic[8];
  uint32_t order, format;
  uint64_t limit, page, align, quarantine, fill; /* as in mems_options */
  uint64_t unit;      /* the page of the OS that made it */
  mems_addr base;
  unsigned char uuid[16];
  uint64_t truth;     /* which layout the truth has */
} mems_head_fixed;

/* Clean: closed in good order, all of the file may be believed. Saved: written
   by mems_heap_save; there are no hints. Open: in use, or its process died. */
enum { HEAD_CLEAN = 1, HEAD_OPEN, HEAD_SAVED };

typedef struct mems_head {
  mems_head_fixed fixed;
  uint64_t sum;       /* of `fixed` */
  uint64_t state;
  uint64_t end;       /* as chain_seal_end has it */
  uint64_t openings;  /* how often it was opened to be changed */
  uint64_t saved;     /* checksum of what was saved; 0: of nothing */
  unsigned char boot[16]; /* when the system started that has used it last */
  uint64_t recoveries; /* how often it was rebuilt */
} mems_head;

typedef struct mems_root_entry {
  char name[ROOT_NAME];
  mems_addr addr;     /* 0: no root */
  uint64_t tag;
  uint64_t spare;
} mems_root_entry;

/* What a call is about to do that takes more than one store; see redo.h. */
typedef struct mems_redo {
  uint64_t seal;      /* 0: nothing; stored last */
  uint64_t kind;
  uint64_t at, granules, slack, align; /* a block that is made, or changes */
  uint64_t gone;      /* the start of a block that goes; NOWHERE */
  uint64_t cell;      /* granule, or CELL_ROOT + number, of what is published
                         in the same step; NOWHERE */
  mems_addr value;    /* what it gets */
  uint64_t tag;
} mems_redo;

/* What a heap that was closed in good order knew: with it, it opens without a
   look at its segments. */
typedef struct mems_summary {
  uint64_t sum;       /* of what follows */
  uint64_t layout;    /* which version of the hints it belongs to */
  uint64_t nodes, processes, used, peak, mallocs, known, idle;
  uint64_t taken, spare;
  uint64_t bins[CLASSES / WORD], sets[CLASSES / WORD];
  struct { uint64_t slots, spare, chained, asks; } classes[SIZES];
} mems_summary;

/* What processes share while they have a heap open; never believed when the
   first of them opens it. */
typedef struct mems_running {
  uint64_t changes;   /* blocks that ended or changed, in all */
  uint32_t word;      /* the lock: 0, or who has it; share.c */
  uint32_t takeovers; /* of the lock from one who had died */
  uint32_t pids[SLOTS];  /* who has, or had, each slot, ... */
  uint32_t lives[SLOTS]; /* ... and how often one took it */
} mems_running;

typedef struct mems_preamble {
  mems_head head;
  char head_page[PAGE - sizeof(mems_head)];
  mems_root_entry roots[ROOTS];
  char roots_page[PAGE - ROOTS * sizeof(mems_root_entry)];
  mems_redo redo;
  char redo_page[PAGE - sizeof(mems_redo)];
  mems_summary summary;
  char summary_page[PAGE - sizeof(mems_summary)];
  mems_running running;
  char rest[PREAMBLE - 4 * PAGE - sizeof(mems_running)];
} mems_preamble;

/* A sum of some words that tells when one has changed: 64 bits, by the
   multiplication and shift of xorshift-multiply mixers. Not for enemies. */
uint64_t head_sum(uint64_t seed, const void *bytes, size_t size);

/* Notes what a file is to be, with its sum. */
void head_make(mems_head *head, const mems_options *options, mems_addr base,
               uint64_t unit);

/* The options that a file was made with. */
mems_options head_options(const mems_head *head);

/* Why the first `size` bytes of a file don't begin a heap of this machine:
   NULL, or a sentence that begins with "is ...". */
const char *head_mistake(const mems_head *head, size_t size, uint64_t unit);

/* The name of an option that was asked for and differs from the file's; NULL
   if there is none. What is 0 was not asked for. */
const char *head_difference(const mems_head *head,
                            const mems_options *options);

/* The layout of the summary and the hints that go with it. */
uint64_t head_layout(void);

static inline mems_preamble *head_of(const void *image) {
  return (mems_preamble *)(void *)place_of(image)->file_start;
}

#endif
