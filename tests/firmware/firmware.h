/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the test firmware share: the hart table, faults on demand, platform access. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

/*
 * Memory: FW_SIZE bytes at FW_BASE belong to the firmware; physical memory protection hides all of
 * it from S-mode except its last page, which is readable: the page table of the "satp" fault. It
 * ends well below 0x80200000, where kernels are loaded: U-Boot has its first stack in between.
 */
#define FW_BASE	  0x80000000
#define FW_SIZE	  0x180000
#define FW_RULES  0x8017e000 /* one page of text, ended by a zero byte */
#define MAX_HARTS 512

/* A hart's slot: its stack grows down from its struct hart, which ends the slot. */
#define SLOT_SHIFT 11
#define SLOT_SIZE  (1 << SLOT_SHIFT)
#define HART_SIZE  256
#define HART_FIXUP 0
#define HART_S_SP  8
#define BOOT_STACK 16384

/* Trap frame, in words. The C code keeps the rest. */
#define FRAME_RA      0
#define FRAME_SP      1
#define FRAME_TP      2
#define FRAME_T0      3	 /* t0..t6 */
#define FRAME_A0      10 /* a0..a7 */
#define FRAME_MEPC    18
#define FRAME_MSTATUS 19
#define FRAME_WORDS   20

#ifndef __ASSEMBLER__

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame {
	unsigned long ra, sp, tp, t[7], a[8], mepc, mstatus;
};

/* HSM states, SBI 2.0, table 9-1. */
enum hsm_state {
	HSM_STARTED,
	HSM_STOPPED,
	HSM_START_PENDING,
	HSM_STOP_PENDING,
	HSM_SUSPENDED,
	HSM_SUSPEND_PENDING,
	HSM_RESUME_PENDING,
};

/* What a hart is told to do through its MSIP. */
enum event {
	EVENT_IPI = 1,	 /* raise SSIP */
	EVENT_FENCE = 2, /* run the fences that fence_wanted asks for */
	EVENT_LOOK = 4,	 /* look again: state or due[] was written from outside */
};

/* What a hart has to do at a time; ~0 means never. */
enum due {
	DUE_TIMER,    /* raise STIP (no Sstc) */
	DUE_IPI,      /* a delayed SSIP */
	DUE_START,    /* a late start */
	DUE_AGAIN,    /* enter the kernel a second time */
	DUE_SPURIOUS, /* an SSIP that nobody sent */
	DUE_STOP,     /* leave STOP_PENDING */
	NR_DUE,
};
#define NEVER UINT64_MAX

struct hart {
	unsigned long fixup; /* where an expected exception in M-mode continues; 0: none expected */
	unsigned long s_sp;  /* scratch of the trap entry */
	unsigned long id;    /* the hart id that S-mode sees; mhartid is the index in the table */
	uint32_t intc;	     /* phandle of its interrupt controller in the tree */
	volatile uint32_t *msip;
	volatile uint64_t *mtimecmp;
	bool present;
	bool sstc;
	_Atomic uint32_t state;
	_Atomic uint32_t events;
	_Atomic uint32_t fence_wanted; /* fences asked for, by senders */
	_Atomic uint32_t fence_done;   /* fences run, by this hart */
	_Atomic uint64_t due[NR_DUE];
	/* Written by the starter before START_PENDING is seen, read by this hart after. */
	unsigned long start_addr, start_a0, start_a1;
	bool start_sie, start_satp, start_ssip;
	uint64_t again_us; /* 0: enter once */
};

/* main.c */
extern unsigned int nr_harts; /* table entries 0..nr_harts-1; some may be absent */
struct hart *hart_at(unsigned int index);
struct hart *hart_by_id(unsigned long id); /* NULL if there is none */
static inline struct hart *this_hart(void)
{
	struct hart *h;

	__asm__ __volatile__("mv %0, tp" : "=r"(h));
	return h;
}
__attribute__((noreturn)) void die(const char *why, const char *what);

/* entry.S */
extern char fw_satp_page[], fw_rules_page[];
extern _Atomic uint32_t boot_done;
void trap_entry(void);
__attribute__((noreturn)) void enter_supervisor(unsigned long a0, unsigned long a1);
/* Back to the top of this hart's stack and into hart_wait(). */
__attribute__((noreturn)) void restart_stack(struct hart *h, void (*fn)(void));
/*
 * Accesses that may fault: -1 then. Physical addresses, or S-mode's virtual ones (mprv, from a
 * trap).
 */
long probe_load_byte(unsigned long addr);
long probe_store_byte(unsigned long addr, unsigned long value);
long probe_load_mprv(unsigned long addr, unsigned long *out);
/* Lets S-mode have its own timer, and sets that to never: 0, or -1 where there is none. */
long probe_sstc(void);
/* Semihosting: 0, or -1 when nobody listens. */
long probe_semihost(unsigned long op, const void *arg);

/* trap.c */
void hart_prepare(void);
void hart_events(struct hart *h, bool in_trap);
void hart_raise(struct hart *h, uint32_t events);
void hart_set_due(struct hart *h, enum due what, uint64_t when);
/* Gives other harts a turn; the emulator may run them one at a time. */
void relax(void);
__attribute__((noreturn)) void hart_wait(void);
void trap(struct frame *f);

/* sbi.c */
void sbi_ecall(struct frame *f);

/* hsm.c */
#define SBI_OK			  0
#define SBI_ERR_FAILED		  (-1)
#define SBI_ERR_NOT_SUPPORTED	  (-2)
#define SBI_ERR_INVALID_PARAM	  (-3)
#define SBI_ERR_INVALID_ADDRESS	  (-5)
#define SBI_ERR_ALREADY_AVAILABLE (-6)

struct sbiret {
	long error, value;
};
struct sbiret sbi_hsm(unsigned long func, const unsigned long *a);
/* The boot hart's way in, and with the fault "enter=all" every hart's. */
void hsm_release(struct hart *h, unsigned long addr, unsigned long a1);

/* fault.c */
enum fault {
	F_SPEC,
	F_NO_TIME,
	F_NO_IPI,
	F_NO_RFENCE,
	F_NO_HSM,
	F_NO_SRST,
	F_NO_DBCN,
	F_NO_LEGACY,
	F_NO_SSTC,
	F_BOOT,
	F_HARTIDS,
	F_DTB,
	F_ENTER_ALL,
	F_AWAIT_TYPING,
	F_START_REFUSE,
	F_START_LOST,
	F_START_LATE,
	F_START_OPAQUE,
	F_START_A0,
	F_START_SIE,
	F_START_SATP,
	F_START_SSIP,
	F_START_TWICE,
	F_START_PENDING_INVALID,
	F_STOP_RETURN,
	F_STOP_WFI,
	F_STOP_SLOW,
	F_STATUS_LIE,
	F_STATUS_REFUSE,
	F_SUSPEND_REFUSE,
	F_IPI_STRICT,
	F_IPI_REFUSE,
	F_IPI_DROP,
	F_IPI_DELAY,
	F_IPI_DUP,
	F_IPI_SPURIOUS,
	F_RFENCE_STRICT,
	F_RFENCE_REFUSE,
	F_RFENCE_DROP,
	F_TIMER_DROP,
	F_TIMER_LATE,
	F_ECALL_SLOW,
	F_DBCN_SHORT,
	F_DBCN_REFUSE,
	F_SRST_REFUSE,
	NR_FAULTS,
};

/*
 * Reads the rules; dies on one it does not understand, so that no test passes for want of its
 * fault.
 */
void fault_parse(const char *text);
/* Dies on a rule that names a hart that is not there. */
void fault_check_harts(void);
/*
 * Is there a rule for this fault and hart (or for all harts) that has not run out? Puts its
 * argument in *arg (may be NULL), counts it and reports it by semihosting. fault_peek does not
 * count.
 */
bool fault(enum fault what, unsigned long hartid, unsigned long *arg);
bool fault_peek(enum fault what, unsigned long hartid, unsigned long *arg);
/* The same for "every Nth": the argument is N. */
bool fault_nth(enum fault what, unsigned long hartid);
/* The n-th id of the rule "hartids=", or false. */
bool fault_hartid(unsigned int n, unsigned long *id);
const char *fault_text(void);

/* platform.c */
extern uint64_t timebase_hz;
uint64_t mtime(void);
uint64_t us_to_ticks(uint64_t us);
void platform_probe(const void *fdt);
void platform_fixup(void *fdt);
/* True if all size bytes at addr are RAM that S-mode may use. */
bool platform_is_s_memory(unsigned long addr, unsigned long size);
/* The rules that QEMU was told to put at FW_RULES; "" if it was not. */
const char *platform_rules(void);
void uart_putc(char c);
bool uart_typed(void); /* a byte is there, and stays there */
int uart_getc(void);   /* -1: nothing there */
/* Ends (status) or restarts the machine through QEMU's test device. */
__attribute__((noreturn)) void platform_exit(unsigned int status);
__attribute__((noreturn)) void platform_reboot(void);

/* print.c */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void format(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void uart_lock(void);
void uart_unlock(void);

#define csr_read(csr)                                                            \
	({                                                                       \
		unsigned long __v;                                               \
		__asm__ __volatile__("csrr %0, " #csr : "=r"(__v) : : "memory"); \
		__v;                                                             \
	})
#define csr_write(csr, val) \
	__asm__ __volatile__("csrw " #csr ", %0" : : "rK"((unsigned long)(val)) : "memory")
#define csr_set(csr, val) \
	__asm__ __volatile__("csrs " #csr ", %0" : : "rK"((unsigned long)(val)) : "memory")
#define csr_clear(csr, val) \
	__asm__ __volatile__("csrc " #csr ", %0" : : "rK"((unsigned long)(val)) : "memory")

#define MIP_SSIP	   (1UL << 1)
#define MIP_MSIP	   (1UL << 3)
#define MIP_STIP	   (1UL << 5)
#define MIP_MTIP	   (1UL << 7)
#define MIP_SEIP	   (1UL << 9)
#define MSTATUS_SIE	   (1UL << 1)
#define MSTATUS_MPIE	   (1UL << 7)
#define MSTATUS_MPP	   (3UL << 11)
#define MSTATUS_MPP_S	   (1UL << 11)
#define MSTATUS_FS_INITIAL (1UL << 13)
#define MSTATUS_MPRV	   (1UL << 17)

#endif /* __ASSEMBLER__ */
#endif
