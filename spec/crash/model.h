/*
** model.h - what a heap has to hold after its process died, kept in memory
** that the dead and the one who looks share.
**
** Each call is noted before it is made, its result behind it. So whoever opens
** the heap again knows which call was in progress, and what is all right then:
** that it happened, or that it did not.
*/

#ifndef CRASH_MODEL_H
#define CRASH_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "mems.h"

enum {
  BLOCKS = 1024,
  NAMED = 4,       /* roots that name blocks */
  OWNERS = 4,      /* roots that are cells */
  CELLS = 12,      /* OWNERS, and the rest are words of a block */
  NONE = -1
};

typedef struct block {
  mems_addr addr;  /* 0: none */
  size_t size, align;
  uint64_t seed;   /* of its contents */
  int cell;        /* that owns it; NONE */
  bool touched;    /* a call was about it since this was cleared */
} block;

typedef enum kind {
  MALLOC, CALLOC, MALLOC_ALIGNED, FREE, REALLOC, MALLOC_TO, FREE_FROM,
  REALLOC_TO, SETROOT, TRIM, RESET, KINDS
} kind;

typedef struct call {
  kind kind;
  int block;       /* the subject; of what allocates: where it is noted */
  int cell;        /* or the number of a root for SETROOT */
  size_t size, align;
  mems_addr addr;  /* for SETROOT */
  uint64_t tag;
  block before;    /* the subject as it was */
} call;

typedef struct rooted {
  mems_addr addr;  /* 0: no such root */
  uint64_t tag;
} rooted;

typedef struct model {
  block blocks[BLOCKS];
  int most;          /* of them are in use */
  int owned[CELLS];  /* the block of a cell; NONE */
  rooted roots[NAMED];
  mems_addr holder;  /* of cells; 0: none. It is no one of the blocks */
  size_t holder_size;
  uint64_t seeds;
  volatile int stage;
  call now;
  mems_addr result;
  mems_options options;
  uint64_t calls;
  bool closed;       /* it may be in good order */
} model;

/* Shared memory for a model. */
model *model_new(void);

/* Nothing is there. */
void model_clear(model *m, const mems_options *options);

/* A number below `n`, from a state. */
uint64_t draw(uint64_t *state, uint64_t n);

/* Makes a call, and notes it; false if the heap refused it. */
bool perform(mems_heap *heap, model *m, call c);

/* Makes the block of cells. */
void make_holder(mems_heap *heap, model *m);

/* Some call that is possible, as `state` has it. */
call pick(const model *m, uint64_t *state);

/* A place for a new block; NONE if there is none. */
int vacant(const model *m);

/* Some block from number `from` on, round about, that a cell owns or not; NONE
   if there is none. */
int some_block(const model *m, int from, bool owned);

int live_blocks(const model *m);

/* The heap is as the model says, but for the call in progress, which happened
   or not; then the model is as the heap is. Ends the process if not. */
void verify(mems_heap *heap, model *m);

/* What is wrong with a block, of whose contents `bytes` are known; NULL. */
const char *mistake_in(mems_heap *heap, const block *b, size_t bytes);

/* Goes on with a heap that was opened anew, growing it, and looks again. */
void exercise(mems_heap *heap, model *m, uint64_t seed);

/* What is being tried, for fail. */
extern char trying[400];

/* Prints what and the trying, and ends the process. */
_Noreturn void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
