/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways to power off are tried from the best to the worst. */
#include <string.h>

#include "core/fdt.h"
#include "drivers/reset.h"
#include "tests/kernel/ktest.h"

/* Without functions: they stay in the list, and nobody is ever asked to do anything. */
static struct reset_method dummies[] = {{.name = "dummy-12", .rating = 12},
					{.name = "dummy-1", .rating = 1},
					{.name = "dummy-25", .rating = 25}};

static bool has_test_device(void)
{
	for (unsigned int i = 0; i < fdt_info.nr_devices; i++) {
		if (!strncmp(fdt_device(i)->match->compatible, "sifive,test", 11))
			return true;
	}
	return false;
}

KTEST(reset, order)
{
	static bool registered;
	unsigned int found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dummies) && !registered; i++)
		reset_register(&dummies[i]);
	registered = true;
	for (const struct reset_method *m = reset_best(); m; m = m->next) {
		KTEST_EXPECT(!m->next || m->rating >= m->next->rating);
		found += !strncmp(m->name, "dummy-", 6);
	}
	KTEST_EXPECT_EQ(found, ARRAY_SIZE(dummies));
}

KTEST(reset, best)
{
	if (!has_test_device())
		KTEST_SKIP("no test device");
	KTEST_EXPECT(!strcmp(reset_best()->name, "test-device"));
	KTEST_EXPECT(reset_best()->power_off && reset_best()->reboot);
}
