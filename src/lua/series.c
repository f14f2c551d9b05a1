/*
** series.c - packing, unpacking and turning around the elements of a series.
*/

#include "series.h"

/* Copies `n` elements of a constant size. */
#define STRIDES(size) \
  for (size_t i = 0; i < n; i++) \
    memcpy(to + i * to_stride, from + i * from_stride, size)

static void copy_strides(char *to, size_t to_stride, const char *from,
                         size_t from_stride, size_t n, size_t size) {
  switch (size) {
    case 1: STRIDES(1); break;
    case 2: STRIDES(2); break;
    case 4: STRIDES(4); break;
    case 8: STRIDES(8); break;
    default: STRIDES(size); break;
  }
}

void lmems_pack(char *to, const lmems_series *from) {
  if (lmems_packed(from))
    memcpy(to, from->p, from->count * from->size);
  else
    copy_strides(to, from->size, from->p, from->stride, from->count,
                 from->size);
}

void lmems_unpack(const lmems_series *to, const char *from) {
  if (lmems_packed(to))
    memcpy(to->p, from, to->count * to->size);
  else
    copy_strides(to->p, to->stride, from, to->size, to->count, to->size);
}

/* Turns the bytes of `n` elements around. */
static void swap_elements(char *p, size_t n, size_t size) {
#define SWAP(bits) \
    case (bits) / 8: \
      for (size_t i = 0; i < n; i++) { \
        uint##bits##_t u; \
        memcpy(&u, p + i * sizeof u, sizeof u); \
        u = lmems_swap##bits(u); \
        memcpy(p + i * sizeof u, &u, sizeof u); \
      } \
      break;
  switch (size) {
    SWAP(16)
    SWAP(32)
    SWAP(64)
    default: break;
  }
#undef SWAP
}

void lmems_loadcopy(lmems_chunk *c, const lmems_series *s) {
  lmems_series part = *s;
  if (part.count > LMEMS_CHUNK)
    part.count = LMEMS_CHUNK;
  lmems_pack(c->copy, &part);
  if (s->swapped)
    swap_elements(c->copy, part.count, s->size);
  c->bytes = c->copy;
  c->count = part.count;
}

void lmems_store_slow(const lmems_chunk *c, const lmems_series *s) {
  lmems_series part = *s;
  char turned[LMEMS_CHUNK * sizeof(uint64_t)];
  const char *from = c->bytes;
  part.count = c->count;
  if (s->swapped) {
    memcpy(turned, from, c->count * s->size);
    swap_elements(turned, c->count, s->size);
    from = turned;
  }
  lmems_unpack(&part, from);
}

/* Repeats the first `size` bytes at `p` as far as `bytes`, a multiple. */
static void repeat(char *p, size_t size, size_t bytes) {
  enum { SEED = 4096 }; /* bytes that are copied again and again */
  size_t done = size;
  int same = 1;
  for (size_t i = 1; i < size; i++)
    same &= p[i] == p[0];
  if (same) {
    memset(p, p[0], bytes);
    return;
  }
  while (done < bytes && done < SEED) {
    size_t n = done < bytes - done ? done : bytes - done;
    memcpy(p + done, p, n);
    done += n;
  }
  for (size_t seed = done; done < bytes; done += seed)
    memcpy(p + done, p, seed < bytes - done ? seed : bytes - done);
}

void lmems_repeat(const lmems_series *s) {
  if (lmems_packed(s))
    repeat(s->p, s->size, s->count * s->size);
  else
    copy_strides(s->p + s->stride, s->stride, s->p, 0, s->count - 1, s->size);
}

/* Swaps elements of a constant size. */
#define SWAPS(size) \
  for (; i < j; i += s->stride, j -= s->stride) { \
    char e[size]; \
    memcpy(e, i, size); \
    memcpy(i, j, size); \
    memcpy(j, e, size); \
  }

/* Swaps what is at `p` and `q`. */
static void swap_bytes(char *p, char *q, size_t size) {
  char piece[64];
  while (size > 0) {
    size_t n = size < sizeof piece ? size : sizeof piece;
    memcpy(piece, p, n);
    memcpy(p, q, n);
    memcpy(q, piece, n);
    p += n;
    q += n;
    size -= n;
  }
}

void lmems_reverse(const lmems_series *s) {
  if (s->count < 2)
    return;
  char *i = s->p, *j = s->p + (s->count - 1) * s->stride;
  switch (s->size) {
    case 1: SWAPS(1) break;
    case 2: SWAPS(2) break;
    case 4: SWAPS(4) break;
    case 8: SWAPS(8) break;
    default:
      for (; i < j; i += s->stride, j -= s->stride)
        swap_bytes(i, j, s->size);
      break;
  }
}

void lmems_gather(char *to, const lmems_series *from, const uint64_t *index,
                  size_t n) {
#define GATHER(bytes) \
    for (size_t i = 0; i < n; i++) \
      memcpy(to + i * (bytes), from->p + index[i] * from->stride, bytes)
  switch (from->size) {
    case 1: GATHER(1); break;
    case 2: GATHER(2); break;
    case 4: GATHER(4); break;
    case 8: GATHER(8); break;
    default: GATHER(from->size); break;
  }
#undef GATHER
}

void lmems_permute(const lmems_series *s, uint64_t *index, char *one) {
  for (size_t i = 0; i < s->count; i++) {
    size_t j = i;
    if (index[i] == i)
      continue;
    memcpy(one, s->p + i * s->stride, s->size);
    for (size_t k; (k = (size_t)index[j]) != i; j = k) {
      memcpy(s->p + j * s->stride, s->p + k * s->stride, s->size);
      index[j] = j;
    }
    memcpy(s->p + j * s->stride, one, s->size);
    index[j] = j;
  }
}
