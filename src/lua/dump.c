/*
** dump.c - bytes as a person reads them: lines like those of xxd.
*/

#include "dump.h"

#include <stdio.h>

#include "gate.h"
#include "self.h"

/***
@module mems
*/

enum { ROW = 16, HEX = ROW / 2 * 5 }; /* bytes in a line; their columns */

/* Adds the line of the `n` bytes at `row`, which stand at `offset`. */
static void add_line(luaL_Buffer *B, size_t offset, const unsigned char *row,
                     size_t n) {
  static const char digits[] = "0123456789abcdef";
  char front[24], hex[HEX + 1], text[ROW + 1];
  memset(hex, ' ', sizeof hex);
  for (size_t i = 0; i < n; i++) {
    char *pair = hex + i / 2 * 5 + i % 2 * 2;
    pair[0] = digits[row[i] >> 4];
    pair[1] = digits[row[i] & 15];
    text[i] = '.';
    if (row[i] >= ' ' && row[i] <= '~')
      text[i] = (char)row[i];
  }
  text[n] = '\n';
  int length = snprintf(front, sizeof front, "%08zx: ", offset);
  luaL_addlstring(B, front, (size_t)length);
  luaL_addlstring(B, hex, sizeof hex);
  luaL_addlstring(B, text, n + 1);
}

/***
Bytes as `xxd` shows them: in each line the offset of 16 bytes, these in
hexadecimal, and as text.
@function hexdump
@within Strings
@tparam memory addr
@tparam[opt] integer n bytes, from 0; all to the end of the object or block
@tparam[opt=0] integer offset of the first one, from 0
@treturn string lines, each with its end
*/
static int hexdump(lua_State *L) {
  lmems_self self = lmems_checkself(L);
  unsigned char row[ROW];
  luaL_Buffer B;
  int all = lua_isnoneornil(L, self.arg + 1);
  size_t n = all ? 0 : lmems_checkcount(L, self.arg + 1, "n");
  size_t offset = lmems_optoffset(L, self.arg + 2);
  lmems_checklast(L, self.arg + 2);
  lmems_resolve(L, self.arg);
  if (all) {
    size_t rest = lmems_rest(L, self.box, self.arg);
    n = rest > offset ? rest - offset : 0;
  }
  lmems_hold(L, self.box, self.arg, offset, n);
  lmems_letgo();
  luaL_buffinit(L, &B);
  for (size_t done = 0; done < n; done += ROW) {
    size_t part = n - done < ROW ? n - done : ROW;
    memcpy(row, lmems_hold(L, self.box, self.arg, offset + done, part), part);
    lmems_letgo();
    add_line(&B, offset + done, row, part);
  }
  luaL_pushresult(&B);
  return 1;
}

const luaL_Reg lmems_dump[] = {{"hexdump", hexdump}, {NULL, NULL}};
