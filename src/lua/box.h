/*
** box.h - boxes: what the binding knows of a heap.
**
** Boxes lie in memory that is kept until the Lua state ends, and serve again
** once the userdata that owned them, the heap of a script, was collected. A
** box without a heap is never used: the default one is "not initialised",
** another one is "closed".
**
** The anchor of a heap is the value that keeps it open: the userdata, or for
** the default heap, which nothing can collect, the light userdata that is
** its box.
*/

#ifndef LMEMS_BOX_H
#define LMEMS_BOX_H

#include "meter.h"
#include "record.h"
#include "trace.h"

#define LMEMS_HEAP "mems.heap" /* name of the metatable of heaps */

/* What belongs to one Lua state. */
typedef struct lmems_state {
  lmems_meter bytes;  /* in blocks and heaps */
  lmems_meter space;  /* reserved by heaps */
  size_t credit;      /* for collections when the OS refuses memory */
  lmems_pool pool;    /* records */
  lmems_hooks hooks;  /* memory that was lent */
  int classes[3][2];  /* references to the metatables of views; 0: none yet */
  lmems_box *boxes;   /* in use */
  lmems_box *free;
} lmems_state;

/* A heap that C is at work on while Lua runs in between: where it is closed
   meanwhile, that happens when the outermost pin is drawn. */
typedef struct lmems_pin {
  struct lmems_pin *outer;
  mems_heap *heap;
  int closed;         /* not 0: the script has closed it */
  int borrowed;       /* not 0: and it is the host program's */
} lmems_pin;

struct lmems_box {
  mems_heap *heap;    /* NULL: not open */
  mems_heap *lost;    /* in a forked child: what it was */
  lmems_trace *trace; /* NULL: sites are not recorded */
  lmems_table records;
  lmems_state *state;
  size_t owned;       /* bytes in blocks that objects own */
  size_t raw;         /* bytes in other blocks, when last looked at */
  size_t unseen;      /* bytes that were asked for since */
  size_t look;        /* with so many it is looked again */
  size_t reserved;    /* bytes of address space */
  size_t credit;      /* for collections when the limit is reached */
  int standard;       /* not 0: a default heap */
  int fill;           /* not 0: the heap has the option `fill` */
  int quarantine;     /* not 0: it has a quarantine */
  int readonly;       /* not 0: no verb writes to its blocks */
  int watched;        /* not 0: it has a trace, or fills */
  int how;            /* LMEMS_DAMAGE_...: what damage leads to */
  int damaged;        /* how often it was found and not told yet, and ... */
  mems_damage damage;    /* ... what was first, and where the block was ... */
  lmems_origin origin;   /* ... allocated and freed */
  int borrowed;       /* not 0: the heap is the host program's to close */
  int living;         /* not 0: it is in a file */
  int shared;         /* not 0: processes share it */
  lmems_pin *pin;     /* the innermost, or NULL */
  lmems_box *next;    /* in the list of the state */
  lmems_box **back;
};

/* What is to be done about damage that a heap has found. With CALL the user
   value of the handle is the function. */
enum { LMEMS_DAMAGE_ERROR, LMEMS_DAMAGE_ABORT, LMEMS_DAMAGE_CALL };

/* The userdata that owns a box; NULL: it was collected. */
typedef struct lmems_handle {
  lmems_box *box;
} lmems_handle;

/* Pushes a new handle with a box without a heap. */
lmems_box *lmems_newbox(lua_State *L);

/* What belongs to the Lua state, or NULL if nothing does. */
lmems_state *lmems_findstate(lua_State *L);

/* Pushes the handle that has the box, or nil if that is being collected. */
void lmems_pushboxed(lua_State *L, const lmems_box *box);

/* The same for a default heap, which no collection ends: its handle is kept
   in the registry, at the box. Pushes its anchor. */
lmems_box *lmems_newdefault(lua_State *L);

/* The box of the handle at `index` is nobody's any more. */
void lmems_dropbox(lua_State *L, int index);

/* The box of the anchor at `index`; one that is closed if it was collected.
   It is an anchor. */
lmems_box *lmems_anchored(lua_State *L, int index);

/* Pushes the heap's userdata. At `index` is its anchor, or an object or
   type that keeps it open: the anchor is its user value 1, or that of its
   user value 1, and so on. */
void lmems_pushhandle(lua_State *L, int index);

/* Raises: `box` has no heap. */
LMEMS_RAISES int lmems_noheap(lua_State *L, const lmems_box *box);

static inline void lmems_checkopen(lua_State *L, const lmems_box *box) {
  if (LMEMS_UNLIKELY(box->heap == NULL))
    lmems_noheap(L, box);
}

/* The heap, where step 2 begins that is about all of it; raises if it has
   been closed. */
static inline mems_heap *lmems_openheap(lua_State *L, const lmems_box *box) {
  lmems_checkopen(L, box);
  return box->heap;
}

/* What a heap is opened with. */
typedef struct lmems_options {
  mems_options heap;
  int trace, leaks;
  int fd;              /* what heap.fd leads to */
  int damage;        /* LMEMS_DAMAGE_... */
  const char *restore; /* NULL, or the file that the heap is a copy of */
  char why[512];       /* a sentence, if a file was the reason; or "" */
} lmems_options;

/* Opens a heap in `box`, which has none. MEMS_OK, or why not. */
int lmems_boxopen(lmems_box *box, const lmems_options *options);

/* The heap of `box`, which has none, is this one from now on, which is open;
   `owned`: it is closed with the box. */
void lmems_boxadopt(lmems_box *box, mems_heap *heap, int owned);

/* Frees every block of the heap of `box`, which has one; all records are
   dead. */
void lmems_boxreset(lmems_box *box);

/* Closes the heap of `box`, if it has one; all records on it are dead. If it
   is in a file, what objects own there is freed before. */
void lmems_boxclose(lmems_box *box);

/* The heap of `box`, which has one, is not unmapped until the pin is drawn. */
void lmems_boxpin(lmems_box *box, lmems_pin *pin);
void lmems_boxunpin(lmems_box *box, lmems_pin *pin);

/* Raises if nothing may change the heap of `box`, which has one. */
void lmems_checkchangeable(lua_State *L, const lmems_box *box);

/* `size` bytes are about to be asked for outside of objects. May collect
   garbage; raises if that closes the heap. */
void lmems_boxlook(lua_State *L, lmems_box *box, size_t size);

static inline void lmems_boxasked(lua_State *L, lmems_box *box,
                                  size_t size) {
  box->unseen += size;
  if (LMEMS_UNLIKELY(box->unseen >= box->look))
    lmems_boxlook(L, box, size);
}

/* The last request, of `size` bytes, was refused by the heap: collects
   garbage if that may help and is worth it; then 1: ask again, once. Raises
   if the heap is closed by it. */
int lmems_boxretry(lua_State *L, lmems_box *box, size_t size);

/* `limit` bytes are about to be reserved. May collect garbage. */
void lmems_openasked(lua_State *L, lmems_box *box, uint64_t limit);

/* They were refused with `error`; as lmems_boxretry. */
int lmems_openretry(lua_State *L, lmems_box *box, uint64_t limit, int error);

/* Makes room for one more record on a block of the box: the last thing in
   step 1. May collect garbage; raises without memory. */
void lmems_boxroom(lua_State *L, lmems_box *box);

/* Makes room for one more hook and one more record of the box: for memory that
   is lent. */
void lmems_lentroom(lua_State *L, lmems_box *box);

/* Pushes the handle of the heap that lent memory belongs to, as all objects
   belong to one: nothing is in it but copies. Its box, which is open; raises.
   */
lmems_box *lmems_pushlender(lua_State *L);

/* An object owns `more` bytes more, or `less` less. */
static inline void lmems_boxowns(lmems_box *box, size_t more, size_t less) {
  box->owned += more - less;
  box->state->bytes.held += more - less;
  box->credit += more;
}

/* A script has released so many bytes itself: the request before that was
   refused, and what it asks for instead, are no reason for a collection. */
static inline void lmems_boxfreed(lmems_box *box, size_t size) {
  box->credit -= 2 * size < box->credit ? 2 * size : box->credit;
}

/* The records of the block at `addr` are dead: it was freed or moved. */
void lmems_blockgone_slow(lmems_box *box, mems_addr addr);

static inline void lmems_blockgone(lmems_box *box, mems_addr addr) {
  if (LMEMS_UNLIKELY(box->records.count != 0))
    lmems_blockgone_slow(box, addr);
}

/* A record that is live dies. */
void lmems_blockdead(lmems_record *record);

/* Who allocates, resizes or frees for Lua tells the trace; see trace.h. */

static inline void lmems_traced(lua_State *L, lmems_box *box,
                                mems_addr addr) {
  if (LMEMS_UNLIKELY(box->trace != NULL))
    lmems_tracednew(box->trace, L, box->heap, addr);
}

static inline void lmems_traced_free(lua_State *L, lmems_box *box,
                                     mems_addr addr) {
  if (LMEMS_UNLIKELY(box->trace != NULL))
    lmems_tracedfree(box->trace, L, box->quarantine, addr);
}

static inline void lmems_traced_move(lua_State *L, lmems_box *box,
                                     mems_addr from, mems_addr to) {
  if (LMEMS_UNLIKELY(box->trace != NULL))
    lmems_tracedmove(box->trace, L, box->heap, box->quarantine, from, to);
}

#endif
