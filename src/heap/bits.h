/*
** bits.h - find the first, the next, the previous bit of a 64-bit word, and
** of a bitmap, an array of such words. Bit 0 is the lowest. Nothing else.
**
** A window is what a bitmap shows from one bit on, or up to one, whatever
** words that lies in: WINDOW bits at least. Where the lowest byte of a word
** comes first in memory that is one load and one shift:
**
**   bytes     |   k    |  k + 1 |  k + 2 |   ...  |  k + 7 |
**   bits           iwwwwwwwwwwwwwwwwwwwwwwww ... wwwwwwwwww     i / 8 == k
**
** A field is the same for FIELD bits, which may be changed as well. It begins
** at a half word, so that fields of neighbours are mostly the same word: a
** load that needs bytes of two stores made just before has to wait for both.
*/

#ifndef MEMS_BITS_H
#define MEMS_BITS_H

#include <stdint.h>
#include <string.h>

#include "truth.h"

static inline uint64_t bit(unsigned i) {
  return UINT64_C(1) << i;
}

/* Number of the lowest set bit; w is not 0. */
static inline unsigned bit_first(uint64_t w) {
  return (unsigned)__builtin_ctzll(w);
}

/* Number of the highest set bit; w is not 0. */
static inline unsigned bit_last(uint64_t w) {
  return 63u - (unsigned)__builtin_clzll(w);
}

/* Number of set bits; the words that are most common in long bitmaps take no
   call (there is no instruction for it on all processors). */
static inline unsigned bit_count(uint64_t w) {
  if (w == 0 || w == ~UINT64_C(0)) return w ? 64 : 0;
  return (unsigned)__builtin_popcountll(w);
}

/* The bits above number i, in their places. */
static inline uint64_t bits_above(uint64_t w, unsigned i) {
  return w & (~UINT64_C(1) << i);
}

/* The bits from number i up, in their places. */
static inline uint64_t bits_from(uint64_t w, unsigned i) {
  return w & (~UINT64_C(0) << i);
}

/* The bits up to number i, in their places. */
static inline uint64_t bits_upto(uint64_t w, unsigned i) {
  return w & ~(~UINT64_C(1) << i);
}

/* The bits below number i, in their places. */
static inline uint64_t bits_below(uint64_t w, unsigned i) {
  return w & ~(~UINT64_C(0) << i);
}

enum { WINDOW = 57, FIELD = 33 };

/* All bits of the word of number i, each one the bit behind it. */
static inline uint64_t bits_behind(const uint64_t *map, uint64_t i) {
  return map[i / 64] >> 1 | map[i / 64 + 1] << 63;
}

/* Which bits of word number i of a bitmap are in [from, to). */
static inline uint64_t bits_between(uint64_t i, uint64_t from, uint64_t to) {
  uint64_t mask = ~UINT64_C(0);
  if (i == from / 64) mask = bits_from(mask, from % 64);
  if (i == to / 64) mask = bits_below(mask, to % 64);
  return mask;
}

/* Test builds with small limits take the portable way, unless they are to be
   stopped between stores: it takes two of them where a field lies in two
   words. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && \
  (!defined(MEMS_TINY) || defined(MEMS_STOPPED))

/* The bits from number i on, that one lowest. */
static inline uint64_t bits_window(const uint64_t *map, uint64_t i) {
  uint64_t w;
  memcpy(&w, (const char *)map + i / 8, sizeof w);
  return w >> i % 8;
}

/* The bits up to number i, that one highest. */
static inline uint64_t bits_before(const uint64_t *map, uint64_t i) {
  uint64_t w;
  memcpy(&w, (const char *)map + i / 8 - (sizeof w - 1), sizeof w);
  return w << (7 - i % 8);
}

/* The bits from number i on, and what is left of the field's word. */
static inline uint64_t bits_field(const uint64_t *map, uint64_t i) {
  uint64_t w;
  memcpy(&w, (const char *)map + i / 32 * 4, sizeof w);
  return w >> i % 32;
}

/* Those bits of the field from number i on that `mask` has become `bits`, by
   one store. */
static inline void bits_put(uint64_t *map, uint64_t i, uint64_t mask,
                            uint64_t bits) {
  uint64_t w;
  char *at = (char *)map + i / 32 * 4;
  memcpy(&w, at, sizeof w);
  truth_put_field(at, (w & ~(mask << i % 32)) | bits << i % 32);
}

#else

static inline uint64_t bits_window(const uint64_t *map, uint64_t i) {
  const uint64_t *w = map + i / 64;
  return w[0] >> i % 64 | w[1] << 1 << (63 - i % 64);
}

static inline uint64_t bits_before(const uint64_t *map, uint64_t i) {
  const uint64_t *w = map + i / 64;
  return w[0] << (63 - i % 64) | w[-1] >> 1 >> i % 64;
}

static inline uint64_t bits_field(const uint64_t *map, uint64_t i) {
  return bits_window(map, i);
}

static inline void bits_put(uint64_t *map, uint64_t i, uint64_t mask,
                            uint64_t bits) {
  uint64_t *w = map + i / 64;
  unsigned rest = 63 - i % 64;
  uint64_t over = mask >> 1 >> rest;
  if (over) truth_put(w + 1, (w[1] & ~over) | (bits >> 1 >> rest & over));
  truth_put(w, (w[0] & ~(mask << i % 64)) | (bits & mask) << i % 64);
}

#endif

#endif
