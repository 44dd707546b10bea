# SPDX-License-Identifier: BSD-2-Clause
# Fuzzers of the parsers: make fuzz builds $(O)/fuzz/fuzz_NAME and their seeds; tests/fuzz/fuzz.t
# runs them.
#
# A fuzzer is one line, the sources it needs besides tests/fuzz/fuzz_NAME.c and the host shim.

FUZZ_fdt   := $(FDT_TEST_SOURCES)
FUZZ_param := core/param.c
FUZZ_line  := shell/line.c shell/shell.c core/printk.c core/console.c core/console_input.c core/logring.c

FUZZERS := fdt param line

FUZZ_CC    ?= clang
FUZZ_FLAGS := -std=gnu11 -O1 -g1 -fno-omit-frame-pointer -pthread -Wall -Wextra -Werror -Itests/host/shim -I. \
	-isystem $(LIBFDT) -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_SHIM  := $(wildcard tests/host/shim/*.c) core/spinlock.c percpu/alloc.c

FUZZ_SAY = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(O)/%,%,$(2))';)

$(O)/fuzz/obj/$(LIBFDT)/%.o: FUZZ_EXTRA := -w

$(O)/fuzz/obj/%.o: %.c tests/fuzz/fuzz.mk | $(TOOLS_READY)
	@mkdir -p $(@D)
	$(call FUZZ_SAY,FUZZCC,$@)$(FUZZ_CC) $(FUZZ_FLAGS) $(FUZZ_EXTRA) -MMD -MP -c -o $@ $<

$(O)/fuzz/libshim.a: $(FUZZ_SHIM:%.c=$(O)/fuzz/obj/%.o)
	@rm -f $@
	@ar rcs $@ $^

define FUZZ_BINARY
$(O)/fuzz/fuzz_$(1): $(O)/fuzz/obj/tests/fuzz/fuzz_$(1).o $(FUZZ_$(1):%.c=$(O)/fuzz/obj/%.o) $(O)/fuzz/libshim.a
	$$(call FUZZ_SAY,FUZZLD,$$@)$(FUZZ_CC) -pthread -fsanitize=fuzzer,address,undefined -Wl,-T,tests/host/shim/host.ld \
		$$(filter %.o %.a,$$^) -lcmocka -o $$@

endef
$(foreach f,$(FUZZERS),$(eval $(call FUZZ_BINARY,$(f))))

$(O)/fuzz/corpus: tests/fuzz/corpus.sh $(wildcard tests/fdt/*.dts) | $(TOOLS_READY)
	@rm -rf $@
	$(call FUZZ_SAY,SEEDS,$@)tests/fuzz/corpus.sh $@
	@touch $@

fuzz: $(FUZZERS:%=$(O)/fuzz/fuzz_%) $(O)/fuzz/corpus
.PHONY: fuzz

-include $(shell find $(O)/fuzz -name '*.d' 2>/dev/null)
