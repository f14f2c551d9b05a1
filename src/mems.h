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
  MEMS_EBROKEN,  /* an invariant does not hold: the heap was damaged */
  MEMS_EBUSY,    /* another process has the file open, or an open heap has
                    addresses that the file's heap would have */
  MEMS_ENOSPC,   /* the disk has no room */
  MEMS_EFILE,    /* the OS refused something about a file: errno says what */
  MEMS_EFORMAT,  /* the file is no heap that can be opened here, or was made
                    with other options */
  MEMS_EREADONLY, /* the heap was opened to be read only */
  MEMS_ECLOSED,  /* a heap in a file, after a fork: it is the parent's */
  MEMS_ENOROOT,  /* no root has this name */
  MEMS_ECHANGED, /* the heap was changed while it was saved */
  MEMS_ETIME,    /* what was waited for did not come in time */
  MEMS_EDIED     /* not a failure: the lock is taken, and its last owner died
                    with it */
};

/* Whether mems_heap_open makes the file. */
enum {
  MEMS_CREATE_MISSING = 0, /* if it is not there */
  MEMS_CREATE_NEVER,
  MEMS_CREATE_NEW          /* and it must not be there: else MEMS_EFILE */
};

/* Where bytes were found that nobody should have written: `fill` sees it. */
enum {
  MEMS_DAMAGE_BEHIND = 1, /* behind the end of a block */
  MEMS_DAMAGE_FREED,      /* in a block that was freed and waits */
  MEMS_DAMAGE_FREE        /* in memory that is free */
};

/* The first byte that was. */
typedef struct mems_damage {
  int what;            /* MEMS_DAMAGE_... */
  mems_addr addr;      /* the block, or where the free memory begins */
  size_t size;         /* the bytes that were asked for; 0: free memory */
  size_t offset;       /* of the byte, from addr */
} mems_damage;

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
  const char *path;   /* the heap lives in this file: see mems_heap_open.
                         Default NULL: in memory */
  int create;         /* MEMS_CREATE_..., for `path` */
  int readonly;       /* not 0, with `path`: nothing changes the file; calls
                         that would are MEMS_EREADONLY. Several processes may
                         read one file */
  int check;          /* not 0, with `path`: all but the truth is rebuilt, as
                         after a crash */
  int share;          /* not 0, with `path` or `fd`: other processes may have it
                         open at the same time, to be changed, with `share`,
                         too */
  const int *fd;      /* the heap lives in the file of this descriptor, which is
                         opened anew: in place of `path` */
  int memfd;          /* not 0: in a file in memory without a name: in place
                         of both; see mems_heap_fd */
  char *why;          /* gets a sentence that says why open failed, cut at */
  size_t why_size;    /* so many bytes; NULL: nobody asks */
  void (*damage)(void *context, const mems_damage *damage);
                      /* with `fill`, not with `path`: called when a write to
                         memory that is free, waits, or lies behind the end of
                         a block is found, by the free, the malloc, the
                         realloc or the check that sees it. It may end the
                         program, but not use the heap: the call goes on.
                         NULL: only mems_heap_check tells */
  void *context;      /* for `damage` */
  int random;         /* not 0: which slot of a run a small block gets is
                         drawn at random */
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
  int waiting;         /* not 0: a HOLE that the quarantine keeps back */
  mems_addr addr;      /* its first byte */
  size_t size;         /* its length in bytes, whole granules of 8 */
  size_t requested;    /* the bytes that were asked for; 0 for a HOLE */
  mems_addr node;      /* first byte of its node */
  size_t node_size;    /* length of its node in bytes */
} mems_segment;

/* Segments that follow each other, taken together. */
typedef struct mems_extent {
  mems_addr addr;      /* the first byte */
  size_t size;         /* bytes */
  size_t blocks;       /* how many are a PROCESS */
  size_t live;         /* bytes in these */
  size_t requested;    /* bytes that were asked for in these */
  size_t holes;        /* how many are a HOLE */
  size_t waiting;      /* bytes of those that the quarantine keeps back */
  size_t slot;         /* bytes of each, if they are slots of runs: of whole
                          pages that were cut into equal ones; else 0 */
} mems_extent;

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
   no addresses. Costs address space and a few pages until it is used.
   With `path` the heap lives in that file, which is opened, or made with these
   options and a default limit of 4 GiB: its addresses mean the same whenever
   it is opened, wherever it then lies in memory. The file has limit, base,
   page, align, quarantine and fill for life; whoever opens it may leave them
   0. What a process has stored stays when it dies, at any instruction: each
   block whose malloc had returned and whose free or realloc had not begun
   is there with its exact size and contents. The file is as long as the limit
   allows, and takes room on the disk only as far as it is used. One process
   at a time may have it open to be changed: MEMS_EBUSY. A forked child does
   not have it: MEMS_ECLOSED. Opening takes well under 1 ms if the heap was
   closed by this system since it started, else some 0.3 s for each GiB of
   small blocks. */
MEMS_API mems_heap *mems_heap_open(const mems_options *options, int *error);

/* Unmaps all of the heap; what is in a file stays there. `heap` may be
   NULL. */
MEMS_API void mems_heap_close(mems_heap *heap);

/* A new block of `size` bytes, contents undefined. It takes whole granules of
   8 bytes, two at least: one of 1 to 8 bytes takes 16. In a run it takes a
   slot, which above 128 bytes is up to an eighth longer, or, while blocks come
   and go, now and then the next longer one; above 64 KiB it takes up to a
   quarter more (16 MiB at most) as long as the limit allows it. 0 if
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

/* All of the range [addr, addr + size) is about to be written, say by read(2):
   2 MiB of it at a time that are not in memory yet come from the OS at once,
   which takes a third of the time that it needs for them page by page. It is a
   hint: what is there stays, and where the OS can't, or in a file, nothing is
   done. Later use of the memory is not affected. MEMS_OK, or what is wrong with
   the range. O(size / 2 MiB), and what the OS does. */
MEMS_API int mems_heap_expect(const mems_heap *heap, mems_addr addr,
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
   does the same by itself: while more than 15 MiB and a quarter of what is in
   use is free and may be in memory, a call that frees releases 4 MiB at most,
   or as much as it freed. */
MEMS_API size_t mems_heap_trim(mems_heap *heap);

/* Fills *stats as far as its `size` goes; with zeros if the lock of a shared
   heap was not to be had in time, as mems_heap_error tells then. O(1) for
   all fields up to `align`, O(size of the heap) for the others. */
MEMS_API void mems_heap_stats(const mems_heap *heap, mems_stats *stats);

/* Fills *options, as far as its `size` goes, with what the heap has, be it from
   its file: limit, base, page, align, quarantine, fill, readonly and share. The
   others are 0. O(1). */
MEMS_API void mems_heap_options(const mems_heap *heap, mems_options *options);

/* Fills *segment with the segment that holds `addr`. MEMS_OK, or MEMS_EFOREIGN
   if no node holds it. */
MEMS_API int mems_heap_locate(const mems_heap *heap, mems_addr addr,
                              mems_segment *segment);

/* Fills *extent with the segment that holds `addr` and those behind it, as
   long as they are at most `unit` bytes together, in one node, and all slots
   of one length or none. MEMS_OK, or MEMS_EFOREIGN if no node holds `addr`.
   O(segments in it). */
MEMS_API int mems_heap_extent(const mems_heap *heap, mems_addr addr,
                              size_t unit, mems_extent *extent);

/* Calls visit(context, segment) for each segment in address order, until it
   returns other than 0, and returns that; MEMS_EBUSY if the lock of a shared
   heap is not to be had in time. Up to 64 segments are looked at together, and
   then visited with no lock held: `visit` may use the heap and change it, but
   not close it, and so may others who share it. Then a block that is there all
   the while is visited once, one that comes or goes once or not at all; a
   segment is told as it was when it was looked at, and no two overlap. */
MEMS_API int mems_heap_walk(mems_heap *heap,
                            int (*visit)(void *, const mems_segment *),
                            void *context);

/* Checks every invariant. MEMS_OK or MEMS_EBROKEN; mems_heap_broken then
   names what does not hold. O(size of the heap). */
MEMS_API int mems_heap_check(mems_heap *heap);
MEMS_API const char *mems_heap_broken(const mems_heap *heap);

/*
** Roots and cells: how a program that starts anew finds what is in a heap.
** They are there in heaps of memory, too; those in files keep them.
*/

/* A name for a block: MEMS_ROOTS of them at most. */
typedef struct mems_root {
  char name[40];
  mems_addr addr;
  uint64_t tag;        /* the caller's, say for the type of the block */
} mems_root;

enum { MEMS_ROOTS = 63 };

/* `name`, 1 to 39 bytes, names the block at `addr` from now on, in one step; 0:
   there is no such root. MEMS_OK, or MEMS_EINVAL for the name, MEMS_ELIMIT if
   there are MEMS_ROOTS, or what is wrong with the address. */
MEMS_API int mems_heap_setroot(mems_heap *heap, const char *name,
                               mems_addr addr, uint64_t tag);

/* The block that `name` names, and its tag in *tag (which may be NULL). 0 if
   there is none (MEMS_ENOROOT), or if it was freed (MEMS_EFREED). */
MEMS_API mems_addr mems_heap_root(const mems_heap *heap, const char *name,
                                  uint64_t *tag);

/* Fills *root with the first root from number `i` on, i from 0 up, and returns
   the number behind it; 0 if there is none any more. */
MEMS_API size_t mems_heap_roots(const mems_heap *heap, size_t i,
                                mems_root *root);

/* Where an address is stored: in the root `root`, or, if that is NULL, in the
   8 bytes at `addr`, a multiple of 8, inside a block. */
typedef struct mems_cell {
  const char *root;
  mems_addr addr;
} mems_cell;

/* mems_heap_malloc, and the cell holds the new address, in one step: after a
   crash both happened or neither did. What the cell held before is not
   freed. */
MEMS_API mems_addr mems_heap_malloc_to(mems_heap *heap, const mems_cell *cell,
                                       size_t size);

/* mems_heap_free of the block whose address the cell holds, which holds 0
   then, in one step. A cell of 0 is no mistake. */
MEMS_API int mems_heap_free_from(mems_heap *heap, const mems_cell *cell);

/* mems_heap_realloc of the block whose address the cell holds, which holds the
   new one then, in one step; the cell must not lie in that block. A cell of 0
   gets a new block. */
MEMS_API mems_addr mems_heap_realloc_to(mems_heap *heap, const mems_cell *cell,
                                        size_t size);

/*
** Keeping: what is done so that a heap outlives its process.
*/

/* What was stored until now survives a loss of power, as far as system and disk
   keep their word: MEMS_OK or MEMS_EFILE. In memory there is nothing to do.
   Takes as long as the disk does. */
MEMS_API int mems_heap_sync(mems_heap *heap);

/* How mems_heap_save saves. A field that is 0 takes its default. */
typedef struct mems_saving {
  size_t size;         /* sizeof(mems_saving) */
  uint64_t limit;      /* of the heap in the new file; default: as it is */
  int (*progress)(void *context, uint64_t done, uint64_t total);
                       /* called for each MiB or more, in bytes; other than 0
                          ends it all: MEMS_ECHANGED. It must not change the
                          heap. Not called while processes share it: they
                          wait for a copy to be done */
  void *context;
  char *why;           /* as in mems_options */
  size_t why_size;
} mems_saving;

/* Copies a heap, also one in memory only, into a file of its own, with all
   addresses as they are: all of it, or nothing. A file that has this name is
   replaced, unless the heap lives in it: MEMS_EBUSY. It has a checksum, is on
   the disk when this returns, and can be opened or restored. MEMS_OK or why
   not. `saving` may be NULL. O(size of the heap). */
MEMS_API int mems_heap_save(mems_heap *heap, const char *path,
                            const mems_saving *saving);

/* A heap in memory with all that is in a file, which is not changed and not
   used any more, under the same addresses, unless `options` has another base:
   then roots go along, and addresses in blocks are the caller's affair.
   What has a checksum and does not fit to it is MEMS_EFORMAT. NULL on failure,
   as mems_heap_open. */
MEMS_API mems_heap *mems_heap_restore(const char *path,
                                      const mems_options *options,
                                      int *error);

/* What was found when a file was opened that had not been closed. */
typedef struct mems_recovery {
  size_t size;         /* set by the caller: sizeof(mems_recovery) */
  uint64_t blocks;     /* that are there */
  uint64_t repairs;    /* places that no crash of a process leaves behind, but
                          a loss of power may, and that were put right */
  int redone;          /* not 0: the call that was in progress was finished */
  uint64_t nanoseconds; /* that it took */
} mems_recovery;

/* Fills *recovery and returns 1 if the heap was recovered; else 0. */
MEMS_API int mems_heap_recovered(const mems_heap *heap,
                                 mems_recovery *recovery);

/* `lost` is called with `context` in each forked child, where a heap in a file
   is closed to all calls: for whoever keeps physical addresses, which lead
   nowhere there. It must not use any heap. NULL: nothing is called. */
MEMS_API void mems_heap_onfork(mems_heap *heap, void (*lost)(void *context),
                               void *context);

/* Prints main chain, sub-chains and totals in the classic format. 0, or
   MEMS_EINVAL if the file took no more; MEMS_EBUSY, with some of it printed, if
   the lock of a shared heap is not to be had in time. Nothing is locked while
   it prints: what others change meanwhile shows in a part of it, as in
   mems_heap_walk. */
MEMS_API int mems_heap_print(mems_heap *heap, FILE *out);

/*
** Heaps that processes share: all functions above work on them. Each process,
** or each thread, opens the heap for itself. A pointer that mems_heap_get or
** mems_heap_span gives is good while no one frees or moves the block; who reads
** through one that has been freed reads what is there now, and never outside
** of the heap.
*/

/* One who has a shared heap open. */
typedef struct mems_process {
  uint32_t slot;
  uint32_t pid;
  int alive;           /* 0: it ended without closing the heap */
} mems_process;

/* Fills *process with the first one from number `i` on, i from 0 up, and
   returns the number behind it; 0 if there is none any more. */
MEMS_API size_t mems_heap_processes(const mems_heap *heap, size_t i,
                                    mems_process *process);

/* How often the lock was taken over from a process that died in a call. */
MEMS_API uint32_t mems_heap_takeovers(const mems_heap *heap);

/* How often a heap in a file was rebuilt in its life, since it had not been
   closed, or at each takeover. */
MEMS_API uint64_t mems_heap_recoveries(const mems_heap *heap);

/* How long a call waits for the lock while its owner lives, in nanoseconds,
   before it fails with MEMS_EBUSY; 0: without end, as at first. */
MEMS_API void mems_heap_patience(mems_heap *heap, uint64_t nanoseconds);

/* The descriptor of the heap's file, for children that open it (`fd`); -1 if
   it has none. It belongs to the heap. */
MEMS_API int mems_heap_fd(const mems_heap *heap);

/* Waits until the 4 bytes at `addr`, a multiple of 4, are not `expected`, for
   so many nanoseconds at most; 0: without end. MEMS_OK at once if they are not.
   MEMS_ETIME, or what is wrong with the address. */
MEMS_API int mems_heap_wait(mems_heap *heap, mems_addr addr,
                            uint32_t expected, uint64_t nanoseconds);

/* Wakes `count` who wait there; 0: all. How many there were, or -1. */
MEMS_API int mems_heap_notify(mems_heap *heap, mems_addr addr, int count);

/* Takes the lock that the 8 bytes at `addr`, a multiple of 8, are, 0 at first;
   waits for so many nanoseconds; 0: without end. MEMS_OK; MEMS_EDIED: it is
   taken, and its last owner died while it had it; MEMS_ETIME; MEMS_EBUSY: one
   has it already; or what is wrong with the address. */
MEMS_API int mems_heap_lock(mems_heap *heap, mems_addr addr,
                            uint64_t nanoseconds);

/* Lets go of it: MEMS_OK, or MEMS_EBUSY if it is not one's own. */
MEMS_API int mems_heap_unlock(mems_heap *heap, mems_addr addr);

#ifdef __cplusplus
}
#endif

#endif
