/*
** times.c - how long calls of a shared heap take, alone and beside others; and
** threads that each opened it, to be run under ThreadSanitizer.
*/

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "sharing.h"

/* Of this process's own time, as others may be at work. */
static uint64_t spent(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static double pairs(mems_heap *heap, double seconds, uint64_t *done) {
  uint64_t start = nanoseconds(), n = 0, now = start, own = spent();
  while ((double)(now - start) < seconds * 1e9) {
    for (int i = 0; i < 200; i++, n++)
      mems_heap_free(heap, mems_heap_malloc(heap, 40));
    now = nanoseconds();
  }
  if (done) *done = n;
  return (double)(spent() - own) / (double)n;
}

static double gate(mems_heap *heap) {
  enum { ROUNDS = 3000000 };
  mems_addr addr = mems_heap_malloc(heap, 128);
  uintptr_t sum = 0;
  uint64_t start = spent();
  for (mems_addr i = 0; i < ROUNDS; i++)
    sum += (uintptr_t)mems_heap_span(heap, addr + i % 64, 8);
  double each = (double)(spent() - start) / ROUNDS;
  __asm__ volatile("" ::"r"(sum));
  mems_heap_free(heap, addr);
  return each;
}

static void run_pairs(void *context) {
  mems_heap *heap = open_shared();
  pairs(heap, 1, context);
  mems_heap_close(heap);
}

static double together(unsigned processes) {
  uint64_t *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0), sum = 0;
  pid_t children[4];
  for (unsigned i = 0; i < processes; i++)
    children[i] = start(run_pairs, done + i);
  for (unsigned i = 0; i < processes; i++) {
    expect_end(children[i]);
    sum += done[i];
  }
  munmap(done, 4096);
  return (double)sum / 1e6;
}

void measure(void) {
  mems_heap *private = mems_heap_open(NULL, NULL);
  unlink(PATH);
  mems_heap *shared = open_shared();
  printf("malloc+free: private %.1f ns, shared %.1f ns\n",
         pairs(private, 0.3, NULL), pairs(shared, 0.3, NULL));
  printf("gate:        private %.2f ns, shared %.2f ns\n", gate(private),
         gate(shared));
  for (unsigned n = 1; n <= 4; n *= 2)
    printf("%u together:  %.2f million pairs each second\n", n, together(n));
  mems_heap_close(private);
  mems_heap_close(shared);
}

enum { THREADS = 3 };

typedef struct task {
  pthread_t thread;
  mems_addr cells; /* a lock, what it guards, an atomic counter */
  double seconds;
  uint64_t rounds;
} task;

static void *use(void *context) {
  task *t = context;
  mems_heap *heap = open_shared();
  mems_addr kept[16] = {0};
  uint64_t start = nanoseconds();
  while ((double)(nanoseconds() - start) < t->seconds * 1e9) {
    unsigned i = t->rounds++ % 16;
    if (kept[i]) CHECK(mems_heap_free(heap, kept[i]) == MEMS_OK);
    kept[i] = mems_heap_malloc(heap, 20 + t->rounds % 3000);
    memset(mems_heap_get(heap, kept[i]), 1, 20);
    CHECK(mems_heap_lock(heap, t->cells, 0) == MEMS_OK);
    uint64_t *cells = mems_heap_span(heap, t->cells, 24);
    cells[1]++;
    CHECK(mems_heap_unlock(heap, t->cells) == MEMS_OK);
    __atomic_fetch_add(cells + 2, 1, __ATOMIC_SEQ_CST);
  }
  mems_heap_close(heap);
  return NULL;
}

void try_threads(double seconds) {
  task tasks[THREADS];
  uint64_t rounds = 0;
  unlink(PATH);
  mems_heap *heap = open_shared();
  mems_addr cells = mems_heap_calloc(heap, 3, 8);
  for (int i = 0; i < THREADS; i++) {
    tasks[i] = (task){.cells = cells, .seconds = seconds};
    CHECK(pthread_create(&tasks[i].thread, NULL, use, tasks + i) == 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(tasks[i].thread, NULL);
    rounds += tasks[i].rounds;
  }
  const uint64_t *counted = mems_heap_span(heap, cells, 24);
  CHECK(counted[1] == rounds && counted[2] == rounds);
  check_heap(heap);
  printf("  %llu rounds in %d threads\n", (unsigned long long)rounds, THREADS);
  mems_heap_close(heap);
}
