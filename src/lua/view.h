/*
** view.h - objects on blocks: what buffers, arrays and structs share.
**
** A record (lmems_block) is what objects know of one block: where it is, how
** much of it they may use. The box of a heap has a table of all records on
** its blocks, so that whoever frees, moves or closes makes them right or
** dead: an object asks its record, and never memory that has gone.
**
**   view -> record -> bytes        view: offset, end in the record's bytes
**
** A view is a userdata: an owner has a record of its own behind it, which
** frees the block when it is collected, or (S:at) only looks at it. Others
** are parts of an owner: user value 1 keeps it alive. A view is good if its
** record is alive and it ends within the record's bytes:
**
**   view->end <= view->block->size         (a dead record has size 0)
**
** That one compare is all that an access to an element has to do beside its
** own bounds. User value 1 of an owner keeps its heap's box alive, or the
** struct that does so.
*/

#ifndef LMEMS_VIEW_H
#define LMEMS_VIEW_H

#include "lmems.h"

#define LMEMS_LIKELY(condition) __builtin_expect(!!(condition), 1)

/*
** Records (block.c)
*/

struct lmems_block {
  lmems_box *box;
  char *data;         /* physical address of the block; NULL: dead */
  size_t size;        /* bytes that views may use; 0: dead */
  mems_addr addr;     /* the block */
  size_t capacity;    /* its bytes if the record owns it, else 0 */
  lmems_block *next;  /* in the box's table: in the same bucket */
  lmems_block **back; /* what points here */
};

/* Makes room in the table of the box at `index` for one more record. May
   collect garbage. */
void lmems_blockroom(lua_State *L, int index, lmems_box *box);

/* Makes `block`, which is zero or dead, the record of a new block of `size`
   zero bytes (and at least one), whose physical address is a multiple of
   `align` (0: as the heap has it). MEMS_OK, or why there is none. The box is
   at `index`. May collect garbage; raises if the heap is closed. */
int lmems_blocknew(lua_State *L, int index, lmems_box *box,
                   lmems_block *block, size_t size, size_t align);

/* Makes `block`, which is zero or dead, a record that looks at the block
   which holds the physical address `p`, inside a live block of the box. */
void lmems_blocklook(lmems_box *box, lmems_block *block, const void *p);

/* Makes `block`, which is zero or dead, the record that owns the live block
   at `addr`; 0 if another one does. */
int lmems_blockown(lmems_box *box, lmems_block *block, mems_addr addr);

/* Makes the record dead, and frees the block if it owns it. */
void lmems_blockrelease(lmems_block *block);

/* Makes the record dead, but not the block. */
void lmems_blockdrop(lmems_block *block);

/* Gives the block that the record owns `capacity` bytes, wherever it then
   is, and all records on it go along. MEMS_OK, or why not; then nothing has
   changed. New bytes are zero as far as `size`, the bytes that views may use
   from now on. */
int lmems_blockresize(lmems_block *block, size_t capacity, size_t size);

/* Tells the collector of `size` bytes that an object is about to own. May
   collect garbage. */
void lmems_nudge(lua_State *L, lmems_box *box, size_t size);

/*
** Kinds (kind.c): what an element or a field is.
*/

typedef struct lmems_layout lmems_layout;
typedef struct lmems_kind lmems_kind;

/* Types beyond those of LMEMS_TYPES. */
enum {
  LMEMS_CHARS = LMEMS_NTYPES, /* `count` bytes: a string, 0 ends it early */
  LMEMS_ROW,                  /* `count` times `element` */
  LMEMS_STRUCT                /* `layout` */
};

struct lmems_kind {
  int type;
  size_t size;                /* bytes */
  size_t count;
  const lmems_kind *element;
  const lmems_layout *layout;
};

/* The kind of a type of LMEMS_TYPES. */
const lmems_kind *lmems_scalar(int type);

/* Do two kinds mean the same bytes? */
int lmems_samekind(const lmems_kind *a, const lmems_kind *b);

/* Pushes its name: "f64", "char[16]", "f64[3][3]", "struct". */
const char *lmems_pushkind(lua_State *L, const lmems_kind *kind);

/* Pushes the value of that kind at `p`, rows and structs as tables. May
   collect garbage: `p` is no pointer into a heap. */
void lmems_pushvalue(lua_State *L, const lmems_kind *kind, const char *p);

/* Stores the value at `index` at `p`: rows from tables or arrays, structs
   from tables or structs; raises if it does not fit. Runs no Lua code, but
   may collect garbage: `p` is no pointer into a heap. `what` says whose
   value it is. */
void lmems_storevalue(lua_State *L, int index, const lmems_kind *kind,
                      char *p, const char *what);

/* Appends the value at `p` to the buffer, as tostring shows it. */
void lmems_showvalue(luaL_Buffer *B, const lmems_kind *kind, const char *p);

/*
** Layouts (layout.c): what a struct is.
*/

typedef struct lmems_field {
  const void *key;   /* lua_topointer of its name, which user value 2 of the
                        layout keeps where it is */
  const char *name;
  size_t length;     /* of the name */
  size_t offset;
  lmems_kind kind;
} lmems_field;

typedef struct lmems_slot {
  const void *key;
  const lmems_field *field;
} lmems_slot;

/* A userdata. User value 1: the box; 2: what has to stay alive: names and
   layouts; 3: the table of offsets. */
struct lmems_layout {
  uintptr_t seal;
  lmems_box *box;
  lmems_kind kind;          /* of the whole: LMEMS_STRUCT, this */
  size_t align;
  int depth;                /* structs in structs */
  size_t count;             /* fields */
  const lmems_field *fields;
  unsigned shift;           /* of the hash: 64 - log2 of the slots */
  lmems_slot slots[];       /* a quarter full at most */
};

/* Where a key's search begins. */
static inline size_t lmems_hash(const void *key, unsigned shift) {
  return (size_t)(((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u >> shift);
}

/* The field whose name is the string at `index`, by its identity; NULL if
   there is none, or the string is long and so not unique. */
static inline const lmems_field *lmems_field_at(lua_State *L, int index,
                                                const lmems_layout *s) {
  const void *key = lua_topointer(L, index);
  const lmems_slot *slot = &s->slots[lmems_hash(key, s->shift)];
  while (slot->key != key) {
    if (slot->key == NULL)
      return NULL;
    slot++; /* an empty one stands at the end */
  }
  return slot->field;
}

/* The field whose name is the string at `index`, by its bytes; or NULL. */
const lmems_field *lmems_field_slow(lua_State *L, int index,
                                    const lmems_layout *s);

/* Raises: there is no such field; names those that are near. */
LMEMS_RAISES int lmems_nofield(lua_State *L, int index,
                               const lmems_layout *s);

/* The layout at `arg`, or NULL. */
lmems_layout *lmems_tolayout(lua_State *L, int arg);

/* Pushes a new layout made from the definition at `arg`; the box is at
   `index`. */
lmems_layout *lmems_newlayout(lua_State *L, int arg, int index,
                              lmems_box *box);

/*
** Views (view.c)
*/

typedef struct lmems_view {
  uintptr_t seal;         /* its own address and its class, mixed: no other
                             userdata has that here */
  lmems_block *block;
  size_t offset;          /* first byte, in the block */
  size_t end;             /* one past the last; SIZE_MAX: released */
  size_t length;          /* bytes, elements, or for an element of an array:
                             the elements of the array */
  size_t first;           /* for an element of an array: where that begins */
  const lmems_kind *kind; /* of an element, or of the struct */
  int type;               /* kind->type */
  int owner;              /* not 0: a record of its own is behind it */
} lmems_view;

typedef struct lmems_owner {
  lmems_view view;
  lmems_block block;
} lmems_owner;

/* The classes, by what is mixed into the seal. */
#define LMEMS_BUFFER_SEAL ((uintptr_t)0xB75E3D1A94C2F068u)
#define LMEMS_ARRAY_SEAL ((uintptr_t)0x3FA96C5D17E0B482u)
#define LMEMS_RECORD_SEAL ((uintptr_t)0xD2084B7EF35A9C16u)
#define LMEMS_LAYOUT_SEAL ((uintptr_t)0x6E1F90A3C8D7254Bu)

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

/* The view of that class that is argument 1 of a method; raises. */
lmems_view *lmems_checkview(lua_State *L, uintptr_t seal);

/* Its first byte; raises if it is dead. */
char *lmems_viewdata(lua_State *L, const lmems_view *view);

/* Is it alive? */
static inline int lmems_alive(const lmems_view *view) {
  return view->block->data != NULL && view->end <= view->block->size;
}

/* Raises: the view is dead. */
LMEMS_RAISES int lmems_dead(lua_State *L, const lmems_view *view);

/* Pushes a new view with a new block, see lmems_blocknew. The box is at
   `index`, what is to be user value 1 at `anchor`. MEMS_OK, or why the heap
   has none; then there is nothing to be used on the stack. */
int lmems_newowner(lua_State *L, int index, int anchor, lmems_box *box,
                   uintptr_t seal, size_t size, size_t align,
                   lmems_view **view);

/* Pushes a new view with a dead record of its own. */
lmems_view *lmems_pushowner(lua_State *L, uintptr_t seal, int anchor);

/* Pushes a new view of `size` bytes from `offset` of the record of the view
   at `parent`. */
lmems_view *lmems_part(lua_State *L, uintptr_t seal, int parent,
                       size_t offset, size_t size);

/* Sets the element kind. */
static inline void lmems_setkind(lmems_view *view, const lmems_kind *kind) {
  view->kind = kind;
  view->type = kind->type;
}

/* Pushes the value of that kind, `offset` bytes into the block of the view
   at `parent`: rows and structs as views. Raises if that is dead. */
void lmems_pushelement(lua_State *L, int parent, const lmems_kind *kind,
                       size_t offset);

/* Stores the value at `index` there. */
void lmems_setelement(lua_State *L, int parent, int index,
                      const lmems_kind *kind, size_t offset,
                      const char *what);

/* Ends the view: an owner frees its block. */
void lmems_endview(lmems_view *view);

/* Adds the methods that all objects have to the table on top. */
void lmems_setcommon(lua_State *L);

/* Sets methods: upvalue 1 true, upvalue 2 the name. */
void lmems_setmethods(lua_State *L, const luaL_Reg *methods);

/* Makes the two metatables of a class, for owners and parts, from `events`;
   the table of methods is on top, and is popped. `index` may be NULL: then
   the methods are the __index; else it is called, with them as upvalue 1. */
void lmems_newclass(lua_State *L, uintptr_t seal, const char *name,
                    const luaL_Reg *events, lua_CFunction index);

/* Have all classes been made in this state? */
int lmems_hasclasses(lua_State *L);

/*
** Classes
*/

/* buffer.c, array.c, struct.c */
void lmems_openbuffer(lua_State *L);
void lmems_openarray(lua_State *L);
void lmems_openstruct(lua_State *L);

/* number.c, sort.c: methods of arrays */
void lmems_setnumber(lua_State *L);
void lmems_setsort(lua_State *L);

/* An array of `count` zero elements of a kind, which `anchor` keeps alive,
   as lmems_newowner; raises if that is too many. */
int lmems_newarray(lua_State *L, int index, int anchor, lmems_box *box,
                   const lmems_kind *kind, size_t count, lmems_view **view);

/* Pushes a new array of the kind from the count or the table at `arg`;
   returns how many results. */
int lmems_makearray(lua_State *L, int index, int anchor, lmems_box *box,
                    const lmems_kind *kind, int arg);

/* The array that is argument 1 of a method, alive; raises. */
lmems_view *lmems_checkarray(lua_State *L);

/* Elements i to j of an array from two optional arguments at `arg`, as a
   0-based start and a count; raises if they are not in it. */
size_t lmems_optrange(lua_State *L, int arg, const lmems_view *array,
                      size_t *start);

/* mems.buffer, mems.own, mems.array, mems.struct */
int lmems_buffer(lua_State *L);
int lmems_own(lua_State *L);
int lmems_array(lua_State *L);
int lmems_struct(lua_State *L);

#endif
