/* Functions that do nothing, with the signatures of an allocator. */

#ifndef NONE_H
#define NONE_H

#include <stddef.h>
#include <stdint.h>

uint64_t none_take(void *heap, size_t size);
int none_give(void *heap, uint64_t addr);
void *none_look(void *heap, uint64_t addr);

#endif
