/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers against a simple model, and on harts that are threads while one after the other goes down:
 * none lost, early, twice or on a dead hart.
 */
#include "core/timer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/csr.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/kmalloc.h"
#include "core/panic.h"
#include "core/symbols.h"
#include "core/time.h"
#include "tests/host/host.h"

/* Each look at the clock is a tick: what depends on time does not depend on the machine's speed. */
static _Atomic uint64_t ticks = 1;
uint64_t timebase_hz = 1000000000;
bool deterministic;

uint64_t time_now(void)
{
	return atomic_fetch_add_explicit(&ticks, 1, memory_order_relaxed);
}

uint64_t deadline_ms(uint64_t ms)
{
	return time_now() + ms * (timebase_hz / 1000);
}

/* The compare register. */
static DEFINE_PER_CPU(uint64_t, compare) = UINT64_MAX;

void timer_compare_set(uint64_t when)
{
	ASSERT(irqs_disabled());
	this_cpu(compare) = when;
}

static struct cpumask *online;
const struct cpumask *cpu_online_mask;

int cpu_to_node(unsigned int cpu)
{
	return (int)(cpu & 1);
}

void *kzalloc_node(size_t size, int node)
{
	(void)node;
	return calloc(1, size);
}

void kfree(const void *object)
{
	free((void *)object);
}

bool symbol_lookup(unsigned long addr, char *buf, size_t size)
{
	snprintf(buf, size, "function %#lx", addr);
	return true;
}

/*
 * Takes what is due on this hart, as at any instruction; the look at the clock may be such an
 * instruction itself.
 */
static void take_timer(void)
{
	static _Thread_local bool looks;
	uint64_t now;

	if (looks)
		return;
	looks = true;
	now = time_now();
	looks = false;
	if (host_irqs_on && now >= this_cpu(compare)) {
		host_irqs_on = false;
		timer_interrupt();
		host_irqs_on = true;
	}
}

static void relax(void)
{
	take_timer();
	cpu_relax();
}

static struct {
	unsigned int harts;
	uint64_t seed;
	void (*fn)(unsigned int cpu);
	_Atomic unsigned int up, done;
} world;

static void go_online(unsigned int cpu)
{
	csr_clear(CSR_SIP, SIE_SSIE);
	cpumask_set_cpu(cpu, online);
}

/* Interrupts off until it is online again. */
static void go_offline(unsigned int cpu)
{
	cpumask_clear_cpu(cpu, online);
	timers_dying_cpu(smp_processor_id());
	/* What came before that. */
	csr_clear(CSR_SIP, SIE_SSIE);
}

static void world_hart(unsigned int cpu, void *arg)
{
	(void)arg;
	go_online(cpu);
	atomic_fetch_add(&world.up, 1);
	while (atomic_load(&world.up) < world.harts)
		cpu_relax();
	host_noise(world.seed ? world.seed + cpu * 0x1234567 : 0);
	if (world.seed)
		host_at_window = take_timer;
	world.fn(cpu);
	/* Others may still need this hart's interrupts, but for those who are all harts in turn. */
	atomic_fetch_add(&world.done, 1);
	while (world.seed && atomic_load(&world.done) < world.harts)
		relax();
	host_at_window = NULL;
	host_noise(0);
}

static void world_run(unsigned int harts, uint64_t seed, void (*fn)(unsigned int cpu))
{
	cpumask_size_init(harts);
	cpu_online_mask = online = cpumask_alloc(0);
	timer_kick_cpu = host_raise;
	host_interrupt = timers_reprogram;
	world.harts = harts;
	world.seed = seed;
	world.fn = fn;
	atomic_store(&world.up, 0);
	atomic_store(&world.done, 0);
	/* The environment may shorten it, where a fault is planted that makes it run out. */
	host_must_end(getenv("HANG_S") ? (unsigned int)atoi(getenv("HANG_S")) : 100,
		      "timers lost: a hart waits for ever\n");
	host_harts_run(harts, world_hart, NULL);
	host_must_end(0, NULL);
	cpumask_free(online);
}

/* One thread that is each hart in turn, and a model that is a row of times. */

#define TIMERS 100
#define CPUS   5

struct entry {
	struct timer_list timer;
	bool pending;
	uint64_t expires;
	unsigned int cpu;
};

static struct entry entries[TIMERS];
static uint64_t rnd;
static unsigned long fired, hopped, died;

static unsigned int below(unsigned int n)
{
	return (unsigned int)(host_random(&rnd) % n);
}

static void become(unsigned int cpu)
{
	host_tp = percpu_base[cpu];
}

/* Mostly near, some in the past, many the same. */
static uint64_t some_time(void)
{
	uint64_t now = atomic_load(&ticks);

	switch (below(4)) {
	case 0:
		return now > 50 ? now - below(50) : 0;
	case 1:
		return ALIGN_UP(now + 1, 1000UL);
	case 2:
		return now + below(100000);
	default:
		return now + below(1000);
	}
}

static void model_arm(struct entry *entry, uint64_t expires)
{
	entry->pending = true;
	entry->expires = MAX(expires, 1UL);
	entry->cpu = atomic_load(&entry->timer.cpu);
	if (!cpumask_test_cpu(entry->cpu, online))
		panic("a timer is armed on a dead hart");
}

static void random_op(struct entry *entry);

static void model_fire(struct timer_list *timer)
{
	struct entry *entry = container_of(timer, struct entry, timer);

	fired++;
	ASSERT(irqs_disabled());
	ASSERT(entry->pending);
	ASSERT(!timer_pending(timer));
	ASSERT(entry->expires <= atomic_load(&ticks));
	ASSERT(entry->cpu == smp_processor_id());
	for (unsigned int i = 0; i < TIMERS; i++) {
		if (entries[i].pending && entries[i].cpu == entry->cpu)
			ASSERT(entries[i].expires >= entry->expires);
	}
	entry->pending = false;
	switch (below(6)) {
	case 0:
		random_op(&entries[below(TIMERS)]);
		break;
	case 1:
		random_op(entry);
		break;
	case 2:
		/* It is gone, and something else is there. */
		memset(timer, 0x5a, sizeof(*timer));
		timer_setup(timer, model_fire);
		break;
	}
}

static void random_op(struct entry *entry)
{
	uint64_t expires = some_time();
	unsigned int cpu;
	int err;

	switch (below(4)) {
	case 0:
	case 1:
		ASSERT(mod_timer(&entry->timer, expires) == entry->pending);
		model_arm(entry, expires);
		if (cpumask_test_cpu(smp_processor_id(), online))
			ASSERT(timer_armed_here(&entry->timer));
		break;
	case 2:
		cpu = below(CPUS + 1);
		if (!entry->pending)
			entry->timer.expires = expires;
		err = add_timer_on(&entry->timer, cpu);
		if (cpu >= CPUS || !cpumask_test_cpu(cpu, online)) {
			ASSERT(err == -ENXIO);
		} else if (entry->pending) {
			ASSERT(err == -EBUSY);
		} else {
			ASSERT(err == 0);
			model_arm(entry, expires);
			ASSERT(entry->cpu == cpu);
			hopped++;
		}
		break;
	case 3:
		if (below(2) && !irqs_disabled())
			ASSERT(timer_delete_sync(&entry->timer) == entry->pending);
		else
			ASSERT(timer_delete(&entry->timer) == entry->pending);
		entry->pending = false;
		break;
	}
	ASSERT(timer_pending(&entry->timer) == entry->pending);
}

static uint64_t model_earliest(unsigned int cpu, unsigned int *nr)
{
	uint64_t first = UINT64_MAX;

	*nr = 0;
	for (unsigned int i = 0; i < TIMERS; i++) {
		if (!entries[i].pending || entries[i].cpu != cpu)
			continue;
		first = MIN(first, entries[i].expires);
		++*nr;
	}
	return first;
}

/*
 * Every hart takes its interrupts; afterwards nothing that is due is left, and each register is
 * right.
 */
static void run_all(void)
{
	unsigned int nr;

	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		become(cpu);
		if (!cpumask_test_cpu(cpu, online)) {
			ASSERT(model_earliest(cpu, &nr) == UINT64_MAX);
			ASSERT(this_cpu(compare) == UINT64_MAX);
			ASSERT(!csr_read(CSR_SIP));
			continue;
		}
		host_take_interrupts();
		for (unsigned int n = 0; atomic_load(&ticks) >= this_cpu(compare); n++) {
			ASSERT(n < 10 * TIMERS);
			take_timer();
		}
	}
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		uint64_t first = model_earliest(cpu, &nr);

		become(cpu);
		ASSERT(timers_pending_on(cpu) == nr);
		/* Kicks that these interrupts sent are still to be taken. */
		host_take_interrupts();
		/* Earlier: where one was taken away by another hart. */
		ASSERT(this_cpu(compare) <= first);
		if (!nr && cpumask_test_cpu(cpu, online) && this_cpu(compare) != UINT64_MAX) {
			local_irq_disable();
			timers_reprogram();
			local_irq_enable();
			ASSERT(this_cpu(compare) == UINT64_MAX);
		}
	}
}

static void model_hart(unsigned int self)
{
	if (self)
		return;
	while (atomic_load(&world.done) < CPUS - 1)
		cpu_relax();
	fired = hopped = died = 0;
	for (unsigned int i = 0; i < TIMERS; i++) {
		become(below(CPUS));
		entries[i].pending = false;
		timer_setup(&entries[i].timer, model_fire);
	}
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int cpu = below(CPUS);

		become(cpu);
		if (!cpumask_test_cpu(cpu, online)) {
			/* What still runs there, interrupts off, may arm timers: elsewhere. */
			local_irq_disable();
			random_op(&entries[below(TIMERS)]);
			if (!below(3))
				go_online(cpu);
			host_irqs_on = true;
		} else if (!below(40) && cpumask_weight(online) > 1) {
			local_irq_disable();
			go_offline(cpu);
			died++;
			for (unsigned int t = 0; t < TIMERS; t++) {
				if (entries[t].pending && entries[t].cpu == cpu)
					model_arm(&entries[t], entries[t].expires);
			}
			/* No interrupt of this hart any more. */
			host_irqs_on = true;
		} else {
			random_op(&entries[below(TIMERS)]);
		}
		if (!below(3)) {
			atomic_fetch_add(&ticks, below(2000));
			run_all();
		}
	}
	/* All that are left fire, and none that is not. */
	atomic_fetch_add(&ticks, 1000000);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		become(cpu);
		if (!cpumask_test_cpu(cpu, online))
			go_online(cpu);
	}
	for (unsigned int n = 0; n < 3; n++)
		run_all();
	become(0);
	for (unsigned int i = 0; i < TIMERS; i++)
		timer_delete_sync(&entries[i].timer);
	if (fired < 1000 || hopped < 500 || died < 20)
		panic("too little happened: %lu fired, %lu hopped, %lu died", fired, hopped, died);
}

static void model(void **state)
{
	(void)state;
	rnd = host_seed();
	for (unsigned int round = 0; round < 5; round++)
		world_run(CPUS, 0, model_hart);
}

/* Order, and times that are the same. */

static unsigned int order[8], nr_order;
static struct timer_list ordered[8];

static void note_order(struct timer_list *timer)
{
	order[nr_order++] = (unsigned int)(timer - ordered);
}

static void order_hart(unsigned int cpu)
{
	static const unsigned int after[8] = {70, 20, 20, 50, 10, 60, 30, 40};
	static const unsigned int due[8] = {4, 1, 2, 6, 7, 3, 5, 0};
	uint64_t start = time_now() + 1000;

	(void)cpu;
	nr_order = 0;
	for (unsigned int i = 0; i < 8; i++) {
		timer_setup(&ordered[i], note_order);
		mod_timer(&ordered[i], start + after[i]);
	}
	ASSERT(this_cpu(compare) == start + 10);
	take_timer();
	ASSERT(nr_order == 0);
	atomic_store(&ticks, start + 9);
	take_timer();
	ASSERT(nr_order == 0);
	atomic_store(&ticks, start + 100);
	take_timer();
	ASSERT(nr_order == 8);
	ASSERT(this_cpu(compare) == UINT64_MAX);
	for (unsigned int i = 0; i < 8; i++)
		ASSERT(order[i] == due[i] || after[order[i]] == after[due[i]]);
	ASSERT(order[1] != order[2]);
}

static void order_of_times(void **state)
{
	(void)state;
	world_run(1, 0, order_hart);
}

/*
 * More than one interrupt may do, and one that is always due: others of the hart get a turn after a
 * bounded number.
 */
static unsigned int runs;

static void always_due(struct timer_list *timer)
{
	runs++;
	mod_timer(timer, 0);
}

static void storm_hart(unsigned int cpu)
{
	struct timer_list timer;

	(void)cpu;
	runs = 0;
	timer_setup(&timer, always_due);
	mod_timer(&timer, 0);
	take_timer();
	ASSERT(runs >= 1 && runs <= 1000);
	ASSERT(this_cpu(compare) <= time_now());
	take_timer();
	ASSERT(timer_delete(&timer));
	ASSERT(!timer_delete(&timer));
	ASSERT(this_cpu(compare) == UINT64_MAX);
}

static void storm(void **state)
{
	(void)state;
	world_run(1, 0, storm_hart);
}

/* Waits that cannot end. */
static int own;
static _Atomic bool in_it, leave_it;

static void delete_itself(struct timer_list *timer)
{
	own = timer_delete_sync(timer);
}

static void stay(struct timer_list *timer)
{
	(void)timer;
	atomic_store(&in_it, true);
	while (!atomic_load(&leave_it))
		cpu_relax();
}

static void stuck_hart(unsigned int cpu)
{
	static struct timer_list timer;

	if (cpu) {
		while (!atomic_load(&leave_it))
			relax();
		return;
	}
	host_log_clear();
	timer_setup(&timer, delete_itself);
	mod_timer(&timer, 0);
	take_timer();
	ASSERT(own == -EDEADLK);
	ASSERT(strstr(host_log(), "would wait for itself in timer_delete_sync on cpu0"));

	timer_setup(&timer, stay);
	timer.expires = 0;
	ASSERT(add_timer_on(&timer, 1) == 0);
	while (!atomic_load(&in_it))
		cpu_relax();
	host_log_clear();
	/* 5 s of ticks, faster. */
	timebase_hz = 1000;
	ASSERT(timer_delete_sync(&timer) == -ETIMEDOUT);
	timebase_hz = 1000000000;
	ASSERT(strstr(host_log(), "its function still runs, waited 5 s for cpu1"));
	atomic_store(&leave_it, true);
	ASSERT(timer_delete_sync(&timer) == 0);
}

static void stuck(void **state)
{
	(void)state;
	atomic_store(&in_it, false);
	atomic_store(&leave_it, false);
	world_run(2, 0, stuck_hart);
}

/*
 * Harts that are threads, one of which at a time is down. Shared timers are armed and deleted by
 * all: each time that one became pending, it fired or was deleted, once.
 */
#define SHARED 6

struct shared {
	struct timer_list timer;
	_Atomic unsigned long armed, fired, deleted;
	_Atomic bool runs;
	unsigned long plain; /* the function's own: it never runs twice at once */
};

static struct shared shared[SHARED];
static _Atomic bool somebody_down, calm;
static _Atomic unsigned int victim; /* goes down next, or was down last */
static _Atomic unsigned int met[2];
static _Atomic unsigned long deaths, moved;

static void shared_fire(struct timer_list *timer)
{
	struct shared *s = container_of(timer, struct shared, timer);

	if (atomic_exchange_explicit(&s->runs, true, memory_order_relaxed))
		panic("a function runs twice at once");
	s->plain++;
	atomic_fetch_add_explicit(&s->fired, 1, memory_order_relaxed);
	if (s->plain % 4 == 0 && !atomic_load(&calm) &&
	    !mod_timer(timer, time_now() + s->plain % 64))
		atomic_fetch_add_explicit(&s->armed, 1, memory_order_relaxed);
	atomic_store_explicit(&s->runs, false, memory_order_relaxed);
}

/*
 * A timer that one hart owns: nobody else arms it, wherever it is brought. It is freed when its
 * delete has waited.
 */
struct private
{
	struct timer_list timer;
	uint64_t due;
	unsigned int fired;
};

static void private_fire(struct timer_list *timer)
{
	struct private *p = container_of(timer, struct private, timer);

	if (time_now() < p->due)
		panic("a timer fires early");
	p->fired++;
}

static void private_round(uint64_t *random)
{
	struct private *p = calloc(1, sizeof(*p));
	unsigned int cpu =
		(host_random(random) % 4 ? atomic_load(&victim)
					 : (unsigned int)(host_random(random) % world.harts));
	int deleted;

	timer_setup(&p->timer, private_fire);
	p->due = p->timer.expires = time_now() + host_random(random) % 300;
	if (host_random(random) % 4 == 0 || add_timer_on(&p->timer, cpu))
		mod_timer(&p->timer, p->due);
	if (host_random(random) % 2) {
		while (timer_pending(&p->timer))
			relax();
	} else if (host_random(random) % 2) {
		for (unsigned int i = 0; i < 5; i++)
			relax();
	}
	deleted = timer_delete_sync(&p->timer);
	/* Plain: the wait orders it. */
	if (deleted < 0 || p->fired + (unsigned int)deleted != 1)
		panic("a timer fired %u times and was deleted %d times", p->fired, deleted);
	memset(p, 0x5a, sizeof(*p));
	free(p);
}

static void shared_op(uint64_t *random)
{
	struct shared *s = &shared[host_random(random) % SHARED];

	if (host_random(random) % 3) {
		if (!mod_timer(&s->timer, time_now() + host_random(random) % 300))
			atomic_fetch_add_explicit(&s->armed, 1, memory_order_relaxed);
	} else {
		/* Without a wait: that might delete it twice, and say so once. */
		if (timer_delete(&s->timer))
			atomic_fetch_add_explicit(&s->deleted, 1, memory_order_relaxed);
	}
}

static void be_down(unsigned int cpu, uint64_t *random)
{
	if (atomic_exchange(&somebody_down, true))
		return;
	atomic_store(&victim, cpu);
	for (unsigned int i = 0; i < 20; i++)
		relax();
	local_irq_disable();
	atomic_fetch_add(&moved, timers_pending_on(cpu));
	go_offline(cpu);
	atomic_fetch_add(&deaths, 1);
	for (unsigned int i = 0; i < 20; i++) {
		if (timers_pending_on(cpu) || this_cpu(compare) != UINT64_MAX)
			panic("a timer is armed on a dead hart");
		if (csr_read(CSR_SIP))
			panic("a dead hart is kicked");
		if (i % 8 == 4)
			shared_op(random);
		sched_yield();
	}
	go_online(cpu);
	local_irq_enable();
	atomic_store(&somebody_down, false);
}

/* Serves interrupts until all harts have come here. */
static void meet(unsigned int place)
{
	atomic_fetch_add(&met[place], 1);
	while (atomic_load(&met[place]) < world.harts)
		relax();
}

static void hotplug_hart(unsigned int cpu)
{
	uint64_t random = world.seed + cpu;

	for (unsigned int i = 0; i < 300; i++) {
		switch (host_random(&random) % 16) {
		case 0:
			be_down(cpu, &random);
			break;
		case 1 ... 4:
			private_round(&random);
			break;
		default:
			shared_op(&random);
		}
		take_timer();
	}
	/*
	 * Nobody goes down or arms a timer any more; then no function does that has begun before;
	 * then what is left fires.
	 */
	meet(0);
	atomic_store(&calm, true);
	meet(1);
	for (unsigned int i = 0; i < SHARED; i++) {
		while (timer_pending(&shared[i].timer))
			relax();
	}
}

static void hotplug(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	atomic_store(&deaths, 0);
	atomic_store(&moved, 0);
	for (unsigned int round = 0; round < 20; round++) {
		memset(shared, 0, sizeof(shared));
		atomic_store(&calm, false);
		atomic_store(&victim, 0);
		atomic_store(&met[0], 0);
		atomic_store(&met[1], 0);
		for (unsigned int i = 0; i < SHARED; i++) {
			timer_setup(&shared[i].timer, shared_fire);
			/* There is no hart yet. */
			atomic_store(&shared[i].timer.cpu, 0);
		}
		world_run(2 + round % 4, (seed + round) | 1, hotplug_hart);
		for (unsigned int i = 0; i < SHARED; i++) {
			struct shared *s = &shared[i];

			assert_int_equal(s->armed, s->fired + s->deleted);
			assert_int_equal(s->plain, s->fired);
			assert_true(s->armed > 5);
		}
	}
	assert_true(atomic_load(&deaths) > 40);
	assert_true(atomic_load(&moved) > 20);
}

/* Round and round the harts from its own function, while its owner deletes it. */
struct hopper {
	struct timer_list timer;
	_Atomic unsigned int runs;
	unsigned int plain[8]; /* by hart */
};

static void hop(struct timer_list *timer)
{
	struct hopper *h = container_of(timer, struct hopper, timer);
	unsigned int next = (smp_processor_id() + 1) % world.harts;

	atomic_fetch_add_explicit(&h->runs, 1, memory_order_relaxed);
	timer->expires = time_now();
	if (add_timer_on(timer, next))
		panic("it cannot hop");
	/* It may run elsewhere by now: what is its own is the hart's. */
	h->plain[smp_processor_id()]++;
}

static void hop_hart(unsigned int cpu)
{
	struct hopper *h;
	unsigned int sum;

	/* One at a time hops: the next hart is never in a function that waits for it. */
	for (unsigned int i = 0; !cpu && i < 50; i++) {
		h = calloc(1, sizeof(*h));
		timer_setup(&h->timer, hop);
		h->timer.expires = 0;
		add_timer_on(&h->timer, 1);
		while (atomic_load(&h->runs) < 10)
			relax();
		/* Its own add_timer_on may come between: it then hops on. */
		while (timer_delete_sync(&h->timer) != 1)
			relax();
		sum = 0;
		for (unsigned int n = 0; n < 8; n++)
			sum += h->plain[n];
		ASSERT(sum == atomic_load(&h->runs));
		free(h);
	}
}

static void hops(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	for (unsigned int round = 0; round < 4; round++)
		world_run(2 + round, (seed + round) | 1, hop_hart);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_times), cmocka_unit_test(storm),
		cmocka_unit_test(model),	  cmocka_unit_test(stuck),
		cmocka_unit_test(hotplug),	  cmocka_unit_test(hops),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
