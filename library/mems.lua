---@meta mems

-- Types of the module `mems` for editors (LuaLS).

---An address: what `malloc` gives, or the same as an integer. Objects that own
---a block are taken too where bytes are read or written.
---@alias mems.address lightuserdata|integer|userdata

---@alias mems.itype
---| "i8" | "i8le" | "i8be" | "u8" | "u8le" | "u8be"
---| "i16" | "i16le" | "i16be" | "u16" | "u16le" | "u16be"
---| "i32" | "i32le" | "i32be" | "u32" | "u32le" | "u32be"
---| "i64" | "i64le" | "i64be" | "u64" | "u64le" | "u64be"

---@alias mems.ftype
---| "f32" | "f32le" | "f32be" | "f64" | "f64le" | "f64be"

---@alias mems.btype
---| "bool" | "boolle" | "boolbe"

---@alias mems.ptype
---| "ptr" | "ptrle" | "ptrbe"

---A type, in the machine's byte order, or with `le` or `be` in that one.
---@alias mems.type mems.itype|mems.ftype|mems.btype|mems.ptype

---@alias mems.kind "PROCESS"|"HOLE"

---@class mems.options
---@field limit? integer the most bytes the nodes may map; 64 GiB
---@field base? integer first virtual address, a multiple of 8; 1000, or one
---that gives each heap of mems.open addresses of its own
---@field page? integer smallest node in bytes, multiple of 4096; 4096
---@field align? integer physical alignment, a power of two; 8
---@field quarantine? integer bytes of freed blocks kept back; 0
---@field fill? boolean fill new blocks with 0xAA, freed ones with 0x55
---@field trace? boolean record where each block is allocated
---@field leaks? "warn"|"error" trace, and report at the end what is not freed

---@class mems.stats
---@field limit integer the most bytes the nodes may map
---@field mapped integer bytes in nodes now
---@field used integer bytes in PROCESS segments
---@field unused integer bytes in HOLEs
---@field requested integer bytes asked for by the live blocks
---@field quarantined integer bytes of freed blocks that wait
---@field overhead integer bytes mapped beside the nodes
---@field peak integer highest value of used so far
---@field processes integer live blocks
---@field holes integer HOLEs
---@field nodes integer length of the main chain
---@field pages integer mapped / page_size
---@field page_size integer 4096
---@field mallocs integer blocks handed out so far
---@field frees integer blocks taken back so far
---@field base integer first virtual address
---@field align integer physical alignment of every block
---@field owned integer bytes in blocks that Lua objects own

---@class mems.typeinfo
---@field name string
---@field size integer bytes
---@field min? number
---@field max? number

---A heap that `mems.open` gave. Closed when it is collected, at the end of the
---scope of a `<close>` variable, or by `close`.
---@class mems.heap
local heap = {}

---Closes the heap: all its memory goes back to the system. The second time it
---does nothing.
---@return integer blocks still allocated
---@return integer bytes they were asked for
function heap:close() end

---Allocates a block. Its contents are undefined.
---@param size integer bytes, from 1
---@param align? integer physical alignment, a power of two up to 4096
---@return lightuserdata? addr nil over the limit or without memory
---@return string? message
---@return integer? code
function heap:malloc(size, align) end

---Allocates a block of `count * size` bytes, all zero.
---@param count integer from 1
---@param size integer bytes, from 1
---@return lightuserdata? addr nil over the limit or without memory
---@return string? message
---@return integer? code
function heap:calloc(count, size) end

---Changes the size of a block; its contents are kept. Without memory the block
---stays as it was.
---@param addr mems.address|nil the start of a block; nil allocates a new one
---@param size integer bytes, from 1
---@return lightuserdata? addr the same or a new one; then the old one is dead
---@return string? message
---@return integer? code
function heap:realloc(addr, size) end

---Frees a block.
---@param addr mems.address the start of a block
function heap:free(addr) end

---The physical address behind a virtual one, good until the block is freed or
---moved.
---@param addr mems.address anywhere inside a block
---@return lightuserdata? physical
---@return string? message
---@return integer? code
function heap:get(addr) end

---The bytes a block was asked for.
---@param addr mems.address the start of a block
---@return integer bytes
function heap:size(addr) end

---Address arithmetic: `addr + n`. Needs no heap.
---@param addr mems.address
---@param n integer may be negative
---@return lightuserdata addr
function heap:add(addr, n) end

---Address arithmetic: `a - b`. Needs no heap.
---@param a mems.address
---@param b mems.address
---@return integer bytes
function heap:diff(a, b) end

---An address as an integer. Needs no heap.
---@param addr mems.address
---@return integer n
function heap:tointeger(addr) end

---An address as a light userdata. Needs no heap.
---@param n mems.address
---@return lightuserdata addr
function heap:toaddress(n) end

---Reads a value. Raises unless all bytes from `addr` to its last one are in
---one block.
---@param addr mems.address virtual, or a physical one that `get` gave
---@param type mems.type
---@param offset? integer bytes, from 0
---@return integer|number|boolean|lightuserdata|nil value
function heap:peek(addr, type, offset) end

---Writes a value. Raises if it does not fit the type, or not all bytes from
---`addr` to its last one are in one block.
---@param addr mems.address virtual, or a physical one that `get` gave
---@param type mems.type
---@param value number|boolean|string|lightuserdata|nil of the kind of the type
---@param offset? integer bytes, from 0
function heap:poke(addr, type, value, offset) end

---Reads values that lie one after the other. A `ptr` that is 0 is false.
---@param addr mems.address
---@param type mems.type
---@param count integer from 0
---@param offset? integer bytes, from 0
---@return table values
function heap:peekarray(addr, type, count, offset) end

---Writes the elements 1 to `#values` of a table, or nothing and raises.
---@param addr mems.address
---@param type mems.type
---@param values table without holes
---@param offset? integer bytes, from 0
---@return integer count
function heap:pokearray(addr, type, values, offset) end

---Reads bytes, whatever they are.
---@param addr mems.address
---@param n integer bytes, from 0
---@param offset? integer bytes, from 0
---@return string s
function heap:readstring(addr, n, offset) end

---Writes the bytes of a string, and nothing after them.
---@param addr mems.address
---@param s string|number
---@param offset? integer bytes, from 0
function heap:writestring(addr, s, offset) end

---Reads a string that ends before a byte 0.
---@param addr mems.address
---@param max? integer its most bytes; without it there has to be a byte 0
---@return string s
function heap:cstring(addr, max) end

---Writes values in a format of `string.pack`.
---@param addr mems.address
---@param fmt string
---@param ... any
---@return lightuserdata next where the next byte would be
function heap:pack(addr, fmt, ...) end

---Reads values in a format of `string.unpack`; after them, the address behind.
---@param addr mems.address
---@param fmt string
---@return any ...
function heap:unpack(addr, fmt) end

---Sets `n` bytes to the same value.
---@param addr mems.address
---@param byte integer 0 to 255
---@param n integer bytes, from 0
function heap:fill(addr, byte, n) end

---Copies `n` bytes. The ranges may overlap.
---@param dst mems.address
---@param src mems.address
---@param n integer bytes, from 0
function heap:copy(dst, src, n) end

---Compares `n` bytes as unsigned numbers.
---@param a mems.address
---@param b mems.address
---@param n integer bytes, from 0
---@return -1|0|1 order
function heap:compare(a, b, n) end

---Finds a string in `n` bytes.
---@param addr mems.address
---@param n integer bytes, from 0
---@param s string
---@return lightuserdata? match
function heap:find(addr, n, s) end

---The state of the heap, from counters.
---@return mems.stats stats
function heap:stats() end

---Loops over the main chain: first address, bytes, how many PROCESS and HOLE
---segments.
---@return fun(): lightuserdata?, integer, integer, integer next
function heap:nodes() end

---Loops over segments in address order: kind, first address, bytes, bytes asked
---for.
---@param node? mems.address any address in a node: only its sub-chain
---@return fun(): mems.kind?, lightuserdata, integer, integer next
function heap:segments(node) end

---Prints main chain, sub-chains and totals.
---@param file? file* default io.stdout
---@return true? ok nil if the file took no more
---@return string? message
---@return integer? code
function heap:print_stats(file) end

---Gives back to the system what is unused.
---@return integer bytes
function heap:trim() end

---Checks every invariant; raises if one does not hold.
---@return true ok
function heap:check() end

---Loops over the live blocks of a heap with the option `trace`: address, bytes
---asked for, where it was allocated, how many allocations there were since.
---@return fun(): lightuserdata?, integer, string, integer? next
function heap:leaks() end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i8(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i8le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i8be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u8(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u8le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u8be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i16(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i16le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i16be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u16(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u16le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u16be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i32(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i32le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i32be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u32(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u32le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u32be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i64(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i64le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_i64be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u64(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u64le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function heap:peek_u64be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function heap:peek_f32(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function heap:peek_f32le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function heap:peek_f32be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function heap:peek_f64(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function heap:peek_f64le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function heap:peek_f64be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return boolean value
function heap:peek_bool(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return boolean value
function heap:peek_boolle(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return boolean value
function heap:peek_boolbe(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return lightuserdata? value
function heap:peek_ptr(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return lightuserdata? value
function heap:peek_ptrle(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return lightuserdata? value
function heap:peek_ptrbe(addr, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i8(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i8le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i8be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u8(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u8le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u8be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i16(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i16le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i16be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u16(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u16le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u16be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i32(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i32le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i32be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u32(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u32le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u32be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i64(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i64le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_i64be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u64(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u64le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function heap:poke_u64be(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function heap:poke_f32(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function heap:poke_f32le(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function heap:poke_f32be(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function heap:poke_f64(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function heap:poke_f64le(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function heap:poke_f64be(addr, value, offset) end

---@param addr mems.address
---@param value boolean
---@param offset? integer
function heap:poke_bool(addr, value, offset) end

---@param addr mems.address
---@param value boolean
---@param offset? integer
function heap:poke_boolle(addr, value, offset) end

---@param addr mems.address
---@param value boolean
---@param offset? integer
function heap:poke_boolbe(addr, value, offset) end

---@param addr mems.address
---@param value mems.address|false|nil
---@param offset? integer
function heap:poke_ptr(addr, value, offset) end

---@param addr mems.address
---@param value mems.address|false|nil
---@param offset? integer
function heap:poke_ptrle(addr, value, offset) end

---@param addr mems.address
---@param value mems.address|false|nil
---@param offset? integer
function heap:poke_ptrbe(addr, value, offset) end

---Makes a buffer: bytes that are freed when it is released or collected.
---@param what integer|string bytes, all zero; or what is to be in them
---@param align? integer physical alignment, a power of two up to 4096
---@return mems.buffer buffer nil over the limit or without memory
---@return string? message
---@return integer? code
function heap:buffer(what, align) end

---Makes a buffer of a block that malloc gave.
---@param addr mems.address
---@return mems.buffer
function heap:own(addr) end

---Makes an array.
---@generic T
---@param type mems.structtype<T>
---@param what integer|table how many, all zero; or their values
---@return mems.array<T> array nil over the limit or without memory
---@return string? message
---@return integer? code
---@overload fun(self, type: mems.itype, what: any): mems.array<integer>
---@overload fun(self, type: mems.ftype, what: any): mems.array<number>
---@overload fun(self, type: mems.btype, what: any): mems.array<boolean>
---@overload fun(self, type: mems.ptype, what: any): mems.array<any>
function heap:array(type, what) end

---Makes a type of struct, for any heap.
---@param definition mems.definition
---@return mems.structtype<mems.struct>
function heap:struct(definition) end

---Calls `f` with a scope, whose memory is freed when it returns or raises.
---@generic T
---@param f fun(s: mems.scope, ...): T...
---@param ... any
---@return T ...
---@overload fun(self: mems.heap): mems.scope
function heap:scope(f, ...) end

---What buffers, arrays and structs have in common.
---@class mems.object: userdata
local object = {}

---The virtual address of its first byte.
---@return lightuserdata
function object:address() end

---Bytes.
---@return integer
function object:size() end

---Frees its memory, or forgets it if it is a part of another object.
function object:release() end

---Hands the block over: it is the caller's to free.
---@return lightuserdata addr
function object:disown() end

---Bytes that free themselves. All verbs on memory are methods of it, with the
---buffer in place of the address.
---@class mems.buffer: mems.object
---@operator len: integer
local buffer = {}

---A part of it, which keeps it alive.
---@param offset integer from 0
---@param size? integer up to its end
---@return mems.buffer
function buffer:slice(offset, size) end

---@param size integer
---@return true? ok
---@return string? message
---@return integer? code
function buffer:resize(size) end

---@param byte integer
---@param n? integer all bytes
function buffer:fill(byte, n) end

---@param s string
---@param offset? integer where the search begins
---@return integer? offset
function buffer:find(s, offset) end

---@param type mems.type
---@param offset? integer
---@return any
function buffer:peek(type, offset) end

---@param type mems.type
---@param value any
---@param offset? integer
function buffer:poke(type, value, offset) end

---@param type mems.type
---@param count integer
---@param offset? integer
---@return any[]
function buffer:peekarray(type, count, offset) end

---@param type mems.type
---@param values any[]
---@param offset? integer
---@return integer count
function buffer:pokearray(type, values, offset) end

---@param n integer
---@param offset? integer
---@return string
function buffer:readstring(n, offset) end

---@param s string
---@param offset? integer
function buffer:writestring(s, offset) end

---@param max? integer
---@return string
function buffer:cstring(max) end

---@param fmt string
---@param ... any
---@return lightuserdata addr after what was written
function buffer:pack(fmt, ...) end

---@param fmt string
---@return any ...
function buffer:unpack(fmt) end

---@param src mems.address
---@param n integer
function buffer:copy(src, n) end

---@param other mems.address
---@param n integer
---@return -1|0|1
function buffer:compare(other, n) end

---@param offset? integer
---@return integer
function buffer:peek_i8(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i8le(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i8be(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u8(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u8le(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u8be(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i16(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i16le(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i16be(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u16(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u16le(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u16be(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i32(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i32le(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i32be(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u32(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u32le(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u32be(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i64(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i64le(offset) end

---@param offset? integer
---@return integer
function buffer:peek_i64be(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u64(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u64le(offset) end

---@param offset? integer
---@return integer
function buffer:peek_u64be(offset) end

---@param offset? integer
---@return number
function buffer:peek_f32(offset) end

---@param offset? integer
---@return number
function buffer:peek_f32le(offset) end

---@param offset? integer
---@return number
function buffer:peek_f32be(offset) end

---@param offset? integer
---@return number
function buffer:peek_f64(offset) end

---@param offset? integer
---@return number
function buffer:peek_f64le(offset) end

---@param offset? integer
---@return number
function buffer:peek_f64be(offset) end

---@param offset? integer
---@return boolean
function buffer:peek_bool(offset) end

---@param offset? integer
---@return boolean
function buffer:peek_boolle(offset) end

---@param offset? integer
---@return boolean
function buffer:peek_boolbe(offset) end

---@param offset? integer
---@return lightuserdata?
function buffer:peek_ptr(offset) end

---@param offset? integer
---@return lightuserdata?
function buffer:peek_ptrle(offset) end

---@param offset? integer
---@return lightuserdata?
function buffer:peek_ptrbe(offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i8(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i8le(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i8be(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u8(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u8le(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u8be(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i16(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i16le(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i16be(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u16(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u16le(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u16be(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i32(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i32le(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i32be(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u32(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u32le(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u32be(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i64(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i64le(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_i64be(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u64(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u64le(value, offset) end

---@param value integer
---@param offset? integer
function buffer:poke_u64be(value, offset) end

---@param value number
---@param offset? integer
function buffer:poke_f32(value, offset) end

---@param value number
---@param offset? integer
function buffer:poke_f32le(value, offset) end

---@param value number
---@param offset? integer
function buffer:poke_f32be(value, offset) end

---@param value number
---@param offset? integer
function buffer:poke_f64(value, offset) end

---@param value number
---@param offset? integer
function buffer:poke_f64le(value, offset) end

---@param value number
---@param offset? integer
function buffer:poke_f64be(value, offset) end

---@param value boolean
---@param offset? integer
function buffer:poke_bool(value, offset) end

---@param value boolean
---@param offset? integer
function buffer:poke_boolle(value, offset) end

---@param value boolean
---@param offset? integer
function buffer:poke_boolbe(value, offset) end

---@param value mems.address|false|nil
---@param offset? integer
function buffer:poke_ptr(value, offset) end

---@param value mems.address|false|nil
---@param offset? integer
function buffer:poke_ptrle(value, offset) end

---@param value mems.address|false|nil
---@param offset? integer
function buffer:poke_ptrbe(value, offset) end

---A typed array: `a[i]` for i from 1 to `#a`; any other index raises.
---@class mems.array<T>: mems.object, { [integer]: T }
---@operator len: integer
local array = {}

---Elements i to j, on the same memory.
---@generic T
---@param self mems.array<T>
---@param i? integer
---@param j? integer
---@return mems.array<T>
function array:slice(i, j) end

---@param n integer
---@return true? ok
---@return string? message
---@return integer? code
function array:resize(n) end

---@generic T
---@param self mems.array<T>
---@param value T
---@return integer? index
---@return string? message
---@return integer? code
function array:append(value) end

---@generic T
---@param self mems.array<T>
---@param value T
---@param i? integer
---@param j? integer
function array:fill(value, i, j) end

---@generic T
---@param self mems.array<T>
---@param src mems.array<T>|T[]
---@param at? integer index of the first element to be written
function array:copy(src, at) end

---@generic T
---@param self mems.array<T>
---@param i? integer
---@param j? integer
---@return T[]
function array:totable(i, j) end

---@generic T
---@param self mems.array<T>
---@param i? integer
---@param j? integer
---@return mems.array<T>
function array:sort(i, j) end

---@generic T
---@param self mems.array<T>
---@param value T
---@param i? integer where the search begins
---@return integer? index
function array:find(value, i) end

---@param i? integer
---@param j? integer
---@return number
function array:sum(i, j) end

---@param i? integer
---@param j? integer
---@return number? value
---@return integer? index
function array:min(i, j) end

---@param i? integer
---@param j? integer
---@return number? value
---@return integer? index
function array:max(i, j) end

---Puts `f(a[i], i)` in the place of each element.
---@generic T
---@param self mems.array<T>
---@param f fun(value: T, i: integer): T
---@return mems.array<T>
function array:map(f) end

---A field of an element that is a struct, without an object for the element.
---@param i integer
---@param field string
---@return any
function array:get(i, field) end

---@param i integer
---@param field string
---@param value any
function array:set(i, field, value) end

---An object of a type of struct. Its fields are those of the definition: to
---have them completed, declare a class of your own that has them and inherits
---from this one, and the type as `mems.structtype<YourClass>`.
---@class mems.struct: mems.object
---@field [string] any
local struct = {}

---@return table
function struct:totable() end

---Moves a view to another element of its array, or to another address.
---@generic T
---@param self T
---@param where integer|mems.address
---@return T
function struct:move(where) end

---A type of struct.
---@class mems.structtype<T>: userdata
---@field size integer bytes
---@field align integer
---@field offsets table<string, integer>
local structtype = {}

---@generic T
---@param self mems.structtype<T>
---@param values? table
---@return T
---@return string? message
---@return integer? code
function structtype:new(values) end

---@generic T
---@param self mems.structtype<T>
---@param what integer|table[]
---@return mems.array<T>
---@return string? message
---@return integer? code
function structtype:array(what) end

---A view of memory that is there already.
---@generic T
---@param self mems.structtype<T>
---@param addr mems.address
---@return T
function structtype:at(addr) end

---The definition of a struct: a list of `{ name, type, dimensions... }`.
---@class mems.definition
---@field [integer] table
---@field layout? "natural"|"packed"

---A scope: what is allocated through it is freed at its end.
---@class mems.scope
local scope = {}

---@param size integer
---@param align? integer
---@return lightuserdata? addr
---@return string? message
---@return integer? code
function scope:malloc(size, align) end

---@param count integer
---@param size integer
---@return lightuserdata? addr
---@return string? message
---@return integer? code
function scope:calloc(count, size) end

---@param addr mems.address
---@param size integer
---@return lightuserdata? addr
---@return string? message
---@return integer? code
function scope:realloc(addr, size) end

---@param what integer|string
---@return mems.buffer
function scope:buffer(what) end

---@param type mems.type|mems.structtype
---@param what integer|table
---@return mems.array
function scope:array(type, what) end

---@generic T
---@param type mems.structtype<T>
---@param values? table
---@return T
function scope:struct(type, values) end

---Frees one thing before the end.
---@param x mems.address|mems.object
function scope:free(x) end

---Takes one thing out.
---@generic T
---@param x T
---@return T
function scope:keep(x) end

---Frees all of it. A `<close>` variable does the same.
function scope:close() end

---@class mems
---@field _VERSION string
---@field EINVAL integer an argument is out of its range
---@field ENOMEM integer the system refused memory
---@field ELIMIT integer the heap's limit would be passed
---@field EFOREIGN integer the address was never allocated
---@field EFREED integer the address is free
---@field EINSIDE integer the address is inside a block
---@field ERANGE integer the range runs past the end of its block
---@field EINIT integer the default heap is not initialised, or is already
---@field EBROKEN integer the heap is damaged
---@field types table<mems.type, mems.typeinfo>
local mems = {}

---Opens the default heap. Without options, if it is open, it does nothing.
---@param options? mems.options
---@return true? ok nil if the system refuses
---@return string? message
---@return integer? code
function mems.init(options) end

---Opens another heap.
---@param options? mems.options
---@return mems.heap? heap nil if the system refuses
---@return string? message
---@return integer? code
function mems.open(options) end

---Closes the default heap. With the option `leaks` it reports what was not
---freed: on stderr, or as an error.
---@return integer blocks still allocated
---@return integer bytes they were asked for
function mems.finish() end

---Allocates a block. Its contents are undefined.
---@param size integer bytes, from 1
---@param align? integer physical alignment, a power of two up to 4096
---@return lightuserdata? addr nil over the limit or without memory
---@return string? message
---@return integer? code
function mems.malloc(size, align) end

---Allocates a block of `count * size` bytes, all zero.
---@param count integer from 1
---@param size integer bytes, from 1
---@return lightuserdata? addr nil over the limit or without memory
---@return string? message
---@return integer? code
function mems.calloc(count, size) end

---Changes the size of a block; its contents are kept. Without memory the block
---stays as it was.
---@param addr mems.address|nil the start of a block; nil allocates a new one
---@param size integer bytes, from 1
---@return lightuserdata? addr the same or a new one; then the old one is dead
---@return string? message
---@return integer? code
function mems.realloc(addr, size) end

---Frees a block.
---@param addr mems.address the start of a block
function mems.free(addr) end

---The physical address behind a virtual one, good until the block is freed or
---moved.
---@param addr mems.address anywhere inside a block
---@return lightuserdata? physical
---@return string? message
---@return integer? code
function mems.get(addr) end

---The bytes a block was asked for.
---@param addr mems.address the start of a block
---@return integer bytes
function mems.size(addr) end

---Address arithmetic: `addr + n`. Needs no heap.
---@param addr mems.address
---@param n integer may be negative
---@return lightuserdata addr
function mems.add(addr, n) end

---Address arithmetic: `a - b`. Needs no heap.
---@param a mems.address
---@param b mems.address
---@return integer bytes
function mems.diff(a, b) end

---An address as an integer. Needs no heap.
---@param addr mems.address
---@return integer n
function mems.tointeger(addr) end

---An address as a light userdata. Needs no heap.
---@param n mems.address
---@return lightuserdata addr
function mems.toaddress(n) end

---Reads a value. Raises unless all bytes from `addr` to its last one are in
---one block.
---@param addr mems.address virtual, or a physical one that `get` gave
---@param type mems.type
---@param offset? integer bytes, from 0
---@return integer|number|boolean|lightuserdata|nil value
function mems.peek(addr, type, offset) end

---Writes a value. Raises if it does not fit the type, or not all bytes from
---`addr` to its last one are in one block.
---@param addr mems.address virtual, or a physical one that `get` gave
---@param type mems.type
---@param value number|boolean|string|lightuserdata|nil of the kind of the type
---@param offset? integer bytes, from 0
function mems.poke(addr, type, value, offset) end

---Reads values that lie one after the other. A `ptr` that is 0 is false.
---@param addr mems.address
---@param type mems.type
---@param count integer from 0
---@param offset? integer bytes, from 0
---@return table values
function mems.peekarray(addr, type, count, offset) end

---Writes the elements 1 to `#values` of a table, or nothing and raises.
---@param addr mems.address
---@param type mems.type
---@param values table without holes
---@param offset? integer bytes, from 0
---@return integer count
function mems.pokearray(addr, type, values, offset) end

---Reads bytes, whatever they are.
---@param addr mems.address
---@param n integer bytes, from 0
---@param offset? integer bytes, from 0
---@return string s
function mems.readstring(addr, n, offset) end

---Writes the bytes of a string, and nothing after them.
---@param addr mems.address
---@param s string|number
---@param offset? integer bytes, from 0
function mems.writestring(addr, s, offset) end

---Reads a string that ends before a byte 0.
---@param addr mems.address
---@param max? integer its most bytes; without it there has to be a byte 0
---@return string s
function mems.cstring(addr, max) end

---Writes values in a format of `string.pack`.
---@param addr mems.address
---@param fmt string
---@param ... any
---@return lightuserdata next where the next byte would be
function mems.pack(addr, fmt, ...) end

---Reads values in a format of `string.unpack`; after them, the address behind.
---@param addr mems.address
---@param fmt string
---@return any ...
function mems.unpack(addr, fmt) end

---Sets `n` bytes to the same value.
---@param addr mems.address
---@param byte integer 0 to 255
---@param n integer bytes, from 0
function mems.fill(addr, byte, n) end

---Copies `n` bytes. The ranges may overlap.
---@param dst mems.address
---@param src mems.address
---@param n integer bytes, from 0
function mems.copy(dst, src, n) end

---Compares `n` bytes as unsigned numbers.
---@param a mems.address
---@param b mems.address
---@param n integer bytes, from 0
---@return -1|0|1 order
function mems.compare(a, b, n) end

---Finds a string in `n` bytes.
---@param addr mems.address
---@param n integer bytes, from 0
---@param s string
---@return lightuserdata? match
function mems.find(addr, n, s) end

---The state of the heap, from counters.
---@return mems.stats stats
function mems.stats() end

---Loops over the main chain: first address, bytes, how many PROCESS and HOLE
---segments.
---@return fun(): lightuserdata?, integer, integer, integer next
function mems.nodes() end

---Loops over segments in address order: kind, first address, bytes, bytes asked
---for.
---@param node? mems.address any address in a node: only its sub-chain
---@return fun(): mems.kind?, lightuserdata, integer, integer next
function mems.segments(node) end

---Prints main chain, sub-chains and totals.
---@param file? file* default io.stdout
---@return true? ok nil if the file took no more
---@return string? message
---@return integer? code
function mems.print_stats(file) end

---Gives back to the system what is unused.
---@return integer bytes
function mems.trim() end

---Checks every invariant; raises if one does not hold.
---@return true ok
function mems.check() end

---Loops over the live blocks of a heap with the option `trace`: address, bytes
---asked for, where it was allocated, how many allocations there were since.
---@return fun(): lightuserdata?, integer, string, integer? next
function mems.leaks() end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i8(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i8le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i8be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u8(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u8le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u8be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i16(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i16le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i16be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u16(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u16le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u16be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i32(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i32le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i32be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u32(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u32le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u32be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i64(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i64le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_i64be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u64(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u64le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return integer value
function mems.peek_u64be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function mems.peek_f32(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function mems.peek_f32le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function mems.peek_f32be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function mems.peek_f64(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function mems.peek_f64le(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return number value
function mems.peek_f64be(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return boolean value
function mems.peek_bool(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return boolean value
function mems.peek_boolle(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return boolean value
function mems.peek_boolbe(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return lightuserdata? value
function mems.peek_ptr(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return lightuserdata? value
function mems.peek_ptrle(addr, offset) end

---@param addr mems.address
---@param offset? integer
---@return lightuserdata? value
function mems.peek_ptrbe(addr, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i8(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i8le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i8be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u8(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u8le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u8be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i16(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i16le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i16be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u16(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u16le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u16be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i32(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i32le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i32be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u32(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u32le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u32be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i64(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i64le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_i64be(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u64(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u64le(addr, value, offset) end

---@param addr mems.address
---@param value integer
---@param offset? integer
function mems.poke_u64be(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function mems.poke_f32(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function mems.poke_f32le(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function mems.poke_f32be(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function mems.poke_f64(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function mems.poke_f64le(addr, value, offset) end

---@param addr mems.address
---@param value number
---@param offset? integer
function mems.poke_f64be(addr, value, offset) end

---@param addr mems.address
---@param value boolean
---@param offset? integer
function mems.poke_bool(addr, value, offset) end

---@param addr mems.address
---@param value boolean
---@param offset? integer
function mems.poke_boolle(addr, value, offset) end

---@param addr mems.address
---@param value boolean
---@param offset? integer
function mems.poke_boolbe(addr, value, offset) end

---@param addr mems.address
---@param value mems.address|false|nil
---@param offset? integer
function mems.poke_ptr(addr, value, offset) end

---@param addr mems.address
---@param value mems.address|false|nil
---@param offset? integer
function mems.poke_ptrle(addr, value, offset) end

---@param addr mems.address
---@param value mems.address|false|nil
---@param offset? integer
function mems.poke_ptrbe(addr, value, offset) end

---Makes a buffer: bytes that are freed when it is released or collected.
---@param what integer|string bytes, all zero; or what is to be in them
---@param align? integer physical alignment, a power of two up to 4096
---@return mems.buffer buffer nil over the limit or without memory
---@return string? message
---@return integer? code
function mems.buffer(what, align) end

---Makes a buffer of a block that malloc gave.
---@param addr mems.address
---@return mems.buffer
function mems.own(addr) end

---Makes an array.
---@generic T
---@param type mems.structtype<T>
---@param what integer|table how many, all zero; or their values
---@return mems.array<T> array nil over the limit or without memory
---@return string? message
---@return integer? code
---@overload fun(type: mems.itype, what: integer|table): mems.array<integer>
---@overload fun(type: mems.ftype, what: integer|table): mems.array<number>
---@overload fun(type: mems.btype, what: integer|table): mems.array<boolean>
---@overload fun(type: mems.ptype, what: integer|table): mems.array<any>
function mems.array(type, what) end

---Makes a type of struct, for any heap.
---@param definition mems.definition
---@return mems.structtype<mems.struct>
function mems.struct(definition) end

---Calls `f` with a scope, whose memory is freed when it returns or raises.
---@generic T
---@param f fun(s: mems.scope, ...): T...
---@param ... any
---@return T ...
---@overload fun(): mems.scope
function mems.scope(f, ...) end

return mems
