/*
** input.h - the bytes that a fuzzer makes up, read as choices. Behind the
** last byte all is 0.
*/

#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct input {
  const uint8_t *at, *end;
} input;

static inline unsigned take_byte(input *in) {
  return in->at < in->end ? *in->at++ : 0;
}

static inline uint64_t take_number(input *in, int bytes) {
  uint64_t n = 0;
  while (bytes-- > 0) n = n << 8 | take_byte(in);
  return n;
}

/* What has to be true; else the fuzzer is told and keeps the input. */
#define MUST(condition) \
  ((condition) ? (void)0 : must_have(#condition, __FILE__, __LINE__))

static inline void must_have(const char *what, const char *file, int line) {
  fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
  abort();
}

#endif
