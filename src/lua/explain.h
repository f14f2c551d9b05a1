/*
** explain.h - what is wrong with an address.
**
** A fault is found out first, with all that a message shows, and only then
** put into words: the heap may change or go meanwhile.
*/

#ifndef LMEMS_EXPLAIN_H
#define LMEMS_EXPLAIN_H

#include "box.h"

/* Pushes what is wrong with the range of `size` bytes, `offset` bytes after
   `addr`, that the open heap refused; returns the MEMS_E... code. */
int lmems_explain(lua_State *L, const lmems_box *box, mems_addr addr,
                  size_t offset, size_t size);

/* Raises: `addr` is not the start of a block of the open heap. */
LMEMS_RAISES int lmems_notblock(lua_State *L, const lmems_box *box, int arg,
                                mems_addr addr);

/* Pushes the error that is to be raised about damage that the heap of the box
   has found, and returns 1; or 0: there is none, or a function was called. */
int lmems_pushdamage(lua_State *L, lmems_box *box);

/* Tells of damage that the heap of the box has found, by what its option
   `damage` says: raises, or calls a function. */
void lmems_telldamage(lua_State *L, lmems_box *box);

static inline void lmems_checkdamage(lua_State *L, lmems_box *box) {
  if (LMEMS_UNLIKELY(box->damaged))
    lmems_telldamage(L, box);
}

/* Raises if `word`, which was read as a `ptr` at `addr`, is what memory is
   filled with. */
void lmems_checkfill_slow(lua_State *L, int arg, mems_addr addr,
                          mems_addr word);

/* The same if the heap fills; `addr` and `offset` say where. */
static inline void lmems_checkfill(lua_State *L, const lmems_box *box,
                                   int arg, mems_addr addr, mems_addr word) {
  if (LMEMS_UNLIKELY(box->fill))
    lmems_checkfill_slow(L, arg, addr, word);
}

#endif
