/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices in the tree: which are recorded, registers through all buses, interrupts, console. */
#include "tests/host/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fdt.h"
#include "tests/fdt/exercise.h"
#include "tests/fdt/tree.h"

static const int uart_driver, intc_driver, late_driver;
FDT_MATCH("test,uart", &uart_driver);
FDT_MATCH("test,intc", &intc_driver);
FDT_MATCH("test,uart-v2", &late_driver);

static void *blob;
static struct fdt_cpu *cpus;

/* Ends the root, reads the tree and its harts. */
static void read_tree(struct tree *t)
{
	size_t size;

	tree_end(t);
	free(blob);
	blob = tree_finish(t, &size);
	assert_int_equal(fdt_exercise(blob, size), 0);
	host_log_clear();
	assert_int_equal(fdt_init(blob, size), 0);
	free(cpus);
	cpus = malloc(fdt_info.max_cpus * sizeof(*cpus));
	assert_non_null(cpus);
	fdt_cpus_init(cpus, fdt_info.max_cpus);
}

static void check_said(const char *text)
{
	if (!strstr(host_log(), text))
		fail_msg("no \"%s\" in \"%s\"", text, host_log());
}

static void check_path(unsigned int i, const char *path)
{
	char buf[128];

	assert_true(i < fdt_info.nr_devices);
	assert_string_equal(fdt_path(fdt_device(i), buf, sizeof(buf)), path);
}

static void check_reg(unsigned int i, unsigned int index, int err, uint64_t addr, uint64_t size)
{
	phys_addr_t got_addr = 0;
	uint64_t got_size = 0;

	assert_int_equal(fdt_reg(fdt_device(i), index, &got_addr, &got_size), err);
	assert_int_equal(got_addr, addr);
	assert_int_equal(got_size, size);
}

static void bus(struct tree *t, const char *name, uint32_t address, uint32_t size)
{
	tree_begin(t, name);
	TREE_CELLS(t, "#address-cells", address);
	TREE_CELLS(t, "#size-cells", size);
}

static void test_recorded(void **state)
{
	struct tree t;
	char buf[4];

	(void)state;
	tree_usual(&t, 1);
	tree_begin(&t, "uart@1");
	TREE_LIST(&t, "compatible", "other\0test,uart-v2\0test,uart");
	TREE_CELLS(&t, "phandle", 77);
	tree_end(&t);
	bus(&t, "soc", 2, 2);
	tree_begin(&t, "a@1");
	tree_string(&t, "compatible", "test,uar");
	tree_end(&t);
	tree_begin(&t, "b@1");
	tree_string(&t, "compatible", "test,uart");
	tree_string(&t, "status", "okay");
	tree_end(&t);
	tree_begin(&t, "c@1");
	tree_string(&t, "compatible", "test,uart");
	tree_string(&t, "status", "disabled");
	tree_begin(&t, "below");
	tree_string(&t, "compatible", "test,uart");
	tree_end(&t);
	tree_end(&t);
	tree_begin(&t, "d@1");
	tree_bytes(&t, "compatible", "test,uart", 9);
	tree_end(&t);
	tree_begin(&t, "e@1");
	tree_bytes(&t, "compatible", "", 0);
	tree_end(&t);
	bus(&t, "inner", 1, 1);
	tree_begin(&t, "f");
	tree_string(&t, "compatible", "test,intc");
	tree_bytes(&t, "phandle", "", 0);
	tree_end(&t);
	tree_end(&t);
	tree_end(&t);
	read_tree(&t);
	assert_int_equal(fdt_info.nr_devices, 3);
	check_path(0, "/uart@1");
	check_path(1, "/soc/b@1");
	check_path(2, "/soc/inner/f");
	assert_ptr_equal(fdt_device(0)->match->data, &late_driver);
	assert_ptr_equal(fdt_device(1)->match->data, &uart_driver);
	assert_ptr_equal(fdt_device(2)->match->data, &intc_driver);
	assert_null(fdt_device(3));
	assert_ptr_equal(fdt_device_by_phandle(77), fdt_device(0));
	assert_null(fdt_device_by_phandle(78));
	assert_null(fdt_device_by_phandle(0));
	assert_string_equal(fdt_path(fdt_device(2), buf, sizeof(buf)), "/so");
	assert_int_equal(fdt_info.warnings, 2);
	check_said("/soc/d@1: compatible is not a list of terminated strings");
	check_said("/soc/inner/f: phandle is 0 bytes long");
}

static void test_reg(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	bus(&t, "soc", 2, 2);
	tree_empty(&t, "ranges");
	tree_begin(&t, "straight@10000000");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 0, 0x10000000, 0, 0x100, 8, 0, 1, 0);
	tree_end(&t);
	bus(&t, "apb", 1, 1);
	TREE_CELLS(&t, "ranges", 0, 0, 0x40000000, 0x1000, 0x1000, 8, 0x50000000, 0x1000);
	tree_begin(&t, "window@1800");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 0x1800, 0x800, 0xf00, 0x200, 0x2000, 4, 0, 0);
	tree_end(&t);
	bus(&t, "deep", 1, 1);
	TREE_CELLS(&t, "ranges", 0x500, 0x100, 0x100);
	tree_begin(&t, "twice@510");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 0x510, 0x10);
	tree_end(&t);
	tree_end(&t);
	tree_end(&t);
	bus(&t, "i2c", 1, 0);
	tree_begin(&t, "chip@50");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 0x50);
	tree_end(&t);
	tree_end(&t);
	bus(&t, "island", 1, 1);
	tree_begin(&t, "none@50");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 0x50, 0x10);
	tree_end(&t);
	tree_end(&t);
	tree_end(&t);
	read_tree(&t);
	assert_int_equal(fdt_info.nr_devices, 5);
	check_reg(0, 0, 0, 0x10000000, 0x100);
	check_reg(0, 1, 0, 0x800000000, 0x100000000);
	check_reg(0, 2, -ENOENT, 0, 0);
	check_reg(1, 0, 0, 0x850000800, 0x800);
	/* It begins in one window and ends beyond; it is in none; it is empty. */
	check_reg(1, 1, -ERANGE, 0, 0);
	check_reg(1, 2, -ERANGE, 0, 0);
	check_reg(1, 3, -EINVAL, 0, 0);
	check_path(2, "/soc/apb/deep/twice@510");
	check_reg(2, 0, 0, 0x40000110, 0x10);
	check_reg(3, 0, -EINVAL, 0, 0);
	check_reg(4, 0, -ERANGE, 0, 0);
	assert_int_equal(fdt_reg(fdt_device(0), 0, &(phys_addr_t){0}, NULL), 0);
}

static void test_reg_senseless(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	tree_begin(&t, "none");
	tree_string(&t, "compatible", "test,uart");
	tree_end(&t);
	tree_begin(&t, "short");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 0, 1, 0);
	tree_end(&t);
	tree_begin(&t, "empty");
	tree_string(&t, "compatible", "test,uart");
	tree_empty(&t, "reg");
	tree_end(&t);
	tree_begin(&t, "beyond");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 0xffffffff, 0xffffff00, 0, 0x200, 0x00ffffff, 0xffffff00, 0, 0x101);
	tree_end(&t);
	bus(&t, "pci", 3, 2);
	tree_begin(&t, "card");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 1, 2, 3, 4, 5);
	tree_end(&t);
	tree_end(&t);
	bus(&t, "none", 0, 0);
	tree_begin(&t, "thing");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 1);
	tree_end(&t);
	tree_end(&t);
	bus(&t, "odd", 1, 1);
	TREE_CELLS(&t, "ranges", 0, 0, 0, 0, 0);
	tree_begin(&t, "thing");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 1, 1);
	tree_end(&t);
	tree_end(&t);
	bus(&t, "wild", 2, 2);
	TREE_CELLS(&t, "ranges", 0, 0, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff);
	tree_begin(&t, "thing");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 0, 0x10, 0, 1);
	tree_end(&t);
	tree_end(&t);
	tree_begin(&t, "cells");
	tree_string(&t, "#address-cells", "two");
	TREE_CELLS(&t, "#size-cells", 9);
	tree_empty(&t, "ranges");
	tree_begin(&t, "thing");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg", 0, 0x10, 0, 1);
	tree_end(&t);
	tree_end(&t);
	read_tree(&t);
	assert_int_equal(fdt_info.nr_devices, 9);
	check_reg(0, 0, -ENOENT, 0, 0);
	check_reg(1, 0, -EINVAL, 0, 0);
	check_reg(2, 0, -ENOENT, 0, 0);
	for (unsigned int i = 3; i < 9; i++)
		check_reg(i, 0, -EINVAL, 0, 0);
	check_reg(3, 1, -EINVAL, 0, 0);
	check_said("/cells: #size-cells is 9, more than 4");
}

static void test_properties(void **state)
{
	const struct fdt_device *dev;
	struct tree t;
	uint32_t val, len;

	(void)state;
	tree_usual(&t, 1);
	tree_begin(&t, "uart");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "reg-shift", 2);
	TREE_CELLS(&t, "list", 1, 0x80000000);
	TREE_LIST(&t, "names", "one\0two");
	tree_bytes(&t, "raw", "abc", 3);
	tree_empty(&t, "flag");
	tree_begin(&t, "child");
	TREE_CELLS(&t, "hidden", 1);
	tree_end(&t);
	tree_end(&t);
	read_tree(&t);
	dev = fdt_device(0);
	assert_int_equal(fdt_u32(dev, "reg-shift", &val), 0);
	assert_int_equal(val, 2);
	assert_int_equal(fdt_u32_index(dev, "list", 1, &val), 0);
	assert_int_equal(val, 0x80000000);
	assert_int_equal(fdt_u32_index(dev, "list", 2, &val), -EINVAL);
	assert_int_equal(fdt_u32(dev, "reg-shif", &val), -ENOENT);
	assert_int_equal(fdt_u32(dev, "reg-shift2", &val), -ENOENT);
	assert_int_equal(fdt_u32(dev, "hidden", &val), -ENOENT);
	assert_int_equal(fdt_u32(dev, "raw", &val), -EINVAL);
	assert_int_equal(fdt_u32(dev, "flag", &val), -EINVAL);
	assert_string_equal(fdt_str(dev, "names"), "one");
	assert_null(fdt_str(dev, "raw"));
	assert_null(fdt_str(dev, "flag"));
	assert_null(fdt_str(dev, "absent"));
	assert_non_null(fdt_prop(dev, "flag", &len));
	assert_int_equal(len, 0);
	assert_memory_equal(fdt_prop(dev, "raw", &len), "abc", 3);
	assert_int_equal(len, 3);
	assert_null(fdt_prop(dev, "", NULL));
}

static void check_irq(unsigned int dev, unsigned int index, uint32_t parent, unsigned int n,
		      uint32_t first)
{
	struct fdt_irq irq;

	assert_int_equal(fdt_interrupt(fdt_device(dev), index, &irq), 0);
	assert_int_equal(irq.parent, parent);
	assert_int_equal(irq.nr_cells, n);
	if (n)
		assert_int_equal(irq.cells[0], first);
}

static void check_no_irq(unsigned int dev, unsigned int index, int err)
{
	struct fdt_irq irq;

	assert_int_equal(fdt_interrupt(fdt_device(dev), index, &irq), err);
}

static void intc(struct tree *t, uint32_t phandle, uint32_t cells)
{
	tree_begin(t, "intc");
	tree_string(t, "compatible", "test,intc");
	TREE_CELLS(t, "phandle", phandle);
	TREE_CELLS(t, "#interrupt-cells", cells);
	tree_empty(t, "interrupt-controller");
	tree_end(t);
}

static void test_interrupts(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 3);
	TREE_CELLS(&t, "not-read", 1);
	intc(&t, 20, 2);
	tree_begin(&t, "plic");
	tree_string(&t, "compatible", "test,intc");
	TREE_CELLS(&t, "phandle", 21);
	TREE_CELLS(&t, "#interrupt-cells", 1);
	tree_empty(&t, "interrupt-controller");
	TREE_CELLS(&t, "interrupts-extended", 3, 9, 0xffffffff, 1, 9, 0, 2, 11);
	tree_end(&t);
	bus(&t, "soc", 1, 1);
	TREE_CELLS(&t, "interrupt-parent", 20);
	tree_begin(&t, "inherits");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "interrupts", 5, 1, 6, 2);
	tree_end(&t);
	tree_begin(&t, "own");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "interrupt-parent", 21);
	TREE_CELLS(&t, "interrupts", 7, 8, 9);
	tree_end(&t);
	tree_begin(&t, "mixed");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "interrupts", 1, 1);
	TREE_CELLS(&t, "interrupts-extended", 20, 30, 31, 21, 32);
	tree_end(&t);
	/* A controller is the parent of what stands below it. */
	tree_begin(&t, "gpio");
	tree_string(&t, "compatible", "test,intc");
	TREE_CELLS(&t, "phandle", 22);
	TREE_CELLS(&t, "interrupt-parent", 21);
	TREE_CELLS(&t, "#interrupt-cells", 3);
	tree_empty(&t, "interrupt-controller");
	TREE_CELLS(&t, "interrupts", 12);
	tree_begin(&t, "button");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "interrupts", 1, 2, 3);
	tree_end(&t);
	tree_end(&t);
	tree_end(&t);
	read_tree(&t);
	assert_int_equal(fdt_info.nr_devices, 7);
	check_irq(1, 0, 3, 1, 9);
	check_irq(1, 1, 0, 0, 0);
	check_irq(1, 2, 1, 1, 9);
	check_irq(1, 3, 0, 0, 0);
	check_irq(1, 4, 2, 1, 11);
	check_no_irq(1, 5, -ENOENT);
	check_irq(2, 0, 20, 2, 5);
	check_irq(2, 1, 20, 2, 6);
	check_no_irq(2, 2, -ENOENT);
	check_irq(3, 2, 21, 1, 9);
	check_irq(4, 0, 20, 2, 30);
	check_irq(4, 1, 21, 1, 32);
	check_irq(5, 0, 21, 1, 12);
	check_irq(6, 0, 22, 3, 1);
	check_no_irq(0, 0, -ENOENT);
	/* The property behind the nodes is the one fault. */
	assert_int_equal(fdt_info.warnings, 1);
}

static void test_interrupts_senseless(void **state)
{
	struct tree t;

	(void)state;
	tree_usual(&t, 1);
	intc(&t, 20, 2);
	intc(&t, 20, 1);
	intc(&t, 21, 5);
	intc(&t, 22, 0);
	/* It is its own interrupt parent: a circle, which nobody follows. */
	tree_begin(&t, "circle");
	tree_string(&t, "compatible", "test,intc");
	TREE_CELLS(&t, "phandle", 23);
	TREE_CELLS(&t, "interrupt-parent", 23);
	TREE_CELLS(&t, "#interrupt-cells", 1);
	tree_empty(&t, "interrupt-controller");
	TREE_CELLS(&t, "interrupts", 1);
	tree_end(&t);
	tree_begin(&t, "cut");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "interrupts-extended", 20, 1, 2, 20, 1);
	tree_end(&t);
	tree_begin(&t, "unknown");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "interrupts-extended", 99, 1, 20, 1, 2);
	tree_end(&t);
	tree_begin(&t, "orphan");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "interrupts", 1);
	tree_end(&t);
	tree_begin(&t, "wide");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "interrupts-extended", 21, 1, 2, 3, 4, 5);
	tree_end(&t);
	tree_begin(&t, "zero");
	tree_string(&t, "compatible", "test,uart");
	TREE_CELLS(&t, "interrupt-parent", 22);
	TREE_CELLS(&t, "interrupts", 1);
	tree_end(&t);
	tree_begin(&t, "bytes");
	tree_string(&t, "compatible", "test,uart");
	tree_bytes(&t, "interrupts-extended", "abc", 3);
	tree_end(&t);
	read_tree(&t);
	assert_int_equal(fdt_info.nr_devices, 11);
	check_said("/intc: phandle 20 is taken by another controller");
	check_said("/intc: #interrupt-cells is 5, more than 4");
	check_irq(4, 0, 23, 1, 1);
	check_irq(5, 0, 20, 2, 1);
	check_no_irq(5, 1, -EINVAL);
	check_said("/cut: interrupts: breaks off");
	check_no_irq(6, 0, -EINVAL);
	check_said("/unknown: interrupts: no interrupt controller has phandle 99");
	check_no_irq(7, 0, -EINVAL);
	check_no_irq(8, 0, -EINVAL);
	check_said("/wide: interrupts: no interrupt controller has phandle 21");
	check_no_irq(9, 0, -EINVAL);
	check_no_irq(10, 0, -EINVAL);
	check_said("/bytes: interrupts: ");
}

static void test_too_many(void **state)
{
	struct tree t;
	char name[32];

	(void)state;
	tree_usual(&t, 1);
	for (int i = 0; i < FDT_MAX_DEVICES + 3; i++) {
		snprintf(name, sizeof(name), "uart@%d", i);
		tree_begin(&t, name);
		tree_string(&t, "compatible", "test,uart");
		tree_end(&t);
	}
	read_tree(&t);
	assert_int_equal(fdt_info.nr_devices, FDT_MAX_DEVICES);
	assert_int_equal(fdt_info.warnings, 3);
	check_said("/uart@66: one device more than 64");

	tree_usual(&t, 1);
	for (int i = 0; i < FDT_MAX_BUSES + 1; i++) {
		snprintf(name, sizeof(name), "bus%d", i);
		tree_begin(&t, name);
		tree_begin(&t, "uart");
		tree_string(&t, "compatible", "test,uart");
		tree_end(&t);
		tree_end(&t);
	}
	read_tree(&t);
	/* The root is a bus as well. */
	assert_int_equal(fdt_info.nr_devices, FDT_MAX_BUSES - 1);
	assert_int_equal(fdt_info.warnings, 2);
	check_said("/bus32/uart: its bus is one more than 32");

	tree_usual(&t, 1);
	for (int i = 0; i < FDT_MAX_INTC + 1; i++) {
		tree_begin(&t, "irq");
		TREE_CELLS(&t, "phandle", 100 + i);
		TREE_CELLS(&t, "#interrupt-cells", 1);
		tree_empty(&t, "interrupt-controller");
		tree_end(&t);
	}
	read_tree(&t);
	assert_int_equal(fdt_info.warnings, 1);
	check_said("/irq: one interrupt controller more than 64");
}

/* Two uarts, /aliases and a stdout-path; -1 if no device is meant. */
static void check_stdout(const char *path, int dev, const char *options)
{
	const char *got;
	struct tree t;

	tree_usual(&t, 1);
	tree_begin(&t, "aliases");
	tree_string(&t, "serial0", "/soc/uart@1000");
	tree_string(&t, "serial1", "/soc/uart@2000");
	tree_string(&t, "soc", "/soc");
	tree_string(&t, "circle", "circle");
	tree_bytes(&t, "cut", "/soc/uart@1000", 14);
	tree_end(&t);
	tree_begin(&t, "chosen");
	tree_string(&t, "stdout-path", path);
	tree_end(&t);
	bus(&t, "soc", 1, 1);
	tree_begin(&t, "uart@1000");
	tree_string(&t, "compatible", "test,uart");
	tree_end(&t);
	tree_begin(&t, "uart@2000");
	tree_string(&t, "compatible", "test,uart");
	tree_end(&t);
	tree_begin(&t, "other@3000");
	tree_end(&t);
	tree_end(&t);
	read_tree(&t);
	if (fdt_stdout(&got) != (dev < 0 ? NULL : fdt_device(dev)))
		fail_msg("stdout-path \"%s\" found the wrong device", path);
	assert_string_equal(got, options);
}

static void test_stdout(void **state)
{
	(void)state;
	check_stdout("/soc/uart@2000", 1, "");
	check_stdout("/soc/uart@2000:115200n8", 1, "115200n8");
	check_stdout("//soc/uart@1000/", 0, "");
	check_stdout("/soc/uart", 0, "");
	check_stdout("serial0", 0, "");
	check_stdout("serial1:9600", 1, "9600");
	check_stdout("soc/uart@2000:1", 1, "1");
	check_stdout("/soc/uart@200", -1, "");
	check_stdout("/soc/uart@20000", -1, "");
	check_stdout("/soc/uart@2000/port", -1, "");
	check_stdout("/soc/ua", -1, "");
	check_stdout("/soc", -1, "");
	check_stdout("/", -1, "");
	check_stdout("/soc/other@3000", -1, "");
	check_stdout("", -1, "");
	check_stdout(":115200", -1, "115200");
	check_stdout("serial", -1, "");
	check_stdout("serial00", -1, "");
	check_stdout("circle", -1, "");
	check_stdout("cut", -1, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),      cmocka_unit_test(test_reg),
		cmocka_unit_test(test_reg_senseless), cmocka_unit_test(test_properties),
		cmocka_unit_test(test_interrupts),    cmocka_unit_test(test_interrupts_senseless),
		cmocka_unit_test(test_too_many),      cmocka_unit_test(test_stdout),
	};
	int failed = cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);

	free(cpus);
	free(blob);
	return failed;
}
