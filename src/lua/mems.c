/*
** mems.c - opens the module: which verbs there are, and where each is
** registered.
*/

#include "arithmetic.h"
#include "array.h"
#include "atomic.h"
#include "bit.h"
#include "box.h"
#include "buffer.h"
#include "bulk.h"
#include "copy.h"
#include "dump.h"
#include "each.h"
#include "file.h"
#include "heap.h"
#include "leak.h"
#include "memory.h"
#include "number.h"
#include "object.h"
#include "order.h"
#include "overlay.h"
#include "roots.h"
#include "saving.h"
#include "sharing.h"
#include "sort.h"
#include "stream.h"
#include "struct.h"
#include "text.h"
#include "type.h"
#include "verb.h"
#include "walk.h"
#include "mems_lua.h"

#include <lualib.h>

enum { LISTS = 10 };

/* Verbs on memory: of the module, of heaps, and methods of buffers. */
static const luaL_Reg *const memory[] = {
  lmems_memory, lmems_bulk, lmems_bit, lmems_text, lmems_file, lmems_dump, NULL
};

/* Beside them, those of the module and of heaps. */
static const luaL_Reg *const heaps[] = {
  lmems_heap, lmems_walk, lmems_leak, lmems_buffer, lmems_array,
  lmems_struct, lmems_overlay, lmems_files, lmems_roots, lmems_saving,
  lmems_atomic, lmems_sharing, NULL
};

/* Functions of types of structs, which also reach the methods of objects. */
static const luaL_Reg *const types[] = {
  lmems_object, lmems_file, lmems_structmethods, lmems_typemethods, NULL
};

/* A class of objects and its methods, beside those of all. */
typedef struct class_methods {
  const lmems_class *class;
  int memory; /* not 0: the verbs on memory as well */
  const luaL_Reg *methods[LISTS];
} class_methods;

static const class_methods classes[] = {
  {&lmems_bufferclass, 1,
   {lmems_ownmemory, lmems_buffermethods, lmems_streammaker}},
  {&lmems_arrayclass, 0,
   {lmems_file, lmems_arraymethods, lmems_copy, lmems_number,
    lmems_arithmetic, lmems_order, lmems_sort, lmems_bit}},
  {&lmems_structclass, 0, {lmems_file, lmems_structmethods}}
};

/*
** Registering
*/

/* Sets all verbs of the lists in the table on top. */
static void set_lists(lua_State *L, const luaL_Reg *const *lists,
                      int first) {
  first = lua_absindex(L, first);
  for (; *lists != NULL; lists++)
    lmems_setverbs(L, *lists, first);
}

/* Sets verbs that have the function of their name of Lua's library of strings
   as upvalue 3. */
static void set_packers(lua_State *L, const luaL_Reg *verb, int first) {
  first = lua_absindex(L, first);
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 0);
  for (; verb->name != NULL; verb++) {
    lua_pushvalue(L, first);
    lua_pushstring(L, verb->name);
    lua_getfield(L, -3, verb->name);
    lua_pushcclosure(L, verb->func, 3);
    lua_setfield(L, -3, verb->name);
  }
  lua_pop(L, 1);
}

static void set_memory(lua_State *L, int first) {
  first = lua_absindex(L, first);
  set_lists(L, memory, first);
  set_packers(L, lmems_packers, first);
}

/* Makes a class. */
static void new_class(lua_State *L, const class_methods *c) {
  lua_pushboolean(L, 1);
  lua_createtable(L, 0, c->memory ? 80 : 48);
  if (c->memory)
    set_memory(L, -2);
  lmems_setmethods(L, lmems_object);
  set_lists(L, c->methods, -2);
  lmems_newclass(L, c->class);
  lua_pop(L, 1);
}

/* Makes all that objects need, once in a Lua state; the class that is made
   last tells that all of it is there. */
static void set_classes(lua_State *L) {
  enum { CLASSES = sizeof classes / sizeof classes[0] };
  if (lmems_hasclass(L, classes[CLASSES - 1].class))
    return;
  lmems_keepipairs(L);
  lua_pushboolean(L, 1);
  lua_createtable(L, 0, 12);
  set_lists(L, types, -2);
  lmems_newtypes(L);
  lua_pop(L, 1);
  lua_pushboolean(L, 1);
  lua_createtable(L, 0, 16);
  lmems_setmethods(L, lmems_stream);
  set_packers(L, lmems_streampackers, -2);
  lmems_newstreams(L);
  lua_pop(L, 1);
  for (int i = 0; i < CLASSES; i++)
    new_class(L, &classes[i]);
}

/* The codes that come third after nil and a message. */
static void set_codes(lua_State *L) {
  static const struct code { const char *name; int value; } codes[] = {
    {"EINVAL", MEMS_EINVAL}, {"ENOMEM", MEMS_ENOMEM},
    {"ELIMIT", MEMS_ELIMIT}, {"EFOREIGN", MEMS_EFOREIGN},
    {"EFREED", MEMS_EFREED}, {"EINSIDE", MEMS_EINSIDE},
    {"ERANGE", MEMS_ERANGE}, {"EINIT", MEMS_EINIT},
    {"EBROKEN", MEMS_EBROKEN}, {"EBUSY", MEMS_EBUSY},
    {"ENOSPC", MEMS_ENOSPC}, {"EFILE", MEMS_EFILE},
    {"EFORMAT", MEMS_EFORMAT}, {"EREADONLY", MEMS_EREADONLY},
    {"ECLOSED", MEMS_ECLOSED}, {"ENOROOT", MEMS_ENOROOT},
    {"ECHANGED", MEMS_ECHANGED}, {"ETIME", MEMS_ETIME}
  };
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    lua_pushinteger(L, codes[i].value);
    lua_setfield(L, -2, codes[i].name);
  }
}

/* Pushes the metatable of heaps, which is its own __index. Its name is known
   only once it is whole: memory may run out half-way. */
static void push_heap_metatable(lua_State *L) {
  if (luaL_getmetatable(L, LMEMS_HEAP) != LUA_TNIL) return;
  lua_pop(L, 1);
  lua_createtable(L, 0, 128);
  lmems_setname(L, LMEMS_HEAP);
  set_memory(L, -1);
  set_lists(L, heaps, -1);
  lmems_setverbs(L, lmems_heapmethods, -1);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, LMEMS_HEAP);
}

int luaopen_mems_core(lua_State *L) {
  luaL_checkversion(L);
  lua_settop(L, 0);
  set_classes(L);
  push_heap_metatable(L);
  lmems_newdefault(L);
  lua_createtable(L, 0, 128);
  set_memory(L, 2);
  set_lists(L, heaps, 2);
  lmems_setverbs(L, lmems_heapmodule, 2);
  lmems_setverbs(L, lmems_savingmodule, 2);
  lmems_setverbs(L, lmems_sharingmodule, 2);
  set_codes(L);
  lmems_settypes(L);
  lua_pushliteral(L, "mems " MEMS_VERSION);
  lua_setfield(L, -2, "_VERSION");
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "methods"); /* for lua/mems, which adds to them */
  return 1;
}
