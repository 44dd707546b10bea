/* SPDX-License-Identifier: BSD-2-Clause */
/* Layout of the image: linked high, loadable at any 2 MiB boundary; each permission on pages of its own. */
#include "arch/riscv/page.h"

#ifndef LOAD_ADDRESS
#define LOAD_ADDRESS 0x80200000
#endif

OUTPUT_ARCH(riscv)
ENTRY(_start)

PHDRS {
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	percpu PT_LOAD FLAGS(6);
	bss PT_LOAD FLAGS(6);
}

#define LMA(section) AT(ADDR(section) - KERNEL_BASE + LOAD_ADDRESS)

SECTIONS {
	. = KERNEL_BASE;
	_image_start = .;
	.text : LMA(.text) {
		KEEP(*(.head.text))
		*(.text.hot .text.hot.*)
		*(.text .text.*)
		. = ALIGN(PAGE_SIZE);
	} :text
	_text_end = .;

	.rodata : LMA(.rodata) {
		*(.rodata .rodata.* .srodata .srodata.*)
		/* Tables that subsystems add rows to: one contiguous array each. */
#define TABLE(name)                                                                                \
		. = ALIGN(8);                                                                      \
		__table_##name##_start = .;                                                        \
		KEEP(*(SORT_BY_NAME(.table.name.*)))                                               \
		__table_##name##_end = .;
		TABLE(initcalls)
		TABLE(params)
		TABLE(fdt_matches)
		TABLE(drivers)
		TABLE(shell_commands)
		TABLE(ktests)
		TABLE(benches)
		/* Last: its size is known only after a first link, and nothing may move then but data. */
		KEEP(*(.ksyms))
		. = ALIGN(PAGE_SIZE);
	} :rodata
	_rodata_end = .;

	.data : LMA(.data) {
		*(.data .data.*)
		. = ALIGN(8);
		__global_pointer$ = . + 0x800;
		*(.sdata .sdata.*)
		. = ALIGN(64);
	} :data
	__percpu_load = .;

	/*
	 * Per-cpu variables: the address of a symbol is its offset from tp. picolibc keeps errno in TLS, which its
	 * code reads at tp + 0: that block comes first.
	 */
	.percpu 0 : AT(__percpu_load - KERNEL_BASE + LOAD_ADDRESS) {
		__percpu_start = .;
		. += 16;
		*(.percpu.first)
		*(.percpu)
		. = ALIGN(64);
		__percpu_end = .;
	} :percpu

	. = __percpu_load + SIZEOF(.percpu);
	.tbss : { *(.tbss .tbss.*) } :NONE
	.tdata : { *(.tdata .tdata.*) } :NONE
	. = __percpu_load + SIZEOF(.percpu);
	_data_end = .;

	.bss ALIGN(64) (NOLOAD) : LMA(.bss) {
		_bss_start = .;
		*(.sbss .sbss.*)
		*(.bss .bss.* COMMON)
		. = ALIGN(64);
		_bss_end = .;
		/* The boot hart's per-cpu area until memory is up. */
		__percpu_boot = .;
		. += SIZEOF(.percpu);
		/* Not cleared at boot: what is written before it is read. */
		. = ALIGN(PAGE_SIZE);
		*(.noinit .noinit.*)
		. = ALIGN(PAGE_SIZE);
	} :bss
	_image_end = .;
	_image_size = _image_end - _image_start;

	.comment 0 : { *(.comment) } :NONE
	.riscv.attributes 0 : { *(.riscv.attributes) } :NONE
	.debug_aranges 0 : { *(.debug_aranges) } :NONE
	.debug_info 0 : { *(.debug_info) } :NONE
	.debug_abbrev 0 : { *(.debug_abbrev) } :NONE
	.debug_line 0 : { *(.debug_line) } :NONE
	.debug_line_str 0 : { *(.debug_line_str) } :NONE
	.debug_str 0 : { *(.debug_str) } :NONE
	.debug_loc 0 : { *(.debug_loc) } :NONE
	.debug_loclists 0 : { *(.debug_loclists) } :NONE
	.debug_ranges 0 : { *(.debug_ranges) } :NONE
	.debug_rnglists 0 : { *(.debug_rnglists) } :NONE
	.debug_frame 0 : { *(.debug_frame) } :NONE
	.symtab 0 : { *(.symtab) } :NONE
	.strtab 0 : { *(.strtab) } :NONE
	.shstrtab 0 : { *(.shstrtab) } :NONE
	/DISCARD/ : { *(.eh_frame .eh_frame_hdr .note.* .dynamic .init_array .fini_array) }
}

ASSERT(SIZEOF(.tbss) + SIZEOF(.tdata) <= 16, "picolibc's TLS block has outgrown its place in .percpu")
ASSERT(SIZEOF(.tdata) == 0, "initialised TLS would not be copied")
ASSERT(overflow_sp < 2048, "trap entry reaches overflow_sp with a 12-bit offset")
ASSERT(_image_end - _image_start <= MEGA_SIZE, "the image is mapped by one page of page table")
ASSERT(_bss_end % 64 == 0 && _bss_start % 64 == 0, "bss is cleared in units of 64 bytes")
