/* SPDX-License-Identifier: BSD-2-Clause */
/* The idle loop: watch the call queue for a while, then sleep. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/init.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/smp.h"
#include "ipi/call.h"
#include "ipi/irq_work.h"
#include "sbi/base.h"
#include "sbi/sbi.h"
#include "threads/internal.h"

/*
 * How often idle looks at the call queue before it sleeps: a call that comes meanwhile needs no
 * interrupt.
 */
static unsigned int idle_looks = 8;
PARAM_UINT("idle_looks", idle_looks, 0, UINT32_MAX, "looks at the call queue before idle sleeps");

enum idle_mode idle_mode;
void (*idle_sleep)(void);

static int parse_idle(const char *value)
{
	static const struct {
		const char *word;
		enum idle_mode mode;
		unsigned int looks;
	} modes[] = {
		{"poll", IDLE_POLL, UINT32_MAX},
		{"wfi", IDLE_WFI, 0},
		{"suspend", IDLE_SUSPEND, 0},
		{"suspend-deep", IDLE_SUSPEND_DEEP, 0},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++) {
		if (value && !strcmp(value, modes[i].word)) {
			idle_mode = modes[i].mode;
			idle_looks = modes[i].looks;
			return 0;
		}
	}
	return -EINVAL;
}
PARAM_FUNC("idle", parse_idle,
	   "poll: never sleep; wfi, suspend, suspend-deep: sleep at once (default: look a while, "
	   "then as the device tree says)");

static __noreturn void idle_loop(void)
{
	for (;;) {
		local_irq_disable();
		if (current->head.need_resched) {
			schedule_idle();
			cpuhp_idle();
		} else if (unlikely(call_queue_has_work())) {
			/*
			 * What may wait for the next interrupt does not wait for sleep. Calls are
			 * not left to theirs: who has queued one may be in the firmware with its
			 * ring for long.
			 */
			flush_call_queue();
			irq_work_run();
		} else if (!call_queue_poll(idle_looks)) {
			/*
			 * An interrupt that comes after the looks stays pending, and ends the
			 * sleep.
			 */
			if (unlikely(idle_sleep))
				idle_sleep();
			else
				wait_for_interrupt();
		}
		local_irq_enable();
	}
}

/* A hart that comes up is its idle thread, on the stack of its boot record. */
static void secondary_starts(void)
{
	/*
	 * While harts come up nobody calls them: those that look for calls would only keep the
	 * others from their turns.
	 */
	if (!bringup_result.ticks && idle_looks != UINT32_MAX)
		wait_for_interrupt();
	cpuhp_online_idle();
	idle_loop();
}

/* One whose hart was up before there were threads. */
static __noreturn void idle_entry(struct context *before)
{
	finish_switch(before);
	cpuhp_idle();
	idle_loop();
}

void idle_thread_init(struct task_struct *idle, void *stack)
{
	idle->stack = stack;
	context_init(&idle->context, stack, (void (*)(struct context *))idle_entry);
}

/* One for each possible cpu, in its own memory, kept when the cpu goes down. */
DEFINE_PER_CPU(struct task_struct, idle_task) = {
	.head = {.preempt_count = 1},
	.class = SCHED_IDLE,
	.move_to = CPU_ANY,
	.usage = 1,
	.comm = "idle",
};

static int idle_threads_init(void)
{
	unsigned int cpu;

	if (!sbi_probe(SBI_EXT_IPI) && !sbi_probe(SBI_EXT_LEGACY_SEND_IPI)) {
		pr_warn("the firmware has no IPIs: idle harts watch for calls and do not sleep");
		idle_looks = UINT32_MAX;
	}
	for_each_populated_cpu (cpu) {
		struct task_struct *idle = per_cpu_ptr(&idle_task, cpu);

		idle->bound = cpu;
		store_relaxed(&idle->home, TASK_ON_RQ | cpu);
		if (cpu != smp_processor_id())
			per_cpu(current_task, cpu) = &idle->head;
	}
	secondary_idle = secondary_starts;
	return 0;
}
INITCALL(INIT_IPI, idle_threads_init);
