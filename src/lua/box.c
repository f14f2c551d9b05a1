/*
** box.c - boxes, their handles, and the end of the Lua state.
**
** The registry has one userdata for all heaps of a Lua state. Its user value
** is the table of what is kept: chunks of boxes and records, and buckets. It
** has a finalizer that runs when the state is closed, behind those of all
** objects that came later: what they have opened is closed there. For those
** that came earlier the same is done once more, by whoever ends last: Lua's
** table of loaded libraries, which is older than all that scripts make.
*/

#include "box.h"

#include <signal.h>
#include <stdio.h>

static const char STATE = 0; /* its address: the key in the registry */

/*
** The Lua state
*/

static int end_state(lua_State *L) {
  lmems_state *state = lua_touserdata(L, 1);
  for (lmems_box *box = state->boxes; box != NULL; box = box->next)
    lmems_boxclose(box);
  while (state->hooks.used != NULL)
    lmems_hookrun(state->hooks.used);
  return 0;
}

/* Puts end_state before the finalizer of Lua's table of libraries, if there
   is one; the userdata of the state is on top. What calls both is a Lua
   function, as the second one unloads this code. */
static void end_last(lua_State *L) {
  static const char both[] =
    "local state, first, last = ... "
    "return function(libraries) first(state) return last(libraries) end";
  int state = lua_gettop(L);
  lua_getfield(L, LUA_REGISTRYINDEX, "_CLIBS");
  if (lua_getmetatable(L, -1) &&
      lua_getfield(L, -1, "__gc") == LUA_TFUNCTION) {
    if (luaL_loadstring(L, both) != LUA_OK)
      lua_error(L);
    lua_pushvalue(L, state);
    lua_pushcfunction(L, end_state);
    lua_pushvalue(L, -4);
    lua_call(L, 3, 1);
    lua_setfield(L, -3, "__gc");
  }
  lua_settop(L, state);
}

/* Pushes a table that does not keep its values alive. */
static void push_weak(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
}

lmems_state *lmems_findstate(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &STATE);
  lmems_state *state = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return state;
}

/* Pushes the userdata of the state, which is new if it is not there. */
static lmems_state *push_state(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &STATE) == LUA_TUSERDATA)
    return lua_touserdata(L, -1);
  lua_pop(L, 1);
  lmems_state *state = lua_newuserdatauv(L, sizeof *state, 1);
  *state = (lmems_state){
    .bytes.least = (size_t)8 << 20, .space.least = (size_t)16 << 40
  };
  lua_newtable(L);
  push_weak(L);
  lua_rawsetp(L, -2, &state->boxes);
  lua_setiuservalue(L, -2, 1);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, end_state);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  end_last(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &STATE);
  return state;
}

/* Pushes the table of what is kept. */
static void push_kept(lua_State *L) {
  push_state(L);
  lua_getiuservalue(L, -1, 1);
  lua_remove(L, -2);
}

/* Pushes the table of handles by their boxes, which does not keep them. */
static void push_handles(lua_State *L, const lmems_state *state) {
  push_kept(L);
  lua_rawgetp(L, -1, &state->boxes);
  lua_remove(L, -2);
}

/*
** Boxes
*/

static void more_boxes(lua_State *L, lmems_state *state) {
  enum { CHUNK = 16 };
  push_kept(L);
  lmems_box *chunk = lua_newuserdatauv(L, CHUNK * sizeof *chunk, 0);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
  for (int i = 0; i < CHUNK; i++) {
    chunk[i].next = state->free;
    state->free = &chunk[i];
  }
}

/* A box without a heap, in the list of its state. */
static lmems_box *take_box(lua_State *L) {
  lmems_state *state = push_state(L);
  while (state->free == NULL)
    more_boxes(L, state);
  lua_pop(L, 1);
  lmems_box *box = state->free;
  state->free = box->next;
  *box = (lmems_box){.state = state, .next = state->boxes,
                     .back = &state->boxes};
  if (box->next != NULL)
    box->next->back = &box->next;
  state->boxes = box;
  return box;
}

lmems_box *lmems_newbox(lua_State *L) {
  push_state(L); /* before the first handle: it is to end after that */
  lua_pop(L, 1);
  lmems_handle *handle = lua_newuserdatauv(L, sizeof *handle, 1);
  handle->box = NULL;
  luaL_setmetatable(L, LMEMS_HEAP);
  lmems_box *box = take_box(L);
  handle->box = box;
  push_handles(L, box->state);
  lua_pushvalue(L, -2);
  lua_rawsetp(L, -2, box);
  lua_pop(L, 1);
  return box;
}

void lmems_pushboxed(lua_State *L, const lmems_box *box) {
  push_handles(L, box->state);
  lua_rawgetp(L, -1, box);
  lua_remove(L, -2);
}

lmems_box *lmems_newdefault(lua_State *L) {
  lmems_box *box = lmems_newbox(L);
  box->standard = 1;
  lua_rawsetp(L, LUA_REGISTRYINDEX, box);
  lua_pushlightuserdata(L, box);
  return box;
}

void lmems_dropbox(lua_State *L, int index) {
  lmems_handle *handle = lua_touserdata(L, index);
  lmems_box *box = handle->box;
  if (box == NULL || box->standard)
    return;
  handle->box = NULL;
  *box->back = box->next;
  if (box->next != NULL)
    box->next->back = box->back;
  if (box->records.shift != 0) { /* there is a key, so this can't fail */
    push_kept(L);
    lua_pushnil(L);
    lua_rawsetp(L, -2, &box->records);
    lua_pop(L, 1);
  }
  box->next = box->state->free;
  box->state->free = box;
}

lmems_box *lmems_anchored(lua_State *L, int index) {
  static const lmems_box closed;
  void *anchor = lua_touserdata(L, index);
  if (lua_islightuserdata(L, index))
    return anchor;
  lmems_box *box = ((lmems_handle *)anchor)->box;
  return box != NULL ? box : (lmems_box *)&closed; /* nobody writes to it */
}

void lmems_pushhandle(lua_State *L, int index) {
  lua_pushvalue(L, index);
  while (lua_type(L, -1) == LUA_TUSERDATA &&
         luaL_testudata(L, -1, LMEMS_HEAP) == NULL) {
    lua_getiuservalue(L, -1, 1);
    lua_replace(L, -2);
  }
  if (lua_islightuserdata(L, -1)) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, lua_touserdata(L, -1));
    lua_replace(L, -2);
  }
}

int lmems_noheap(lua_State *L, const lmems_box *box) {
  if (box->lost != NULL)
    luaL_error(L, "%s", mems_strerror(MEMS_ECLOSED));
  if (box->standard)
    luaL_error(L, "mems is not initialised: call mems.init()");
  luaL_error(L, "the heap is closed");
  __builtin_unreachable();
}

void lmems_checkchangeable(lua_State *L, const lmems_box *box) {
  if (box->readonly)
    luaL_error(L, "%s", mems_strerror(MEMS_EREADONLY));
}

void lmems_boxroom(lua_State *L, lmems_box *box) {
  lmems_pool *pool = &box->state->pool;
  lmems_table *table = &box->records;
  if (LMEMS_LIKELY(pool->free != NULL &&
                   table->count < lmems_tableroom(table)))
    return;
  push_kept(L);
  lmems_recordroom(L, lua_gettop(L), table, pool, table);
  lua_pop(L, 1);
}

/*
** Open and close
*/

/* The heap of a box has found damage, in the middle of a call. */
static void note_damage(void *context, const mems_damage *damage) {
  lmems_box *box = context;
  int live = damage->what == MEMS_DAMAGE_BEHIND;
  lmems_origin origin = lmems_traceorigin(box->trace, damage->addr, live);
  if (box->how == LMEMS_DAMAGE_ABORT) {
    fprintf(stderr, "mems: damage at offset %zu of block %llu%s%s\n",
            damage->offset, (unsigned long long)damage->addr,
            origin.known ? " allocated at " : "",
            origin.known ? origin.allocated.text : "");
    raise(SIGABRT);
  }
  if (box->damaged++ == 0) {
    box->damage = *damage;
    box->origin = origin;
  }
}

/* The box has a heap from now on, where no object is yet. */
static void begin(lmems_box *box, mems_heap *heap) {
  mems_options o = {.size = sizeof o};
  mems_heap_options(heap, &o);
  box->heap = heap;
  box->fill = o.fill;
  box->quarantine = o.quarantine != 0;
  box->readonly = o.readonly;
  box->shared = box->records.shared = o.share;
  box->lost = NULL;
  box->pin = NULL;
  box->trace = NULL;
  box->borrowed = box->living = box->watched = box->damaged = 0;
  box->owned = box->raw = box->unseen = box->credit = 0;
  box->look = SIZE_MAX;
  box->reserved = 0;
}

void lmems_boxadopt(lmems_box *box, mems_heap *heap, int owned) {
  begin(box, heap);
  box->borrowed = !owned;
}

/* In a forked child: `context` is a box whose heap is gone. */
static void lose(void *context) {
  lmems_box *box = context;
  lmems_recordslost(&box->records);
  box->lost = box->heap;
  box->heap = NULL;
}

int lmems_boxopen(lmems_box *box, const lmems_options *options) {
  int error = MEMS_OK;
  mems_stats stats = {.size = offsetof(mems_stats, holes)};
  mems_options o = options->heap;
  o.size = sizeof o;
  o.damage = note_damage;
  o.context = box;
  if (box->standard && o.base == 0 && o.path == NULL && o.fd == NULL &&
      !o.memfd)
    o.base = 1000;
  lmems_boxclose(box); /* what a fork has lost */
  mems_heap *heap = options->restore != NULL
    ? mems_heap_restore(options->restore, &o, &error)
    : mems_heap_open(&o, &error);
  if (heap == NULL)
    return error;
  lmems_trace *trace = options->trace ? lmems_tracenew(options->leaks) : NULL;
  if (options->trace && trace == NULL) {
    mems_heap_close(heap);
    return MEMS_ENOMEM;
  }
  mems_heap_stats(heap, &stats);
  begin(box, heap);
  box->trace = trace;
  box->watched = o.fill || trace != NULL;
  box->how = options->damage;
  box->living = o.path != NULL || o.fd != NULL || o.memfd;
  if (box->living)
    mems_heap_onfork(heap, lose, box);
  if (!box->standard) { /* no collection frees raw blocks of a default heap */
    box->look = (size_t)1 << 20;
    box->reserved = stats.limit;
  }
  box->state->space.held += box->reserved;
  return MEMS_OK;
}

void lmems_blockdead(lmems_record *record) {
  lmems_box *box = record->box;
  lmems_boxowns(box, 0, record->capacity);
  lmems_recorddie(&box->records, record);
}

void lmems_blockgone_slow(lmems_box *box, mems_addr addr) {
  lmems_record *record;
  while ((record = lmems_recordfind(&box->records, addr)) != NULL)
    lmems_blockdead(record);
}

/* No block of the box lives any more. */
static void forget_blocks(lmems_box *box) {
  lmems_record *record;
  size_t i = 0;
  while ((record = lmems_recordany(&box->records, &i)) != NULL)
    lmems_blockdead(record);
  box->state->bytes.held -= box->raw;
  box->raw = 0;
}

static int trace_free(void *context, const mems_segment *segment) {
  lmems_trace *trace = context;
  if (segment->kind == MEMS_PROCESS)
    lmems_tracedfree(trace, NULL, 0, segment->addr);
  return 0;
}

void lmems_boxreset(lmems_box *box) {
  if (box->trace != NULL)
    mems_heap_walk(box->heap, trace_free, box->trace);
  forget_blocks(box);
  mems_heap_reset(box->heap);
}

/* What objects own in a file goes with them. */
static void free_owned(const lmems_box *box) {
  const lmems_table *table = &box->records;
  for (size_t i = 0; i < lmems_tableroom(table); i++) {
    const lmems_record *record = table->buckets[i];
    for (; record != NULL; record = record->next)
      if (record->capacity != 0)
        mems_heap_free(box->heap, record->addr);
  }
}

void lmems_boxclose(lmems_box *box) {
  lmems_pin *pin = box->pin;
  mems_heap *heap = box->heap != NULL ? box->heap : box->lost;
  if (heap == NULL)
    return;
  if (box->living && box->heap != NULL)
    free_owned(box);
  forget_blocks(box);
  box->heap = box->lost = NULL;
  box->pin = NULL;
  box->state->space.held -= box->reserved;
  lmems_traceclose(box->trace);
  box->trace = NULL;
  if (pin == NULL && !box->borrowed)
    mems_heap_close(heap);
  for (; pin != NULL; pin = pin->outer) {
    pin->closed = 1;
    pin->borrowed = box->borrowed;
  }
}

void lmems_boxpin(lmems_box *box, lmems_pin *pin) {
  *pin = (lmems_pin){.outer = box->pin, .heap = box->heap};
  box->pin = pin;
}

void lmems_boxunpin(lmems_box *box, lmems_pin *pin) {
  if (!pin->closed)
    box->pin = pin->outer;
  else if (pin->outer == NULL && !pin->borrowed)
    mems_heap_close(pin->heap);
}

/*
** Memory that is lent
*/

lmems_box *lmems_pushlender(lua_State *L) {
  const lmems_options options = {0};
  lmems_state *state = push_state(L);
  push_kept(L);
  lua_remove(L, -2);
  if (lua_rawgetp(L, -1, &state->hooks) == LUA_TUSERDATA) {
    lmems_box *box = lmems_anchored(L, -1);
    if (box->heap != NULL) {
      lua_remove(L, -2);
      return box;
    }
  }
  lua_pop(L, 1);
  lmems_box *box = lmems_newbox(L);
  int error = lmems_boxopen(box, &options);
  if (error != MEMS_OK)
    luaL_error(L, "%s", mems_strerror(error));
  lua_pushvalue(L, -1);
  lua_rawsetp(L, -3, &state->hooks);
  lua_remove(L, -2);
  return box;
}

void lmems_lentroom(lua_State *L, lmems_box *box) {
  push_kept(L);
  int keep = lua_gettop(L);
  do {
    lmems_hookroom(L, keep, &box->state->hooks);
    lmems_recordroom(L, keep, &box->records, &box->state->pool, &box->records);
  } while (box->state->hooks.free == NULL);
  lua_pop(L, 1);
}

/*
** Garbage
*/

void lmems_boxlook(lua_State *L, lmems_box *box, size_t size) {
  mems_stats stats = {.size = offsetof(mems_stats, holes)};
  if (box->standard || size > (size_t)LUA_MAXINTEGER / 2)
    return;
  mems_heap_stats(box->heap, &stats);
  size_t raw = stats.used - box->owned + size, before = box->raw;
  box->raw = raw;
  box->state->bytes.held += raw - before;
  box->unseen = 0;
  box->look = ((size_t)1 << 20) + stats.mapped / 8;
  if (raw > before)
    lmems_tell(L, &box->state->bytes, raw - before);
  lmems_checkopen(L, box);
}

int lmems_boxretry(lua_State *L, lmems_box *box, size_t size) {
  lmems_state *state = box->state;
  int error = mems_heap_error(box->heap), again = 0;
  if (error == MEMS_ELIMIT || error == MEMS_ENOSPC)
    again = lmems_collect(L, &box->credit, size, box->owned);
  else if (error == MEMS_ENOMEM)
    again = lmems_collect(L, &state->credit, size,
                          state->bytes.held - box->raw);
  lmems_checkopen(L, box);
  return again;
}

void lmems_openasked(lua_State *L, lmems_box *box, uint64_t limit) {
  if (!box->standard)
    lmems_tell(L, &box->state->space, limit);
}

/* Is another heap in a file open, which may be garbage? */
static int is_living(const lmems_state *state) {
  const lmems_box *box = state->boxes;
  while (box != NULL && !(box->living && box->heap != NULL))
    box = box->next;
  return box != NULL;
}

int lmems_openretry(lua_State *L, lmems_box *box, uint64_t limit,
                    int error) {
  lmems_state *state = box->state;
  if (error == MEMS_EBUSY && is_living(state)) {
    lua_gc(L, LUA_GCCOLLECT);
    return 1;
  }
  return error == MEMS_ENOMEM &&
         lmems_collect(L, &state->credit, limit, state->space.held);
}
