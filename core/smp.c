/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts every hart, back to back, and waits once with one deadline. */
#include "core/smp.h"

#include <errno.h>

#include "arch/riscv/boot.h"
#include "arch/riscv/csr.h"
#include "arch/riscv/early_map.h"
#include "arch/riscv/hart.h"
#include "arch/riscv/irqflags.h"
#include "arch/riscv/pgtable.h"
#include "arch/riscv/processor.h"
#include "core/cpu.h"
#include "core/fault.h"
#include "core/hotplug.h"
#include "core/init.h"
#include "core/kmalloc.h"
#include "core/page.h"
#include "core/panic.h"
#include "core/param.h"
#include "core/printk.h"
#include "core/smp_internal.h"
#include "core/time.h"
#include "sbi/base.h"
#include "sbi/hsm.h"
#include "sbi/ipi.h"
#include "sbi/sbi.h"

struct bringup_result bringup_result;
void (*secondary_idle)(void);

static unsigned int maxcpus = UINT32_MAX;
PARAM_UINT("maxcpus", maxcpus, 1, UINT32_MAX, "harts to start at boot, the boot hart among them");

/*
 * An emulator that runs many harts on few processors needs time for each; so does firmware that is
 * asked to log.
 */
static unsigned int bringup_ms;
PARAM_UINT("bringup_ms", bringup_ms, 1, 600000,
	   "deadline of bring-up in ms (default 2000 and 50 per hart)");

static struct boot_record *records;

/*
 * Harts that were started and have neither come online nor been given up, and one more until all
 * are started.
 */
static _Atomic unsigned int bringup_pending;
/* Harts that start later are nobody's count. */
static _Atomic bool bringup_over;

static DEFINE_PER_CPU(void *, stack_top);

void smp_set_start_stack(unsigned int cpu, void *top)
{
	per_cpu(stack_top, cpu) = top;
}

void *smp_start_stack(unsigned int cpu)
{
	return percpu_base[cpu] ? per_cpu(stack_top, cpu) : NULL;
}

/*
 * The cpu's own memory, on its own node, in one piece: its stack, its overflow stack, its area.
 * What a failed cpu got stays with it: it is reported and never started.
 */
static int prepare_cpu(unsigned int cpu)
{
	int node = cpu_to_node(cpu);
	size_t stacks = STACK_SIZE + OVERFLOW_STACK_SIZE;
	char *memory = page_alloc(node, page_order(stacks + percpu_area_size()));
	void *area = memory + stacks, *stack, *overflow;

	if (!memory)
		return -ENOMEM;
	percpu_setup_area(area);
	percpu_base[cpu] = (unsigned long)area;
	per_cpu(cpu_number, cpu) = cpu;
	per_cpu(numa_node, cpu) = node;
	stack = stack_map(virt_to_phys(memory), STACK_SIZE);
	overflow = stack_map(virt_to_phys(memory + STACK_SIZE), OVERFLOW_STACK_SIZE);
	if (!stack || !overflow)
		return -ENOMEM;
	per_cpu(stack_top, cpu) = stack;
	per_cpu(overflow_sp, cpu) = overflow;
	return 0;
}

static int percpu_areas_init(void)
{
	unsigned int order = page_order(percpu_area_size());
	void *area = page_alloc(cpu_to_node(0), order);
	unsigned long *bases = kzalloc(nr_cpu_ids * sizeof(*bases));

	records = kzalloc(nr_cpu_ids * sizeof(*records));
	if (!area || !bases || !records)
		panic("no memory for the per-cpu areas");
	/* The boot hart moves: its variables so far live in the image. */
	percpu_setup_area(area);
	percpu_base = bases;
	bases[0] = (unsigned long)area;
	per_cpu(overflow_sp, 0) = this_cpu(overflow_sp);
	per_cpu(numa_node, 0) = cpu_to_node(0);
	__asm__ __volatile__("mv tp, %0" : : "r"(area) : "memory");

	for (unsigned int cpu = 1; cpu < nr_cpu_ids; cpu++) {
		int err = prepare_cpu(cpu);

		if (err) {
			cpu_info(cpu)->error = err;
			atomic_store_explicit(&cpu_info(cpu)->state, CPU_REFUSED,
					      memory_order_relaxed);
			pr_err("cpu%u (hart %lu): no memory for it, left out", cpu,
			       cpu_to_hartid(cpu));
		}
	}
	return 0;
}
INITCALL(INIT_PERCPU, percpu_areas_init);

/* When bring-up was over. */
static uint64_t online_at;

/* How often the boot hart looks for itself: firmware may lose the interrupt that tells it. */
#define BRINGUP_LOOK_MS 10

/* Takes one off the pending count; whoever takes the last wakes the boot hart. */
static bool bringup_done_one(void)
{
	/*
	 * Release: what this hart did is seen by the boot hart, whose look at the count acquires.
	 */
	return atomic_fetch_sub_explicit(&bringup_pending, 1, memory_order_acq_rel) == 1;
}

static bool nothing_pending(void *arg)
{
	(void)arg;
	return !atomic_load_explicit(&bringup_pending, memory_order_acquire);
}

void secondary_hart_main(void)
{
	struct cpu_info *info = cpu_info(smp_processor_id());
	int starting = CPU_STARTING;

	/*
	 * What an earlier life left pending is nobody's call; from the online mask on, interrupts
	 * count.
	 */
	csr_clear(CSR_SIP, SIE_SSIE);
	csr_write(CSR_SIE, SIE_SSIE);
	atomic_store_explicit(&info->online_ticks, rdtime(), memory_order_relaxed);
	if (!cas_acq_rel(&info->state, &starting, CPU_ONLINE))
		smp_park();
	cpuhp_starting(smp_processor_id());
	set_cpu_online(smp_processor_id(), true);
	if (!atomic_load_explicit(&bringup_over, memory_order_relaxed) && bringup_done_one())
		sbi_send_ipi(1, boot_hartid);
	secondary_idle();
	panic("idle returned");
}

static bool wait_for_harts(uint64_t deadline)
{
	while (rdtime() < deadline) {
		if (wait_until(nothing_pending, NULL, MIN(deadline, deadline_ms(BRINGUP_LOOK_MS))))
			return true;
	}
	return false;
}

static void refuse(unsigned int cpu, int error)
{
	cpu_info(cpu)->error = error;
	atomic_store_explicit(&cpu_info(cpu)->state, CPU_REFUSED, memory_order_relaxed);
	bringup_done_one();
}

enum hsm_start_result smp_start_cpu(unsigned int cpu)
{
	struct cpu_info *info = cpu_info(cpu);
	enum hsm_start_result result;
	int starting = CPU_STARTING;
	uint64_t opaque;
	long error;

	opaque = boot_record_arm(&records[cpu], info->hartid, per_cpu(stack_top, cpu),
				 percpu_base[cpu]);
	atomic_store_explicit(&info->state, CPU_STARTING, memory_order_release);
	info->start_ticks = rdtime();
	result = hsm_start(info->hartid, secondary_entry(), opaque, &error);
	if (result == HSM_START_ACCEPTED)
		return result;
	/*
	 * Should it come by this start all the same, it parks; or, refused or not, it has come
	 * already.
	 */
	if (!boot_record_expire(&records[cpu]))
		return HSM_START_ACCEPTED;
	/* One that was parked in the kernel needs no record. */
	if (!cas_acq_rel(&info->state, &starting, CPU_OFFLINE))
		return HSM_START_ACCEPTED;
	info->error = sbi_to_errno(error);
	return result;
}

static void start_all(void)
{
	uint64_t retry_until = 0;
	unsigned int limit = MIN(maxcpus, nr_cpu_ids), again;

	/*
	 * All at once are pending before the first is started, or an early one could think it was
	 * the last.
	 */
	atomic_store_explicit(&bringup_pending, limit, memory_order_relaxed);
	for (unsigned int cpu = 1; cpu < limit; cpu++) {
		if (cpu_info(cpu)->error)
			bringup_done_one();
	}
	do {
		again = 0;
		for (unsigned int cpu = 1; cpu < limit; cpu++) {
			if (atomic_load_explicit(&cpu_info(cpu)->state, memory_order_relaxed) !=
			    CPU_OFFLINE)
				continue;
			switch (smp_start_cpu(cpu)) {
			case HSM_START_ACCEPTED:
				bringup_result.started++;
				break;
			case HSM_START_RETRY:
				if (!retry_until)
					retry_until = deadline_ms(START_RETRY_MS);
				if (rdtime() < retry_until) {
					again++;
					break;
				}
				refuse(cpu, cpu_info(cpu)->error);
				break;
			case HSM_START_ALREADY:
				refuse(cpu, -EALREADY);
				break;
			case HSM_START_REFUSED:
				refuse(cpu, cpu_info(cpu)->error);
				break;
			}
		}
		if (again)
			udelay(100);
	} while (again);
}

bool smp_give_up(unsigned int cpu)
{
	int starting = CPU_STARTING;
	bool never_came = boot_record_expire(&records[cpu]);

	return cas_acq_rel(&cpu_info(cpu)->state, &starting, never_came ? CPU_LATE : CPU_STUCK);
}

bool smp_came_late(unsigned int cpu)
{
	return records &&
	       atomic_load_explicit(&records[cpu].state, memory_order_relaxed) == BOOT_LATE;
}

static int smp_init(void)
{
	uint64_t start = rdtime(), insns = boot_entry_insns ? rdinstret() : 0;

	if (nr_cpu_ids > 1 && !sbi_probe(SBI_EXT_HSM)) {
		pr_err("the firmware has no HSM extension: one hart only");
		for (unsigned int cpu = 1; cpu < nr_cpu_ids; cpu++)
			cpu_info(cpu)->error = -EOPNOTSUPP;
		for (unsigned int cpu = 1; cpu < nr_cpu_ids; cpu++)
			atomic_store_explicit(&cpu_info(cpu)->state, CPU_REFUSED,
					      memory_order_relaxed);
	} else {
		uint64_t ms = bringup_ms ? bringup_ms : 2000 + 50UL * nr_cpu_ids;
		uint64_t deadline = deadline_ms(ms);

		start_all();
		/* The boot hart's own one; if it was the last, nobody needs to be waited for. */
		if (!bringup_done_one() && !wait_for_harts(deadline)) {
			pr_err("bring-up: %u harts missing after %lu ms",
			       atomic_load_explicit(&bringup_pending, memory_order_relaxed), ms);
			for (unsigned int cpu = 1; cpu < nr_cpu_ids; cpu++) {
				if (smp_give_up(cpu))
					bringup_done_one();
			}
		}
	}
	atomic_store_explicit(&bringup_over, true, memory_order_relaxed);
	online_at = rdtime();
	bringup_result.ticks = online_at - start;
	bringup_result.insns = boot_entry_insns ? rdinstret() - insns : 0;
	bringup_result.online = num_online_cpus() - 1;
	return 0;
}
INITCALL(INIT_SMP, smp_init);

/* Telling costs more than starting: it comes when all harts run. */
static int report(void)
{
	for (unsigned int cpu = 1; cpu < nr_cpu_ids; cpu++) {
		const struct cpu_info *info = cpu_info(cpu);
		int state = atomic_load_explicit(&info->state, memory_order_relaxed);
		char buf[64];

		if (state == CPU_ONLINE)
			pr_debug("cpu%u (hart %lu): online %lu us after its start", cpu,
				 info->hartid,
				 ticks_to_ns(atomic_load_explicit(&info->online_ticks,
								  memory_order_relaxed) -
					     info->start_ticks) /
					 1000);
		else
			printk(state == CPU_OFFLINE ? LOG_NOTICE : LOG_ERR, "cpu%u (hart %lu): %s",
			       cpu, info->hartid, cpu_failure(cpu, buf, sizeof(buf)));
	}
	if (atomic_load_explicit(&stray_harts, memory_order_relaxed))
		pr_err("%u harts entered the kernel unasked, or with a record not theirs, the last as hart %lu: parked",
		       atomic_load_explicit(&stray_harts, memory_order_relaxed),
		       atomic_load_explicit(&stray_hartid, memory_order_relaxed));
	printk_raw("muster: %u of %u harts online in %lu us", num_online_cpus(), nr_cpu_ids,
		   ticks_to_ns(online_at - boot_entry_ticks) / 1000);
	return 0;
}
INITCALL_FIRST(INIT_DRIVERS, report);
