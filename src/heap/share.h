/*
** share.h - one heap for several processes, each of which has its file mapped:
** the lock, who has it, and what happens when one dies.
**
** Each process has a slot, and a kernel lock on a byte of the file that stands
** for it: the kernel lets go of that when the process ends, however it does.
** The lock of the heap is a word that names its owner's slot. Whoever waits
** for long asks the kernel whether that slot is still held, and looks whether
** it is in the life that the word tells. If not, the owner died in the middle
** of a call: the one who waits takes the lock over and rebuilds the heap from
** the truth, without a word of the dead one's. Nothing in the file is believed
** about who lives.
**
** The struct of the heap is in the file, too. What of it would be looked at
** without the lock, by malloc, free and get, is 0 there, so all calls take the
** long way, which locks. A heap of one process pays nothing for that.
**
** Bytes that are locked: file.h.
*/

#ifndef MEMS_SHARE_H
#define MEMS_SHARE_H

#include "image.h"

#define WAITED ((uint32_t)1 << 31) /* somebody sleeps until a word is let go */

/* Takes the lock of a shared heap, which one may have already; false, with the
   reason in heap->error, if that takes too long. */
bool share_lock(const mems_heap *heap);
void share_unlock(const mems_heap *heap);

/* The same for any heap, where a call begins and ends. */
static inline bool share_enter(const mems_heap *heap) {
  return LIKELY(own_of(heap)->running == NULL) || share_lock(heap);
}

static inline void share_leave(const mems_heap *heap) {
  if (UNLIKELY(own_of(heap)->running != NULL)) share_unlock(heap);
}

/* Is a slot held by another process, or by another opening of this one? */
bool share_is_held(const mems_heap *heap, uint32_t slot);

/* Sleeps while *word, which processes share, is `value`; false if so many
   nanoseconds went by. */
bool share_sleep(uint32_t *word, uint32_t value, uint64_t nanoseconds);

/* Wakes so many who sleep on a word; how many did. */
int share_wake(uint32_t *word, int count);

/* Nanoseconds, from some start on. */
uint64_t share_now(void);

/* The first one begins: nobody has the lock or a slot. The lives of slots begin
   anywhere, so that no cell that was locked before seems to be anybody's. */
void share_begin(mems_heap *heap);

/* Takes a free slot. False if all are taken. */
bool share_take_slot(mems_heap *heap);

/* Is this the only one that has the heap open? */
bool share_is_alone(const mems_heap *heap);

/* The heap is rebuilt, as its owner left it in the middle. */
void share_recover(mems_heap *heap);

#endif
