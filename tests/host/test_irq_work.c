/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * irq_work: once for each time it was accepted, wherever and by however many it is queued; sync;
 * the refused leave no trace.
 */
#include "ipi/irq_work.h"

#include <errno.h>

#include "tests/host/call_world.h"

static _Atomic unsigned int ran, accepted;
static _Atomic bool in_it, leave_it;

static void clear(void)
{
	host_log_clear();
	atomic_store(&ran, 0);
	atomic_store(&accepted, 0);
	atomic_store(&in_it, false);
	atomic_store(&leave_it, false);
}

static void count(struct irq_work *work)
{
	if (!irq_work_is_busy(work))
		panic("a work is not busy while it runs");
	atomic_fetch_add(&ran, 1);
}

static void local_hart(unsigned int cpu, void *arg)
{
	static struct irq_work work = IRQ_WORK_INIT(count), lazy = IRQ_WORK_INIT_LAZY(count);
	unsigned long flags;

	(void)arg;
	if (cpu)
		return;
	flags = local_irq_save();
	if (!irq_work_queue(&work) || irq_work_queue(&work) ||
	    irq_work_queue_on(&work, 0) != -EBUSY || irq_work_queue_on(&work, 1) != -EBUSY)
		panic("pending is not what it should be");
	if (!irq_work_is_busy(&work) || atomic_load(&ran))
		panic("it ran with interrupts off");
	local_irq_restore(flags);
	irq_work_sync(&work);
	if (atomic_load(&ran) != 1 || irq_work_is_busy(&work))
		panic("ran %u times", atomic_load(&ran));

	/* A lazy one raises nothing; the next interrupt takes it along. */
	if (!irq_work_queue(&lazy) || csr_read(CSR_SIP))
		panic("a lazy one raised the line");
	cpu_relax();
	if (atomic_load(&ran) != 1 || !irq_work_queue(&work))
		panic("a lazy one did not wait");
	irq_work_sync(&work);
	if (atomic_load(&ran) != 3 || irq_work_is_busy(&lazy))
		panic("a lazy one was not taken along");
	/* Who waits for it need not wait for an interrupt. */
	irq_work_queue(&lazy);
	irq_work_sync(&lazy);
	if (irq_work_queue_on(&work, 2) != -ENXIO || irq_work_is_busy(&work))
		panic("no such cpu");
	init_irq_work(&work, NULL);
	if (irq_work_queue_on(&work, 1) != -EINVAL)
		panic("no function");
}

static void local(void **state)
{
	(void)state;
	clear();
	world_run(2, 0, local_hart, NULL);
	assert_int_equal(atomic_load(&ran), 4);
}

/* Everybody queues the same few works everywhere, as fast as it goes. */
#define WORKS 3
static struct irq_work shared[WORKS];
/*
 * Plain: what is written before the queueing is seen by the run, what the run writes by who has
 * synced.
 */
static unsigned int before[8][WORKS], after[WORKS];

static void see(struct irq_work *work)
{
	atomic_fetch_add(&ran, 1);
	/* Queued on another cpu from its own function it may well run twice at once. */
	if (atomic_load(&ran) % 5 == 0) {
		unsigned int target = (smp_processor_id() + 1) % world.harts;

		atomic_fetch_add(&accepted, 1);
		if (irq_work_queue_on(work, target))
			atomic_fetch_sub(&accepted, 1);
	}
}

static void everywhere_hart(unsigned int cpu, void *arg)
{
	uint64_t random = world.seed + cpu;

	(void)arg;
	for (unsigned int i = 0; i < 1000; i++) {
		struct irq_work *work = &shared[host_random(&random) % WORKS];

		atomic_fetch_add(&accepted, 1);
		if (irq_work_queue_on(work, (unsigned int)(host_random(&random) % world.harts)))
			atomic_fetch_sub(&accepted, 1);
	}
	for (unsigned int i = 0; i < WORKS; i++)
		irq_work_sync(&shared[i]);
}

static void everywhere(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	for (unsigned int round = 0; round < 20; round++) {
		clear();
		for (unsigned int i = 0; i < WORKS; i++)
			init_irq_work(&shared[i], see);
		world_run(2 + round % 4, (seed + round) | 1, everywhere_hart, NULL);
		assert_int_equal(atomic_load(&ran), atomic_load(&accepted));
		expect_waits(0, 0);
		for (unsigned int i = 0; i < WORKS; i++)
			assert_false(irq_work_is_busy(&shared[i]));
	}
}

/* Sync orders: what the function did is seen, and what came before the queueing was seen by it. */
static void add_up(struct irq_work *work)
{
	unsigned int i = (unsigned int)(work - shared);

	after[i] += before[i][0];
}

static void sync_hart(unsigned int cpu, void *arg)
{
	(void)arg;
	if (cpu >= WORKS)
		return;
	for (unsigned int i = 1; i <= 500; i++) {
		before[cpu][0] = i;
		if (irq_work_queue_on(&shared[cpu], (cpu + 1) % world.harts))
			panic("pending after a sync");
		irq_work_sync(&shared[cpu]);
		if (after[cpu] != i * (i + 1) / 2)
			panic("%u runs are %u", i, after[cpu]);
	}
}

static void sync_orders(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	for (unsigned int round = 0; round < 5; round++) {
		clear();
		memset(after, 0, sizeof(after));
		for (unsigned int i = 0; i < WORKS; i++)
			init_irq_work(&shared[i], add_up);
		world_run(3, (seed + round) | 1, sync_hart, NULL);
	}
}

/*
 * While it runs here it is queued on a cpu that refuses it, and again on one that is done first: it
 * is busy until the last has ended.
 */
static void stay(struct irq_work *work)
{
	(void)work;
	if (!atomic_exchange(&in_it, true)) {
		while (!atomic_load(&leave_it))
			cpu_relax();
	}
	atomic_fetch_add(&ran, 1);
}

static void two_runs_hart(unsigned int cpu, void *arg)
{
	static struct irq_work work;

	(void)arg;
	if (cpu)
		return;
	init_irq_work(&work, stay);
	if (irq_work_queue_on(&work, 1))
		panic("refused");
	while (!atomic_load(&in_it))
		cpu_relax();
	if (irq_work_queue_on(&work, 99) != -ENXIO || !irq_work_is_busy(&work))
		panic("a refusal makes it look idle");
	if (irq_work_queue_on(&work, 2))
		panic("a work that runs cannot be queued");
	while (!atomic_load(&ran))
		cpu_relax();
	udelay(1000);
	if (!irq_work_is_busy(&work))
		panic("the end of one run hides the other");
	atomic_store(&leave_it, true);
	irq_work_sync(&work);
	if (atomic_load(&ran) != 2)
		panic("ran %u times", atomic_load(&ran));
}

static void two_runs_at_once(void **state)
{
	(void)state;
	clear();
	world_run(3, 0, two_runs_hart, NULL);
}

/*
 * Queued on a cpu that goes down, by itself: the last step of it runs them, also what they queue.
 */
static void chain(struct irq_work *work)
{
	if (atomic_fetch_add(&ran, 1) < 5)
		irq_work_queue(work);
}

static void dying_hart(unsigned int cpu, void *arg)
{
	static struct irq_work lazy = IRQ_WORK_INIT_LAZY(chain), remote = IRQ_WORK_INIT(count);
	unsigned long flags;

	(void)arg;
	if (cpu == 1) {
		flags = local_irq_save();
		irq_work_queue(&lazy);
		smpcfd_dying_cpu();
		if (atomic_load(&ran) != 6 || call_queue_has_work())
			panic("goes down with work left: ran %u", atomic_load(&ran));
		atomic_store(&in_it, true);
		while (!atomic_load(&leave_it))
			cpu_relax();
		csr_clear(CSR_SIP, SIE_SSIE);
		come_up(cpu);
		local_irq_restore(flags);
	} else if (!cpu) {
		while (!atomic_load(&in_it))
			cpu_relax();
		if (irq_work_queue_on(&remote, 1) != -ENXIO || irq_work_is_busy(&remote))
			panic("queued on a closed cpu");
		atomic_store(&leave_it, true);
	}
}

static void dying(void **state)
{
	(void)state;
	clear();
	world_run(2, 0, dying_hart, NULL);
}

/*
 * Each leaves a lazy one that the other waits for, again and again: nobody idles, and nothing else
 * interrupts.
 */
static struct irq_work crossed[2];

static void leave_again(struct irq_work *work)
{
	if (atomic_fetch_add(&ran, 1) % 10 != 9)
		irq_work_queue(work);
}

static void crossed_hart(unsigned int cpu, void *arg)
{
	(void)arg;
	irq_work_queue(&crossed[cpu]);
	atomic_fetch_add(&accepted, 1);
	while (atomic_load(&accepted) < 2)
		cpu_relax();
	irq_work_sync(&crossed[!cpu]);
	irq_work_sync(&crossed[cpu]);
}

static void crossed_lazy(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 20; round++) {
		clear();
		for (unsigned int i = 0; i < 2; i++)
			crossed[i] = (struct irq_work)IRQ_WORK_INIT_LAZY(leave_again);
		world_run(2, 0, crossed_hart, NULL);
		assert_true(atomic_load(&ran) >= 2);
	}
}

/* The ring gets lost: who waits for the work tells, and rings again. */
static void lost_ring_hart(unsigned int cpu, void *arg)
{
	static struct irq_work work;

	(void)arg;
	if (cpu)
		return;
	init_irq_work(&work, count);
	atomic_store(&lose, 1);
	if (irq_work_queue_on(&work, 1))
		panic("refused");
	irq_work_sync(&work);
	if (atomic_load(&ran) != 1)
		panic("ran %u times", atomic_load(&ran));
}

static void lost_ring(void **state)
{
	(void)state;
	clear();
	host_log_clear();
	set_csd_timeout_ms(50);
	world_run(2, 0, lost_ring_hart, NULL);
	set_csd_timeout_ms(env_uint("CSD_TIMEOUT_MS", 10000));
	expect_waits(1, 1);
	assert_non_null(strstr(host_log(), "irq_work: cpu0 waits"));
	assert_non_null(strstr(host_log(), "for cpu1 to run function"));
	assert_non_null(strstr(host_log(), "irq_work: cpu1 answered cpu0"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(local),       cmocka_unit_test(everywhere),
	cmocka_unit_test(sync_orders), cmocka_unit_test(two_runs_at_once),
	cmocka_unit_test(dying),       cmocka_unit_test(crossed_lazy),
	cmocka_unit_test(lost_ring),
};
HOST_MAIN(tests)
