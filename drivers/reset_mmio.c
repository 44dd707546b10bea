/* SPDX-License-Identifier: BSD-2-Clause */
/* Reset by a register: the test device of SiFive and QEMU, and syscon-poweroff and syscon-reboot
 * nodes. */
#include <errno.h>
#include <stdint.h>

#include "arch/riscv/io.h"
#include "core/kmalloc.h"
#include "drivers/driver.h"
#include "drivers/reset.h"

/* Codes of the test device, in its one register. */
#define TEST_FAIL  0x3333 /* with the status in the upper half */
#define TEST_PASS  0x5555
#define TEST_RESET 0x7777

struct register_method {
	struct reset_method method;
	volatile void __iomem *reg;
	uint32_t value, mask; /* of the syscon ones */
};

static void test_power_off(struct reset_method *m, int status)
{
	struct register_method *r = m->priv;

	writel(status ? (uint32_t)status << 16 | TEST_FAIL : TEST_PASS, r->reg);
}

static void test_reboot(struct reset_method *m)
{
	struct register_method *r = m->priv;

	writel(TEST_RESET, r->reg);
}

static void update(struct register_method *r)
{
	uint32_t old = r->mask == ~0U ? 0 : readl(r->reg);

	writel((old & ~r->mask) | (r->value & r->mask), r->reg);
}

static void syscon_power_off(struct reset_method *m, int status)
{
	(void)status;
	update(m->priv);
}

static void syscon_reboot(struct reset_method *m)
{
	update(m->priv);
}

/* Maps the word at offset in dev's first registers. */
static struct register_method *new_method(const struct fdt_device *dev, uint32_t offset, int *err)
{
	phys_addr_t addr;
	uint64_t size;

	*err = fdt_reg(dev, 0, &addr, &size);
	if (*err)
		return NULL;
	*err = -EINVAL;
	if (offset % 4 || size < 4 || offset > size - 4)
		return NULL;
	*err = -ENOMEM;
	struct register_method *r = kzalloc(sizeof(*r));
	if (!r)
		return NULL;
	r->reg = ioremap(addr + offset, 4);
	if (!r->reg) {
		kfree(r);
		return NULL;
	}
	r->method.priv = r;
	*err = 0;
	return r;
}

static int test_probe(const struct fdt_device *dev)
{
	int err;
	struct register_method *r = new_method(dev, 0, &err);

	if (!r)
		return err;
	r->method.name = "test-device";
	r->method.rating = 30;
	r->method.power_off = test_power_off;
	/* sifive,test0 has no reset, and ignores what it does not know. */
	r->method.reboot = test_reboot;
	reset_register(&r->method);
	return 0;
}

/* Binding syscon-poweroff: value under mask; where only one of them is given, it is both the value
 * and all bits. */
static int syscon_probe(const struct fdt_device *dev, struct register_method **out)
{
	uint32_t regmap, offset = 0, value, mask = ~0U;

	int err = fdt_u32(dev, "regmap", &regmap);
	if (err)
		return err;
	const struct fdt_device *target = fdt_device_by_phandle(regmap);
	if (!target)
		return -ENXIO;
	err = fdt_u32(dev, "offset", &offset);
	if (err)
		return err;
	bool has_mask = fdt_u32(dev, "mask", &mask) == 0;
	err = fdt_u32(dev, "value", &value);
	if (err && !has_mask)
		return err;
	if (err) {
		value = mask;
		mask = ~0U;
	}
	struct register_method *r = new_method(target, offset, &err);
	if (!r)
		return err;
	r->value = value;
	r->mask = mask;
	r->method.rating = 10;
	*out = r;
	return 0;
}

static int syscon_power_off_probe(const struct fdt_device *dev)
{
	struct register_method *r;
	int err = syscon_probe(dev, &r);

	if (err)
		return err;
	r->method.name = "syscon-poweroff";
	r->method.power_off = syscon_power_off;
	reset_register(&r->method);
	return 0;
}

static int syscon_reboot_probe(const struct fdt_device *dev)
{
	struct register_method *r;
	int err = syscon_probe(dev, &r);

	if (err)
		return err;
	r->method.name = "syscon-reboot";
	r->method.reboot = syscon_reboot;
	reset_register(&r->method);
	return 0;
}

static const struct driver test_driver = {
	.name = "test-device", .stage = DRIVER_DEVICE, .probe = test_probe};
DRIVER_MATCH("sifive,test1", &test_driver);
DRIVER_MATCH("sifive,test0", &test_driver);
static const struct driver syscon_power_off_driver = {
	.name = "syscon-poweroff", .stage = DRIVER_DEVICE, .probe = syscon_power_off_probe};
DRIVER_MATCH("syscon-poweroff", &syscon_power_off_driver);
static const struct driver syscon_reboot_driver = {
	.name = "syscon-reboot", .stage = DRIVER_DEVICE, .probe = syscon_reboot_probe};
DRIVER_MATCH("syscon-reboot", &syscon_reboot_driver);
/* Only recorded, so that regmap finds it. */
DRIVER_MATCH("syscon", NULL);
