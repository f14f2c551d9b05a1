---@meta mems

-- Types of the module `mems` for editors (LuaLS), which `make generate`
-- makes from the doc comments in src/lua and lua/mems.

---@alias mems.itype "i8"|"i8be"|"i8le"|"u8"|"u8be"|"u8le"|"i16"|"i16be"|"i16le"|"u16"|"u16be"|"u16le"|"i24"|"i24be"|"i24le"|"u24"|"u24be"|"u24le"|"i32"|"i32be"|"i32le"|"u32"|"u32be"|"u32le"|"i64"|"i64be"|"i64le"|"u64"|"u64be"|"u64le"

---@alias mems.ftype "f16"|"f16be"|"f16le"|"f32"|"f32be"|"f32le"|"f64"|"f64be"|"f64le"

---@alias mems.btype "bool"|"boolbe"|"boolle"

---@alias mems.ptype "ptr"|"ptrbe"|"ptrle"

---A type, in the machine's byte order, or with `le` or `be` in that.
---@alias mems.type mems.itype|mems.ftype|mems.btype|mems.ptype

---An address: what `malloc` gives, or the same as an integer.
---@alias mems.address lightuserdata|integer

---Where bytes are read or written: an address, or an object.
---@alias mems.memory mems.address|mems.object

---What `init` and `open` take. A field that is absent takes its default.
---@class mems.options
---@field limit? integer the most bytes its nodes may map (64 GiB)
---@field base? integer the first virtual address, a multiple of 8; absent 1000 on the default heap, and on others one that no open heap has
---@field page? integer the least that a node begins with or grows by, in bytes, a multiple of 4096 (4096)
---@field align? integer the physical alignment of every block, a power of two from 8 to 2 MiB (8)
---@field quarantine? integer freed blocks are kept from reuse until this many bytes are waiting (0)
---@field fill? boolean true to fill new blocks with 0xAA and freed ones with 0x55 (false)
---@field trace? boolean true to record where each block is allocated, see `leaks` (false)
---@field leaks? "warn"|"error" `"warn"` or `"error"` to trace, and to report at the end what was not freed, see `finish`; not for a heap in a file
---@field path? string the heap lives in this file: what is in it is there again when it is opened the next time, under the same addresses. The file has limit (4 GiB if it is absent), base, page, align, quarantine and fill for life: whoever opens it later may leave them out
---@field create? boolean|"new" with `path`: true to make the file if it is missing, false not to, `"new"` if it has to be missing (true)
---@field readonly? boolean with `path`: nothing changes the file, and what would raises. Several processes may read one file (false)
---@field check? boolean with `path`: all but the truth is rebuilt, as after a crash (false)
---@field share? boolean with `path`: other processes may have the file open at the same time, who share it, too (false)
---@field shm? string in place of `path`: shared memory of this name, in /dev/shm, which is gone when the system starts anew; see `unlink`
---@field memfd? boolean in place of `path`: shared memory without a name, for child processes; see `fd` (false)
---@field fd? integer in place of `path`: the file of this descriptor, shared, as a parent process has it from `fd`
---@field damage? string|function what happens when, in a heap with `fill`, a write is found to memory that is free or waits in the quarantine, or lies behind the end of a block: `"error"`, raised by the call that finds it when it has done its work, but `malloc`, which then has no block to give; `"abort"`; or a function, called with a table: `message`, `what` (`"behind"`, `"freed"` or `"free"`), `block`, `offset` in it, `size`, and with `trace` the sites `allocated` and `freed`. Default `"error"`
---@field random? boolean true to draw which slot of a run a small block gets (false)

---What `mems.types` has for a type.
---@class mems.typeinfo
---@field name string
---@field size integer in bytes
---@field min? number the least value; integers and floats only
---@field max? number the greatest; -1 for `u64`, as unsigned integers wrap around in Lua

---What `stats` gives.
---@class mems.statistics
---@field limit integer the most bytes its nodes may map
---@field mapped integer bytes in nodes now
---@field used integer bytes in PROCESS segments: whole granules of 8, and what a slot or rounding adds
---@field unused integer bytes in HOLEs
---@field requested integer bytes the live blocks were asked for
---@field quarantined integer bytes of freed blocks that wait
---@field overhead integer bytes mapped beside the nodes
---@field peak integer the highest value of `used` so far, free slots that stood ready counted in
---@field processes integer live blocks
---@field holes integer HOLEs, free slots of runs too
---@field largest integer a block of so many bytes can be had now
---@field nodes integer the length of the main chain
---@field pages integer `mapped / page_size`
---@field page_size integer 4096
---@field mallocs integer blocks handed out so far
---@field frees integer blocks taken back so far
---@field base integer the first virtual address
---@field align integer the physical alignment of every block
---@field owned integer bytes in blocks that Lua objects own
---@field takeovers integer how often the lock of a shared heap was taken over from a process that died in a call, since one has had it open
---@field recoveries integer how often a heap in a file was rebuilt in its life

---What `save` takes. A field that is absent takes its default.
---@class mems.saving
---@field limit? integer that of the heap in the new file; absent as it is
---@field progress? fun(done: integer, total: integer) is called for each MiB or so with the bytes that are done, and with how many there are. It may do what it likes: an error that it raises ends it all and goes on, and changing the heap ends it as well. It is not called while processes share the heap: they wait for a copy to be done

---What `recovered` gives.
---@class mems.recovery
---@field blocks integer that are there
---@field repairs integer places that were put right: no death of a process leaves them behind, but a loss of power may
---@field redone boolean whether a call that was in progress was finished
---@field seconds number that it took

---@class mems.heap
---@field peek_bool fun(self: mems.heap, addr: mems.memory, offset?: integer): boolean
---@field peek_boolbe fun(self: mems.heap, addr: mems.memory, offset?: integer): boolean
---@field peek_boolle fun(self: mems.heap, addr: mems.memory, offset?: integer): boolean
---@field peek_ptr fun(self: mems.heap, addr: mems.memory, offset?: integer): lightuserdata?
---@field peek_ptrbe fun(self: mems.heap, addr: mems.memory, offset?: integer): lightuserdata?
---@field peek_ptrle fun(self: mems.heap, addr: mems.memory, offset?: integer): lightuserdata?
---@field peek_i8 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i8be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i8le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u8 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u8be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u8le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_f16 fun(self: mems.heap, addr: mems.memory, offset?: integer): number
---@field peek_f16be fun(self: mems.heap, addr: mems.memory, offset?: integer): number
---@field peek_f16le fun(self: mems.heap, addr: mems.memory, offset?: integer): number
---@field peek_i16 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i16be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i16le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u16 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u16be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u16le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i24 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i24be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i24le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u24 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u24be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u24le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_f32 fun(self: mems.heap, addr: mems.memory, offset?: integer): number
---@field peek_f32be fun(self: mems.heap, addr: mems.memory, offset?: integer): number
---@field peek_f32le fun(self: mems.heap, addr: mems.memory, offset?: integer): number
---@field peek_i32 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i32be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i32le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u32 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u32be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u32le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_f64 fun(self: mems.heap, addr: mems.memory, offset?: integer): number
---@field peek_f64be fun(self: mems.heap, addr: mems.memory, offset?: integer): number
---@field peek_f64le fun(self: mems.heap, addr: mems.memory, offset?: integer): number
---@field peek_i64 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i64be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_i64le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u64 fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u64be fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field peek_u64le fun(self: mems.heap, addr: mems.memory, offset?: integer): integer
---@field poke_bool fun(self: mems.heap, addr: mems.memory, value: boolean, offset?: integer)
---@field poke_boolbe fun(self: mems.heap, addr: mems.memory, value: boolean, offset?: integer)
---@field poke_boolle fun(self: mems.heap, addr: mems.memory, value: boolean, offset?: integer)
---@field poke_ptr fun(self: mems.heap, addr: mems.memory, value: mems.address|false?, offset?: integer)
---@field poke_ptrbe fun(self: mems.heap, addr: mems.memory, value: mems.address|false?, offset?: integer)
---@field poke_ptrle fun(self: mems.heap, addr: mems.memory, value: mems.address|false?, offset?: integer)
---@field poke_i8 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i8be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i8le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u8 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u8be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u8le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_f16 fun(self: mems.heap, addr: mems.memory, value: number, offset?: integer)
---@field poke_f16be fun(self: mems.heap, addr: mems.memory, value: number, offset?: integer)
---@field poke_f16le fun(self: mems.heap, addr: mems.memory, value: number, offset?: integer)
---@field poke_i16 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i16be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i16le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u16 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u16be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u16le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i24 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i24be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i24le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u24 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u24be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u24le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_f32 fun(self: mems.heap, addr: mems.memory, value: number, offset?: integer)
---@field poke_f32be fun(self: mems.heap, addr: mems.memory, value: number, offset?: integer)
---@field poke_f32le fun(self: mems.heap, addr: mems.memory, value: number, offset?: integer)
---@field poke_i32 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i32be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i32le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u32 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u32be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u32le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_f64 fun(self: mems.heap, addr: mems.memory, value: number, offset?: integer)
---@field poke_f64be fun(self: mems.heap, addr: mems.memory, value: number, offset?: integer)
---@field poke_f64le fun(self: mems.heap, addr: mems.memory, value: number, offset?: integer)
---@field poke_i64 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i64be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_i64le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u64 fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u64be fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
---@field poke_u64le fun(self: mems.heap, addr: mems.memory, value: integer, offset?: integer)
local heap = {}

---Closes a heap that `open` gave, as `finish` does the default heap. The
---second time it does nothing and returns 0, 0.
---@return integer # the number of blocks that were still allocated
---@return integer # the bytes that they were asked for
function heap:close() end

---Frees every block at once and keeps the memory for the next ones. All
---objects on the heap are dead then.
function heap:reset() end

---Allocates a block. Its contents are undefined.
---@param size integer in bytes, from 1
---@param align? integer the physical address will be a multiple of this power of two, up to 2 MiB
---@return lightuserdata? # the virtual address of its first byte; nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function heap:malloc(size, align) end

---Allocates a block of `count * size` bytes, all zero.
---@param count integer from 1
---@param size integer in bytes, from 1
---@return lightuserdata? # the virtual address of its first byte; nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function heap:calloc(count, size) end

---Changes the size of a block. Its contents are kept, as far as they fit. An
---object on that block, as of `buffer`, is released, but not the block.
---@param addr mems.address|nil the start of a block; nil allocates a new one
---@param size integer in bytes, from 1
---@return lightuserdata? # the same address, or a new one; then `addr` is dead; nil over the limit, or without memory: the block is as it was
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function heap:realloc(addr, size) end

---Frees a block. Objects on it, as of `buffer`, are released.
---@param addr mems.address the start of a block
function heap:free(addr) end

---The physical address behind a virtual one. It is good until the block is
---freed or moved, for C code and for the functions of this module.
---@param addr mems.address anywhere inside a block
---@return lightuserdata? # the physical address; nil if it is not inside a block
---@return string? # a message
---@return integer? # a code
function heap:get(addr) end

---The size of a block.
---@param addr mems.address the start of a block
---@return integer # the bytes it was asked for
function heap:size(addr) end

---Address arithmetic: `addr + n`. Needs no heap.
---@param addr mems.address
---@param n integer may be negative
---@return lightuserdata
function heap:add(addr, n) end

---Address arithmetic: `a - b`. Needs no heap.
---@param a mems.address
---@param b mems.address
---@return integer # bytes
function heap:diff(a, b) end

---An address as an integer. Needs no heap.
---@param addr mems.address
---@return integer
function heap:tointeger(addr) end

---An address as a light userdata. Needs no heap, and does not ask whether the
---address is allocated.
---@param n mems.address
---@return lightuserdata
function heap:toaddress(n) end

---Reads bits, lowest first: bit 0 is the lowest of the first byte, bit 8 the
---lowest of the second.
---@param addr mems.memory
---@param bit integer the first one, from 0, which gets the lowest of the result
---@param n integer how many, from 1 to 64
---@return integer # from 0; 64 bits wrap around as a `u64` does
function heap:readbits(addr, bit, n) end

---Writes bits, lowest first, and leaves those around them as they are.
---@param addr mems.memory
---@param bit integer the first one, from 0, see `readbits`
---@param n integer how many, from 1 to 64
---@param v integer from 0 to what `n` bits have room for; any integer for 64
function heap:writebits(addr, bit, n, v) end

---Counts the bits that are 1.
---@param addr mems.memory
---@param offset? integer in bytes, from 0 (0)
---@param n? integer bytes, from 0; up to the end of the block or object
---@return integer
function heap:popcount(addr, offset, n) end

---Reads a value. Types are `i8 u8 i16 u16 i24 u24 i32 u32 i64 u64 f16 f32 f64
---bool ptr`, in the machine's byte order, or with `le` or `be` after the name
---in that one; the address need not be aligned. `i24` and `u24` are three
---bytes, `f16` is a half, which rounds to 11 bits of precision. A `u64` above
---2^63 - 1 wraps around to a negative integer, as Lua's integers do. A `bool`
---is one byte, true unless 0. A `ptr` is 8 bytes, an address, and nil if it is
---0.
---@param addr mems.memory virtual, or a physical one that `get` gave
---@param type mems.type
---@param offset? integer in bytes, from 0 (0)
---@return any # the value
function heap:peek(addr, type, offset) end

---Writes a value. A `ptr` takes an address, or nil, false or 0 for none.
---@param addr mems.memory virtual, or a physical one that `get` gave
---@param type mems.type see `peek`
---@param value any
---@param offset? integer in bytes, from 0 (0)
function heap:poke(addr, type, value, offset) end

---Reads values that lie one after the other. In the table a `ptr` that is 0 is
---false, so that the table has no hole.
---@param addr mems.memory
---@param type mems.type see `peek`
---@param count integer of values, from 0
---@param offset? integer in bytes, from 0 (0)
---@return table
function heap:peekarray(addr, type, count, offset) end

---Writes the elements 1 to `#values` of a table, without metamethods, one
---after the other.
---@param addr mems.memory
---@param type mems.type see `poke`
---@param values table
---@param offset? integer in bytes, from 0 (0)
---@return integer # the count written
function heap:pokearray(addr, type, values, offset) end

---Sets bytes to the same value.
---@param addr mems.memory
---@param byte integer from 0 to 255
---@param n? integer bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer of the first one, from 0 (0)
function heap:fill(addr, byte, n, offset) end

---Copies bytes. The ranges may overlap.
---@param dst mems.memory
---@param src mems.memory|string an object may be one of another heap
---@param n? integer bytes, from 0; of a string or an object all to its end, for an address it has to be there
---@param offset? integer in `dst`, in bytes, from 0 (0)
---@param source_offset? integer the same in `src` (0)
function heap:copy(dst, src, n, offset, source_offset) end

---Compares bytes, as unsigned numbers, from the first one on.
---@param a mems.memory
---@param b mems.memory|string an object may be one of another heap
---@param n? integer bytes, from 0; of a string or an object all of `b` to its end, for an address it has to be there
---@param offset? integer in `a`, in bytes, from 0 (0)
---@param other_offset? integer the same in `b` (0)
---@return integer # -1 if the bytes at `a` are less, 0 if they are equal, 1 if they are greater
function heap:compare(a, b, n, offset, other_offset) end

---Finds a string in `n` bytes.
---@param addr mems.memory
---@param n integer bytes, from 0
---@param s string may hold any bytes
---@param offset? integer of the first of the `n` bytes, from 0 (0)
---@return lightuserdata|integer? # where the first match begins: an address, in an object the offset; or nil
function heap:find(addr, n, s, offset) end

---Bytes as `xxd` shows them: in each line the offset of 16 bytes, these in
---hexadecimal, and as text.
---@param addr mems.memory
---@param n? integer bytes, from 0; all to the end of the object or block
---@param offset? integer of the first one, from 0 (0)
---@return string # lines, each with its end
function heap:hexdump(addr, n, offset) end

---Reads bytes, whatever they are.
---@param addr mems.memory
---@param n? integer bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer in bytes, from 0 (0)
---@return string
function heap:readstring(addr, n, offset) end

---Writes the bytes of a string, and nothing after them.
---@param addr mems.memory
---@param s string may hold any bytes
---@param offset? integer in bytes, from 0 (0)
function heap:writestring(addr, s, offset) end

---Reads a string that ends before a byte 0.
---@param addr mems.memory
---@param max? integer the most bytes that belong to it: without a byte 0 among them, they are the string. Without `max` the byte 0 has to be there.
---@param offset? integer in bytes, from 0 (0)
---@return string # without the byte 0
function heap:cstring(addr, max, offset) end

---Writes values in a format of Lua's `string.pack`. What `!` aligns is counted
---from the offset on, as `string.pack` counts it from its start.
---@param addr mems.memory
---@param fmt string
---@param ... any values, as many as the format takes; behind them, optional, the offset in bytes, from 0
---@return lightuserdata|integer # where the next byte would be: an address, in an object the offset
function heap:pack(addr, fmt, ...) end

---Reads values in a format of Lua's `string.unpack`. What `!` aligns is
---counted from the offset on.
---@param addr mems.memory
---@param fmt string
---@param offset? integer in bytes, from 0 (0)
---@return any ... # the values, and what is after them: an address, in an object the offset
function heap:unpack(addr, fmt, offset) end

---Reads bytes from a file of Lua straight into memory. A method of buffers,
---arrays and structs too: `b:read(file)`.
---@param addr mems.memory
---@param file file* as `io.open` gives it
---@param n? integer the most bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer of the first one in memory, from 0 (0)
---@return integer? # how many were read: less than `n` if the file ends, 0 at its end; what is behind them is as it was; nil if the file can't be read; some bytes may have been
---@return string? # a message
---@return integer? # the system's number, as `io.open` gives it
function heap:read(addr, file, n, offset) end

---Writes bytes to a file of Lua straight from memory. A method of buffers,
---arrays and structs too: `b:write(file)`.
---@param addr mems.memory
---@param file file* as `io.open` gives it
---@param n? integer bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer of the first one in memory, from 0 (0)
---@return integer? # `n`; nil if the file can't be written; some bytes may have been
---@return string? # a message
---@return integer? # the system's number, as `io.open` gives it
function heap:write(addr, file, n, offset) end

---Makes a buffer of a whole file. It is read straight into the buffer, so it
---takes the file's size of memory and no more. What has no size before it is
---read, as a pipe, will do as well.
---@param path string
---@return mems.buffer? # nil if the file can't be read, over the limit or without memory
---@return string? # a message, which begins with the path if it is the file's
---@return integer? # the system's number, as `io.open` gives it, for the file; else one of the `codes`
function heap:readfile(path) end

---A picture of the heap: one SVG in a file or a string, which needs nothing
---else. It shows the nodes, and in them, to scale, each block by its size, the
---holes, the runs with their slots and what waits in the quarantine; beside
---them totals and a legend. The pointer over a part shows its address and size
---and, with the option `trace`, where it was allocated. In a large heap small
---neighbours are taken together, and shown by how much of them is live: the
---picture of 1 GiB is as readable as that of a page, and not larger.
---@param path? string of the file; without it the text is given
---@param options? table `width`, in pixels, from 300 (960); `title`
---@return string|true|nil # true, or the text; nil if the file can't be written
---@return string? # a message
---@return integer? # the system's number, as `io.open` gives it
function heap:picture(path, options) end

---The same for a terminal: lines of text, at most 24 or one for each node, in
---which each character shows how much of some bytes is live.
---@param width? integer in characters, from 8 to 1000 (64)
---@return string
function heap:map(width) end

---Gives back to the system what is unused.
---@return integer # the bytes given back
function heap:trim() end

---Checks every invariant of the heap. Takes time in proportion to its size.
---@return boolean # true
function heap:check() end

---Loops over the live blocks of a heap with the option `trace`, in address
---order: `for addr, size, site, age in mems.leaks() do`. Gives for each its
---address, the bytes it was asked for, where it was allocated, as
---`"file:line"`, and how many allocations there were since. A block that was
---resized keeps its site and age. Where memory for a record was missing the
---site is `"?"` and there is no age. The heap may change between two steps.
---@return fun(): lightuserdata?, integer, string, integer? # an iterator
function heap:leaks() end

---Loops over the main chain: `for addr, size, processes, holes in mems.nodes()
---do`. Gives for each node its first address, its bytes, and how many PROCESS
---and HOLE segments its sub-chain has.
---@return fun(): lightuserdata?, integer, integer, integer # an iterator
function heap:nodes() end

---Loops over the segments, in address order: `for kind, addr, size, requested
---in mems.segments() do`. Gives for each its kind, `"PROCESS"` or `"HOLE"`,
---its first address, its bytes, and the bytes it was asked for (0 for a HOLE).
---The heap may change between two steps.
---@param node? mems.address any address in a node: only its sub-chain
---@return fun(): "PROCESS"|"HOLE"|nil, lightuserdata, integer, integer # an iterator
function heap:segments(node) end

---Loops over the segments, in address order, with neighbours taken together as
---long as they are at most `unit` bytes, in one node, and alike in whether
---they are slots of a run and how long these are: `for addr, size, blocks,
---live, requested, holes, waiting, slot in mems.extents(4096) do`. Gives for
---each the first address, the bytes, how many blocks there are, the bytes of
---their segments and those that were asked for, how many holes, the bytes of
---those that wait in the quarantine, and how long the slots are, 0 if they are
---none. A heap of any size is looked over with as few steps as are wanted; see
---`picture`.
---@param unit? integer in bytes; 0: each segment is given (0)
---@return fun(): lightuserdata?, integer, integer, integer, integer # an iterator
function heap:extents(unit) end

---Prints main chain, sub-chains and totals.
---@param file? file*  (io.stdout)
---@return boolean? # true; nil if the file took no more
---@return string? # a message
---@return integer? # a code
function heap:print_stats(file) end

---The state of the heap: a table with all that is counted, or one number of
---it. `holes`, `requested` and `largest` cost a walk over all segments, and so
---does the table; any other number costs the same for every heap.
---@param name? string of one field
---@return mems.statistics|integer # see `statistics`; the field of that name
function heap:stats(name) end

---Makes a buffer of a block that `malloc` or the like gave: it is freed with
---the buffer from now on. The opposite of `object:disown`.
---@param addr mems.address the start of a block
---@return mems.buffer
function heap:own(addr) end

---Makes a buffer: bytes that are freed when it is released or collected. All
---verbs on memory are methods of it, with the buffer in place of the address
---and its own bounds, not those of the block: `b:peek("i32", 8)`,
---`b:poke_f64(1.5)`, `b:writestring("abc", 4)`, `b:unpack("<i4z")`,
---`b:copy(src, n)`. Beside those below it has `#b`, `b == c` (the same bytes
---of memory), `<close>` and the methods of all objects.
---@param what integer|string|mems.object bytes, all zero; or what is to be in them: an object may be one of another heap
---@param align? integer the physical address will be a multiple of this power of two, up to 2 MiB, kept when the buffer is resized
---@return mems.buffer # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
function heap:buffer(what, align) end

---Makes an array. It has `a[i]` and `a[i] = v` for i from 1 to `#a` (any other
---index raises), `pairs(a)`, `ipairs(a)`, `a == b` (the same memory),
---`<close>`, the methods of all objects and those below. `tostring(a)` shows
---its length and first values.
---
---Made from another array, of any heap, its values are converted: each has to
---fit.
---
---Where a range of elements `i, j` is optional it is all of them. An element
---that is a struct is read as a view of it, a new object each time: to go over
---many, `struct:move` one view, or use `array:get` and `array:set`. It is
---assigned from a table or a struct.
---@generic T
---@param type mems.structtype<T> of `peek`, or a struct
---@param what integer|table|mems.array how many elements, all zero; or their values
---@param value? any that each of so many has instead of zero
---@return mems.array<T> # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
---@overload fun(self: mems.heap, type: mems.itype, what: any, v?: any): mems.array<integer>
---@overload fun(self: mems.heap, type: mems.ftype, what: any, v?: any): mems.array<number>
---@overload fun(self: mems.heap, type: mems.btype, what: any, v?: any): mems.array<boolean>
---@overload fun(self: mems.heap, type: mems.ptype, what: any, v?: any): mems.array<any>
function heap:array(type, what, value) end

---An array on bytes that are there, in an object or at an address. It does not
---own them: when their block is freed, or moved by `realloc`, the array is
---dead. It keeps an object that it looks at alive, and goes along when that is
---resized; while it then lies outside, its use raises. It can't grow; else it
---is like any other array.
---@param type mems.type|mems.structtype of `peek`, or a struct
---@param x mems.memory a buffer, an array, a struct or an address
---@param offset? integer of the first element, in bytes, from 0; any alignment will do (0)
---@param n? integer how many elements; as many as fit to the end of the object or block
---@return mems.array<any>
function heap:view(type, x, offset, n) end

---Makes a type of struct. Needs no open heap. It serves every heap: `S:new`,
---`S:array` and `S:at` use the one whose verb has made it, and `array` of any
---other takes it as well.
---
---A field is `{ name, type }` or `{ name, type, n, ... }`: a fixed array of
---`n` of that type, or of several dimensions, the outermost first. A type is
---one of `peek`, another struct, or `"char"`: its last dimension is the length
---of a string, which a byte 0 ends if it is shorter.
---
---Fields lie as a C compiler lays them out, each behind the one before it at a
---multiple of its size. With `layout = "packed"` they lie one behind the
---other. A field may also have
---
---- `bits = n`: it is a bit field of an integer type or `bool`, as gcc has
---them on Linux; - `offset = n`: where it begins, in bytes; it may lie over
---others; - `align = n`: it begins at a multiple of that power of two, up to
---4096.
---
---`align = n` beside the fields is for the whole. A new object's physical
---address is a multiple of its alignment, until it is resized.
---
---`p:name(...)` finds functions in the table `methods`, behind the fields and
---before the methods that all objects have; so does `S.name`.
---
---The type `S` has `S.size`, `S.align`, `S.offsets` (a table: name to offset),
---and the functions `struct:new`, `struct:array` and `struct:at`.
---
---An object `p` has `p.x` and `p.x = value`. Fields that are structs or arrays
---are views, which keep `p` alive; they are assigned from tables or from
---objects of the same type, all or nothing. `tostring(p)` shows the fields,
---`pairs(p)` goes over them in their order. Methods are those of all objects,
---`struct:totable` and `struct:move`; where a field has the name of a method,
---`S.totable(p)` calls it.
---@param definition table
---@param methods? table is kept, not copied
---@return mems.structtype<mems.struct>
function heap:struct(definition, methods) end

---Runs a function in a scope: all that it allocates through the scope is freed
---when it returns or raises. Without a function it gives the scope, for a
---`<close>` variable. See `scope:malloc` and what follows.
---@param f? function called with the scope and the other arguments; it may yield
---@param ... any arguments
---@return any ... # what `f` returns; or the scope
---@overload fun(self: mems.heap): mems.scope
function heap:scope(f, ...) end

---Gives a block a name, by which a script that opens the heap later finds it,
---or takes the name away. In one step: a crash leaves the old or the new. What
---the root named before is not freed.
---
---The block is nobody's from then on: an object that is given, or any other
---that owned the block, is as good as before, but its finalizer frees nothing,
---and it can't be resized. An object's type is kept as well, for `root`.
---@param name string 1 to 39 bytes
---@param x mems.memory|nil an object, or the start of a block; nil: there is no root of that name any more
---@return boolean? # true; nil if there are 63 roots, or without memory
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function heap:setroot(name, x) end

---What a root names: its address, or with a type an object that looks at its
---block. It does not own it, as one of `view`.
---
---A root that an object was given for has its type, and asking for another one
---raises. A struct type gives an array if that was an array of it, else a
---struct. A root that an address was given for may be anything.
---@param name string
---@param type? mems.type|mems.structtype of `peek`, for an array; `"buffer"`; or a struct
---@return any # nil if there is none of that name, or its block was freed
---@return string? # a message
---@return integer? # a code: `mems.ENOROOT` or `mems.EFREED`
function heap:root(name, type) end

---All roots, also those whose blocks were freed.
---@return table<string, lightuserdata> # name to address
function heap:roots() end

---As `malloc`, and the cell holds the address of the new block, in one step:
---after a crash both have happened, or neither. So a structure of blocks that
---lead to one another has no block that nothing leads to. What the cell held
---before is not freed.
---@param cell string|mems.memory the name of a root, which need not be there yet; or 8 bytes inside a block, at a multiple of 8, as a `ptr` of a struct is
---@param size integer in bytes, from 1
---@param offset? integer of the 8 bytes (0)
---@return lightuserdata? # the virtual address of its first byte; nil over the limit, or without memory: nothing has changed
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function heap:malloc_to(cell, size, offset) end

---As `free` of the block whose address the cell holds, which holds none then,
---in one step. A cell that holds none is no mistake.
---@param cell string|mems.memory see `malloc_to`
---@param offset? integer  (0)
function heap:free_from(cell, offset) end

---As `realloc` of the block whose address the cell holds, which holds the new
---one then, in one step. A cell that holds none gets a new block.
---@param cell string|mems.memory see `malloc_to`
---@param size integer in bytes, from 1
---@param offset? integer  (0)
---@return lightuserdata? # the same address, or a new one; nil over the limit, or without memory: nothing has changed
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function heap:realloc_to(cell, size, offset) end

---Sees to it that what was written to a heap in a file until now survives a
---loss of power, as far as system and disk keep their word. After the death of
---the process alone everything is there without it. Takes as long as the disk
---does. In memory it does nothing.
---@return boolean? # true; nil if the system can't
---@return string? # a message
---@return integer? # `mems.EFILE`
function heap:sync() end

---Copies a heap, in a file or in memory, into a file of its own, under the
---same addresses: all of it, or nothing. A file that has this name already is
---replaced. The copy has a checksum and is on the disk when this returns; it
---can be opened, or restored.
---@param path string
---@param options? mems.saving see `saving`
---@return boolean? # true; nil if the file can't be written, or the heap was changed meanwhile: there is no new file, and the old one is as it was
---@return string? # a message
---@return integer? # a code: `mems.ENOSPC`, `mems.EFILE`, `mems.ECHANGED`, `mems.EBUSY` if the heap lives in this file, or `mems.ELIMIT` if the limit is too small
function heap:save(path, options) end

---What was found when the heap was opened, if its file had not been closed.
---@return mems.recovery? # see `recovery`; nil if there was nothing to recover
function heap:recovered() end

---Takes a lock for the scope of a `<close>` variable; see `lock`.
---@param addr mems.memory
---@param seconds? number
---@return table?, string?, integer? # it is let go at the end of the scope
---@return string # `"owner died"`; `"timeout"`
---@return integer? # `mems.ETIME`
function heap:locked(addr, seconds) end

---Reads a number at once. All processes that share the heap, and the threads
---of a host program, see what `load` and the verbs beside it do in one and the
---same order.
---
---`peek` and `poke`, elements of arrays and fields of structs never tear a
---number, `bool` or `ptr` of 1, 2, 4 or 8 bytes, in either byte order, at a
---multiple of its size: it is the old or the new one, but nothing says in
---which order others see it. `i24` and `u24` may be torn, and what verbs copy,
---fill or compute that do many at once; a bit field is written with the bits
---beside it.
---@param addr mems.memory a multiple of the type's size
---@param type mems.type `i32`, `u32`, `i64` or `u64`
---@param offset? integer in bytes (0)
---@return integer
function heap:load(addr, type, offset) end

---Writes a number at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param value integer
---@param offset? integer  (0)
function heap:store(addr, type, value, offset) end

---Writes a number and gives the one that was there, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param value integer
---@param offset? integer  (0)
---@return integer # what it was
function heap:exchange(addr, type, value, offset) end

---Writes a number if it is the expected one, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param expected integer
---@param desired integer
---@param offset? integer  (0)
---@return boolean # whether it was written
---@return integer # what it was
function heap:cas(addr, type, expected, desired, offset) end

---Adds to a number, which wraps around, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param n integer any integer, negative ones too
---@param offset? integer  (0)
---@return integer # what it was before
function heap:fetch_add(addr, type, n, offset) end

---Keeps those bits of a number that are set in `n`, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param n integer
---@param offset? integer  (0)
---@return integer # what it was before
function heap:fetch_and(addr, type, n, offset) end

---Sets those bits of a number that are set in `n`, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param n integer
---@param offset? integer  (0)
---@return integer # what it was before
function heap:fetch_or(addr, type, n, offset) end

---Waits until the 4 bytes at an address are other than expected. Whoever
---changes them, by `store` or in any other way, calls `notify`. Gives true at
---once if they are other already. A signal's hook, as that of an interrupt,
---runs meanwhile within a twentieth of a second.
---@param addr mems.memory a multiple of 4
---@param expected integer as `i32` or `u32`
---@param seconds? number at most; without it, without end
---@return boolean? # true: they are other
---@return string? # `"timeout"`
---@return integer? # `mems.ETIME`
function heap:wait(addr, expected, seconds) end

---Wakes those who `wait` for the 4 bytes at an address.
---@param addr mems.memory a multiple of 4
---@param n? integer how many, from 1; without it all
---@return integer # how many waited, and were woken
function heap:notify(addr, n) end

---Takes the lock that 8 bytes of a shared heap are, 0 at first, as soon as no
---other process has it. It is let go by `unlock`, or when the process ends:
---then the next one gets it and is told, since what it guards may be half
---done. It is for a moment: nothing else is locked by it, neither the heap nor
---its blocks.
---@param addr mems.memory a multiple of 8
---@param seconds? number at most; without it, without end
---@return boolean? # true
---@return string # `"owner died"` if the last one that had it did not unlock it; `"timeout"`
---@return integer? # `mems.ETIME`
function heap:lock(addr, seconds) end

---Lets go of a lock that `lock` has taken.
---@param addr mems.memory
function heap:unlock(addr) end

---How long a call on a shared heap waits while another process is in the
---middle of one, and lives: if it was stopped, say by a debugger. Then it
---fails: `nil, message, mems.EBUSY`, or an error. One that dies is never
---waited for.
---@param seconds? number without it, without end, as at first
function heap:lockwait(seconds) end

---The descriptor of a heap's file, for child processes, which open it by
---`mems.open{ fd = n }`: that of a heap with the option `memfd` is theirs too
---when they are started.
---@return integer # nil if the heap is in no file
function heap:fd() end

---Loops over the processes that share the heap, and those that did and have
---had no successor: `for slot, pid, alive in heap:processes() do`. Its own one
---is among them. A heap that is not shared has none.
---@return fun(): integer?, integer, boolean # an iterator
function heap:processes() end

---@class mems.object: userdata
local object = {}

---The virtual address of the first byte. A method of buffers, arrays and
---structs.
---@return lightuserdata
function object:address() end

---How many bytes it has; a slice with a step those from its first to its last
---one. A method of buffers, arrays and structs.
---@return integer
function object:size() end

---Frees the memory of an object that owns it; slices and views of it are dead
---then as well. A part of another object only forgets it. The second time it
---does nothing. `<close>` and the collector do the same. A method of buffers,
---arrays and structs.
function object:release() end

---Hands the block over: it is the caller's to free, and the object is dead. A
---method of buffers, arrays and structs that own their memory.
---@return lightuserdata
function object:disown() end

---A new object of the same kind and on the same heap, with a copy of the
---bytes. A method of buffers, arrays and structs.
---@return mems.object? # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
function object:clone() end

---The bytes of an array or a struct as a buffer, which keeps it alive; of a
---buffer the same as a slice of all of it. A method of buffers, arrays and
---structs.
---@return mems.buffer
function object:buffer() end

---The same bytes, which nothing can be written to through it: whatever would
---raises, and so it is for its parts, and for views of it. It keeps the object
---alive. The object itself is as it was, and who has its address may write
---there. A method of buffers, arrays and structs.
---@return self
function object:readonly() end

---Makes a buffer: bytes that are freed when it is released or collected. All
---verbs on memory are methods of it, with the buffer in place of the address
---and its own bounds, not those of the block: `b:peek("i32", 8)`,
---`b:poke_f64(1.5)`, `b:writestring("abc", 4)`, `b:unpack("<i4z")`,
---`b:copy(src, n)`. Beside those below it has `#b`, `b == c` (the same bytes
---of memory), `<close>` and the methods of all objects.
---@class mems.buffer: mems.object
---@operator len: integer
---@field peek_bool fun(self: mems.buffer, offset?: integer): boolean
---@field peek_boolbe fun(self: mems.buffer, offset?: integer): boolean
---@field peek_boolle fun(self: mems.buffer, offset?: integer): boolean
---@field peek_ptr fun(self: mems.buffer, offset?: integer): lightuserdata?
---@field peek_ptrbe fun(self: mems.buffer, offset?: integer): lightuserdata?
---@field peek_ptrle fun(self: mems.buffer, offset?: integer): lightuserdata?
---@field peek_i8 fun(self: mems.buffer, offset?: integer): integer
---@field peek_i8be fun(self: mems.buffer, offset?: integer): integer
---@field peek_i8le fun(self: mems.buffer, offset?: integer): integer
---@field peek_u8 fun(self: mems.buffer, offset?: integer): integer
---@field peek_u8be fun(self: mems.buffer, offset?: integer): integer
---@field peek_u8le fun(self: mems.buffer, offset?: integer): integer
---@field peek_f16 fun(self: mems.buffer, offset?: integer): number
---@field peek_f16be fun(self: mems.buffer, offset?: integer): number
---@field peek_f16le fun(self: mems.buffer, offset?: integer): number
---@field peek_i16 fun(self: mems.buffer, offset?: integer): integer
---@field peek_i16be fun(self: mems.buffer, offset?: integer): integer
---@field peek_i16le fun(self: mems.buffer, offset?: integer): integer
---@field peek_u16 fun(self: mems.buffer, offset?: integer): integer
---@field peek_u16be fun(self: mems.buffer, offset?: integer): integer
---@field peek_u16le fun(self: mems.buffer, offset?: integer): integer
---@field peek_i24 fun(self: mems.buffer, offset?: integer): integer
---@field peek_i24be fun(self: mems.buffer, offset?: integer): integer
---@field peek_i24le fun(self: mems.buffer, offset?: integer): integer
---@field peek_u24 fun(self: mems.buffer, offset?: integer): integer
---@field peek_u24be fun(self: mems.buffer, offset?: integer): integer
---@field peek_u24le fun(self: mems.buffer, offset?: integer): integer
---@field peek_f32 fun(self: mems.buffer, offset?: integer): number
---@field peek_f32be fun(self: mems.buffer, offset?: integer): number
---@field peek_f32le fun(self: mems.buffer, offset?: integer): number
---@field peek_i32 fun(self: mems.buffer, offset?: integer): integer
---@field peek_i32be fun(self: mems.buffer, offset?: integer): integer
---@field peek_i32le fun(self: mems.buffer, offset?: integer): integer
---@field peek_u32 fun(self: mems.buffer, offset?: integer): integer
---@field peek_u32be fun(self: mems.buffer, offset?: integer): integer
---@field peek_u32le fun(self: mems.buffer, offset?: integer): integer
---@field peek_f64 fun(self: mems.buffer, offset?: integer): number
---@field peek_f64be fun(self: mems.buffer, offset?: integer): number
---@field peek_f64le fun(self: mems.buffer, offset?: integer): number
---@field peek_i64 fun(self: mems.buffer, offset?: integer): integer
---@field peek_i64be fun(self: mems.buffer, offset?: integer): integer
---@field peek_i64le fun(self: mems.buffer, offset?: integer): integer
---@field peek_u64 fun(self: mems.buffer, offset?: integer): integer
---@field peek_u64be fun(self: mems.buffer, offset?: integer): integer
---@field peek_u64le fun(self: mems.buffer, offset?: integer): integer
---@field poke_bool fun(self: mems.buffer, value: boolean, offset?: integer)
---@field poke_boolbe fun(self: mems.buffer, value: boolean, offset?: integer)
---@field poke_boolle fun(self: mems.buffer, value: boolean, offset?: integer)
---@field poke_ptr fun(self: mems.buffer, value: mems.address|false?, offset?: integer)
---@field poke_ptrbe fun(self: mems.buffer, value: mems.address|false?, offset?: integer)
---@field poke_ptrle fun(self: mems.buffer, value: mems.address|false?, offset?: integer)
---@field poke_i8 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i8be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i8le fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u8 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u8be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u8le fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_f16 fun(self: mems.buffer, value: number, offset?: integer)
---@field poke_f16be fun(self: mems.buffer, value: number, offset?: integer)
---@field poke_f16le fun(self: mems.buffer, value: number, offset?: integer)
---@field poke_i16 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i16be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i16le fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u16 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u16be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u16le fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i24 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i24be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i24le fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u24 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u24be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u24le fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_f32 fun(self: mems.buffer, value: number, offset?: integer)
---@field poke_f32be fun(self: mems.buffer, value: number, offset?: integer)
---@field poke_f32le fun(self: mems.buffer, value: number, offset?: integer)
---@field poke_i32 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i32be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i32le fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u32 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u32be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u32le fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_f64 fun(self: mems.buffer, value: number, offset?: integer)
---@field poke_f64be fun(self: mems.buffer, value: number, offset?: integer)
---@field poke_f64le fun(self: mems.buffer, value: number, offset?: integer)
---@field poke_i64 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i64be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_i64le fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u64 fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u64be fun(self: mems.buffer, value: integer, offset?: integer)
---@field poke_u64le fun(self: mems.buffer, value: integer, offset?: integer)
local buffer = {}

---The size of a block.
---@return integer # the bytes it was asked for
function buffer:size() end

---Reads bits, lowest first: bit 0 is the lowest of the first byte, bit 8 the
---lowest of the second.
---@param bit integer the first one, from 0, which gets the lowest of the result
---@param n integer how many, from 1 to 64
---@return integer # from 0; 64 bits wrap around as a `u64` does
function buffer:readbits(bit, n) end

---Writes bits, lowest first, and leaves those around them as they are.
---@param bit integer the first one, from 0, see `readbits`
---@param n integer how many, from 1 to 64
---@param v integer from 0 to what `n` bits have room for; any integer for 64
function buffer:writebits(bit, n, v) end

---Counts the bits that are 1.
---@param offset? integer in bytes, from 0 (0)
---@param n? integer bytes, from 0; up to the end of the block or object
---@return integer
function buffer:popcount(offset, n) end

---Reads a value. Types are `i8 u8 i16 u16 i24 u24 i32 u32 i64 u64 f16 f32 f64
---bool ptr`, in the machine's byte order, or with `le` or `be` after the name
---in that one; the address need not be aligned. `i24` and `u24` are three
---bytes, `f16` is a half, which rounds to 11 bits of precision. A `u64` above
---2^63 - 1 wraps around to a negative integer, as Lua's integers do. A `bool`
---is one byte, true unless 0. A `ptr` is 8 bytes, an address, and nil if it is
---0.
---@param type mems.type
---@param offset? integer in bytes, from 0 (0)
---@return any # the value
function buffer:peek(type, offset) end

---Writes a value. A `ptr` takes an address, or nil, false or 0 for none.
---@param type mems.type see `peek`
---@param value any
---@param offset? integer in bytes, from 0 (0)
function buffer:poke(type, value, offset) end

---Reads values that lie one after the other. In the table a `ptr` that is 0 is
---false, so that the table has no hole.
---@param type mems.type see `peek`
---@param count integer of values, from 0
---@param offset? integer in bytes, from 0 (0)
---@return table
function buffer:peekarray(type, count, offset) end

---Writes the elements 1 to `#values` of a table, without metamethods, one
---after the other.
---@param type mems.type see `poke`
---@param values table
---@param offset? integer in bytes, from 0 (0)
---@return integer # the count written
function buffer:pokearray(type, values, offset) end

---Sets bytes to the same value.
---@param byte integer from 0 to 255
---@param n? integer bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer of the first one, from 0 (0)
function buffer:fill(byte, n, offset) end

---Copies bytes. The ranges may overlap.
---@param src mems.memory|string an object may be one of another heap
---@param n? integer bytes, from 0; of a string or an object all to its end, for an address it has to be there
---@param offset? integer in `dst`, in bytes, from 0 (0)
---@param source_offset? integer the same in `src` (0)
function buffer:copy(src, n, offset, source_offset) end

---Compares bytes, as unsigned numbers, from the first one on.
---@param b mems.memory|string an object may be one of another heap
---@param n? integer bytes, from 0; of a string or an object all of `b` to its end, for an address it has to be there
---@param offset? integer in `a`, in bytes, from 0 (0)
---@param other_offset? integer the same in `b` (0)
---@return integer # -1 if the bytes at `a` are less, 0 if they are equal, 1 if they are greater
function buffer:compare(b, n, offset, other_offset) end

---Bytes as `xxd` shows them: in each line the offset of 16 bytes, these in
---hexadecimal, and as text.
---@param n? integer bytes, from 0; all to the end of the object or block
---@param offset? integer of the first one, from 0 (0)
---@return string # lines, each with its end
function buffer:hexdump(n, offset) end

---Reads bytes, whatever they are.
---@param n? integer bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer in bytes, from 0 (0)
---@return string
function buffer:readstring(n, offset) end

---Writes the bytes of a string, and nothing after them.
---@param s string may hold any bytes
---@param offset? integer in bytes, from 0 (0)
function buffer:writestring(s, offset) end

---Reads a string that ends before a byte 0.
---@param max? integer the most bytes that belong to it: without a byte 0 among them, they are the string. Without `max` the byte 0 has to be there.
---@param offset? integer in bytes, from 0 (0)
---@return string # without the byte 0
function buffer:cstring(max, offset) end

---Writes values in a format of Lua's `string.pack`. What `!` aligns is counted
---from the offset on, as `string.pack` counts it from its start.
---@param fmt string
---@param ... any values, as many as the format takes; behind them, optional, the offset in bytes, from 0
---@return lightuserdata|integer # where the next byte would be: an address, in an object the offset
function buffer:pack(fmt, ...) end

---Reads values in a format of Lua's `string.unpack`. What `!` aligns is
---counted from the offset on.
---@param fmt string
---@param offset? integer in bytes, from 0 (0)
---@return any ... # the values, and what is after them: an address, in an object the offset
function buffer:unpack(fmt, offset) end

---Reads bytes from a file of Lua straight into memory. A method of buffers,
---arrays and structs too: `b:read(file)`.
---@param file file* as `io.open` gives it
---@param n? integer the most bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer of the first one in memory, from 0 (0)
---@return integer? # how many were read: less than `n` if the file ends, 0 at its end; what is behind them is as it was; nil if the file can't be read; some bytes may have been
---@return string? # a message
---@return integer? # the system's number, as `io.open` gives it
function buffer:read(file, n, offset) end

---Writes bytes to a file of Lua straight from memory. A method of buffers,
---arrays and structs too: `b:write(file)`.
---@param file file* as `io.open` gives it
---@param n? integer bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer of the first one in memory, from 0 (0)
---@return integer? # `n`; nil if the file can't be written; some bytes may have been
---@return string? # a message
---@return integer? # the system's number, as `io.open` gives it
function buffer:write(file, n, offset) end

---A part of a buffer, which keeps it alive. If the buffer is resized the part
---goes along; while it then lies outside, its use raises.
---@param offset integer of its first byte, from 0
---@param size? integer in bytes; up to the end of the buffer
---@return mems.buffer
function buffer:slice(offset, size) end

---Changes the size of a buffer. What fits is kept, what is new is zero.
---@param size integer in bytes, from 0
---@return boolean? # true; nil over the limit, or without memory: nothing has changed
---@return string? # a message
---@return integer? # a code
function buffer:resize(size) end

---Puts strings, or the bytes of objects, behind the last byte. The memory
---doubles when it is full, so that many appends cost as much as one.
---@param ... string|mems.object an object may be one of another heap
---@return integer? # the offset of the first byte that was appended; nil over the limit, or without memory: nothing has changed
---@return string? # a message
---@return integer? # a code
function buffer:append(...) end

---Finds a string in a buffer.
---@param s string may hold any bytes
---@param offset? integer where the search begins (0)
---@return integer? # the offset of its first byte, or nil
function buffer:find(s, offset) end

---Makes a stream: a place in a buffer, which it keeps alive and where values
---are read or written one behind the other. Writing at the end makes a buffer
---longer that owns its memory. Any number of streams may be on one buffer.
---@param position? integer where it begins, from 0 to the buffer's size (0)
---@return mems.stream
function buffer:stream(position) end

---@class mems.stream: userdata
local stream = {}

---Writes values of one type, one behind the other, and moves on.
---@param type mems.type see `poke`
---@param ... any values, one at least
---@return mems.stream? # the same; nil if the buffer can't grow: nothing has changed
---@return string? # a message
---@return integer? # a code
function stream:put(type, ...) end

---Reads a value and moves on.
---@param type mems.type see `peek`
---@return any # the value
function stream:get(type) end

---Writes the bytes of a string, and nothing after them.
---@param s string may hold any bytes
---@return mems.stream? # the same; nil if the buffer can't grow: nothing has changed
---@return string? # a message
---@return integer? # a code
function stream:putstring(s) end

---Reads `n` bytes and moves on.
---@param n? integer bytes, from 0; all that are left
---@return string
function stream:getstring(n) end

---Writes an integer in as few bytes as it needs, seven bits in each, as LEB128
---and protobuf do: 1 byte up to 127, 10 for a negative one, which counts as
---2^64 more.
---@param value integer
---@return mems.stream? # the same; nil if the buffer can't grow: nothing has changed
---@return string? # a message
---@return integer? # a code
function stream:putvarint(value) end

---Reads what `stream:putvarint` writes.
---@return integer
function stream:getvarint() end

---Writes an integer as `stream:putvarint` does, but so that small negative
---ones are short too: 0, -1, 1, -2 become 0, 1, 2, 3.
---@param value integer
---@return mems.stream? # the same; nil if the buffer can't grow: nothing has changed
---@return string? # a message
---@return integer? # a code
function stream:putzigzag(value) end

---Reads what `stream:putzigzag` writes.
---@return integer
function stream:getzigzag() end

---Writes values in a format of Lua's `string.pack` and moves on. What `!`
---aligns is counted from the place.
---@param fmt string
---@param ... any values, as many as the format takes
---@return mems.stream? # the same; nil if the buffer can't grow: nothing has changed
---@return string? # a message
---@return integer? # a code
function stream:pack(fmt, ...) end

---Reads values in a format of Lua's `string.unpack` and moves on. What `!`
---aligns is counted from the place.
---@param fmt string
---@return any ... # the values
function stream:unpack(fmt) end

---Moves to another place.
---@param position integer an offset in the buffer, from 0 to its size
---@return mems.stream # the same
function stream:seek(position) end

---The place: an offset in the buffer.
---@return integer
function stream:tell() end

---How many bytes there are from the place to the end of the buffer.
---@return integer
function stream:left() end

---Whether there are at least `n` bytes left.
---@param n integer bytes, from 0
---@return boolean
function stream:has(n) end

---Moves on to the next multiple of `n`, counted from the buffer's start. Bytes
---that are there are left as they are; behind the end zeros are written.
---@param n integer bytes, from 1
---@return mems.stream? # the same; nil if the buffer can't grow: nothing has changed
---@return string? # a message
---@return integer? # a code
function stream:align(n) end

---Makes an array. It has `a[i]` and `a[i] = v` for i from 1 to `#a` (any other
---index raises), `pairs(a)`, `ipairs(a)`, `a == b` (the same memory),
---`<close>`, the methods of all objects and those below. `tostring(a)` shows
---its length and first values.
---
---Made from another array, of any heap, its values are converted: each has to
---fit.
---
---Where a range of elements `i, j` is optional it is all of them. An element
---that is a struct is read as a view of it, a new object each time: to go over
---many, `struct:move` one view, or use `array:get` and `array:set`. It is
---assigned from a table or a struct.
---@class mems.array<T>: mems.object, { [integer]: T }
---@operator len: integer
local array = {}

---Adds a number to each element, or the element of another array of the same
---type and length. Here and in the methods below integers are what `a[i]`
---gives, and wrap around: the result is what Lua computes, less the bits that
---the type does not have. If both arrays share memory it is as if the other
---one were copied before.
---@generic T
---@param self mems.array<T>
---@param x number|mems.array<T>
---@return mems.array<T> # the same
function array:add(x) end

---Subtracts a number or another array, as `array:add`.
---@generic T
---@param self mems.array<T>
---@param x number|mems.array<T>
---@return mems.array<T> # the same
function array:sub(x) end

---Multiplies by a number or by another array, as `array:add`.
---@generic T
---@param self mems.array<T>
---@param x number|mems.array<T>
---@return mems.array<T> # the same
function array:mul(x) end

---Divides by a number or by another array, as `array:add`. The division of
---integers is Lua's `//`.
---@generic T
---@param self mems.array<T>
---@param x number|mems.array<T>
---@return mems.array<T> # the same
function array:div(x) end

---Adds a multiple of another array of the same type and length: a + k b.
---@generic T
---@param self mems.array<T>
---@param k number
---@param b mems.array<T>
---@return mems.array<T> # the same
function array:axpy(k, b) end

---The sum of the products of the elements of two arrays of the same type and
---length, added as `array:sum` adds.
---@generic T
---@param self mems.array<T>
---@param b mems.array<T>
---@return number
function array:dot(b) end

---Puts the sum of all elements up to it in the place of each one. Floats are
---added as f64.
---@generic T
---@param self mems.array<T>
---@return mems.array<T> # the same
function array:cumsum() end

---Makes elements that are less than `low` that, and those that are greater
---than `high` that. A nan stays one, `u64` is compared without a sign.
---@generic T
---@param self mems.array<T>
---@param low number has to fit the type
---@param high number at least `low`
---@return mems.array<T> # the same
function array:clamp(low, high) end

---Puts a function of it in the place of each element: `"neg"`, `"abs"`, and
---for floats `"sqrt"`, `"exp"`, `"log"`, `"floor"`, `"ceil"`, `"sin"`,
---`"cos"`, `"tan"`, `"tanh"`. Those of an f32 are computed as f32.
---@generic T
---@param self mems.array<T>
---@param name string
---@return mems.array<T> # the same
function array:apply(name) end

---Reads a field of an element, `a[i].x`, without an object for the element.
---@generic T
---@param self mems.array<T>
---@param i integer
---@param field string
---@return any # its value
function array:get(i, field) end

---Writes a field of an element, `a[i].x = value`, without an object for the
---element.
---@generic T
---@param self mems.array<T>
---@param i integer
---@param field string
---@param value any
function array:set(i, field, value) end

---Elements i to j, or each `step`th of them, as an array of their own, on the
---same memory, which they keep alive. If the array grows or shrinks the slice
---goes along; while it then lies outside, its use raises. A slice can't be
---resized itself. One with a step has all methods of arrays, but as its
---elements lie apart it is no memory for verbs that take bytes: `array:clone`
---makes one.
---@generic T
---@param self mems.array<T>
---@param i? integer
---@param j? integer
---@param step? integer from 1 (1)
---@return mems.array<T>
function array:slice(i, j, step) end

---Changes the number of elements. Those that fit are kept, new ones are zero.
---@generic T
---@param self mems.array<T>
---@param n integer from 0
---@return boolean? # true; nil over the limit, or without memory: nothing has changed
---@return string? # a message
---@return integer? # a code
function array:resize(n) end

---Puts a value behind the last element. The memory doubles when it is full, so
---an append costs the same on average however long the array is.
---@generic T
---@param self mems.array<T>
---@param value T
---@return integer? # its index; nil over the limit, or without memory: nothing has changed
---@return string? # a message
---@return integer? # a code
function array:append(value) end

---Elements i to j in a table. A `ptr` that is 0 is false, structs are tables.
---@generic T
---@param self mems.array<T>
---@param i? integer
---@param j? integer
---@return T[]
function array:totable(i, j) end

---Puts `f(a[i], i)` in the place of each element, from the first one on. If
---`f` raises, those before are changed and the others are not. `f` may yield.
---@generic T
---@param self mems.array<T>
---@param f fun(value: T, i: integer): T
---@return mems.array<T> # the same
function array:map(f) end

---A new array with the same elements, on the same heap. That of a slice has
---the slice's only.
---@generic T
---@param self mems.array<T>
---@return mems.array<T>? # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
function array:clone() end

---Copies elements into an array, over those that are there. Ranges may
---overlap. Numbers of another type are converted.
---@generic T
---@param self mems.array<T>
---@param src mems.array<T>|T[] an array, of any heap, or a table
---@param at? integer index of the first element to be written (1)
function array:copy(src, at) end

---Sets elements i to j to the same value.
---@generic T
---@param self mems.array<T>
---@param value T
---@param i? integer
---@param j? integer
function array:fill(value, i, j) end

---Finds a value: the first element that is equal to it, as numbers are in Lua
---(0.0 is -0.0, nan is nothing). The value is first made one of the array's
---type; what does not fit that is not found.
---@generic T
---@param self mems.array<T>
---@param value T
---@param i? integer where the search begins (1)
---@return integer? # its index, or nil
function array:find(value, i) end

---The sum of elements i to j. Integers wrap around as Lua's do. Floats are
---added as f64, pairwise, so that the rounding error grows with the logarithm
---of their number only; the order is always the same.
---@generic T
---@param self mems.array<T>
---@param i? integer
---@param j? integer
---@return number # 0 if there is none
function array:sum(i, j) end

---The mean of elements i to j, a float: their sum, which does not wrap around,
---by their number. `u64` has no sign.
---@generic T
---@param self mems.array<T>
---@param i? integer
---@param j? integer
---@return number? # nil if there is none
function array:mean(i, j) end

---How many of elements i to j equal a value, as `array:find` compares.
---@generic T
---@param self mems.array<T>
---@param value T
---@param i? integer
---@param j? integer
---@return integer
function array:count(value, i, j) end

---The least of elements i to j. A nan is passed over. `u64` is compared
---without a sign.
---@generic T
---@param self mems.array<T>
---@param i? integer
---@param j? integer
---@return number? # the value; nil if there is none
---@return integer # the index of the first such element
function array:min(i, j) end

---The greatest of elements i to j, as `array:min`.
---@generic T
---@param self mems.array<T>
---@param i? integer
---@param j? integer
---@return number? # the value; nil if there is none
---@return integer # the index of the first such element
function array:max(i, j) end

---A new array, on the same heap, of the elements that have the indices; one
---may be there several times or never.
---@generic T
---@param self mems.array<T>
---@param indices mems.array<T>|T[]
---@return mems.array<T>? # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
function array:gather(indices) end

---Puts the element that has the first index in the first place, and so on.
---Each index is there once.
---@generic T
---@param self mems.array<T>
---@param indices mems.array<T>|T[] as many as the array has elements
---@return mems.array<T> # the same
function array:permute(indices) end

---Puts the last element first, and so on.
---@generic T
---@param self mems.array<T>
---@return mems.array<T> # the same
function array:reverse() end

---Where a value is in an array that is sorted, the least first: see
---`array:sort`; -0.0 is 0.0. Time grows with the logarithm of its length.
---@generic T
---@param self mems.array<T>
---@param v number has to fit the type
---@return integer # the index of the first element that is not less; the length and 1 if all are
---@return boolean # whether that is equal to the value
function array:search(v) end

---Sorts the array, the least first.
---
---`a:sort()` sorts numbers, and `a:sort(i, j)` those from i to j; with
---`"desc"` the greatest comes first. -0.0 comes before 0.0, a nan after all
---numbers, `u64` has no sign, false comes before true, a `ptr` is a number.
---Time is in proportion to their number; it takes as many bytes of the heap
---for the time it runs, or if there are not so many, it is slower.
---
---`a:sort(field)` sorts structs by a field, which is such a value or a string;
---behind it may stand `"desc"`. `a:sort(less)` calls `less(x, y)`, which says
---whether x comes before y. Structs are given to it as two views that are
---moved. It may do anything; when it has been asked for the last time,
---elements are moved as it has said, if there are as many as before. Where a
---field or a function decides, those that are equal stay in order, -0.0 is
---0.0, and indices take up to 32 bytes for each element while it runs.
---@generic T
---@param self mems.array<T>
---@param order? string|integer|fun(x: T, y: T): boolean `"desc"`, a field, a function, or i
---@param more? string|integer `"desc"` behind a field, or j
---@return mems.array<T> # the same
function array:sort(order, more) end

---The indices of the elements in the order that `array:sort` would put them in
---with the same arguments: an array of `i64`, on the same heap, for
---`array:gather` and `array:permute`. Those that are equal are in order.
---@generic T
---@param self mems.array<T>
---@param order? string|fun(x: T, y: T): boolean `"desc"`, a field or a function
---@param more? string `"desc"` behind a field
---@return mems.array<integer> # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
function array:argsort(order, more) end

---Makes a type of struct. Needs no open heap. It serves every heap: `S:new`,
---`S:array` and `S:at` use the one whose verb has made it, and `array` of any
---other takes it as well.
---
---A field is `{ name, type }` or `{ name, type, n, ... }`: a fixed array of
---`n` of that type, or of several dimensions, the outermost first. A type is
---one of `peek`, another struct, or `"char"`: its last dimension is the length
---of a string, which a byte 0 ends if it is shorter.
---
---Fields lie as a C compiler lays them out, each behind the one before it at a
---multiple of its size. With `layout = "packed"` they lie one behind the
---other. A field may also have
---
---- `bits = n`: it is a bit field of an integer type or `bool`, as gcc has
---them on Linux; - `offset = n`: where it begins, in bytes; it may lie over
---others; - `align = n`: it begins at a multiple of that power of two, up to
---4096.
---
---`align = n` beside the fields is for the whole. A new object's physical
---address is a multiple of its alignment, until it is resized.
---
---`p:name(...)` finds functions in the table `methods`, behind the fields and
---before the methods that all objects have; so does `S.name`.
---
---The type `S` has `S.size`, `S.align`, `S.offsets` (a table: name to offset),
---and the functions `struct:new`, `struct:array` and `struct:at`.
---
---An object `p` has `p.x` and `p.x = value`. Fields that are structs or arrays
---are views, which keep `p` alive; they are assigned from tables or from
---objects of the same type, all or nothing. `tostring(p)` shows the fields,
---`pairs(p)` goes over them in their order. Methods are those of all objects,
---`struct:totable` and `struct:move`; where a field has the name of a method,
---`S.totable(p)` calls it.
---@class mems.struct: mems.object
---@field [string] any
local struct = {}

---Moves a view to another struct of its type: one that `struct:at` made to
---another address, an element of an array to another element. Nothing is
---allocated, so this is the way to go over many.
---@generic T
---@param self T
---@param where mems.address|integer an address, or an index of the array
---@return T # the same
function struct:move(where) end

---The fields as a table; structs and arrays in it as tables too. In an array a
---`ptr` that is 0 is false.
---@generic T
---@param self T
---@return table
function struct:totable() end

---@class mems.structtype<T>: userdata
local structtype = {}

---A new object, all zero, then with the fields of a table, by names or by
---positions, or of another object of the type.
---@generic T
---@param self mems.structtype<T>
---@param values? table
---@return T # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
function structtype:new(values) end

---An array of structs, each zero or from the table.
---@generic T
---@param self mems.structtype<T>
---@param what integer|table|mems.array<T> how many; or a table of tables or objects; or an array of such structs
---@param value? T|table that each of so many has
---@return mems.array<T> # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
function structtype:array(what, value) end

---A view of a struct in memory that is there already. It does not own it: when
---the block is freed, or moved by `realloc`, the view is dead. It keeps an
---object that it looks at alive, and goes along when that is resized.
---@generic T
---@param self mems.structtype<T>
---@param addr mems.memory all of the struct has to be in one block, or in the object
---@param offset? integer of its first byte (0)
---@return T
function structtype:at(addr, offset) end

---Runs a function in a scope: all that it allocates through the scope is freed
---when it returns or raises. Without a function it gives the scope, for a
---`<close>` variable. See `scope:malloc` and what follows.
---@class mems.scope
local scope = {}

---As `malloc`; freed with the scope.
---@param size integer
---@param align? integer
---@return lightuserdata
function scope:malloc(size, align) end

---As `calloc`; freed with the scope.
---@param count integer
---@param size integer
---@return lightuserdata
function scope:calloc(count, size) end

---As `realloc`, for a block of the scope.
---@param addr mems.address
---@param size integer
---@return lightuserdata
function scope:realloc(addr, size) end

---As `buffer`; released with the scope.
---@param what integer|string
---@return mems.buffer
function scope:buffer(what) end

---As `array`; released with the scope.
---@param type mems.type|mems.structtype
---@param what integer|table
---@return mems.array
function scope:array(type, what) end

---An object of a type of struct, as `struct:new`; released with the scope.
---@generic T
---@param type mems.structtype<T>
---@param values? table
---@return T
function scope:struct(type, values) end

---Frees a block of the scope, or releases an object of it, before its end.
---@param x any an address or an object that the scope gave
function scope:free(x) end

---Takes a block or an object out of the scope: it outlives it.
---@generic T
---@param x T an address or an object that the scope gave
---@return T # `x`
function scope:keep(x) end

---Ends the scope: all of it is freed, what came last first. The second time it
---does nothing. A `<close>` variable does the same.
function scope:close() end

---@class mems
---@field EINVAL integer an argument is out of its range
---@field ENOMEM integer the system refused memory
---@field ELIMIT integer the heap's limit would be passed
---@field EFOREIGN integer the address was never allocated
---@field EFREED integer the address is free
---@field EINSIDE integer the address is inside a block, not at its start
---@field ERANGE integer the range runs past the end of its block
---@field EINIT integer the default heap is not initialised
---@field EBROKEN integer the heap is damaged
---@field EBUSY integer another process has the file open, or an open heap its addresses; or one that shares the heap was stopped, see `lockwait`
---@field ENOSPC integer the disk has no room
---@field EFILE integer the system refused something about a file
---@field EFORMAT integer the file is no heap that can be opened here
---@field EREADONLY integer the heap is read-only
---@field ECLOSED integer the heap is closed: the process was forked
---@field ENOROOT integer no root has this name
---@field ECHANGED integer the heap was changed while it was saved
---@field ETIME integer what was waited for did not come in time
---@field types table<mems.type, mems.typeinfo> for each name of a type its `typeinfo`
---@field _VERSION string the module's name and version
---@field peek_bool fun(addr: mems.memory, offset?: integer): boolean
---@field peek_boolbe fun(addr: mems.memory, offset?: integer): boolean
---@field peek_boolle fun(addr: mems.memory, offset?: integer): boolean
---@field peek_ptr fun(addr: mems.memory, offset?: integer): lightuserdata?
---@field peek_ptrbe fun(addr: mems.memory, offset?: integer): lightuserdata?
---@field peek_ptrle fun(addr: mems.memory, offset?: integer): lightuserdata?
---@field peek_i8 fun(addr: mems.memory, offset?: integer): integer
---@field peek_i8be fun(addr: mems.memory, offset?: integer): integer
---@field peek_i8le fun(addr: mems.memory, offset?: integer): integer
---@field peek_u8 fun(addr: mems.memory, offset?: integer): integer
---@field peek_u8be fun(addr: mems.memory, offset?: integer): integer
---@field peek_u8le fun(addr: mems.memory, offset?: integer): integer
---@field peek_f16 fun(addr: mems.memory, offset?: integer): number
---@field peek_f16be fun(addr: mems.memory, offset?: integer): number
---@field peek_f16le fun(addr: mems.memory, offset?: integer): number
---@field peek_i16 fun(addr: mems.memory, offset?: integer): integer
---@field peek_i16be fun(addr: mems.memory, offset?: integer): integer
---@field peek_i16le fun(addr: mems.memory, offset?: integer): integer
---@field peek_u16 fun(addr: mems.memory, offset?: integer): integer
---@field peek_u16be fun(addr: mems.memory, offset?: integer): integer
---@field peek_u16le fun(addr: mems.memory, offset?: integer): integer
---@field peek_i24 fun(addr: mems.memory, offset?: integer): integer
---@field peek_i24be fun(addr: mems.memory, offset?: integer): integer
---@field peek_i24le fun(addr: mems.memory, offset?: integer): integer
---@field peek_u24 fun(addr: mems.memory, offset?: integer): integer
---@field peek_u24be fun(addr: mems.memory, offset?: integer): integer
---@field peek_u24le fun(addr: mems.memory, offset?: integer): integer
---@field peek_f32 fun(addr: mems.memory, offset?: integer): number
---@field peek_f32be fun(addr: mems.memory, offset?: integer): number
---@field peek_f32le fun(addr: mems.memory, offset?: integer): number
---@field peek_i32 fun(addr: mems.memory, offset?: integer): integer
---@field peek_i32be fun(addr: mems.memory, offset?: integer): integer
---@field peek_i32le fun(addr: mems.memory, offset?: integer): integer
---@field peek_u32 fun(addr: mems.memory, offset?: integer): integer
---@field peek_u32be fun(addr: mems.memory, offset?: integer): integer
---@field peek_u32le fun(addr: mems.memory, offset?: integer): integer
---@field peek_f64 fun(addr: mems.memory, offset?: integer): number
---@field peek_f64be fun(addr: mems.memory, offset?: integer): number
---@field peek_f64le fun(addr: mems.memory, offset?: integer): number
---@field peek_i64 fun(addr: mems.memory, offset?: integer): integer
---@field peek_i64be fun(addr: mems.memory, offset?: integer): integer
---@field peek_i64le fun(addr: mems.memory, offset?: integer): integer
---@field peek_u64 fun(addr: mems.memory, offset?: integer): integer
---@field peek_u64be fun(addr: mems.memory, offset?: integer): integer
---@field peek_u64le fun(addr: mems.memory, offset?: integer): integer
---@field poke_bool fun(addr: mems.memory, value: boolean, offset?: integer)
---@field poke_boolbe fun(addr: mems.memory, value: boolean, offset?: integer)
---@field poke_boolle fun(addr: mems.memory, value: boolean, offset?: integer)
---@field poke_ptr fun(addr: mems.memory, value: mems.address|false?, offset?: integer)
---@field poke_ptrbe fun(addr: mems.memory, value: mems.address|false?, offset?: integer)
---@field poke_ptrle fun(addr: mems.memory, value: mems.address|false?, offset?: integer)
---@field poke_i8 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i8be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i8le fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u8 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u8be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u8le fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_f16 fun(addr: mems.memory, value: number, offset?: integer)
---@field poke_f16be fun(addr: mems.memory, value: number, offset?: integer)
---@field poke_f16le fun(addr: mems.memory, value: number, offset?: integer)
---@field poke_i16 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i16be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i16le fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u16 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u16be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u16le fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i24 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i24be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i24le fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u24 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u24be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u24le fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_f32 fun(addr: mems.memory, value: number, offset?: integer)
---@field poke_f32be fun(addr: mems.memory, value: number, offset?: integer)
---@field poke_f32le fun(addr: mems.memory, value: number, offset?: integer)
---@field poke_i32 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i32be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i32le fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u32 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u32be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u32le fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_f64 fun(addr: mems.memory, value: number, offset?: integer)
---@field poke_f64be fun(addr: mems.memory, value: number, offset?: integer)
---@field poke_f64le fun(addr: mems.memory, value: number, offset?: integer)
---@field poke_i64 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i64be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_i64le fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u64 fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u64be fun(addr: mems.memory, value: integer, offset?: integer)
---@field poke_u64le fun(addr: mems.memory, value: integer, offset?: integer)
local mems = {}

---Opens the default heap. Without options, if it is open already, it does
---nothing.
---@param options? mems.options see `options`
---@return boolean? # true; nil if the system refuses the memory, or the file, see `open`
---@return string? # a message
---@return integer? # a code
function mems.init(options) end

---Opens another heap. It is closed by `heap:close()`, at the end of the scope
---of a `<close>` variable, or when it is collected. With the option `path` it
---lives in a file: see the guide on living heaps.
---@param options? mems.options see `options`
---@return mems.heap? # a heap; nil if the system refuses the memory, or something is wrong with the file
---@return string? # a message; for a file it says why
---@return integer? # a code: `mems.ENOMEM`; for a file `mems.EBUSY` if another process has it open, or an open heap its addresses, `mems.EFORMAT` if it is no heap that can be opened here, or has other options, `mems.ENOSPC` if the disk is full, `mems.EFILE` for all else
function mems.open(options) end

---Closes the default heap: all its memory goes back to the system and all its
---addresses are dead. With the option `leaks` it tells what was still
---allocated, grouped by the lines that allocated it, most bytes first: on
---stderr for `"warn"`, or as an error for `"error"`, which it raises when the
---heap is closed.
---@return integer # the number of blocks that were still allocated
---@return integer # the bytes that they were asked for
function mems.finish() end

---Frees every block at once and keeps the memory for the next ones. All
---objects on the heap are dead then.
function mems.reset() end

---Allocates a block. Its contents are undefined.
---@param size integer in bytes, from 1
---@param align? integer the physical address will be a multiple of this power of two, up to 2 MiB
---@return lightuserdata? # the virtual address of its first byte; nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function mems.malloc(size, align) end

---Allocates a block of `count * size` bytes, all zero.
---@param count integer from 1
---@param size integer in bytes, from 1
---@return lightuserdata? # the virtual address of its first byte; nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function mems.calloc(count, size) end

---Changes the size of a block. Its contents are kept, as far as they fit. An
---object on that block, as of `buffer`, is released, but not the block.
---@param addr mems.address|nil the start of a block; nil allocates a new one
---@param size integer in bytes, from 1
---@return lightuserdata? # the same address, or a new one; then `addr` is dead; nil over the limit, or without memory: the block is as it was
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function mems.realloc(addr, size) end

---Frees a block. Objects on it, as of `buffer`, are released.
---@param addr mems.address the start of a block
function mems.free(addr) end

---The physical address behind a virtual one. It is good until the block is
---freed or moved, for C code and for the functions of this module.
---@param addr mems.address anywhere inside a block
---@return lightuserdata? # the physical address; nil if it is not inside a block
---@return string? # a message
---@return integer? # a code
function mems.get(addr) end

---The size of a block.
---@param addr mems.address the start of a block
---@return integer # the bytes it was asked for
function mems.size(addr) end

---Address arithmetic: `addr + n`. Needs no heap.
---@param addr mems.address
---@param n integer may be negative
---@return lightuserdata
function mems.add(addr, n) end

---Address arithmetic: `a - b`. Needs no heap.
---@param a mems.address
---@param b mems.address
---@return integer # bytes
function mems.diff(a, b) end

---An address as an integer. Needs no heap.
---@param addr mems.address
---@return integer
function mems.tointeger(addr) end

---An address as a light userdata. Needs no heap, and does not ask whether the
---address is allocated.
---@param n mems.address
---@return lightuserdata
function mems.toaddress(n) end

---Reads bits, lowest first: bit 0 is the lowest of the first byte, bit 8 the
---lowest of the second.
---@param addr mems.memory
---@param bit integer the first one, from 0, which gets the lowest of the result
---@param n integer how many, from 1 to 64
---@return integer # from 0; 64 bits wrap around as a `u64` does
function mems.readbits(addr, bit, n) end

---Writes bits, lowest first, and leaves those around them as they are.
---@param addr mems.memory
---@param bit integer the first one, from 0, see `readbits`
---@param n integer how many, from 1 to 64
---@param v integer from 0 to what `n` bits have room for; any integer for 64
function mems.writebits(addr, bit, n, v) end

---Counts the bits that are 1.
---@param addr mems.memory
---@param offset? integer in bytes, from 0 (0)
---@param n? integer bytes, from 0; up to the end of the block or object
---@return integer
function mems.popcount(addr, offset, n) end

---Reads a value. Types are `i8 u8 i16 u16 i24 u24 i32 u32 i64 u64 f16 f32 f64
---bool ptr`, in the machine's byte order, or with `le` or `be` after the name
---in that one; the address need not be aligned. `i24` and `u24` are three
---bytes, `f16` is a half, which rounds to 11 bits of precision. A `u64` above
---2^63 - 1 wraps around to a negative integer, as Lua's integers do. A `bool`
---is one byte, true unless 0. A `ptr` is 8 bytes, an address, and nil if it is
---0.
---@param addr mems.memory virtual, or a physical one that `get` gave
---@param type mems.type
---@param offset? integer in bytes, from 0 (0)
---@return any # the value
function mems.peek(addr, type, offset) end

---Writes a value. A `ptr` takes an address, or nil, false or 0 for none.
---@param addr mems.memory virtual, or a physical one that `get` gave
---@param type mems.type see `peek`
---@param value any
---@param offset? integer in bytes, from 0 (0)
function mems.poke(addr, type, value, offset) end

---Reads values that lie one after the other. In the table a `ptr` that is 0 is
---false, so that the table has no hole.
---@param addr mems.memory
---@param type mems.type see `peek`
---@param count integer of values, from 0
---@param offset? integer in bytes, from 0 (0)
---@return table
function mems.peekarray(addr, type, count, offset) end

---Writes the elements 1 to `#values` of a table, without metamethods, one
---after the other.
---@param addr mems.memory
---@param type mems.type see `poke`
---@param values table
---@param offset? integer in bytes, from 0 (0)
---@return integer # the count written
function mems.pokearray(addr, type, values, offset) end

---Sets bytes to the same value.
---@param addr mems.memory
---@param byte integer from 0 to 255
---@param n? integer bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer of the first one, from 0 (0)
function mems.fill(addr, byte, n, offset) end

---Copies bytes. The ranges may overlap.
---@param dst mems.memory
---@param src mems.memory|string an object may be one of another heap
---@param n? integer bytes, from 0; of a string or an object all to its end, for an address it has to be there
---@param offset? integer in `dst`, in bytes, from 0 (0)
---@param source_offset? integer the same in `src` (0)
function mems.copy(dst, src, n, offset, source_offset) end

---Compares bytes, as unsigned numbers, from the first one on.
---@param a mems.memory
---@param b mems.memory|string an object may be one of another heap
---@param n? integer bytes, from 0; of a string or an object all of `b` to its end, for an address it has to be there
---@param offset? integer in `a`, in bytes, from 0 (0)
---@param other_offset? integer the same in `b` (0)
---@return integer # -1 if the bytes at `a` are less, 0 if they are equal, 1 if they are greater
function mems.compare(a, b, n, offset, other_offset) end

---Finds a string in `n` bytes.
---@param addr mems.memory
---@param n integer bytes, from 0
---@param s string may hold any bytes
---@param offset? integer of the first of the `n` bytes, from 0 (0)
---@return lightuserdata|integer? # where the first match begins: an address, in an object the offset; or nil
function mems.find(addr, n, s, offset) end

---Bytes as `xxd` shows them: in each line the offset of 16 bytes, these in
---hexadecimal, and as text.
---@param addr mems.memory
---@param n? integer bytes, from 0; all to the end of the object or block
---@param offset? integer of the first one, from 0 (0)
---@return string # lines, each with its end
function mems.hexdump(addr, n, offset) end

---Reads bytes, whatever they are.
---@param addr mems.memory
---@param n? integer bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer in bytes, from 0 (0)
---@return string
function mems.readstring(addr, n, offset) end

---Writes the bytes of a string, and nothing after them.
---@param addr mems.memory
---@param s string may hold any bytes
---@param offset? integer in bytes, from 0 (0)
function mems.writestring(addr, s, offset) end

---Reads a string that ends before a byte 0.
---@param addr mems.memory
---@param max? integer the most bytes that belong to it: without a byte 0 among them, they are the string. Without `max` the byte 0 has to be there.
---@param offset? integer in bytes, from 0 (0)
---@return string # without the byte 0
function mems.cstring(addr, max, offset) end

---Writes values in a format of Lua's `string.pack`. What `!` aligns is counted
---from the offset on, as `string.pack` counts it from its start.
---@param addr mems.memory
---@param fmt string
---@param ... any values, as many as the format takes; behind them, optional, the offset in bytes, from 0
---@return lightuserdata|integer # where the next byte would be: an address, in an object the offset
function mems.pack(addr, fmt, ...) end

---Reads values in a format of Lua's `string.unpack`. What `!` aligns is
---counted from the offset on.
---@param addr mems.memory
---@param fmt string
---@param offset? integer in bytes, from 0 (0)
---@return any ... # the values, and what is after them: an address, in an object the offset
function mems.unpack(addr, fmt, offset) end

---Reads bytes from a file of Lua straight into memory. A method of buffers,
---arrays and structs too: `b:read(file)`.
---@param addr mems.memory
---@param file file* as `io.open` gives it
---@param n? integer the most bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer of the first one in memory, from 0 (0)
---@return integer? # how many were read: less than `n` if the file ends, 0 at its end; what is behind them is as it was; nil if the file can't be read; some bytes may have been
---@return string? # a message
---@return integer? # the system's number, as `io.open` gives it
function mems.read(addr, file, n, offset) end

---Writes bytes to a file of Lua straight from memory. A method of buffers,
---arrays and structs too: `b:write(file)`.
---@param addr mems.memory
---@param file file* as `io.open` gives it
---@param n? integer bytes, from 0; of an object all to its end, for an address it has to be there
---@param offset? integer of the first one in memory, from 0 (0)
---@return integer? # `n`; nil if the file can't be written; some bytes may have been
---@return string? # a message
---@return integer? # the system's number, as `io.open` gives it
function mems.write(addr, file, n, offset) end

---Makes a buffer of a whole file. It is read straight into the buffer, so it
---takes the file's size of memory and no more. What has no size before it is
---read, as a pipe, will do as well.
---@param path string
---@return mems.buffer? # nil if the file can't be read, over the limit or without memory
---@return string? # a message, which begins with the path if it is the file's
---@return integer? # the system's number, as `io.open` gives it, for the file; else one of the `codes`
function mems.readfile(path) end

---A picture of the heap: one SVG in a file or a string, which needs nothing
---else. It shows the nodes, and in them, to scale, each block by its size, the
---holes, the runs with their slots and what waits in the quarantine; beside
---them totals and a legend. The pointer over a part shows its address and size
---and, with the option `trace`, where it was allocated. In a large heap small
---neighbours are taken together, and shown by how much of them is live: the
---picture of 1 GiB is as readable as that of a page, and not larger.
---@param path? string of the file; without it the text is given
---@param options? table `width`, in pixels, from 300 (960); `title`
---@return string|true|nil # true, or the text; nil if the file can't be written
---@return string? # a message
---@return integer? # the system's number, as `io.open` gives it
function mems.picture(path, options) end

---The same for a terminal: lines of text, at most 24 or one for each node, in
---which each character shows how much of some bytes is live.
---@param width? integer in characters, from 8 to 1000 (64)
---@return string
function mems.map(width) end

---Gives back to the system what is unused.
---@return integer # the bytes given back
function mems.trim() end

---Checks every invariant of the heap. Takes time in proportion to its size.
---@return boolean # true
function mems.check() end

---Loops over the live blocks of a heap with the option `trace`, in address
---order: `for addr, size, site, age in mems.leaks() do`. Gives for each its
---address, the bytes it was asked for, where it was allocated, as
---`"file:line"`, and how many allocations there were since. A block that was
---resized keeps its site and age. Where memory for a record was missing the
---site is `"?"` and there is no age. The heap may change between two steps.
---@return fun(): lightuserdata?, integer, string, integer? # an iterator
function mems.leaks() end

---Loops over the main chain: `for addr, size, processes, holes in mems.nodes()
---do`. Gives for each node its first address, its bytes, and how many PROCESS
---and HOLE segments its sub-chain has.
---@return fun(): lightuserdata?, integer, integer, integer # an iterator
function mems.nodes() end

---Loops over the segments, in address order: `for kind, addr, size, requested
---in mems.segments() do`. Gives for each its kind, `"PROCESS"` or `"HOLE"`,
---its first address, its bytes, and the bytes it was asked for (0 for a HOLE).
---The heap may change between two steps.
---@param node? mems.address any address in a node: only its sub-chain
---@return fun(): "PROCESS"|"HOLE"|nil, lightuserdata, integer, integer # an iterator
function mems.segments(node) end

---Loops over the segments, in address order, with neighbours taken together as
---long as they are at most `unit` bytes, in one node, and alike in whether
---they are slots of a run and how long these are: `for addr, size, blocks,
---live, requested, holes, waiting, slot in mems.extents(4096) do`. Gives for
---each the first address, the bytes, how many blocks there are, the bytes of
---their segments and those that were asked for, how many holes, the bytes of
---those that wait in the quarantine, and how long the slots are, 0 if they are
---none. A heap of any size is looked over with as few steps as are wanted; see
---`picture`.
---@param unit? integer in bytes; 0: each segment is given (0)
---@return fun(): lightuserdata?, integer, integer, integer, integer # an iterator
function mems.extents(unit) end

---Prints main chain, sub-chains and totals.
---@param file? file*  (io.stdout)
---@return boolean? # true; nil if the file took no more
---@return string? # a message
---@return integer? # a code
function mems.print_stats(file) end

---The state of the heap: a table with all that is counted, or one number of
---it. `holes`, `requested` and `largest` cost a walk over all segments, and so
---does the table; any other number costs the same for every heap.
---@param name? string of one field
---@return mems.statistics|integer # see `statistics`; the field of that name
function mems.stats(name) end

---Makes a buffer of a block that `malloc` or the like gave: it is freed with
---the buffer from now on. The opposite of `object:disown`.
---@param addr mems.address the start of a block
---@return mems.buffer
function mems.own(addr) end

---Makes a buffer: bytes that are freed when it is released or collected. All
---verbs on memory are methods of it, with the buffer in place of the address
---and its own bounds, not those of the block: `b:peek("i32", 8)`,
---`b:poke_f64(1.5)`, `b:writestring("abc", 4)`, `b:unpack("<i4z")`,
---`b:copy(src, n)`. Beside those below it has `#b`, `b == c` (the same bytes
---of memory), `<close>` and the methods of all objects.
---@param what integer|string|mems.object bytes, all zero; or what is to be in them: an object may be one of another heap
---@param align? integer the physical address will be a multiple of this power of two, up to 2 MiB, kept when the buffer is resized
---@return mems.buffer # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
function mems.buffer(what, align) end

---Makes an array. It has `a[i]` and `a[i] = v` for i from 1 to `#a` (any other
---index raises), `pairs(a)`, `ipairs(a)`, `a == b` (the same memory),
---`<close>`, the methods of all objects and those below. `tostring(a)` shows
---its length and first values.
---
---Made from another array, of any heap, its values are converted: each has to
---fit.
---
---Where a range of elements `i, j` is optional it is all of them. An element
---that is a struct is read as a view of it, a new object each time: to go over
---many, `struct:move` one view, or use `array:get` and `array:set`. It is
---assigned from a table or a struct.
---@generic T
---@param type mems.structtype<T> of `peek`, or a struct
---@param what integer|table|mems.array how many elements, all zero; or their values
---@param value? any that each of so many has instead of zero
---@return mems.array<T> # nil over the limit, or without memory
---@return string? # a message
---@return integer? # a code
---@overload fun(type: mems.itype, what: any, v?: any): mems.array<integer>
---@overload fun(type: mems.ftype, what: any, v?: any): mems.array<number>
---@overload fun(type: mems.btype, what: any, v?: any): mems.array<boolean>
---@overload fun(type: mems.ptype, what: any, v?: any): mems.array<any>
function mems.array(type, what, value) end

---An array on bytes that are there, in an object or at an address. It does not
---own them: when their block is freed, or moved by `realloc`, the array is
---dead. It keeps an object that it looks at alive, and goes along when that is
---resized; while it then lies outside, its use raises. It can't grow; else it
---is like any other array.
---@param type mems.type|mems.structtype of `peek`, or a struct
---@param x mems.memory a buffer, an array, a struct or an address
---@param offset? integer of the first element, in bytes, from 0; any alignment will do (0)
---@param n? integer how many elements; as many as fit to the end of the object or block
---@return mems.array<any>
function mems.view(type, x, offset, n) end

---Makes a type of struct. Needs no open heap. It serves every heap: `S:new`,
---`S:array` and `S:at` use the one whose verb has made it, and `array` of any
---other takes it as well.
---
---A field is `{ name, type }` or `{ name, type, n, ... }`: a fixed array of
---`n` of that type, or of several dimensions, the outermost first. A type is
---one of `peek`, another struct, or `"char"`: its last dimension is the length
---of a string, which a byte 0 ends if it is shorter.
---
---Fields lie as a C compiler lays them out, each behind the one before it at a
---multiple of its size. With `layout = "packed"` they lie one behind the
---other. A field may also have
---
---- `bits = n`: it is a bit field of an integer type or `bool`, as gcc has
---them on Linux; - `offset = n`: where it begins, in bytes; it may lie over
---others; - `align = n`: it begins at a multiple of that power of two, up to
---4096.
---
---`align = n` beside the fields is for the whole. A new object's physical
---address is a multiple of its alignment, until it is resized.
---
---`p:name(...)` finds functions in the table `methods`, behind the fields and
---before the methods that all objects have; so does `S.name`.
---
---The type `S` has `S.size`, `S.align`, `S.offsets` (a table: name to offset),
---and the functions `struct:new`, `struct:array` and `struct:at`.
---
---An object `p` has `p.x` and `p.x = value`. Fields that are structs or arrays
---are views, which keep `p` alive; they are assigned from tables or from
---objects of the same type, all or nothing. `tostring(p)` shows the fields,
---`pairs(p)` goes over them in their order. Methods are those of all objects,
---`struct:totable` and `struct:move`; where a field has the name of a method,
---`S.totable(p)` calls it.
---@param definition table
---@param methods? table is kept, not copied
---@return mems.structtype<mems.struct>
function mems.struct(definition, methods) end

---Runs a function in a scope: all that it allocates through the scope is freed
---when it returns or raises. Without a function it gives the scope, for a
---`<close>` variable. See `scope:malloc` and what follows.
---@param f? function called with the scope and the other arguments; it may yield
---@param ... any arguments
---@return any ... # what `f` returns; or the scope
---@overload fun(): mems.scope
function mems.scope(f, ...) end

---Gives a block a name, by which a script that opens the heap later finds it,
---or takes the name away. In one step: a crash leaves the old or the new. What
---the root named before is not freed.
---
---The block is nobody's from then on: an object that is given, or any other
---that owned the block, is as good as before, but its finalizer frees nothing,
---and it can't be resized. An object's type is kept as well, for `root`.
---@param name string 1 to 39 bytes
---@param x mems.memory|nil an object, or the start of a block; nil: there is no root of that name any more
---@return boolean? # true; nil if there are 63 roots, or without memory
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function mems.setroot(name, x) end

---What a root names: its address, or with a type an object that looks at its
---block. It does not own it, as one of `view`.
---
---A root that an object was given for has its type, and asking for another one
---raises. A struct type gives an array if that was an array of it, else a
---struct. A root that an address was given for may be anything.
---@param name string
---@param type? mems.type|mems.structtype of `peek`, for an array; `"buffer"`; or a struct
---@return any # nil if there is none of that name, or its block was freed
---@return string? # a message
---@return integer? # a code: `mems.ENOROOT` or `mems.EFREED`
function mems.root(name, type) end

---All roots, also those whose blocks were freed.
---@return table<string, lightuserdata> # name to address
function mems.roots() end

---As `malloc`, and the cell holds the address of the new block, in one step:
---after a crash both have happened, or neither. So a structure of blocks that
---lead to one another has no block that nothing leads to. What the cell held
---before is not freed.
---@param cell string|mems.memory the name of a root, which need not be there yet; or 8 bytes inside a block, at a multiple of 8, as a `ptr` of a struct is
---@param size integer in bytes, from 1
---@param offset? integer of the 8 bytes (0)
---@return lightuserdata? # the virtual address of its first byte; nil over the limit, or without memory: nothing has changed
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function mems.malloc_to(cell, size, offset) end

---As `free` of the block whose address the cell holds, which holds none then,
---in one step. A cell that holds none is no mistake.
---@param cell string|mems.memory see `malloc_to`
---@param offset? integer  (0)
function mems.free_from(cell, offset) end

---As `realloc` of the block whose address the cell holds, which holds the new
---one then, in one step. A cell that holds none gets a new block.
---@param cell string|mems.memory see `malloc_to`
---@param size integer in bytes, from 1
---@param offset? integer  (0)
---@return lightuserdata? # the same address, or a new one; nil over the limit, or without memory: nothing has changed
---@return string? # a message
---@return integer? # a code: `mems.ELIMIT`, `mems.ENOMEM` or `mems.ENOSPC`
function mems.realloc_to(cell, size, offset) end

---Sees to it that what was written to a heap in a file until now survives a
---loss of power, as far as system and disk keep their word. After the death of
---the process alone everything is there without it. Takes as long as the disk
---does. In memory it does nothing.
---@return boolean? # true; nil if the system can't
---@return string? # a message
---@return integer? # `mems.EFILE`
function mems.sync() end

---Copies a heap, in a file or in memory, into a file of its own, under the
---same addresses: all of it, or nothing. A file that has this name already is
---replaced. The copy has a checksum and is on the disk when this returns; it
---can be opened, or restored.
---@param path string
---@param options? mems.saving see `saving`
---@return boolean? # true; nil if the file can't be written, or the heap was changed meanwhile: there is no new file, and the old one is as it was
---@return string? # a message
---@return integer? # a code: `mems.ENOSPC`, `mems.EFILE`, `mems.ECHANGED`, `mems.EBUSY` if the heap lives in this file, or `mems.ELIMIT` if the limit is too small
function mems.save(path, options) end

---Opens a heap in memory with all that is in a file, under the same addresses.
---The file is not changed, and not used any more. What `save` has written is
---checked by its checksum.
---@param path string
---@param options? mems.options `limit` and `base` may be others than in the file; with another base roots go along, and addresses in blocks are the script's affair. `trace` and `leaks` as in `options`
---@return mems.heap? # a heap; nil if the file can't be read, or was damaged, or an open heap has its addresses
---@return string? # a message
---@return integer? # a code, see `open`
function mems.restore(path, options) end

---What was found when the heap was opened, if its file had not been closed.
---@return mems.recovery? # see `recovery`; nil if there was nothing to recover
function mems.recovered() end

---Takes a lock for the scope of a `<close>` variable; see `lock`.
---@param addr mems.memory
---@param seconds? number
---@return table?, string?, integer? # it is let go at the end of the scope
---@return string # `"owner died"`; `"timeout"`
---@return integer? # `mems.ETIME`
function mems.locked(addr, seconds) end

---Reads a number at once. All processes that share the heap, and the threads
---of a host program, see what `load` and the verbs beside it do in one and the
---same order.
---
---`peek` and `poke`, elements of arrays and fields of structs never tear a
---number, `bool` or `ptr` of 1, 2, 4 or 8 bytes, in either byte order, at a
---multiple of its size: it is the old or the new one, but nothing says in
---which order others see it. `i24` and `u24` may be torn, and what verbs copy,
---fill or compute that do many at once; a bit field is written with the bits
---beside it.
---@param addr mems.memory a multiple of the type's size
---@param type mems.type `i32`, `u32`, `i64` or `u64`
---@param offset? integer in bytes (0)
---@return integer
function mems.load(addr, type, offset) end

---Writes a number at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param value integer
---@param offset? integer  (0)
function mems.store(addr, type, value, offset) end

---Writes a number and gives the one that was there, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param value integer
---@param offset? integer  (0)
---@return integer # what it was
function mems.exchange(addr, type, value, offset) end

---Writes a number if it is the expected one, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param expected integer
---@param desired integer
---@param offset? integer  (0)
---@return boolean # whether it was written
---@return integer # what it was
function mems.cas(addr, type, expected, desired, offset) end

---Adds to a number, which wraps around, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param n integer any integer, negative ones too
---@param offset? integer  (0)
---@return integer # what it was before
function mems.fetch_add(addr, type, n, offset) end

---Keeps those bits of a number that are set in `n`, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param n integer
---@param offset? integer  (0)
---@return integer # what it was before
function mems.fetch_and(addr, type, n, offset) end

---Sets those bits of a number that are set in `n`, at once; see `load`.
---@param addr mems.memory
---@param type mems.type
---@param n integer
---@param offset? integer  (0)
---@return integer # what it was before
function mems.fetch_or(addr, type, n, offset) end

---Waits until the 4 bytes at an address are other than expected. Whoever
---changes them, by `store` or in any other way, calls `notify`. Gives true at
---once if they are other already. A signal's hook, as that of an interrupt,
---runs meanwhile within a twentieth of a second.
---@param addr mems.memory a multiple of 4
---@param expected integer as `i32` or `u32`
---@param seconds? number at most; without it, without end
---@return boolean? # true: they are other
---@return string? # `"timeout"`
---@return integer? # `mems.ETIME`
function mems.wait(addr, expected, seconds) end

---Wakes those who `wait` for the 4 bytes at an address.
---@param addr mems.memory a multiple of 4
---@param n? integer how many, from 1; without it all
---@return integer # how many waited, and were woken
function mems.notify(addr, n) end

---Takes the lock that 8 bytes of a shared heap are, 0 at first, as soon as no
---other process has it. It is let go by `unlock`, or when the process ends:
---then the next one gets it and is told, since what it guards may be half
---done. It is for a moment: nothing else is locked by it, neither the heap nor
---its blocks.
---@param addr mems.memory a multiple of 8
---@param seconds? number at most; without it, without end
---@return boolean? # true
---@return string # `"owner died"` if the last one that had it did not unlock it; `"timeout"`
---@return integer? # `mems.ETIME`
function mems.lock(addr, seconds) end

---Lets go of a lock that `lock` has taken.
---@param addr mems.memory
function mems.unlock(addr) end

---How long a call on a shared heap waits while another process is in the
---middle of one, and lives: if it was stopped, say by a debugger. Then it
---fails: `nil, message, mems.EBUSY`, or an error. One that dies is never
---waited for.
---@param seconds? number without it, without end, as at first
function mems.lockwait(seconds) end

---The descriptor of a heap's file, for child processes, which open it by
---`mems.open{ fd = n }`: that of a heap with the option `memfd` is theirs too
---when they are started.
---@return integer # nil if the heap is in no file
function mems.fd() end

---Loops over the processes that share the heap, and those that did and have
---had no successor: `for slot, pid, alive in heap:processes() do`. Its own one
---is among them. A heap that is not shared has none.
---@return fun(): integer?, integer, boolean # an iterator
function mems.processes() end

---Takes the name of shared memory away, which `mems.open{ shm = name }` has
---made. Those who have it open keep it; who opens the name anew gets a new
---one.
---@param name string
---@return boolean? # true; nil if there is none
---@return string? # a message
---@return integer? # the system's number, as `os.remove` gives it
function mems.unlink(name) end

return mems
