/*
** roots.c - how a script that starts anew finds what is in a heap.
**
** A block that becomes a root is nobody's: objects on it go on looking at it,
** and none frees it. The tag of a root says of which class and type the object
** was that was named: a sum of what its type means, so that it is the same in
** every process.
*/

#include "roots.h"

#include "argument.h"
#include "buffer.h"
#include "explain.h"
#include "fail.h"
#include "gate.h"
#include "layout.h"
#include "overlay.h"
#include "self.h"
#include "struct.h"

/***
@module mems
*/

/* The classes in tags; 0 is of roots that no object was given for. */
enum { BUFFER = 1, ARRAY, STRUCT };

enum { SHIFT = 56 };

/* The name of a root at `arg`; raises. */
static const char *check_name(lua_State *L, int arg) {
  enum { LONGEST = sizeof((mems_root *)0)->name - 1 };
  size_t length;
  const char *name = lmems_checkstring(L, arg, "the name of a root", &length);
  if (length == 0 || length > LONGEST || strlen(name) != length)
    lmems_argerror(L, arg, "the name of a root has to be of 1 to %d bytes, "
                   "none of them 0, got %s", (int)LONGEST,
                   lmems_pushshown(L, arg));
  return name;
}

/*
** Tags
*/

static uint64_t mix(uint64_t sum, uint64_t n) {
  sum = (sum ^ n) * 0x9E3779B97F4A7C15u;
  return sum ^ sum >> 29;
}

static uint64_t mix_text(uint64_t sum, const char *text) {
  for (; *text != '\0'; text++)
    sum = mix(sum, (unsigned char)*text);
  return mix(sum, 0);
}

/* What a kind means, by names and measures. */
static uint64_t mix_kind(uint64_t sum, const lmems_kind *kind) {
  sum = mix(mix(sum, kind->size), kind->count);
  if (kind->type < LMEMS_NTYPES)
    return mix_text(sum, lmems_typename(kind->type));
  if (kind->type == LMEMS_CHARS)
    return mix_text(sum, "char");
  if (kind->type != LMEMS_STRUCT) /* bits, a row */
    return mix_kind(mix_text(sum, kind->type == LMEMS_ROW ? "[]" : ":"),
                    kind->element);
  const lmems_layout *s = kind->layout;
  for (size_t i = 0; i < s->count; i++) {
    sum = mix(mix_text(sum, s->fields[i].name), s->fields[i].offset);
    sum = mix_kind(sum, &s->fields[i].kind);
  }
  return mix_text(sum, "struct");
}

static uint64_t make_tag(uint64_t class, const lmems_kind *kind) {
  uint64_t sum = kind != NULL ? mix_kind(0, kind) : 0;
  return class << SHIFT | sum >> (64 - SHIFT);
}

static uint64_t tag_of(const lmems_view *view) {
  switch (view->seal ^ (uintptr_t)view) {
    case LMEMS_ARRAY_SEAL: return make_tag(ARRAY, view->kind);
    case LMEMS_STRUCT_SEAL: return make_tag(STRUCT, view->kind);
    default: return make_tag(BUFFER, NULL);
  }
}

/* Pushes what a tag is of: "a buffer", "an array of i32", "another struct". */
static const char *push_tag(lua_State *L, uint64_t tag) {
  for (int type = 0; type < LMEMS_NTYPES; type++)
    if (type % LMEMS_SWAPPED <= LMEMS_F16 &&
        tag == make_tag(ARRAY, lmems_scalar(type)))
      return lua_pushfstring(L, "an array of %s", lmems_typename(type));
  return lua_pushstring(L, tag >> SHIFT == BUFFER ? "a buffer"
                           : tag >> SHIFT == ARRAY ? "an array of structs"
                                                   : "a struct");
}

/*
** Roots
*/

/* The root is what is at `arg`: its address, and the tag of an object. */
static int set_root(lua_State *L, lmems_self self, const char *name,
                    int arg) {
  lmems_box *box = self.box;
  lmems_hold(L, box, arg, 0, 0);
  lmems_letgo();
  const lmems_view *view = lmems_anyview(L, arg);
  uint64_t tag = view != NULL ? tag_of(view) : 0;
  mems_addr addr = lmems_virtualat(L, box, arg);
  int error = lmems_blocktight(box, &addr);
  if (error == MEMS_OK)
    error = mems_heap_setroot(box->heap, name, addr, tag);
  switch (error) {
    case MEMS_OK:
      lmems_blockkeep(box, addr);
      lua_pushboolean(L, 1);
      return 1;
    case MEMS_ELIMIT:
      return lmems_failwith(L, error, "there are as many roots as a heap has");
    case MEMS_ENOMEM: case MEMS_ENOSPC:
      return lmems_fail(L, error);
    default:
      return lmems_notblock(L, box, arg, addr);
  }
}

/***
Gives a block a name, by which a script that opens the heap later finds it, or
takes the name away. In one step: a crash leaves the old or the new. What the
root named before is not freed.

The block is nobody's from then on: an object that is given, or any other that
owned the block, is as good as before, but its finalizer frees nothing, and it
can't be resized. An object's type is kept as well, for @{root}.
@function setroot
@within Living
@tparam string name 1 to 39 bytes
@tparam ?memory|nil x an object, or the start of a block; nil: there is no root
 of that name any more
@treturn[1] boolean true
@treturn[2] nil if there are 63 roots, or without memory
@treturn[2] string a message
@treturn[2] integer a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
@raise if it is not at the start of a block, or the heap is read-only
*/
static int setroot(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int arg = self.arg + 1;
  const char *name = check_name(L, self.arg);
  lmems_checklast(L, arg);
  lmems_checkchangeable(L, self.box);
  if (lua_isnone(L, arg))
    return lmems_argerror(L, arg, "address expected, got no value");
  if (!lua_isnil(L, arg)) {
    lmems_resolve(L, arg);
    return set_root(L, self, name, arg);
  }
  mems_heap_setroot(self.box->heap, name, 0, 0); /* or there was none */
  lua_pushboolean(L, 1);
  return 1;
}

/* nil, message, code: there is no block that the root names. */
static int no_root(lua_State *L, const char *name, int error) {
  const char *why = error == MEMS_ENOROOT
    ? lua_pushfstring(L, "there is no root \"%s\"", name)
    : lua_pushfstring(L, "the block that root \"%s\" named was freed", name);
  return lmems_failwith(L, error, why);
}

/* The tag that the type at `arg` wants: of the class that a root with `tag`
   has, if there may be several. */
static uint64_t wanted_tag(lua_State *L, int arg, uint64_t tag) {
  const lmems_layout *s = lmems_tolayout(L, arg);
  if (s != NULL)
    return make_tag(tag >> SHIFT == ARRAY ? ARRAY : STRUCT, &s->kind);
  if (lua_type(L, arg) == LUA_TSTRING &&
      strcmp(lua_tostring(L, arg), "buffer") == 0)
    return make_tag(BUFFER, NULL);
  return make_tag(ARRAY, lmems_scalar(lmems_checktype(L, arg)));
}

/***
What a root names: its address, or with a type an object that looks at its
block. It does not own it, as one of @{view}.

A root that an object was given for has its type, and asking for another one
raises. A struct type gives an array if that was an array of it, else a
struct. A root that an address was given for may be anything.
@function root
@within Living
@luals return any
@tparam string name
@tparam[opt] type|struct type of @{peek}, for an array; `"buffer"`; or a struct
@treturn[1] ?address|object
@treturn[2] nil if there is none of that name, or its block was freed
@treturn[2] string a message
@treturn[2] integer a code: `mems.ENOROOT` or `mems.EFREED`
@raise if it is of another type
*/
static int root(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  int arg = self.arg + 1;
  const char *name = check_name(L, self.arg);
  lmems_checklast(L, arg);
  lua_settop(L, arg);
  uint64_t tag = 0, want = 0;
  mems_addr addr = mems_heap_root(self.box->heap, name, &tag);
  if (addr == 0)
    return no_root(L, name, mems_heap_error(self.box->heap));
  if (!lua_isnil(L, arg))
    want = wanted_tag(L, arg, tag);
  if (want != 0 && tag != 0 && tag != want)
    return lmems_argerror(L, arg, "root \"%s\" is %s%s", name,
                          push_tag(L, tag), tag >> SHIFT == want >> SHIFT &&
                          tag >> SHIFT == STRUCT ? " of another type" : "");
  lmems_pushaddr(L, addr);
  if (want == 0)
    return 1;
  if (want >> SHIFT == BUFFER) {
    lmems_pushbufferat(L, self, arg + 1);
  } else if (want >> SHIFT == STRUCT) {
    lmems_pushstructat(L, self, arg, arg + 1);
  } else { /* type and address, where `view` has them */
    lua_remove(L, self.arg);
    lmems_pushoverlay(L, self);
  }
  return 1;
}

/***
All roots, also those whose blocks were freed.
@function roots
@within Living
@luals return table<string, lightuserdata>
@treturn table name to address
*/
static int roots(lua_State *L) {
  mems_root all[MEMS_ROOTS];
  size_t n = 0, next = 0;
  const mems_heap *heap = lmems_checkself(L).box->heap;
  while (n < MEMS_ROOTS && (next = mems_heap_roots(heap, next, &all[n])) != 0)
    n++;
  lua_createtable(L, 0, (int)n);
  while (n-- > 0) {
    lmems_pushaddr(L, all[n].addr);
    lua_setfield(L, -2, all[n].name);
  }
  return 1;
}

/*
** Cells
*/

/* Step 1 for a verb on a cell, with an optional offset at `at`; raises. */
static void check_cell(lua_State *L, lmems_self self, int at) {
  int arg = self.arg;
  lmems_checkchangeable(L, self.box);
  if (lua_type(L, arg) == LUA_TSTRING)
    check_name(L, arg);
  else
    lmems_optoffset(L, at);
  lmems_checklast(L, lua_type(L, arg) == LUA_TSTRING ? at - 1 : at);
  lua_settop(L, at);
}

/* The cell; raises. It is not held, but nothing has run since it was found. */
static mems_cell find_cell(lua_State *L, lmems_self self, int at) {
  int arg = self.arg;
  if (lua_type(L, arg) == LUA_TSTRING)
    return (mems_cell){.root = lua_tostring(L, arg)};
  size_t offset = lmems_optoffset(L, at);
  lmems_resolve(L, arg);
  lmems_checkopen(L, self.box);
  lmems_write(L, self.box, arg, offset, sizeof(mems_addr));
  lmems_letgo();
  mems_addr addr = lmems_virtualat(L, self.box, arg) + offset;
  if (addr % sizeof addr != 0)
    lmems_argerror(L, arg, "a cell has to be at a multiple of 8, got %I",
                   (lua_Integer)addr);
  return (mems_cell){.addr = addr};
}

/* The address that the cell holds. */
static mems_addr held_by(const mems_heap *heap, const mems_cell *cell) {
  mems_root r;
  mems_addr addr = 0;
  if (cell->root == NULL) {
    const void *p = mems_heap_span(heap, cell->addr, sizeof addr);
    if (p != NULL)
      memcpy(&addr, p, sizeof addr);
    return addr;
  }
  for (size_t i = 0; (i = mems_heap_roots(heap, i, &r)) != 0;)
    if (strcmp(r.name, cell->root) == 0)
      return r.addr;
  return 0;
}

/* Is that, which the cell holds, none, or the start of a block? Raises. */
static void check_held(lua_State *L, lmems_self self, const mems_cell *cell,
                       mems_addr addr) {
  const mems_heap *heap = self.box->heap;
  if (addr == 0)
    return;
  if (mems_heap_size(heap, addr) == 0)
    lmems_argerror(L, self.arg, "the cell holds %I, where no block starts",
                   (lua_Integer)addr);
  if (cell->root == NULL && cell->addr - addr < mems_heap_size(heap, addr))
    lmems_argerror(L, self.arg, "the cell lies in the block that it holds");
}

/***
As @{malloc}, and the cell holds the address of the new block, in one step:
after a crash both have happened, or neither. So a structure of blocks that lead
to one another has no block that nothing leads to. What the cell held before is
not freed.
@function malloc_to
@within Living
@tparam string|memory cell the name of a root, which need not be there yet; or 8
 bytes inside a block, at a multiple of 8, as a `ptr` of a struct is
@tparam integer size in bytes, from 1
@tparam[opt=0] integer offset of the 8 bytes
@treturn[1] address the virtual address of its first byte
@treturn[2] nil over the limit, or without memory: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
@raise if there is no cell, or the heap is read-only
@usage heap:malloc_to(node:address(), Node.size, Node.offsets.next)
*/
static int malloc_to(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_box *box = self.box;
  size_t size = lmems_checksize(L, self.arg + 1, "size");
  mems_addr addr = 0;
  check_cell(L, self, self.arg + 2);
  lmems_boxasked(L, box, size);
  for (int again = 1; addr == 0 && again >= 0; again--) {
    mems_cell cell = find_cell(L, self, self.arg + 2);
    addr = mems_heap_malloc_to(box->heap, &cell, size);
    if (addr == 0 && again && !lmems_boxretry(L, box, size))
      break;
  }
  if (addr == 0)
    return lmems_fail(L, mems_heap_error(box->heap));
  lmems_traced(L, box, addr);
  lmems_pushaddr(L, addr);
  return 1;
}

/***
As @{free} of the block whose address the cell holds, which holds none then, in
one step. A cell that holds none is no mistake.
@function free_from
@within Living
@tparam string|memory cell see @{malloc_to}
@tparam[opt=0] integer offset
@raise if it holds no start of a block, or one that it lies in
*/
static int free_from(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  check_cell(L, self, self.arg + 1);
  mems_cell cell = find_cell(L, self, self.arg + 1);
  mems_addr addr = held_by(self.box->heap, &cell);
  check_held(L, self, &cell, addr);
  int error = mems_heap_free_from(self.box->heap, &cell);
  if (error != MEMS_OK)
    return luaL_error(L, "%s", mems_strerror(error));
  if (addr == 0)
    return 0;
  lmems_blockgone(self.box, addr);
  lmems_traced_free(L, self.box, addr);
  return 0;
}

/***
As @{realloc} of the block whose address the cell holds, which holds the new one
then, in one step. A cell that holds none gets a new block.
@function realloc_to
@within Living
@tparam string|memory cell see @{malloc_to}
@tparam integer size in bytes, from 1
@tparam[opt=0] integer offset
@treturn[1] address the same address, or a new one
@treturn[2] nil over the limit, or without memory: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
@raise if it holds no start of a block, or one that it lies in
*/
static int realloc_to(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_box *box = self.box;
  size_t size = lmems_checksize(L, self.arg + 1, "size");
  mems_addr old = 0, addr = 0;
  check_cell(L, self, self.arg + 2);
  lmems_boxasked(L, box, size);
  for (int again = 1; addr == 0 && again >= 0; again--) {
    mems_cell cell = find_cell(L, self, self.arg + 2);
    old = held_by(box->heap, &cell);
    check_held(L, self, &cell, old);
    addr = mems_heap_realloc_to(box->heap, &cell, size);
    if (addr == 0 && again && !lmems_boxretry(L, box, size))
      break;
  }
  if (addr == 0)
    return lmems_fail(L, mems_heap_error(box->heap));
  lmems_blockgone(box, old);
  lmems_traced_move(L, box, old, addr);
  lmems_pushaddr(L, addr);
  return 1;
}

const luaL_Reg lmems_roots[] = {
  {"setroot", setroot}, {"root", root}, {"roots", roots},
  {"malloc_to", malloc_to}, {"free_from", free_from},
  {"realloc_to", realloc_to}, {NULL, NULL}
};
