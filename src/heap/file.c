/*
** file.c - the OS's side of file.h: open, link, rename, fcntl, pread, pwrite.
*/

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

int file_open(const char *path, bool write) {
  /* what is no ordinary file, as a pipe, keeps nobody waiting */
  int how = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  return open(path, (write ? O_RDWR : O_RDONLY) | how);
}

int file_reopen(int descriptor, bool write) {
  char self[32];
  snprintf(self, sizeof self, "/proc/self/fd/%d", descriptor);
  return file_open(self, write);
}

bool file_leads_nowhere(const char *path) {
  char to;
  return readlink(path, &to, 1) >= 0 && access(path, F_OK) != 0;
}

int file_in_memory(void) {
  return (int)syscall(SYS_memfd_create, "mems", 0);
}

/* Writes a name beside `path` that nobody has, most likely. */
static bool name_beside(char *name, const char *path) {
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) < 0) random = (uintptr_t)name;
  int length = snprintf(name, PATH_MAX, "%s.%016llx", path,
                        (unsigned long long)random);
  if (length < PATH_MAX) return true;
  errno = ENAMETOOLONG;
  return false;
}

/* Opens the folder of `path`: as such, or a file without a name in it. */
static int open_folder(const char *path, int how) {
  char folder[PATH_MAX] = ".";
  const char *slash = strrchr(path, '/');
  size_t length = slash ? (size_t)(slash - path) + 1 : 1;
  errno = ENAMETOOLONG;
  if (length >= sizeof folder) return -1;
  if (slash) memcpy(folder, path, length);
  folder[length] = '\0';
  return open(folder, how | O_CLOEXEC, 0666);
}

bool file_keep_name(const char *path) {
  int folder = open_folder(path, O_RDONLY | O_DIRECTORY);
  if (folder < 0) return false;
  /* some file systems have nothing to do for a folder */
  bool done = fsync(folder) == 0 || errno == EINVAL;
  close(folder);
  return done;
}

bool file_begin(mems_draft *draft, const char *path) {
  draft->temporary[0] = '\0';
  draft->file = open_folder(path, O_TMPFILE | O_RDWR);
  if (draft->file >= 0) return true;
  if (errno != EOPNOTSUPP && errno != EISDIR) return false;
  if (!name_beside(draft->temporary, path)) return false;
  draft->file = open(draft->temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC,
                     0666);
  return draft->file >= 0;
}

static bool link_unnamed(int file, const char *path) {
  char self[32];
  snprintf(self, sizeof self, "/proc/self/fd/%d", file);
  return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

/* Takes the name away that it has meanwhile. */
static void forget_name(mems_draft *draft) {
  int error = errno;
  if (draft->temporary[0]) unlink(draft->temporary);
  draft->temporary[0] = '\0';
  errno = error;
}

bool file_name(mems_draft *draft, const char *path, bool replace) {
  bool named = draft->temporary[0] != '\0', done;
  if (!replace) {
    done = named ? link(draft->temporary, path) == 0
                 : link_unnamed(draft->file, path);
  } else {
    if (!named && (!name_beside(draft->temporary, path) ||
                   !link_unnamed(draft->file, draft->temporary))) {
      draft->temporary[0] = '\0';
      return false;
    }
    done = rename(draft->temporary, path) == 0;
    if (done) draft->temporary[0] = '\0';
  }
  forget_name(draft);
  return done;
}

static struct flock lock_of(uint64_t byte, uint64_t count, short type) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET,
                        .l_start = (off_t)byte, .l_len = (off_t)count};
}

static bool ask(int file, int what, struct flock *lock) {
  int done;
  do done = fcntl(file, what, lock);
  while (done != 0 && errno == EINTR);
  return done == 0;
}

bool file_lock(int file, uint64_t byte, bool alone) {
  struct flock lock = lock_of(byte, 1, alone ? F_WRLCK : F_RDLCK);
  return ask(file, F_OFD_SETLK, &lock);
}

bool file_lock_gate(int file) {
  struct flock lock = lock_of(FILE_GATE, 1, F_WRLCK);
  if (ask(file, F_OFD_SETLKW, &lock)) return true;
  lock.l_type = F_RDLCK; /* one who may only read */
  return ask(file, F_OFD_SETLKW, &lock);
}

void file_unlock(int file, uint64_t byte) {
  struct flock lock = lock_of(byte, 1, F_UNLCK);
  ask(file, F_OFD_SETLK, &lock);
}

void file_close(int file) {
  struct flock lock = lock_of(0, 0, F_UNLCK); /* to the end */
  int error = errno;
  ask(file, F_OFD_SETLK, &lock);
  close(file);
  errno = error;
}

void file_abandon(mems_draft *draft) {
  forget_name(draft);
  file_close(draft->file);
}

bool file_is_locked(int file, uint64_t byte, uint64_t count) {
  struct flock lock = lock_of(byte, count, F_WRLCK);
  return !ask(file, F_OFD_GETLK, &lock) || lock.l_type != F_UNLCK;
}

bool file_read(int file, void *to, size_t size, uint64_t offset) {
  for (char *at = to; size > 0; ) {
    ssize_t n = pread(file, at, size, (off_t)offset);
    if (n == 0) errno = 0;
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (n < 0) continue;
    at += n;
    offset += (uint64_t)n;
    size -= (size_t)n;
  }
  return true;
}

bool file_write(int file, const void *from, size_t size, uint64_t offset) {
  for (const char *at = from; size > 0; ) {
    ssize_t n = pwrite(file, at, size, (off_t)offset);
    if (n < 0 && errno != EINTR) return false;
    if (n < 0) continue;
    at += n;
    offset += (uint64_t)n;
    size -= (size_t)n;
  }
  return true;
}

bool file_is_full(int number) {
  return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* The digits of a number from `text`, two for each byte. */
static void read_digits(unsigned char boot[16], const char *text) {
  for (unsigned i = 0; i < 32 && *text; text++) {
    const char *digits = "0123456789abcdef", *at = strchr(digits, *text);
    if (at == NULL) continue;
    boot[i / 2] = (unsigned char)(boot[i / 2] << 4 | (at - digits));
    i++;
  }
}

void file_boot(unsigned char boot[16]) {
  char text[64] = "";
  int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  memset(boot, 0, 16);
  if (file < 0) return;
  ssize_t n = read(file, text, sizeof text - 1);
  close(file);
  if (n > 0) read_digits(boot, text);
}
