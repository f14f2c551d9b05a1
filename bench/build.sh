#!/bin/sh
# Compiles the workloads once per allocator into build/bench/alloc-NAME, all
# with the same flags and each against its allocator as a shared library.
# An allocator that is not installed is left out with a note.
# The library itself is taken as `make` left it: build/libmems.so, or
# $MEMS_LIB.

cd "$(dirname "$0")/.." || exit 1
out=build/bench
cc=${CC:-cc}
lua=${LUA_CFLAGS:-$(pkg-config --cflags lua5.4 2>/dev/null ||
  echo -I/usr/include/lua5.4)}
flags="-std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Wpedantic -Wshadow -Wundef
  -Wno-missing-field-initializers"
# Else the compiler may leave out a malloc whose block is not used.
plain="-fno-builtin-malloc -fno-builtin-free"
sources="bench/alloc.c bench/pause.c bench/space.c bench/work.c
  bench/harness.c"

mkdir -p "$out"

# program NAME ADAPTER LIBRARY...
program() {
  name=$1
  adapter=$2
  shift 2
  # shellcheck disable=SC2086
  if $cc $flags $plain -Isrc -DADAPTER="\"adapter_$adapter.h\"" \
    -DADAPTER_NAME="\"$name\"" -o "$out/alloc-$name" $sources \
    -Wl,--no-as-needed "$@" -Wl,-z,now -lm 2>"$out/$name.log"; then
    return 0
  fi
  rm -f "$out/alloc-$name"
  return 1
}

# peer NAME SONAME: the runtime package alone is enough.
peer() {
  program "$1" malloc "-l:$2" || program "$1" malloc "-l$1" ||
    echo "bench: no $1 here, left out" >&2
}

# shellcheck disable=SC2086
$cc $flags -fPIC -shared -o "$out/libnone.so" bench/none.c || exit 1
program none none "$out/libnone.so" "-Wl,-rpath,\$ORIGIN" || {
  cat "$out/none.log" >&2
  exit 1
}
program glibc malloc
peer jemalloc libjemalloc.so.2
peer mimalloc libmimalloc.so.2
for name in mems translated; do
  program $name $name "${MEMS_LIB:-build/libmems.so}" \
    "-Wl,-rpath,\$ORIGIN/.." || {
    cat "$out/$name.log" >&2
    exit 1
  }
done

# own NAME SOURCE...: what measures mems alone.
own() {
  name=$1
  shift
  # shellcheck disable=SC2086
  $cc $flags -Isrc -o "$out/$name" "$@" bench/harness.c \
    "${MEMS_LIB:-build/libmems.so}" "-Wl,-rpath,\$ORIGIN/.." -lm || exit 1
}

own bounds bench/bounds.c
own options bench/options.c
# shellcheck disable=SC2086
$cc $flags $plain -fPIC -shared -Isrc -o "$out/libshim.so" bench/shim.c \
  "${MEMS_LIB:-build/libmems.so}" "-Wl,-rpath,\$ORIGIN/.." -Wl,-z,now || exit 1
[ -f bench/twin.c ] || exit 0
for name in twin object_twin; do
  # shellcheck disable=SC2086
  $cc $flags -fPIC -shared $lua -o "$out/$name.so" "bench/$name.c" || exit 1
done
