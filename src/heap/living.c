/*
** living.c - a heap whose image is a file that is mapped.
**
** The struct is the process's own and is laid out anew each time, from the
** checked head of the file; so nothing in the image can lead out of it. While
** the file is open its state says so. Closing it in good order leaves a
** summary: with that, and with the hints that lie in the image, the next one
** opens without a look at its segments. In all other cases, also if the system
** was started again meanwhile, whose last stores may not have come to the
** disk, the truth is read anew (recover.h).
**
** A forked child shares the mapping, but not the right to it. So behind each
** fork the child's heaps in files become empty ones in memory, closed to all
** calls.
*/

#include "living.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admit.h"
#include "file.h"
#include "plan.h"
#include "recover.h"
#include "slot.h"

/* Bytes of the file of a heap. */
static uint64_t length_of(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  return c->payload + c->limit * GRANULE - HEAD_ROOM;
}

/* Maps a file over the image. The queue of the quarantine is the process's
   own. */
static bool map_file(mems_heap *heap, int file, bool own) {
  const mems_guard *q = &heap->dict.guard;
  char *start = place_of(heap)->file_start;
  if (!pages_map_file(start, length_of(heap), file, 0, own)) return false;
  return q->most == 0 ||
         pages_unmap(NULL, guard_slot(q, heap, 0), q->slots * sizeof(uint64_t));
}

/*
** Forks
*/

/* The child's heap has nothing and gets nothing. */
static void lose(mems_heap *heap) {
  mems_place *place = place_of(heap);
  close(place->file - 1);
  pages_unmap(NULL, place->file_start, length_of(heap));
  const mems_options o = {.limit = heap->chain.limit * GRANULE,
                          .align = heap->align * GRANULE,
                          .page = heap->node * GRANULE};
  mems_addr base = heap->dict.base;
  mems_place kept = *place;
  mems_range range = heap->range;
  memset(heap, 0, sizeof *heap);
  *place = (mems_place){.reservation = kept.reservation,
                        .reserved = kept.reserved,
                        .file_start = kept.file_start};
  heap->range = range;
  plan_begin(heap, &o, base);
  plan_make_empty(heap);
  heap->closed = heap->readonly = true;
}

static void before_fork(void) {
  ranges_lock();
}

static void after_fork(void) {
  ranges_unlock();
}

static void in_child(void) {
  ranges_unlock();
  for (mems_range *r = ranges_lock(); r; r = r->next) {
    char *at = (char *)r - offsetof(mems_heap, range);
    mems_heap *heap = (mems_heap *)(void *)at;
    if (place_of(heap)->file) lose(heap);
  }
  ranges_unlock();
}

static void watch_forks(void) {
  static atomic_flag watched = ATOMIC_FLAG_INIT;
  if (!atomic_flag_test_and_set(&watched))
    pthread_atfork(before_fork, after_fork, in_child);
}

/*
** What a heap knows when it is closed, and takes up again
*/

static mems_summary summary_of(const mems_heap *heap) {
  const mems_runs *r = &heap->runs;
  mems_summary s = {
      .layout = head_layout(), .nodes = heap->chain.nodes,
      .processes = heap->processes, .used = heap->used, .peak = heap->peak,
      .mallocs = heap->mallocs, .known = heap->dict.known,
      .idle = heap->idle.pages, .taken = r->taken, .spare = r->spare,
  };
  memcpy(s.bins, heap->bins.present, sizeof s.bins);
  memcpy(s.sets, r->sets.present, sizeof s.sets);
  for (unsigned i = 0; i < SIZES; i++) {
    const mems_class *class = r->classes + i;
    s.classes[i].slots = class->slots;
    s.classes[i].spare = class->spare;
    s.classes[i].chained = class->chained;
    s.classes[i].asks = class->asks;
  }
  s.sum = head_sum(4, &s.layout, sizeof s - sizeof s.sum);
  return s;
}

static bool summary_is_good(const mems_summary *s) {
  return s->layout == head_layout() &&
         s->sum == head_sum(4, &s->layout, sizeof *s - sizeof s->sum);
}

static void take_up(mems_heap *heap, const mems_summary *s) {
  mems_runs *r = &heap->runs;
  heap->chain.nodes = s->nodes;
  heap->processes = s->processes, heap->used = s->used;
  heap->peak = s->peak, heap->mallocs = s->mallocs;
  heap->dict.known = s->known;
  heap->idle.pages = s->idle;
  r->taken = s->taken, r->spare = s->spare;
  memcpy(heap->bins.present, s->bins, sizeof s->bins);
  memcpy(r->sets.present, s->sets, sizeof s->sets);
  for (unsigned i = 0; i < SIZES; i++) {
    mems_class *class = r->classes + i;
    class->slots = s->classes[i].slots;
    class->spare = s->classes[i].spare;
    class->chained = s->classes[i].chained;
    class->asks = (uint16_t)s->classes[i].asks;
  }
  runs_set_end(r, heap->chain.end);
}

void living_close(mems_heap *heap) {
  mems_preamble *p = head_of(heap);
  if (!heap->readonly) {
    slot_flush(heap);
    p->summary = summary_of(heap);
    /* what waits is free when the heap is opened, which is to look at it */
    if (guard_waiters(&heap->dict.guard) || heap->mended) p->summary.sum = 0;
    truth_order();
    truth_put(&p->head.state, HEAD_CLEAN);
  }
  close(place_of(heap)->file - 1);
}

/*
** Making one
*/

/* A heap in a file that has no name yet. */
static mems_heap *make(mems_attempt *a, const mems_options *o, int file) {
  mems_addr base = o->base ? o->base : ranges_draw(o->limit), other;
  mems_heap *heap = plan_reserve(o);
  if (heap == NULL)
    return admit_refuse_space(a);
  plan_begin(heap, o, base);
  heap->range = (mems_range){.first = base, .size = o->limit};
  mems_preamble *p = head_of(heap);
  mems_place *place = place_of(heap);
  place->file = file + 1;
  heap->rooted = true;
  if (!ranges_enter(&heap->range, true, &other)) {
    admit_refuse_overlap(a, other);
  } else if (ftruncate(file, (off_t)length_of(heap)) != 0 ||
             !file_lock(file, true) || !map_file(heap, file, false) ||
             !pages_map(place, p, PREAMBLE)) {
    admit_refuse_os(a, "can't be made");
  } else if (!plan_make_empty(heap)) {
    admit_refuse(a, MEMS_ENOSPC, "can't be made: the disk has no room");
  } else {
    head_make(&p->head, o, base, pages_unit());
    place->end = &p->head.end;
    p->head.end = chain_seal_end(0);
    p->head.state = HEAD_OPEN;
    p->head.openings = 1;
    file_boot(p->head.boot);
    return heap;
  }
  ranges_leave(&heap->range);
  plan_unreserve(heap);
  return NULL;
}

/* Makes the file. NULL, with an error or, if another was faster, without. */
static mems_heap *make_named(mems_attempt *a, const mems_options *o) {
  mems_draft draft;
  if (!file_begin(&draft, o->path)) return admit_refuse_os(a, "can't be made");
  mems_heap *heap = make(a, o, draft.file);
  if (heap && file_name(&draft, o->path, false)) return heap;
  bool lost = heap && errno == EEXIST && o->create == MEMS_CREATE_MISSING;
  if (heap && !lost) admit_refuse_os(a, "can't be made");
  if (heap) {
    ranges_leave(&heap->range);
    plan_unreserve(heap);
  }
  file_abandon(&draft);
  return NULL;
}

/*
** Opening one that is there
*/

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Was it closed in good order, by this start of the system? One that can't be
   told from others is none. */
static bool is_clean(const mems_preamble *p, const unsigned char boot[16]) {
  static const unsigned char unknown[16];
  return p->head.state == HEAD_CLEAN && summary_is_good(&p->summary) &&
         memcmp(boot, p->head.boot, 16) == 0 && memcmp(boot, unknown, 16) != 0;
}

/* The file is in use from now on: who dies leaves it to be recovered. */
static void take_over(mems_head *head, const unsigned char boot[16]) {
  head->saved = 0;
  truth_order();
  truth_put(&head->state, HEAD_OPEN);
  memcpy(head->boot, boot, 16);
  head->openings++;
}

/* Brings up what is in the file: as it was left, or from the truth. It is taken
   over before anything is rebuilt, which may be cut short. */
static void bring_up(mems_heap *heap, const mems_options *o) {
  mems_preamble *p = head_of(heap);
  uint64_t start = now(), state = p->head.state;
  unsigned char boot[16];
  file_boot(boot);
  bool clean = is_clean(p, boot);
  if (!o->readonly) take_over(&p->head, boot);
  if (clean && !o->check) {
    take_up(heap, &p->summary);
    return;
  }
  truth_order();
  recover(heap);
  heap->recovery.nanoseconds = now() - start;
  bool asked = state == HEAD_CLEAN || state == HEAD_SAVED;
  if (asked && heap->recovery.repairs == 0 && !heap->recovery.redone)
    heap->recovery.size = 0; /* nothing had happened */
}

/* Nothing may be stored to a heap that is read only, and the fast ways are
   closed. */
static void close_to_changes(mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  heap->readonly = true;
  heap->runs.bytes = 0;
  heap->runs.direct = false;
  heap->runs.end = 0;
  if (c->end) pages_protect(chain_physical(c, 0), c->end * GRANULE);
}

/* The heap in a file that was opened and has a good head; what of it changes is
   read again once nobody else has the file. */
static mems_heap *attach(mems_attempt *a, int file, const mems_head *head) {
  const mems_head_fixed *f = &head->fixed;
  mems_options o = *a->o;
  mems_addr other;
  o.limit = f->limit, o.page = f->page, o.align = f->align;
  o.quarantine = f->quarantine, o.fill = f->fill != 0;
  mems_head locked;
  mems_heap *heap = plan_reserve(&o);
  if (heap == NULL)
    return admit_refuse_space(a);
  plan_begin(heap, &o, f->base);
  heap->range = (mems_range){.first = f->base, .size = f->limit};
  heap->rooted = true;
  mems_preamble *p = head_of(heap);
  mems_place *place = place_of(heap);
  struct stat status;
  bool known = fstat(file, &status) == 0;
  if (known && (uint64_t)status.st_size != length_of(heap)) {
    admit_refuse(a, MEMS_EFORMAT, "is a heap that was cut or made longer");
  } else if (!ranges_enter(&heap->range, true, &other)) {
    admit_refuse_overlap(a, other);
  } else if (!file_lock(file, !o.readonly)) {
    admit_refuse(a, MEMS_EBUSY, "is in use by another process");
  } else if (!admit_head(a, file, &locked)) {
    /* it was damaged by whoever had it until now */
  } else if (!map_file(heap, file, o.readonly) ||
             !pages_map(NULL, p, PREAMBLE) ||
             !plan_reach(heap, admit_end(&locked))) {
    admit_refuse_os(a, "can't be mapped");
  } else {
    place->file = file + 1;
    place->end = &p->head.end;
    bring_up(heap, &o);
    if (o.readonly) close_to_changes(heap);
    return heap;
  }
  ranges_leave(&heap->range);
  plan_unreserve(heap);
  return NULL;
}

static mems_heap *open_there(mems_attempt *a, int file) {
  mems_head head;
  bool good = admit_head(a, file, &head);
  mems_heap *heap = good ? attach(a, file, &head) : NULL;
  if (heap == NULL) close(file);
  return heap;
}

mems_heap *living_open(const mems_options *options, int *error) {
  mems_options o = *options;
  mems_attempt a = {options, options->path, MEMS_OK};
  mems_heap *heap = NULL;
  bool make_it = o.create != MEMS_CREATE_NEVER && !o.readonly;
  watch_forks();
  plan_defaults(&o);
  /* as often as another makes and removes it meanwhile */
  while (heap == NULL && a.error == MEMS_OK) {
    int file = -1;
    errno = ENOENT;
    if (o.create != MEMS_CREATE_NEW) file = file_open(o.path, !o.readonly);
    if (file >= 0)
      heap = open_there(&a, file);
    else if (errno == ENOENT && make_it)
      heap = make_named(&a, &o);
    else
      admit_refuse_os(&a, "can't be opened");
  }
  *error = a.error;
  return heap;
}

int mems_heap_recovered(const mems_heap *heap, mems_recovery *recovery) {
  if (heap->recovery.size == 0) return 0;
  size_t size = recovery->size;
  memcpy(recovery, &heap->recovery, at_most(size, sizeof *recovery));
  recovery->size = size;
  return 1;
}

int mems_heap_sync(mems_heap *heap) {
  const mems_place *place = place_of(heap);
  if (place->file == 0 || heap->readonly) return MEMS_OK;
  if (pages_sync(place)) return MEMS_OK;
  heap_fail(heap, MEMS_EFILE);
  return MEMS_EFILE;
}
