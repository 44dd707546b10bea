/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks over all threads now and then for those that should not sleep so long. */
#include "threads/hung.h"

#include "arch/riscv/backtrace.h"
#include "core/init.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/symbols.h"
#include "core/time.h"
#include "core/timer.h"
#include "threads/sched.h"

static unsigned int hung_s = 30;
PARAM_UINT("hung_s", hung_s, 0, 3600,
	   "seconds after which a thread that waits is reported; 0: never");

struct looking {
	uint64_t from, until;
	unsigned int found;
};

static void print_return(unsigned long pc, void *arg)
{
	char text[SYMBOL_TEXT_MAX];

	(void)arg;
	symbol_lookup(pc - 1, text, sizeof(text));
	pr_warn("  %s", text);
}

/*
 * Under the lock of all threads: none of them is freed meanwhile, whoever is named by one included.
 */
static void look_at(struct task_struct *task, void *arg)
{
	struct looking *looking = arg;
	uint64_t since = atomic_load_explicit(&task->since, memory_order_relaxed);
	unsigned int home = atomic_load_explicit(&task->home, memory_order_acquire);
	/* Acquire: pairs with the release of who has waited. */
	struct task_struct *on = atomic_load_explicit(&task->waits_on, memory_order_acquire);
	const char *what = atomic_load_explicit(&task->waits_for, memory_order_relaxed);

	if (atomic_load_explicit(&task->state, memory_order_relaxed) != TASK_UNINTERRUPTIBLE ||
	    home & TASK_ON_RQ || since < looking->from || since >= looking->until)
		return;
	looking->found++;
	if (on)
		pr_warn("thread %s waits on cpu%u since %lu ms for thread %s (%s on cpu%u) %s",
			task->comm, home, ticks_to_ns(time_now() - since) / 1000000, on->comm,
			task_state_name(on), task_cpu(on), what ? what : "");
	else
		pr_warn("thread %s waits on cpu%u since %lu ms for %s", task->comm, home,
			ticks_to_ns(time_now() - since) / 1000000, what ? what : "an event");
	backtrace_walk(task->context.s[0], print_return, NULL);
}

unsigned int hung_report(uint64_t from, uint64_t until)
{
	struct looking looking = {.from = from, .until = until};

	for_each_task(look_at, &looking);
	return looking.found;
}

/*
 * Three looks in the time: reported late by a third at most. It costs an interrupt in ten seconds,
 * and nothing where threads sleep.
 */
static void look(struct timer_list *timer)
{
	static uint64_t reported_until;
	uint64_t now = time_now(), limit = hung_s * timebase_hz;

	if (now > limit) {
		hung_report(reported_until, now - limit);
		reported_until = now - limit;
	}
	mod_timer(timer, now + limit / 3);
}

static int hung_init(void)
{
	static struct timer_list timer;

	timer_setup(&timer, look);
	if (hung_s)
		mod_timer(&timer, time_now() + hung_s * timebase_hz);
	return 0;
}
INITCALL(INIT_THREADS, hung_init);
