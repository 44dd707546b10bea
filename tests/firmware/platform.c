/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's virt machine: harts and timers as its device tree tells, console, test device, the rules'
 * channel.
 */
#include "firmware.h"

#include <libfdt.h>
#include <string.h>

#define UART	    0x10000000UL /* ns16550, one byte apart */
#define UART_THR    0
#define UART_RBR    0
#define UART_LSR    5
#define LSR_DATA    0x01
#define LSR_EMPTY   0x20
#define TEST_DEVICE 0x100000UL
#define TEST_PASS   0x5555
#define TEST_FAIL   0x3333
#define TEST_RESET  0x7777

#define IRQ_M_SOFT  3
#define IRQ_M_TIMER 7

/* Room that the tree needs for what is added to it. */
#define FIXUP_ROOM 4096

uint64_t timebase_hz;

static volatile uint64_t *mtime_reg;
static unsigned long ram_start[8], ram_end[8];
static unsigned int nr_ram;

static inline uint8_t read8(unsigned long a)
{
	return *(volatile uint8_t *)a;
}

static inline void write8(unsigned long a, uint8_t v)
{
	*(volatile uint8_t *)a = v;
}

void uart_putc(char c)
{
	while (!(read8(UART + UART_LSR) & LSR_EMPTY))
		;
	write8(UART + UART_THR, (uint8_t)c);
}

bool uart_typed(void)
{
	return read8(UART + UART_LSR) & LSR_DATA;
}

int uart_getc(void)
{
	return uart_typed() ? read8(UART + UART_RBR) : -1;
}

void platform_exit(unsigned int status)
{
	*(volatile uint32_t *)TEST_DEVICE = status ? status << 16 | TEST_FAIL : TEST_PASS;
	for (;;)
		__asm__ __volatile__("wfi");
}

void platform_reboot(void)
{
	*(volatile uint32_t *)TEST_DEVICE = TEST_RESET;
	for (;;)
		__asm__ __volatile__("wfi");
}

uint64_t mtime(void)
{
	return *mtime_reg;
}

uint64_t us_to_ticks(uint64_t us)
{
	return us * timebase_hz / 1000000;
}

/* What QEMU's loader device put there; the page is zero, and S-mode cannot write it. */
const char *platform_rules(void)
{
	return fw_rules_page;
}

static uint32_t cell(const void *fdt, int node, const char *name, int index)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, name, &len);

	if (!p || len < (index + 1) * 4)
		die("the device tree lacks", name);
	return fdt32_to_cpu(p[index]);
}

static uint64_t cell64(const void *fdt, int node, const char *name, int index)
{
	return (uint64_t)cell(fdt, node, name, index) << 32 | cell(fdt, node, name, index + 1);
}

static bool is_cpu(const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);

	return type && strcmp(type, "cpu") == 0;
}

static void probe_harts(const void *fdt, int cpus)
{
	int node, sub;

	fdt_for_each_subnode(node, fdt, cpus)
	{
		unsigned int index;

		if (!is_cpu(fdt, node))
			continue;
		index = cell(fdt, node, "reg", 0);
		if (index >= MAX_HARTS)
			die("more harts than the firmware has slots in", "/cpus");
		while (nr_harts <= index)
			memset(hart_at(nr_harts++), 0, sizeof(struct hart));
		hart_at(index)->present = true;
		fdt_for_each_subnode(sub, fdt, node) hart_at(index)->intc =
			fdt_get_phandle(fdt, sub);
	}
	for (unsigned int i = 0; i < nr_harts; i++) {
		struct hart *h = hart_at(i);

		h->id = i;
		if (fault_peek(F_HARTIDS, 0, NULL) && !fault_hartid(i, &h->id))
			die("too few ids in", fault_text());
		if (i && h->present && hart_by_id(h->id) != h)
			die("an id twice in", fault_text());
		h->state = HSM_STOPPED;
		for (int d = 0; d < NR_DUE; d++)
			h->due[d] = NEVER;
	}
}

/*
 * The hart whose local interrupt controller has this phandle; mostly the one after the last that
 * was asked for.
 */
static struct hart *hart_of_phandle(uint32_t phandle)
{
	static unsigned int guess;

	for (unsigned int i = 0; i < nr_harts; i++, guess = (guess + 1) % nr_harts) {
		struct hart *h = hart_at(guess);

		if (h->present && h->intc == phandle)
			return h;
	}
	return NULL;
}

/*
 * The k-th software (timer) interrupt a controller is wired to belongs to its k-th MSIP (mtimecmp):
 * a CLINT has both, an ACLINT device one (ACLINT specification 1.0, chapters 2 and 3).
 */
static void probe_wires(const void *fdt, int node, unsigned long msip, unsigned long mtimecmp)
{
	unsigned int nr_soft = 0, nr_timer = 0;
	int len;

	if (!fdt_getprop(fdt, node, "interrupts-extended", &len))
		die("the device tree lacks", "interrupts-extended");
	for (int i = 0; i < len / 4; i += 2) {
		struct hart *h = hart_of_phandle(cell(fdt, node, "interrupts-extended", i));
		uint32_t irq = cell(fdt, node, "interrupts-extended", i + 1);

		if (irq == IRQ_M_SOFT && msip) {
			if (h)
				h->msip = (volatile uint32_t *)(msip + 4UL * nr_soft);
			nr_soft++;
		} else if (irq == IRQ_M_TIMER && mtimecmp) {
			if (h)
				h->mtimecmp = (volatile uint64_t *)(mtimecmp + 8UL * nr_timer);
			nr_timer++;
		}
	}
}

static void probe_timers(const void *fdt)
{
	unsigned long base;
	int node;

	for (node = fdt_next_node(fdt, -1, NULL); node >= 0;
	     node = fdt_next_node(fdt, node, NULL)) {
		if (!fdt_node_check_compatible(fdt, node, "riscv,clint0")) {
			base = cell64(fdt, node, "reg", 0);
			probe_wires(fdt, node, base, base + 0x4000);
			mtime_reg = (volatile uint64_t *)(base + 0xbff8);
		} else if (!fdt_node_check_compatible(fdt, node, "riscv,aclint-mswi")) {
			probe_wires(fdt, node, cell64(fdt, node, "reg", 0), 0);
		} else if (!fdt_node_check_compatible(fdt, node, "riscv,aclint-mtimer")) {
			mtime_reg = (volatile uint64_t *)cell64(fdt, node, "reg", 0);
			probe_wires(fdt, node, 0, cell64(fdt, node, "reg", 4));
		}
	}
	for (unsigned int i = 0; i < nr_harts; i++)
		if (hart_at(i)->present && (!hart_at(i)->msip || !hart_at(i)->mtimecmp))
			die("a hart without a software interrupt or timer in", "the device tree");
}

static void probe_ram(const void *fdt)
{
	int node, len;

	fdt_for_each_subnode(node, fdt, 0)
	{
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);

		if (!type || strcmp(type, "memory") || !fdt_getprop(fdt, node, "reg", &len))
			continue;
		for (int i = 0; i + 4 <= len / 4 && nr_ram < 8; i += 4) {
			ram_start[nr_ram] = cell64(fdt, node, "reg", i);
			ram_end[nr_ram] = ram_start[nr_ram] + cell64(fdt, node, "reg", i + 2);
			nr_ram++;
		}
	}
}

void platform_probe(const void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus");

	if (cpus < 0)
		die("the device tree lacks", "/cpus");
	timebase_hz = cell(fdt, cpus, "timebase-frequency", 0);
	probe_harts(fdt, cpus);
	probe_timers(fdt);
	probe_ram(fdt);
}

bool platform_is_s_memory(unsigned long addr, unsigned long size)
{
	if (addr + size < addr || (addr < FW_BASE + FW_SIZE && addr + size > FW_BASE))
		return false;
	for (unsigned int i = 0; i < nr_ram; i++)
		if (addr >= ram_start[i] && addr + size <= ram_end[i])
			return true;
	return false;
}

static void must(int error, const char *what)
{
	if (error < 0)
		die("cannot edit the device tree:", what);
}

/* Hart ids that the rule "hartids=" gives: cpu nodes get them, as unit address and as reg. */
static void fixup_hartids(void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus"), node;

	fdt_for_each_subnode(node, fdt, cpus)
	{
		char name[24];
		unsigned long id;

		if (!is_cpu(fdt, node))
			continue;
		id = hart_at(cell(fdt, node, "reg", 0))->id;
		must(fdt_setprop_inplace_u32(fdt, node, "reg", (uint32_t)id), "reg");
		format(name, sizeof(name), "cpu@%lx", id);
		must(fdt_set_name(fdt, node, name), name);
	}
}

/* Tells the kernel which memory is not its own (Devicetree Specification 0.4, 3.5). */
static void fixup_reserved(void *fdt)
{
	const fdt64_t reg[2] = {cpu_to_fdt64(FW_BASE), cpu_to_fdt64(FW_SIZE)};
	int parent = fdt_path_offset(fdt, "/reserved-memory"), node;

	if (parent < 0) {
		parent = fdt_add_subnode(fdt, 0, "reserved-memory");
		must(parent, "/reserved-memory");
		must(fdt_setprop_u32(fdt, parent, "#address-cells", 2), "#address-cells");
		must(fdt_setprop_u32(fdt, parent, "#size-cells", 2), "#size-cells");
		must(fdt_setprop_empty(fdt, parent, "ranges"), "ranges");
	}
	node = fdt_add_subnode(fdt, parent, "firmware@80000000");
	must(node, "firmware@80000000");
	must(fdt_setprop(fdt, node, "reg", reg, sizeof(reg)), "reg");
	must(fdt_setprop_empty(fdt, node, "no-map"), "no-map");
}

/* In place: QEMU leaves room behind its tree. */
void platform_fixup(void *fdt)
{
	must(fdt_open_into(fdt, fdt, (int)fdt_totalsize(fdt) + FIXUP_ROOM), "no room");
	if (fault(F_HARTIDS, 0, NULL))
		fixup_hartids(fdt);
	fixup_reserved(fdt);
	must(fdt_pack(fdt), "pack");
}
