# SPDX-License-Identifier: BSD-2-Clause
# The test firmware and its self-test: included by the top Makefile, which sets the tool chain,
# LIBFDT, PICOLIBC and O.

FW_DIR   := tests/firmware
FW_OUT   := $(O)/firmware

FW_SRC      := $(addprefix $(FW_DIR)/,entry.S main.c trap.c sbi.c hsm.c fault.c platform.c print.c string.c)
FW_FDT_SRC  := $(addprefix $(LIBFDT)/,fdt.c fdt_ro.c fdt_rw.c fdt_wip.c)
FW_TEST_SRC := $(addprefix $(FW_DIR)/,selftest_entry.S selftest.c print.c string.c)

# None of the kernel's options: the firmware is the same whatever the kernel is built with.
FW_CFLAGS := -std=gnu11 -O2 -g $(ARCH_FLAGS) -mno-relax -ffreestanding -fno-common -fno-builtin \
	-fno-stack-protector -fno-pic -fno-asynchronous-unwind-tables \
	-Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wframe-larger-than=512 \
	-I$(LIBFDT) -isystem $(PICOLIBC)/include
FW_LDFLAGS := -nostdlib -static --build-id=none -z max-page-size=4096 $(if $(filter 1,$(LLVM)),,--no-warn-rwx-segments)

FW_OBJ      := $(FW_SRC:$(FW_DIR)/%=$(FW_OUT)/%.o) $(FW_FDT_SRC:$(LIBFDT)/%=$(FW_OUT)/libfdt/%.o)
FW_TEST_OBJ := $(FW_TEST_SRC:$(FW_DIR)/%=$(FW_OUT)/%.o) $(addprefix $(FW_OUT)/libfdt/,fdt.c.o fdt_ro.c.o)

# At -O2 the compiler makes a call of memcpy out of the loop in memcpy.
$(FW_OUT)/string.c.o: FW_CFLAGS += -O1

$(FW_OUT)/%.o: $(FW_DIR)/% $(O)/gen/flags | $(TOOLS_READY)
	@mkdir -p $(@D)
	$(call quiet,CC,$@)$(CC) $(FW_CFLAGS) -MMD -MP -c -o $@ $<

# Not our code: its warnings are not ours to fix.
$(FW_OUT)/libfdt/%.o: $(LIBFDT)/% $(O)/gen/flags | $(TOOLS_READY)
	@mkdir -p $(@D)
	$(call quiet,CC,$@)$(CC) $(FW_CFLAGS) -w -MMD -MP -c -o $@ $<

$(O)/firmware.elf: $(FW_OBJ) $(FW_DIR)/firmware.ld
	$(call quiet,LINK,$@)$(LINK) $(FW_LDFLAGS) -T $(FW_DIR)/firmware.ld -o $@ $(FW_OBJ)

$(O)/firmware.bin: $(O)/firmware.elf
	$(call quiet,BIN,$@)$(OBJCOPY) -O binary $< $@

$(O)/firmware-selftest.elf: $(FW_TEST_OBJ) $(FW_DIR)/selftest.ld
	$(call quiet,LINK,$@)$(LINK) $(FW_LDFLAGS) -T $(FW_DIR)/selftest.ld -o $@ $(FW_TEST_OBJ)

.PHONY: firmware
firmware: $(O)/firmware.bin $(O)/firmware-selftest.elf

-include $(FW_OBJ:.o=.d) $(FW_TEST_OBJ:.o=.d)
