/*
** idle.c - the bits of idle.h, word by word.
*/

#include "idle.h"

uint64_t idle_plan(mems_idle *d, uint64_t at, uint64_t limit) {
  uint64_t bytes = words_for(limit / PAGE_GRANULES) * 8;
  at = area_plan(&d->idle_bits, at, bytes);
  return area_plan(&d->gone_bits, at, bytes);
}

enum { CLEAR, SET, KEEP };

/* Changes the bits of a word of idle and of gone pages under a mask; only
   those that are not gone become idle. Returns how many more are idle. */
HOT uint64_t change_word(uint64_t *w, uint64_t *z, uint64_t mask, int idle,
                         int gone) {
  uint64_t old = *w, zero = *z;
  if (gone == SET) *z = zero |= mask;
  if (gone == CLEAR && zero & mask) *z = zero &= ~mask;
  uint64_t now = idle == SET ? old | (mask & ~zero) : old & ~mask;
  if (now == old) return 0;
  *w = now;
  return bit_count(now) - (uint64_t)bit_count(old);
}

/* The same for pages p; part of each caller, so that no word asks again what
   is to be done. */
HOT void change(mems_idle *d, void *image, mems_pages p, int idle, int gone) {
  uint64_t *w = idle_word(&d->idle_bits, image, p.from);
  uint64_t *z = idle_word(&d->gone_bits, image, p.from);
  uint64_t left = p.to / WORD - p.from / WORD, more = 0;
  if (p.from >= p.to) return;
  uint64_t mask = bits_from(~UINT64_C(0), p.from % WORD);
  for (; left > 0; left--, mask = ~UINT64_C(0))
    more += change_word(w++, z++, mask, idle, gone);
  mask = bits_below(mask, p.to % WORD);
  if (mask) more += change_word(w, z, mask, idle, gone);
  d->pages += more;
}

bool idle_grow(mems_idle *d, void *image, mems_pages p) {
  uint64_t bytes = words_for(p.to) * 8;
  if (!area_grow(image, &d->idle_bits, bytes) ||
      !area_grow(image, &d->gone_bits, bytes))
    return false;
  change(d, image, p, CLEAR, SET);
  return true;
}

void idle_shrink(mems_idle *d, void *image, uint64_t page) {
  uint64_t bytes = words_for(page) * 8;
  uint64_t known = at_most(d->idle_bits.usable, d->gone_bits.usable) * 8;
  change(d, image, (mems_pages){page, known}, CLEAR, CLEAR);
  area_shrink(image, &d->idle_bits, bytes);
  area_shrink(image, &d->gone_bits, bytes);
}

void idle_add(mems_idle *d, void *image, mems_pages p) {
  change(d, image, p, SET, KEEP);
}

void idle_touch(mems_idle *d, void *image, mems_pages p) {
  change(d, image, p, CLEAR, CLEAR);
}

void idle_gone(mems_idle *d, void *image, mems_pages p) {
  change(d, image, p, CLEAR, SET);
}

/* The first page from p.from on, below p.to, whose bit is `set`; p.to if
   there is none. */
static uint64_t first(const mems_area *area, const void *image, mems_pages p,
                      bool set) {
  for (uint64_t i = p.from / WORD; i * WORD < p.to; i++) {
    uint64_t w = *idle_word(area, image, i * WORD);
    w = (set ? w : ~w) & bits_between(i, p.from, p.to);
    if (w) return i * WORD + bit_first(w);
  }
  return p.to;
}

mems_pages idle_next(const mems_idle *d, const void *image, uint64_t page,
                     uint64_t end) {
  uint64_t from = first(&d->idle_bits, image, (mems_pages){page, end}, true);
  if (from == end) return (mems_pages){end, 0};
  mems_pages rest = {from, end};
  return (mems_pages){from, first(&d->idle_bits, image, rest, false)};
}

uint64_t idle_like(const mems_idle *d, const void *image, mems_pages p,
                   bool gone) {
  return first(&d->gone_bits, image, p, !gone) - p.from;
}
