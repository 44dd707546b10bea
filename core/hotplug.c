/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of hotplug rows: who is in it, under which name, and what is to fail. */
#include "core/hotplug.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/hotplug_internal.h"
#include "core/init.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"

TABLE_DECLARE(struct cpuhp_row, cpuhp_rows);

struct cpuhp_step cpuhp_steps[CPUHP_ONLINE + 1] = {
	[CPUHP_OFFLINE] = {.name = "offline"},
	[CPUHP_BRINGUP_CPU] = {.name = "cpu:bringup"},
	[CPUHP_AP_IDLE_DEAD] = {.name = "idle:dead"},
	[CPUHP_AP_ONLINE] = {.name = "ap:online"},
	[CPUHP_TEARDOWN_CPU] = {.name = "cpu:teardown"},
	[CPUHP_ONLINE] = {.name = "online"},
};

static char fail_at_boot[64];
PARAM_STRING("cpuhp_fail", fail_at_boot,
	     "row,cpu,up or row,cpu,down: this hotplug row fails once, for tests");

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

	if (cpuhp_takes_failure(st, s, up))
		return -EAGAIN;
	if (is_prepare(s))
		return cpuhp_call(cpu, s, up, node);
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

	if (!has_passed(cpu, s) || !(cpuhp_steps[s].multi ? !!cpuhp_steps[s].teardown.multi
							  : !!cpuhp_steps[s].teardown.single))
		return;
	err = issue(cpu, s, false, node);
	if (err)
		pr_err("cpu%u: teardown of %s for its removal: error %d", cpu, cpuhp_steps[s].name,
		       err);
}

/* Startup on every cpu that has passed the state, or on none. */
static int issue_up_all(int s, struct cpuhp_node *node)
{
	if (!(cpuhp_steps[s].multi ? !!cpuhp_steps[s].startup.multi
				   : !!cpuhp_steps[s].startup.single))
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
		return cpuhp_steps[s].name ? -EBUSY : s;
	for (; s <= end; s++) {
		if (!cpuhp_steps[s].name)
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
		cpuhp_steps[s] = *step;
		cpuhp_steps[s].instances.next = cpuhp_steps[s].instances.prev =
			&cpuhp_steps[s].instances;
		err = invoke ? issue_up_all(s, NULL) : 0;
		if (err)
			memset(&cpuhp_steps[s], 0, sizeof(cpuhp_steps[s]));
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
	if (!is_row(state) || !cpuhp_steps[state].name) {
		pr_err("hotplug: state %d is removed, and is not there", state);
	} else {
		if (cpuhp_steps[state].multi && cpuhp_state_instances(state))
			pr_err("hotplug: %s is removed, and has instances left",
			       cpuhp_steps[state].name);
		else if (invoke && !cpuhp_steps[state].multi)
			issue_down_all(state, NULL);
		memset(&cpuhp_steps[state], 0, sizeof(cpuhp_steps[state]));
	}
	unlock();
}

int __cpuhp_state_add_instance(enum cpuhp_state state, struct cpuhp_node *node, bool invoke)
{
	int err = 0;

	lock();
	if (!is_row(state) || !cpuhp_steps[state].multi)
		err = -EINVAL;
	else if (node->state)
		err = -EBUSY;
	else if (invoke)
		err = issue_up_all(state, node);
	if (!err) {
		struct cpuhp_node *head = &cpuhp_steps[state].instances;

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
	if (!is_row(state) || !cpuhp_steps[state].multi || node->state != state) {
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
	return state >= CPUHP_OFFLINE && state <= CPUHP_ONLINE ? cpuhp_steps[state].name : NULL;
}

int cpuhp_state_find(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end)
		return number <= CPUHP_ONLINE && cpuhp_steps[number].name ? (int)number : -ENOENT;
	for (int s = 0; s <= CPUHP_ONLINE; s++) {
		if (cpuhp_steps[s].name && !strcmp(cpuhp_steps[s].name, text))
			return s;
	}
	return -ENOENT;
}

int cpuhp_state_instances(enum cpuhp_state state)
{
	int n = 0;

	if (!is_row(state) || !cpuhp_steps[state].multi)
		return -1;
	for (struct cpuhp_node *node = cpuhp_steps[state].instances.next;
	     node != &cpuhp_steps[state].instances; node = node->next)
		n++;
	return n;
}

/* Before the first hart is started. */
static int cpuhp_init(void)
{
	TABLE_FOREACH (struct cpuhp_row, row, cpuhp_rows) {
		struct cpuhp_step *step = &cpuhp_steps[row->state];

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
