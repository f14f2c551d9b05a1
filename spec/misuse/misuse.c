/*
** misuse.c - programs that misuse malloc, 37 of them, each in a process of
** its own, by the interface of malloc on a heap with all options that find
** mistakes. A program is caught if it is ended before its last line, or when
** it ends. Three only read where they must not: nothing sees that, but they
** get what memory is filled with and no one's data. For each size it tells how
** many were caught, how many read fill, and names the others.
**
**   misuse [ROUNDS]     each program so many times: 1; what counts is what it
**                       is each time
*/

#include "mems.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static mems_heap *heap;

enum { CAUGHT = 3, FILL = 4, FAILED = 5 }; /* what a program ends with */

static void caught(void) { _exit(CAUGHT); }

static void stopped(int signal) {
  (void)signal;
  caught();
}

static void damaged(void *context, const mems_damage *damage) {
  (void)context;
  (void)damage;
  caught();
}

/* The interface of malloc. What the heap refuses ends the program, as a malloc
   that is hardened does. */

static char *allocate(size_t size) {
  return mems_heap_get(heap, mems_heap_malloc(heap, size));
}

static char *zeroed(size_t size) {
  return mems_heap_get(heap, mems_heap_calloc(heap, 1, size));
}

static mems_addr address(const void *p) {
  mems_addr addr = mems_heap_address(heap, p);
  if (addr == 0) caught();
  return addr;
}

static void release(void *p) {
  if (p != NULL && mems_heap_free(heap, address(p)) != MEMS_OK) caught();
}

static char *resize(void *p, size_t size) {
  mems_addr addr = mems_heap_realloc(heap, address(p), size);
  if (addr == 0) caught();
  return mems_heap_get(heap, addr);
}

static size_t usable(const void *p) {
  size_t size = mems_heap_size(heap, address(p));
  if (size == 0) caught();
  return size;
}

/* Not to be seen through by the compiler. */
static void put(char *p, long offset, char byte) {
  *(volatile char *)(p + offset) = byte;
}

/* Ends the program if what is read is fill. */
static void read_one(const char *p, long offset) {
  unsigned char got = *(const volatile unsigned char *)(p + offset);
  if (got == 0x55 || got == 0xAA) _exit(FILL);
}

/* Makes a block larger until it moves. */
static void move(char *p, size_t n) {
  char *now = p;
  for (size_t size = 4 * n + 100000; now == p; size += size / 2)
    now = resize(p, size);
}

/* A few blocks more, so that places change. */
static void churn(size_t n) {
  char *list[64];
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < 64; i++) list[i] = allocate(n);
    for (int i = 0; i < 64; i++) release(list[i]);
  }
}

/*
** The programs: `n` is the size, p, q, r are blocks of it, full of 'p', 'q' and
** 'r'.
*/

typedef struct blocks {
  char *p, *q, *r;
} blocks;

#define UNUSED __attribute__((unused))
#define PROGRAM(name) static void name(size_t n UNUSED, blocks b UNUSED)
#define N ((long)n)

PROGRAM(double_free) { release(b.p); release(b.p); }
PROGRAM(double_free_between) {
  release(b.p); release(b.q); release(b.p);
}
PROGRAM(double_free_later) { release(b.p); churn(n); release(b.p); }
PROGRAM(double_free_after_realloc) {
  move(b.p, n); release(b.p);
}
PROGRAM(free_inside) { release(b.p + 1); }
PROGRAM(free_inside_aligned) { release(b.p + (n > 8 ? n / 2 : 4)); }
PROGRAM(free_before) { release(b.p - 8); }
PROGRAM(free_past_end) { release(b.p + n); }
PROGRAM(free_stack) { char x[16] = {0}; release(x + n % 8); }
PROGRAM(free_static) { static char x[64]; release(x + 16); }
PROGRAM(free_wild) { release((void *)(n << 20 | 0x1000)); }
PROGRAM(free_misaligned_block) { release(b.q + 3); }
PROGRAM(realloc_freed) { release(b.p); resize(b.p, n + 1); }
PROGRAM(realloc_inside) { resize(b.p + 1, n + 1); }
PROGRAM(realloc_stack) { char x[16] = {0}; resize(x + n % 8, 16); }
PROGRAM(realloc_wild) { resize((void *)(n << 20 | 0x3000), 16); }
PROGRAM(size_of_freed) { release(b.p); usable(b.p); }
PROGRAM(size_inside) { usable(b.p + 4); }
PROGRAM(overflow_one) { put(b.p, N, 'x'); release(b.p); }
PROGRAM(overflow_one_zero) { put(b.p, N, 0); release(b.p); }
PROGRAM(overflow_eight) {
  for (long i = 0; i < 8; i++) put(b.p, N + i, 'x');
  release(b.p);
}
PROGRAM(overflow_long) {
  for (long i = 0; i < N + 64; i++) put(b.p, i, 'x');
  release(b.p);
}
PROGRAM(overflow_never_freed) { put(b.p, N, 'x'); }
PROGRAM(overflow_calloc) { put(zeroed(n), N, 1); }
PROGRAM(overflow_realloc) { b.p = resize(b.p, n + 5); put(b.p, N + 5, 1); }
PROGRAM(underflow_one) { put(b.q, -1, 'x'); release(b.q); release(b.p); }
PROGRAM(underflow_eight) {
  for (long i = 1; i <= 8; i++) put(b.q, -i, 'x');
  release(b.q);
}
PROGRAM(linear_to_end) {
  for (long i = 0; ; i++) put(b.r, i, 'x');
}
PROGRAM(linear_to_start) {
  for (long i = 0; ; i--) put(b.p, i, 'x');
}
PROGRAM(write_freed) { release(b.p); put(b.p, 0, 'x'); }
PROGRAM(write_freed_zero) { release(b.p); put(b.p, N / 2, 0); }
PROGRAM(write_freed_end) { release(b.p); put(b.p, N - 1, 'x'); churn(n); }
PROGRAM(write_freed_later) { release(b.p); churn(n); put(b.p, 1, 'x'); }
PROGRAM(write_after_realloc) {
  move(b.p, n); put(b.p, 0, 'x');
}
PROGRAM(read_freed) { release(b.p); read_one(b.p, 0); }
PROGRAM(read_fresh) { read_one(allocate(n), 0); }
PROGRAM(read_past_end) { read_one(b.p, N); }

typedef struct program {
  const char *name;
  void (*run)(size_t n, blocks b);
} program;

static const program programs[] = {
#define ENTRY(name) {#name, name}
  ENTRY(double_free), ENTRY(double_free_between), ENTRY(double_free_later),
  ENTRY(double_free_after_realloc), ENTRY(free_inside),
  ENTRY(free_inside_aligned), ENTRY(free_before), ENTRY(free_past_end),
  ENTRY(free_stack), ENTRY(free_static), ENTRY(free_wild),
  ENTRY(free_misaligned_block), ENTRY(realloc_freed), ENTRY(realloc_inside),
  ENTRY(realloc_stack), ENTRY(realloc_wild), ENTRY(size_of_freed),
  ENTRY(size_inside), ENTRY(overflow_one), ENTRY(overflow_one_zero),
  ENTRY(overflow_eight), ENTRY(overflow_long), ENTRY(overflow_never_freed),
  ENTRY(overflow_calloc), ENTRY(overflow_realloc), ENTRY(underflow_one),
  ENTRY(underflow_eight), ENTRY(linear_to_end), ENTRY(linear_to_start),
  ENTRY(write_freed), ENTRY(write_freed_zero), ENTRY(write_freed_end),
  ENTRY(write_freed_later), ENTRY(write_after_realloc), ENTRY(read_freed),
  ENTRY(read_fresh), ENTRY(read_past_end)
};

enum { PROGRAMS = sizeof programs / sizeof programs[0] };

_Static_assert(PROGRAMS == 37, "as many as allocators are tried with");

static char *block(size_t n, char byte) {
  char *p = allocate(n);
  memset(p, byte, n);
  return p;
}

/* In a process of its own: what it ends with is 0 if nothing was caught. */
static void run(const program *one, size_t n) {
  mems_options options = {
    .size = sizeof options, .fill = 1, .quarantine = 64 << 20, .random = 1,
    .damage = damaged
  };
  signal(SIGSEGV, stopped);
  signal(SIGBUS, stopped);
  heap = mems_heap_open(&options, NULL);
  if (heap == NULL) _exit(FAILED);
  churn(n);
  blocks b;
  b.p = block(n, 'p');
  b.q = block(n, 'q');
  b.r = block(n, 'r');
  one->run(n, b);
  if (mems_heap_check(heap) != MEMS_OK) caught();
  _exit(0);
}

static int ends_with(const program *one, size_t n) {
  int status;
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) return FAILED;
  if (child == 0) run(one, n);
  if (waitpid(child, &status, 0) != child) return FAILED;
  return WIFSIGNALED(status) ? FAILED : WEXITSTATUS(status);
}

/* The same each time, or FAILED. */
static int judge(const program *one, size_t n, int rounds) {
  int first = ends_with(one, n);
  while (--rounds > 0)
    if (ends_with(one, n) != first) return FAILED;
  return first;
}

int main(int argc, char **argv) {
  static const size_t sizes[] = {8, 4096, 262144};
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    int count[FAILED + 1] = {0};
    printf("%zu:", sizes[i]);
    for (int k = 0; k < PROGRAMS; k++) {
      int what = judge(&programs[k], sizes[i], rounds);
      count[what]++;
      if (what != CAUGHT && what != FILL) printf(" %s,", programs[k].name);
    }
    printf(" %d of %d caught, %d read fill\n", count[CAUGHT], PROGRAMS,
           count[FILL]);
  }
  return 0;
}
