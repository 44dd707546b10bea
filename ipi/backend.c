/* SPDX-License-Identifier: BSD-2-Clause */
/* Choosing a back end, and changing to it while all harts run. */
#include "ipi/backend.h"

#include <errno.h>
#include <string.h>

#include "core/cpu.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/param.h"
#include "core/printk.h"
#include "ipi/call.h"

static const struct ipi_backend *const backends[] = {
	&ipi_backend_imsic,
	&ipi_backend_sswi,
	&ipi_backend_sbi,
	&ipi_backend_legacy,
};

_Atomic(const struct ipi_backend *) __ipi_backend = &ipi_backend_sbi;

/* What came of each when it was looked for; by index in backends. */
static int found[ARRAY_SIZE(backends)] = {[0 ... ARRAY_SIZE(backends) - 1] = -EAGAIN};

static char wanted[16];
PARAM_STRING("ipi", wanted,
	     "back end of IPIs: imsic, sswi, sbi or legacy; default: the best there is");

const struct ipi_backend *ipi_backend_nth(unsigned int i, int *state)
{
	if (i >= ARRAY_SIZE(backends))
		return NULL;
	*state = found[i];
	return backends[i];
}

static int ipi_backend_starting(unsigned int cpu)
{
	const struct ipi_backend *backend = ipi_backend();

	if (backend->cpu_init && backend->cpu_init())
		pr_err("cpu%u: IPIs by %s do not reach it", cpu, backend->name);
	return 0;
}
CPUHP_ROW(CPUHP_AP_IPI_STARTING, "ipi:starting", ipi_backend_starting, NULL);

struct readiness {
	const struct ipi_backend *backend;
	_Atomic int error;
};

static void ready_this_cpu(void *info)
{
	struct readiness *ready = info;
	int err = ready->backend->cpu_init();

	if (err)
		atomic_store_explicit(&ready->error, err, memory_order_relaxed);
}

/* Finds it, and readies every online hart by the back end in use so far. */
static int use(const struct ipi_backend *backend)
{
	struct readiness ready = {.backend = backend};
	int err = backend->init ? backend->init() : 0;

	if (!err && backend->cpu_init) {
		on_each_cpu(ready_this_cpu, &ready, true);
		err = atomic_load_explicit(&ready.error, memory_order_relaxed);
	}
	if (!err)
		atomic_store_explicit(&__ipi_backend, backend, memory_order_relaxed);
	return err;
}

static int choose_backend(void)
{
	const struct ipi_backend *best = NULL;
	bool known = false;

	for (unsigned int i = 0; i < ARRAY_SIZE(backends); i++) {
		int err;

		if (wanted[0] && strcmp(wanted, backends[i]->name))
			continue;
		known = true;
		if (best && best->rating > backends[i]->rating)
			continue;
		err = found[i] = use(backends[i]);
		if (!err)
			best = backends[i];
		else if (wanted[0])
			pr_warn("parameter ipi: %s is not to be had here (error %d), ignored",
				wanted, err);
		else if (err != -ENODEV)
			pr_err("IPIs by %s: error %d", backends[i]->name, err);
	}
	if (!known)
		pr_warn("parameter ipi: no back end '%s', ignored", wanted);
	if (!best && wanted[0]) {
		wanted[0] = 0;
		return choose_backend();
	}
	pr_info("IPIs by %s", ipi_backend()->name);
	return 0;
}
INITCALL_FIRST(INIT_LATE, choose_backend);
