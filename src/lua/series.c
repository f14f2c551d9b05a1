/*
** series.c - packing, unpacking and converting the elements of a series.
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

void lmems_loadcopy(lmems_chunk *c, const lmems_series *s) {
  lmems_series part = *s;
  char packed[LMEMS_CHUNK * sizeof(uint64_t)];
  if (part.count > LMEMS_CHUNK)
    part.count = LMEMS_CHUNK;
  c->bytes = c->copy;
  c->count = part.count;
  if (s->foreign < 0) {
    lmems_pack(c->copy, &part);
    return;
  }
  lmems_pack(packed, &part);
  lmems_widen(s->foreign, c->copy, packed, part.count);
}

void lmems_store_slow(const lmems_chunk *c, const lmems_series *s) {
  lmems_series part = *s;
  char packed[LMEMS_CHUNK * sizeof(uint64_t)];
  part.count = c->count;
  if (s->foreign < 0) {
    lmems_unpack(&part, c->bytes);
    return;
  }
  lmems_narrow(s->foreign, packed, c->bytes, c->count);
  lmems_unpack(&part, packed);
}

void lmems_widenall(char *to, lmems_series from) {
  size_t size = lmems_typesize(lmems_widetype(from.foreign));
  lmems_chunk c;
  for (; from.count > 0; lmems_skip(&from, c.count)) {
    lmems_loadcopy(&c, &from);
    memcpy(to, c.bytes, c.count * size);
    to += c.count * size;
  }
}

void lmems_narrowall(lmems_series to, const char *from) {
  size_t size = lmems_typesize(lmems_widetype(to.foreign));
  lmems_chunk c;
  for (; to.count > 0; lmems_skip(&to, c.count)) {
    c.count = to.count < LMEMS_CHUNK ? to.count : LMEMS_CHUNK;
    c.bytes = c.copy;
    memcpy(c.copy, from, c.count * size);
    lmems_store_slow(&c, &to);
    from += c.count * size;
  }
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
