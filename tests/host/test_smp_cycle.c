/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One hart stops and starts again, by firmware that does as it is told, that is slow, that comes
 * back from hart_stop, that waits in it, or that lies.
 */
#include "tests/host/host.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arch/riscv/irqflags.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/smp.h"
#include "core/smp_internal.h"
#include "core/time.h"
#include "sbi/hsm.h"
#include "sbi/sbi.h"

#define HARTID	 7
#define ALWAYS	 1000000
#define STACK	 ((void *)0x1000)
#define DEADLINE deadline_ms(3000)

/* The cpu under test is 1. */
static struct cpu_info infos[2];
static struct {
	_Atomic unsigned long bits[1];
} online;
unsigned int nr_cpu_ids = 2, cpumask_words = 1;
const struct cpumask *cpu_online_mask = (const struct cpumask *)&online;

/* The firmware. */
static _Atomic int hsm, stop_returns, ipis;
static long stop_answer;
static bool stop_waits, no_hsm, no_stack, comes_at_the_end;
static int not_now;
static enum hsm_start_result start_answer;
static int start_errno;

static _Thread_local jmp_buf leave;
static _Atomic int again;

struct cpu_info *cpu_info(unsigned int cpu)
{
	return &infos[cpu];
}

unsigned long cpu_to_hartid(unsigned int cpu)
{
	return cpu * HARTID;
}

const char *cpu_state_name(int state)
{
	return state == CPU_DYING ? "dying" : "something";
}

bool sbi_probe(unsigned long ext)
{
	return ext != SBI_EXT_HSM || !no_hsm;
}

void *smp_start_stack(unsigned int cpu)
{
	return cpu && !no_stack ? STACK : NULL;
}

bool smp_came_late(unsigned int cpu)
{
	(void)cpu;
	return false;
}

enum hsm_start_result smp_start_cpu(unsigned int cpu)
{
	enum hsm_start_result result = not_now > 0 ? HSM_START_RETRY : start_answer;

	not_now--;
	infos[cpu].error = result == HSM_START_ACCEPTED ? 0 : start_errno;
	infos[cpu].start_ticks = 1;
	atomic_store(&infos[cpu].state, result == HSM_START_ACCEPTED ? CPU_STARTING : CPU_OFFLINE);
	return result;
}

bool smp_give_up(unsigned int cpu)
{
	atomic_store(&infos[cpu].state, comes_at_the_end ? CPU_ONLINE : CPU_LATE);
	return !comes_at_the_end;
}

__noreturn void secondary_hart_again(void *sp)
{
	assert_ptr_equal(sp, STACK);
	assert_int_equal(atomic_load(&infos[1].state), CPU_STARTING);
	atomic_store(&infos[1].state, CPU_ONLINE);
	again++;
	longjmp(leave, 1);
}

/* On the dying hart. */
static long stop(void)
{
	if (stop_waits) {
		int seen = atomic_load(&ipis);

		while (atomic_load(&ipis) == seen)
			wait_for_interrupt();
		if (stop_returns-- > 0)
			return SBI_SUCCESS;
	} else if (stop_returns-- > 0) {
		return stop_answer;
	}
	atomic_store(&hsm, HSM_STOPPED);
	longjmp(leave, 1);
}

struct sbiret sbi_ecall(unsigned long ext, unsigned long fid, unsigned long a0, unsigned long a1,
			unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	(void)a2, (void)a3, (void)a4, (void)a5;
	if (ext == SBI_EXT_IPI) {
		assert_int_equal(a0, 1);
		assert_int_equal(a1, HARTID);
		ipis++;
		return (struct sbiret){0};
	}
	assert_int_equal(ext, SBI_EXT_HSM);
	if (fid == 1)
		return (struct sbiret){.error = stop()};
	assert_int_equal(fid, 2);
	assert_int_equal(a0, HARTID);
	return (struct sbiret){.value = atomic_load(&hsm)};
}

static int reset(void **state)
{
	(void)state;
	memset(infos, 0, sizeof(infos));
	atomic_store(&online.bits[0], 1);
	hsm = HSM_STARTED;
	stop_returns = ipis = again = not_now = 0;
	stop_waits = no_hsm = no_stack = comes_at_the_end = false;
	start_answer = HSM_START_ACCEPTED;
	start_errno = -EINVAL;
	stop_answer = SBI_ERR_FAILED;
	host_log_clear();
	return 0;
}

static void said(const char *text)
{
	if (!strstr(host_log(), text))
		fail_msg("no \"%s\" in \"%s\"", text, host_log());
}

static int state_now(void)
{
	return atomic_load(&infos[1].state);
}

static int start_from(int state)
{
	atomic_store(&infos[1].state, state);
	return cpu_start_hart(1);
}

static void starts(unsigned int cpu, void *arg)
{
	(void)arg;
	if (cpu)
		return;
	assert_int_equal(cpu_start_hart(2), -ENODEV);
	assert_int_equal(start_from(CPU_ONLINE), -EEXIST);
	assert_int_equal(start_from(CPU_STARTING), -EBUSY);
	said("cpu1 (hart 7) cannot be started: it is starting");
	assert_int_equal(start_from(CPU_DYING), -EBUSY);
	said("it has not stopped");
	assert_int_equal(state_now(), CPU_DYING);
	hsm = HSM_STOPPED;
	assert_int_equal(start_from(CPU_DYING), 0);
	assert_int_equal(state_now(), CPU_STARTING);
	no_stack = true;
	assert_int_equal(start_from(CPU_OFFLINE), -ENXIO);
	no_stack = false;
	no_hsm = true;
	assert_int_equal(start_from(CPU_OFFLINE), -EOPNOTSUPP);
	no_hsm = false;
	infos[1].start_ticks = 0;
	infos[1].error = -ENOMEM;
	assert_int_equal(start_from(CPU_REFUSED), -ENOMEM);
	infos[1].error = 0;
	assert_int_equal(start_from(CPU_OFFLINE), 0);
	assert_int_equal(start_from(CPU_LATE), 0);
	assert_int_equal(start_from(CPU_STUCK), 0);
	assert_int_equal(start_from(CPU_REFUSED), 0);
}

static void answers(unsigned int cpu, void *arg)
{
	uint64_t before;

	(void)arg;
	if (cpu)
		return;
	not_now = 3;
	assert_int_equal(start_from(CPU_OFFLINE), 0);
	assert_int_equal(not_now, -1);
	not_now = ALWAYS;
	before = time_now();
	assert_int_equal(start_from(CPU_OFFLINE), -EINVAL);
	assert_true(time_now() - before >= ns_to_ticks(START_RETRY_MS * 1000000UL));
	assert_int_equal(state_now(), CPU_REFUSED);
	said("the firmware refuses to start it (error -22); hart state STARTED");
	not_now = 0;
	start_answer = HSM_START_ALREADY;
	assert_int_equal(start_from(CPU_OFFLINE), -EALREADY);
	assert_int_equal(state_now(), CPU_REFUSED);
	said("runs already, started by somebody else");
	start_answer = HSM_START_REFUSED;
	start_errno = -EPERM;
	assert_int_equal(start_from(CPU_OFFLINE), -EPERM);
	assert_int_equal(state_now(), CPU_REFUSED);
}

static void waits(unsigned int cpu, void *arg)
{
	(void)arg;
	if (cpu)
		return;
	atomic_store(&infos[1].state, CPU_ONLINE);
	assert_int_equal(cpu_wait_started(1, DEADLINE), 0);
	atomic_store(&infos[1].state, CPU_STARTING);
	assert_int_equal(cpu_wait_started(1, deadline_ms(5)), -ETIMEDOUT);
	assert_int_equal(state_now(), CPU_LATE);
	said("cpu1 (hart 7): start accepted, never arrived");
	comes_at_the_end = true;
	atomic_store(&infos[1].state, CPU_STARTING);
	assert_int_equal(cpu_wait_started(1, deadline_ms(5)), 0);
}

/* cpu 1 dies; cpu 0 waits for it, and brings one that is parked back. */
static void dies(unsigned int cpu, void *arg)
{
	int want = *(int *)arg;

	if (cpu == 1) {
		host_irqs_on = false;
		if (!setjmp(leave))
			cpu_die();
		host_irqs_on = true;
		return;
	}
	assert_int_equal(cpu_wait_dead(1, DEADLINE), want);
	if (!want) {
		assert_int_equal(state_now(), CPU_OFFLINE);
		assert_int_equal(hsm, HSM_STOPPED);
		return;
	}
	assert_int_equal(state_now(), CPU_PARKED);
	said("cpu1 (hart 7): the firmware does not stop it");
	assert_int_equal(cpu_start_hart(1), 0);
	assert_int_equal(cpu_wait_started(1, DEADLINE), 0);
}

static void die(int want)
{
	atomic_store(&infos[1].state, CPU_ONLINE);
	host_harts_run(2, dies, &want);
}

static void test_starts(void **state)
{
	(void)state;
	host_harts_run(2, starts, NULL);
}

static void test_answers(void **state)
{
	(void)state;
	host_harts_run(2, answers, NULL);
}

static void test_waits(void **state)
{
	(void)state;
	host_harts_run(2, waits, NULL);
}

static void test_stops(void **state)
{
	(void)state;
	die(0);
	assert_int_equal(ipis, 0);
}

static void test_stop_comes_back(void **state)
{
	(void)state;
	stop_returns = 5;
	die(0);
	stop_returns = 5;
	stop_answer = SBI_SUCCESS;
	hsm = HSM_STARTED;
	die(0);
	assert_int_equal(again, 0);
}

static void test_never_stops(void **state)
{
	(void)state;
	stop_returns = ALWAYS;
	die(-EIO);
	assert_int_equal(again, 1);
	assert_int_equal(state_now(), CPU_ONLINE);
	/* An answer that is final is not asked for again. */
	stop_returns = ALWAYS;
	stop_answer = SBI_ERR_NOT_SUPPORTED;
	die(-EIO);
	assert_int_equal(stop_returns, ALWAYS - 1);
	assert_int_equal(again, 2);
}

static void test_stop_waits(void **state)
{
	(void)state;
	stop_waits = true;
	stop_returns = 3;
	die(0);
	assert_true(ipis >= 4);
}

/* A firmware that has nothing more to say. */
static void test_never_dies(void **state)
{
	(void)state;
	atomic_store(&infos[1].state, CPU_DYING);
	hsm = HSM_STOP_PENDING;
	assert_int_equal(cpu_wait_dead(1, deadline_ms(5)), -ETIMEDOUT);
	said("has not stopped: it is dying, hart state STOP_PENDING");
	assert_int_equal(state_now(), CPU_DYING);
	assert_int_equal(ipis, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_starts, reset),
		cmocka_unit_test_setup(test_answers, reset),
		cmocka_unit_test_setup(test_waits, reset),
		cmocka_unit_test_setup(test_stops, reset),
		cmocka_unit_test_setup(test_stop_comes_back, reset),
		cmocka_unit_test_setup(test_never_stops, reset),
		cmocka_unit_test_setup(test_stop_waits, reset),
		cmocka_unit_test_setup(test_never_dies, reset),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
