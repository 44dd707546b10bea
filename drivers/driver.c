/* SPDX-License-Identifier: BSD-2-Clause */
/* Hands each recorded node of the device tree to its driver. */
#include <errno.h>

#include "core/init.h"
#include "core/printk.h"
#include "drivers/driver.h"

static void probe(const struct fdt_device *dev, const struct driver *drv)
{
	char path[96];
	int err = drv->probe(dev);

	if (err && err != -ENODEV)
		pr_err("%s: cannot use %s: error %d", drv->name, fdt_path(dev, path, sizeof(path)),
		       err);
}

static int drivers_probe(void)
{
	for (int stage = 0; stage < DRIVER_STAGES; stage++) {
		for (unsigned int i = 0; i < fdt_info.nr_devices; i++) {
			const struct fdt_device *dev = fdt_device(i);
			const struct driver *drv = dev->match->data;

			/* Some nodes are recorded only because others point to them. */
			if (drv && (int)drv->stage == stage)
				probe(dev, drv);
		}
	}
	return 0;
}
INITCALL(INIT_DRIVERS, drivers_probe);
