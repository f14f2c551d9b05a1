/*
** stream.c - a place in a buffer that moves on as it is read or written.
**
** What is read has to be there: a call that raises has moved nothing. What is
** written behind the end makes a buffer longer that owns its block, in steps
** that double the memory; the buffer's length is what has been written.
*/

#include "stream.h"

#include "argument.h"
#include "buffer.h"
#include "explain.h"
#include "fail.h"
#include "gate.h"
#include "text.h"
#include "type.h"
#include "verb.h"

/***
@module mems
*/

#define STREAM_SEAL ((uintptr_t)0x8C1F6E35D9A7042Bu)

/* User value 1 is the buffer. */
typedef struct stream {
  uintptr_t seal;
  lmems_view *buffer;
  size_t at; /* bytes from the start of the buffer */
} stream;

static const char CLASS = 0; /* its address: the key of the metatable */

/* The stream that is argument 1; raises. */
static inline stream *any_stream(lua_State *L) {
  stream *s = lua_touserdata(L, 1);
  if (LMEMS_UNLIKELY(s == NULL || lua_rawlen(L, 1) < sizeof *s ||
                     s->seal != ((uintptr_t)s ^ STREAM_SEAL)))
    lmems_argerror(L, 1, "mems.stream expected, got %s",
                   lmems_pushshown(L, 1));
  return s;
}

/* The same with a buffer that is alive. */
static stream *check_stream(lua_State *L) {
  stream *s = any_stream(L);
  lmems_checkalive(L, s->buffer);
  return s;
}

/* Bytes from the place to the end of the buffer, which is alive. */
static size_t bytes_left(const stream *s) {
  return s->buffer->length > s->at ? s->buffer->length - s->at : 0;
}

/* Raises: there are no `n` bytes at the place. */
LMEMS_RAISES static void past_end(lua_State *L, const stream *s, size_t n) {
  lmems_argerror(L, 1, "%I bytes at offset %I run past the end of the "
                 "buffer, %I bytes", (lua_Integer)n, (lua_Integer)s->at,
                 (lua_Integer)s->buffer->length);
}

/* Holds `n` bytes at the place; raises if there are not so many. */
static inline const char *hold_bytes(lua_State *L, const stream *s, size_t n) {
  if (LMEMS_UNLIKELY(s->at > s->buffer->length ||
                     n > s->buffer->length - s->at))
    past_end(L, s, n);
  return lmems_holdview(L, s->buffer) + s->at;
}

/* The same, to write. */
static inline char *write_bytes(lua_State *L, const stream *s, size_t n) {
  lmems_checkwritable(L, 0, s->buffer);
  return (char *)hold_bytes(L, s, n);
}

/* Makes the buffer longer if there are no `n` bytes at the place. MEMS_OK, or
   why it can't be; raises if it is none that grows. May collect garbage
   before, but not after the last look. */
LMEMS_SLOW static int make_room_slow(lua_State *L, const stream *s,
                                     size_t n) {
  lmems_view *buffer = s->buffer;
  for (;;) {
    lmems_checkalive(L, buffer);
    if (s->at <= buffer->length && n <= buffer->length - s->at)
      return MEMS_OK;
    lmems_checkwritable(L, 0, buffer);
    if (s->at > buffer->length || !lmems_owns(buffer))
      past_end(L, s, n);
    if (n <= buffer->record->capacity - s->at)
      break;
    int error = lmems_bufferroom(L, buffer, s->at + n);
    if (error != MEMS_OK)
      return error;
  }
  lmems_bufferextend(buffer, s->at + n);
  return MEMS_OK;
}

static inline int make_room(lua_State *L, const stream *s, size_t n) {
  const lmems_view *buffer = s->buffer;
  if (LMEMS_LIKELY(lmems_alive(buffer) && s->at <= buffer->length &&
                   n <= buffer->length - s->at))
    return MEMS_OK;
  return make_room_slow(L, s, n);
}

/* Writes the `n` bytes at `p`, and moves on; returns what a verb does that
   writes. */
static int put_bytes(lua_State *L, stream *s, const char *p, size_t n) {
  int error = make_room(L, s, n);
  if (LMEMS_UNLIKELY(error != MEMS_OK))
    return lmems_fail(L, error);
  memcpy(write_bytes(L, s, n), p, n);
  lmems_letgo();
  s->at += n;
  lua_settop(L, 1);
  return 1;
}

/*
** Values
*/

/* Writes the values from argument 3 to `last`, which all fit. */
static int put_values(lua_State *L, stream *s, int type, int last) {
  size_t size = lmems_typesize(type), n = (size_t)(last - 2) * size;
  int error = make_room(L, s, n);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  char *to = write_bytes(L, s, n);
  for (int i = 3; i <= last; i++, to += size)
    lmems_put(L, i, type, to);
  lmems_letgo();
  s->at += n;
  lua_settop(L, 1);
  return 1;
}

/***
Writes values of one type, one behind the other, and moves on.
@function stream:put
@luals return mems.stream?
@tparam type type see @{poke}
@param ... values, one at least
@treturn[1] stream the same
@treturn[2] nil if the buffer can't grow: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
@raise if one does not fit the type, or the buffer ends and is one that does
 not grow, as slices are
*/
LMEMS_ALIGNED static int put(lua_State *L) {
  char copy[sizeof(uint64_t)];
  stream *s = check_stream(L);
  int type = lmems_checktype(L, 2), last = lua_gettop(L);
  for (int i = 3; i <= last || i == 3; i++)
    if (LMEMS_UNLIKELY(i > last || !lmems_put(L, i, type, copy)))
      return lmems_misfit(L, i, i, type, 0);
  if (LMEMS_LIKELY(last == 3))
    return put_bytes(L, s, copy, lmems_typesize(type));
  return put_values(L, s, type, last);
}

/***
Reads a value and moves on.
@function stream:get
@luals return any
@tparam type type see @{peek}
@return the value
@raise if there are not so many bytes left; then nothing moves
*/
LMEMS_ALIGNED static int get(lua_State *L) {
  stream *s = check_stream(L);
  int type = lmems_checktype(L, 2);
  size_t size = lmems_typesize(type);
  lmems_checklast(L, 2);
  const char *p = hold_bytes(L, s, size);
  lmems_get(L, type, p);
  if (LMEMS_UNLIKELY(type % LMEMS_SWAPPED == LMEMS_PTR)) {
    mems_addr word, addr = lmems_viewaddr(s->buffer) + s->at;
    memcpy(&word, p, sizeof word);
    lmems_letgo();
    lmems_checkfill(L, s->buffer->record->box, 1, addr, word);
  } else {
    lmems_letgo();
  }
  s->at += size;
  return 1;
}

/***
Writes the bytes of a string, and nothing after them.
@function stream:putstring
@luals return mems.stream?
@tparam string s may hold any bytes
@treturn[1] stream the same
@treturn[2] nil if the buffer can't grow: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
*/
static int putstring(lua_State *L) {
  size_t length;
  stream *s = check_stream(L);
  const char *bytes = lmems_checkstring(L, 2, "s", &length);
  lmems_checklast(L, 2);
  lmems_checkalive(L, s->buffer);
  return put_bytes(L, s, bytes, length);
}

/***
Reads `n` bytes and moves on.
@function stream:getstring
@tparam[opt] integer n bytes, from 0; all that are left
@treturn string
@raise if there are not so many bytes left; then nothing moves
*/
static int getstring(lua_State *L) {
  stream *s = check_stream(L);
  size_t n = bytes_left(s);
  lmems_checklast(L, 2);
  if (!lua_isnoneornil(L, 2))
    n = lmems_checkcount(L, 2, "n");
  size_t next = s->at + n;
  lmems_letgobytes(L, hold_bytes(L, s, n), n);
  s->at = next; /* for the string there was memory */
  return 1;
}

/*
** Integers of variable length: seven bits a byte, the lowest first; the
** highest bit says that more follow.
*/

enum { VARINT = 10 }; /* bytes at most, for 64 bits */

static int put_varint(lua_State *L, stream *s, uint64_t u) {
  char bytes[VARINT];
  size_t n = 0;
  for (; u >= 0x80; u >>= 7)
    bytes[n++] = (char)(u | 0x80);
  bytes[n++] = (char)u;
  return put_bytes(L, s, bytes, n);
}

/* Reads one and moves on; raises. */
static uint64_t get_varint(lua_State *L, stream *s) {
  size_t left = bytes_left(s), n = 0;
  uint64_t u = 0;
  unsigned char byte = 0x80;
  const char *p = hold_bytes(L, s, left);
  for (; n < left && n < VARINT && byte >= 0x80; n++) {
    byte = (unsigned char)p[n];
    u |= (uint64_t)(byte & 0x7F) << (7 * n);
  }
  lmems_letgo();
  if (n == VARINT && byte > 1)
    lmems_argerror(L, 1, "the varint at offset %I has more than 64 bits",
                   (lua_Integer)s->at);
  if (byte >= 0x80)
    past_end(L, s, n + 1);
  s->at += n;
  return u;
}

/* The bits of the integer that is argument 2, the last one; raises. */
static uint64_t check_integer(lua_State *L) {
  lmems_checklast(L, 2);
  return (uint64_t)lmems_checkint(L, 2, "value", LUA_MININTEGER,
                                  LUA_MAXINTEGER);
}

/***
Writes an integer in as few bytes as it needs, seven bits in each, as LEB128
and protobuf do: 1 byte up to 127, 10 for a negative one, which counts as
2^64 more.
@function stream:putvarint
@luals return mems.stream?
@tparam integer value
@treturn[1] stream the same
@treturn[2] nil if the buffer can't grow: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
*/
static int putvarint(lua_State *L) {
  stream *s = check_stream(L);
  return put_varint(L, s, check_integer(L));
}

/***
Reads what @{stream:putvarint} writes.
@function stream:getvarint
@treturn integer
@raise if it has more than 64 bits, or goes on behind the end; then nothing
 moves
*/
static int getvarint(lua_State *L) {
  stream *s = check_stream(L);
  lmems_checklast(L, 1);
  lua_pushinteger(L, (lua_Integer)get_varint(L, s));
  return 1;
}

/***
Writes an integer as @{stream:putvarint} does, but so that small negative ones
are short too: 0, -1, 1, -2 become 0, 1, 2, 3.
@function stream:putzigzag
@luals return mems.stream?
@tparam integer value
@treturn[1] stream the same
@treturn[2] nil if the buffer can't grow: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
*/
static int putzigzag(lua_State *L) {
  stream *s = check_stream(L);
  uint64_t u = check_integer(L);
  return put_varint(L, s, (u << 1) ^ (0 - (u >> 63)));
}

/***
Reads what @{stream:putzigzag} writes.
@function stream:getzigzag
@treturn integer
@raise as @{stream:getvarint}
*/
static int getzigzag(lua_State *L) {
  stream *s = check_stream(L);
  lmems_checklast(L, 1);
  uint64_t u = get_varint(L, s);
  lua_pushinteger(L, (lua_Integer)((u >> 1) ^ (0 - (u & 1))));
  return 1;
}

/***
Writes values in a format of Lua's `string.pack` and moves on. What `!` aligns
is counted from the place.
@function stream:pack
@luals return mems.stream?
@tparam string fmt
@param ... values, as many as the format takes
@treturn[1] stream the same
@treturn[2] nil if the buffer can't grow: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
*/
static int pack(lua_State *L) {
  size_t length;
  stream *s = check_stream(L);
  int top = lua_gettop(L);
  int count = lmems_packvalues(lmems_checkstring(L, 2, "fmt", NULL));
  lmems_checklast(L, 2 + count);
  const char *bytes = lmems_strpack(L, 2, count < top - 2 ? count : top - 2,
                                 &length);
  lmems_checkalive(L, s->buffer);
  return put_bytes(L, s, bytes, length);
}

/***
Reads values in a format of Lua's `string.unpack` and moves on. What `!`
aligns is counted from the place.
@function stream:unpack
@luals return any ...
@tparam string fmt
@return the values
@raise if the format takes more bytes than there are left; then nothing moves
*/
static int unpack(lua_State *L) {
  stream *s = check_stream(L);
  size_t bytes = 0, at = s->at;
  lmems_checkstring(L, 2, "fmt", NULL);
  lmems_checklast(L, 2);
  if (at > s->buffer->length)
    past_end(L, s, 0);
  lua_getiuservalue(L, 1, 1);
  lmems_self self = {s->buffer->record->box, 3};
  if (!lmems_strunpack(L, self, 2, at, &bytes))
    return lmems_argerror(L, 1, "the format takes more than the %I bytes from "
                          "offset %I to the end of the buffer",
                          (lua_Integer)bytes, (lua_Integer)at);
  s->at = at + bytes;
  return lua_gettop(L) - 3;
}

/*
** The place
*/

/***
Moves to another place.
@function stream:seek
@luals return mems.stream
@tparam integer position an offset in the buffer, from 0 to its size
@treturn stream the same
*/
static int seek(lua_State *L) {
  stream *s = check_stream(L);
  lmems_checklast(L, 2);
  s->at = (size_t)lmems_checkint(L, 2, "position", 0,
                                 (lua_Integer)s->buffer->length);
  lua_settop(L, 1);
  return 1;
}

/***
The place: an offset in the buffer.
@function stream:tell
@treturn integer
*/
static int tell(lua_State *L) {
  stream *s = check_stream(L);
  lmems_checklast(L, 1);
  lua_pushinteger(L, (lua_Integer)s->at);
  return 1;
}

/***
How many bytes there are from the place to the end of the buffer.
@function stream:left
@treturn integer
*/
static int left(lua_State *L) {
  stream *s = check_stream(L);
  lmems_checklast(L, 1);
  lua_pushinteger(L, (lua_Integer)bytes_left(s));
  return 1;
}

/***
Whether there are at least `n` bytes left.
@function stream:has
@tparam integer n bytes, from 0
@treturn boolean
*/
static int has(lua_State *L) {
  stream *s = check_stream(L);
  lmems_checklast(L, 2);
  lua_pushboolean(L, lmems_checkcount(L, 2, "n") <= bytes_left(s));
  return 1;
}

/***
Moves on to the next multiple of `n`, counted from the buffer's start. Bytes
that are there are left as they are; behind the end zeros are written.
@function stream:align
@luals return mems.stream?
@tparam integer n bytes, from 1
@treturn[1] stream the same
@treturn[2] nil if the buffer can't grow: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
*/
static int align(lua_State *L) {
  stream *s = check_stream(L);
  lmems_checklast(L, 2);
  size_t n = lmems_checksize(L, 2, "n"), past = s->at % n;
  size_t padding = past > 0 ? n - past : 0;
  int error = make_room(L, s, padding);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  s->at += padding;
  lua_settop(L, 1);
  return 1;
}

/***
Makes a stream: a place in a buffer, which it keeps alive and where values are
read or written one behind the other. Writing at the end makes a buffer longer
that owns its memory. Any number of streams may be on one buffer.
@function buffer:stream
@luals return mems.stream
@tparam[opt=0] integer position where it begins, from 0 to the buffer's size
@treturn stream
@usage
local b = mems.buffer(0)
b:stream():put("u8", 1, 2):putvarint(300):putstring("abc")
print(#b) --> 7
*/
static int new_stream(lua_State *L) {
  lmems_view *buffer = lmems_checkview(L, LMEMS_BUFFER_SEAL);
  size_t at = 0;
  lmems_checkalive(L, buffer);
  lmems_checklast(L, 2);
  if (!lua_isnoneornil(L, 2))
    at = (size_t)lmems_checkint(L, 2, "position", 0,
                                (lua_Integer)buffer->length);
  stream *s = lua_newuserdatauv(L, sizeof *s, 1);
  *s = (stream){(uintptr_t)s ^ STREAM_SEAL, buffer, at};
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &CLASS);
  lua_setmetatable(L, -2);
  return 1;
}

/*
** The class
*/

static int stream_tostring(lua_State *L) {
  const stream *s = any_stream(L);
  if (lmems_alive(s->buffer))
    lua_pushfstring(L, "mems.stream (at %I of %I bytes)", (lua_Integer)s->at,
                    (lua_Integer)s->buffer->length);
  else
    lua_pushfstring(L, "mems.stream (%s)", lmems_fate(s->buffer));
  return 1;
}

/* Called for what is no method. */
static int no_method(lua_State *L) {
  return luaL_error(L, "a stream has no %s", lmems_pushshown(L, 2));
}

void lmems_newstreams(lua_State *L) {
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, no_method);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_createtable(L, 0, 4);
  lua_insert(L, -2);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, stream_tostring);
  lua_setfield(L, -2, "__tostring");
  lmems_setname(L, "mems.stream");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &CLASS);
}

const luaL_Reg lmems_streammaker[] = {{"stream", new_stream}, {NULL, NULL}};

const luaL_Reg lmems_stream[] = {
  {"put", put}, {"get", get}, {"putstring", putstring},
  {"getstring", getstring}, {"putvarint", putvarint},
  {"getvarint", getvarint}, {"putzigzag", putzigzag},
  {"getzigzag", getzigzag}, {"seek", seek}, {"tell", tell}, {"left", left},
  {"has", has}, {"align", align}, {NULL, NULL}
};

const luaL_Reg lmems_streampackers[] = {
  {"pack", pack}, {"unpack", unpack}, {NULL, NULL}
};
