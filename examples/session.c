/*
** session.c - the classic session in C: the classic functions, one header.
**
** A block is named by a virtual address, which is a number and no pointer:
** it can be printed and counted from, but only mems_get turns it into
** memory. session.lua does the same and prints the same.
*/

#include "mems.h"

#include <stdio.h>

#define BLOCKS 10
#define SIZE 1000

/* Any address inside a block will do: 4 further on is 4 further on. */
static void show_get(char *block) {
  char *start = (char *)mems_get(block);
  char *inside = (char *)mems_get(block + 4);
  *inside = 'x';
  printf("get(%zu) - get(%zu) = %td\n", (size_t)(block + 4), (size_t)block,
         inside - start);
}

int main(void) {
  void *block[BLOCKS];

  mems_init();
  for (int i = 0; i < BLOCKS; i++) {
    block[i] = mems_malloc(SIZE);
    if (block[i] == NULL) {
      perror("mems_malloc");
      return 1;
    }
    printf("malloc(%d) = %zu\n", SIZE, (size_t)block[i]);
  }
  show_get((char *)block[0]);
  mems_print_stats();

  mems_free(block[3]);
  printf("free(%zu)\n", (size_t)block[3]);
  mems_print_stats();

  /* The hole fits, so it is used again before the OS is asked for more. */
  block[3] = mems_malloc(SIZE);
  printf("malloc(%d) = %zu\n", SIZE, (size_t)block[3]);
  mems_print_stats();

  mems_finish();
  return 0;
}
