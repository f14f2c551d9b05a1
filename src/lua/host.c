/*
** host.c - what mems_lua.h promises to C programs that host Lua.
**
** These are no verbs: they are called by C, outside of any call of Lua. So
** what can fail in the middle of a loan runs protected, and the bytes are
** given back before the error goes on.
*/

#include "mems_lua.h"

#include "argument.h"
#include "fail.h"
#include "view.h"

void *mems_lua_alloc(void *ud, void *pointer, size_t old_size, size_t size) {
  mems_heap *heap = ud;
  mems_addr addr = pointer != NULL ? mems_heap_address(heap, pointer) : 0;
  if (size == 0) {
    mems_heap_free(heap, addr);
    return NULL;
  }
  if (pointer == NULL)
    addr = mems_heap_malloc(heap, size);
  else
    addr = mems_heap_realloc(heap, addr, size);
  if (LMEMS_LIKELY(addr != 0))
    return mems_heap_get(heap, addr);
  /* Lua takes for granted that what gets smaller is there */
  return pointer != NULL && size <= old_size ? pointer : NULL;
}

/* What belongs to the state; raises if the module was never opened in it. */
static lmems_state *check_state(lua_State *L) {
  lmems_state *state = lmems_findstate(L);
  if (state == NULL)
    luaL_error(L, "mems.core is not open in this Lua state");
  return state;
}

/*
** Heaps
*/

static lmems_box *find_box(const lmems_state *state, const mems_heap *heap) {
  lmems_box *box = state->boxes;
  while (box != NULL && box->heap != heap)
    box = box->next;
  return box;
}

void mems_lua_pushheap(lua_State *L, mems_heap *heap, int owned) {
  lmems_box *box = find_box(check_state(L), heap);
  if (box == NULL) {
    lmems_boxadopt(lmems_newbox(L), heap, owned);
    return;
  }
  lmems_pushboxed(L, box);
  if (lua_isnil(L, -1))
    luaL_error(L, "the heap is being collected");
  if (owned)
    box->borrowed = 0;
}

mems_heap *mems_lua_toheap(lua_State *L, int index) {
  const lmems_view *view = lmems_anyview(L, index);
  if (view != NULL)
    return lmems_alive(view) ? view->record->box->heap : NULL;
  const lmems_handle *handle = luaL_testudata(L, index, LMEMS_HEAP);
  return handle != NULL && handle->box != NULL ? handle->box->heap : NULL;
}

/*
** Bytes of Lua
*/

/* The bytes of an object; NULL, and a reason, if it has none. */
static char *bytes_of(lua_State *L, const lmems_view *view, int write,
                      size_t *size) {
  const char *name = lmems_classname(view);
  if (!lmems_alive(view)) {
    lua_pushfstring(L, "the %s is %s", name, lmems_fate(view));
  } else if (lmems_stepped(view)) {
    lua_pushfstring(L, "the %s is a slice with a step", name);
  } else if (write && view->readonly) {
    lua_pushfstring(L, "the %s is read-only", name);
  } else {
    *size = lmems_viewbytes(view);
    return view->record->data + view->offset;
  }
  return NULL;
}

/* The bytes at `addr` in the heap of the box; NULL if no block is there. */
static char *bytes_in(const lmems_box *box, mems_addr addr, size_t *size) {
  mems_segment segment;
  void *physical = (void *)(uintptr_t)addr;
  mems_addr behind = mems_heap_address(box->heap, physical);
  if (behind != 0)
    addr = behind;
  char *bytes = mems_heap_get(box->heap, addr);
  if (bytes == NULL)
    return NULL;
  mems_heap_locate(box->heap, addr, &segment);
  *size = segment.requested - (size_t)(addr - segment.addr);
  return bytes;
}

/* The same in all heaps of the state; a reason, if there is none. */
static char *bytes_at(lua_State *L, mems_addr addr, int write,
                      size_t *size) {
  char *bytes = NULL;
  const lmems_box *box = check_state(L)->boxes;
  for (; box != NULL && bytes == NULL; box = box->next)
    if (box->heap != NULL &&
        (bytes = bytes_in(box, addr, size)) != NULL &&
        write && box->readonly) {
      lua_pushliteral(L, "the heap is read-only");
      return NULL;
    }
  if (bytes == NULL)
    lua_pushfstring(L, "address %I is not allocated in any heap",
                    (lua_Integer)addr);
  return bytes;
}

static char *to_bytes(lua_State *L, int index, int write, size_t *size) {
  const lmems_view *view = lmems_anyview(L, index);
  *size = 0;
  if (view != NULL)
    return bytes_of(L, view, write, size);
  if (lua_islightuserdata(L, index) || lua_isinteger(L, index))
    return bytes_at(L, lmems_checkaddr(L, index), write, size);
  lua_pushfstring(L, "an object or an address expected, got %s",
                  lmems_pushshown(L, index));
  lua_remove(L, -2);
  return NULL;
}

const void *mems_lua_tobytes(lua_State *L, int index, size_t *size) {
  return to_bytes(L, index, 0, size);
}

void *mems_lua_towritable(lua_State *L, int index, size_t *size) {
  return to_bytes(L, index, 1, size);
}

/*
** Bytes of C
*/

/* A loan that is being made. */
typedef struct loan {
  lmems_hook hook;
  int readonly;
  int made; /* not 0: a buffer gives them back */
} loan;

/* Called with the loan. */
static int lend(lua_State *L) {
  loan *new = lua_touserdata(L, 1);
  check_state(L);
  lmems_pushlent(L, &new->hook, new->readonly);
  new->made = 1;
  return 1;
}

static void push_loan(lua_State *L, loan *new) {
  enum { SLOTS = 3 };
  int status = LUA_ERRMEM;
  if (lua_checkstack(L, SLOTS)) {
    lua_pushcfunction(L, lend);
    lua_pushlightuserdata(L, new);
    status = lua_pcall(L, 1, 1, 0);
  }
  if (!new->made && new->hook.release != NULL)
    new->hook.release(new->hook.context, new->hook.pointer, new->hook.size);
  if (status != LUA_OK)
    lua_error(L);
}

void mems_lua_pushbytes(lua_State *L, void *pointer, size_t size,
                        mems_lua_release *release, void *context) {
  loan new = {
    .hook = {.release = release, .context = context, .pointer = pointer,
             .size = size}
  };
  push_loan(L, &new);
}

void mems_lua_pushreadonly(lua_State *L, const void *pointer, size_t size,
                           mems_lua_release *release, void *context) {
  loan new = {
    .hook = {.release = release, .context = context,
             .pointer = (void *)pointer, .size = size},
    .readonly = 1
  };
  push_loan(L, &new);
}
