/*
** block.h - blocks that objects lie in, through their records.
**
** None of these allocates, calls Lua or raises, but where it says so.
*/

#ifndef LMEMS_BLOCK_H
#define LMEMS_BLOCK_H

#include "box.h"

/* A record of the pool that owns a new block of `size` zero bytes (and at
   least one), whose physical address is a multiple of `align` (0: as the
   heap has it). MEMS_OK, or why there is none. May collect garbage before;
   raises if the heap is closed. */
int lmems_blocknew(lua_State *L, lmems_box *box, size_t size, size_t align,
                   lmems_record **record);

/* Makes `record`, which is dead, look at `size` bytes from `data`, a physical
   address inside a live block of the open box. */
void lmems_blocklook(lmems_box *box, lmems_record *record,
                     const char *data);

/* Makes it look at `size` bytes from `data`, which are in no block: under an
   address that no block has. */
void lmems_blocklend(lmems_box *box, lmems_record *record, void *data,
                     size_t size);

/* The same for all bytes of the live record `of`. */
void lmems_blockshare(const lmems_record *of, lmems_record *record);

/* A record of the pool that owns the live block at `addr`; NULL if another
   one does. There is room for it. */
lmems_record *lmems_blockown(lmems_box *box, mems_addr addr);

/* The record goes back to the pool, and if it owns a live block that is
   freed. */
void lmems_blockrelease(lmems_record *record);

/* The same, but a block that it owns is nobody's now. */
void lmems_blockdisown(lmems_record *record);

/* A record that owns the block at `*addr`, if there is one, gives back what
   views may not use; that may move the block. MEMS_OK, or why not. */
int lmems_blocktight(lmems_box *box, mems_addr *addr);

/* No record owns the block at `addr` any more: they look at it. */
void lmems_blockkeep(lmems_box *box, mems_addr addr);

/* Gives the block that the live record owns `capacity` bytes, wherever it
   then is, and all records on it go along. MEMS_OK, or why not; then nothing
   has changed. New bytes are zero as far as `size`, the bytes that views may
   use from now on. */
int lmems_blockresize(lmems_record *record, size_t capacity, size_t size);

#endif
