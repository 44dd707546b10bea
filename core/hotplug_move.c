/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves a cpu through the hotplug rows, up and down, and back where one fails. */
#include <errno.h>

#include "arch/riscv/irqflags.h"
#include "core/hotplug_internal.h"
#include "core/printk.h"

DEFINE_PER_CPU(struct cpuhp_cpu_state, cpuhp_state);
const struct cpuhp_ops *cpuhp_ops;

static int get_state(const struct cpuhp_cpu_state *st)
{
	return atomic_load_explicit(&st->state, memory_order_acquire);
}

/* Release: who sees the state sees what its rows did. */
static void set_state(struct cpuhp_cpu_state *st, int s)
{
	store_release(&st->state, s);
}

int cpuhp_call(unsigned int cpu, int s, bool up, struct cpuhp_node *node)
{
	union cpuhp_function fn = up ? cpuhp_steps[s].startup : cpuhp_steps[s].teardown;

	if (cpuhp_steps[s].multi)
		return fn.multi ? fn.multi(cpu, node) : 0;
	return fn.single ? fn.single(cpu) : 0;
}

static __cold __noinline void must_not_fail(unsigned int cpu, int s, bool up, int err)
{
	pr_err("cpu%u: %s of %s must not fail: error %d", cpu, up ? "startup" : "teardown",
	       cpuhp_steps[s].name ? cpuhp_steps[s].name : "a row", err);
}

/* Where it cannot be helped. */
static void call_nofail(unsigned int cpu, int s, bool up, struct cpuhp_node *node)
{
	int err = cpuhp_call(cpu, s, up, node);

	if (err)
		must_not_fail(cpu, s, up, err);
}

static struct cpuhp_node *follow(const struct cpuhp_node *node, bool up)
{
	return up ? node->next : node->prev;
}

/* The row for all its instances; those before one that fails are undone in reverse. */
static int call_row(unsigned int cpu, int s, bool up)
{
	struct cpuhp_node *head = &cpuhp_steps[s].instances, *node;

	if (!cpuhp_steps[s].multi)
		return cpuhp_call(cpu, s, up, NULL);
	for (node = follow(head, up); node != head; node = follow(node, up)) {
		int err = cpuhp_call(cpu, s, up, node);

		if (!err)
			continue;
		while ((node = follow(node, !up)) != head)
			call_nofail(cpu, s, !up, node);
		return err;
	}
	return 0;
}

static inline void call_row_nofail(unsigned int cpu, int s, bool up)
{
	struct cpuhp_node *head = &cpuhp_steps[s].instances;

	/* The way of every hart at boot: each instruction counts as often as there are harts. */
	if (likely(!cpuhp_steps[s].multi)) {
		union cpuhp_function fn = up ? cpuhp_steps[s].startup : cpuhp_steps[s].teardown;
		int err = fn.single ? fn.single(cpu) : 0;

		if (unlikely(err))
			must_not_fail(cpu, s, up, err);
		return;
	}
	for (struct cpuhp_node *node = follow(head, up); node != head; node = follow(node, up))
		call_nofail(cpu, s, up, node);
}

bool cpuhp_takes_failure(struct cpuhp_cpu_state *st, int s, bool up)
{
	int fail = up ? s : -s;

	if (likely(atomic_load_explicit(&st->fail, memory_order_relaxed) != fail))
		return false;
	return atomic_compare_exchange_strong_explicit(&st->fail, &fail, 0, memory_order_relaxed,
						       memory_order_relaxed);
}

/* One step of a cpu's way; last says where it failed. */
static int pass(unsigned int cpu, struct cpuhp_cpu_state *st, int s, bool up)
{
	int err;

	store_relaxed(&st->row, s);
	err = cpuhp_takes_failure(st, s, up) ? -EAGAIN : call_row(cpu, s, up);
	store_relaxed(&st->row, 0);
	if (err)
		store_relaxed(&st->last, s);
	return err;
}

static int rows_up(unsigned int cpu, struct cpuhp_cpu_state *st, int target)
{
	for (int s = get_state(st) + 1; s <= target; s++) {
		int err = cpuhp_steps[s].name ? pass(cpu, st, s, true) : 0;

		if (err)
			return err;
		set_state(st, s);
	}
	return 0;
}

static int rows_down(unsigned int cpu, struct cpuhp_cpu_state *st, int target)
{
	for (int s = get_state(st); s > target; s--) {
		int err = cpuhp_steps[s].name ? pass(cpu, st, s, false) : 0;

		if (err)
			return err;
		set_state(st, s - 1);
	}
	return 0;
}

void cpuhp_starting(unsigned int cpu)
{
	struct cpuhp_cpu_state *st = per_cpu_ptr(&cpuhp_state, cpu);

	for (int s = CPUHP_AP_IDLE_DEAD + 1; s < CPUHP_AP_ONLINE; s++) {
		if (cpuhp_steps[s].startup.single)
			call_row_nofail(cpu, s, true);
	}
	set_state(st, CPUHP_AP_ONLINE);
}

void cpuhp_dying(unsigned int cpu)
{
	struct cpuhp_cpu_state *st = per_cpu_ptr(&cpuhp_state, cpu);

	for (int s = CPUHP_AP_ONLINE - 1; s > CPUHP_AP_IDLE_DEAD; s--) {
		if (cpuhp_steps[s].teardown.single)
			call_row_nofail(cpu, s, false);
		set_state(st, s - 1);
	}
}

/*
 * A row for its registration: of this instance, or (NULL) of the row as a whole, which is no multi
 * row.
 */
static int work_single(unsigned int cpu, const struct cpuhp_cpu_state *st)
{
	unsigned long flags;
	int err;

	if (!is_starting(st->single))
		return cpuhp_call(cpu, st->single, st->bringup, st->node);
	flags = local_irq_save();
	err = cpuhp_call(cpu, st->single, st->bringup, st->node);
	local_irq_restore(flags);
	return err;
}

int cpuhp_ap_work(unsigned int cpu)
{
	struct cpuhp_cpu_state *st = per_cpu_ptr(&cpuhp_state, cpu);
	int target = atomic_load_explicit(&st->target, memory_order_relaxed), err;

	target = MAX(target, (int)CPUHP_AP_ONLINE);
	if (st->single)
		err = work_single(cpu, st);
	else if (get_state(st) < target)
		err = rows_up(cpu, st, target);
	else
		err = rows_down(cpu, st, target);
	store_relaxed(&st->result, err);
	return err;
}

/* Up as far as rows go without error. */
static int raise_to(unsigned int cpu, struct cpuhp_cpu_state *st, int target)
{
	int err;

	store_relaxed(&st->target, target);
	if (get_state(st) >= CPUHP_AP_ONLINE)
		return get_state(st) < target ? cpuhp_ops->run(cpu) : 0;
	err = rows_up(cpu, st, MIN(target, (int)CPUHP_BRINGUP_CPU - 1));
	if (err || target < CPUHP_BRINGUP_CPU)
		return err;
	store_relaxed(&st->row, CPUHP_BRINGUP_CPU);
	err = cpuhp_takes_failure(st, CPUHP_BRINGUP_CPU, true) ? -EAGAIN : cpuhp_ops->start(cpu);
	store_relaxed(&st->row, 0);
	if (err && get_state(st) < CPUHP_AP_ONLINE)
		store_relaxed(&st->last, CPUHP_BRINGUP_CPU);
	return err;
}

/* Down as far as rows go without error. */
static int lower_to(unsigned int cpu, struct cpuhp_cpu_state *st, int target)
{
	int err;

	store_relaxed(&st->target, target);
	if (target >= CPUHP_AP_ONLINE)
		return get_state(st) > target ? cpuhp_ops->run(cpu) : 0;
	if (get_state(st) >= CPUHP_AP_ONLINE) {
		err = cpuhp_ops->stop(cpu);
		if (err) {
			if (get_state(st) == CPUHP_AP_IDLE_DEAD)
				store_relaxed(&st->last, CPUHP_AP_IDLE_DEAD);
			return err;
		}
		set_state(st, CPUHP_BRINGUP_CPU - 1);
	}
	return rows_down(cpu, st, target);
}

static const char *row_name(int s)
{
	const char *name = s ? cpuhp_state_name(s) : NULL;

	return name ? name : "no row";
}

/* After a failure on the way to target: back to where it came from. */
static void roll_back(unsigned int cpu, struct cpuhp_cpu_state *st, int from, int target, int error)
{
	int failed = atomic_load_explicit(&st->last, memory_order_relaxed), err = 0;

	store_relaxed(&st->rollback, 1);
	/* A hart that may still run cannot be started, and its memory not be taken. */
	if (get_state(st) == CPUHP_AP_IDLE_DEAD)
		return;
	store_relaxed(&st->target, from);
	if (get_state(st) > from)
		err = lower_to(cpu, st, from);
	else if (get_state(st) < from)
		err = raise_to(cpu, st, from);
	if (!err) {
		store_relaxed(&st->rollback, 0);
		return;
	}
	pr_err("cpu%u: on the way from state %d to %d error %d at %s, on the way back error %d at %s: left at %d",
	       cpu, from, target, error, row_name(failed), err,
	       row_name(atomic_load_explicit(&st->last, memory_order_relaxed)), get_state(st));
}

/* Resolves a death that was not confirmed: the prepare rows are up, and nothing else is. */
static int confirm_death(unsigned int cpu, struct cpuhp_cpu_state *st)
{
	int err;

	if (get_state(st) != CPUHP_AP_IDLE_DEAD)
		return 0;
	err = cpuhp_ops->dead(cpu);
	if (!err)
		set_state(st, CPUHP_BRINGUP_CPU - 1);
	return err;
}

static int move(unsigned int cpu, int target, bool up)
{
	struct cpuhp_cpu_state *st;
	int from, err;

	if (target < CPUHP_OFFLINE || target > CPUHP_ONLINE ||
	    (target >= CPUHP_BRINGUP_CPU && target < CPUHP_AP_ONLINE))
		return -EINVAL;
	if (!has_state(cpu))
		return -ENXIO;
	if (!cpuhp_ops)
		return -EAGAIN;
	st = per_cpu_ptr(&cpuhp_state, cpu);
	err = confirm_death(cpu, st);
	from = get_state(st);
	if (err || (up ? from >= target : from <= target))
		return err;
	store_relaxed(&st->last, 0);
	store_relaxed(&st->rollback, 0);
	err = up ? raise_to(cpu, st, target) : lower_to(cpu, st, target);
	if (err)
		roll_back(cpu, st, from, target, err);
	store_relaxed(&st->result, err);
	return err;
}

int cpuhp_up(unsigned int cpu, enum cpuhp_state target)
{
	return move(cpu, target, true);
}

int cpuhp_down(unsigned int cpu, enum cpuhp_state target)
{
	return move(cpu, target, false);
}

int cpuhp_boot_prepare(unsigned int cpu)
{
	struct cpuhp_cpu_state *st = per_cpu_ptr(&cpuhp_state, cpu);
	int s, err;

	/* Rows that were set up since then have been called for it already. */
	for (s = CPUHP_OFFLINE + 1; s < CPUHP_BRINGUP_CPU; s++) {
		err = cpuhp_steps[s].boot ? pass(cpu, st, s, true) : 0;
		if (err)
			break;
	}
	if (s == CPUHP_BRINGUP_CPU)
		return 0;
	while (--s > CPUHP_OFFLINE) {
		if (cpuhp_steps[s].boot)
			call_row_nofail(cpu, s, false);
	}
	return err;
}
