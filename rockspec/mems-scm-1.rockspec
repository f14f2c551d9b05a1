rockspec_format = "3.0"
package = "mems"
version = "scm-1"

source = {
  url = "git+file://.", -- `luarocks make` builds what lies here
}

description = {
  summary = "Checked memory from mmap, behind virtual addresses",
  detailed = [[
mems gives stock Lua 5.4 memory outside of its collector: an allocator on
mmap whose blocks are named by virtual addresses, with typed peek and poke
that check every access.]],
  license = "MIT",
  labels = { "memory", "allocator", "mmap" },
}

supported_platforms = { "linux" }

dependencies = { "lua >= 5.4, < 5.5" }

build = {
  type = "builtin",
  modules = {
    ["mems"] = "lua/mems/init.lua",
    ["mems.scope"] = "lua/mems/scope.lua",
    ["mems.core"] = {
      sources = {
        "src/bins.c",
        "src/chain.c",
        "src/check.c",
        "src/classic.c",
        "src/dict.c",
        "src/guard.c",
        "src/heap.c",
        "src/hole.c",
        "src/lmems.c",
        "src/lmems_arg.c",
        "src/lmems_array.c",
        "src/lmems_block.c",
        "src/lmems_box.c",
        "src/lmems_buffer.c",
        "src/lmems_bulk.c",
        "src/lmems_fail.c",
        "src/lmems_heap.c",
        "src/lmems_kind.c",
        "src/lmems_layout.c",
        "src/lmems_memory.c",
        "src/lmems_number.c",
        "src/lmems_object.c",
        "src/lmems_sort.c",
        "src/lmems_string.c",
        "src/lmems_struct.c",
        "src/lmems_trace.c",
        "src/lmems_type.c",
        "src/lmems_view.c",
        "src/lmems_walk.c",
        "src/pages.c",
        "src/quick.c",
        "src/stats.c",
        "src/trim.c",
      },
      defines = { "_GNU_SOURCE" },
    },
  },
}

test = {
  type = "command",
  command = "make test",
}
