/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations that call nobody: a hart sleeps, watches its queue, is away, or closes its queue. */
#include "arch/riscv/processor.h"
#include "core/time.h"
#include "tests/torture/ops.h"

static bool never(void *unused)
{
	(void)unused;
	return false;
}

/* What would end idle's sleep, but for the timer: it comes anyway, also where a ring never does. */
static bool is_rung(void)
{
	return csr_read(CSR_SIP) & csr_read(CSR_SIE) & ~SIE_STIE;
}

/*
 * As idle does: once nothing has come, it sleeps. So calls that are queued by then have been rung
 * for, or are about to be.
 */
static void watch_queue(struct torturer *me)
{
	/* Without a timer that comes anyway the one without end could wait for ever. */
	bool endless = random_turns && one_in(me, 2);
	unsigned int looks = endless ? UINT32_MAX : 1 + (unsigned int)random_below(&me->random, 8);
	uint64_t give_up = deadline_ms(random_turns ? 1 : 10000);
	unsigned long flags = local_irq_save();

	if (!call_queue_poll(looks) && call_queue_has_calls()) {
		while (!is_rung() && time_now() < give_up)
			cpu_relax();
		if (!is_rung())
			torture_fault(FAULT_LOST, "cpu%u would sleep on calls, and nobody rings",
				      me->cpu);
		flush_call_queue();
	}
	local_irq_restore(flags);
}

/* Asleep, watching its queue, or away with interrupts off: calls find this hart in every state. */
void op_pause(struct torturer *me)
{
	unsigned long flags;

	if (one_in(me, 2)) {
		watch_queue(me);
		return;
	}
	if (one_in(me, 2)) {
		wait_until(never, NULL, time_now() + random_below(&me->random, 200));
		return;
	}
	flags = local_irq_save();
	udelay(random_below(&me->random, 10));
	local_irq_restore(flags);
}

/*
 * What a hart does that goes down and comes up again, but for the stop in between. Others' calls
 * are refused meanwhile.
 */
void op_close(struct torturer *me)
{
	unsigned long flags;

	if (!torture_close)
		return;
	flags = local_irq_save();
	smpcfd_dying_cpu();
	udelay(random_below(&me->random, 3));
	csr_clear(CSR_SIP, SIE_SSIE);
	smpcfd_online_cpu();
	local_irq_restore(flags);
}
