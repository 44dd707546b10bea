# SPDX-License-Identifier: BSD-2-Clause
# Builds the kernel: make [LLVM=1] [DEBUG=1] [SAN=undefined] [V=1] [O=build]. See README for the rest.

O      ?= build
V      ?= 0
LLVM   ?= 0
DEBUG  ?= 0
SAN    ?=

.DEFAULT_GOAL := all
# One word, of no letter that means something to make.
ifneq ($(words $(O))$(findstring :,$(O))$(findstring %,$(O)),1)
$(error O=$(O) is no folder that make can build in)
endif
.SUFFIXES:
.DELETE_ON_ERROR:

# Brings the tool chain on the first run, before anything below looks for it; instant afterwards.
ifneq ($(filter-out clean,$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell scripts/setup build && echo ready),ready)
$(error scripts/setup build did not succeed)
endif
endif

quiet = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(O)/%,%,$(2))';)

# One compiler command per tool chain; everything else is shared.
MARCH      := rv64imac_zicsr_zifencei
GCC        := riscv64-unknown-elf-gcc
ifeq ($(LLVM),1)
CLANG      ?= clang
CC         := $(CLANG) --target=riscv64-unknown-elf -mno-relax
# Up to version 16 the two are part of i and have no names.
MARCH      := $(if $(shell $(CC) -march=$(MARCH) -x c -c -o /dev/null /dev/null 2>/dev/null && echo y),$(MARCH),rv64imac)
LINK       := $(if $(shell command -v ld.lld),ld.lld,$(firstword $(wildcard /usr/bin/ld.lld-*)))
OBJCOPY    := $(if $(shell command -v llvm-objcopy),llvm-objcopy,$(firstword $(wildcard /usr/bin/llvm-objcopy-*)))
else
CC         := $(GCC)
LINK       := riscv64-unknown-elf-ld
OBJCOPY    := riscv64-unknown-elf-objcopy
endif
ARCH_FLAGS := -march=$(MARCH) -mabi=lp64 -mcmodel=medany
# For fragments that build other RISC-V programs.
export CC OBJCOPY

PICOLIBC   := /usr/lib/picolibc/riscv64-unknown-elf
LIBFDT     := .cache/libfdt
# The multilib without the z extensions, whose code does not differ.
LIBC       := $(firstword $(wildcard $(addprefix $(PICOLIBC)/lib/,release/rv64imac/lp64/libc.a rv64imac/lp64/libc.a)))
LIBGCC      = $(shell $(GCC) -march=rv64imac -mabi=lp64 -mcmodel=medany -print-libgcc-file-name)

VERSION    := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

CPPFLAGS := -I. -I$(O)/gen -isystem $(PICOLIBC)/include -isystem $(LIBFDT) -D_GNU_SOURCE
CFLAGS   := -std=gnu11 -O2 -g $(ARCH_FLAGS) -ffreestanding -fno-pic -fno-common -fno-builtin-printf \
            -fno-strict-aliasing -fno-omit-frame-pointer -fno-optimize-sibling-calls \
            -fno-asynchronous-unwind-tables -fno-stack-protector -ffunction-sections -fdata-sections \
            -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wshadow \
            -Wframe-larger-than=2048
ifneq ($(LLVM),1)
CFLAGS   += -fno-tree-loop-distribute-patterns
endif
ifeq ($(DEBUG),1)
CPPFLAGS += -DDEBUG=1
endif
ifneq ($(SAN),)
CFLAGS   += -fsanitize=$(SAN) -fsanitize-undefined-trap-on-error
endif
LDFLAGS  := -nostdlib --gc-sections --build-id=none \
            -z noexecstack -z max-page-size=4096 --defsym=vfprintf=__i_vfprintf
ifneq ($(LLVM),1)
LDFLAGS  += --no-warn-rwx-segments
endif

# The kernel is every source below these folders, but what is for the host or for generating; then what
# only tests and measures it.
KERNEL_DIRS := sbi arch/riscv percpu core drivers ipi threads shell
TEST_DIRS   := tests tests/kernel tests/bench tests/torture
objects_of = $(patsubst %,$(O)/%.o,$(basename $(filter-out arch/riscv/asm-offsets.c, \
             $(foreach d,$(1),$(sort $(wildcard $(d)/*.c $(d)/*.S))))))
BARE_OBJS := $(call objects_of,$(KERNEL_DIRS))
OBJS := $(BARE_OBJS) $(call objects_of,$(TEST_DIRS))
FDT_OBJS := $(addprefix $(O)/libfdt/,fdt.o fdt_ro.o fdt_addresses.o)

# What runs seldom is small; benchmarks and torture are not among it.
SMALL := $(if $(filter 1,$(LLVM)),-Oz,-Os)
$(O)/tests/kernel/%.o $(O)/shell/%.o: CFLAGS += $(SMALL)
# Tests in the order in which they were written.
ifneq ($(LLVM),1)
$(O)/tests/%.o: CFLAGS += -fno-toplevel-reorder
endif
# The way of a call is counted in instructions. s0 stays the caller's frame pointer: a backtrace passes over these. clang
# does not keep its hands off a fixed register, and keeps its frames.
ifneq ($(LLVM),1)
$(O)/ipi/%.o $(O)/tests/bench/%.o: CFLAGS += -fomit-frame-pointer -ffixed-x8 -foptimize-sibling-calls
endif
# Code that runs before translation is on: nothing in it may need a linked address.
$(O)/arch/riscv/early_map.o: CFLAGS += -fno-jump-tables -fno-sanitize=all

.PHONY: all clean FORCE
all: $(O)/muster.elf $(O)/Image $(O)/bare/Image

# What the output depends on besides sources: a change of flags builds anew.
FLAGS_NOW := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
$(O)/gen/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' >$@
# And which objects there are: one that goes is linked no more.
$(O)/gen/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(OBJS)' | cmp -s - $@ || echo '$(OBJS)' >$@
$(O)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define MUSTER_VERSION "%s"\n#define MUSTER_FLAGS "%s"\n' '$(VERSION)' \
		'$(if $(filter 1,$(LLVM)),LLVM=1 )$(if $(filter 1,$(DEBUG)),DEBUG=1 )$(if $(SAN),SAN=$(SAN))' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(O)/gen/asm-offsets.h: arch/riscv/asm-offsets.c $(O)/gen/flags | $(TOOLS_READY)
	$(call quiet,GEN,$@)$(CC) $(CPPFLAGS) $(CFLAGS) -S -o $@.s $<
	@sed -n 's/.*"->\([A-Z0-9_]*\) \(-*[0-9]*\)".*/#define \1 \2/p' $@.s >$@
	@test -s $@

$(OBJS): | $(O)/gen/asm-offsets.h $(O)/gen/version.h $(TOOLS_READY)
$(O)/%.o: %.c $(O)/gen/flags Makefile
	@mkdir -p $(@D)
	$(call quiet,CC,$@)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(O)/%.o: %.S $(O)/gen/flags
	@mkdir -p $(@D)
	$(call quiet,AS,$@)$(CC) $(CPPFLAGS) $(ARCH_FLAGS) -g -MMD -MP -c -o $@ $<
$(O)/libfdt/%.o: $(LIBFDT)/%.c $(O)/gen/flags
	@mkdir -p $(@D)
	$(call quiet,CC,$@)$(CC) $(CPPFLAGS) $(filter-out -Werror -W%,$(CFLAGS)) -w -c -o $@ $<

$(O)/kernel.lds: arch/riscv/kernel.lds arch/riscv/page.h $(O)/gen/flags
	$(call quiet,GEN,$@)$(CC) -E -P -I. -D__ASSEMBLER__ -x assembler-with-cpp -o $@ $<

# Linked twice: the symbol table is made from the first link and lies behind all text, so text stays
# where it was.
link = $(LINK) $(LDFLAGS) -T $(O)/kernel.lds -o $(1) $(2) --start-group $(FDT_OBJS) $(LIBC) $(LIBGCC) --end-group
# $(1) folder, $(2) objects.
define LINKED_IMAGE
$(1)/stage1.elf: $(2) $(FDT_OBJS) $(O)/gen/ksyms1.o $(O)/gen/objects $(O)/kernel.lds
	@mkdir -p $$(@D)
	$$(call quiet,LINK,$$@)$$(call link,$$@,$(2) $(O)/gen/ksyms1.o)
$(1)/ksyms2.S: $(1)/stage1.elf scripts/ksyms.py
	$$(call quiet,KSYMS,$$@)python3 scripts/ksyms.py $$< >$$@
$(1)/muster.elf: $(1)/ksyms2.o $(2) $(FDT_OBJS) $(O)/kernel.lds
	$$(call quiet,LINK,$$@)$$(call link,$$@,$(2) $(1)/ksyms2.o)
	@python3 scripts/ksyms.py --check $$@
$(1)/Image: $(1)/muster.elf
	$$(call quiet,IMAGE,$$@)$$(OBJCOPY) -O binary $$< $$@
endef
$(eval $(call LINKED_IMAGE,$(O),$(OBJS)))
# The same kernel, without what tests and measures it.
$(eval $(call LINKED_IMAGE,$(O)/bare,$(BARE_OBJS)))
$(O)/gen/ksyms1.S: scripts/ksyms.py | $(O)/gen/flags
	$(call quiet,GEN,$@)python3 $< --empty >$@
$(O)/%.o: $(O)/%.S
	$(call quiet,AS,$@)$(CC) $(CPPFLAGS) $(ARCH_FLAGS) -c -o $@ $<

clean:
	rm -rf $(O)

-include $(OBJS:.o=.d)
-include $(wildcard scripts/*.mk tests/*/*.mk)
