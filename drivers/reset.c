/* SPDX-License-Identifier: BSD-2-Clause */
/* Turning the machine off and on: the methods by rating, and the firmware's own. */
#include "core/init.h"
#include "core/panic.h"
#include "core/time.h"
#include "drivers/reset.h"
#include "sbi/base.h"
#include "sbi/legacy.h"
#include "sbi/sbi.h"
#include "sbi/srst.h"

/* In order of rating, highest first. A link is written when its target is complete: a panic may
 * come at any time. */
static struct reset_method *methods;

void reset_register(struct reset_method *m)
{
	struct reset_method **at = &methods;

	while (*at && (*at)->rating >= m->rating)
		at = &(*at)->next;
	m->next = *at;
	*at = m;
}

void machine_power_off(int status)
{
	for (struct reset_method *m = methods; m; m = m->next) {
		if (!m->power_off)
			continue;
		m->power_off(m, status);
		udelay(100000);
	}
}

void machine_reboot(void)
{
	for (struct reset_method *m = methods; m; m = m->next) {
		if (!m->reboot)
			continue;
		m->reboot(m);
		udelay(100000);
	}
}

const struct reset_method *reset_best(void)
{
	return methods;
}

static void srst_power_off(struct reset_method *m, int status)
{
	(void)m;
	if (sbi_probe(SBI_EXT_SRST))
		sbi_system_reset(SRST_SHUTDOWN, status ? SRST_SYSTEM_FAILURE : SRST_NO_REASON);
}

static void srst_reboot(struct reset_method *m)
{
	(void)m;
	if (!sbi_probe(SBI_EXT_SRST))
		return;
	sbi_system_reset(SRST_COLD_REBOOT, SRST_NO_REASON);
	/* A platform need not have every type. */
	sbi_system_reset(SRST_WARM_REBOOT, SRST_NO_REASON);
}

static void legacy_power_off(struct reset_method *m, int status)
{
	(void)m;
	(void)status;
	/*
	 * From SBI 0.3 on there is SRST where the platform can go off; where it cannot, OpenSBI's
	 * legacy call hangs.
	 */
	if (sbi_spec_version() < SBI_VERSION(0, 3) && sbi_probe(SBI_EXT_LEGACY_SHUTDOWN))
		sbi_legacy_shutdown();
}

static struct reset_method srst = {
	.name = "srst", .rating = 20, .power_off = srst_power_off, .reboot = srst_reboot};
static struct reset_method legacy = {
	.name = "sbi-legacy", .rating = 5, .power_off = legacy_power_off};

/* Early, so that a panic on the way up ends the machine as well. */
static int reset_init(void)
{
	reset_register(&srst);
	reset_register(&legacy);
	panic_ops.power_off = machine_power_off;
	return 0;
}
INITCALL(INIT_EARLY, reset_init);
