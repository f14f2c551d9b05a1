/*
** admit.c - reading heads, and refusing.
*/

#include "admit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"

void *admit_refuse(mems_attempt *a, int error, const char *format, ...) {
  va_list list;
  a->error = error;
  if (a->o->why == NULL || a->o->why_size == 0) return NULL;
  int n = snprintf(a->o->why, a->o->why_size, "%s ", a->path);
  if (n < 0 || (size_t)n >= a->o->why_size) return NULL;
  va_start(list, format);
  vsnprintf(a->o->why + n, a->o->why_size - (size_t)n, format, list);
  va_end(list);
  return NULL;
}

void *admit_refuse_os(mems_attempt *a, const char *what) {
  int number = errno;
  int error = file_is_full(number) ? MEMS_ENOSPC : MEMS_EFILE;
  admit_refuse(a, error, "%s: %s", what, strerror(number));
  errno = number;
  return NULL;
}

void *admit_refuse_space(mems_attempt *a) {
  return admit_refuse(a, MEMS_ENOMEM, "needs more address space than there "
                      "is");
}

void *admit_refuse_overlap(mems_attempt *a, mems_addr other) {
  return admit_refuse(a, MEMS_EBUSY, "has addresses of an open heap, those "
                      "from %llu on", (unsigned long long)other);
}

uint64_t admit_end(const mems_head *head) {
  return (head->end >> 24) * PAGE_GRANULES;
}

static bool end_is_good(const mems_head *head) {
  uint64_t end = admit_end(head);
  return head->end == chain_seal_end(end) &&
         end * GRANULE <= head->fixed.limit &&
         end * GRANULE % head->fixed.unit == 0;
}

bool admit_head(mems_attempt *a, int file, mems_head *head) {
  struct stat status;
  memset(head, 0, sizeof *head);
  if (fstat(file, &status) != 0) return admit_refuse_os(a, "can't be opened");
  if (!S_ISREG(status.st_mode))
    return admit_refuse(a, MEMS_EFORMAT, "is no ordinary file");
  uint64_t size = (uint64_t)status.st_size;
  if (!file_read(file, head, at_most(sizeof *head, size), 0))
    return admit_refuse_os(a, "can't be read");
  const char *mistake = head_mistake(head, size, pages_unit());
  if (mistake) return admit_refuse(a, MEMS_EFORMAT, "%s", mistake);
  const char *name = head_difference(head, a->o);
  if (name)
    return admit_refuse(a, MEMS_EFORMAT, "was made with another %s", name);
  if (!end_is_good(head))
    return admit_refuse(a, MEMS_EFORMAT, "is a heap whose head was damaged: "
                        "it has no good end");
  return true;
}
