/*
** mems.h - the contract: memory of your own, from mmap, behind virtual
** addresses, with every access checked. The only header that is installed.
**
** A heap is one main chain of nodes; a node is one request to the OS, a
** whole number of pages. A node's sub-chain is a run of segments without
** gaps, each a PROCESS (allocated) or a HOLE (free):
**
**   MAIN[1000:5095]-> P[1000:1999] <-> P[2000:2999] <-> H[3000:5095]
**
** A block is named by its MeMS virtual address, an integer, never a host
** pointer: from 1000 up in the default heap; no other heap has the same
** addresses, unless it asks for them. The host pointer behind it is its
** physical address, good until the block is freed or moved by realloc; and
** each block's has to be asked for: memory of a block that nobody has asked
** for since it was handed out may be given back to the OS.
**
** What holds for every function:
** - A wrong address is refused, never followed: the call fails, the heap is
**   as it was, and mems_heap_error (or mems_errno) tells which mistake.
** - Nothing prints and nothing exits, but mems_print_stats and
**   mems_heap_print, whose job it is.
** - A heap belongs to one thread at a time; two heaps share nothing.
** - "O(1)" means independent of the number of live blocks.
*/

#ifndef MEMS_H
#define MEMS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MEMS_VERSION "0.2.0"

#if defined(__GNUC__)
#define MEMS_API __attribute__((visibility("default")))
#else
#define MEMS_API
#endif

/* A MeMS virtual address; 0 is none. */
typedef uint64_t mems_addr;

/* A heap, known only by its address. */
typedef struct mems_heap mems_heap;

/* Why a call failed. */
enum {
  MEMS_OK = 0,   /* it did not */
  MEMS_EINVAL,   /* an argument or an option is out of its range */
  MEMS_ENOMEM,   /* the OS refused memory */
  MEMS_ELIMIT,   /* the heap's limit would be passed */
  MEMS_EFOREIGN, /* the address was never allocated in this heap */
  MEMS_EFREED,   /* the address lies in a hole where blocks have been, or in
                    pages that were cut into slots for small ones */
  MEMS_EINSIDE,  /* the address is inside a block, not at its start */
  MEMS_ERANGE,   /* the range starts in a block and runs past its end */
  MEMS_EINIT,    /* the default heap is not initialised, or it is already */
  MEMS_EBROKEN   /* an invariant does not hold: the heap was damaged */
};

/* How to open a heap. A field that is 0 takes its default. */
typedef struct mems_options {
  size_t size;        /* sizeof(mems_options), or 0: the fields up to `fill` */
  uint64_t limit;     /* most bytes the nodes may map, rounded down to whole
                         pages of the OS, one at least; from 4096 to 2^46.
                         Default 64 GiB, or what the OS will reserve, halving;
                         see mems_stats.limit. A limit that is named is also
                         halved if refused. */
  mems_addr base;     /* first virtual address, a multiple of 8. Default:
                         from 2^56 up, addresses that no other open heap of
                         the process has got this way. base + limit must not
                         pass 2^63. */
  size_t page;        /* the least that a node begins with or grows by, in
                         bytes, a multiple of 4096, at most 1 GiB; default
                         4096, or the OS's page where that is larger */
  size_t align;       /* physical alignment of every block: a power of two,
                         8 to 2 MiB; default 8 */
  size_t quarantine;  /* freed blocks are kept from reuse until this many
                         bytes are waiting, and then the oldest are let go, 64
                         at most by one call; never more than twice as much
                         waits, and no block that is larger. What waits is
                         MEMS_EFREED to every call. Default 0 */
  int fill;           /* not 0: new blocks and what realloc adds are filled
                         with 0xAA, freed ones and what realloc cuts off
                         with 0x55 */
} mems_options;

/* The state of a heap. The last three fields cost a walk over all segments,
   the others none: whoever sets `size` to offsetof(mems_stats, holes) leaves
   them as they were. */
typedef struct mems_stats {
  size_t size;          /* set by the caller: sizeof(mems_stats); 0: the same
                           for version 1, up to `requested` */
  uint64_t limit;       /* most bytes the nodes may map */
  uint64_t mapped;      /* bytes in nodes now */
  uint64_t used;        /* bytes in PROCESS segments: whole granules of 8, or
                           the whole slots of runs */
  uint64_t unused;      /* bytes in HOLEs: mapped - used */
  uint64_t quarantined; /* bytes of freed blocks that wait (in unused) */
  uint64_t overhead;    /* bytes mapped beside the nodes: bitmaps, index */
  uint64_t peak;        /* highest value of used so far; free slots that stood
                           ready to be handed out may be counted in, 256 and
                           1 MiB of each size class at most */
  uint64_t processes;   /* PROCESS segments: live blocks */
  uint64_t nodes;       /* length of the main chain */
  uint64_t pages;       /* mapped / page_size */
  uint64_t page_size;   /* 4096 */
  uint64_t mallocs;     /* blocks handed out since the heap was opened */
  uint64_t frees;       /* blocks taken back since then */
  mems_addr base;       /* first virtual address */
  size_t align;         /* physical alignment of every block */
  uint64_t holes;       /* HOLEs, waiting ones and free slots of runs too */
  uint64_t requested;   /* bytes asked for by the live blocks */
  uint64_t largest;     /* a malloc of so many bytes succeeds now, unless the
                           OS refuses; one of an eighth more need not */
} mems_stats;

/* What a segment is. */
typedef enum mems_kind {
  MEMS_HOLE,   /* free */
  MEMS_PROCESS /* allocated: a block */
} mems_kind;

/* One segment and the node it lies in. */
typedef struct mems_segment {
  mems_kind kind;
  mems_addr addr;      /* its first byte */
  size_t size;         /* its length in bytes, whole granules of 8 */
  size_t requested;    /* the bytes that were asked for; 0 for a HOLE */
  int waiting;         /* not 0: a HOLE that the quarantine keeps back */
  mems_addr node;      /* first byte of its node */
  size_t node_size;    /* length of its node in bytes */
} mems_segment;

/*
** The classic functions: the same on the one default heap of the process,
** which takes the default options and the base 1000. They set errno as well:
** ENOMEM for MEMS_ENOMEM and MEMS_ELIMIT, EINVAL for the others.
*/

/* Opens the default heap. If it is open already nothing happens but
   MEMS_EINIT in mems_errno. */
MEMS_API void mems_init(void);

/* Returns everything to the OS. Addresses and pointers die with it. */
MEMS_API void mems_finish(void);

/* The virtual address of a new block of `size` bytes, or NULL: size 0,
   no memory, or not initialised. O(1). */
MEMS_API void *mems_malloc(size_t size);

/* Makes the block at `addr` a hole; NULL does nothing. Any other address
   changes nothing and sets errno and mems_errno. O(1). */
MEMS_API void mems_free(void *addr);

/* The physical address behind any address inside a block, or NULL. O(1). */
MEMS_API void *mems_get(void *addr);

/* Prints main chain, sub-chains and totals to stdout. */
MEMS_API void mems_print_stats(void);

/* Why the last classic call failed; MEMS_OK if it did not. */
MEMS_API int mems_errno(void);

/*
** Heaps: the same, and more, for any number of them, handle first.
*/

/* A new, empty heap. NULL on failure, with the reason in *error (which may
   be NULL): MEMS_EINVAL for an option out of its range, MEMS_ENOMEM if the
   OS refuses even the smallest reservation, or if the open heaps have left
   no addresses. Costs address space and a few pages until it is used. */
MEMS_API mems_heap *mems_heap_open(const mems_options *options, int *error);

/* Unmaps all of the heap. `heap` may be NULL. */
MEMS_API void mems_heap_close(mems_heap *heap);

/* A new block of `size` bytes, contents undefined. It takes whole granules of
   8 bytes, two at least: one of 1 to 8 bytes takes 16. In a run it takes a
   slot, which above 128 bytes is up to an eighth longer; above 64 KiB it takes
   up to a quarter more (16 MiB at most) as long as the limit allows it. 0 if
   and only if size is 0 (MEMS_EINVAL), the heap's limit would be passed
   (MEMS_ELIMIT) or the OS refuses (MEMS_ENOMEM); before either, what waits in
   the quarantine is let go, as far as that helps, and so is all that was kept
   ready; a block may then get a longer slot. O(1), but for requests to the OS,
   one for each 48th that the heap grows, and for a call that ends in a refusal
   or in the last place there is. */
MEMS_API mems_addr mems_heap_malloc(mems_heap *heap, size_t size);

/* The same, at a physical address that is a multiple of `align`: a power of
   two up to 2 MiB, else MEMS_EINVAL. An `align` below the heap's own counts
   as the heap's own. It takes 64 bytes at least, or 192. */
MEMS_API mems_addr mems_heap_aligned(mems_heap *heap, size_t size,
                                     size_t align);

/* A new block of count * size bytes, all zero; MEMS_ELIMIT if the product
   overflows. Pages that are fresh from the OS are not touched, but for blocks
   of up to 64 KiB; where many others are to be zero they go back to the
   OS and come fresh. */
MEMS_API mems_addr mems_heap_calloc(mems_heap *heap, size_t count,
                                    size_t size);

/* Makes the block at `addr` `size` bytes long and returns its address, the
   same one where there is room, else a new one with the contents copied and
   the old one freed. A block that gets smaller moves only out of a slot of
   which it would leave more than half unused. 0 on failure, and then the block
   is as it was; a block that gets smaller never fails. `addr` 0 allocates;
   `size` 0 is MEMS_EINVAL. The alignment is kept, also one asked for by
   mems_heap_aligned. O(1) and the bytes copied. */
MEMS_API mems_addr mems_heap_realloc(mems_heap *heap, mems_addr addr,
                                     size_t size);

/* Makes the block at `addr` a hole. MEMS_OK, or the mistake, and then
   nothing has changed: MEMS_EFREED, MEMS_EINSIDE, MEMS_EFOREIGN. `addr` 0 does
   nothing and is no mistake, as in C. O(1), but for pages that go back to the
   OS: those of a block of more than 16 MiB, else some of what is free (see
   mems_heap_trim). */
MEMS_API int mems_heap_free(mems_heap *heap, mems_addr addr);

/* The physical address behind `addr`, which may be anywhere inside a block;
   NULL if it is not. O(1), but for the first time that a block of 8 KiB or more
   is asked for: a step for each 256 KiB. */
MEMS_API void *mems_heap_get(const mems_heap *heap, mems_addr addr);

/* The gate: the physical address of the range [addr, addr + size) if it
   lies inside one block, else NULL: MEMS_ERANGE, MEMS_EFREED or
   MEMS_EFOREIGN. A range of 0 bytes may also lie at a block's end. Costs what
   mems_heap_get does. */
MEMS_API void *mems_heap_span(const mems_heap *heap, mems_addr addr,
                              size_t size);

/* Back again: the virtual address of a physical one that is inside a block;
   0 if it is not. O(1). */
MEMS_API mems_addr mems_heap_address(const mems_heap *heap,
                                     const void *physical);

/* The bytes that were asked for at `addr`, exactly; 0 if `addr` is not the
   start of a block. O(1). */
MEMS_API size_t mems_heap_size(const mems_heap *heap, mems_addr addr);

/* Frees every block at once and keeps the pages. O(size of the heap). */
MEMS_API void mems_heap_reset(mems_heap *heap);

/* Why the last call on this heap that failed did so. A call that succeeds
   leaves it as it is. */
MEMS_API int mems_heap_error(const mems_heap *heap);

/* A short English sentence for a MEMS_E... code, without a full stop. */
MEMS_API const char *mems_strerror(int error);

/* Gives back to the OS what it can: what is free at the end is unmapped, other
   whole pages that are free are released, also between slots; what waits in
   the quarantine stays. Returns bytes given back. O(size of the heap). A heap
   does the same by itself: while more than 16 MiB and a quarter of what is in
   use is free and may be in memory, a call that frees releases 4 MiB at most,
   or as much as it freed. */
MEMS_API size_t mems_heap_trim(mems_heap *heap);

/* Fills *stats as far as its `size` goes. O(1) for all fields up to `align`,
   O(size of the heap) for the others. */
MEMS_API void mems_heap_stats(const mems_heap *heap, mems_stats *stats);

/* Fills *segment with the segment that holds `addr`. MEMS_OK, or MEMS_EFOREIGN
   if no node holds it. */
MEMS_API int mems_heap_locate(const mems_heap *heap, mems_addr addr,
                              mems_segment *segment);

/* Calls visit(context, segment) for each segment in address order, until it
   returns other than 0, and returns that. `visit` must not change the heap. */
MEMS_API int mems_heap_walk(mems_heap *heap,
                            int (*visit)(void *, const mems_segment *),
                            void *context);

/* Checks every invariant. MEMS_OK or MEMS_EBROKEN; mems_heap_broken then
   names what does not hold. O(size of the heap). */
MEMS_API int mems_heap_check(mems_heap *heap);
MEMS_API const char *mems_heap_broken(const mems_heap *heap);

/* Prints main chain, sub-chains and totals in the classic format. 0, or
   MEMS_EINVAL if the file took no more. */
MEMS_API int mems_heap_print(mems_heap *heap, FILE *out);

#ifdef __cplusplus
}
#endif

#endif
