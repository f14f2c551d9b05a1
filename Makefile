# mems: builds the C library and the Lua module, and runs all that checks
# them. `make help` lists the targets. Whatever is built lands in build/:
#
#   build/libmems.a, build/libmems.so   the C library, which needs only libc
#   build/mems/core.so                  the Lua module mems.core
#   build/libmems_lua.a, .so            the same for programs that host Lua
#   build/test/mems/core.so             the same with probes, for the specs

LUA ?= $(firstword $(shell command -v lua5.4 lua) lua5.4)
BUSTED ?= $(LUA) $(shell command -v busted) --ignore-lua
LDOC ?= $(LUA) $(shell command -v ldoc)
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
SECONDS ?= 60

VERSION := $(shell sed -n 's/.*MEMS_VERSION "\(.*\)"/\1/p' src/mems.h)
MAJOR := $(firstword $(subst ., ,$(VERSION)))
LIBDIR = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
# Folders and paths follow the interpreter's version.
LUA_VERSION := $(or $(shell $(LUA) -e \
  'io.write(_VERSION:match("%d%.%d"))' 2>/dev/null),5.4)
LUA_SUFFIX := $(subst .,_,$(LUA_VERSION))
LUADIR = $(PREFIX)/share/lua/$(LUA_VERSION)
LUALIBDIR = $(LIBDIR)/lua/$(LUA_VERSION)
LUA_NAMES := lua$(LUA_VERSION) lua-$(LUA_VERSION) lua

# lua.h is in LUA_INCDIR, or where pkg-config knows of it.
ifdef LUA_INCDIR
LUA_CFLAGS := -I$(LUA_INCDIR)
else
LUA_CFLAGS := $(shell for name in $(LUA_NAMES); do \
  pkg-config --cflags $$name 2>/dev/null && exit; \
done; echo -I/usr/include/lua$(LUA_VERSION))
endif

# liblua is for the programs that run Lua themselves: fuzz and tsan.
LUA_LIBS = $(shell for name in $(LUA_NAMES); do \
  pkg-config --libs $$name 2>/dev/null && exit; done; \
  echo -llua$(LUA_VERSION))

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wundef $(if $(WERROR),-Werror)
STANDARD := -std=c11 -D_GNU_SOURCE -Isrc -fPIC -fvisibility=hidden \
  -fno-semantic-interposition $(WARNINGS)
COMPILE = $(CC) $(STANDARD) $(OWN) $(CPPFLAGS) $(CFLAGS)
SHARED = $(CC) $(CFLAGS) -shared -Wl,-Bsymbolic $(LDFLAGS)

# Each command is shown as the file it makes; with V=1 as it is.
Q = $(if $(V),,@echo "make $@"; )

LIBRARY := $(wildcard src/heap/*.c)
BINDING := $(wildcard src/lua/*.c)
PROBES := $(wildcard spec/*.c)
# Programs that host Lua need liblua; the others nothing.
HOST := build/examples/host
PROGRAMS := $(filter-out $(HOST), \
  $(patsubst %.c,build/%,$(wildcard examples/*.c)))
PRODUCTS := build/libmems.a build/libmems.so build/mems/core.so \
  build/libmems_lua.a build/libmems_lua.so $(PROGRAMS)
LUA_FILES := $(patsubst lua/%,%,$(wildcard lua/mems/*.lua lua/mems/*/*.lua))
TYPES := mems/library/mems.lua

LIBRARY_O := $(LIBRARY:src/%.c=build/obj/%.o)
BINDING_O := $(BINDING:src/%.c=build/obj/%.o)
TEST_O := $(patsubst src/%.c,build/test/%.o,$(LIBRARY) $(BINDING)) \
  $(PROBES:spec/%.c=build/test/spec/%.o)

# What a user has set is kept for .ci/found.
LUA_PATHS := LUA_PATH_$(LUA_SUFFIX)
LUA_CPATHS := LUA_CPATH_$(LUA_SUFFIX)
OUTSIDE := $(LUA_PATHS)='$($(LUA_PATHS))' $(LUA_CPATHS)='$($(LUA_CPATHS))'
export $(LUA_PATHS) := lua/?.lua;lua/?/init.lua;./?.lua;;
export $(LUA_CPATHS) := build/?.so;;

.PHONY: all test swept sweep env demo bench bench-plot bench-smoke lint asan \
  tiny valgrind coverage soak tsan fuzz crash shared docs dist generate \
  install uninstall clean help FORCE
.DELETE_ON_ERROR:

all: $(PRODUCTS) ## build libraries, module and examples

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | \
	  sed 's/\$$\$$/$$/g' | expand -t 18

# Building. build/flags changes when the compiler's flags or the list of files
# do; then all is built again.

build/flags: FORCE
	@mkdir -p build
	@echo '$(COMPILE) $(LUA_CFLAGS) $(LIBRARY) $(BINDING) $(PROBES)' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BINDING_O) $(TEST_O): OWN += $(LUA_CFLAGS)
$(TEST_O): OWN += -DMEMS_TEST -Isrc/heap -Isrc/lua
# spec/watch.c opens it, and has its allocator in use until the state ends.
build/test/lua/mems.o: OWN += -Dluaopen_mems_core=luaopen_mems_unwatched

build/obj/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$Q$(COMPILE) -MMD -MP -c -o $@ $<

build/test/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$Q$(COMPILE) -MMD -MP -c -o $@ $<

build/test/spec/%.o: spec/%.c build/flags
	@mkdir -p $(@D)
	$Q$(COMPILE) -MMD -MP -c -o $@ $<

build/libmems.a: $(LIBRARY_O)
	@rm -f $@
	$Q$(AR) rcs $@ $^

build/libmems.so: $(LIBRARY_O)
	$Q$(SHARED) -Wl,-soname,libmems.so.$(MAJOR) -Wl,-z,defs -o $@ $^
	@ln -sf libmems.so build/libmems.so.$(MAJOR)

build/mems/core.so: $(LIBRARY_O) $(BINDING_O)
	@mkdir -p $(@D)
	$Q$(SHARED) -o $@ $^ -lm

# What programs link that host Lua: the module itself, so that there is one of
# it however many ask for it.
build/libmems_lua.so: build/mems/core.so
	@ln -sf mems/core.so $@

build/libmems_lua.a: $(LIBRARY_O) $(BINDING_O)
	@rm -f $@
	$Q$(AR) rcs $@ $^

build/test/mems/core.so: $(TEST_O)
	@mkdir -p $(@D)
	$Q$(SHARED) -Wl,-z,nodelete -o $@ $^ -lm

build/examples/%: examples/%.c build/libmems.a
	@mkdir -p $(@D)
	$Q$(COMPILE) -MMD -MP $(LDFLAGS) -o $@ $< build/libmems.a

$(HOST): examples/host.c build/libmems_lua.a
	@mkdir -p $(@D)
	$Q$(COMPILE) $(LUA_CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< \
	  build/libmems_lua.a $(LUA_LIBS) -lm

-include $(wildcard build/obj/*/*.d build/test/*/*.d build/examples/*.d)

# Trying. SPECS=spec/one_spec.lua runs one file only.

test: all $(HOST) build/misuse build/test/mems/core.so ## run the specs
	.ci/specs build/specs.log $(RUNNER) $(BUSTED) $(BUSTED_FLAGS) $(SPECS)

build/misuse: spec/misuse/misuse.c build/libmems.a
	$Q$(COMPILE) $(LDFLAGS) -o $@ $^

swept: all build/test/mems/core.so
	$(RUNNER) $(LUA) spec/sweep.lua $(PLAN)

# A PREFIX that is named is that of an installed tree.
ifeq ($(origin PREFIX),command line)
env: TREE = $(LUADIR)/?.lua;$(LUADIR)/?/init.lua
env: CTREE = $(LUALIBDIR)/?.so
else
env: TREE = $(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua
env: CTREE = $(CURDIR)/build/?.so
endif
env: ## print what lets Lua find the built tree: eval "$$(make -s env)"
	@echo 'export $(LUA_PATHS)="$(TREE);;" $(LUA_CPATHS)="$(CTREE);;"'

demo: all $(HOST) ## run the classic session and a host of Lua, count words
	$(LUA) examples/session.lua
	$(HOST)
	$(LUA) examples/wordcount.lua $(firstword \
	  $(wildcard /usr/share/common-licenses/GPL-3) README.md)

bench: all ## measure, and write tables and picture in docs/benchmarks.*
	$(MAKE) -C bench

bench-plot: all ## draw the last measurement again
	$(MAKE) -C bench plot

bench-smoke: all ## run each measurement for a moment, to see that it runs
	$(MAKE) -C bench smoke

# Half of the time on the ordinary build, half with limits shrunken.
soak: all ## random calls against a model, SECONDS long; SEED=n
	@$(call mirror,tiny)
	+$(MAKE) -C build/tiny all CPPFLAGS=-DMEMS_TINY
	half=$$((($(SECONDS) + 1) / 2)); \
	$(LUA) spec/soak.lua $$half $(SEED) && \
	cd build/tiny && $(LUA) spec/soak.lua $$half $(SEED)

tsan: build/threads build/tsan/shared ## threads, under ThreadSanitizer
	build/tsan/shared threads $(SECONDS)
	build/threads $(SECONDS) $(or $(SEED),$$(date +%s))

shared: build/shared ## processes that share a heap and are killed; KILLS=n
	build/shared $(SECONDS) $(or $(KILLS),0) $(or $(SEED),$$(date +%s))

SHARING := $(wildcard spec/share/*.c) $(LIBRARY)
SHARING_FLAGS := -DMEMS_TEST -Isrc/heap -lpthread
build/shared: $(SHARING) spec/share/sharing.h build/flags
	$Q$(COMPILE) -o $@ $(filter %.c,$^) $(SHARING_FLAGS)

build/tsan/shared: $(SHARING) spec/share/sharing.h build/flags
	@mkdir -p $(@D)
	$Q$(CC) $(STANDARD) -g -O1 -fsanitize=thread -o $@ $(filter %.c,$^) \
	  $(SHARING_FLAGS)

build/threads: spec/threads/threads.c $(LIBRARY) $(BINDING) build/flags
	$Q$(CC) $(STANDARD) $(LUA_CFLAGS) -g -O1 -fsanitize=thread -o $@ \
	  $(filter %.c,$^) $(LUA_LIBS) -lm -lpthread

fuzz: ## libFuzzer on the heap and on the binding, SECONDS each
	+$(MAKE) -C spec/fuzz SECONDS=$(SECONDS) LUA_CFLAGS="$(LUA_CFLAGS)" \
	  LUA_LIBS="$(LUA_LIBS)"

# ROUNDS of kill -9, SECONDS of them at most; see spec/crash/Makefile.
crash: ## heaps in files whose process dies, or whose disk lies
	+$(MAKE) -C spec/crash $(if $(filter file,$(origin SECONDS)),,\
	  SECONDS=$(SECONDS))

# Checking. A variant is the same tree seen through links and built with
# other flags, so that each path in a spec means the variant's own file. Some
# run the specs on the test build, where what is held is watched.

WATCHED := $(LUA_CPATHS)='build/test/?.so;build/?.so;;'

MIRRORED := $(filter-out build mems,$(wildcard *)) .busted .ci
mirror = mkdir -p build/$1 && cd build/$1 && \
  for name in $(MIRRORED); do ln -sfn ../../$$name $$name; done

# Where thread-local variables come by a call, LeakSanitizer takes what stands
# before them for where they lie, and crashes.
GUARDS := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
  -fno-omit-frame-pointer -ftls-model=initial-exec
GUARDED = -C build/asan CFLAGS="-O1 -g $(GUARDS)" LDFLAGS="-Wl,-z,nodelete" \
  RUNNER="env LD_PRELOAD=$$($(CC) -print-file-name=libasan.so)" $(WATCHED)
asan sweep: export ASAN_OPTIONS ?= detect_leaks=1:abort_on_error=0
asan sweep: export LSAN_OPTIONS ?= exitcode=23:print_suppressions=0
asan sweep: export UBSAN_OPTIONS ?= print_stacktrace=1
asan: export MEMS_SPEC_SCALE ?= 25
asan: ## run the specs under AddressSanitizer and UBSan
	@$(call mirror,asan)
	+$(MAKE) test $(GUARDED) BUSTED_FLAGS=--exclude-tags=style,swept

sweep: ## a script's code in the middle of every verb, under ASan
	@$(call mirror,asan)
	+$(MAKE) swept $(GUARDED) PLAN=every

# Specs with the tag `limits` are about the ordinary ones.
tiny: ## run the specs with tiny limits, for the rare paths
	@$(call mirror,tiny)
	+$(MAKE) -C build/tiny test CPPFLAGS=-DMEMS_TINY \
	  BUSTED_FLAGS=--exclude-tags=style,limits $(WATCHED)

VALGRIND = valgrind --quiet --error-exitcode=99 --keep-debuginfo=yes \
  --leak-check=full --errors-for-leak-kinds=definite
# In parts: valgrind has no room for the address space of all heaps at once.
VALGRIND_PARTS = $(or $(SPECS),spec/[a-f]*_spec.lua spec/[g-m]*_spec.lua \
  spec/[n-r]*_spec.lua spec/s[a-h]*_spec.lua spec/s[i-z]*_spec.lua \
  spec/[t-z]*_spec.lua)
valgrind: all build/test/mems/core.so ## run them under valgrind
	export MEMS_SPEC_SCALE=$${MEMS_SPEC_SCALE:-2}; \
	for part in $(VALGRIND_PARTS:%='%'); do \
	  .ci/specs build/valgrind.log $(VALGRIND) \
	    $(BUSTED) --exclude-tags=style,swept $$part || exit 1; \
	done
	$(WATCHED) $(VALGRIND) $(LUA) spec/sweep.lua least default

coverage: export MEMS_SPEC_SCALE ?= 20
coverage: ## show how much of src/ the specs reach; under 95 % fails
	@$(call mirror,coverage)
	find build/coverage -name '*.gcda' -delete
	+status=0; $(MAKE) -C build/coverage test CFLAGS="-O0 -g --coverage" \
	  CPPFLAGS=-DMEMS_TEST BUSTED_FLAGS=--exclude-tags=style,swept || \
	  status=1; \
	cd build/coverage && gcovr --root ../.. --object-directory build \
	  --filter '.*/src/.*\.c' --fail-under-line 95 $(GCOVR_FLAGS) build && \
	exit $$status

TIDY_FLAGS = $(STANDARD) $(LUA_CFLAGS)
lint: all ## luacheck, clang-tidy, gcc -fanalyzer, the style as specs
	luacheck --quiet lua spec examples bench rockspec .ci
	clang-tidy --quiet src/*/*.c -- $(TIDY_FLAGS)
	for source in src/*/*.c; do gcc $(TIDY_FLAGS) -O2 -Werror -fanalyzer \
	  -c -o /dev/null $$source || exit 1; done
	.ci/specs build/style.log $(BUSTED) --tags=style

docs: ## make the site of guide, cookbook and reference in build/docs
	@mkdir -p build/reference
	$(LUA) .ci/reference.lua build/reference/mems.c
	$(LUA) .ci/cdoc.lua src/mems.h build/reference/mems.h.c
	$(LUA) .ci/cdoc.lua src/mems_lua.h build/reference/mems_lua.h.c
	$(LDOC) --quiet --fatalwarnings -c docs/config.ld .
	$(LUA) .ci/site.lua
	@echo "open build/docs/index.html"

# Releasing. The tarball is what is committed; the rockspec beside it builds
# it: `luarocks build mems-VERSION-1.rockspec` in that folder.

RELEASE := mems-$(VERSION)
dist: ## pack the release into build/dist, a tarball and its rockspec
	@mkdir -p build/dist
	git archive --prefix=$(RELEASE)/ -o build/dist/$(RELEASE).tar.gz HEAD
	git show HEAD:rockspec/$(RELEASE)-1.rockspec \
	  > build/dist/$(RELEASE)-1.rockspec

generate: all ## write what is made from other files: editor types, rockspec
	$(LUA) .ci/types.lua > build/types.lua
	@mv build/types.lua library/mems.lua
	$(LUA) .ci/rockspec.lua $(VERSION) > rockspec/$(RELEASE)-1.rockspec

# Installing, below $(DESTDIR)$(PREFIX).

define PKGCONFIG
prefix=$(PREFIX)
libdir=$(LIBDIR)
includedir=$(INCLUDEDIR)

Name: mems
Description: checked memory from mmap behind virtual addresses
Version: $(VERSION)
Libs: -L$${libdir} -lmems
Cflags: -I$${includedir}
endef
export PKGCONFIG

INSTALL_TO = $(DESTDIR)$(LIBDIR)
install: all ## install below PREFIX (/usr/local), or DESTDIR and PREFIX
	@for file in $(LUA_FILES); do \
	  install -D -m 644 lua/$$file $(DESTDIR)$(LUADIR)/$$file || exit 1; done
	@install -D -m 644 library/mems.lua $(DESTDIR)$(LUADIR)/$(TYPES)
	@install -D build/mems/core.so $(DESTDIR)$(LUALIBDIR)/mems/core.so
	@install -D -m 644 src/mems.h $(DESTDIR)$(INCLUDEDIR)/mems.h
	@install -m 644 src/mems_lua.h $(DESTDIR)$(INCLUDEDIR)/mems_lua.h
	@install -D -m 644 build/libmems.a $(INSTALL_TO)/libmems.a
	@install -m 644 build/libmems_lua.a $(INSTALL_TO)/libmems_lua.a
	@ln -sf $(LUALIBDIR:$(LIBDIR)/%=%)/mems/core.so \
	  $(INSTALL_TO)/libmems_lua.so
	@install -D build/libmems.so $(INSTALL_TO)/libmems.so.$(VERSION)
	@ln -sf libmems.so.$(VERSION) $(INSTALL_TO)/libmems.so.$(MAJOR)
	@ln -sf libmems.so.$(MAJOR) $(INSTALL_TO)/libmems.so
	@install -d $(INSTALL_TO)/pkgconfig
	@echo "$$PKGCONFIG" > $(INSTALL_TO)/pkgconfig/mems.pc
	@echo "$$PKGCONFIG" | sed 's/^Name: mems/&-lua/; s/-lmems/&_lua/' \
	  > $(INSTALL_TO)/pkgconfig/mems-lua.pc
	@[ -n "$(DESTDIR)" ] || $(OUTSIDE) LUA="$(LUA)" .ci/found $(PREFIX)

uninstall: ## remove what install put there
	@rm -f $(LUA_FILES:%=$(DESTDIR)$(LUADIR)/%) $(DESTDIR)$(LUADIR)/$(TYPES) \
	  $(DESTDIR)$(LUALIBDIR)/mems/core.so $(DESTDIR)$(INCLUDEDIR)/mems.h \
	  $(DESTDIR)$(INCLUDEDIR)/mems_lua.h \
	  $(INSTALL_TO)/libmems.a $(INSTALL_TO)/libmems.so* \
	  $(INSTALL_TO)/libmems_lua.a $(INSTALL_TO)/libmems_lua.so \
	  $(INSTALL_TO)/pkgconfig/mems.pc $(INSTALL_TO)/pkgconfig/mems-lua.pc
	-@rmdir $(DESTDIR)$(LUADIR)/mems/library $(DESTDIR)$(LUADIR)/mems \
	  $(DESTDIR)$(LUALIBDIR)/mems

clean: ## remove what was built, by luarocks as well
	rm -rf build mems src/*/*.o
