/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the test firmware what a kernel would, and checks the answers: with no rules, and with each
 * fault.
 */
#include "firmware.h"

#include <libfdt.h>
#include <string.h>

#define EXT_BASE   0x10
#define EXT_TIME   0x54494d45
#define EXT_IPI	   0x735049
#define EXT_RFENCE 0x52464e43
#define EXT_HSM	   0x48534d
#define EXT_SRST   0x53525354
#define EXT_DBCN   0x4442434e

#define MAX_AGENTS  8
#define AGENT_STACK 2048
#define SCAUSE_IRQ  (1UL << 63)
#define SSTATUS_SIE (1UL << 1)

/* What an agent is to do next. */
enum order { ORDER_NONE, ORDER_STOP, ORDER_SUSPEND, ORDER_SUSPEND_AWAY, ORDER_FENCE };

/* One for each other hart: what it found when it came, and what it is told. */
struct agent {
	unsigned long sp;
	unsigned long a0, a1, status, satp, sip;
	_Atomic unsigned int came; /* arrivals */
	_Atomic unsigned int ipis; /* SSIPs taken */
	_Atomic unsigned int order;
	_Atomic unsigned int done; /* orders carried out */
	long result;
};

struct agent agents[MAX_AGENTS];
extern const unsigned long agents_size; /* for selftest_entry.S */
const unsigned long agents_size = sizeof(agents);

static char stacks[MAX_AGENTS][AGENT_STACK] __attribute__((aligned(16)));
static struct agent stray; /* a hart that came with an opaque that is nobody's */
static unsigned long boot_hart, ids[MAX_AGENTS];
static unsigned int nr_ids;
static char mode[64];
static unsigned int checks, failures;
static uint64_t hz;
static _Atomic unsigned int self_ipis, self_timers, self_faults;

extern _Atomic unsigned int first;
void agent_entry(void);

void relax(void)
{
}

void uart_putc(char c)
{
	volatile uint8_t *uart = (volatile uint8_t *)0x10000000;

	while (!(uart[5] & 0x20))
		;
	uart[0] = (uint8_t)c;
}

static __attribute__((noreturn)) void finish(unsigned int status)
{
	*(volatile uint32_t *)0x100000 = status ? status << 16 | 0x3333 : 0x5555;
	for (;;)
		;
}

static void check(bool ok, const char *what)
{
	checks++;
	failures += !ok;
	print("%s %u - %s: %s\n", ok ? "ok" : "not ok", checks, mode, what);
}

static void check_is(long got, long want, const char *what)
{
	if (got != want)
		print("# got %ld, want %ld\n", got, want);
	check(got == want, what);
}

static struct sbiret ecall(unsigned long ext, unsigned long func, unsigned long x, unsigned long y,
			   unsigned long z)
{
	register unsigned long a0 __asm__("a0") = x;
	register unsigned long a1 __asm__("a1") = y;
	register unsigned long a2 __asm__("a2") = z;
	register unsigned long a6 __asm__("a6") = func;
	register unsigned long a7 __asm__("a7") = ext;

	__asm__ __volatile__("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
	return (struct sbiret){(long)a0, (long)a1};
}

static uint64_t now(void)
{
	return csr_read(time);
}

static uint64_t after_us(uint64_t us)
{
	return now() + us * hz / 1000000;
}

/*
 * Sleeps until *word reaches want, at most us long; the time passes in wfi, so that each hart gets
 * its turn.
 */
static bool await(_Atomic unsigned int *word, unsigned int want, uint64_t us)
{
	uint64_t end = after_us(us);

	while (atomic_load(word) < want && now() < end) {
		ecall(0, 0, after_us(20), 0, 0);
		csr_set(sie, MIP_STIP);
		__asm__ __volatile__("wfi");
	}
	return atomic_load(word) >= want;
}

static void pause_us(uint64_t us)
{
	static _Atomic unsigned int never;

	await(&never, 1, us);
}

/* tp is the agent of a hart, 0 on the boot hart. */
static struct agent *this_agent(void)
{
	struct agent *a;

	__asm__ __volatile__("mv %0, tp" : "=r"(a));
	return a;
}

__attribute__((interrupt("supervisor"), aligned(4))) static void s_trap(void)
{
	unsigned long cause = csr_read(scause);
	struct agent *a = this_agent();

	if (cause == (SCAUSE_IRQ | 1)) {
		csr_clear(sip, MIP_SSIP);
		atomic_fetch_add(a ? &a->ipis : &self_ipis, 1);
	} else if (cause == (SCAUSE_IRQ | 5)) {
		csr_clear(sie, MIP_STIP);
		if (!a)
			atomic_fetch_add(&self_timers, 1);
	} else {
		/* An access the test makes on purpose: skip it. It is a four-byte instruction. */
		atomic_fetch_add(&self_faults, 1);
		csr_write(sepc, csr_read(sepc) + 4);
	}
}

__attribute__((noreturn)) void agent_main(unsigned long a0, struct agent *a, unsigned long status,
					  unsigned long satp, unsigned long sip);
void agent_main(unsigned long a0, struct agent *a, unsigned long status, unsigned long satp,
		unsigned long sip)
{
	unsigned long given = (unsigned long)a;

	if (a < agents || a >= agents + MAX_AGENTS)
		a = &stray;
	__asm__ __volatile__("mv tp, %0" : : "r"(a));
	a->a0 = a0;
	a->a1 = given;
	a->status = status;
	a->satp = satp;
	a->sip = sip;
	csr_write(stvec, s_trap);
	csr_write(sie, MIP_SSIP);
	atomic_fetch_add(&a->came, 1);
	for (;;) {
		unsigned int order;

		csr_set(sstatus, SSTATUS_SIE);
		while (!atomic_load(&a->order))
			__asm__ __volatile__("wfi");
		csr_clear(sstatus, SSTATUS_SIE);
		order = atomic_exchange(&a->order, ORDER_NONE);
		switch (order) {
		case ORDER_STOP:
			a->result = ecall(EXT_HSM, 1, 0, 0, 0).error;
			break;
		case ORDER_SUSPEND:
			a->result = ecall(EXT_HSM, 3, 0, 0, 0).error;
			break;
		case ORDER_SUSPEND_AWAY:
			a->result = ecall(EXT_HSM, 3, 0x80000000, (unsigned long)agent_entry,
					  (unsigned long)a)
					    .error;
			break;
		case ORDER_FENCE:
			a->result = ecall(EXT_RFENCE, 0, 0, ~0UL, 0).error;
			break;
		}
		atomic_fetch_add(&a->done, 1);
	}
}

/* The n-th hart that is not the boot hart. */
static unsigned long other(unsigned int n)
{
	for (unsigned int i = 0; i < nr_ids; i++)
		if (ids[i] != boot_hart && n-- == 0)
			return ids[i];
	check(false, "enough harts");
	finish(1);
}

static long start(unsigned int n)
{
	agents[n].sp = (unsigned long)stacks[n] + AGENT_STACK;
	return ecall(EXT_HSM, 0, other(n), (unsigned long)agent_entry, (unsigned long)&agents[n])
		.error;
}

static long send_ipi(unsigned int n)
{
	return ecall(EXT_IPI, 0, 1, other(n), 0).error;
}

static void order(unsigned int n, enum order what)
{
	atomic_store(&agents[n].order, what);
	send_ipi(n);
}

static long status(unsigned int n)
{
	struct sbiret r = ecall(EXT_HSM, 2, other(n), 0, 0);

	return r.error ? r.error : r.value;
}

static bool await_status(unsigned int n, long want)
{
	for (int i = 0; i < 1000; i++) {
		if (status(n) == want)
			return true;
		pause_us(100);
	}
	return false;
}

static void start_and_check(unsigned int n)
{
	check_is(start(n), SBI_OK, "hart_start accepted");
	check(await(&agents[n].came, 1, 500000), "the hart came");
	check_is((long)agents[n].a0, (long)other(n), "a0 is its hart id");
	check_is((long)agents[n].a1, (long)&agents[n], "a1 is the opaque argument");
	check_is(agents[n].status & SSTATUS_SIE, 0, "sstatus.SIE is 0");
	check_is((long)agents[n].satp, 0, "satp is 0");
	check_is(status(n), HSM_STARTED, "its status is STARTED");
}

static void test_base(void)
{
	static const unsigned long present[] = {
		EXT_BASE, EXT_TIME, EXT_IPI, EXT_RFENCE, EXT_HSM, EXT_SRST, EXT_DBCN, 0, 1, 4, 8};

	check_is(ecall(EXT_BASE, 0, 0, 0, 0).value, 2L << 24, "specification 2.0");
	for (size_t i = 0; i < sizeof(present) / sizeof(present[0]); i++)
		check_is(ecall(EXT_BASE, 3, present[i], 0, 0).value, 1, "extension is there");
	check_is(ecall(EXT_BASE, 3, 0x504d55, 0, 0).value, 0, "PMU is not");
	check_is(ecall(0x504d55, 0, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED, "unknown extension");
	check_is(ecall(EXT_BASE, 99, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED, "unknown function");
	check_is(ecall(9, 0, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED, "unknown legacy call");
}

static void test_registers(void)
{
	register unsigned long s2 __asm__("s2") = 0x5252, t3 __asm__("t3") = 0x7373;
	register unsigned long a5 __asm__("a5") = 0xa5a5, a7 __asm__("a7") = EXT_BASE;
	register unsigned long a6 __asm__("a6") = 0, gp __asm__("s3") = 0x3333;

	__asm__ __volatile__("ecall"
			     : "+r"(s2), "+r"(t3), "+r"(a5), "+r"(a6), "+r"(a7), "+r"(gp)
			     :
			     : "a0", "a1", "memory");
	check(s2 == 0x5252 && t3 == 0x7373 && a5 == 0xa5a5 && a6 == 0 && a7 == EXT_BASE &&
		      gp == 0x3333,
	      "an ecall keeps all registers but a0 and a1");
}

static void test_console(void)
{
	static const char text[] = "# written by DBCN\r\n";
	struct sbiret r = ecall(EXT_DBCN, 0, sizeof(text) - 1, (unsigned long)text, 0);

	check_is(r.error, SBI_OK, "DBCN write");
	check_is(r.value, sizeof(text) - 1, "DBCN wrote all");
	check_is(ecall(EXT_DBCN, 0, 4, FW_BASE, 0).error, SBI_ERR_INVALID_PARAM,
		 "DBCN refuses the firmware's memory");
	check_is(ecall(EXT_DBCN, 0, 4, (unsigned long)text, 1).error, SBI_ERR_INVALID_PARAM,
		 "DBCN refuses an address above 64 bits");
	check_is(ecall(EXT_DBCN, 2, '\n', 0, 0).error, SBI_OK, "DBCN write byte");
	check_is(ecall(1, 0, '\n', 0, 0).error, 0, "legacy putchar");
	check_is(ecall(EXT_DBCN, 1, 4, (unsigned long)stacks, 0).value, 0,
		 "DBCN reads nothing when nothing was typed");
	check_is(ecall(2, 0, 0, 0, 0).error, -1, "legacy getchar: nothing was typed");
}

/* The cause of the exception that reading (writing) there takes, 0 if it takes none. */
static long touch(unsigned long addr, bool write)
{
	unsigned int n = atomic_load(&self_faults);

	if (write)
		__asm__ __volatile__(
			".option push\n\t.option norvc\n\tsd zero, 0(%0)\n\t.option pop"
			:
			: "r"(addr)
			: "memory");
	else
		__asm__ __volatile__(
			".option push\n\t.option norvc\n\tld zero, 0(%0)\n\t.option pop"
			:
			: "r"(addr)
			: "memory");
	return atomic_load(&self_faults) == n ? 0 : (long)csr_read(scause);
}

static void test_protection(void)
{
	unsigned long last = FW_BASE + FW_SIZE - 4096;

	check_is(touch(FW_BASE, false), 5, "reading the firmware's memory is a load access fault");
	check_is(touch(FW_BASE, true), 7, "writing it is a store access fault");
	check_is(touch(FW_RULES, true), 7, "the rules cannot be written");
	check_is(touch(last, false), 0, "the last page can be read");
	check_is(touch(last, true), 7, "and not written");
	check_is(touch(FW_BASE + FW_SIZE, true), 0, "what lies behind is the kernel's");
}

static void test_timer(void)
{
	unsigned int n = atomic_load(&self_timers);
	uint64_t when = after_us(1000);

	check_is(ecall(EXT_TIME, 0, when, 0, 0).error, SBI_OK, "set_timer");
	check(!(csr_read(sip) & MIP_STIP), "set_timer clears the pending interrupt");
	csr_set(sie, MIP_STIP);
	while (atomic_load(&self_timers) == n && now() < when + hz)
		__asm__ __volatile__("wfi");
	check(atomic_load(&self_timers) == n + 1 && now() >= when,
	      "the timer interrupt comes in time");
	ecall(EXT_TIME, 0, ~0UL, 0, 0);
	check(!(csr_read(sip) & MIP_STIP), "a timer set for never is not pending");
}

static void test_ipi(void)
{
	unsigned int n = atomic_load(&self_ipis), m = atomic_load(&agents[0].ipis);

	check_is(ecall(EXT_IPI, 0, 1, boot_hart, 0).error, SBI_OK, "send_ipi to itself");
	check(await(&self_ipis, n + 1, 500000), "it comes");
	check_is(send_ipi(0), SBI_OK, "send_ipi to another hart");
	check(await(&agents[0].ipis, m + 1, 500000), "it comes there");
	check_is(ecall(EXT_IPI, 0, 0, ~0UL, 0).error, SBI_OK, "send_ipi to all");
	check(await(&agents[0].ipis, m + 2, 500000) && await(&self_ipis, n + 2, 500000),
	      "it comes to all");
	check_is(ecall(EXT_IPI, 0, 1, 4000, 0).error, SBI_ERR_INVALID_PARAM,
		 "a hart that does not exist is refused");
	check_is(ecall(EXT_IPI, 0, 1, other(1), 0).error, SBI_OK, "a stopped hart is skipped");
	check_is(ecall(4, 0, 0, 0, 0).error, 0, "legacy send_ipi to all");
	check(await(&agents[0].ipis, m + 3, 500000), "it comes, too");
}

static void test_fence(void)
{
	check_is(ecall(EXT_RFENCE, 0, 0, ~0UL, 0).error, SBI_OK, "remote fence.i to all");
	check_is(ecall(EXT_RFENCE, 1, 1, other(0), 0).error, SBI_OK, "remote sfence.vma to one");
	check_is(ecall(EXT_RFENCE, 0, 1, 4000, 0).error, SBI_ERR_INVALID_PARAM,
		 "a hart that does not exist is refused");
	check_is(ecall(EXT_RFENCE, 3, 1, other(0), 0).error, SBI_ERR_NOT_SUPPORTED,
		 "no hypervisor fences");
	atomic_store(&agents[0].done, 0);
	order(0, ORDER_FENCE);
	for (int i = 0; i < 200; i++)
		ecall(EXT_RFENCE, 0, 0, ~0UL, 0);
	check(await(&agents[0].done, 1, 500000), "two harts fence each other");
}

static void test_hsm(void)
{
	start_and_check(0);
	check_is(start(0), SBI_ERR_ALREADY_AVAILABLE, "a started hart is not started again");
	check_is(ecall(EXT_HSM, 0, 4000, (unsigned long)agent_entry, 0).error,
		 SBI_ERR_INVALID_PARAM, "no such hart to start");
	check_is(ecall(EXT_HSM, 0, other(1), FW_BASE, 0).error, SBI_ERR_INVALID_ADDRESS,
		 "no start in the firmware's memory");
	check_is(ecall(EXT_HSM, 0, other(1), 0x1000, 0).error, SBI_ERR_INVALID_ADDRESS,
		 "no start outside memory");
	check_is(ecall(EXT_HSM, 2, 4000, 0, 0).error, SBI_ERR_INVALID_PARAM,
		 "no such hart's status");
	check_is(status(1), HSM_STOPPED, "a hart that was not started is STOPPED");
	check_is(ecall(EXT_HSM, 3, 5, 0, 0).error, SBI_ERR_INVALID_PARAM,
		 "a reserved suspend type is refused");
}

static void test_suspend(void)
{
	atomic_store(&agents[0].done, 0);
	order(0, ORDER_SUSPEND);
	check(await_status(0, HSM_SUSPENDED), "a hart suspends");
	check_is(atomic_load(&agents[0].done), 0, "and stays so");
	send_ipi(0);
	check(await(&agents[0].done, 1, 500000), "an IPI resumes it");
	check_is(agents[0].result, SBI_OK, "retentive suspend returns 0");
	atomic_store(&agents[0].came, 0);
	order(0, ORDER_SUSPEND_AWAY);
	check(await_status(0, HSM_SUSPENDED), "a hart suspends and forgets");
	send_ipi(0);
	check(await(&agents[0].came, 1, 500000), "it resumes where it was told");
	check_is((long)agents[0].a1, (long)&agents[0], "with its opaque argument");
}

static void test_stop(void)
{
	order(0, ORDER_STOP);
	check(await_status(0, HSM_STOPPED), "a hart stops");
	atomic_store(&agents[0].came, 0);
	start_and_check(0);
	for (int i = 0; i < 50; i++) {
		order(0, ORDER_STOP);
		if (!await_status(0, HSM_STOPPED)) {
			check(false, "it stops each time");
			return;
		}
		atomic_store(&agents[0].came, 0);
		start(0);
		if (!await(&agents[0].came, 1, 500000)) {
			check(false, "it comes each time");
			return;
		}
	}
	check(true, "50 times off and on");
}

static void run_plain(void)
{
	test_base();
	test_registers();
	test_console();
	test_protection();
	test_timer();
	test_hsm();
	test_ipi();
	test_fence();
	test_suspend();
	test_stop();
	check_is(ecall(EXT_SRST, 0, 9, 0, 0).error, SBI_ERR_INVALID_PARAM, "unknown reset type");
}

/* Every hart there is, sparse ids included. */
static void run_all(void)
{
	for (unsigned int n = 0; n + 1 < nr_ids; n++)
		start_and_check(n);
}

static void probe_is(unsigned long ext, long want, const char *what)
{
	check_is(ecall(EXT_BASE, 3, ext, 0, 0).value, want, what);
	if (!want)
		check_is(ecall(ext, 0, 0, 0, 0).error, SBI_ERR_NOT_SUPPORTED,
			 "and calling it is not supported");
}

static void run_spec01(void)
{
	unsigned int n = atomic_load(&self_ipis);

	check_is(ecall(EXT_BASE, 0, 7, 0, 0).error, SBI_ERR_NOT_SUPPORTED, "no base extension");
	check_is(ecall(4, 0, 0, 0, 0).error, 0, "legacy send_ipi");
	check(await(&self_ipis, n + 1, 500000), "it comes");
	check_is(ecall(5, 0, 0, 0, 0).error, 0, "legacy remote fence.i");
}

static void run_spec02(void)
{
	check_is(ecall(EXT_BASE, 0, 0, 0, 0).value, 2, "specification 0.2");
	probe_is(EXT_HSM, 1, "HSM");
	probe_is(EXT_SRST, 0, "no SRST");
	probe_is(EXT_DBCN, 0, "no DBCN");
}

static void run_none(void)
{
	probe_is(EXT_TIME, 0, "no TIME");
	probe_is(EXT_IPI, 0, "no IPI");
	probe_is(EXT_RFENCE, 0, "no RFENCE");
	probe_is(EXT_HSM, 0, "no HSM");
	probe_is(EXT_SRST, 0, "no SRST");
	probe_is(EXT_DBCN, 0, "no DBCN");
	probe_is(4, 0, "no legacy IPI");
}

static void run_start_refuse(void)
{
	check_is(start(0), SBI_ERR_FAILED, "the first start fails");
	start_and_check(0);
}

static void run_start_lost(void)
{
	check_is(start(0), SBI_OK, "hart_start accepted");
	check(!await(&agents[0].came, 1, 50000), "nobody comes");
	check_is(status(0), HSM_START_PENDING, "its status is START_PENDING");
	check_is(start(0), SBI_ERR_INVALID_PARAM, "INVALID_PARAM while pending, by rule");
	start_and_check(1);
}

static void run_start_late(void)
{
	uint64_t begin = now();

	check_is(start(0), SBI_OK, "hart_start accepted");
	check(await(&agents[0].came, 1, 2000000), "it comes");
	check(now() - begin >= hz / 10, "after a tenth of a second");
}

static void run_start_wrong(void)
{
	start(0);
	check(await(&stray.came, 1, 500000), "a hart comes with somebody else's opaque");
	check_is((long)stray.a1, 0x1234, "the one of the rule");
	start(1);
	check(await(&agents[1].came, 1, 500000), "the second comes");
	check_is((long)agents[1].a0, 77, "with a wrong a0");
	start(2);
	check(await(&agents[2].came, 1, 500000), "the third comes");
	check_is(agents[2].status & SSTATUS_SIE, SSTATUS_SIE, "with interrupts on");
	check(agents[2].satp >> 60 == 8, "and with satp set");
	check(agents[2].sip & MIP_SSIP, "and an IPI pending");
}

static void run_start_twice(void)
{
	start_and_check(0);
	check(await(&agents[0].came, 2, 500000), "it comes a second time");
}

static void run_stop(void)
{
	start_and_check(0);
	start_and_check(1);
	start_and_check(2);
	atomic_store(&agents[0].done, 0);
	order(0, ORDER_STOP);
	check(await(&agents[0].done, 1, 500000), "hart_stop returns");
	check_is(agents[0].result, SBI_ERR_FAILED, "with the error of the rule");
	order(0, ORDER_STOP);
	check(await_status(0, HSM_STOPPED), "the second time it stops");
	atomic_store(&agents[1].done, 0);
	order(1, ORDER_STOP);
	pause_us(1000);
	check_is(atomic_load(&agents[1].done), 0, "hart_stop sleeps");
	send_ipi(1);
	check(await(&agents[1].done, 1, 500000), "and returns after an IPI");
	check_is(agents[1].result, SBI_OK, "with 0");
	order(2, ORDER_STOP);
	check(await_status(2, HSM_STOP_PENDING), "a slow stop is STOP_PENDING");
	check(await_status(2, HSM_STOPPED), "then STOPPED");
}

static void run_status(void)
{
	check_is(status(0), HSM_STARTED, "the status lies");
	check_is(status(1), SBI_ERR_FAILED, "the status fails");
}

static void run_ipi_strict(void)
{
	unsigned int n;

	start_and_check(0);
	n = atomic_load(&agents[0].ipis);
	check_is(ecall(EXT_IPI, 0, 0xf, 0, 0).error, SBI_ERR_INVALID_PARAM,
		 "a mask with a stopped hart is refused");
	check(!await(&agents[0].ipis, n + 1, 20000), "and reaches nobody");
	check_is(ecall(EXT_RFENCE, 0, 0xf, 0, 0).error, SBI_ERR_INVALID_PARAM, "so is a fence");
	check_is(send_ipi(0), SBI_OK, "one alone is reached");
	check(await(&agents[0].ipis, n + 1, 500000), "it comes");
	check_is(ecall(EXT_IPI, 0, 0, ~0UL, 0).error, SBI_OK, "everyone never fails");
}

static void run_ipi_drop(void)
{
	unsigned int got = 0;

	start_and_check(0);
	for (int i = 0; i < 9; i++) {
		unsigned int n = atomic_load(&agents[0].ipis);

		send_ipi(0);
		got += await(&agents[0].ipis, n + 1, 5000);
	}
	check_is(got, 6, "every third IPI is lost");
}

static void run_ipi_delay(void)
{
	unsigned int n;

	start_and_check(0);
	n = atomic_load(&agents[0].ipis);
	send_ipi(0);
	check(!await(&agents[0].ipis, n + 1, 20000), "not there at once");
	check(await(&agents[0].ipis, n + 1, 500000), "there later");
}

static void run_ipi_more(void)
{
	unsigned int n;

	start_and_check(0);
	check(await(&agents[0].ipis, 5, 500000), "IPIs come that nobody sent");
	start_and_check(1);
	n = atomic_load(&agents[1].ipis);
	send_ipi(1);
	check(await(&agents[1].ipis, n + 2, 500000), "one IPI comes twice");
}

static void run_timer(void)
{
	uint64_t when = after_us(100);

	ecall(EXT_TIME, 0, when, 0, 0);
	csr_set(sie, MIP_STIP);
	while (!atomic_load(&self_timers) && now() < when + 2 * hz)
		__asm__ __volatile__("wfi");
	check(atomic_load(&self_timers) && now() >= when + hz / 20, "the timer is late");
}

static void run_short(void)
{
	static const char text[] = "# 0123456789";
	long wrote;

	check_is(ecall(EXT_DBCN, 0, 12, (unsigned long)text, 0).error, SBI_ERR_FAILED,
		 "the console fails once");
	wrote = ecall(EXT_DBCN, 0, 12, (unsigned long)text, 0).value;
	uart_putc('\n');
	check_is(wrote, 5, "a short write says how much it wrote");
	check_is(ecall(EXT_SRST, 0, 0, 0, 0).error, SBI_ERR_FAILED, "a reset fails");
}

static void run_enter_all(void)
{
	check(await(&first, nr_ids, 500000), "every hart comes in without being started");
	check_is((long)boot_hart >= 0 && status(0) == HSM_STARTED, 1, "and counts as started");
}

static void run_slow(void)
{
	unsigned long t = csr_read(instret);

	ecall(EXT_BASE, 0, 0, 0, 0);
	check(csr_read(instret) - t > 100000, "an ecall takes so long");
}

static const struct {
	const char *name;
	void (*run)(void);
} runs[] = {
	{"plain", run_plain},
	{"all", run_all},
	{"spec01", run_spec01},
	{"spec02", run_spec02},
	{"none", run_none},
	{"start-refuse", run_start_refuse},
	{"start-lost", run_start_lost},
	{"start-late", run_start_late},
	{"start-wrong", run_start_wrong},
	{"start-twice", run_start_twice},
	{"stop", run_stop},
	{"status", run_status},
	{"ipi-strict", run_ipi_strict},
	{"ipi-drop", run_ipi_drop},
	{"ipi-delay", run_ipi_delay},
	{"ipi-more", run_ipi_more},
	{"timer", run_timer},
	{"short", run_short},
	{"enter-all", run_enter_all},
	{"slow", run_slow},
};

static void read_tree(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), cpus = fdt_path_offset(fdt, "/cpus"), node;
	const char *args = fdt_getprop(fdt, chosen, "bootargs", NULL);
	const fdt32_t *p = fdt_getprop(fdt, cpus, "timebase-frequency", NULL);

	hz = p ? fdt32_to_cpu(*p) : 0;
	if (args)
		memcpy(mode, args, strnlen(args, sizeof(mode) - 1));
	fdt_for_each_subnode(node, fdt, cpus)
	{
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);

		p = fdt_getprop(fdt, node, "reg", NULL);
		if (type && p && nr_ids < MAX_AGENTS)
			ids[nr_ids++] = fdt32_to_cpu(*p);
	}
	check(fdt_path_offset(fdt, "/reserved-memory/firmware@80000000") > 0,
	      "the tree tells the firmware's memory");
}

__attribute__((noreturn)) void selftest_main(unsigned long hartid, const void *fdt);
void selftest_main(unsigned long hartid, const void *fdt)
{
	__asm__ __volatile__("mv tp, zero");
	boot_hart = hartid;
	csr_write(stvec, s_trap);
	csr_write(sie, MIP_SSIP);
	csr_set(sstatus, SSTATUS_SIE);
	read_tree(fdt);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		if (strcmp(runs[i].name, mode))
			continue;
		runs[i].run();
		print("1..%u\n", checks);
		finish(failures ? 1 : 0);
	}
	print("Bail out! no self-test of that name: %s\n", mode);
	finish(2);
}
