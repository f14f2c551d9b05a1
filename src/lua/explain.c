/*
** explain.c - faults, and their messages.
*/

#include "explain.h"

#include "fail.h"

/* What is known of an address that was refused. */
typedef struct fault {
  mems_addr addr;
  int located;          /* not 0: `segment` holds it */
  mems_segment segment;
  lmems_origin origin;  /* of the block there, live or waiting */
  const char *fill;     /* what fill it is, or NULL */
  mems_addr behind;     /* the virtual address, if it is a physical one */
} fault;

/* What a heap with the option `fill` fills new and freed memory with, as a
   `ptr`. */
static const char *fill_name(mems_addr word) {
  switch (word) {
    case 0xAAAAAAAAAAAAAAAAu: return "memory never written";
    case 0x5555555555555555u: return "freed memory";
    default: return NULL;
  }
}

static fault find_fault(const lmems_box *box, mems_addr addr) {
  fault f = {.addr = addr};
  mems_heap *heap = box->heap;
  f.fill = box->fill ? fill_name(addr) : NULL;
  f.located = mems_heap_locate(heap, addr, &f.segment) == MEMS_OK;
  if (!f.located)
    f.behind = mems_heap_address(heap, (void *)(uintptr_t)addr);
  else if (f.segment.waiting || f.segment.kind == MEMS_PROCESS)
    f.origin = lmems_traceorigin(box->trace, f.segment.addr,
                                 !f.segment.waiting);
  return f;
}

/* Pushes "2004+4", the range as a message shows it, or "2004" if it has no
   bytes. */
static const char *push_range(lua_State *L, mems_addr addr, size_t offset,
                              size_t size) {
  if (offset > (mems_addr)LUA_MAXINTEGER - addr)
    return lua_pushfstring(L, "%I with offset %I", (lua_Integer)addr,
                           (lua_Integer)offset);
  addr += offset;
  if (size == 0)
    return lua_pushfstring(L, "%I", (lua_Integer)addr);
  return lua_pushfstring(L, "%I+%I", (lua_Integer)addr, (lua_Integer)size);
}

/* Pushes "address 0xaaaaaaaaaaaaaaaa is the fill of memory never written". */
static const char *push_fill(lua_State *L, const fault *f) {
  return lua_pushfstring(L, "address %p is the fill of %s",
                         (void *)(uintptr_t)f->addr, f->fill);
}

static const char *shown(const lmems_site *site) {
  return site->text[0] != '\0' ? site->text : "?";
}

/* Pushes " allocated at SITE" for a live block, or "". */
static const char *push_allocated(lua_State *L, const fault *f) {
  if (!f->origin.known)
    return lua_pushliteral(L, "");
  return lua_pushfstring(L, " allocated at %s", shown(&f->origin.allocated));
}

/* Pushes " at SITE, allocated at SITE" for a block that waits in the
   quarantine, or ", allocated at SITE", or "". */
static const char *push_freed(lua_State *L, const fault *f) {
  if (!f->origin.known)
    return lua_pushliteral(L, "");
  const char *freed = f->origin.freed.text;
  return lua_pushfstring(L, "%s%s, allocated at %s",
                         freed[0] != '\0' ? " at " : "", freed,
                         shown(&f->origin.allocated));
}

/* Pushes "block 1000, which was freed at one.lua:2, allocated at one.lua:1"
   for a segment that waits in the quarantine. */
static const char *push_waiting(lua_State *L, const fault *f) {
  const char *sites = push_freed(L, f);
  return lua_pushfstring(L, "block %I, which was freed%s",
                         (lua_Integer)f->segment.addr, sites);
}

/* Pushes "block 1000 of 16 bytes allocated at one.lua:1". */
static const char *push_live(lua_State *L, const fault *f) {
  const char *site = push_allocated(L, f);
  return lua_pushfstring(L, "block %I of %I bytes%s",
                         (lua_Integer)f->segment.addr,
                         (lua_Integer)f->segment.requested, site);
}

/* Raises if the heap could not be asked: another process did not let it go. */
static void check_asked(lua_State *L, const lmems_box *box) {
  if (box->shared && mems_heap_error(box->heap) == MEMS_EBUSY)
    luaL_error(L, "%s", mems_strerror(MEMS_EBUSY));
}

int lmems_explain(lua_State *L, const lmems_box *box, mems_addr addr,
                  size_t offset, size_t size) {
  check_asked(L, box);
  fault f = find_fault(box, addr);
  int code, top = lua_gettop(L);
  const char *range = push_range(L, addr, offset, size);
  if (f.fill != NULL) {
    push_fill(L, &f);
    code = MEMS_EFOREIGN;
  } else if (!f.located) {
    lua_pushfstring(L, "address %s was never allocated", range);
    code = MEMS_EFOREIGN;
  } else if (f.segment.waiting) {
    lua_pushfstring(L, "address %s lies in %s", range, push_waiting(L, &f));
    code = MEMS_EFREED;
  } else if (f.segment.kind == MEMS_HOLE) {
    lua_pushfstring(L, "address %s is not allocated: it lies in the hole "
                    "%I of %I bytes", range, (lua_Integer)f.segment.addr,
                    (lua_Integer)f.segment.size);
    code = MEMS_EFREED;
  } else {
    lua_pushfstring(L, "address %s runs past the end of %s", range,
                    push_live(L, &f));
    code = MEMS_ERANGE;
  }
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
  return code;
}

int lmems_notblock(lua_State *L, const lmems_box *box, int arg,
                   mems_addr addr) {
  check_asked(L, box);
  fault f = find_fault(box, addr);
  int error = mems_heap_error(box->heap);
  lua_Integer shown_addr = (lua_Integer)addr;
  if (error == MEMS_EREADONLY)
    luaL_error(L, "%s", mems_strerror(error));
  if (f.fill != NULL)
    lmems_argerror(L, arg, "%s", push_fill(L, &f));
  if (!f.located && f.behind != 0)
    lmems_argerror(L, arg, "%I is a physical address, of %I", shown_addr,
                   (lua_Integer)f.behind);
  if (!f.located)
    lmems_argerror(L, arg, "address %I was never allocated", shown_addr);
  if (f.segment.waiting && f.segment.addr == addr)
    lmems_argerror(L, arg, "address %I was freed already%s", shown_addr,
                   push_freed(L, &f));
  if (f.segment.waiting)
    lmems_argerror(L, arg, "address %I lies in %s", shown_addr,
                   push_waiting(L, &f));
  if (f.segment.kind == MEMS_HOLE)
    lmems_argerror(L, arg, "address %I is free already", shown_addr);
  if (f.segment.addr != addr)
    lmems_argerror(L, arg, "address %I is inside %s, not at its start",
                   shown_addr, push_live(L, &f));
  lmems_argerror(L, arg, "address %I: %s", shown_addr, mems_strerror(error));
}

void lmems_checkfill_slow(lua_State *L, int arg, mems_addr addr,
                          mems_addr word) {
  if (fill_name(word) != NULL)
    lmems_argerror(L, arg, "address %I holds the fill of %s, %p",
                   (lua_Integer)addr, fill_name(word),
                   (void *)(uintptr_t)word);
}

/*
** Damage
*/

/* Pushes what was found, as a sentence. */
static const char *push_damage(lua_State *L, const mems_damage *d,
                               const lmems_origin *origin) {
  lua_Integer addr = (lua_Integer)d->addr, offset = (lua_Integer)d->offset;
  fault f = {.segment = {.addr = d->addr, .requested = d->size},
             .origin = *origin};
  if (d->what == MEMS_DAMAGE_BEHIND)
    return lua_pushfstring(L, "%s was written to behind its end, at offset %I",
                           push_live(L, &f), offset);
  if (d->what == MEMS_DAMAGE_FREED)
    return lua_pushfstring(L, "%s, was written to after that, at offset %I",
                           push_waiting(L, &f), offset);
  return lua_pushfstring(L, "free memory was written to, at offset %I from "
                         "address %I on%s", offset, addr, push_freed(L, &f));
}

/* Pushes a table for the function of the option: the sentence is on top. */
static void push_report(lua_State *L, const mems_damage *d,
                        const lmems_origin *origin) {
  static const char *const names[] = {
    [MEMS_DAMAGE_BEHIND] = "behind", [MEMS_DAMAGE_FREED] = "freed",
    [MEMS_DAMAGE_FREE] = "free"
  };
  lua_createtable(L, 0, 7);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "message");
  lua_pushstring(L, names[d->what]);
  lua_setfield(L, -2, "what");
  lua_pushlightuserdata(L, (void *)(uintptr_t)d->addr);
  lua_setfield(L, -2, "block");
  lua_pushinteger(L, (lua_Integer)d->offset);
  lua_setfield(L, -2, "offset");
  lua_pushinteger(L, (lua_Integer)d->size);
  lua_setfield(L, -2, "size");
  if (!origin->known)
    return;
  lua_pushstring(L, shown(&origin->allocated));
  lua_setfield(L, -2, "allocated");
  if (d->what != MEMS_DAMAGE_BEHIND) {
    lua_pushstring(L, shown(&origin->freed));
    lua_setfield(L, -2, "freed");
  }
}

/* Calls the function of the option, if there is one. */
static int call_handler(lua_State *L, lmems_box *box, const mems_damage *d,
                        const lmems_origin *origin) {
  int top = lua_gettop(L), there = 0;
  lmems_pushboxed(L, box);
  if (lua_isuserdata(L, -1) &&
      lua_getiuservalue(L, -1, 1) == LUA_TFUNCTION) {
    push_damage(L, d, origin);
    push_report(L, d, origin);
    lua_pushvalue(L, top + 2);
    lua_insert(L, -2);
    lua_call(L, 1, 0);
    there = 1;
  }
  lua_settop(L, top);
  return there;
}

int lmems_pushdamage(lua_State *L, lmems_box *box) {
  mems_damage d = box->damage;
  lmems_origin origin = box->origin;
  if (!box->damaged)
    return 0;
  box->damaged = 0;
  luaL_checkstack(L, LUA_MINSTACK, "damage");
  if (box->how == LMEMS_DAMAGE_CALL && call_handler(L, box, &d, &origin))
    return 0;
  push_damage(L, &d, &origin);
  luaL_where(L, 1);
  lua_insert(L, -2);
  lua_concat(L, 2);
  return 1;
}

void lmems_telldamage(lua_State *L, lmems_box *box) {
  if (lmems_pushdamage(L, box))
    lua_error(L);
}
