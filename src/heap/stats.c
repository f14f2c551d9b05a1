/*
** stats.c - looking at a heap: counters, one segment, the walk, the classic
** print, and the words for errors. Looking changes nothing.
*/

#include <inttypes.h>
#include <string.h>

#include "hole.h"
#include "share.h"

enum { PIECE = 64 }; /* segments that a walk takes at once */

/* What only a walk over all segments tells. */
typedef struct mems_walked {
  uint64_t holes, slack;
} mems_walked;

static mems_walked walk_all(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  mems_walked sums = {0, 0};
  for (uint64_t g = 0, next; g < c->end; g = next) {
    next = chain_next(c, g);
    if (chain_is_hole(c, g))
      sums.holes++;
    else if (dict_is_block(&heap->dict, c, g))
      sums.slack += dict_slack(&heap->dict, c, g, next - g);
  }
  return sums;
}

/* The longest block, in granules, that there is room for. */
static uint64_t largest(const mems_heap *heap) {
  uint64_t most = hole_largest(heap);
  for (unsigned i = SIZES - 1; i > 1 && size_granules(i) > most; i--) {
    const mems_class *class = heap->runs.classes + i;
    if (class->slots - runs_live(&heap->runs, i) > 0) most = size_granules(i);
  }
  return most;
}

/* The fields that cost no walk. */
static mems_stats count_all(const mems_heap *h) {
  uint64_t header = round_up(sizeof *h, PAGE) + h->unit * GRANULE;
  uint64_t used = heap_used(h), live = heap_live(h);
  return (mems_stats){
      .limit = h->chain.limit * GRANULE,
      .mapped = h->chain.end * GRANULE,
      .used = used * GRANULE,
      .unused = (h->chain.end - used) * GRANULE,
      .quarantined = h->dict.guard.waiting * GRANULE,
      .overhead = header + chain_overhead(&h->chain) +
                  dict_overhead(&h->dict) + bins_overhead(&h->bins) +
                  runs_overhead(&h->runs) + idle_overhead(&h->idle),
      .peak = h->peak * GRANULE,
      .processes = live,
      .nodes = h->chain.nodes,
      .pages = h->chain.end / PAGE_GRANULES,
      .page_size = PAGE,
      .mallocs = h->mallocs,
      .frees = h->mallocs - live,
      .base = h->dict.base,
      .align = h->align * GRANULE,
  };
}

void mems_heap_stats(const mems_heap *heap, mems_stats *stats) {
  size_t size = stats->size ? stats->size : offsetof(mems_stats, largest);
  mems_stats all = {0};
  bool known = share_enter(heap);
  if (known) all = count_all(heap);
  all.size = stats->size;
  if (known && size > offsetof(mems_stats, holes)) {
    mems_walked sums = walk_all(heap);
    all.holes = sums.holes + guard_waiters(&heap->dict.guard);
    all.requested = all.used - sums.slack;
    uint64_t most = largest(heap) * GRANULE;
    all.largest = most - at_most(most, heap->verified);
  }
  if (known) share_leave(heap);
  memcpy(stats, &all, at_most(size, sizeof all));
}

/* Describes the segment at g, but for its node, and returns where it ends. */
static uint64_t describe(const mems_heap *heap, uint64_t g,
                         mems_segment *s) {
  const mems_chain *c = &heap->chain;
  uint64_t end = chain_next(c, g), n = end - g;
  bool process = dict_is_block(&heap->dict, c, g);
  *s = (mems_segment){
      .kind = process ? MEMS_PROCESS : MEMS_HOLE,
      .addr = dict_addr(&heap->dict, g),
      .size = n * GRANULE,
      .requested =
          process ? n * GRANULE - dict_slack(&heap->dict, c, g, n) : 0,
      .waiting = chain_is_process(c, g) && !process,
  };
  return end;
}

static void describe_node(const mems_heap *heap, uint64_t g,
                          mems_segment *s) {
  uint64_t node = chain_node(&heap->chain, g);
  s->node = dict_addr(&heap->dict, node);
  s->node_size = (chain_node_end(&heap->chain, g) - node) * GRANULE;
}

int mems_heap_locate(const mems_heap *heap, mems_addr addr,
                     mems_segment *segment) {
  uint64_t g = (addr - heap->dict.base) / GRANULE;
  if (!share_enter(heap)) return own_of(heap)->error;
  bool found = g < heap->chain.end;
  if (found) {
    describe(heap, chain_prev(&heap->chain, g), segment);
    describe_node(heap, g, segment);
  } else {
    heap_fail(heap, MEMS_EFOREIGN);
  }
  share_leave(heap);
  return found ? MEMS_OK : own_of(heap)->error;
}

/* The granules of the slots of the run that g lies in, or 0. */
static uint64_t slot_at(const mems_heap *heap, uint64_t g) {
  if (!runs_has(&heap->chain, g)) return 0;
  return size_granules(
      runs_number(runs_map(&heap->chain)[g / PAGE_GRANULES]));
}

/* Counts the segment of n granules at g in. */
static void extend(const mems_heap *heap, uint64_t g, uint64_t n,
                   mems_extent *e) {
  const mems_chain *c = &heap->chain;
  e->size += n * GRANULE;
  if (dict_is_block(&heap->dict, c, g)) {
    e->blocks++;
    e->live += n * GRANULE;
    e->requested += n * GRANULE - dict_slack(&heap->dict, c, g, n);
  } else {
    e->holes++;
    if (!chain_is_hole(c, g)) e->waiting += n * GRANULE;
  }
}

/* Takes segments together from g on. */
static void take_together(const mems_heap *heap, uint64_t g, size_t unit,
                          mems_extent *extent) {
  const mems_chain *c = &heap->chain;
  uint64_t end = chain_node_end(c, g), slot = slot_at(heap, g), n;
  *extent = (mems_extent){.addr = dict_addr(&heap->dict, g),
                          .slot = slot * GRANULE};
  do {
    n = chain_next(c, g) - g;
    if (extent->size > 0 && extent->size + n * GRANULE > unit) break;
    extend(heap, g, n, extent);
    g += n;
  } while (g < end && slot_at(heap, g) == slot);
}

int mems_heap_extent(const mems_heap *heap, mems_addr addr, size_t unit,
                     mems_extent *extent) {
  uint64_t g = (addr - heap->dict.base) / GRANULE;
  if (!share_enter(heap)) return own_of(heap)->error;
  bool found = g < heap->chain.end;
  if (found)
    take_together(heap, chain_prev(&heap->chain, g), unit, extent);
  else
    heap_fail(heap, MEMS_EFOREIGN);
  share_leave(heap);
  return found ? MEMS_OK : MEMS_EFOREIGN;
}

/* Describes up to PIECE segments from the first that starts at *g or behind it;
   how many, and in *g where they end. That is all that a walk does with the
   lock of a shared heap: no visitor runs and nothing is printed meanwhile. */
static int describe_piece(const mems_heap *heap, uint64_t *g,
                          mems_segment piece[PIECE]) {
  const mems_chain *c = &heap->chain;
  int n = 0;
  /* what was there has become part of what is before it, and was visited */
  if (*g < c->end && !chain_is_start(c, *g)) *g = chain_next(c, *g);
  for (; n < PIECE && *g < c->end; n++) {
    mems_segment *s = piece + n;
    uint64_t end = describe(heap, *g, s);
    if (n == 0 || chain_is_node(c, *g)) {
      describe_node(heap, *g, s);
    } else {
      s->node = s[-1].node;
      s->node_size = s[-1].node_size;
    }
    *g = end;
  }
  return n;
}

int mems_heap_walk(mems_heap *heap,
                   int (*visit)(void *, const mems_segment *),
                   void *context) {
  mems_segment piece[PIECE];
  uint64_t g = 0;
  int n, stop = 0;
  do {
    if (!share_enter(heap)) return own_of(heap)->error;
    n = describe_piece(heap, &g, piece);
    share_leave(heap);
    for (int i = 0; i < n && stop == 0; i++) stop = visit(context, piece + i);
  } while (n == PIECE && stop == 0);
  return stop;
}

/* A print on its way: which node it has come to, and with how many segments. */
typedef struct mems_print {
  FILE *out;
  mems_addr node; /* 0: none yet */
  uint64_t count;
} mems_print;

/* Prints a segment, behind the head of its node's line if it is the first. */
static int print_segment(void *context, const mems_segment *s) {
  mems_print *p = context;
  if (s->node != p->node) {
    if (p->node) fprintf(p->out, "NULL\n");
    fprintf(p->out, "MAIN[%" PRIu64 ":%" PRIu64 "]-> ", s->node,
            s->node + s->node_size - 1);
    p->node = s->node;
  }
  fprintf(p->out, "%c[%" PRIu64 ":%" PRIu64 "] <-> ",
          s->kind == MEMS_PROCESS ? 'P' : 'H', s->addr,
          s->addr + s->size - 1);
  return 0;
}

/* Prints the count of a node once the next one begins. */
static int print_count(void *context, const mems_segment *s) {
  mems_print *p = context;
  if (s->node != p->node && p->node) {
    fprintf(p->out, "%" PRIu64 ", ", p->count);
    p->count = 0;
  }
  p->node = s->node;
  p->count++;
  return 0;
}

static int print_all(mems_heap *heap, FILE *out) {
  mems_print chain = {.out = out}, counts = chain;
  if (!share_enter(heap)) return own_of(heap)->error;
  const mems_stats totals = count_all(heap);
  share_leave(heap);
  fprintf(out, "----- MeMS SYSTEM STATS -----\n");
  int error = mems_heap_walk(heap, print_segment, &chain);
  if (error != MEMS_OK) return error;
  if (chain.node) fprintf(out, "NULL\n");
  fprintf(out, "Pages used:\t%" PRIu64 "\n", totals.pages);
  fprintf(out, "Space unused:\t%" PRIu64 "\n", totals.unused);
  fprintf(out, "Main Chain Length:\t%" PRIu64 "\n", totals.nodes);
  fprintf(out, "Sub-chain Length array: [");
  error = mems_heap_walk(heap, print_count, &counts);
  if (error != MEMS_OK) return error;
  if (counts.node) fprintf(out, "%" PRIu64 ", ", counts.count);
  fprintf(out, "]\n-----------------------------\n");
  return MEMS_OK;
}

int mems_heap_print(mems_heap *heap, FILE *out) {
  int error = print_all(heap, out);
  if (error != MEMS_OK) return error;
  if (fflush(out) == 0 && !ferror(out)) return MEMS_OK;
  heap_fail(heap, MEMS_EINVAL);
  return MEMS_EINVAL;
}

void mems_heap_options(const mems_heap *heap, mems_options *options) {
  size_t size = options->size;
  if (size == 0) size = offsetof(mems_options, path);
  const mems_options o = {
      .size = options->size, .limit = heap->chain.limit * GRANULE,
      .base = heap->dict.base, .page = heap->node * GRANULE,
      .align = heap->align * GRANULE,
      .quarantine = heap->dict.guard.most * GRANULE, .fill = heap->fill,
      .readonly = own_of(heap)->readonly,
      .share = own_of(heap)->running != NULL,
  };
  memcpy(options, &o, at_most(size, sizeof o));
}

const char *mems_strerror(int error) {
  static const char *const texts[] = {
      [MEMS_OK] = "no error",
      [MEMS_EINVAL] = "an argument is out of its range",
      [MEMS_ENOMEM] = "the operating system refused memory",
      [MEMS_ELIMIT] = "the limit of the heap would be passed",
      [MEMS_EFOREIGN] = "the address was never allocated",
      [MEMS_EFREED] = "the address was freed already",
      [MEMS_EINSIDE] = "the address is inside a block, not at its start",
      [MEMS_ERANGE] = "the range runs past the end of its block",
      [MEMS_EINIT] = "the default heap is not initialised, or is already",
      [MEMS_EBROKEN] = "an invariant of the heap does not hold",
      [MEMS_EBUSY] = "the file, its addresses or its lock are in use",
      [MEMS_ENOSPC] = "the disk has no room",
      [MEMS_EFILE] = "the operating system refused something about a file",
      [MEMS_EFORMAT] = "the file is no heap that can be opened here",
      [MEMS_EREADONLY] = "the heap is read-only",
      [MEMS_ECLOSED] = "the heap is closed: the process was forked",
      [MEMS_ENOROOT] = "no root has this name",
      [MEMS_ECHANGED] = "the heap was changed while it was saved",
      [MEMS_ETIME] = "what was waited for did not come in time",
      [MEMS_EDIED] = "the last owner of the lock died",
  };
  if (error < 0 || error > MEMS_EDIED) return "unknown error";
  return texts[error];
}
