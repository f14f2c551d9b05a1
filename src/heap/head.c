/*
** head.c - making and checking the head of a heap's file.
*/

#include "head.h"

#include <string.h>
#include <sys/random.h>

#include "entry.h"

static_assert(sizeof(mems_preamble) == PREAMBLE, "the file's first pages");
static_assert(4 * PAGE + sizeof(mems_running) <= STRUCT_AT, "fit");

static const char MAGIC[8] = "MeMSheap";
enum { ORDER = 0x01020304 };

static uint64_t mix(uint64_t x) {
  x = (x ^ x >> 32) * UINT64_C(0xD6E8FEB86659FD93);
  return x ^ x >> 29;
}

uint64_t head_sum(uint64_t seed, const void *bytes, size_t size) {
  const char *at = bytes;
  uint64_t lane[4] = {seed, ~seed, seed + 1, size}, w[4];
  for (; size >= sizeof w; at += sizeof w, size -= sizeof w) {
    memcpy(w, at, sizeof w);
    for (int i = 0; i < 4; i++)
      lane[i] = (lane[i] ^ w[i]) * UINT64_C(0x9E3779B97F4A7C15) + (w[i] >> 32);
  }
  memset(w, 0, sizeof w);
  memcpy(w, at, size);
  uint64_t sum = 0;
  for (int i = 0; i < 4; i++) sum = mix(sum + mix(lane[i] ^ w[i]) + i);
  return sum ? sum : 1;
}

/* What the truth looks like: a file with another one is not for this code. */
static uint64_t truth(void) {
  const uint64_t measures[] = {HEAD_FORMAT, GRANULE, PAGE, TINY, SLACK_BITS,
                               LONG, SLACK_LONG, MARK_LEAST, MARK_BITS,
                               MARK_LONG, ROOTS, ROOT_NAME};
  return head_sum(1, measures, sizeof measures);
}

uint64_t head_layout(void) {
  const uint64_t measures[] = {HEAD_FORMAT, CLASSES, SET_LEVELS, SIZES,
                               SLOT_MOST, TIGHT_HEAP, sizeof(mems_summary)};
  return head_sum(2, measures, sizeof measures);
}

void head_make(mems_head *head, const mems_options *o, mems_addr base,
               uint64_t unit) {
  mems_head_fixed f = {.order = ORDER, .format = HEAD_FORMAT};
  memcpy(f.magic, MAGIC, sizeof f.magic);
  f.limit = o->limit;
  f.page = o->page;
  f.align = o->align;
  f.quarantine = o->quarantine;
  f.fill = o->fill != 0;
  f.unit = unit;
  f.base = base;
  f.truth = truth();
  if (getrandom(f.uuid, sizeof f.uuid, 0) < 0) f.uuid[0] = 0;
  head->fixed = f;
  head->sum = head_sum(0, &f, sizeof f);
}

mems_options head_options(const mems_head *head) {
  const mems_head_fixed *f = &head->fixed;
  return (mems_options){.limit = f->limit, .base = f->base, .page = f->page,
                        .align = f->align, .quarantine = f->quarantine,
                        .fill = f->fill != 0};
}

const char *head_mistake(const mems_head *head, size_t size, uint64_t unit) {
  const mems_head_fixed *f = &head->fixed;
  if (size >= sizeof f->magic && memcmp(f->magic, MAGIC, sizeof f->magic) != 0)
    return "is no heap of mems";
  if (size < PREAMBLE) return "is too short for a heap of mems";
  if (f->order != ORDER)
    return "is a heap of a machine with another byte order";
  if (f->format != HEAD_FORMAT)
    return "is a heap in another format than this version has";
  if (head->sum != head_sum(0, f, sizeof *f))
    return "is a heap whose head was damaged: its checksum is wrong";
  if (f->truth != truth())
    return "is a heap with other measures than this version has";
  if (f->unit != unit)
    return "is a heap of a system with pages of another size";
  return NULL;
}

const char *head_difference(const mems_head *head, const mems_options *o) {
  const mems_head_fixed *f = &head->fixed;
  if (o->limit && o->limit / f->unit * f->unit != f->limit) return "limit";
  if (o->base && o->base != f->base) return "base";
  if (o->page && round_up(o->page, f->unit) != f->page) return "page";
  if (o->align && o->align != f->align) return "align";
  uint64_t waits = at_most(o->quarantine, f->limit) / GRANULE * GRANULE;
  if (o->quarantine && waits != f->quarantine) return "quarantine";
  if (o->fill && !f->fill) return "fill";
  return NULL;
}
