/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All kinds of calls at once between harts that go down and come up, with a noisy schedule: every
 * one is accounted for.
 */
#include <errno.h>

#include "ipi/irq_work.h"
#include "tests/host/call_world.h"

#define HARTS_MAX 6
#define OPS	  400
#define ROUNDS	  24
#define POOL	  4

/*
 * One call in the books. runs is plain on purpose: each target writes its own word, and the caller
 * of a call that waits reads it as soon as the call has returned, so the thread sanitizer sees
 * whether the call orders them.
 */
struct op {
	unsigned int runs[HARTS_MAX];
	unsigned int accepted;
	unsigned int caller;
	/* Of the caller's hart context; 0: made elsewhere, where no order is promised. */
	unsigned long seq;
	bool nests; /* calls on while it runs */
};

/* A csd, or a work, that goes round and is counted as often as it was accepted. */
struct roamer {
	call_single_data_t csd;
	struct irq_work work;
	_Atomic unsigned int accepted, runs;
};

static struct hart {
	struct op ops[OPS];
	unsigned long seq;
	unsigned long seen[HARTS_MAX]; /* by caller: the last call of it that ran here */
	struct roamer roamers[POOL];
	uint64_t random;
	_Atomic bool closed;
	unsigned long refused, timed_out, closes;
} harts[HARTS_MAX];

static unsigned int nr_harts;

static void in_call(void)
{
	if (!irqs_disabled())
		panic("a call runs with interrupts on");
	if (atomic_load_explicit(&harts[smp_processor_id()].closed, memory_order_relaxed))
		panic("a call runs on a hart that is closed");
}

static void leaf(void *info)
{
	unsigned int *runs = info;

	in_call();
	runs[smp_processor_id()]++;
}

static bool low_half(unsigned int cpu, void *info)
{
	(void)info;
	return cpu < nr_harts / 2;
}

static void nest(unsigned int self)
{
	unsigned int runs[HARTS_MAX] = {0};
	unsigned int target = (unsigned int)(host_random(&harts[self].random) % nr_harts);
	int err = smp_call_function_single(target, leaf, runs, true);
	unsigned int n;

	if (runs[target] != (err ? 0 : 1))
		panic("a call from a call: error %d, ran %u times", err, runs[target]);
	if (host_random(&harts[self].random) & 3)
		return;
	memset(runs, 0, sizeof(runs));
	/* Fewer than the broadcast that it may have come into the middle of. */
	n = smp_call_function_many_cond(cpu_online_mask, leaf, runs, SCF_WAIT, low_half);
	for (target = 0; target < nr_harts; target++)
		n -= runs[target];
	if (n)
		panic("a broadcast from a call: ran %d times too few", (int)n);
}

static void run_op(void *info)
{
	unsigned int self = smp_processor_id();
	struct op *op = info;

	in_call();
	op->runs[self]++;
	if (op->seq) {
		if (op->seq <= harts[self].seen[op->caller])
			panic("cpu%u's calls to cpu%u in wrong order", op->caller, self);
		harts[self].seen[op->caller] = op->seq;
	}
	if (op->nests)
		nest(self);
}

static unsigned int total(const struct op *op)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < HARTS_MAX; i++) {
		if (op->runs[i] > 1)
			panic("a call ran %u times on cpu%u", op->runs[i], i);
		sum += op->runs[i];
	}
	return sum;
}

static void account(struct hart *hart, struct op *op, int err, bool waited)
{
	if (err && err != -ENXIO && err != -ETIMEDOUT)
		panic("error %d", err);
	op->accepted = err != -ENXIO;
	hart->refused += err == -ENXIO;
	hart->timed_out += err == -ETIMEDOUT;
	if (waited && !err && total(op) != 1)
		panic("a call is over that ran %u times", total(op));
}

static bool every_other(unsigned int cpu, void *info)
{
	return (cpu + ((struct op *)info)->caller) & 1;
}

static void broadcast(struct hart *hart, struct op *op, uint64_t choice)
{
	bool wait = choice & 1;

	if (choice & 2)
		op->accepted = smp_call_function_many_cond(cpu_possible_mask, run_op, op,
							   wait ? SCF_WAIT | SCF_RUN_LOCAL : 0,
							   choice & 4 ? every_other : NULL);
	else if (choice & 4)
		op->accepted = on_each_cpu(run_op, op, wait);
	else
		op->accepted = smp_call_function(run_op, op, wait);
	if (wait && total(op) != op->accepted)
		panic("a broadcast to %u is over that ran %u times", op->accepted, total(op));
	(void)hart;
}

/*
 * Submitted by its hart and, for half of them, by itself, to wherever; whoever comes second must
 * get -EBUSY.
 */
static void submit(struct roamer *r, unsigned int target)
{
	int err;

	/* Counted before: it may have run before this function is back. */
	atomic_fetch_add(&r->accepted, 1);
	err = smp_call_function_single_async(target, &r->csd);
	if (err)
		atomic_fetch_sub(&r->accepted, 1);
	if (err && err != -EBUSY && err != -ENXIO)
		panic("async: error %d", err);
}

static void roam(void *info)
{
	struct hart *hart = &harts[smp_processor_id()];
	struct roamer *r = info;

	in_call();
	atomic_fetch_add(&r->runs, 1);
	if (host_random(&hart->random) & 1)
		submit(r, (smp_processor_id() + 1) % nr_harts);
}

static void queue_work(struct roamer *r, unsigned int target)
{
	int err;

	atomic_fetch_add(&r->accepted, 1);
	err = target == smp_processor_id() ? irq_work_queue(&r->work) ? 0 : -EBUSY
					   : irq_work_queue_on(&r->work, target);
	if (err)
		atomic_fetch_sub(&r->accepted, 1);
	if (err && err != -EBUSY && err != -ENXIO)
		panic("irq_work_queue_on: error %d", err);
}

static void work(struct irq_work *w)
{
	struct roamer *r = container_of(w, struct roamer, work);
	struct hart *hart = &harts[smp_processor_id()];

	in_call();
	atomic_fetch_add(&r->runs, 1);
	if (host_random(&hart->random) % 4 == 0)
		queue_work(r, (unsigned int)(host_random(&hart->random) % nr_harts));
}

/* Down, and up again, as hotplug does it. */
static void close_and_open(unsigned int cpu, struct hart *hart)
{
	unsigned long flags = local_irq_save();

	cpumask_clear_cpu(cpu, online);
	smpcfd_dying_cpu();
	if (call_queue_has_work())
		panic("cpu%u goes down with work left", cpu);
	atomic_store_explicit(&hart->closed, true, memory_order_relaxed);
	for (uint64_t turns = host_random(&hart->random) % 20; turns; turns--)
		cpu_relax();
	csr_clear(CSR_SIP, SIE_SSIE);
	atomic_store_explicit(&hart->closed, false, memory_order_relaxed);
	come_up(cpu);
	local_irq_restore(flags);
	hart->closes++;
}

static void watch_queue(void)
{
	unsigned long flags = local_irq_save();

	call_queue_poll(UINT32_MAX);
	local_irq_restore(flags);
}

static void one_op(unsigned int cpu, struct hart *hart, struct op *op)
{
	uint64_t choice = host_random(&hart->random);
	unsigned int target = (unsigned int)(choice >> 32) % nr_harts;
	bool off = choice >> 8 & 1;
	unsigned long flags = off ? local_irq_save() : 0;

	op->caller = cpu;
	op->seq = ++hart->seq;
	op->nests = !(choice >> 9 & 3);
	switch (choice & 15) {
	case 0 ... 2:
		account(hart, op, smp_call_function_single(target, run_op, op, true), true);
		break;
	case 3 ... 4:
		op->nests = false;
		account(hart, op, smp_call_function_single(target, run_op, op, false), false);
		break;
	case 5 ... 7:
		op->nests = false;
		broadcast(hart, op, choice >> 16);
		break;
	case 8:
		op->nests = false;
		account(hart, op,
			smp_call_function_single_timeout(target, run_op, op, (choice >> 16) % 200),
			true);
		break;
	case 9 ... 10:
		submit(&hart->roamers[choice >> 16 & (POOL - 1)], target);
		break;
	case 11 ... 12:
		queue_work(&hart->roamers[choice >> 16 & (POOL - 1)], target);
		break;
	case 13:
		close_and_open(cpu, hart);
		break;
	case 14:
		if (cpu)
			watch_queue();
		break;
	case 15:
		op->nests = false;
		account(hart, op, smp_call_function_any(cpu_online_mask, run_op, op, true), true);
		break;
	}
	if (off)
		local_irq_restore(flags);
}

static void nothing(void *info)
{
	(void)info;
}

static void hart_main(unsigned int cpu, void *arg)
{
	struct hart *hart = &harts[cpu];

	(void)arg;
	for (unsigned int i = 0; i < OPS; i++)
		one_op(cpu, hart, &hart->ops[i]);
	/*
	 * Somebody may watch his queue; and somebody may wait for a lazy work that is here, and
	 * needs an interrupt or idling.
	 */
	while (!cpu && atomic_load(&world.done) < world.harts - 1) {
		smp_call_function(nothing, NULL, false);
		serve();
	}
	for (unsigned int i = 0; i < POOL; i++)
		irq_work_sync(&hart->roamers[i].work);
}

/* Sums up a round; all calls are over. */
static void balance(unsigned long *accepted, unsigned long *refused)
{
	unsigned long timed_out = 0;
	struct call_totals t;

	for (unsigned int cpu = 0; cpu < nr_harts; cpu++) {
		for (unsigned int i = 0; i < OPS; i++) {
			const struct op *op = &harts[cpu].ops[i];

			if (total(op) != op->accepted)
				fail_msg("accepted %u times, ran %u times", op->accepted,
					 total(op));
			*accepted += op->accepted;
		}
		for (unsigned int i = 0; i < POOL; i++)
			assert_int_equal(harts[cpu].roamers[i].accepted,
					 harts[cpu].roamers[i].runs);
		*refused += harts[cpu].refused;
		timed_out += harts[cpu].timed_out;
	}
	t = world_totals;
	assert_int_equal(t.queued, t.run);
	/* Nothing but calls that were to time out had to be reported: no ring was lost. */
	expect_waits(timed_out, 0);
}

static void everything(void **state)
{
	uint64_t seed = host_seed();
	unsigned long accepted = 0, refused = 0;

	(void)state;
	set_csd_timeout_ms(env_uint("CSD_TIMEOUT_MS", 10000));
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t random = seed + round;

		memset(harts, 0, sizeof(harts));
		nr_harts = 2 + round % (HARTS_MAX - 1);
		for (unsigned int cpu = 0; cpu < nr_harts; cpu++) {
			harts[cpu].random = host_random(&random);
			for (unsigned int i = 0; i < POOL; i++) {
				struct roamer *r = &harts[cpu].roamers[i];

				INIT_CSD(&r->csd, roam, r);
				init_irq_work(&r->work, work);
				if (i & 1)
					r->work = (struct irq_work)IRQ_WORK_INIT_LAZY(work);
			}
		}
		world_run(nr_harts, host_random(&random) | 1, hart_main, NULL);
		balance(&accepted, &refused);
	}
	/* A test in which most is refused proves nothing. */
	print_message("# %lu accepted, %lu refused\n", accepted, refused);
	assert_true(accepted > 4 * refused);
	assert_true(refused > 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(everything),
};
HOST_MAIN(tests)
