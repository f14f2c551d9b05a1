/*
** bits.c - bits of bytes in a row.
*/

#include "bits.h"

uint64_t lmems_readbits(const void *p, unsigned first, unsigned n) {
  const unsigned char *byte = p;
  uint64_t u = (uint64_t)*byte >> first;
  for (unsigned have = 8 - first; have < n; have += 8)
    u |= (uint64_t)*++byte << have;
  return lmems_lowbits(u, n);
}

void lmems_writebits(void *p, unsigned first, unsigned n, uint64_t value) {
  unsigned char *byte = p;
  for (; n > 0; byte++, first = 0) {
    unsigned part = n < 8 - first ? n : 8 - first;
    unsigned mask = ((1u << part) - 1) << first;
    *byte = (unsigned char)((*byte & ~mask) | ((value << first) & mask));
    value >>= part;
    n -= part;
  }
}

uint64_t lmems_countbits(const void *p, size_t n) {
  const char *byte = p;
  uint64_t count = 0, word;
  for (; n >= sizeof word; n -= sizeof word, byte += sizeof word) {
    memcpy(&word, byte, sizeof word);
    count += (uint64_t)__builtin_popcountll(word);
  }
  word = 0;
  memcpy(&word, byte, n);
  return count + (uint64_t)__builtin_popcountll(word);
}
