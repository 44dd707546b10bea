/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads wake, park, stop, call, fence and arm timers while harts go down and come up, all
 * accounted for. With seed= in deterministic mode each seed is another schedule (scripts/schedules
 * --work threads).
 *
 * Players sleep in pairs and wake each other in turn: one wake-up that is lost stops a pair for
 * good. Nobody else wakes those of the first pairs, so that nothing makes up for it.
 */
#include <errno.h>
#include <stdatomic.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/random.h"
#include "core/time.h"
#include "core/timer.h"
#include "ipi/call.h"
#include "ipi/rfence.h"
#include "ipi/tlb.h"
#include "sbi/base.h"
#include "sbi/hsm.h"
#include "sbi/sbi.h"
#include "tests/kernel/ktest.h"
#include "threads/cpuhp.h"
#include "threads/internal.h"
#include "threads/kthread.h"
#include "threads/mutex.h"
#include "threads/wait.h"

#define PAIRS	    4
#define NOISY_PAIR  2 /* from this on others wake them, too */
#define BOUND_PAIR  1 /* each player on a cpu of its own, and elsewhere while that is down */
#define PLAYERS	    (2 * PAIRS)
#define MOVES	    16
#define LOOKS	    8
#define PARKS	    8
#define FAULTS_TOLD 5
#define PATIENCE_MS 10000
/* Counted instructions pass slowly. */
#define PATIENCE_DETERMINISTIC_MS 200

static unsigned int churn_rounds = 1;
PARAM_UINT("churn_rounds", churn_rounds, 1, 100000,
	   "suite churn: so many times over, with rising seeds, until one fails");

struct player {
	struct task_struct *task;
	struct pair *pair;
	unsigned int number;
	uint64_t random;
	call_single_data_t csd;
	struct timer_list timer;
	uint64_t due;
	_Atomic unsigned int called, armed; /* 1: its call, or its timer, is on its way */
	unsigned int calls, timers;	    /* accepted; armed, and not taken back */
};

struct pair {
	struct player players[2];
	_Atomic unsigned int ball; /* whose turn it is: the last bit */
};

static struct pair pairs[PAIRS];
static _Atomic bool stop;
static _Atomic unsigned int moving; /* the cpu that goes or comes, or did last */
static _Atomic unsigned int over, faults, calls_run, timers_run;
static DEFINE_MUTEX(lock);
static unsigned int locked;
static struct task_struct *keeper_task, *helper_task;

static void fault(const char *what, unsigned int who)
{
	if (atomic_fetch_add(&faults, 1) < FAULTS_TOLD)
		printk_raw("# churn: %s (%u)", what, who);
}

static uint64_t patience(void)
{
	return deadline_ms(deterministic ? PATIENCE_DETERMINISTIC_MS : PATIENCE_MS);
}

/* --- players --- */

static void dawdle(uint64_t *random)
{
	for (uint64_t n = random_below(random, 60); n; n--)
		cpu_relax();
}

static void play(struct player *p)
{
	atomic_fetch_add(&p->pair->ball, 1);
	wake_up_process(p->pair->players[!(p->number & 1)].task);
}

static void called(void *player)
{
	struct player *p = player;

	if (atomic_exchange(&p->called, 0) != 1)
		fault("a call ran twice", p->number);
	atomic_fetch_add(&calls_run, 1);
}

static void timer_fires(struct timer_list *timer)
{
	struct player *p = container_of(timer, struct player, timer);

	if (time_now() < p->due)
		fault("a timer was early", p->number);
	if (atomic_exchange(&p->armed, 0) != 1)
		fault("a timer fired twice", p->number);
	atomic_fetch_add(&timers_run, 1);
}

static unsigned int any_cpu(struct player *p)
{
	return (unsigned int)random_below(&p->random, nr_cpu_ids);
}

static void op_call(struct player *p, bool wait)
{
	unsigned int cpu = any_cpu(p);
	int err;

	if (atomic_load(&p->called))
		return;
	atomic_store(&p->called, 1);
	if (wait)
		err = smp_call_function_single(cpu, called, p, true);
	else
		err = smp_call_function_single_async(cpu, &p->csd);
	if (!err)
		p->calls++;
	else if (err != -ENXIO && err != -EBUSY)
		fault("a call was answered wrongly", cpu);
	/* The csd of the last one may be given back later than its function has run. */
	if (err)
		atomic_store(&p->called, 0);
	else if (wait && atomic_load(&p->called))
		fault("a call was not waited for", cpu);
}

static void op_arm(struct player *p, bool far)
{
	unsigned int cpu = any_cpu(p);

	/* Its function may not have returned yet. */
	if (timer_delete_sync(&p->timer)) {
		if (atomic_exchange(&p->armed, 0) != 1)
			fault("a timer was taken back that had fired", p->number);
		p->timers--;
	}
	if (atomic_load(&p->armed))
		fault("a timer is not pending, and has not fired", p->number);
	atomic_store(&p->armed, 1);
	p->due = time_now() + random_below(&p->random, 100);
	p->timers++;
	if (!far) {
		mod_timer(&p->timer, p->due);
		return;
	}
	p->timer.expires = p->due;
	if (add_timer_on(&p->timer, cpu)) {
		atomic_store(&p->armed, 0);
		p->timers--;
	}
}

static void op_lock(struct player *p)
{
	mutex_lock(&lock);
	if (locked++)
		fault("two hold a lock", p->number);
	if (p->number & 1)
		yield();
	else
		usleep(random_below(&p->random, 5));
	locked--;
	mutex_unlock(&lock);
}

static void op_disturb(struct player *p)
{
	unsigned int other =
		2 * NOISY_PAIR + (unsigned int)random_below(&p->random, PLAYERS - 2 * NOISY_PAIR);

	wake_up_process(pairs[other / 2].players[other % 2].task);
	/* It waits for others, and looks again each time: also when they are about to be ready. */
	for (unsigned int i = 0; i < LOOKS; i++) {
		wake_up_process(keeper_task);
		cpu_relax();
	}
}

/*
 * Who is not ON_RQ has its context saved. It has not run in between if it was not switched to: then
 * what is seen of its way off the cpu is of one time.
 */
static void op_look(void)
{
	for (unsigned int i = 0; i < LOOKS * PLAYERS; i++) {
		struct task_struct *task = pairs[i % PLAYERS / 2].players[i % 2].task;
		uint64_t switches = atomic_load(&task->switches);
		unsigned int home = atomic_load(&task->home);
		enum task_leaving leaving = *(volatile enum task_leaving *)&task->leaving;

		if (!(home & TASK_ON_RQ) && leaving != LEAVES_NOT &&
		    atomic_load(&task->switches) == switches)
			fault("a thread may be run, and has not left its cpu", i % PLAYERS);
		/* Elsewhere it goes on, and is met somewhere else. */
		if (i % PLAYERS == PLAYERS - 1)
			cpu_relax();
	}
}

static void nothing(void *info)
{
	(void)info;
}

/* As a fence by slow firmware, which would wait for ever for a hart that stops. */
static void op_fence(struct player *p)
{
	bool outermost = rfence_begins();
	unsigned int cpu = atomic_load(&moving);
	bool told = !smp_call_function_single(cpu, nothing, NULL, false);

	dawdle(&p->random);
	/* One that is about to stop is given the time. */
	for (unsigned int n = 100; told && n && !cpumask_test_cpu(cpu, cpu_online_mask); n--)
		cpu_relax();
	if (told && sbi_hart_get_status(cpu_to_hartid(cpu)).value == HSM_STOPPED)
		fault("a hart has stopped that firmware waits for", cpu);
	rfence_ends(outermost);
}

static void player_op(struct player *p)
{
	switch (random_below(&p->random, 13)) {
	case 0:
	case 1:
		return op_call(p, false);
	case 2:
		return op_call(p, true);
	case 3:
	case 4:
		return op_arm(p, false);
	case 5:
		return op_arm(p, true);
	case 6:
		return usleep(random_below(&p->random, 20));
	case 7:
		return op_lock(p);
	case 8:
		return op_disturb(p);
	case 9:
		return flush_tlb_all();
	case 10:
		return op_fence(p);
	case 11:
		return op_look();
	default:
		return yield();
	}
}

static int player(void *data)
{
	struct player *p = data;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if ((atomic_load(&p->pair->ball) & 1) != (p->number & 1)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		if (atomic_load(&stop))
			break;
		player_op(p);
		play(p);
	}
	/* The other shall see it, too. */
	play(p);
	atomic_fetch_add(&over, 1);
	return 0;
}

static bool make_player(struct player *p, unsigned int number, uint64_t seed)
{
	*p = (struct player){.number = number, .random = random_mix(seed + number)};
	p->pair = &pairs[number / 2];
	INIT_CSD(&p->csd, called, p);
	timer_setup(&p->timer, timer_fires);
	p->task = kthread_create(player, p, "player/%u", number);
	if (IS_ERR(p->task))
		return false;
	get_task_struct(p->task);
	if (number / 2 == BOUND_PAIR)
		kthread_bind(p->task, number % nr_cpu_ids);
	return true;
}

/* --- parking and stopping --- */

/*
 * A per-cpu thread is parked, unparked, woken and stopped by the keeper; the helper takes back a
 * wish to park while it is under way: before the worker parks, and after, as both dawdle.
 */
struct worker {
	struct task_struct *task;
	uint64_t random;
	_Atomic unsigned int asked, answered;
};

static DECLARE_WAIT_QUEUE_HEAD(keeper_wait);
static struct worker worker;
static _Atomic bool help, keeper_over;
/* The worker has the next wish to park taken back. A word: exchanged. */
static _Atomic unsigned int take_back;

static int work(void *data)
{
	struct worker *w = data;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		if (kthread_should_park()) {
			__set_current_state(TASK_RUNNING);
			if (atomic_exchange(&take_back, 0)) {
				atomic_store(&help, true);
				wake_up_process(helper_task);
				dawdle(&w->random);
			}
			kthread_parkme();
			continue;
		}
		if (atomic_load(&w->asked) == atomic_load(&w->answered)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		atomic_store(&w->answered, atomic_load(&w->asked));
		wake_up_all(&keeper_wait);
	}
	__set_current_state(TASK_RUNNING);
	return 7;
}

static int helper(void *data)
{
	uint64_t *random = data;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!atomic_load(&help) && !kthread_should_stop()) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		if (kthread_should_stop())
			return 0;
		dawdle(random);
		kthread_unpark(worker.task);
		atomic_store(&help, false);
		wake_up_all(&keeper_wait);
	}
}

static bool wait_for_helper(void)
{
	return wait_event_timeout(keeper_wait, !atomic_load(&take_back) && !atomic_load(&help),
				  patience() - time_now());
}

static bool answers(void)
{
	atomic_fetch_add(&worker.asked, 1);
	wake_up_process(worker.task);
	return wait_event_timeout(keeper_wait,
				  atomic_load(&worker.asked) == atomic_load(&worker.answered),
				  patience() - time_now());
}

static void expect_left(void)
{
	if (atomic_load(&worker.task->home) & TASK_ON_RQ)
		fault("a thread is parked, and has not left its cpu", 0);
}

/* Again at once, when it has hardly gone on: who asks is awake, and sees the answer early. */
static void park_often(void)
{
	for (unsigned int i = 0; i < PARKS; i++) {
		if (kthread_park(worker.task))
			fault("a thread does not park", 0);
		expect_left();
		kthread_unpark(worker.task);
	}
}

static void park_and_unpark(uint64_t *random)
{
	bool helped = random_below(random, 2);
	unsigned int answered;
	int err;

	atomic_store(&take_back, helped);
	err = kthread_park(worker.task);
	if (helped && !wait_for_helper())
		fault("who unparks does not come back", 0);
	if (err && (err != -EINTR || !helped))
		fault("a thread does not park", 0);
	if (!helped) {
		expect_left();
		/* Parked is parked, whoever wakes it. */
		answered = atomic_load(&worker.answered);
		atomic_fetch_add(&worker.asked, 1);
		if (random_below(random, 2))
			wake_up_state(worker.task, TASK_NORMAL | TASK_PARKED);
		usleep(random_below(random, 10));
		if (atomic_load(&worker.answered) != answered)
			fault("a parked thread ran", 0);
	}
	/* Taken back once is enough, whether it had parked or not. */
	if (!helped)
		kthread_unpark(worker.task);
	if (!helped)
		park_often();
	if (!answers())
		fault("a thread that was unparked does not go on", 0);
}

/* Until stop; a life of the worker in each round. */
static int keeper(void *data)
{
	uint64_t *random = data;

	while (!atomic_load(&stop) && !atomic_load(&faults)) {
		unsigned int rounds = (unsigned int)random_below(random, 8);

		worker.task = kthread_create_on_cpu(
			work, &worker, (unsigned int)random_below(random, nr_cpu_ids), "worker/%u");
		if (IS_ERR(worker.task)) {
			fault("no thread could be made", 0);
			break;
		}
		if (rounds && !answers())
			fault("a new thread does not run", 0);
		while (rounds-- && !atomic_load(&faults))
			park_and_unpark(random);
		if (random_below(random, 2))
			kthread_park(worker.task);
		get_task_struct(worker.task);
		kthread_stop(worker.task);
		if (!wait_task_inactive(worker.task, 0))
			fault("a thread has ended, and is still there", 0);
		put_task_struct(worker.task);
	}
	kthread_stop(helper_task);
	atomic_store(&keeper_over, true);
	return 0;
}

/* --- harts go and come --- */

/* A row that can fail, in the sections that may. */
static int any_row(uint64_t *random)
{
	for (;;) {
		int row = 1 + (int)random_below(random, CPUHP_ONLINE - 1);

		if (cpuhp_state_name(row) && (row < CPUHP_BRINGUP_CPU || row > CPUHP_TEARDOWN_CPU))
			return row;
	}
}

static void look_at_dead(unsigned int cpu)
{
	struct sbiret ret = sbi_hart_get_status(cpu_to_hartid(cpu));

	if (ret.error || ret.value != HSM_STOPPED)
		fault("a cpu counts as down, and its hart is not stopped", cpu);
	if (atomic_load(&cpu_info(cpu)->state) != CPU_OFFLINE)
		fault("a cpu is down, and nobody has seen it stopped", cpu);
	if (timers_pending_on(cpu))
		fault("timers were left on a dead cpu", cpu);
	if (nr_running(cpu))
		fault("threads were left on a dead cpu", cpu);
}

static void move_cpu(unsigned int cpu, uint64_t *random)
{
	bool was_up = cpumask_test_cpu(cpu, cpu_online_mask), fails;
	enum cpuhp_state state = cpuhp_state_of(cpu);
	int err;

	if (was_up && num_online_cpus() == 1)
		return;
	atomic_store(&moving, cpu);
	fails = !random_below(random, 5) && !cpuhp_fail_set(any_row(random), cpu, !was_up);
	err = was_up ? cpu_down(cpu) : cpu_up(cpu);
	if (err) {
		if (err != -EAGAIN || !fails)
			fault("a cpu does not go, or come", cpu);
		if (cpuhp_state_of(cpu) != state)
			fault("a row failed, and the cpu is not what it was", cpu);
	} else if (fails) {
		fault("a row did not fail", cpu);
	}
	cpuhp_fail_set(CPUHP_INVALID, cpu, true);
	if (cpumask_test_cpu(cpu, cpu_online_mask) != (was_up == !!err))
		fault("a cpu is not where it was sent", cpu);
	if (cpuhp_state_of(cpu) == CPUHP_OFFLINE)
		look_at_dead(cpu);
}

static void move_all(uint64_t *random)
{
	unsigned int cpu;

	for (unsigned int i = 0; i < MOVES && !atomic_load(&faults); i++) {
		move_cpu((unsigned int)random_below(random, nr_cpu_ids), random);
		usleep(random_below(random, 50));
	}
	for_each_possible_cpu (cpu) {
		if (!cpumask_test_cpu(cpu, cpu_online_mask) && cpu_up(cpu))
			fault("a cpu does not come", cpu);
	}
}

/* --- the whole --- */

static bool all_settled(void)
{
	unsigned int calls = 0, timers = 0;

	if (atomic_load(&over) < PLAYERS || !atomic_load(&keeper_over))
		return false;
	for (unsigned int i = 0; i < PLAYERS; i++) {
		struct player *p = &pairs[i / 2].players[i % 2];

		if (atomic_load(&p->called) || atomic_load(&p->armed))
			return false;
		calls += p->calls;
		timers += p->timers;
	}
	return atomic_load(&calls_run) == calls && atomic_load(&timers_run) == timers;
}

static bool begin(uint64_t *seeds)
{
	bool all = true;

	atomic_store(&stop, false);
	atomic_store(&over, 0);
	atomic_store(&faults, 0);
	atomic_store(&calls_run, 0);
	atomic_store(&timers_run, 0);
	atomic_store(&keeper_over, false);
	for (unsigned int i = 0; i < PAIRS; i++)
		atomic_store(&pairs[i].ball, 0);
	for (unsigned int i = 0; i < PLAYERS; i++)
		all &= make_player(&pairs[i / 2].players[i % 2], i, seeds[0]);
	worker.random = random_mix(seeds[2]);
	helper_task = kthread_create(helper, &seeds[1], "helper");
	keeper_task = kthread_create(keeper, &seeds[2], "keeper");
	if (!all || IS_ERR(helper_task) || IS_ERR(keeper_task))
		return false;
	get_task_struct(keeper_task);
	for (unsigned int i = 0; i < PLAYERS; i++)
		wake_up_process(pairs[i / 2].players[i % 2].task);
	wake_up_process(keeper_task);
	return true;
}

static void tell(struct task_struct *task, void *arg)
{
	const char *what = atomic_load(&task->waits_for);

	(void)arg;
	printk_raw("# churn: %s: %s, home 0x%x, %s", task->comm, task_state_name(task),
		   atomic_load(&task->home), what ? what : "waits for nothing");
}

static bool all_possible_online(void)
{
	unsigned int cpu;

	for_each_possible_cpu (cpu) {
		if (!cpumask_test_cpu(cpu, cpu_online_mask))
			return false;
	}
	return true;
}

static void nothing_lost(struct ktest_run *run, uint64_t seed)
{
	static uint64_t seeds[4];
	uint64_t give_up;

	if (random_turns)
		random_turns_start(random_mix(seed));
	for (unsigned int i = 0; i < ARRAY_SIZE(seeds); i++)
		seeds[i] = random_next(&seed);
	if (!KTEST_EXPECT(begin(seeds)))
		return;
	move_all(&seeds[3]);
	atomic_store(&stop, true);
	give_up = patience();
	while (!all_settled() && time_now() < give_up)
		usleep(20);
	if (!all_settled())
		for_each_task(tell, NULL);
	KTEST_EXPECT_EQ(atomic_load(&faults), 0);
	KTEST_EXPECT_EQ(atomic_load(&over), PLAYERS);
	KTEST_EXPECT(atomic_load(&keeper_over));
	/* The last of them may still be about to return. */
	for (unsigned int i = 0; i < PLAYERS && atomic_load(&over) == PLAYERS; i++) {
		struct player *p = &pairs[i / 2].players[i % 2];

		KTEST_EXPECT(wait_task_inactive(p->task, 0));
		KTEST_EXPECT_EQ(atomic_load(&p->called), 0);
		KTEST_EXPECT_EQ(atomic_load(&p->armed), 0);
		put_task_struct(p->task);
	}
	put_task_struct(keeper_task);
	KTEST_EXPECT(all_settled());
	KTEST_EXPECT(all_possible_online());
}

KTEST(churn, nothing_lost)
{
	uint64_t seed = seed_given ? random_seed : time_now();

	if (nr_cpu_ids < 2 || !sbi_probe(SBI_EXT_HSM) || !all_possible_online())
		KTEST_SKIP("needs two harts that go and come");
	for (unsigned int round = 0; round < churn_rounds && !run->failures; round++) {
		if (churn_rounds > 1)
			printk_raw("# churn: seed %lu", seed + round);
		nothing_lost(run, seed + round);
	}
}
