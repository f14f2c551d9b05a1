/*
** view.h - views: the userdata behind buffers, arrays and structs.
**
** A view has a part of the bytes of a record (record.h). An owner has a
** record of its own, which frees the block when the view is released or
** collected, or (S:at, view) only looks at it. Others are parts of an owner:
** user value 1 keeps it alive. User value 1 of an owner keeps its heap open:
** its anchor, or what has that. User value 2 keeps the type of its elements,
** if that is not done by 1; user value 3 what it looks at.
**
** A view that was released or collected is dead for good, also when it comes
** back from its finalizer. One whose block was freed or has shrunk is dead
** as long as that is so.
**
** Whoever reads holds its bytes by lmems_hold..., whoever writes by
** lmems_write...: these are the write gate, which a view that is read-only
** does not pass.
*/

#ifndef LMEMS_VIEW_H
#define LMEMS_VIEW_H

#include "block.h"
#include "hold.h"
#include "kind.h"

typedef struct lmems_view {
  uintptr_t seal;         /* its own address and its class, mixed: no other
                             userdata has that here */
  lmems_record *record;
  size_t offset;          /* first byte, in the record's bytes */
  uint64_t end;           /* the record's floor and one past the last byte;
                             LMEMS_RELEASED */
  size_t length;          /* bytes, elements, or for a struct what it may
                             move over: LMEMS_HERE and so on, or that many
                             elements of an array */
  size_t stride;          /* bytes from one element to the next, of an array
                             or of that which it is one of */
  const lmems_kind *kind; /* of an element, or of the struct */
  uint64_t first : 47;    /* for an element of an array: where that begins */
  uint64_t plain : 7;     /* the type of elements that are numbers, truth
                             values or addresses and lie one behind the
                             other, else LMEMS_NTYPES: an access to one asks
                             for no more */
  uint64_t type : 7;      /* kind->type */
  uint64_t owner : 2;     /* not 0: a record of its own is behind it */
  uint64_t readonly : 1;  /* no verb writes through it */
} lmems_view;

/* With what Lua adds a part is 120 bytes then: malloc of glibc keeps what is
   larger in lists that cost a tenth of `a[i].x`. */
_Static_assert(sizeof(lmems_view) == 64, "a view is no more than that");

/* An owner whose bytes a host program has lent: a buffer. */
typedef struct lmems_lent {
  lmems_view view;
  lmems_hook *hook; /* NULL: they were given back */
} lmems_lent;

/* What `owner` is. */
enum { LMEMS_OWNER = 1, LMEMS_LENT = 2 };

#define LMEMS_RELEASED UINT64_MAX

/* What the collector is told of an owner beside its bytes: the finalizer keeps
   it, its record and its bytes for one cycle more, and so many small ones would
   be garbage at once that no cache holds them. */
#define LMEMS_OBJECT (4 * sizeof(lmems_record))

/* The length of structs: no element; made by S:at; an element of an array
   that may grow. */
#define LMEMS_HERE ((size_t)0)
#define LMEMS_ANYWHERE SIZE_MAX
#define LMEMS_GROWING (SIZE_MAX - 1)

/* The classes, by what is mixed into the seal. */
#define LMEMS_BUFFER_SEAL ((uintptr_t)0xB75E3D1A94C2F068u)
#define LMEMS_ARRAY_SEAL ((uintptr_t)0x3FA96C5D17E0B482u)
#define LMEMS_STRUCT_SEAL ((uintptr_t)0xD2084B7EF35A9C16u)

/* The key in the registry of the metatable of a class: one with finalizer
   for owners, one without for parts, which so cost the collector less. */
const void *lmems_classkey(uintptr_t seal, int owner);

/* "buffer", "array" or "struct" */
const char *lmems_classname(const lmems_view *view);

/* The view of that class at `arg`, or NULL. */
static inline lmems_view *lmems_toview(lua_State *L, int arg,
                                       uintptr_t seal) {
  lmems_view *view = lua_touserdata(L, arg);
  if (LMEMS_LIKELY(view != NULL && lua_rawlen(L, arg) >= sizeof *view &&
                   view->seal == ((uintptr_t)view ^ seal)))
    return view;
  return NULL;
}

/* The same of any class. */
lmems_view *lmems_anyview(lua_State *L, int arg);

/* The view of that class, or of any, that is argument 1 of a method;
   raises. */
lmems_view *lmems_checkview(lua_State *L, uintptr_t seal);
lmems_view *lmems_checkany(lua_State *L);

/* What became of one that is not alive: "released" or "closed with its
   heap". */
const char *lmems_fate(const lmems_view *view);

/* Is it alive, where a compare can't tell: does the block that it is on stand
   in its heap, which processes share? */
LMEMS_SLOW int lmems_alive_far(const lmems_view *view);

/* Does a compare tell that it is alive? */
static inline int lmems_alive_near(const lmems_view *view) {
  return LMEMS_LIKELY(view->end <= view->record->limit);
}

/* Is it alive? */
static inline int lmems_alive(const lmems_view *view) {
  return lmems_alive_near(view) || lmems_alive_far(view);
}

/* Raises: the view is dead. */
LMEMS_RAISES int lmems_dead(lua_State *L, const lmems_view *view);

static inline void lmems_checkalive(lua_State *L, const lmems_view *view) {
  if (LMEMS_UNLIKELY(!lmems_alive(view)))
    lmems_dead(L, view);
}

/* Was it never released or collected? */
static inline int lmems_kept(const lmems_view *view) {
  return view->end != LMEMS_RELEASED &&
         view->end - view->record->floor < LMEMS_LIFE;
}

/* Does one that is alive own its block? */
static inline int lmems_owns(const lmems_view *view) {
  return view->owner && view->record->capacity != 0;
}

/* Raises: it is alive, and does not own its block. */
LMEMS_RAISES int lmems_noowner(lua_State *L, const lmems_view *view);

/* For owners, after a collection: raises if it is dead, or its block is not
   its own any more. */
static inline void lmems_checkowner(lua_State *L, const lmems_view *view) {
  lmems_checkalive(L, view);
  if (LMEMS_UNLIKELY(!lmems_owns(view)))
    lmems_noowner(L, view);
}

/* How many bytes a view that is alive has. */
static inline size_t lmems_viewbytes(const lmems_view *view) {
  return (size_t)(view->end - view->record->floor) - view->offset;
}

/* The virtual address of the first byte of one that is alive; 0: its bytes
   were lent. */
mems_addr lmems_viewaddr(const lmems_view *view);

/* Raises: the view at `arg`, or if that is 0 one that is no argument, is
   read-only. */
LMEMS_RAISES int lmems_unwritable(lua_State *L, int arg,
                                  const lmems_view *view);

/* The write gate for what is in argument `arg`; see lmems_unwritable. */
static inline void lmems_checkwritable(lua_State *L, int arg,
                                       const lmems_view *view) {
  if (LMEMS_UNLIKELY(view->readonly))
    lmems_unwritable(L, arg, view);
}

/* Holds a view's bytes: its first one. Raises if it is dead. */
static inline const char *lmems_holdview(lua_State *L, const lmems_view *view) {
  lmems_checkalive(L, view);
  return lmems_held(view->record->data + view->offset);
}

/* The same, to write. Raises if it is read-only as well. */
static inline char *lmems_writeview(lua_State *L, const lmems_view *view) {
  lmems_checkwritable(L, 0, view);
  return (char *)lmems_holdview(L, view);
}

/* Holds `size` bytes, `offset` bytes into the record of a view. Raises if it
   is dead or its memory does not reach so far any more. */
static inline const char *lmems_holdpart(lua_State *L, const lmems_view *view,
                                   size_t offset, size_t size) {
  const lmems_record *record = view->record;
  if (LMEMS_UNLIKELY(view->end > record->limit ||
                     record->floor + offset + size > record->limit) &&
      !(lmems_alive_far(view) && offset + size <= lmems_recordsize(record)))
    lmems_dead(L, view);
  return lmems_held(record->data + offset);
}

/* The same, to write. */
static inline char *lmems_writepart(lua_State *L, const lmems_view *view,
                                    size_t offset, size_t size) {
  lmems_checkwritable(L, 0, view);
  return (char *)lmems_holdpart(L, view, offset, size);
}

/* Sets how many bytes of its record the view has. */
static inline void lmems_setend(lmems_view *view, size_t bytes) {
  view->end = view->record->floor + view->offset + bytes;
}

/* Sets the kind of its elements, and how far one is from the next. */
static inline void lmems_setstride(lmems_view *view, const lmems_kind *kind,
                                   size_t stride) {
  int plain = kind->type < LMEMS_NTYPES && stride == kind->size;
  view->kind = kind;
  view->type = (unsigned)kind->type;
  view->plain = (unsigned)(plain ? kind->type : LMEMS_NTYPES);
  view->stride = stride;
}

/* Sets the kind of its elements, which lie one behind the other. */
static inline void lmems_setkind(lmems_view *view, const lmems_kind *kind) {
  lmems_setstride(view, kind, kind->size);
}

/* Is it a slice with a step, with bytes between its elements that are not
   its own? */
static inline int lmems_stepped(const lmems_view *view) {
  return (view->seal ^ (uintptr_t)view) == LMEMS_ARRAY_SEAL &&
         view->stride != view->kind->size;
}

/* Pushes a new owner without a record, which is dead; `values` is how many
   user values it has, `anchor` the positive index of the first of them. */
lmems_view *lmems_pushowner(lua_State *L, lmems_state *state, uintptr_t seal,
                            int anchor, int values);

/* Pushes a new buffer of the `size` bytes at `pointer`, which are given back
   by the hook when it ends. Raises, and then there is no hook yet. */
void lmems_pushlent(lua_State *L, const lmems_hook *what, int readonly);

/* Pushes a new owner of a new block, see lmems_blocknew. What is at `keep`,
   if that is not 0, it keeps alive as well. MEMS_OK, or why the
   heap has none; then there is nothing to be used on the stack. */
int lmems_newowner(lua_State *L, int anchor, int keep, lmems_box *box,
                   uintptr_t seal, size_t size, size_t align,
                   lmems_view **view);

/* Pushes what a new owner on the same heap has to keep, like the view at
   `index`: user value 1, an anchor, and user value 2, what is to be kept
   beside it, or nil. */
void lmems_pushkept(lua_State *L, int index);

/* Pushes a new view of `size` bytes from `offset` of the record of `whole`,
   the view at `index`, which is positive. Raises if that is dead. */
lmems_view *lmems_part(lua_State *L, uintptr_t seal, int index,
                       const lmems_view *whole, size_t offset, size_t size);

/* Resizes the block of an owner that is alive, see lmems_blockresize; asks
   again if it is refused. May collect garbage before. */
int lmems_viewresize(lua_State *L, lmems_view *view, size_t capacity,
                     size_t size);

/* Ends the view for good: an owner frees its block. */
void lmems_endview(lmems_view *view);

/* Ends an owner that is alive, but not its block. */
void lmems_disownview(lmems_view *view);

#endif
