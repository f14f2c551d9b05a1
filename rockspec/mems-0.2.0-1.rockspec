rockspec_format = "3.0"
package = "mems"
version = "0.2.0-1"

source = {
  url = "file://mems-0.2.0.tar.gz", -- `make dist` makes it
  dir = "mems-0.2.0",
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

dependencies = { "lua >= 5.4, < 5.6" }

build = {
  type = "builtin",
  modules = {
    ["mems"] = "lua/mems/init.lua",
    ["mems.picture"] = "lua/mems/picture.lua",
    ["mems.scope"] = "lua/mems/scope.lua",
    ["mems.library.mems"] = "library/mems.lua", -- for editors
    ["mems.core"] = {
      sources = {
        "src/heap/admit.c",
        "src/heap/bins.c",
        "src/heap/chain.c",
        "src/heap/check.c",
        "src/heap/classic.c",
        "src/heap/damage.c",
        "src/heap/dict.c",
        "src/heap/file.c",
        "src/heap/gate.c",
        "src/heap/guard.c",
        "src/heap/head.c",
        "src/heap/heap.c",
        "src/heap/hole.c",
        "src/heap/idle.c",
        "src/heap/living.c",
        "src/heap/open.c",
        "src/heap/pages.c",
        "src/heap/plan.c",
        "src/heap/ranges.c",
        "src/heap/recover.c",
        "src/heap/redo.c",
        "src/heap/root.c",
        "src/heap/runs.c",
        "src/heap/save.c",
        "src/heap/share.c",
        "src/heap/slot.c",
        "src/heap/stats.c",
        "src/heap/trim.c",
        "src/heap/truth.c",
        "src/heap/wait.c",
        "src/lua/argument.c",
        "src/lua/arithmetic.c",
        "src/lua/array.c",
        "src/lua/atomic.c",
        "src/lua/bit.c",
        "src/lua/bits.c",
        "src/lua/block.c",
        "src/lua/box.c",
        "src/lua/buffer.c",
        "src/lua/bulk.c",
        "src/lua/copy.c",
        "src/lua/dump.c",
        "src/lua/each.c",
        "src/lua/element.c",
        "src/lua/explain.c",
        "src/lua/fail.c",
        "src/lua/file.c",
        "src/lua/gate.c",
        "src/lua/heap.c",
        "src/lua/hold.c",
        "src/lua/host.c",
        "src/lua/kernel.c",
        "src/lua/kind.c",
        "src/lua/layout.c",
        "src/lua/leak.c",
        "src/lua/memory.c",
        "src/lua/mems.c",
        "src/lua/meter.c",
        "src/lua/method.c",
        "src/lua/near.c",
        "src/lua/number.c",
        "src/lua/object.c",
        "src/lua/option.c",
        "src/lua/order.c",
        "src/lua/overlay.c",
        "src/lua/protect.c",
        "src/lua/radix.c",
        "src/lua/record.c",
        "src/lua/roots.c",
        "src/lua/saving.c",
        "src/lua/self.c",
        "src/lua/series.c",
        "src/lua/sharing.c",
        "src/lua/sort.c",
        "src/lua/stream.c",
        "src/lua/struct.c",
        "src/lua/text.c",
        "src/lua/trace.c",
        "src/lua/type.c",
        "src/lua/value.c",
        "src/lua/verb.c",
        "src/lua/view.c",
        "src/lua/walk.c",
      },
      libraries = { "m" },
      incdirs = { "src" },
      defines = { "_GNU_SOURCE" },
    },
  },
}

test = {
  type = "command",
  command = "make test",
}
