/*
** host.c - what mems_lua_alloc costs a whole Lua state: programs (those of
** programs.lua) with realloc and free, and inside a heap, by turns in one
** process. Prints for each the medians, their ratio, and the most memory
** that each had.
**
**   host [ROUNDS]
*/

#include "mems_lua.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 99 };

/* What the state has asked for, and the most of it. */
typedef struct meter {
  size_t now, peak;
} meter;

static void *plain(void *ud, void *p, size_t old, size_t size) {
  (void)ud;
  (void)old;
  if (size == 0) {
    free(p);
    return NULL;
  }
  return realloc(p, size);
}

static void *metered(void *ud, void *p, size_t old, size_t size) {
  meter *m = ud;
  m->now += size - (p != NULL ? old : 0);
  if (m->now > m->peak) m->peak = m->now;
  return plain(NULL, p, old, size);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* Milliseconds of a program in a state with that allocator. */
static double run(lua_Alloc allocate, void *ud, const char *program) {
  double start = now();
  lua_State *L = lua_newstate(allocate, ud);
  if (L == NULL) exit(1);
  luaL_openlibs(L);
  if (luaL_dostring(L, "print = function() end") != LUA_OK) exit(1);
  lua_newtable(L);
  lua_pushstring(L, program);
  lua_rawseti(L, -2, 1);
  lua_setglobal(L, "arg");
  if (luaL_dofile(L, "bench/programs.lua") != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(1);
  }
  lua_close(L);
  return now() - start;
}

static int order(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *list, int n) {
  qsort(list, (size_t)n, sizeof *list, order);
  return list[n / 2];
}

int main(int argc, char **argv) {
  static const char *const programs[] = {"trees", "strings", "closures",
                                         "coroutines"};
  int rounds = argc > 1 ? atoi(argv[1]) : 7;
  double times[2][MOST];
  if (rounds < 1 || rounds > MOST) return 1;
  printf("program      realloc ms    mems ms  ratio  asked KiB  mems KiB\n");
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    mems_stats stats = {.size = offsetof(mems_stats, holes)};
    meter m = {0, 0};
    run(metered, &m, programs[i]);
    for (int round = 0; round < rounds; round++) {
      mems_heap *heap = mems_heap_open(NULL, NULL);
      if (heap == NULL) return 1;
      times[0][round] = run(plain, NULL, programs[i]);
      times[1][round] = run(mems_lua_alloc, heap, programs[i]);
      mems_heap_stats(heap, &stats);
      mems_heap_close(heap);
    }
    double usual = median(times[0], rounds), ours = median(times[1], rounds);
    printf("%-12s %10.1f %10.1f %6.3f %10zu %9zu\n", programs[i], usual, ours,
           ours / usual, m.peak / 1024, (size_t)stats.peak / 1024);
  }
  return 0;
}
