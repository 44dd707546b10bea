/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts and stops one hart while the others run. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "arch/riscv/boot.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/io.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "core/printk.h"
#include "core/smp.h"
#include "core/smp_internal.h"
#include "core/time.h"
#include "sbi/base.h"
#include "sbi/hsm.h"
#include "sbi/ipi.h"
#include "sbi/sbi.h"

/* How often, and how far apart, a hart_stop that comes back is tried again. */
#define STOP_TRIES    20
#define STOP_RETRY_US 100

/*
 * A start or a stop takes microseconds on hardware. Within these the control side looks without a
 * break, after them it sleeps between the looks.
 */
#define LOOK_US 100

/* How long a hart may take to stop before it is looked after. */
#define NUDGE_MS 20

static int state_of(unsigned int cpu)
{
	/* Acquire: pairs with the hart's own steps, so what it did before them is seen. */
	return atomic_load_explicit(&cpu_info(cpu)->state, memory_order_acquire);
}

static bool look_until(bool (*cond)(void *), void *arg, uint64_t deadline)
{
	uint64_t until = MIN(deadline, rdtime() + ns_to_ticks(LOOK_US * 1000UL));

	do {
		if (cond(arg))
			return true;
		cpu_relax();
	} while (rdtime() < until);
	return poll_until(cond, arg, deadline);
}

/* The firmware's word for a hart's state. */
static const char *hsm_words(unsigned int cpu)
{
	struct sbiret ret = sbi_hart_get_status(cpu_to_hartid(cpu));

	return ret.error ? sbi_error_name(ret.error) : hsm_state_name(ret.value);
}

static bool is_stopped(unsigned int cpu)
{
	struct sbiret ret = sbi_hart_get_status(cpu_to_hartid(cpu));

	return !ret.error && ret.value == HSM_STOPPED;
}

/* A parked hart never left: it sees the state, and has to be woken. */
static int start_parked(unsigned int cpu)
{
	int parked = CPU_PARKED, starting = CPU_STARTING;
	struct sbiret ret;

	/* Release: what was written for this start is seen by the hart, whose look acquires. */
	if (!cas_acq_rel(&cpu_info(cpu)->state, &parked, CPU_STARTING))
		return -EBUSY;
	cpu_info(cpu)->start_ticks = rdtime();
	/* The state before the bit, for a hart that looks at them the other way round. */
	io_fence();
	ret = sbi_send_ipi(1, cpu_to_hartid(cpu));
	if (!ret.error || !cas_acq_rel(&cpu_info(cpu)->state, &starting, CPU_PARKED))
		return 0;
	pr_err("cpu%u (hart %lu) is parked, and cannot be woken: %s", cpu, cpu_to_hartid(cpu),
	       sbi_error_name(ret.error));
	return sbi_to_errno(ret.error);
}

static int refused(unsigned int cpu, int error)
{
	char reason[64];

	cpu_info(cpu)->error = error;
	atomic_store_explicit(&cpu_info(cpu)->state, CPU_REFUSED, memory_order_relaxed);
	pr_err("cpu%u (hart %lu): %s; hart state %s", cpu, cpu_to_hartid(cpu),
	       cpu_failure(cpu, reason, sizeof(reason)), hsm_words(cpu));
	return error;
}

static int start_stopped(unsigned int cpu)
{
	uint64_t until = 0;

	for (;;) {
		switch (smp_start_cpu(cpu)) {
		case HSM_START_ACCEPTED:
			return 0;
		case HSM_START_ALREADY:
			return refused(cpu, -EALREADY);
		case HSM_START_REFUSED:
			return refused(cpu, cpu_info(cpu)->error);
		case HSM_START_RETRY:
			if (!until)
				until = deadline_ms(START_RETRY_MS);
			if (rdtime() >= until)
				return refused(cpu, cpu_info(cpu)->error);
			udelay(10);
		}
	}
}

static int why_not(unsigned int cpu, int error, const char *why)
{
	pr_err("cpu%u (hart %lu) cannot be started: %s", cpu, cpu_to_hartid(cpu), why);
	return error;
}

int cpu_start_hart(unsigned int cpu)
{
	if (cpu >= nr_cpu_ids)
		return -ENODEV;
	/* What failed at boot for want of memory is not tried again. */
	if (!percpu_base[cpu] || (cpu_info(cpu)->error == -ENOMEM && !cpu_info(cpu)->start_ticks))
		return why_not(cpu, -ENOMEM, "no memory for it");
	if (!sbi_probe(SBI_EXT_HSM))
		return why_not(cpu, -EOPNOTSUPP, "the firmware has no HSM extension");
	switch (state_of(cpu)) {
	case CPU_ONLINE:
		return -EEXIST;
	case CPU_STARTING:
		return why_not(cpu, -EBUSY, "it is starting");
	case CPU_DYING:
		/* Who waited for its end gave up; if it has come meanwhile, well. */
		if (!is_stopped(cpu))
			return why_not(cpu, -EBUSY, "it has not stopped");
		break;
	}
	if (!smp_start_stack(cpu))
		return why_not(cpu, -ENXIO, "it has no stack to start on");
	cpu_info(cpu)->error = 0;
	return state_of(cpu) == CPU_PARKED ? start_parked(cpu) : start_stopped(cpu);
}

static bool has_come(void *arg)
{
	return state_of(*(unsigned int *)arg) != CPU_STARTING;
}

int cpu_wait_started(unsigned int cpu, uint64_t deadline)
{
	char reason[64];

	if (look_until(has_come, &cpu, deadline) || !smp_give_up(cpu))
		return 0;
	pr_err("cpu%u (hart %lu): %s; hart state %s", cpu, cpu_to_hartid(cpu),
	       cpu_failure(cpu, reason, sizeof(reason)), hsm_words(cpu));
	return -ETIMEDOUT;
}

/* Of a hart whose state word says that it goes: parked, or what the firmware says. */
static bool has_gone(void *arg)
{
	unsigned int cpu = *(unsigned int *)arg;

	switch (state_of(cpu)) {
	case CPU_ONLINE:
		return false;
	case CPU_DYING:
		return is_stopped(cpu);
	default:
		return true;
	}
}

/*
 * Some firmware waits for an interrupt before it gives hart_stop up; the hart then tries again, or
 * parks.
 */
static void nudge(unsigned int cpu)
{
	struct sbiret ret = sbi_hart_get_status(cpu_to_hartid(cpu));

	if (state_of(cpu) == CPU_DYING && !ret.error && ret.value == HSM_STARTED)
		sbi_send_ipi(1, cpu_to_hartid(cpu));
}

int cpu_wait_dead(unsigned int cpu, uint64_t deadline)
{
	int dying = CPU_DYING;
	bool gone;

	while (!(gone = look_until(has_gone, &cpu, MIN(deadline, deadline_ms(NUDGE_MS)))) &&
	       rdtime() < deadline)
		nudge(cpu);
	if (gone && cas_acq_rel(&cpu_info(cpu)->state, &dying, CPU_OFFLINE))
		return 0;
	if (state_of(cpu) == CPU_PARKED) {
		pr_err("cpu%u (hart %lu): the firmware does not stop it (%s): parked", cpu,
		       cpu_to_hartid(cpu), sbi_error_name(cpu_info(cpu)->stop_error));
		return -EIO;
	}
	pr_err("cpu%u (hart %lu) has not stopped: it is %s, hart state %s", cpu, cpu_to_hartid(cpu),
	       cpu_state_name(state_of(cpu)), hsm_words(cpu));
	return -ETIMEDOUT;
}

/* Comes back only when the firmware will not stop this hart; returns its last answer. */
static long stop_this_hart(void)
{
	long error = SBI_SUCCESS;

	for (int i = 0; i < STOP_TRIES; i++) {
		/*
		 * An interrupt that is enabled ends the firmware's wait, in some. udelay may have
		 * enabled one.
		 */
		csr_write(CSR_SIE, 0);
		error = sbi_hart_stop().error;
		if (hsm_stop_result(error) == HSM_STOP_REFUSED)
			break;
		udelay(STOP_RETRY_US);
	}
	csr_write(CSR_SIE, 0);
	return error;
}

void smp_park(void)
{
	unsigned int cpu = smp_processor_id();
	struct cpu_info *info = cpu_info(cpu);
	int dying = CPU_DYING, offline = CPU_OFFLINE;
	bool parked;

	info->stop_error = stop_this_hart();
	/*
	 * Seen stopped in the middle of a stop that came back, it is offline already. Release: who
	 * starts it next sees that it is parked. One that was given up, or is being started by way
	 * of the firmware, has no other way back.
	 */
	parked = cas_acq_rel(&info->state, &dying, CPU_PARKED) ||
		 cas_acq_rel(&info->state, &offline, CPU_PARKED);
	csr_write(CSR_SIE, parked ? SIE_SSIE : 0);
	while (!parked || state_of(cpu) != CPU_STARTING) {
		wait_for_interrupt();
		csr_clear(CSR_SIP, SIE_SSIE);
		/*
		 * Between the two, as in trap_entry: a state that was read before the bit is
		 * cleared could be the old one, and the bit that of its change.
		 */
		io_fence();
	}
	secondary_hart_again(smp_start_stack(cpu));
}

void cpu_die(void)
{
	unsigned int cpu = smp_processor_id();
	int online = CPU_ONLINE;

	ASSERT(irqs_disabled() && !cpumask_test_cpu(cpu, cpu_online_mask));
	/* Release: who waits for the end sees all that this hart has done. */
	if (!cas_acq_rel(&cpu_info(cpu)->state, &online, CPU_DYING))
		panic("cpu%u dies, and was not alive", cpu);
	smp_park();
}

const char *cpu_failure(unsigned int cpu, char *buf, unsigned int size)
{
	const struct cpu_info *info = cpu_info(cpu);

	switch (atomic_load_explicit(&info->state, memory_order_relaxed)) {
	case CPU_ONLINE:
		return "";
	case CPU_OFFLINE:
		/* The boot hart was not started by us, but came online all the same. */
		if (info->start_ticks || !cpu)
			return "stopped";
		return "not started (maxcpus=)";
	case CPU_REFUSED:
		if (info->error == -EALREADY)
			return "runs already, started by somebody else";
		/* Never tried; firmware that has no memory of its own says so below. */
		if (info->error == -ENOMEM && !info->start_ticks)
			return "no memory for it";
		snprintf(buf, size, "the firmware refuses to start it (error %d)", info->error);
		return buf;
	case CPU_LATE:
		return smp_came_late(cpu) ? "came after the deadline, parked"
					  : "start accepted, never arrived";
	case CPU_STUCK:
		return "arrived, but did not come online";
	case CPU_DYING:
		return "is stopping";
	case CPU_PARKED:
		return "the firmware does not stop it, parked";
	default:
		return "is starting";
	}
}

unsigned int late_arrivals(void)
{
	unsigned int n = 0;

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		n += smp_came_late(cpu);
	return n;
}
