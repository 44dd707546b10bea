# SPDX-License-Identifier: BSD-2-Clause
# Running, checking and measuring the kernel: included by the top Makefile, which builds it.
#
#   make run [SMP=4] [MACHINE=virt] [MEM=1G] [APPEND='...'] [QEMU=10] [BIOS=1.6] [DTB=] [LOAD=]
#            [QEMU_ARGS='...']
#   make check [MATRIX=full]    all tests       make check-quick    those under a minute
#   make bench [RUNS=2] [SVG=FILE]              make lint           make format

.PHONY: run check check-quick check-images bench lint format

# Each test file runs by itself, three at a time, since many wait: the long ones first, so that none is
# left alone at the end.
SCRIPT_TESTS = tests/scripts/check.t $(filter-out %/check.t %/lint.t,$(wildcard tests/scripts/*.t)) tests/scripts/lint.t
LONG_TESTS = $(addprefix tests/,boot/schedules.t boot/firmware.t host/host-call.t models/models.t boot/torture.t \
	boot/machines.t host/host-thread.t boot/images.t boot/trees.t)
CHECK_TESTS = $(LONG_TESTS) $(filter-out $(LONG_TESTS),$(wildcard tests/boot/*.t tests/firmware/*.t \
	tests/host/*.t tests/fuzz/*.t tests/models/*.t) $(SCRIPT_TESTS))
CHECK_QUICK_TESTS = tests/host/host.t tests/boot/images.t $(SCRIPT_TESTS)

# prove runs the files by their first lines, knows nothing of Perl, shows what failed and the
# remarks that say why, and closes with the count.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
PROVE = O=$(abspath $(O)) prove --exec '' --jobs 3 --timer --failures --comments

run: all
	@scripts/setup run
	@O=$(abspath $(O)) scripts/run

# The kernel as each compiler makes it, and with the costly checks.
check-images: all
	@$(MAKE) --no-print-directory O=$(O)/llvm LLVM=1 $(O)/llvm/Image
	@$(MAKE) --no-print-directory O=$(O)/debug DEBUG=1 $(O)/debug/Image

# Tools first: what they are is looked up when a make starts.
check:
	@scripts/setup check
	@$(MAKE) --no-print-directory $(JOBS) check-images host-tests firmware fuzz
	@$(PROVE) $(CHECK_TESTS)

check-quick:
	@scripts/setup check
	@$(MAKE) --no-print-directory $(JOBS) all host-gcc
	@QUICK=1 $(PROVE) $(CHECK_QUICK_TESTS)

bench: all
	@scripts/setup run
	@O=$(abspath $(O)) scripts/bench $(if $(RUNS),--runs $(RUNS)) $(if $(SVG),--svg $(SVG))

lint: all
	@scripts/setup check
	@O=$(abspath $(O)) scripts/lint

format:
	@scripts/setup check
	@git ls-files '*.c' '*.h' | xargs -r clang-format-19 -i
