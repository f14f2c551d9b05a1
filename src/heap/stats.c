/*
** stats.c - looking at a heap: counters, one segment, the walk, the classic
** print, and the words for errors.
**
** Whoever looks sees neighbouring holes as one, also those that are parked
** and not merged yet. Looking changes nothing.
*/

#include <inttypes.h>

#include "image.h"

/* True if a HOLE at g belongs to the run of holes that ends there. */
static bool joins(const mems_chain *c, uint64_t g) {
  return chain_is_hole(c, g) && !chain_is_node(c, g);
}

/* Where the segment at g ends, a run of holes taken as one. */
static uint64_t end_of(const mems_chain *c, uint64_t g) {
  uint64_t end = chain_next(c, g);
  if (chain_is_hole(c, g))
    while (joins(c, end)) end = chain_next(c, end);
  return end;
}

/* Where the segment that holds g starts, a run of holes taken as one. */
static uint64_t start_of(const mems_chain *c, uint64_t g) {
  uint64_t at = chain_prev(c, g);
  while (joins(c, at)) {
    uint64_t before = chain_prev(c, at - 1);
    if (!chain_is_hole(c, before)) break;
    at = before;
  }
  return at;
}

/* Starts inside of runs of holes that an entry g of a list accounts for. One
   of two neighbours in a run is parked, so the lists lead to all: each entry
   counts the start of its own hole, and the next one's if that is not
   parked. */
static uint64_t inner_of(const mems_heap *heap, const mems_list *list,
                         uint64_t g) {
  const mems_chain *c = &heap->chain;
  uint64_t count = 0, end = g + list->granules;
  if (g >= heap->quick.end || !quick_agrees(list, c, g)) return 0;
  if (joins(c, g)) count += chain_is_hole(c, chain_prev(c, g - 1));
  return count + (joins(c, end) && !chain_is_parked(c, end));
}

static uint64_t inner_starts(const mems_heap *heap) {
  const mems_quick *q = &heap->quick;
  uint64_t count = 0;
  if (q->recent_number != NONE)
    count = inner_of(heap, q->lists + q->recent_number, q->recent);
  for (const mems_list *list = q->lists; list < q->lists + NUMBERS; list++)
    for (uint32_t i = list->first; i < at_most(list->top, list->last); i++)
      count += inner_of(heap, list, q->slots[i]);
  return count;
}

void mems_heap_stats(const mems_heap *heap, mems_stats *stats) {
  const mems_heap *h = heap;
  uint64_t live = h->mallocs - h->frees;
  uint64_t header = PAGE + round_up(sizeof *h, PAGE);
  *stats = (mems_stats){
      .limit = h->chain.limit * GRANULE,
      .mapped = h->chain.end * GRANULE,
      .used = heap_used(h) * GRANULE,
      .unused = (h->chain.end - heap_used(h)) * GRANULE,
      .requested = heap_used(h) * GRANULE - h->slack,
      .quarantined = h->dict.guard.waiting * GRANULE,
      .overhead = header + chain_overhead(&h->chain) +
                  dict_overhead(&h->dict) + bins_overhead(&h->bins),
      .peak = h->peak * GRANULE,
      .processes = live,
      .holes = h->chain.segments - live - inner_starts(h),
      .nodes = h->chain.nodes,
      .pages = h->chain.end / PAGE_GRANULES,
      .page_size = PAGE,
      .mallocs = h->mallocs,
      .frees = h->frees,
      .base = h->dict.base,
      .align = h->align * GRANULE,
  };
}

/* Describes the segment at g and returns where it ends. */
static uint64_t describe(const mems_heap *heap, uint64_t g,
                         mems_segment *s) {
  const mems_chain *c = &heap->chain;
  uint64_t end = end_of(c, g), n = end - g, node = chain_node(c, g);
  bool process = dict_is_block(&heap->dict, c, g);
  *s = (mems_segment){
      .kind = process ? MEMS_PROCESS : MEMS_HOLE,
      .addr = dict_addr(&heap->dict, g),
      .size = n * GRANULE,
      .requested =
          process ? n * GRANULE - dict_slack(&heap->dict, c, g, n) : 0,
      .waiting = chain_is_process(c, g) && !process,
      .node = dict_addr(&heap->dict, node),
      .node_size = (chain_node_end(c, g) - node) * GRANULE,
  };
  return end;
}

int mems_heap_locate(const mems_heap *heap, mems_addr addr,
                     mems_segment *segment) {
  uint64_t g = (addr - heap->dict.base) / GRANULE;
  if (g >= heap->chain.end) {
    heap_fail(heap, MEMS_EFOREIGN);
    return MEMS_EFOREIGN;
  }
  describe(heap, start_of(&heap->chain, g), segment);
  return MEMS_OK;
}

int mems_heap_walk(mems_heap *heap,
                   int (*visit)(void *, const mems_segment *),
                   void *context) {
  for (uint64_t g = 0; g < heap->chain.end; ) {
    mems_segment segment;
    g = describe(heap, g, &segment);
    int stop = visit(context, &segment);
    if (stop) return stop;
  }
  return 0;
}

/* Prints the line of one node and its sub-chain. */
static void print_node(const mems_heap *heap, uint64_t node, uint64_t end,
                       FILE *out) {
  const mems_chain *c = &heap->chain;
  fprintf(out, "MAIN[%" PRIu64 ":%" PRIu64 "]-> ",
          dict_addr(&heap->dict, node), dict_addr(&heap->dict, end) - 1);
  for (uint64_t next, g = node; g < end; g = next) {
    next = end_of(c, g);
    fprintf(out, "%c[%" PRIu64 ":%" PRIu64 "] <-> ",
            dict_is_block(&heap->dict, c, g) ? 'P' : 'H',
            dict_addr(&heap->dict, g),
            dict_addr(&heap->dict, next) - 1);
  }
  fprintf(out, "NULL\n");
}

static uint64_t count_node(const mems_chain *c, uint64_t g, uint64_t end) {
  uint64_t count = 0;
  for (; g < end; g = end_of(c, g)) count++;
  return count;
}

int mems_heap_print(mems_heap *heap, FILE *out) {
  const mems_chain *c = &heap->chain;
  uint64_t end;
  fprintf(out, "----- MeMS SYSTEM STATS -----\n");
  for (uint64_t g = 0; g < c->end; g = end) {
    end = chain_node_end(c, g);
    print_node(heap, g, end, out);
  }
  fprintf(out, "Pages used:\t%" PRIu64 "\n", c->end / PAGE_GRANULES);
  fprintf(out, "Space unused:\t%" PRIu64 "\n",
          (c->end - heap_used(heap)) * GRANULE);
  fprintf(out, "Main Chain Length:\t%" PRIu64 "\n", c->nodes);
  fprintf(out, "Sub-chain Length array: [");
  for (uint64_t g = 0; g < c->end; g = end) {
    end = chain_node_end(c, g);
    fprintf(out, "%" PRIu64 ", ", count_node(c, g, end));
  }
  fprintf(out, "]\n-----------------------------\n");
  if (fflush(out) == 0 && !ferror(out)) return MEMS_OK;
  heap_fail(heap, MEMS_EINVAL);
  return MEMS_EINVAL;
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
  };
  if (error < 0 || error > MEMS_EBROKEN) return "unknown error";
  return texts[error];
}
