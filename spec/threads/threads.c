/*
** threads.c - Lua states in OS threads of their own, each with its heaps, run
** the soak at once: `threads SECONDS SEED`. Built with ThreadSanitizer, which
** sees to it that they share nothing that either writes to.
*/

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

enum { THREADS = 2, ROUNDS_APART = 1000000 };

typedef struct job {
  lua_Integer seconds, seed;
  pthread_t thread;
  int failed;
} job;

int luaopen_mems_core(lua_State *L);

static void *run(void *argument) {
  job *j = argument;
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_mems_core);
  lua_setfield(L, -2, "mems.core");
  j->failed = luaL_loadfile(L, "spec/soak.lua");
  if (!j->failed) {
    lua_pushinteger(L, j->seconds);
    lua_pushinteger(L, j->seed);
    j->failed = lua_pcall(L, 2, 0, 0);
  }
  if (j->failed) fprintf(stderr, "%s\n", lua_tostring(L, -1));
  lua_close(L);
  return NULL;
}

int main(int count, char **arguments) {
  job jobs[THREADS] = {{0}};
  int failed = 0;
  for (int i = 0; i < THREADS; i++) {
    jobs[i].seconds = count > 1 ? atoll(arguments[1]) : 10;
    jobs[i].seed = (count > 2 ? atoll(arguments[2]) : 1) + i * ROUNDS_APART;
    if (pthread_create(&jobs[i].thread, NULL, run, &jobs[i]) != 0) return 2;
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(jobs[i].thread, NULL);
    failed |= jobs[i].failed;
  }
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
