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
#include <unistd.h>

#include "admit.h"
#include "file.h"
#include "plan.h"
#include "recover.h"
#include "share.h"
#include "slot.h"

/* Maps a file over the image. The queue of the quarantine is the process's
   own. */
static bool map_file(mems_heap *heap, int file, bool own) {
  const mems_guard *q = &heap->dict.guard;
  char *start = place_of(heap)->file_start;
  if (!pages_map_file(start, plan_length(heap), file, 0, own)) return false;
  return q->most == 0 || place_of(heap)->shared ||
         pages_unmap(NULL, guard_slot(q, heap, 0), q->slots * sizeof(uint64_t));
}

/*
** Forks
*/

/* The child's heap has nothing and gets nothing. */
static void lose(mems_heap *heap) {
  mems_place *place = place_of(heap);
  mems_own *own = own_of(heap);
  close(place->file - 1);
  pages_unmap(NULL, place->file_start, plan_length(heap));
  const mems_options o = {.limit = heap->chain.limit * GRANULE,
                          .align = heap->align * GRANULE,
                          .page = heap->node * GRANULE};
  mems_addr base = heap->dict.base;
  mems_place kept = *place;
  if (own->running) {
    pages_unmap(NULL, heap, plan_struct());
    pages_map(NULL, heap, plan_struct());
  }
  memset(heap, 0, sizeof *heap);
  own->running = NULL;
  *place = (mems_place){.reservation = kept.reservation,
                        .reserved = kept.reserved,
                        .file_start = kept.file_start};
  plan_begin(heap, &o, base);
  plan_make_empty(heap);
  own->rooted = false;
  own->closed = own->readonly = true;
  if (kept.lost) kept.lost(kept.lost_context);
}

void mems_heap_onfork(mems_heap *heap, void (*lost)(void *context),
                      void *context) {
  place_of(heap)->lost = lost;
  place_of(heap)->lost_context = context;
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
    char *at = (char *)r - offsetof(mems_own, range) + PAGE;
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

/* Leaves the file in good order. */
static void leave_clean(mems_heap *heap) {
  mems_preamble *p = head_of(heap);
  slot_flush(heap, UINT64_MAX);
  p->summary = summary_of(heap);
  /* what waits is free when the heap is opened, which is to look at it */
  if (guard_waiters(&heap->dict.guard) || heap->mended) p->summary.sum = 0;
  truth_order();
  truth_put(&p->head.state, HEAD_CLEAN);
}

void living_close(mems_heap *heap) {
  const mems_own *own = own_of(heap);
  int file = place_of(heap)->file - 1;
  if (own->handed) close(own->handed - 1); /* a forked child has it, too */
  if (file < 0) return;
  if (own->running) {
    /* the last one to leave cleans up; who is stopped keeps that from all */
    file_lock_gate(file);
    own->running->pids[own->slot] = 0;
    if (share_is_alone(heap) && share_lock(heap)) {
      leave_clean(heap);
      share_unlock(heap);
    }
  } else if (!own->readonly) {
    leave_clean(heap);
  }
  file_close(file);
}

/*
** Making one
*/

/* A heap in a file that has no name yet; one that is to be shared is left
   clean, and nobody's, so that whoever finds it has it. */
static mems_heap *make(mems_attempt *a, const mems_options *o, int file) {
  mems_addr base = o->base ? o->base : ranges_draw(o->limit), other;
  mems_heap *heap = plan_reserve(o);
  if (heap == NULL)
    return admit_refuse_space(a);
  plan_begin(heap, o, base);
  own_of(heap)->range = (mems_range){.first = base, .size = o->limit};
  mems_preamble *p = head_of(heap);
  mems_place *place = place_of(heap);
  place->file = file + 1;
  own_of(heap)->rooted = true;
  if (!ranges_enter(&own_of(heap)->range, RANGES_ALONE, &other)) {
    admit_refuse_overlap(a, other);
  } else if (ftruncate(file, (off_t)plan_length(heap)) != 0 ||
             (!o->share && !file_lock(file, FILE_ALONE, true)) ||
             !map_file(heap, file, false) || !pages_map(place, p, PREAMBLE)) {
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
    if (o->share) leave_clean(heap);
    return heap;
  }
  plan_unreserve(heap);
  return NULL;
}

/* Makes the file. NULL, with an error or, if another was faster, without. */
static mems_heap *make_named(mems_attempt *a, const mems_options *o) {
  mems_draft draft;
  if (!file_begin(&draft, o->path)) return admit_refuse_os(a, "can't be made");
  mems_heap *heap = make(a, o, draft.file);
  if (heap && file_name(&draft, o->path, false)) return heap;
  bool lost = heap && errno == EEXIST && o->create == MEMS_CREATE_MISSING &&
              !file_leads_nowhere(o->path);
  if (heap && !lost) admit_refuse_os(a, "can't be made");
  if (heap) plan_unreserve(heap);
  file_abandon(&draft);
  return NULL;
}

/*
** Room on the disk
*/

/* Bytes that the file of a heap takes: what trim has punched out of it is known
   if it was closed in good order. */
static uint64_t room_of(const mems_heap *heap, bool clean) {
  const mems_area *areas[AREAS];
  unsigned count = plan_areas(heap, areas);
  mems_pages all = {0, heap->chain.end / PAGE_GRANULES};
  uint64_t bytes = PREAMBLE, gone = 0;
  for (unsigned i = 0; i < count; i++) bytes += areas[i]->usable;
  for (uint64_t page = 0; page < all.to && clean; page += WORD)
    gone += bit_count(*idle_word(&heap->idle.gone_bits, heap, page));
  return bytes + (all.to - at_most(gone, all.to)) * PAGE;
}

/* Does a file have less? Then it was saved, or copied by somebody who left
   holes where there were zeros. */
static bool has_holes(const mems_heap *heap, int file) {
  bool clean = head_of(heap)->head.state == HEAD_CLEAN;
  struct stat status;
  return fstat(file, &status) != 0 ||
         (uint64_t)status.st_blocks * 512 < room_of(heap, clean);
}

/* Claims room for bitmaps and index; then for each page that is not gone. */
static bool claim_areas(const mems_heap *heap) {
  const mems_area *areas[AREAS];
  unsigned count = plan_areas(heap, areas);
  bool done = true;
  for (unsigned i = 0; i < count && done; i++)
    done = area_claim((const char *)heap, areas[i]);
  return done;
}

static bool claim_payload(const mems_heap *heap) {
  const mems_idle *d = &heap->idle;
  mems_pages p = {0, heap->chain.end / PAGE_GRANULES};
  bool done = true;
  while (done && p.from < p.to) {
    p.from += idle_like(d, heap, p, true);
    uint64_t count = idle_like(d, heap, p, false);
    const char *at = chain_physical(&heap->chain, p.from * PAGE_GRANULES);
    done = count == 0 || pages_claim(place_of(heap), at, count * PAGE);
    p.from += count;
  }
  return done;
}

/*
** Opening one that is there
*/

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

/* Rebuilds all but the truth, in a file that was found in a state. */
static void rebuild(mems_heap *heap, uint64_t state, bool readonly) {
  uint64_t start = share_now();
  truth_order();
  recover(heap);
  own_of(heap)->recovery.nanoseconds = share_now() - start;
  bool asked = state == HEAD_CLEAN || state == HEAD_SAVED;
  mems_recovery *r = &own_of(heap)->recovery;
  if (asked && r->repairs == 0 && !r->redone)
    r->size = 0; /* nothing had happened */
  else if (!readonly)
    head_of(heap)->head.recoveries++;
}

/* What processes that shared the heap have left of its queue goes out of the
   file: it is not among what has_holes counts. */
static void empty_queue(const mems_heap *heap) {
  const mems_guard *q = &heap->dict.guard;
  if (q->most)
    pages_drop(place_of(heap), guard_slot(q, heap, 0),
               q->slots * sizeof(uint64_t));
}

/* Brings up what is in the file: as it was left, or from the truth. It is taken
   over before anything is rebuilt, which may be cut short. */
static bool bring_up(mems_attempt *a, mems_heap *heap, int file) {
  const mems_options *o = a->o;
  mems_preamble *p = head_of(heap);
  uint64_t state = p->head.state;
  unsigned char boot[16];
  file_boot(boot);
  bool clean = is_clean(p, boot) && !o->check;
  if (!o->readonly) empty_queue(heap);
  bool holes = !o->readonly && has_holes(heap, file);
  if (holes && !claim_areas(heap))
    return admit_refuse_os(a, "can't be opened");
  if (!o->readonly) take_over(&p->head, boot);
  if (clean)
    take_up(heap, &p->summary);
  else
    rebuild(heap, state, o->readonly);
  return !holes || claim_payload(heap) ||
         admit_refuse_os(a, "can't be opened");
}

/* All calls take the long way. */
static void close_fast_ways(mems_heap *heap) {
  heap->runs.bytes = 0;
  heap->runs.direct = false;
  heap->runs.end = 0;
}

/* Nothing may be stored to a heap that is read only. */
static void close_to_changes(mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  own_of(heap)->readonly = true;
  close_fast_ways(heap);
  if (c->end) pages_protect(chain_physical(c, 0), c->end * GRANULE);
}

/* Locks a file in the way it is to be opened. */
static bool claim(int file, const mems_options *o) {
  if (o->share)
    return !file_is_locked(file, FILE_ALONE, 1) &&
           file_lock(file, FILE_SHARED, false);
  return !file_is_locked(file, FILE_SHARED, 1) &&
         file_lock(file, FILE_ALONE, !o->readonly);
}

/* Maps the struct of a heap that is shared; the first one writes it. */
static bool map_struct(mems_heap *heap, int file, bool first) {
  uint64_t sum = plan_sum(heap), size = plan_struct();
  if (first && !file_write(file, heap, sizeof *heap, STRUCT_AT)) return false;
  if (!pages_map_file(heap, size, file, STRUCT_AT, false) ||
      !pages_map(NULL, heap, size))
    return false;
  return sum == plan_sum(heap);
}

/* Maps all of a file that is shared, and takes a slot. */
static bool join(mems_attempt *a, mems_heap *heap, int file, uint64_t end) {
  mems_own *own = own_of(heap);
  bool first = !file_is_locked(file, FILE_SLOTS, SLOTS);
  own->place.shared = true;
  close_fast_ways(heap);
  if (!map_struct(heap, file, first) || !map_file(heap, file, false) ||
      !pages_map(NULL, own->place.file_start, plan_length(heap)))
    return admit_refuse_os(a, "can't be mapped");
  own->running = &head_of(heap)->running;
  if (first) share_begin(heap);
  if (first && !plan_reach(heap, end)) return admit_refuse_space(a);
  own->place.file = file + 1;
  own->place.end = &head_of(heap)->head.end;
  if (!share_take_slot(heap))
    return admit_refuse(a, MEMS_ELIMIT, "is shared by %d processes already",
                        SLOTS);
  return !first || bring_up(a, heap, file);
}

/* Maps all of a file for this process alone. */
static bool map_alone(mems_attempt *a, mems_heap *heap, int file,
                      uint64_t end) {
  mems_place *place = place_of(heap);
  mems_preamble *p = head_of(heap);
  if (!map_file(heap, file, a->o->readonly) ||
      !pages_map(NULL, p, PREAMBLE) || !plan_reach(heap, end))
    return admit_refuse_os(a, "can't be mapped");
  place->file = file + 1;
  place->end = &p->head.end;
  if (!bring_up(a, heap, file)) return false;
  if (a->o->readonly) close_to_changes(heap);
  return true;
}

/* The file has room for its first pages. */
static bool claim_preamble(const mems_heap *heap, int file) {
  mems_place place = *place_of(heap);
  place.file = file + 1;
  return pages_claim(&place, place.file_start, PREAMBLE);
}

/* Lays a heap out as the head of its file says, and brings it up. */
static bool attach(mems_attempt *a, mems_heap *heap, int file,
                   mems_head *head) {
  mems_range *range = &own_of(heap)->range;
  mems_addr other;
  struct stat status;
  *range = (mems_range){.first = head->fixed.base, .size = head->fixed.limit};
  own_of(heap)->rooted = true;
  if (fstat(file, &status) != 0 ||
      (uint64_t)status.st_size != plan_length(heap))
    return admit_refuse(a, MEMS_EFORMAT, "is a heap that was cut or made "
                        "longer");
  if (!ranges_enter(range, a->o->share ? RANGES_TWIN : RANGES_ALONE, &other))
    return admit_refuse_overlap(a, other);
  if (!file_lock_gate(file) || !claim(file, a->o))
    return admit_refuse(a, MEMS_EBUSY, "is in use by another process");
  /* what may have changed until it was locked */
  if (!admit_head(a, file, head)) return false;
  if (!a->o->readonly && !claim_preamble(heap, file))
    return admit_refuse_os(a, "can't be opened");
  uint64_t end = admit_end(head);
  bool done = a->o->share ? join(a, heap, file, end)
                          : map_alone(a, heap, file, end);
  file_unlock(file, FILE_GATE);
  return done;
}

/* The heap in an open file; closes that if it is refused. */
static mems_heap *open_there(mems_attempt *a, int file) {
  mems_head head;
  mems_heap *heap = NULL;
  if (admit_head(a, file, &head)) {
    mems_options o = head_options(&head);
    o.random = a->o->random;
    heap = plan_reserve(&o);
    if (heap == NULL) admit_refuse_space(a);
    if (heap) plan_begin(heap, &o, o.base);
    if (heap && attach(a, heap, file, &head)) return heap;
  }
  if (heap) plan_unreserve(heap);
  file_close(file);
  return NULL;
}

/* A new heap was made to be shared: it is opened again for that. */
static void open_to_share(mems_heap **heap, mems_options *o) {
  if (*heap == NULL || !o->share) return;
  file_close(place_of(*heap)->file - 1);
  plan_unreserve(*heap);
  *heap = NULL;
  o->create = MEMS_CREATE_NEVER;
}

static mems_heap *open_path(mems_attempt *a, mems_options *o) {
  mems_heap *heap = NULL;
  bool make_it = o->create != MEMS_CREATE_NEVER && !o->readonly;
  /* as often as another makes and removes it meanwhile */
  while (heap == NULL && a->error == MEMS_OK) {
    int file = -1;
    errno = ENOENT;
    if (o->create != MEMS_CREATE_NEW) file = file_open(o->path, !o->readonly);
    if (file >= 0) {
      heap = open_there(a, file);
    } else if (errno == ENOENT && make_it) {
      heap = make_named(a, o);
      open_to_share(&heap, o);
    } else {
      admit_refuse_os(a, "can't be opened");
    }
  }
  return heap;
}

/* A heap in the file of a descriptor, by an opening of its own. */
static mems_heap *open_descriptor(mems_attempt *a, int descriptor) {
  int file = file_reopen(descriptor, !a->o->readonly);
  if (file < 0) return admit_refuse_os(a, "can't be opened");
  return open_there(a, file);
}

/* A heap in a file in memory, which has no name. */
static mems_heap *open_memfd(mems_attempt *a, mems_options *o) {
  int handed = file_in_memory();
  if (handed < 0) return admit_refuse_os(a, "can't be made");
  int file = file_reopen(handed, true);
  mems_heap *heap = file < 0 ? admit_refuse_os(a, "can't be opened")
                             : make(a, o, file);
  if (heap == NULL) {
    if (file >= 0) file_close(file);
  } else if (o->share) {
    open_to_share(&heap, o);
    heap = open_descriptor(a, handed);
  }
  if (heap)
    own_of(heap)->handed = handed + 1;
  else
    close(handed);
  return heap;
}

mems_heap *living_open(const mems_options *options, int *error) {
  mems_options o = *options;
  const char *name = o.path ? o.path : o.fd ? "the descriptor's file" :
                     "the file in memory";
  mems_attempt a = {options, name, MEMS_OK};
  mems_heap *heap = NULL;
  watch_forks();
  plan_defaults(&o);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  /* bits_put takes two stores there where a field lies in two words */
  admit_refuse(&a, MEMS_EINVAL, "needs a processor whose lowest byte is first");
  *error = a.error;
  return NULL;
#endif
  if (o.share && o.readonly)
    admit_refuse(&a, MEMS_EINVAL, "can't be shared to be read only");
  else if (o.path)
    heap = open_path(&a, &o);
  else if (o.fd)
    heap = open_descriptor(&a, *o.fd);
  else
    heap = open_memfd(&a, &o);
  *error = a.error;
  return heap;
}

int mems_heap_fd(const mems_heap *heap) {
  const mems_own *own = own_of(heap);
  return own->handed ? own->handed - 1 : own->place.file - 1;
}

int mems_heap_recovered(const mems_heap *heap, mems_recovery *recovery) {
  if (own_of(heap)->recovery.size == 0) return 0;
  size_t size = recovery->size;
  memcpy(recovery, &own_of(heap)->recovery, at_most(size, sizeof *recovery));
  recovery->size = size;
  return 1;
}

int mems_heap_sync(mems_heap *heap) {
  const mems_place *place = place_of(heap);
  if (own_of(heap)->closed) {
    heap_fail(heap, MEMS_ECLOSED);
    return MEMS_ECLOSED;
  }
  if (place->file == 0 || own_of(heap)->readonly) return MEMS_OK;
  if (pages_sync(place)) return MEMS_OK;
  heap_fail(heap, MEMS_EFILE);
  return MEMS_EFILE;
}
