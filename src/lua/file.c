/*
** file.c - between files and memory, with no string in between.
**
** Reading and writing may block, but calls no Lua: so memory is held
** meanwhile.
*/

#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "argument.h"
#include "buffer.h"
#include "fail.h"
#include "gate.h"
#include "self.h"

/***
@module mems
*/

/* What read and write are about. */
typedef struct transfer {
  FILE *file;
  char *bytes; /* held */
  size_t n;
} transfer;

/* The open file of Lua at `arg`; raises. */
static FILE *check_file(lua_State *L, int arg) {
  luaL_Stream *stream = luaL_testudata(L, arg, LUA_FILEHANDLE);
  if (stream == NULL)
    lmems_argerror(L, arg, "a file expected, got %s",
                   lmems_pushshown(L, arg));
  if (stream->closef == NULL)
    lmems_argerror(L, arg, "the file is closed");
  return stream->f;
}

/* Holds the memory, which is to be written or not. */
static transfer begin(lua_State *L, lmems_self self, int write) {
  transfer t;
  size_t offset = lmems_optoffset(L, self.arg + 3);
  lmems_checklast(L, self.arg + 3);
  lmems_resolve(L, self.arg);
  t.file = check_file(L, self.arg + 1);
  t.n = lmems_optbytes(L, self.arg + 2, self.arg, offset);
  if (write)
    t.bytes = lmems_write(L, self.box, self.arg, offset, t.n);
  else
    t.bytes = (char *)lmems_hold(L, self.box, self.arg, offset, t.n);
  clearerr(t.file);
  errno = 0;
  return t;
}

/* Lets go, and gives the count that was done, or why it failed. */
static int end(lua_State *L, const transfer *t, size_t done) {
  int failed = ferror(t->file), code = errno;
  lmems_letgo();
  if (failed) {
    errno = code;
    return luaL_fileresult(L, 0, NULL);
  }
  lua_pushinteger(L, (lua_Integer)done);
  return 1;
}

/* How many of the next `n` bytes a file has, if that is known, else 0. */
static size_t left_in(FILE *file, size_t n) {
  struct stat status;
  off_t at = ftello(file);
  if (at < 0 || fstat(fileno(file), &status) != 0 ||
      !S_ISREG(status.st_mode) || status.st_size <= at)
    return 0;
  size_t left = (size_t)(status.st_size - at);
  return left < n ? left : n;
}

/***
Reads bytes from a file of Lua straight into memory. A method of buffers,
arrays and structs too: `b:read(file)`.
@function read
@within Files
@tparam memory addr
@tparam file file as `io.open` gives it
@tparam[opt] integer n the most bytes, from 0; of an object all to its end, for
 an address it has to be there
@tparam[opt=0] integer offset of the first one in memory, from 0
@treturn[1] integer how many were read: less than `n` if the file ends, 0 at
 its end; what is behind them is as it was
@treturn[2] nil if the file can't be read; some bytes may have been
@treturn[2] string a message
@treturn[2] integer the system's number, as `io.open` gives it
@raise if the file is closed, or not all of the `n` bytes are in one block
*/
static int read_file(lua_State *L) {
  enum { MANY = 4 << 20 }; /* for fewer it does not pay to ask */
  lmems_self self = lmems_checkself(L);
  transfer t = begin(L, self, 1);
  if (t.n >= MANY)
    mems_heap_expect(self.box->heap, mems_heap_address(self.box->heap, t.bytes),
                     left_in(t.file, t.n));
  return end(L, &t, fread(t.bytes, 1, t.n, t.file));
}

/***
Writes bytes to a file of Lua straight from memory. A method of buffers,
arrays and structs too: `b:write(file)`.
@function write
@within Files
@tparam memory addr
@tparam file file as `io.open` gives it
@tparam[opt] integer n bytes, from 0; of an object all to its end, for an
 address it has to be there
@tparam[opt=0] integer offset of the first one in memory, from 0
@treturn[1] integer `n`
@treturn[2] nil if the file can't be written; some bytes may have been
@treturn[2] string a message
@treturn[2] integer the system's number, as `io.open` gives it
@raise if the file is closed, or not all of the bytes are in one block
*/
static int write_file(lua_State *L) {
  transfer t = begin(L, lmems_checkself(L), 0);
  return end(L, &t, fwrite(t.bytes, 1, t.n, t.file));
}

/*
** Whole files
*/

/* A file that is being read into a buffer. */
typedef struct loading {
  lmems_box *box;
  const char *path;
  int file;
  int error;     /* errno, or 0 */
  size_t done;   /* bytes */
} loading;

/* Reads at most `n` bytes to `to`, less only at the end or after an error. */
static size_t read_bytes(loading *file, char *to, size_t n) {
  size_t done = 0;
  while (done < n && file->error == 0) {
    ssize_t got = read(file->file, to + done, n - done);
    if (got == 0)
      break;
    if (got > 0)
      done += (size_t)got;
    else if (errno != EINTR)
      file->error = errno;
  }
  return done;
}

/* Reads until the buffer is full, or the file ends: then returns 0. What is
   looked at behind a full one makes the buffer longer. MEMS_OK, or why it
   can't be. */
static int read_more(lua_State *L, loading *file, lmems_view *buffer,
                     int *error) {
  char ahead[BUFSIZ];
  char *bytes = lmems_writeview(L, buffer);
  file->done += read_bytes(file, bytes + file->done,
                           buffer->length - file->done);
  lmems_letgo();
  if (file->done < buffer->length)
    return 0;
  size_t n = read_bytes(file, ahead, sizeof ahead);
  if (n == 0)
    return 0;
  *error = lmems_bufferroom(L, buffer, file->done + n);
  if (*error != MEMS_OK)
    return 0;
  lmems_bufferextend(buffer, buffer->record->capacity);
  memcpy(lmems_writeview(L, buffer) + file->done, ahead, n);
  lmems_letgo();
  file->done += n;
  return 1;
}

/* Called with the anchor and the file; returns what readfile does. */
static int load(lua_State *L) {
  loading *file = lua_touserdata(L, 2);
  struct stat status;
  lmems_view *buffer;
  size_t size = 0;
  if (fstat(file->file, &status) == 0 && S_ISREG(status.st_mode))
    size = (size_t)status.st_size;
  int error = lmems_newowner(L, 1, 0, file->box, LMEMS_BUFFER_SEAL, size, 0,
                             &buffer);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  buffer->length = size;
  mems_heap_expect(file->box->heap, buffer->record->addr, size);
  while (read_more(L, file, buffer, &error))
    continue;
  if (file->error != 0 || error != MEMS_OK) {
    lmems_endview(buffer);
    errno = file->error;
    return file->error != 0 ? luaL_fileresult(L, 0, file->path)
                            : lmems_fail(L, error);
  }
  lmems_checkalive(L, buffer);
  if (buffer->record->capacity > file->done)
    lmems_blockresize(buffer->record, file->done, file->done);
  buffer->length = file->done;
  lmems_setend(buffer, file->done);
  return 1;
}

/***
Makes a buffer of a whole file. It is read straight into the buffer, so it
takes the file's size of memory and no more. What has no size before it is
read, as a pipe, will do as well.
@function readfile
@within Files
@luals return mems.buffer?
@tparam string path
@treturn[1] buffer
@treturn[2] nil if the file can't be read, over the limit or without memory
@treturn[2] string a message, which begins with the path if it is the file's
@treturn[2] integer the system's number, as `io.open` gives it, for the file;
 else one of the @{codes}
*/
static int readfile(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  size_t length;
  loading file = {.box = self.box};
  file.path = lmems_checkstring(L, self.arg, "path", &length);
  lmems_checklast(L, self.arg);
  if (strlen(file.path) != length)
    return lmems_argerror(L, self.arg, "the path has a byte 0");
  int top = lua_gettop(L);
  lua_pushcfunction(L, load);
  lmems_pushanchor(L, self);
  lua_pushlightuserdata(L, &file);
  file.file = open(file.path, O_RDONLY | O_CLOEXEC);
  if (file.file < 0)
    return luaL_fileresult(L, 0, file.path);
  int status = lua_pcall(L, 2, LUA_MULTRET, 0);
  close(file.file);
  return status == LUA_OK ? lua_gettop(L) - top : lua_error(L);
}

const luaL_Reg lmems_file[] = {
  {"read", read_file}, {"write", write_file}, {NULL, NULL}
};

const luaL_Reg lmems_files[] = {{"readfile", readfile}, {NULL, NULL}};
