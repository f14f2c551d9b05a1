/*
** radix.c - sorting numbers, and keys with the indices of what they are of.
**
** All types become unsigned numbers of their width that have the same order:
** a signed one with its sign bit turned, a float with its sign bit turned or,
** if it is negative, all its bits. Those are sorted by their digits of eight
** bits, the lowest first (radix sort), between the array and a second one of
** the same size. A digit that is the same everywhere is passed over. Where
** the heap has no room for the second array, or for a few elements, it is a
** heapsort, or an insertion sort, in place. NaNs go to the end before.
*/

#include "radix.h"

enum { DIGITS = 256, FEW = LMEMS_FEW };

/* What a pass does with the bits of an element. */
typedef struct order {
  int swapped; /* turn the bytes around */
  int floating;
  uint64_t sign; /* the sign bit, or 0 for what has none */
} order;

/* To and from the unsigned number of the same order. */
#define KEYS(bits) \
  static uint##bits##_t key##bits(uint##bits##_t u, order o) { \
    if (o.swapped) \
      u = lmems_swap##bits(u); \
    if (o.floating && (u & o.sign)) \
      return (uint##bits##_t)~u; \
    return (uint##bits##_t)(u ^ o.sign); \
  } \
  static uint##bits##_t value##bits(uint##bits##_t u, order o) { \
    if (o.floating && !(u & o.sign)) \
      u = (uint##bits##_t)~u; \
    else \
      u = (uint##bits##_t)(u ^ o.sign); \
    return o.swapped ? lmems_swap##bits(u) : u; \
  } \
  static void to_keys##bits(uint##bits##_t *a, size_t n, order o) { \
    for (size_t i = 0; i < n; i++) \
      a[i] = key##bits(a[i], o); \
  } \
  static void to_values##bits(uint##bits##_t *a, size_t n, order o) { \
    for (size_t i = 0; i < n; i++) \
      a[i] = value##bits(a[i], o); \
  }

#define INSERTION(bits) \
  static void insertion##bits(uint##bits##_t *a, size_t n) { \
    for (size_t i = 1; i < n; i++) { \
      uint##bits##_t u = a[i]; \
      size_t j = i; \
      for (; j > 0 && a[j - 1] > u; j--) \
        a[j] = a[j - 1]; \
      a[j] = u; \
    } \
  }

#define HEAPSORT(bits) \
  static void sift##bits(uint##bits##_t *a, size_t i, size_t n) { \
    uint##bits##_t u = a[i]; \
    for (size_t child; (child = 2 * i + 1) < n; i = child) { \
      if (child + 1 < n && a[child + 1] > a[child]) \
        child++; \
      if (a[child] <= u) \
        break; \
      a[i] = a[child]; \
    } \
    a[i] = u; \
  } \
  static void heapsort##bits(uint##bits##_t *a, size_t n) { \
    for (size_t i = n / 2; i-- > 0;) \
      sift##bits(a, i, n); \
    while (n-- > 1) { \
      uint##bits##_t u = a[0]; \
      a[0] = a[n]; \
      a[n] = u; \
      sift##bits(a, 0, n); \
    } \
  }

/* One pass: from a to b by the digit at `shift`, whose values are counted in
   `count`. False, and nothing done, if all have the same. */
#define PASS(bits) \
  static int pass##bits(const uint##bits##_t *a, uint##bits##_t *b, \
                        size_t n, unsigned shift, const size_t *count) { \
    size_t place[DIGITS], sum = 0; \
    if (count[(a[0] >> shift) % DIGITS] == n) \
      return 0; \
    for (int digit = 0; digit < DIGITS; digit++) { \
      place[digit] = sum; \
      sum += count[digit]; \
    } \
    for (size_t i = 0; i < n; i++) \
      b[place[(a[i] >> shift) % DIGITS]++] = a[i]; \
    return 1; \
  }

#define RADIX(bits) \
  static void radix##bits(uint##bits##_t *a, uint##bits##_t *spare, \
                          size_t n) { \
    size_t count[(bits) / 8][DIGITS] = {{0}}; \
    uint##bits##_t *from = a, *to = spare; \
    for (size_t i = 0; i < n; i++) \
      for (unsigned k = 0; k < (bits) / 8; k++) \
        count[k][(a[i] >> 8 * k) % DIGITS]++; \
    for (unsigned k = 0; k < (bits) / 8; k++) \
      if (pass##bits(from, to, n, 8 * k, count[k])) { \
        uint##bits##_t *swap = from; \
        from = to; \
        to = swap; \
      } \
    if (from != a) \
      memcpy(a, from, n * sizeof *a); \
  }

#define SORT(bits) \
  KEYS(bits) \
  INSERTION(bits) \
  HEAPSORT(bits) \
  PASS(bits) \
  RADIX(bits) \
  static void sort##bits(void *elements, void *spare, size_t n, order o) { \
    uint##bits##_t *a = elements; \
    to_keys##bits(a, n, o); \
    if (n <= FEW) \
      insertion##bits(a, n); \
    else if (spare != NULL) \
      radix##bits(a, spare, n); \
    else \
      heapsort##bits(a, n); \
    to_values##bits(a, n, o); \
  }

SORT(8)
SORT(16)
SORT(32)
SORT(64)

static int is_nan(const char *p, int type) {
  if (type % LMEMS_SWAPPED == LMEMS_F32) {
    uint32_t u;
    memcpy(&u, p, sizeof u);
    u = type >= LMEMS_SWAPPED ? lmems_swap32(u) : u;
    return (u & INT32_MAX) > 0x7F800000u;
  }
  uint64_t u;
  memcpy(&u, p, sizeof u);
  u = type >= LMEMS_SWAPPED ? lmems_swap64(u) : u;
  return (u & INT64_MAX) > 0x7FF0000000000000u;
}

/* Moves the NaNs behind all others, which keep their number: returned. */
static size_t part_nans(char *p, size_t n, int type) {
  size_t size = lmems_typesize(type), i = 0;
  char element[sizeof(uint64_t)];
  while (i < n) {
    if (!is_nan(p + i * size, type)) {
      i++;
      continue;
    }
    n--;
    memcpy(element, p + i * size, size);
    memmove(p + i * size, p + n * size, size);
    memcpy(p + n * size, element, size);
  }
  return n;
}

static order order_of(int type) {
  int native = type % LMEMS_SWAPPED;
  order o = {type >= LMEMS_SWAPPED, 0, 0};
  o.floating = native == LMEMS_F32 || native == LMEMS_F64;
  if (o.floating || native == LMEMS_I8 || native == LMEMS_I16 ||
      native == LMEMS_I32 || native == LMEMS_I64)
    o.sign = (uint64_t)1 << (8 * lmems_typesize(type) - 1);
  return o;
}

void lmems_sortnumbers(char *p, void *spare, size_t n, int type, int desc) {
  order o = order_of(type);
  size_t size = lmems_typesize(type);
  if (o.floating)
    n = part_nans(p, n, type);
  switch (size) {
    case 1: sort8(p, spare, n, o); break;
    case 2: sort16(p, spare, n, o); break;
    case 4: sort32(p, spare, n, o); break;
    default: sort64(p, spare, n, o); break;
  }
  if (desc) {
    const lmems_series s = {p, n, size, size, 0};
    lmems_reverse(&s);
  }
}

uint64_t lmems_sortkey(int type, const char *p) {
  char wide[sizeof(uint64_t)];
  if (lmems_isnarrow(type)) {
    lmems_widen(type, wide, p, 1);
    type = lmems_widetype(type);
    p = wide;
  }
  order o = order_of(type);
  uint64_t key;
  if (o.floating && is_nan(p, type))
    return LMEMS_NANKEY;
#define KEY(bits) \
    case (bits) / 8: { \
      uint##bits##_t u; \
      memcpy(&u, p, sizeof u); \
      key = key##bits(u, o); \
      break; \
    }
  switch (lmems_typesize(type)) {
    KEY(8)
    KEY(16)
    KEY(32)
    default:
    KEY(64)
  }
#undef KEY
  return o.floating && key == o.sign - 1 ? o.sign : key; /* -0.0 is 0.0 */
}

lmems_keyed *lmems_sortkeyed(lmems_keyed *a, lmems_keyed *spare, size_t n) {
  enum { KEY_DIGITS = sizeof a->key };
  size_t count[KEY_DIGITS][DIGITS] = {{0}};
  for (size_t i = 0; i < n; i++)
    for (unsigned k = 0; k < KEY_DIGITS; k++)
      count[k][(a[i].key >> 8 * k) % DIGITS]++;
  for (unsigned k = 0; n > 0 && k < KEY_DIGITS; k++) {
    size_t place[DIGITS], sum = 0;
    if (count[k][(a[0].key >> 8 * k) % DIGITS] == n)
      continue;
    for (int digit = 0; digit < DIGITS; digit++) {
      place[digit] = sum;
      sum += count[k][digit];
    }
    for (size_t i = 0; i < n; i++)
      spare[place[(a[i].key >> 8 * k) % DIGITS]++] = a[i];
    lmems_keyed *swap = a;
    a = spare;
    spare = swap;
  }
  return a;
}
