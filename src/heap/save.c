/*
** save.c - a copy of a heap in a file of its own, and a heap in memory out of
** such a copy.
**
** The file is one that opens, with no hints in it but the page map: preamble,
** truth, and the bytes of all blocks, each where a heap of that limit has it.
** What is free is not written. The checksum goes over all that is, in this
** order, so that restore, which reads it in the same, can tell.
*/

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admit.h"
#include "file.h"
#include "plan.h"
#include "recover.h"
#include "redo.h"
#include "share.h"

enum {
  STEP = 1 << 20, /* bytes that are copied at once */
  SEED = 5        /* where sums begin */
};

/* A copy on its way: from or to a file that is laid out like `there`. */
typedef struct mems_copy {
  mems_heap *here;        /* whose bytes are read, or written */
  const mems_heap *there; /* where they are in the file */
  int file;
  bool load;
  uint64_t sum, done, told, total;
  const mems_saving *saving;
  int error;
} mems_copy;

static bool stop(mems_copy *copy, int error) {
  copy->error = error;
  return false;
}

/* Tells how far it is. */
static bool tell(mems_copy *copy) {
  const mems_saving *s = copy->saving;
  copy->told = copy->done;
  if (s == NULL || s->progress == NULL) return true;
  return s->progress(s->context, copy->done, copy->total) == 0 ||
         stop(copy, MEMS_ECHANGED);
}

static bool copy_piece(mems_copy *copy, char *at, size_t size,
                       uint64_t offset) {
  bool done = copy->load ? file_read(copy->file, at, size, offset)
                         : file_write(copy->file, at, size, offset);
  if (!done) {
    bool cut = copy->load && errno == 0, full = file_is_full(errno);
    return stop(copy, full ? MEMS_ENOSPC : cut ? MEMS_EFORMAT : MEMS_EFILE);
  }
  copy->sum = head_sum(copy->sum, at, size);
  return true;
}

/* Copies bytes that lie at two offsets of the two images. */
static bool copy_bytes(mems_copy *copy, uint64_t here, uint64_t there,
                       uint64_t size) {
  char *at = (char *)copy->here + here;
  uint64_t offset = there - HEAD_ROOM;
  while (size > 0) {
    /* pieces end at even places, so the sum of both ways is the same */
    size_t piece = (size_t)at_most(size, STEP);
    if (!copy_piece(copy, at, piece, offset)) return false;
    copy->done += piece;
    if (copy->done - copy->told >= STEP && !tell(copy)) return false;
    at += piece;
    offset += piece;
    size -= piece;
  }
  return true;
}

/* The first bytes of an area. */
static bool copy_area(mems_copy *copy, const mems_area *here,
                      const mems_area *there, uint64_t bytes) {
  return copy_bytes(copy, here->at, there->at, bytes);
}

/* The truth, but for the preamble, and the page map. */
static bool copy_truth(mems_copy *copy) {
  const mems_heap *a = copy->here, *b = copy->there;
  uint64_t end = a->chain.end, words = end / WORD + 1;
  uint64_t pages = end / PAGE_GRANULES;
  if (!copy_area(copy, &a->chain.start_bits, &b->chain.start_bits,
                 (words + 1) * 8) ||
      !copy_area(copy, &a->chain.used_bits, &b->chain.used_bits, words * 8) ||
      !copy_area(copy, &a->chain.node_bits, &b->chain.node_bits,
                 words_for(pages) * 8) ||
      !copy_area(copy, &a->runs.map, &b->runs.map, pages * 2) ||
      !copy_area(copy, &a->dict.tiny, &b->dict.tiny, end / 2))
    return false;
  /* how many of these bits are usable is no part of the truth */
  const mems_guard *q = &a->dict.guard;
  uint64_t bytes = q->most ? at_most(q->bits.usable, end / 16) : 0;
  uint64_t sum = copy->sum;
  bool done = bytes == 0 ||
              copy_area(copy, &q->bits, &b->dict.guard.bits, bytes);
  copy->sum = sum;
  return done;
}

/* The start behind g, by the bits alone: the summaries may not be there. */
static uint64_t next_start(const mems_chain *c, uint64_t g) {
  uint64_t i = g / WORD, w = bits_above(chain_starts(c)[i], g % WORD);
  while (w == 0 && (i + 1) * WORD <= c->end) w = chain_starts(c)[++i];
  return w ? at_most(i * WORD + bit_first(w), c->end) : c->end;
}

/* Calls copy_bytes for each stretch of blocks side by side; without `copy` the
   sum of their lengths is all. */
static bool copy_blocks(mems_copy *copy, uint64_t *total) {
  const mems_chain *c = &copy->here->chain;
  uint64_t from = NOWHERE;
  for (uint64_t g = 0, next; g <= c->end; g = next) {
    bool block = g < c->end && chain_is_process(c, g);
    next = g < c->end ? next_start(c, g) : g + 1;
    if (block && from == NOWHERE) from = g;
    if (block || from == NOWHERE) continue;
    uint64_t at = from * GRANULE, size = (g - from) * GRANULE;
    from = NOWHERE;
    if (total) {
      *total += size;
    } else if (!copy_bytes(copy, c->payload + at,
                           copy->there->chain.payload + at, size)) {
      return false;
    }
  }
  return true;
}

/* What is copied in all. */
static uint64_t total_of(mems_copy *copy) {
  uint64_t end = copy->here->chain.end, total = 0;
  copy_blocks(copy, &total);
  return total + end / 4 + end / 2 + end / 256;
}

/*
** Saving
*/

/* The options of a copy of a heap, with another limit if that is not 0. */
static mems_options options_of(const mems_heap *heap, uint64_t limit) {
  mems_options o = {.size = sizeof o};
  mems_heap_options(heap, &o);
  if (limit) o.limit = limit;
  plan_defaults(&o);
  return o;
}

/* A sum of the bits that say what is a block: has any changed? */
static uint64_t shape_of(const mems_heap *heap) {
  const mems_chain *c = &heap->chain;
  uint64_t bytes = (c->end / WORD + 1) * 8;
  uint64_t sum = head_sum(c->end, chain_starts(c), bytes);
  return head_sum(sum, chain_useds(c), bytes);
}

/* A heap without roots has no sum of them. */
static bool are_none(const mems_root_entry *roots) {
  const mems_root_entry none[ROOTS] = {{.addr = 0}};
  return memcmp(roots, none, sizeof none) == 0;
}

/* Writes all, and the preamble at last. */
static bool write_all(mems_copy *copy, const mems_options *o) {
  const mems_heap *heap = copy->here;
  uint64_t shape = shape_of(heap), length = plan_length(copy->there);
  mems_head head = {.state = HEAD_SAVED};
  if (ftruncate(copy->file, (off_t)length) != 0) return stop(copy, MEMS_EFILE);
  copy->total = total_of(copy);
  if (own_of(heap)->rooted) {
    mems_root_entry *roots = head_of(heap)->roots;
    if (!copy_piece(copy, (char *)roots, PAGE, PAGE)) return false;
    if (are_none(roots)) copy->sum = SEED;
  }
  if (!copy_truth(copy) || !copy_blocks(copy, NULL)) return false;
  copy->done = copy->total;
  if (!tell(copy)) return false;
  if (shape != shape_of(heap)) return stop(copy, MEMS_ECHANGED);
  head_make(&head, o, heap->dict.base, pages_unit());
  head.end = chain_seal_end(heap->chain.end);
  head.saved = copy->sum;
  if (!file_write(copy->file, &head, sizeof head, 0) ||
      fsync(copy->file) != 0)
    return stop(copy, MEMS_EFILE);
  return true;
}

/* Does the heap live in the file of this name? */
static bool lives_in(const mems_heap *heap, const char *path) {
  struct stat own, other;
  int file = place_of(heap)->file - 1;
  return file >= 0 && fstat(file, &own) == 0 && stat(path, &other) == 0 &&
         own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* MEMS_OK or why not: with MEMS_EFILE errno says more. */
static int save(mems_heap *heap, const char *path, mems_saving s) {
  mems_options o = options_of(heap, s.limit);
  if (own_of(heap)->closed) return MEMS_ECLOSED;
  if (s.limit > ((uint64_t)1 << 46) || (s.limit && s.limit < PAGE))
    return MEMS_EINVAL;
  if (o.limit < heap->chain.end * GRANULE) return MEMS_ELIMIT;
  if (lives_in(heap, path)) return MEMS_EBUSY;
  mems_draft draft;
  mems_heap *there = plan_layout(&o);
  if (there == NULL) return MEMS_ENOMEM;
  mems_copy copy = {.here = heap, .there = there, .saving = &s,
                    .error = MEMS_EFILE};
  if (file_begin(&draft, path)) {
    copy.file = draft.file;
    copy.sum = SEED;
    bool done = write_all(&copy, &o) && file_name(&draft, path, true) &&
                file_keep_name(path);
    if (done) copy.error = MEMS_OK;
    file_abandon(&draft);
  }
  plan_unreserve(there);
  return copy.error;
}

int mems_heap_save(mems_heap *heap, const char *path,
                   const mems_saving *saving) {
  mems_saving s = {0};
  if (saving) {
    size_t size = saving->size ? saving->size : sizeof s;
    memcpy(&s, saving, at_most(size, sizeof s));
  }
  /* nobody else's code may run while others wait for the lock */
  if (own_of(heap)->running) s.progress = NULL;
  if (!share_enter(heap)) return own_of(heap)->error;
  int error = save(heap, path, s);
  share_leave(heap);
  if (error == MEMS_OK) return MEMS_OK;
  const mems_options o = {.why = s.why, .why_size = s.why_size};
  mems_attempt a = {&o, path, error};
  if (error == MEMS_EFILE)
    admit_refuse_os(&a, "can't be written");
  else
    admit_refuse(&a, error, "was not written: %s", mems_strerror(error));
  heap_fail(heap, a.error);
  return a.error;
}

/*
** Restoring
*/

/* Reads all of a file into a heap in memory that has room for it. */
static bool read_all(mems_copy *copy, const mems_head *head) {
  mems_heap *heap = copy->here;
  mems_preamble *p = head_of(heap);
  if (!pages_map(NULL, p, PREAMBLE)) return stop(copy, MEMS_ENOMEM);
  own_of(heap)->rooted = true;
  if (!copy_piece(copy, (char *)&p->redo, PAGE, 2 * PAGE)) return false;
  copy->sum = SEED;
  if (!copy_piece(copy, (char *)p->roots, PAGE, PAGE)) return false;
  if (are_none(p->roots)) copy->sum = SEED;
  if (!copy_truth(copy)) return false;
  /* what a call had begun is done before blocks are copied, so that the one it
     makes is among them; and again by recover, as a cell may be in another */
  const mems_redo todo = p->redo;
  redo_again(heap);
  p->redo = todo;
  if (!copy_blocks(copy, NULL)) return false;
  return head->saved == 0 || head->saved == copy->sum ||
         stop(copy, MEMS_EFORMAT);
}

/* The heap has another base than the file: its roots name the same blocks. */
static void move_roots(mems_heap *heap, mems_addr from) {
  mems_root_entry *root = head_of(heap)->roots;
  for (uint64_t i = 0; i < ROOTS; i++)
    if (root[i].addr) root[i].addr += heap->dict.base - from;
}

/* A heap in memory with room for what is in a file that has this head. */
static mems_heap *make_room(mems_attempt *a, const mems_head *head,
                            mems_options *o) {
  mems_addr other;
  uint64_t end = admit_end(head);
  if (end * GRANULE > o->limit)
    return admit_refuse(a, MEMS_ELIMIT, "has more than the limit allows");
  mems_heap *heap = plan_reserve(o);
  if (heap == NULL)
    return admit_refuse_space(a);
  plan_begin(heap, o, o->base);
  own_of(heap)->range = (mems_range){.first = o->base, .size = o->limit};
  if (!ranges_enter(&own_of(heap)->range, RANGES_ALONE, &other)) {
    admit_refuse_overlap(a, other);
  } else if (!plan_reach(heap, end)) {
    admit_refuse(a, MEMS_ENOMEM, "needs more memory than there is");
  } else {
    return heap;
  }
  plan_unreserve(heap);
  return NULL;
}

/* What the file was made with, but for a base and a limit that are asked
   for. */
static mems_options wanted(const mems_head *head, const mems_options *asked) {
  mems_options o = head_options(head);
  o.random = asked->random;
  if (asked->limit) o.limit = asked->limit;
  if (asked->base) o.base = asked->base;
  plan_defaults(&o);
  return o;
}

/* A heap in memory out of an open file with a good head, which is read again
   once nobody changes it. */
static mems_heap *restore(mems_attempt *a, int file, mems_head *head,
                          const mems_options *asked) {
  const mems_options none = {0};
  mems_options as_file = wanted(head, &none), o = wanted(head, asked);
  bool mine = file_lock_gate(file) && !file_is_locked(file, FILE_SHARED, 1) &&
              file_lock(file, FILE_ALONE, false);
  file_unlock(file, FILE_GATE);
  if (!mine)
    return admit_refuse(a, MEMS_EBUSY, "is in use by another process");
  if (!admit_head(a, file, head)) return NULL;
  if (!plan_is_good(&o))
    return admit_refuse(a, MEMS_EINVAL, "has a limit that goes too far from "
                        "this base");
  mems_heap *there = plan_layout(&as_file);
  if (there == NULL)
    return admit_refuse_space(a);
  struct stat status;
  bool whole = fstat(file, &status) == 0 &&
               (uint64_t)status.st_size == plan_length(there);
  mems_heap *heap = whole ? make_room(a, head, &o) : NULL;
  if (!whole) admit_refuse(a, MEMS_EFORMAT, "is a heap that was cut or made "
                           "longer");
  mems_copy copy = {.here = heap, .there = there, .file = file, .load = true};
  if (heap && read_all(&copy, head)) {
    recover(heap);
    move_roots(heap, head->fixed.base);
    if (head->state != HEAD_OPEN) own_of(heap)->recovery.size = 0;
  } else if (heap) {
    if (copy.error == MEMS_EFILE)
      admit_refuse_os(a, "can't be read");
    else
      admit_refuse(a, copy.error, copy.error == MEMS_EFORMAT
                   ? "was damaged: its checksum is wrong"
                   : "needs more memory than there is");
    plan_unreserve(heap);
    heap = NULL;
  }
  plan_unreserve(there);
  return heap;
}

mems_heap *mems_heap_restore(const char *path, const mems_options *options,
                             int *error) {
  mems_options asked = plan_options(options), o = asked;
  o.limit = o.base = 0; /* these may differ */
  mems_attempt a = {&o, path, MEMS_OK};
  mems_heap *heap = NULL;
  if (plan_is_good(&asked)) {
    int file = file_open(path, false);
    mems_head head;
    if (file < 0)
      admit_refuse_os(&a, "can't be opened");
    else if (admit_head(&a, file, &head))
      heap = restore(&a, file, &head, &asked);
    if (file >= 0) file_close(file);
  } else {
    admit_refuse(&a, MEMS_EINVAL, "can't be restored: %s",
                 mems_strerror(MEMS_EINVAL));
  }
  if (error) *error = a.error;
  return heap;
}
