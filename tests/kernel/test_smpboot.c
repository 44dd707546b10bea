/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-cpu threads: which callbacks run, where, and in which order. */
#include "threads/smpboot.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "core/cpu.h"
#include "core/time.h"
#include "tests/kernel/calls.h"
#include "tests/kernel/ktest.h"
#include "threads/kthread.h"

/*
 * What was called for each cpu, in order, of two descriptors a and b: c created, s set up, p
 * parked, u unparked, e ended while the cpu is online; a ! behind what ran elsewhere. Runs are
 * counted apart: how many there are is nobody's promise.
 */
#define TOLD_MAX 64

struct story {
	_Atomic unsigned int told;
	char text[TOLD_MAX + 1];
};

static DEFINE_PER_CPU(struct story, story);
static DEFINE_PER_CPU(_Atomic unsigned int, wanted);
static DEFINE_PER_CPU(_Atomic unsigned int, runs);

static void tell(unsigned int cpu, char who, char what, bool here)
{
	struct story *s = per_cpu_ptr(&story, cpu);
	char piece[3] = {who, what, here && smp_processor_id() != cpu ? '!' : 0};
	unsigned int at = atomic_load(&s->told);

	for (unsigned int i = 0; i < 3 && piece[i] && at < TOLD_MAX; i++)
		s->text[at++] = piece[i];
	atomic_store(&s->told, at);
}

#define CALLBACKS(who)                                           \
	static void who##_create(unsigned int cpu)               \
	{                                                        \
		tell(cpu, #who[0], 'c', false);                  \
	}                                                        \
	static void who##_setup(unsigned int cpu)                \
	{                                                        \
		tell(cpu, #who[0], 's', true);                   \
	}                                                        \
	static void who##_park(unsigned int cpu)                 \
	{                                                        \
		tell(cpu, #who[0], 'p', true);                   \
	}                                                        \
	static void who##_unpark(unsigned int cpu)               \
	{                                                        \
		tell(cpu, #who[0], 'u', true);                   \
	}                                                        \
	static void who##_cleanup(unsigned int cpu, bool online) \
	{                                                        \
		tell(cpu, #who[0], online ? 'e' : 'E', online);  \
	}                                                        \
	static DEFINE_PER_CPU(struct task_struct *, who##_store)

CALLBACKS(a);
CALLBACKS(b);

static int should_run(unsigned int cpu)
{
	return atomic_load(per_cpu_ptr(&runs, cpu)) != atomic_load(per_cpu_ptr(&wanted, cpu));
}

static void work(unsigned int cpu)
{
	if (smp_processor_id() == cpu)
		atomic_fetch_add(per_cpu_ptr(&runs, cpu), 1);
}

static int should_not_run(unsigned int cpu)
{
	(void)cpu;
	return 0;
}

#define DESCRIPTOR(who, should)                \
	{                                      \
		.store = &who##_store,         \
		.thread_should_run = (should), \
		.thread_fn = work,             \
		.create = who##_create,        \
		.setup = who##_setup,          \
		.cleanup = who##_cleanup,      \
		.park = who##_park,            \
		.unpark = who##_unpark,        \
		.thread_comm = #who "/%u",     \
	}

static struct smp_hotplug_thread a = DESCRIPTOR(a, should_run);
static struct smp_hotplug_thread b = DESCRIPTOR(b, should_not_run);

static void begin(void)
{
	unsigned int cpu;

	for_each_populated_cpu (cpu) {
		memset(per_cpu_ptr(&story, cpu), 0, sizeof(struct story));
		atomic_store(per_cpu_ptr(&wanted, cpu), 0);
		atomic_store(per_cpu_ptr(&runs, cpu), 0);
	}
}

struct expected {
	unsigned int cpu;
	const char *text;
};

static bool is_told(void *arg)
{
	struct expected *e = arg;
	struct story *s = per_cpu_ptr(&story, e->cpu);

	return atomic_load(&s->told) == strlen(e->text) && !strcmp(s->text, e->text);
}

/* It comes to be told, and nothing else. */
static bool tells(unsigned int cpu, const char *text)
{
	return soon(is_told, &(struct expected){cpu, text});
}

static bool all_tell(const char *text)
{
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		if (!tells(cpu, text))
			return false;
	}
	return true;
}

KTEST(smpboot, one_on_each_cpu)
{
	unsigned int cpu;

	begin();
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&a), 0);
	KTEST_EXPECT(all_tell("acas"));
	for_each_populated_cpu (cpu) {
		struct task_struct *task = *per_cpu_ptr(&a_store, cpu);

		KTEST_EXPECT_EQ(task != NULL, cpumask_test_cpu(cpu, cpu_online_mask));
		if (!task)
			continue;
		KTEST_EXPECT(!strncmp(task->comm, "a/", 2));
		KTEST_EXPECT(kthread_is_per_cpu(task));
		for (unsigned int i = 1; i <= 5; i++) {
			atomic_store(per_cpu_ptr(&wanted, cpu), i);
			wake_up_process(task);
			KTEST_EXPECT(reaches(per_cpu_ptr(&runs, cpu), i));
		}
	}
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&a), 0);
	KTEST_EXPECT(all_tell("acasae"));
	for_each_populated_cpu (cpu)
		KTEST_EXPECT(!*per_cpu_ptr(&a_store, cpu));
}

/*
 * Down in reverse order, up in order; a parked thread does not run, what it was woken for is done
 * afterwards.
 */
KTEST(smpboot, parks_and_unparks)
{
	unsigned int cpu = nth_other_cpu(0);

	if (cpu >= nr_cpu_ids)
		cpu = smp_processor_id();
	begin();
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&a), 0);
	KTEST_EXPECT(all_tell("acas"));
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&b), 0);
	KTEST_EXPECT(all_tell("acasbcbs"));
	KTEST_EXPECT_EQ(smpboot_park_threads(cpu), 0);
	KTEST_EXPECT(tells(cpu, "acasbcbsbpap"));
	atomic_store(per_cpu_ptr(&wanted, cpu), 1);
	wake_up_process(*per_cpu_ptr(&a_store, cpu));
	nap();
	KTEST_EXPECT_EQ(atomic_load(per_cpu_ptr(&runs, cpu)), 0);
	KTEST_EXPECT_EQ(smpboot_create_threads(cpu), 0);
	KTEST_EXPECT_EQ(smpboot_unpark_threads(cpu), 0);
	KTEST_EXPECT(reaches(per_cpu_ptr(&runs, cpu), 1));
	/* Each goes on by itself; who is first is open. */
	KTEST_EXPECT(tells(cpu, "acasbcbsbpapaubu") || tells(cpu, "acasbcbsbpapbuau"));
	KTEST_EXPECT_EQ(smpboot_park_threads(cpu), 0);
	/* A parked thread ends, too. */
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&a), 0);
	KTEST_EXPECT_EQ(smpboot_unpark_threads(cpu), 0);
	KTEST_EXPECT(tells(cpu, "acasbcbsbpapaububpapaebu") ||
		     tells(cpu, "acasbcbsbpapbuaubpapaebu"));
	begin();
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&b), 0);
	KTEST_EXPECT(tells(cpu, "be"));
}

/* Registered while a cpu's threads are parked: that cpu gets its thread when they are unparked. */
KTEST(smpboot, registered_meanwhile)
{
	unsigned int cpu = nth_other_cpu(0);

	if (cpu >= nr_cpu_ids)
		cpu = smp_processor_id();
	begin();
	KTEST_EXPECT_EQ(smpboot_park_threads(cpu), 0);
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&a), 0);
	nap();
	KTEST_EXPECT(tells(cpu, ""));
	KTEST_EXPECT(!*per_cpu_ptr(&a_store, cpu));
	KTEST_EXPECT_EQ(smpboot_create_threads(cpu), 0);
	nap();
	KTEST_EXPECT(tells(cpu, "ac"));
	KTEST_EXPECT_EQ(smpboot_unpark_threads(cpu), 0);
	KTEST_EXPECT(tells(cpu, "acas"));
	/* The same without the step between. */
	KTEST_EXPECT_EQ(smpboot_park_threads(cpu), 0);
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&b), 0);
	KTEST_EXPECT_EQ(smpboot_unpark_threads(cpu), 0);
	KTEST_EXPECT(soon(is_told, &(struct expected){cpu, "acasapbcaubs"}) ||
		     soon(is_told, &(struct expected){cpu, "acasapbcbsau"}));
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&b), 0);
	/* One that was never unparked ends without a word. */
	KTEST_EXPECT_EQ(smpboot_park_threads(cpu), 0);
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&b), 0);
	KTEST_EXPECT_EQ(smpboot_create_threads(cpu), 0);
	begin();
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&b), 0);
	KTEST_EXPECT(tells(cpu, ""));
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&a), 0);
	KTEST_EXPECT_EQ(smpboot_unpark_threads(cpu), 0);
	KTEST_EXPECT(tells(cpu, "ae"));
}

/* Its owner unparks and parks it. */
KTEST(smpboot, selfparking)
{
	unsigned int cpu = smp_processor_id();
	struct task_struct *task;

	begin();
	b.selfparking = true;
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&b), 0);
	nap();
	KTEST_EXPECT(all_tell("bc"));
	task = *per_cpu_ptr(&b_store, cpu);
	kthread_unpark(task);
	KTEST_EXPECT(tells(cpu, "bcbs"));
	KTEST_EXPECT_EQ(smpboot_park_threads(cpu), 0);
	nap();
	KTEST_EXPECT(tells(cpu, "bcbs"));
	KTEST_EXPECT_EQ(kthread_park(task), 0);
	KTEST_EXPECT(tells(cpu, "bcbsbp"));
	KTEST_EXPECT_EQ(smpboot_unpark_threads(cpu), 0);
	nap();
	KTEST_EXPECT(tells(cpu, "bcbsbp"));
	kthread_unpark(task);
	KTEST_EXPECT(tells(cpu, "bcbsbpbu"));
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&b), 0);
	KTEST_EXPECT(tells(cpu, "bcbsbpbube"));
	b.selfparking = false;
}

KTEST(smpboot, half_filled)
{
	struct smp_hotplug_thread ht;
	int level = quiet_begin();
	static const char *const missing[] = {"thread_comm", "%u", "store", "thread_should_run",
					      "thread_fn"};

	for (unsigned int i = 0; i < ARRAY_SIZE(missing); i++) {
		ht = a;
		if (i == 0)
			ht.thread_comm = NULL;
		if (i == 1)
			ht.thread_comm = "a";
		if (i == 2)
			ht.store = NULL;
		if (i == 3)
			ht.thread_should_run = NULL;
		if (i == 4)
			ht.thread_fn = NULL;
		KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&ht), -EINVAL);
		KTEST_EXPECT(logged("cannot be registered without", missing[i], NULL));
		KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&ht), -ENOENT);
		KTEST_EXPECT(logged("is not registered", NULL, NULL));
	}
	/* The callbacks need not be there. */
	ht = (struct smp_hotplug_thread){.store = &b_store,
					 .thread_should_run = should_not_run,
					 .thread_fn = work,
					 .thread_comm = "bare/%u"};
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&ht), 0);
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&ht), -EEXIST);
	KTEST_EXPECT(logged("bare/%u", "already", NULL));
	KTEST_EXPECT_EQ(smpboot_park_threads(smp_processor_id()), 0);
	KTEST_EXPECT_EQ(smpboot_unpark_threads(smp_processor_id()), 0);
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&ht), 0);
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&ht), -ENOENT);
	quiet_end(level);
}

/* One that somebody else has parked: nothing is parked then, and that one stays as it is. */
KTEST(smpboot, parked_by_another)
{
	unsigned int cpu = smp_processor_id();
	int level = quiet_begin();
	struct task_struct *task;

	begin();
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&a), 0);
	KTEST_EXPECT(all_tell("acas"));
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&b), 0);
	KTEST_EXPECT(all_tell("acasbcbs"));
	task = *per_cpu_ptr(&a_store, cpu);
	KTEST_EXPECT_EQ(kthread_park(task), 0);
	KTEST_EXPECT_EQ(smpboot_park_threads(cpu), -EBUSY);
	KTEST_EXPECT(tells(cpu, "acasbcbsapbpbu"));
	KTEST_EXPECT_EQ(atomic_load(&task->state), TASK_PARKED);
	quiet_end(level);
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&b), 0);
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&a), 0);
	KTEST_EXPECT(tells(cpu, "acasbcbsapbpbubeae"));
}

static bool strayed(void *before)
{
	return smpboot_strays() > *(unsigned int *)before;
}

/* A thread that is sent to another cpu says so, runs nothing, and comes back by a park. */
KTEST(smpboot, stray)
{
	unsigned int cpu = nth_other_cpu(0), before = smpboot_strays(), away = smp_processor_id();
	struct task_struct *task;
	int level = quiet_begin();

	if (cpu >= nr_cpu_ids)
		KTEST_SKIP("one hart");
	begin();
	KTEST_EXPECT_EQ(smpboot_register_percpu_thread(&a), 0);
	KTEST_EXPECT(all_tell("acas"));
	KTEST_EXPECT_EQ(smpboot_park_threads(cpu), 0);
	task = *per_cpu_ptr(&a_store, cpu);
	kthread_set_per_cpu(task, CPU_ANY);
	atomic_store(&task->home, away);
	atomic_store(per_cpu_ptr(&wanted, cpu), 1);
	KTEST_EXPECT_EQ(smpboot_unpark_threads(cpu), 0);
	KTEST_EXPECT(soon(strayed, &before));
	KTEST_EXPECT(logged("a/", "waits there", NULL));
	KTEST_EXPECT_EQ(atomic_load(per_cpu_ptr(&runs, cpu)), 0);
	KTEST_EXPECT(tells(cpu, "acasap"));
	KTEST_EXPECT_EQ(smpboot_park_threads(cpu), 0);
	kthread_set_per_cpu(task, cpu);
	KTEST_EXPECT_EQ(smpboot_unpark_threads(cpu), 0);
	KTEST_EXPECT(reaches(per_cpu_ptr(&runs, cpu), 1));
	KTEST_EXPECT(tells(cpu, "acasapau"));
	KTEST_EXPECT_EQ(smpboot_unregister_percpu_thread(&a), 0);
	quiet_end(level);
}
