/* SPDX-License-Identifier: BSD-2-Clause */
/* sbi: who the firmware is and what it can do. */
#include <errno.h>
#include <stdio.h>

#include "sbi/base.h"
#include "sbi/sbi.h"
#include "shell/shell.h"

static void print_machine_id(const char *name, struct sbiret id)
{
	if (id.error)
		printk_raw("%-14s %s", name, sbi_error_name(id.error));
	else
		printk_raw("%-14s 0x%lx", name, (unsigned long)id.value);
}

static int cmd_sbi(int argc, char **argv)
{
	unsigned long spec = sbi_spec_version();
	long impl = sbi_impl_id(), version = sbi_impl_version();
	const struct sbi_extension *ext;
	size_t n;

	(void)argv;
	if (argc > 1)
		return -EINVAL;
	printk_raw("%-14s %lu.%lu", "specification", SBI_VERSION_MAJOR(spec),
		   SBI_VERSION_MINOR(spec));
	printk_raw("%-14s %s (id %ld)", "implementation", sbi_impl_name(impl), impl);
	/*
	 * OpenSBI's is major << 16 | minor; others count in their own ways, so the raw number
	 * stays.
	 */
	printk_raw("%-14s 0x%lx", "version", (unsigned long)version);
	if (!sbi_legacy_only()) {
		print_machine_id("mvendorid", sbi_get_mvendorid());
		print_machine_id("marchid", sbi_get_marchid());
		print_machine_id("mimpid", sbi_get_mimpid());
	}
	ext = sbi_extensions(&n);
	for (size_t i = 0; i < n; i++)
		printk_raw("%-32s 0x%08lx  %s", ext[i].name, ext[i].id,
			   sbi_probe(ext[i].id) ? "present" : "absent");
	return 0;
}
SHELL_COMMAND(sbi, "", "the firmware: versions, machine ids, extensions", cmd_sbi);
