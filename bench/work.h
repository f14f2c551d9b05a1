/*
** What the workloads share. An operation is one malloc and one free. Sizes,
** slots and orders are drawn beforehand from a fixed seed, so that every
** allocator gets the same calls and the loops do nothing else but read two
** numbers.
*/

#ifndef WORK_H
#define WORK_H

#include "harness.h"
#include ADAPTER

typedef enum touch { UNTOUCHED, FIRST_BYTE, EVERY_PAGE, EVERY_BYTE } touch;
typedef enum order { IN_ORDER, REVERSE, RANDOM } order;
typedef enum draw { UNIFORM, LOG_UNIFORM, ONE_IN_EIGHT, CREEPING } draw;
typedef enum habit { REPLACES, ALIGNS, RESIZES, APPENDS } habit;

typedef struct workload workload;
struct workload {
  const char *name;
  void (*run)(const workload *, arena);
  size_t live;      /* blocks that live at once */
  size_t ops;       /* measured operations */
  size_t low, high; /* sizes */
  draw draw;
  touch touch;
  order order;
  habit habit;
  uint64_t opening; /* bytes that became resident when the heap was opened */
};

/* Replacements: the block in slots[i] gives way to one of sizes[i]. */
typedef struct plan {
  block *blocks;   /* the live ones */
  uint32_t *first; /* their sizes at the start */
  uint32_t *slots;
  uint32_t *sizes;
} plan;

plan draw_plan(const workload *w, size_t live, size_t ops);

/* The blocks that live at the start. */
void fill(arena a, const plan *p, size_t live, touch how);

/* Replacements [from, to). callgrind counts inside this one. */
void replace(arena a, const plan *p, size_t from, size_t to, touch how);

/* Writes to a new block as the workload asks. */
void write_block(void *p, size_t size, touch how);

static inline block take_touched(arena a, size_t size, touch how) {
  block b = take(a, size);
  if (!b) die("the allocator returned no memory");
  if (how != UNTOUCHED) write_block(reach(a, b), size, how);
  return b;
}

/* The workloads in files of their own. */
void run_pause(const workload *w, arena a);
void run_space(const workload *w, arena a);

#endif
