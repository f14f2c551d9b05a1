/*
** files.c - temporary files, and children that may die.
*/

#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

char why[300];
static char folder[PATH_MAX - 300];

void files_begin(const char *parent) {
  snprintf(folder, sizeof folder, "%s/mems-crash-%d", parent, (int)getpid());
  if (mkdir(folder, 0700) != 0) fail("no folder in %s", parent);
}

const char *files_path(const char *name) {
  static char paths[8][PATH_MAX];
  static int next;
  char *path = paths[next++ % 8];
  snprintf(path, PATH_MAX, "%s/%s", folder, name);
  return path;
}

void files_end(void) {
  DIR *all = opendir(folder);
  for (struct dirent *one; all && (one = readdir(all)); )
    unlink(files_path(one->d_name));
  closedir(all);
  rmdir(folder);
}

static void *some_memory(size_t size) {
  void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) fail("no memory for an snapshot");
  return at;
}

static void read_all(int file, snapshot *i, size_t from, size_t to) {
  for (size_t page = from / UNIT; page * UNIT < to; page++)
    i->present[page] = 1;
  while (from < to) {
    ssize_t n = pread(file, i->bytes + from, to - from, (off_t)from);
    if (n <= 0) fail("a file can't be read");
    from += (size_t)n;
  }
}

snapshot snapshot_take(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) fail("no file %s", path);
  snapshot i = {.length = (size_t)status.st_size};
  i.pages = (i.length + UNIT - 1) / UNIT;
  i.bytes = some_memory(i.pages * UNIT);
  i.present = some_memory(i.pages);
  off_t data = 0, hole;
  while ((data = lseek(file, data, SEEK_DATA)) >= 0) {
    hole = lseek(file, data, SEEK_HOLE);
    read_all(file, &i, (size_t)data, (size_t)hole);
    data = hole;
  }
  close(file);
  return i;
}

void snapshot_put(const snapshot *i, const char *path) {
  int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, (off_t)i->length) != 0)
    fail("no file %s", path);
  for (size_t page = 0, behind; page < i->pages; page = behind) {
    for (behind = page; behind < i->pages && i->present[behind]; ) behind++;
    size_t to = behind * UNIT < i->length ? behind * UNIT : i->length;
    size_t from = page * UNIT;
    while (from < to) {
      ssize_t n = pwrite(file, i->bytes + from, to - from, (off_t)from);
      if (n <= 0) fail("a file can't be written");
      from += (size_t)n;
    }
    if (behind == page) behind++;
  }
  close(file);
}

void snapshot_drop(snapshot *i) {
  munmap(i->bytes, i->pages * UNIT);
  munmap(i->present, i->pages);
}

static mems_heap *open_there(const char *path, bool readonly, bool check) {
  int error = 0;
  mems_options o = {.size = sizeof o, .path = path, .why = why,
                    .create = MEMS_CREATE_NEVER, .readonly = readonly,
                    .check = check, .why_size = sizeof why};
  mems_heap *heap = mems_heap_open(&o, &error);
  if (heap == NULL) fail("it can't be opened: %s", why);
  return heap;
}

mems_heap *open_again(const char *path, bool readonly) {
  return open_there(path, readonly, false);
}

mems_heap *open_checked(const char *path) {
  return open_there(path, false, true);
}

mems_heap *open_new(const char *path, const mems_options *options) {
  int error = 0;
  mems_options o = *options;
  o.size = sizeof o;
  o.path = path;
  o.create = MEMS_CREATE_NEW;
  o.why = why;
  o.why_size = sizeof why;
  unlink(path);
  mems_heap *heap = mems_heap_open(&o, &error);
  if (heap == NULL) fail("it can't be made: %s", why);
  return heap;
}

bool in_child(void (*f)(void *), void *context_of_f) {
  int status;
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) fail("no child");
  if (child == 0) {
    f(context_of_f);
    _exit(0);
  }
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) fail("a child is lost");
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return false;
  if (WIFSIGNALED(status)) fail("a child got signal %d", WTERMSIG(status));
  if (WEXITSTATUS(status)) fail("a child failed");
  return true;
}

double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
