/*
** bits.h - bits of bytes in a row, from 1 to 64 of them. Bit 0 is the lowest
** of the first byte, bit 8 the lowest of the second.
*/

#ifndef LMEMS_BITS_H
#define LMEMS_BITS_H

#include "rule.h"

/* The lowest `n` bits, 1 to 64. */
static inline uint64_t lmems_lowbits(uint64_t u, unsigned n) {
  return u & (UINT64_MAX >> (64 - n));
}

/* The same with the highest of them as a sign. */
static inline int64_t lmems_signedbits(uint64_t u, unsigned n) {
  uint64_t sign = (uint64_t)1 << (n - 1);
  return (int64_t)((lmems_lowbits(u, n) ^ sign) - sign);
}

/* `n` bits from bit `first`, 0 to 7, of the byte at `p` on; and setting
   them. No byte that has none of them is looked at. */
uint64_t lmems_readbits(const void *p, unsigned first, unsigned n);
void lmems_writebits(void *p, unsigned first, unsigned n, uint64_t value);

/* How many of the bits of `n` bytes are set. */
uint64_t lmems_countbits(const void *p, size_t n);

#endif
