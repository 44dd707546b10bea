/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hotplug: what it takes to bring a cpu up and down again, as one table of rows, and the engine
 * that walks it.
 */
#ifndef CORE_HOTPLUG_H
#define CORE_HOTPLUG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/compiler.h"
#include "core/table.h"
#include "percpu/percpu.h"

/*
 * A cpu's state is the last row whose startup it has behind it: startups run upwards, teardowns
 * downwards.
 *
 *     CPUHP_OFFLINE
 *      |  ^      prepare: on the control hart (whoever asked), may sleep; down, the cpu is dead
 *      v  |
 *     CPUHP_BRINGUP_CPU        up: the hart is started; down: it is seen to be stopped
 *        CPUHP_AP_IDLE_DEAD    down only: it has left the kernel, and is not known to be stopped
 *      |  ^      starting: on the hart, interrupts off; they cannot fail
 *      v  |
 *     CPUHP_AP_ONLINE          in the online mask, takes calls, runs threads
 *     CPUHP_TEARDOWN_CPU       the last step down that can fail
 *      |  ^      online: on the hart's hotplug thread, which may sleep
 *      v  |
 *     CPUHP_ONLINE
 *
 * The boot is in a hurry: harts come up to CPUHP_AP_ONLINE by the starting rows alone. The prepare
 * rows of the linker's table follow when all are up (cpuhp_boot_prepare), the online rows when
 * there are threads. So at boot, and only there, a starting row runs before the prepare rows.
 */
enum cpuhp_state {
	CPUHP_INVALID = -1,
	CPUHP_OFFLINE = 0,

	CPUHP_CREATE_THREADS,
	CPUHP_WORKQUEUE_PREP,
	CPUHP_SMPCFD_PREPARE,
	CPUHP_BP_PREPARE_DYN,
	CPUHP_BP_PREPARE_DYN_END = CPUHP_BP_PREPARE_DYN + 7,
	CPUHP_BRINGUP_CPU,

	/* Downwards this is the order of a hart's death: the timers go first, the hardware last. */
	CPUHP_AP_IDLE_DEAD,
	CPUHP_AP_FENCE_STARTING, /* what was written as code meanwhile */
	CPUHP_AP_IPI_STARTING,	 /* the IPI back end takes and sends */
	CPUHP_AP_DEAF_STARTING,	 /* events that reach it with interrupts off */
	CPUHP_AP_SCHED_STARTING, /* the run queue */
	CPUHP_AP_SMPCFD_DYING,	 /* the call queue opens, and closes */
	CPUHP_AP_SCHED_DYING,	 /* down: runnable threads go elsewhere */
	CPUHP_AP_IRQ_STARTING,	 /* the interrupt controller; down: interrupts go elsewhere */
	CPUHP_AP_TIMERS_DYING,	 /* down: timers go elsewhere */
	CPUHP_AP_TURNS_STARTING, /* turns of random length, for tests */
	CPUHP_AP_STARTING_DYN,
	CPUHP_AP_STARTING_DYN_END = CPUHP_AP_STARTING_DYN + 3,
	CPUHP_AP_ONLINE,

	CPUHP_TEARDOWN_CPU,
	CPUHP_AP_STOPPER_ONLINE, /* what stops harts can stop this one */
	CPUHP_AP_SMPBOOT_THREADS,
	CPUHP_AP_WORKQUEUE_ONLINE,
	CPUHP_AP_ONLINE_DYN,
	CPUHP_AP_ONLINE_DYN_END = CPUHP_AP_ONLINE_DYN + 15,
	CPUHP_ONLINE,
};

/*
 * A row of the kernel itself, at file scope, one line each: one row for a state, name is a string
 * like "smpcfd:prepare"; startup and teardown are int (*)(unsigned int cpu), or NULL. They return 0
 * or a negative errno, having undone what they did; rows of the starting section must return 0.
 * They run where their section says. What comes and goes, or has several instances, registers by
 * cpuhp_setup_state.
 */
#define CPUHP_ROW(st, n, up, down)                                           \
	static const struct cpuhp_row cpuhp_row_##st TABLE_ENTRY(cpuhp_rows) \
		__aligned(_Alignof(struct cpuhp_row)) = {                    \
			.state = (st), .name = (n), .startup = (up), .teardown = (down)}

struct cpuhp_row {
	enum cpuhp_state state;
	const char *name;
	int (*startup)(unsigned int cpu);
	int (*teardown)(unsigned int cpu);
};

/* One instance of a multi row, within what it stands for; zeroed before it is added. */
struct cpuhp_node {
	struct cpuhp_node *next, *prev;
	enum cpuhp_state state; /* 0: not added */
};

/*
 * Registers a row. state is a free state of a section, or CPUHP_BP_PREPARE_DYN,
 * CPUHP_AP_STARTING_DYN, CPUHP_AP_ONLINE_DYN for the next free one of that range. name stays the
 * caller's. startup is called for every cpu that has passed that state, each where the section
 * says; when one fails, teardown is called for those that had it, in reverse, and the row is not
 * registered. The _nocalls form calls nothing; the _multi form takes a row of instances, and calls
 * nothing either.
 *
 * Returns 0, or the state where one of a range was asked for; -EINVAL for no name or a state that
 * is none, -EBUSY for one that is taken, -ENOSPC for a full range, -EAGAIN where another hart would
 * have to call and there is no thread on it yet, or what startup returned. May sleep; not from
 * within a row, nor where harts are held still already.
 */
static inline int cpuhp_setup_state(enum cpuhp_state state, const char *name,
				    int (*startup)(unsigned int cpu),
				    int (*teardown)(unsigned int cpu));
static inline int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name,
					    int (*startup)(unsigned int cpu),
					    int (*teardown)(unsigned int cpu));
int cpuhp_setup_state_multi(enum cpuhp_state state, const char *name,
			    int (*startup)(unsigned int cpu, struct cpuhp_node *node),
			    int (*teardown)(unsigned int cpu, struct cpuhp_node *node));

/*
 * Calls teardown for every cpu that has passed that state, and frees it; errors of teardown are
 * reported. A multi row's instances must have been removed: it is reported if not. The _nocalls
 * form calls nothing. Context as above.
 */
static inline void cpuhp_remove_state(enum cpuhp_state state);
static inline void cpuhp_remove_state_nocalls(enum cpuhp_state state);

/*
 * Adds an instance to a multi row: startup is called for it on every cpu that has passed the state,
 * and undone when one fails. Instances of a cpu start up in the order in which they were added, and
 * are torn down in the opposite one. Returns 0, -EINVAL if the state is no multi row, -EBUSY if the
 * instance is in a row, -EAGAIN as above, or what startup returned. Context as above.
 */
static inline int cpuhp_state_add_instance(enum cpuhp_state state, struct cpuhp_node *node);
static inline int cpuhp_state_add_instance_nocalls(enum cpuhp_state state, struct cpuhp_node *node);
/* The opposite; -EINVAL if the instance is not in that row. Errors of teardown are reported. */
static inline int cpuhp_state_remove_instance(enum cpuhp_state state, struct cpuhp_node *node);
static inline int cpuhp_state_remove_instance_nocalls(enum cpuhp_state state,
						      struct cpuhp_node *node);

/*
 * The next pass of cpu through the row in that direction, be it forth or back, fails once with
 * -EAGAIN, before its function is called. Takes the place of one set earlier; CPUHP_INVALID only
 * takes that away. Returns 0; -ENXIO: no such cpu; -ENOENT: no such row; -EINVAL: a row that cannot
 * fail (the starting section and its ends; down: CPUHP_BRINGUP_CPU). Any context.
 */
int cpuhp_fail_set(enum cpuhp_state state, unsigned int cpu, bool bringup);

/*
 * The same from text, "row,cpu,up" or "row,cpu,down", row by name or number; also -EINVAL for other
 * text.
 */
int cpuhp_fail_parse(const char *text);

/*
 * Name of a row, of a section's end, or NULL for a state that nobody has registered, or out of
 * range. Any context.
 */
const char *cpuhp_state_name(int state);
/* The state of a name or a decimal number, or -ENOENT. Any context. */
int cpuhp_state_find(const char *text);
/* Number of instances of a row, -1 if it is not a multi row. Harts held still. */
int cpuhp_state_instances(enum cpuhp_state state);

/* Written by whoever moves the cpu at the moment; the atomics may be read by all at any time. */
struct cpuhp_cpu_state {
	_Atomic int state;  /* enum cpuhp_state */
	_Atomic int target; /* where it is, or was last, to go */
	_Atomic int row;    /* whose function runs now, 0: none */
	_Atomic int fail;   /* row to fail, negative: downwards, 0: none */
	_Atomic int last;   /* row at which the latest way failed, 0: none did */
	_Atomic int result; /* of the latest way, or of cpuhp_ap_work while one is under way */
	/*
	 * 1 on the way back after a failure. Still 1 after it: that failed, too, and state is where
	 * it stopped.
	 */
	_Atomic int rollback;
	bool bringup;		 /* direction of single */
	enum cpuhp_state single; /* one row is to be run for its registration, 0: none */
	struct cpuhp_node *node; /* this instance of it, NULL: the whole row */
};
DECLARE_PER_CPU(struct cpuhp_cpu_state, cpuhp_state);

/* Any context. */
static inline enum cpuhp_state cpuhp_state_of(unsigned int cpu);

/*
 * How the layer above, which has threads, moves a hart; set once, before the first cpuhp_up. All
 * are called by the control side, and may sleep.
 */
struct cpuhp_ops {
	/* One registration or removal at a time, and no cpu_up or cpu_down meanwhile. */
	void (*lock)(void);
	void (*unlock)(void);
	/*
	 * Has the hart's hotplug thread call cpuhp_ap_work(cpu); returns what that returned. The
	 * caller's writes are seen by it, and its by the caller.
	 */
	int (*run)(unsigned int cpu);
	/*
	 * Starts the hart, which calls cpuhp_starting and joins the online mask; then as run. A
	 * negative errno also if the hart cannot be started or does not come: then it has not
	 * called cpuhp_starting, and never will by this start.
	 */
	int (*start)(unsigned int cpu);
	/*
	 * As run; if that returned 0 the hart leaves the online mask, calls cpuhp_dying and stops.
	 * Returns 0 once the firmware says that it is stopped, or it waits where it can be started
	 * again, -ETIMEDOUT or the like if neither comes.
	 */
	int (*stop)(unsigned int cpu);
	/* 0 if a hart that stop has failed for is stopped by now. */
	int (*dead)(unsigned int cpu);
};
extern const struct cpuhp_ops *cpuhp_ops;

/*
 * Control side: moves a cpu up or down to target, CPUHP_OFFLINE to CPUHP_ONLINE, but not between
 * CPUHP_BRINGUP_CPU and CPUHP_AP_ONLINE. When a row fails, all rows before it are undone in
 * reverse, in either direction, and the error is returned: the state is what it was. When the way
 * back fails as well it is reported, and the cpu stays where it stopped. A hart that does not stop
 * stays in CPUHP_AP_IDLE_DEAD, its memory is not touched, and the next call looks again whether it
 * has stopped.
 *
 * Returns 0, also if the cpu is there already or beyond; -EINVAL: no such target; -ENXIO: no such
 * cpu; or the error of the row or the hook. The caller has cpus to itself (cpus_write_lock). May
 * sleep.
 */
int cpuhp_up(unsigned int cpu, enum cpuhp_state target);
int cpuhp_down(unsigned int cpu, enum cpuhp_state target);

/*
 * At boot, once for each cpu that is at CPUHP_AP_ONLINE, as soon as its prepare rows can run: runs
 * those of the linker's table. When one fails, undoes those before it and returns the error; then
 * the hart is not to be used. Control side, may sleep.
 */
int cpuhp_boot_prepare(unsigned int cpu);

/*
 * The hart's side. cpuhp_ap_work: on its hotplug thread, interrupts on, bound to the hart, once for
 * each of the hooks' calls: 0 or the error of a row. cpuhp_starting, cpuhp_dying: all starting rows
 * up or down, interrupts off; afterwards the state is CPUHP_AP_ONLINE or CPUHP_AP_IDLE_DEAD.
 */
int cpuhp_ap_work(unsigned int cpu);
void cpuhp_starting(unsigned int cpu);
void cpuhp_dying(unsigned int cpu);

int __cpuhp_setup_state(enum cpuhp_state state, const char *name, bool invoke,
			int (*startup)(unsigned int cpu), int (*teardown)(unsigned int cpu));
void __cpuhp_remove_state(enum cpuhp_state state, bool invoke);
int __cpuhp_state_add_instance(enum cpuhp_state state, struct cpuhp_node *node, bool invoke);
int __cpuhp_state_remove_instance(enum cpuhp_state state, struct cpuhp_node *node, bool invoke);

static inline int cpuhp_setup_state(enum cpuhp_state state, const char *name,
				    int (*startup)(unsigned int cpu),
				    int (*teardown)(unsigned int cpu))
{
	return __cpuhp_setup_state(state, name, true, startup, teardown);
}

static inline int cpuhp_setup_state_nocalls(enum cpuhp_state state, const char *name,
					    int (*startup)(unsigned int cpu),
					    int (*teardown)(unsigned int cpu))
{
	return __cpuhp_setup_state(state, name, false, startup, teardown);
}

static inline void cpuhp_remove_state(enum cpuhp_state state)
{
	__cpuhp_remove_state(state, true);
}

static inline void cpuhp_remove_state_nocalls(enum cpuhp_state state)
{
	__cpuhp_remove_state(state, false);
}

static inline int cpuhp_state_add_instance(enum cpuhp_state state, struct cpuhp_node *node)
{
	return __cpuhp_state_add_instance(state, node, true);
}

static inline int cpuhp_state_add_instance_nocalls(enum cpuhp_state state, struct cpuhp_node *node)
{
	return __cpuhp_state_add_instance(state, node, false);
}

static inline int cpuhp_state_remove_instance(enum cpuhp_state state, struct cpuhp_node *node)
{
	return __cpuhp_state_remove_instance(state, node, true);
}

static inline int cpuhp_state_remove_instance_nocalls(enum cpuhp_state state,
						      struct cpuhp_node *node)
{
	return __cpuhp_state_remove_instance(state, node, false);
}

static inline enum cpuhp_state cpuhp_state_of(unsigned int cpu)
{
	/*
	 * Acquire: what the rows up to there did is seen. Pairs with the release of whoever moved
	 * it.
	 */
	return (enum cpuhp_state)atomic_load_explicit(&per_cpu(cpuhp_state, cpu).state,
						      memory_order_acquire);
}

#endif
