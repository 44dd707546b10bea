/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of hotplug rows and the engine that walks it up and down. Knows states; threads and
 * harts are behind cpuhp_ops.
 */
#include "core/hotplug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "core/cpumask.h"
#include "core/init.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"

TABLE_DECLARE(struct cpuhp_row, cpuhp_rows);

union cpuhp_function {
	int (*single)(unsigned int cpu);
	int (*multi)(unsigned int cpu, struct cpuhp_node *node);
};

struct cpuhp_step {
	const char *name; /* NULL: free */
	union cpuhp_function startup, teardown;
	struct cpuhp_node instances; /* a ring, if multi */
	bool multi;
	bool boot; /* from the linker's table: boot has it run by cpuhp_boot_prepare */
};

/*
 * Changed under the ops' lock, or by the boot hart alone; walked by whoever moves a cpu, which the
 * lock keeps away.
 */
static struct cpuhp_step steps[CPUHP_ONLINE + 1] = {
	[CPUHP_OFFLINE] = {.name = "offline"},
	[CPUHP_BRINGUP_CPU] = {.name = "cpu:bringup"},
	[CPUHP_AP_IDLE_DEAD] = {.name = "idle:dead"},
	[CPUHP_AP_ONLINE] = {.name = "ap:online"},
	[CPUHP_TEARDOWN_CPU] = {.name = "cpu:teardown"},
	[CPUHP_ONLINE] = {.name = "online"},
};

DEFINE_PER_CPU(struct cpuhp_cpu_state, cpuhp_state);
const struct cpuhp_ops *cpuhp_ops;

static char fail_at_boot[64];
PARAM_STRING("cpuhp_fail", fail_at_boot,
	     "row,cpu,up or row,cpu,down: this hotplug row fails once, for tests");

/* Below nr_cpu_ids; one that got no memory has no state either. */
static bool has_state(unsigned int cpu)
{
	return cpu < nr_cpu_ids && percpu_base[cpu];
}

static bool is_prepare(int s)
{
	return s > CPUHP_OFFLINE && s < CPUHP_BRINGUP_CPU;
}

static bool is_starting(int s)
{
	return s > CPUHP_AP_IDLE_DEAD && s < CPUHP_AP_ONLINE;
}

static bool is_online(int s)
{
	return s > CPUHP_TEARDOWN_CPU && s < CPUHP_ONLINE;
}

static int get_state(const struct cpuhp_cpu_state *st)
{
	return atomic_load_explicit(&st->state, memory_order_acquire);
}

/* Release: who sees the state sees what its rows did. */
static void set_state(struct cpuhp_cpu_state *st, int s)
{
	store_release(&st->state, s);
}

/* One function of a row: for an instance of a multi row. */
static int call(unsigned int cpu, int s, bool up, struct cpuhp_node *node)
{
	union cpuhp_function fn = up ? steps[s].startup : steps[s].teardown;

	if (steps[s].multi)
		return fn.multi ? fn.multi(cpu, node) : 0;
	return fn.single ? fn.single(cpu) : 0;
}

/* Where it cannot be helped. */
static void call_nofail(unsigned int cpu, int s, bool up, struct cpuhp_node *node)
{
	int err = call(cpu, s, up, node);

	if (err)
		pr_err("cpu%u: %s of %s must not fail: error %d", cpu, up ? "startup" : "teardown",
		       steps[s].name ? steps[s].name : "a row", err);
}

static struct cpuhp_node *follow(const struct cpuhp_node *node, bool up)
{
	return up ? node->next : node->prev;
}

/* The row for all its instances; those before one that fails are undone in reverse. */
static int call_row(unsigned int cpu, int s, bool up)
{
	struct cpuhp_node *head = &steps[s].instances, *node;

	if (!steps[s].multi)
		return call(cpu, s, up, NULL);
	for (node = follow(head, up); node != head; node = follow(node, up)) {
		int err = call(cpu, s, up, node);

		if (!err)
			continue;
		while ((node = follow(node, !up)) != head)
			call_nofail(cpu, s, !up, node);
		return err;
	}
	return 0;
}

static void call_row_nofail(unsigned int cpu, int s, bool up)
{
	struct cpuhp_node *head = &steps[s].instances;

	if (!steps[s].multi) {
		call_nofail(cpu, s, up, NULL);
		return;
	}
	for (struct cpuhp_node *node = follow(head, up); node != head; node = follow(node, up))
		call_nofail(cpu, s, up, node);
}

static bool takes_failure(struct cpuhp_cpu_state *st, int s, bool up)
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
	err = takes_failure(st, s, up) ? -EAGAIN : call_row(cpu, s, up);
	store_relaxed(&st->row, 0);
	if (err)
		store_relaxed(&st->last, s);
	return err;
}

static int rows_up(unsigned int cpu, struct cpuhp_cpu_state *st, int target)
{
	for (int s = get_state(st) + 1; s <= target; s++) {
		int err = steps[s].name ? pass(cpu, st, s, true) : 0;

		if (err)
			return err;
		set_state(st, s);
	}
	return 0;
}

static int rows_down(unsigned int cpu, struct cpuhp_cpu_state *st, int target)
{
	for (int s = get_state(st); s > target; s--) {
		int err = steps[s].name ? pass(cpu, st, s, false) : 0;

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
		if (steps[s].startup.single)
			call_row_nofail(cpu, s, true);
	}
	set_state(st, CPUHP_AP_ONLINE);
}

void cpuhp_dying(unsigned int cpu)
{
	struct cpuhp_cpu_state *st = per_cpu_ptr(&cpuhp_state, cpu);

	for (int s = CPUHP_AP_ONLINE - 1; s > CPUHP_AP_IDLE_DEAD; s--) {
		if (steps[s].teardown.single)
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
		return call(cpu, st->single, st->bringup, st->node);
	flags = local_irq_save();
	err = call(cpu, st->single, st->bringup, st->node);
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
	err = takes_failure(st, CPUHP_BRINGUP_CPU, true) ? -EAGAIN : cpuhp_ops->start(cpu);
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

/* After a failure on the way to target: back to where it came from. */
static void roll_back(unsigned int cpu, struct cpuhp_cpu_state *st, int from, int target, int error)
{
	int failed = atomic_load_explicit(&st->last, memory_order_relaxed), err = 0;

	/* A hart that may still run cannot be started, and its memory not be taken. */
	atomic_store_explicit(&st->rollback, true, memory_order_relaxed);
	if (get_state(st) == CPUHP_AP_IDLE_DEAD)
		return;
	if (get_state(st) > from)
		err = lower_to(cpu, st, from);
	else if (get_state(st) < from)
		err = raise_to(cpu, st, from);
	if (!err) {
		store_relaxed(&st->last, failed);
		atomic_store_explicit(&st->rollback, false, memory_order_relaxed);
		return;
	}
	pr_err("cpu%u: from %s to %s: error %d at %s, and on the way back error %d at %s: left at state %d",
	       cpu, cpuhp_state_name(from), cpuhp_state_name(target), error,
	       cpuhp_state_name(failed), err,
	       cpuhp_state_name(atomic_load_explicit(&st->last, memory_order_relaxed)),
	       get_state(st));
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
	atomic_store_explicit(&st->rollback, false, memory_order_relaxed);
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
		err = steps[s].boot ? pass(cpu, st, s, true) : 0;
		if (err)
			break;
	}
	if (s == CPUHP_BRINGUP_CPU)
		return 0;
	while (--s > CPUHP_OFFLINE) {
		if (steps[s].boot)
			call_row_nofail(cpu, s, false);
	}
	return err;
}

static void lock(void)
{
	if (cpuhp_ops)
		cpuhp_ops->lock();
}

static void unlock(void)
{
	if (cpuhp_ops)
		cpuhp_ops->unlock();
}

/* Calls a row of one cpu that has passed it, where its section says. */
static int issue(unsigned int cpu, int s, bool up, struct cpuhp_node *node)
{
	struct cpuhp_cpu_state *st = per_cpu_ptr(&cpuhp_state, cpu);
	int err;

	if (takes_failure(st, s, up))
		return -EAGAIN;
	if (is_prepare(s))
		return call(cpu, s, up, node);
	if (!cpuhp_ops)
		return -EAGAIN;
	st->single = s;
	st->bringup = up;
	st->node = node;
	err = cpuhp_ops->run(cpu);
	st->single = CPUHP_OFFLINE;
	return err;
}

static bool has_passed(unsigned int cpu, int s)
{
	return has_state(cpu) && (int)cpuhp_state_of(cpu) >= s;
}

static void issue_down(unsigned int cpu, int s, struct cpuhp_node *node)
{
	int err;

	if (!has_passed(cpu, s) ||
	    !(steps[s].multi ? !!steps[s].teardown.multi : !!steps[s].teardown.single))
		return;
	err = issue(cpu, s, false, node);
	if (err)
		pr_err("cpu%u: teardown of %s for its removal: error %d", cpu, steps[s].name, err);
}

/* Startup on every cpu that has passed the state, or on none. */
static int issue_up_all(int s, struct cpuhp_node *node)
{
	if (!(steps[s].multi ? !!steps[s].startup.multi : !!steps[s].startup.single))
		return 0;
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		int err = has_passed(cpu, s) ? issue(cpu, s, true, node) : 0;

		if (!err)
			continue;
		while (cpu--)
			issue_down(cpu, s, node);
		return err;
	}
	return 0;
}

static void issue_down_all(int s, struct cpuhp_node *node)
{
	for (unsigned int cpu = nr_cpu_ids; cpu--;)
		issue_down(cpu, s, node);
}

static bool is_row(int s)
{
	return is_prepare(s) || is_starting(s) || is_online(s);
}

/* The state itself if it is free, or the first free one of its range. */
static int find_free(int s)
{
	int end = s == CPUHP_BP_PREPARE_DYN    ? CPUHP_BP_PREPARE_DYN_END
		  : s == CPUHP_AP_STARTING_DYN ? CPUHP_AP_STARTING_DYN_END
		  : s == CPUHP_AP_ONLINE_DYN   ? CPUHP_AP_ONLINE_DYN_END
					       : 0;

	if (!is_row(s))
		return -EINVAL;
	if (!end)
		return steps[s].name ? -EBUSY : s;
	for (; s <= end; s++) {
		if (!steps[s].name)
			return s;
	}
	return -ENOSPC;
}

static int setup(int wanted, const struct cpuhp_step *step, bool invoke)
{
	int s, err;

	if (!step->name)
		return -EINVAL;
	lock();
	s = err = find_free(wanted);
	if (s > 0) {
		steps[s] = *step;
		steps[s].instances.next = steps[s].instances.prev = &steps[s].instances;
		err = invoke ? issue_up_all(s, NULL) : 0;
		if (err)
			memset(&steps[s], 0, sizeof(steps[s]));
	}
	unlock();
	if (err < 0)
		return err;
	return wanted == CPUHP_BP_PREPARE_DYN || wanted == CPUHP_AP_STARTING_DYN ||
			       wanted == CPUHP_AP_ONLINE_DYN
		       ? s
		       : 0;
}

int __cpuhp_setup_state(enum cpuhp_state state, const char *name, bool invoke,
			int (*startup)(unsigned int cpu), int (*teardown)(unsigned int cpu))
{
	return setup(state,
		     &(struct cpuhp_step){
			     .name = name, .startup.single = startup, .teardown.single = teardown},
		     invoke);
}

int cpuhp_setup_state_multi(enum cpuhp_state state, const char *name,
			    int (*startup)(unsigned int cpu, struct cpuhp_node *node),
			    int (*teardown)(unsigned int cpu, struct cpuhp_node *node))
{
	return setup(state,
		     &(struct cpuhp_step){.name = name,
					  .startup.multi = startup,
					  .teardown.multi = teardown,
					  .multi = true},
		     false);
}

void __cpuhp_remove_state(enum cpuhp_state state, bool invoke)
{
	lock();
	if (!is_row(state) || !steps[state].name) {
		pr_err("hotplug: state %d is removed, and is not there", state);
	} else {
		if (steps[state].multi && cpuhp_state_instances(state))
			pr_err("hotplug: %s is removed, and has instances left", steps[state].name);
		else if (invoke && !steps[state].multi)
			issue_down_all(state, NULL);
		memset(&steps[state], 0, sizeof(steps[state]));
	}
	unlock();
}

int __cpuhp_state_add_instance(enum cpuhp_state state, struct cpuhp_node *node, bool invoke)
{
	int err = 0;

	lock();
	if (!is_row(state) || !steps[state].multi)
		err = -EINVAL;
	else if (node->state)
		err = -EBUSY;
	else if (invoke)
		err = issue_up_all(state, node);
	if (!err) {
		struct cpuhp_node *head = &steps[state].instances;

		*node = (struct cpuhp_node){.next = head, .prev = head->prev, .state = state};
		head->prev->next = node;
		head->prev = node;
	}
	unlock();
	return err;
}

int __cpuhp_state_remove_instance(enum cpuhp_state state, struct cpuhp_node *node, bool invoke)
{
	int err = 0;

	lock();
	if (!is_row(state) || !steps[state].multi || node->state != state) {
		err = -EINVAL;
	} else {
		if (invoke)
			issue_down_all(state, node);
		node->prev->next = node->next;
		node->next->prev = node->prev;
		*node = (struct cpuhp_node){.state = CPUHP_OFFLINE};
	}
	unlock();
	return err;
}

int cpuhp_fail_set(enum cpuhp_state state, unsigned int cpu, bool bringup)
{
	int s = state, fail = bringup ? s : -s;

	if (!has_state(cpu))
		return -ENXIO;
	if (s == CPUHP_INVALID)
		fail = 0;
	else if (!cpuhp_state_name(s))
		return -ENOENT;
	else if (!is_prepare(s) && !is_online(s) && s != CPUHP_TEARDOWN_CPU &&
		 !(s == CPUHP_BRINGUP_CPU && bringup))
		return -EINVAL;
	store_relaxed(&per_cpu(cpuhp_state, cpu).fail, fail);
	return 0;
}

int cpuhp_fail_parse(const char *text)
{
	const char *comma = strchr(text, ',');
	char row[sizeof(fail_at_boot)], *end;
	unsigned long cpu;
	bool up;

	if (!comma || comma - text >= (long)sizeof(row) || comma[1] < '0' || comma[1] > '9')
		return -EINVAL;
	memcpy(row, text, comma - text);
	row[comma - text] = '\0';
	cpu = strtoul(comma + 1, &end, 10);
	up = !strcmp(end, ",up");
	if (!up && strcmp(end, ",down") != 0)
		return -EINVAL;
	if (cpu >= nr_cpu_ids)
		return -ENXIO;
	return cpuhp_state_find(row) < 0
		       ? -ENOENT
		       : cpuhp_fail_set(cpuhp_state_find(row), (unsigned int)cpu, up);
}

const char *cpuhp_state_name(int state)
{
	return state >= CPUHP_OFFLINE && state <= CPUHP_ONLINE ? steps[state].name : NULL;
}

int cpuhp_state_find(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end)
		return number <= CPUHP_ONLINE && steps[number].name ? (int)number : -ENOENT;
	for (int s = 0; s <= CPUHP_ONLINE; s++) {
		if (steps[s].name && !strcmp(steps[s].name, text))
			return s;
	}
	return -ENOENT;
}

int cpuhp_state_instances(enum cpuhp_state state)
{
	int n = 0;

	if (!is_row(state) || !steps[state].multi)
		return -1;
	for (struct cpuhp_node *node = steps[state].instances.next; node != &steps[state].instances;
	     node = node->next)
		n++;
	return n;
}

/* Before the first hart is started. */
static int cpuhp_init(void)
{
	TABLE_FOREACH (struct cpuhp_row, row, cpuhp_rows) {
		struct cpuhp_step *step = &steps[row->state];

		if (step->name)
			panic("hotplug: %s and %s have one state, %d", step->name, row->name,
			      row->state);
		step->name = row->name;
		step->startup.single = row->startup;
		step->teardown.single = row->teardown;
		step->boot = true;
	}
	/* The boot hart was set up by initcalls. */
	store_relaxed(&per_cpu(cpuhp_state, 0).state, CPUHP_AP_ONLINE);
	if (fail_at_boot[0]) {
		int err = cpuhp_fail_parse(fail_at_boot);

		if (err)
			pr_warn("cpuhp_fail=%s: error %d", fail_at_boot, err);
	}
	return 0;
}
INITCALL(INIT_IPI, cpuhp_init);
