/*
** buffer.c - bytes that free themselves.
**
** The verbs on memory are methods of buffers too: the buffer stands where
** the address would.
*/

#include "buffer.h"

#include "argument.h"
#include "explain.h"
#include "fail.h"
#include "gate.h"
#include "near.h"
#include "self.h"

/***
@module mems
*/

/***
Makes a buffer: bytes that are freed when it is released or collected. All
verbs on memory are methods of it, with the buffer in place of the address
and its own bounds, not those of the block: `b:peek("i32", 8)`,
`b:poke_f64(1.5)`, `b:writestring("abc", 4)`, `b:unpack("<i4z")`,
`b:copy(src, n)`. Beside those below it has `#b`, `b == c` (the same bytes of
memory), `<close>` and the methods of all objects.
@function buffer
@luals return mems.buffer
@tparam integer|string|object what bytes, all zero; or what is to be in them:
 an object may be one of another heap
@tparam[opt] integer align the physical address will be a multiple of this
 power of two, up to 2 MiB, kept when the buffer is resized
@treturn[1] buffer
@treturn[2] nil over the limit, or without memory
@treturn[2] string a message
@treturn[2] integer a code
*/
static int buffer(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  size_t size, align = 0;
  const char *bytes = NULL;
  lmems_view *view;
  lmems_checklast(L, self.arg + 1);
  if (lua_type(L, self.arg) == LUA_TSTRING)
    bytes = lua_tolstring(L, self.arg, &size);
  else if (lmems_anyview(L, self.arg) != NULL)
    size = lmems_optbytes(L, self.arg + 2, self.arg, 0);
  else
    size = lmems_checkcount(L, self.arg, "size");
  if (!lua_isnoneornil(L, self.arg + 1))
    align = (size_t)lmems_checkint(L, self.arg + 1, "align", 1, 1 << 21);
  if ((align & (align - 1)) != 0)
    return lmems_argerror(L, self.arg + 1, "align has to be a power of two");
  int error = lmems_newowner(L, lmems_anchorindex(self), 0, self.box,
                             LMEMS_BUFFER_SEAL, size, align, &view);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  view->length = size;
  if (lmems_anyview(L, self.arg) != NULL)
    bytes = lmems_holdany(L, self.box, self.arg, 0, size);
  else if (bytes != NULL)
    bytes = lmems_held((char *)bytes);
  if (bytes != NULL) {
    memcpy(view->record->data, bytes, size);
    lmems_letgo();
  }
  return 1;
}

/***
Makes a buffer of a block that @{malloc} or the like gave: it is freed with
the buffer from now on. The opposite of @{object:disown}.
@function own
@within Object
@luals return mems.buffer
@tparam address addr the start of a block
@treturn buffer
@raise if it is not the start of a block, or an object owns the block already
*/
static int own(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  lmems_box *box = self.box;
  mems_addr addr = lmems_checkaddr(L, self.arg);
  lmems_tell(L, &box->state->bytes,
             mems_heap_size(box->heap, addr));
  lmems_view *view = lmems_pushowner(L, self.box->state, LMEMS_BUFFER_SEAL,
                                     lmems_anchorindex(self), 1);
  lmems_boxroom(L, box);
  size_t size = mems_heap_size(lmems_openheap(L, box), addr);
  if (size == 0)
    return lmems_notblock(L, box, self.arg, addr);
  lmems_record *record = lmems_blockown(box, addr);
  if (record == NULL)
    return lmems_argerror(L, self.arg, "an object owns block %I already",
                          (lua_Integer)addr);
  view->record = record;
  view->readonly = (short)box->readonly;
  view->length = size;
  lmems_setend(view, size);
  return 1;
}

void lmems_pushbufferat(lua_State *L, lmems_self self, int arg) {
  lmems_box *box = self.box;
  lmems_view *view = lmems_pushowner(L, self.box->state, LMEMS_BUFFER_SEAL,
                                     lmems_anchorindex(self), 1);
  lmems_boxroom(L, box);
  size_t size = lmems_rest(L, box, arg);
  const char *p = lmems_hold(L, box, arg, 0, size);
  view->record = lmems_recordtake(&box->state->pool);
  lmems_blocklook(box, view->record, p);
  lmems_letgo();
  view->readonly = (short)box->readonly;
  view->length = size;
  lmems_setend(view, size);
}

/***
A part of a buffer, which keeps it alive. If the buffer is resized the part
goes along; while it then lies outside, its use raises.
@function buffer:slice
@tparam integer offset of its first byte, from 0
@tparam[opt] integer size in bytes; up to the end of the buffer
@treturn buffer
*/
static int slice(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_BUFFER_SEAL);
  lmems_checkalive(L, view);
  lua_Integer bytes = (lua_Integer)view->length;
  lua_Integer offset = lmems_checkint(L, 2, "offset", 0, bytes);
  lua_Integer rest = bytes - offset;
  lua_Integer n = lua_isnoneornil(L, 3)
    ? rest : lmems_checkint(L, 3, "size", 0, rest);
  lmems_part(L, LMEMS_BUFFER_SEAL, 1, view, view->offset + (size_t)offset,
             (size_t)n)->length = (size_t)n;
  return 1;
}

/***
Changes the size of a buffer. What fits is kept, what is new is zero.
@function buffer:resize
@tparam integer size in bytes, from 0
@treturn[1] boolean true
@treturn[2] nil over the limit, or without memory: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
@raise if it is a slice
*/
static int resize(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_BUFFER_SEAL);
  size_t size = lmems_checkcount(L, 2, "size");
  lmems_checkalive(L, view);
  if (!lmems_owns(view))
    return lmems_argerror(L, 1, "a slice has the size it was made with");
  if (size > view->length)
    lmems_tell(L, &view->record->box->state->bytes, size - view->length);
  lmems_checkowner(L, view);
  int error = lmems_viewresize(L, view, size, size);
  if (error != MEMS_OK)
    return lmems_fail(L, error);
  view->length = size;
  lmems_setend(view, size);
  lua_pushboolean(L, 1);
  return 1;
}

int lmems_bufferroom(lua_State *L, lmems_view *buffer, size_t need) {
  enum { LEAST = 64 };
  lmems_box *box = buffer->record->box;
  for (int again = 1; buffer->record->capacity < need; again--) {
    size_t has = buffer->record->capacity;
    size_t more = has < LEAST ? LEAST : 2 * has;
    if (more < need)
      more = need;
    lmems_tell(L, &box->state->bytes, more - has);
    lmems_checkowner(L, buffer);
    if (buffer->record->capacity >= need)
      break; /* by a finalizer */
    int error = lmems_blockresize(buffer->record, more, buffer->length);
    if (error != MEMS_OK && more > need) /* near the limit */
      error = lmems_blockresize(buffer->record, need, buffer->length);
    if (error != MEMS_OK && (!again || !lmems_boxretry(L, box, need)))
      return error;
    lmems_checkowner(L, buffer);
  }
  return MEMS_OK;
}

void lmems_bufferextend(lmems_view *buffer, size_t size) {
  lmems_blockresize(buffer->record, buffer->record->capacity, size);
  buffer->length = size;
  lmems_setend(buffer, size);
}

/* The bytes of the arguments from 2 to `last`, strings and objects; raises
   for any other. Numbers have been converted. */
static size_t appended_bytes(lua_State *L, int last) {
  size_t total = 0;
  for (int i = 2; i <= last; i++)
    if (lua_type(L, i) == LUA_TSTRING)
      total += lua_rawlen(L, i);
    else if (lmems_anyview(L, i) != NULL)
      total += lmems_optbytes(L, last + 1, i, 0);
    else
      lmems_argerror(L, i, "a string or an object expected, got %s",
                     lmems_pushshown(L, i));
  return total;
}

/***
Puts strings, or the bytes of objects, behind the last byte. The memory
doubles when it is full, so that many appends cost as much as one.
@function buffer:append
@tparam string|object ... an object may be one of another heap
@treturn[1] integer the offset of the first byte that was appended
@treturn[2] nil over the limit, or without memory: nothing has changed
@treturn[2] string a message
@treturn[2] integer a code
@raise if the buffer is a slice, or one of them is neither string nor object
*/
static int append(lua_State *L) {
  lmems_view *buffer = lmems_checkview(L, LMEMS_BUFFER_SEAL);
  int last = lua_gettop(L);
  for (int i = 2; i <= last; i++)
    if (lua_type(L, i) == LUA_TNUMBER)
      lua_tolstring(L, i, NULL);
  lmems_checkalive(L, buffer);
  if (!lmems_owns(buffer))
    return lmems_argerror(L, 1, "a slice has the size it was made with");
  size_t total = appended_bytes(L, last);
  while (buffer->record->capacity - buffer->length < total) {
    int error = lmems_bufferroom(L, buffer, buffer->length + total);
    if (error != MEMS_OK)
      return lmems_fail(L, error);
    total = appended_bytes(L, last); /* after finalizers */
  }
  size_t at = buffer->length, size;
  lmems_blockresize(buffer->record, buffer->record->capacity, at + total);
  char *to = lmems_writeview(L, buffer) + at;
  for (int i = 2; i <= last; i++, to += size) {
    const lmems_view *view = lmems_anyview(L, i);
    size = view != NULL ? lmems_viewbytes(view) : lua_rawlen(L, i);
    memcpy(to, view != NULL ? view->record->data + view->offset
                            : lua_tolstring(L, i, NULL), size);
  }
  buffer->length = at + total;
  lmems_setend(buffer, at + total);
  lmems_letgo();
  lua_pushinteger(L, (lua_Integer)at);
  return 1;
}

/***
Finds a string in a buffer.
@function buffer:find
@tparam string s may hold any bytes
@tparam[opt=0] integer offset where the search begins
@treturn ?integer|nil the offset of its first byte, or nil
*/
static int find(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_BUFFER_SEAL);
  size_t length, offset = 0;
  const char *s = lmems_checkstring(L, 2, "s", &length);
  lmems_checkalive(L, view);
  if (!lua_isnoneornil(L, 3))
    offset = (size_t)lmems_checkint(L, 3, "offset", 0,
                                    (lua_Integer)view->length);
  const char *data = lmems_holdview(L, view);
  const char *match = memmem(data + offset, view->length - offset, s, length);
  lmems_letgo();
  if (match == NULL)
    lua_pushnil(L);
  else
    lua_pushinteger(L, match - data);
  return 1;
}

static int buffer_len(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_BUFFER_SEAL);
  lmems_checkalive(L, view);
  lua_pushinteger(L, (lua_Integer)view->length);
  return 1;
}

static int buffer_tostring(lua_State *L) {
  lmems_view *view = lmems_checkview(L, LMEMS_BUFFER_SEAL);
  if (lmems_alive(view))
    lua_pushfstring(L, "mems.buffer (%I, %I bytes)",
                    (lua_Integer)lmems_viewaddr(view),
                    (lua_Integer)view->length);
  else
    lua_pushfstring(L, "mems.buffer (%s)", lmems_fate(view));
  return 1;
}

static int no_method(lua_State *L) {
  return lmems_nomethod(L, "a buffer", 1);
}

const luaL_Reg lmems_buffer[] = {
  {"buffer", buffer}, {"own", own}, {NULL, NULL}
};

const luaL_Reg lmems_buffermethods[] = {
  {"slice", slice}, {"resize", resize}, {"append", append},
  {"find", find},
  {NULL, NULL}
};

static const luaL_Reg events[] = {
  {"__len", buffer_len}, {"__tostring", buffer_tostring}, {NULL, NULL}
};

const lmems_class lmems_bufferclass = {
  LMEMS_BUFFER_SEAL, "mems.buffer", events, NULL, no_method
};
