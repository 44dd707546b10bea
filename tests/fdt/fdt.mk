# SPDX-License-Identifier: BSD-2-Clause
# Host tests of the device tree, the memory map and the parameters: rows for tests/host/host.mk,
# which is read later.

FDT_SOURCES := core/fdt.c core/fdt_cpus.c core/fdt_devices.c core/fdt_idle.c core/fdt_irq.c core/fdt_isa.c core/fdt_memory.c \
	core/fdt_path.c core/fdt_props.c core/memmap.c \
	$(or $(LIBFDT),.cache/libfdt)/fdt.c $(or $(LIBFDT),.cache/libfdt)/fdt_ro.c
FDT_TEST_SOURCES := $(FDT_SOURCES) tests/fdt/exercise.c tests/fdt/tree.c

HOST_TEST_fdt         := $(FDT_TEST_SOURCES)
HOST_TEST_fdt_broken  := $(FDT_TEST_SOURCES)
HOST_TEST_fdt_cpus    := $(FDT_TEST_SOURCES)
HOST_TEST_fdt_devices := $(FDT_TEST_SOURCES)
HOST_TEST_fdt_idle    := $(FDT_TEST_SOURCES)
HOST_TEST_memmap      := core/memmap.c
HOST_TEST_param       := core/param.c
