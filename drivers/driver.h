/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver: which nodes of the device tree it wants, and what it does with each. */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include "core/fdt.h"

/* Probes run stage by stage, in tree order within one: a later stage may use an earlier one's. */
enum driver_stage {
	DRIVER_INTERRUPT_ROOT, /* what raises a hart's external interrupt */
	DRIVER_INTERRUPT,      /* controllers that hang on a root */
	DRIVER_CONSOLE,
	DRIVER_DEVICE,
	DRIVER_STAGES
};

/*
 * A static const object, named by one DRIVER_MATCH line for each compatible string. probe gets
 * every matching node once, at INIT_DRIVERS, boot hart, interrupts off: 0, or a negative errno,
 * which is reported with driver and node; the boot goes on. -ENODEV says that the node is not for
 * the kernel (a machine-mode controller): it is not reported.
 */
struct driver {
	const char *name;
	enum driver_stage stage;
	int (*probe)(const struct fdt_device *dev);
};

#define DRIVER_MATCH(compatible, driver) FDT_MATCH(compatible, driver)

#endif
