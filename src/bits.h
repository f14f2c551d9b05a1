/*
** bits.h - find the first, the next, the previous bit of a 64-bit word.
** Bit 0 is the lowest. Nothing else.
*/

#ifndef MEMS_BITS_H
#define MEMS_BITS_H

#include <stdint.h>

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

static inline unsigned bit_count(uint64_t w) {
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

/* The bits of `a` where `mask` is set, else those of `b`. */
static inline uint64_t bits_blend(uint64_t a, uint64_t b, uint64_t mask) {
  return ((a ^ b) & mask) ^ b;
}

/* Bit i becomes bit 0; what falls out comes in at the top. */
static inline uint64_t bits_rotate(uint64_t w, unsigned i) {
  return w >> i | w << (-i & 63u);
}

/* The 64 bits that follow number i of `low`, which `high` continues. */
static inline uint64_t bits_after(uint64_t low, uint64_t high, unsigned i) {
  return (low >> i >> 1) | (high << (63u - i));
}

#endif
