# SPDX-License-Identifier: BSD-2-Clause
# Unit tests on the host: kernel sources and tests/host/test_NAME.c, built with sanitizers by gcc
# and by clang.
#
# A test is one line, the kernel sources it needs; tests/host/shim stands in for the rest:
#   HOST_TEST_name := core/a.c core/b.c
# HOST_TSAN names those that run harts as threads: they are also built with the thread sanitizer.
#
# Binaries: $(O)/host/{gcc,clang,tsan}/test_NAME. tests/host/host.t runs those of one flavour as
# TAP.

O      ?= build
LIBFDT ?= .cache/libfdt

HOST_TEST_bitmap   :=
HOST_TEST_cpumask  := core/cpumask.c
HOST_TEST_hotplug  := core/hotplug.c core/hotplug_move.c core/cpumask.c
HOST_TEST_hotplug_rows := $(HOST_TEST_hotplug)
HOST_TEST_idlist   := core/idlist.c
HOST_TEST_llist    := core/llist.c
HOST_TEST_memcopy  := core/memcopy.c
HOST_TEST_page     := core/memcopy.c
HOST_TEST_kmalloc  := core/memcopy.c
HOST_TEST_percpu   := percpu/alloc.c core/percpu.c core/cpumask.c
HOST_TEST_printk   := core/printk.c core/console.c
HOST_TEST_console  := core/printk.c core/console.c core/console_input.c core/logring.c
HOST_TEST_line     := shell/line.c core/printk.c core/console.c core/logring.c
HOST_TEST_shell    := shell/shell.c shell/line.c core/printk.c core/console.c core/console_input.c core/logring.c
HOST_TEST_symbols  := core/symbols.c
HOST_TEST_imsic_addr := drivers/imsic_addr.c
HOST_TEST_spinlock :=
HOST_TEST_sbi_line := ipi/sbi_line.c
HOST_TEST_smp_cycle := core/smp_cycle.c sbi/errors.c sbi/hsm.c sbi/hsm_answers.c

HOST_TEST_timer    := core/timer.c core/timer_heap.c core/cpumask.c

HOST_TEST_wake     := threads/wake.c core/cpumask.c

HOST_CALL_SRCS := core/cpumask.c $(addprefix ipi/,call.c call_many.c call_timeout.c call_wait.c call_stats.c \
	irq_work.c ipi.c backtrace.c)
HOST_TEST_call      := $(HOST_CALL_SRCS)
HOST_TEST_call_wait := $(HOST_CALL_SRCS)
HOST_TEST_call_windows := $(HOST_CALL_SRCS)
HOST_TEST_irq_work  := $(HOST_CALL_SRCS)

# With the kernel's own scheduler, idle loop, timers and hotplug: see thread_world.h.
HOST_THREAD_SRCS := $(HOST_CALL_SRCS) ipi/timer_kick.c \
	$(addprefix core/,hotplug.c hotplug_move.c timer.c timer_heap.c) $(addprefix threads/,completion.c cpuhp.c \
	cpus_lock.c idle.c kthread.c mutex.c sched.c sleep.c smpboot.c task.c wait.c wake.c)
HOST_TEST_thread_wait := $(HOST_THREAD_SRCS)
HOST_TEST_thread_park := $(HOST_THREAD_SRCS)
HOST_TEST_stop_machine := $(HOST_THREAD_SRCS) threads/stop_machine.c threads/stopper.c
HOST_TEST_workqueue := $(HOST_THREAD_SRCS) $(addprefix threads/work,er.c flush.c pool.c queue.c)

HOST_THREAD_TESTS := thread_wait thread_park stop_machine workqueue

HOST_TSAN := smp_cycle spinlock printk console cpumask llist page kmalloc percpu call call_wait call_windows irq_work timer \
	wake $(HOST_THREAD_TESTS)
# Where the two compilers' thread sanitizers both look.
HOST_TSAN_CLANG := call call_wait call_windows irq_work timer $(HOST_THREAD_TESTS)

HOST_TESTS := $(sort $(patsubst HOST_TEST_%,%,$(filter HOST_TEST_%,$(.VARIABLES))))

HOST_GCC   ?= gcc
HOST_CLANG ?= clang

HOST_FLAGS := -std=gnu11 -O1 -g1 -fno-omit-frame-pointer -fno-strict-aliasing -pthread -Wall -Wextra -Werror \
	-Itests/host/shim -I. -isystem $(LIBFDT)
HOST_SHIM  := $(patsubst tests/host/shim/%.c,%,$(wildcard tests/host/shim/*.c))
HOST_LD    := tests/host/shim/host.ld

# Kernel sources that the shim takes as they are.
HOST_SHIM_CORE := core/spinlock.c percpu/alloc.c

# memcpy and its kin must stay the host's own, which the sanitizers watch: the kernel's get other
# names.
HOST_RENAME := -Dmemcpy=kernel_memcpy -Dmemmove=kernel_memmove -Dmemset=kernel_memset

# Each atomic access of these is a window for noise and interrupts.
HOST_NOISE := -include tests/host/noise.h

HOST_SAY = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(O)/%,%,$(2))';)

# $(1) flavour, $(2) compiler, $(3) sanitizer flags, $(4) tests
define HOST_FLAVOUR
host-$(1): $(4:%=$(O)/host/$(1)/test_%)
.PHONY: host-$(1)

$(O)/host/$(1)/obj/core/memcopy.o: HOST_EXTRA := $(HOST_RENAME)
$(O)/host/$(1)/obj/$(LIBFDT)/%.o: HOST_EXTRA := -w
$(O)/host/$(1)/obj/ipi/%.o: HOST_EXTRA := $(HOST_NOISE)
$(O)/host/$(1)/obj/core/timer.o: HOST_EXTRA := $(HOST_NOISE)
$(O)/host/$(1)/obj/threads/%.o: HOST_EXTRA := $(HOST_NOISE)

# A change of flags builds anew.
$(O)/host/$(1)/flags: host-force
	@mkdir -p $$(@D)
	@echo '$(2) $(HOST_FLAGS) $(3)' | cmp -s - $$@ || echo '$(2) $(HOST_FLAGS) $(3)' >$$@

$(O)/host/$(1)/obj/%.o: %.c $(O)/host/$(1)/flags | $(TOOLS_READY)
	@mkdir -p $$(@D)
	$$(call HOST_SAY,HOSTCC,$$@)$(2) $(HOST_FLAGS) $(3) $$(HOST_EXTRA) -MMD -MP -c -o $$@ $$<

$(O)/host/$(1)/libshim.a: $(HOST_SHIM:%=$(O)/host/$(1)/obj/tests/host/shim/%.o) \
		$(HOST_SHIM_CORE:%.c=$(O)/host/$(1)/obj/%.o)
	@rm -f $$@
	@ar rcs $$@ $$^

$(foreach t,$(4),$(call HOST_BINARY,$(1),$(2),$(3),$(t)))

-include $$(shell find $(O)/host/$(1) -name '*.d' 2>/dev/null)
endef

# $(1) flavour, $(2) compiler, $(3) sanitizer flags, $(4) test
define HOST_BINARY
$(O)/host/$(1)/test_$(4): $(O)/host/$(1)/obj/tests/host/test_$(4).o \
		$(HOST_TEST_$(4):%.c=$(O)/host/$(1)/obj/%.o) $(O)/host/$(1)/libshim.a $(HOST_LD)
	$$(call HOST_SAY,HOSTLD,$$@)$(2) $(filter -pthread,$(HOST_FLAGS)) $(filter -fsan%,$(3)) -Wl,-T,$(HOST_LD) $$(filter %.o %.a,$$^) -lcmocka -o $$@

endef

HOST_ASAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all
# clang would put red zones between the rows of a linker table, too; gcc spares named sections, so
# it checks globals.
HOST_CLANG_FLAGS := $(HOST_ASAN_FLAGS) -mllvm -asan-globals=0

$(eval $(call HOST_FLAVOUR,gcc,$(HOST_GCC),$(HOST_ASAN_FLAGS),$(HOST_TESTS)))
$(eval $(call HOST_FLAVOUR,clang,$(HOST_CLANG),$(HOST_CLANG_FLAGS),$(HOST_TESTS)))
$(eval $(call HOST_FLAVOUR,tsan,$(HOST_GCC),-fsanitize=thread,$(HOST_TSAN)))
$(eval $(call HOST_FLAVOUR,tsan-clang,$(HOST_CLANG),-fsanitize=thread,$(HOST_TSAN_CLANG)))

# A host test with a fault planted: make host-plant PLANT=folder TEST=name builds folder/test with
# those sources and headers that lie in the folder, each at its path there, instead of the tree's.
# What includes none of these headers is linked as it has been compiled for the test itself.
ifdef PLANT
HOST_PLANT_CC    := $(HOST_GCC) -I$(PLANT) $(filter-out -g1,$(HOST_FLAGS)) -Wno-error -fsanitize=thread
HOST_PLANT_FILES := $(shell cd $(PLANT) && find * -name '*.[ch]')
HOST_PLANT_TREE  := $(filter-out $(HOST_PLANT_FILES),tests/host/test_$(TEST).c $(HOST_TEST_$(TEST)))
HOST_PLANT_SHIM  := $(patsubst %,$(PLANT)/%,$(filter tests/host/shim/%.c,$(HOST_PLANT_FILES)))
HOST_PLANT_SRCS  := $(patsubst %,$(PLANT)/%,$(filter-out tests/host/shim/%,$(filter %.c,$(HOST_PLANT_FILES))))
HOST_PLANT_NEW   := $(foreach d,$(HOST_PLANT_TREE:.c=.d),$(if $(wildcard $(O)/host/tsan/obj/$(d)),,$(d)))
HOST_PLANT_TELL  := $(sort $(HOST_PLANT_NEW) $(foreach h,$(filter %.h,$(HOST_PLANT_FILES)),$(shell cd $(O)/host/tsan/obj 2>/dev/null && \
	grep -slwF $(h) $(HOST_PLANT_TREE:.c=.d))))
HOST_PLANT_SRCS  += $(HOST_PLANT_TELL:.d=.c)
HOST_PLANT_OBJS  := $(patsubst %.c,$(O)/host/tsan/obj/%.o,$(filter-out $(HOST_PLANT_TELL:.d=.c),$(HOST_PLANT_TREE)))
host-plant: $(HOST_PLANT_OBJS) $(O)/host/tsan/libshim.a
	@$(foreach s,$(HOST_PLANT_SHIM),$(HOST_PLANT_CC) -c -o $(s:.c=.o) $(s) &&) \
	$(HOST_PLANT_CC) $(HOST_NOISE) -o $(PLANT)/test $(HOST_PLANT_SRCS) $(HOST_PLANT_SHIM:.c=.o) $^ -Wl,-T,$(HOST_LD) -lcmocka
.PHONY: host-plant
endif

host-tests: host-gcc host-clang host-tsan host-tsan-clang
.PHONY: host-tests host-force
