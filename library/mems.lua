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
---@field base? integer first virtual address, a multiple of 8; 1000
---@field page? integer smallest node in bytes, multiple of 4096; 4096
---@field align? integer physical alignment, a power of two; 8
---@field quarantine? integer bytes of freed blocks kept back; 0
---@field fill? boolean fill new blocks with 0xAA, freed ones with 0x55

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

---Opens the default heap.
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

---Closes the default heap.
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

return mems
