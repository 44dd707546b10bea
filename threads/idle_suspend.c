/* SPDX-License-Identifier: BSD-2-Clause */
/* Idle harts sleep deeper than wfi, by HSM suspend, where that pays. */
#include <errno.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/fdt.h"
#include "core/init.h"
#include "core/printk.h"
#include "core/suspend.h"
#include "core/time.h"
#include "core/timer.h"
#include "sbi/hsm.h"
#include "threads/idle.h"
#include "threads/internal.h"

#define STATES_MAX 4

struct idle_state {
	uint32_t type;
	bool timer_stops;   /* not while a timer is armed here */
	bool unusable;	    /* the firmware does not have it */
	uint64_t residency; /* ticks, shorter sleeps do not pay */
	_Atomic uint64_t count;
};

/* Written at boot, but for unusable and count: by the cpu itself. */
static DEFINE_PER_CPU(unsigned int, nr_states);
static DEFINE_PER_CPU(struct idle_state[STATES_MAX], states);

int64_t idle_suspends(unsigned int cpu, unsigned int index, uint32_t *type)
{
	const struct idle_state *state = *per_cpu_ptr(&states, cpu);

	if (index >= per_cpu(nr_states, cpu))
		return -1;
	if (type)
		*type = state[index].type;
	return (int64_t)atomic_load_explicit(&state[index].count, memory_order_relaxed);
}

/* The deepest that pays; -1: none. */
static int choose(const struct idle_state *state, unsigned int nr)
{
	uint64_t next = timers_next(), now = rdtime(), left = next > now ? next - now : 0;

	while (nr--) {
		if (!state[nr].unusable && left >= state[nr].residency &&
		    !(state[nr].timer_stops && next != UINT64_MAX))
			return (int)nr;
	}
	return -1;
}

static void suspend(void)
{
	struct idle_state *state = *this_cpu_ptr(&states);
	int at = choose(state, this_cpu(nr_states));

	if (at < 0) {
		wait_for_interrupt();
		return;
	}
	switch (hart_suspend(state[at].type)) {
	case 0:
		/*
		 * Firmware that has set itself up anew may have lost an IPI that came on the way:
		 * this one makes the handler look for whatever there is.
		 */
		if (state[at].type & HSM_SUSPEND_NON_RETENTIVE)
			csr_set(CSR_SIP, SIE_SSIE);
		store_relaxed(&state[at].count,
			      atomic_load_explicit(&state[at].count, memory_order_relaxed) + 1);
		break;
	case -EOPNOTSUPP:
		state[at].unusable = true;
		pr_warn("cpu%u: the firmware does not suspend it by type %#x: not asked again",
			smp_processor_id(), state[at].type);
		break;
	default:
		/* Not this time; an interrupt that is pending has been noticed. */
		wait_for_interrupt();
	}
}

static void add_states(unsigned int cpu)
{
	const struct fdt_cpu *fdt = cpu_info(cpu)->fdt;
	struct fdt_idle_state from_tree[STATES_MAX];
	struct idle_state *state = *per_cpu_ptr(&states, cpu);
	unsigned int n = fdt ? fdt_idle_states(fdt, from_tree, STATES_MAX) : 0;

	for (unsigned int i = 0; i < n; i++) {
		state[i].type = from_tree[i].suspend_type;
		state[i].timer_stops = from_tree[i].timer_stops;
		state[i].residency = ns_to_ticks(from_tree[i].min_residency_us * 1000UL);
	}
	/* What every firmware with hart_suspend is to have (SBI 2.0, section 9.4). */
	if (!n && (idle_mode == IDLE_SUSPEND || idle_mode == IDLE_SUSPEND_DEEP))
		state[n++].type = idle_mode == IDLE_SUSPEND ? HSM_SUSPEND_RETENTIVE
							    : HSM_SUSPEND_NON_RETENTIVE;
	/* Asked for by name: whatever it costs. */
	for (unsigned int i = 0; i < n && idle_mode != IDLE_AUTO; i++)
		state[i].residency = 0;
	per_cpu(nr_states, cpu) = n;
}

static int idle_init(void)
{
	unsigned int cpu;
	bool any = false;

	have_zawrs = cpus_have_isa("zawrs");
	if (idle_mode == IDLE_POLL || idle_mode == IDLE_WFI)
		return 0;
	for_each_populated_cpu (cpu) {
		add_states(cpu);
		any |= per_cpu(nr_states, cpu) > 0;
	}
	/* Harts look at this each time they sleep; the states are theirs to see by then. */
	if (any)
		__atomic_store_n(&idle_sleep, suspend, __ATOMIC_RELEASE);
	return 0;
}
INITCALL(INIT_THREADS, idle_init);
