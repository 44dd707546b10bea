/* SPDX-License-Identifier: BSD-2-Clause */
/* Supervisor CSRs and their fields (Privileged Architecture 1.12, chapter 4; Sstc 1.0; AIA 1.0). */
#ifndef ARCH_RISCV_CSR_H
#define ARCH_RISCV_CSR_H

/* Numbers, so that assemblers that lack a name still build. */
#define CSR_SSTATUS  0x100
#define CSR_SIE	     0x104
#define CSR_STVEC    0x105
#define CSR_SSCRATCH 0x140
#define CSR_SEPC     0x141
#define CSR_SCAUSE   0x142
#define CSR_STVAL    0x143
#define CSR_SIP	     0x144
#define CSR_STIMECMP 0x14d
#define CSR_SISELECT 0x150
#define CSR_SIREG    0x151
#define CSR_STOPEI   0x15c
#define CSR_SATP     0x180
#define CSR_CYCLE    0xc00
#define CSR_TIME     0xc01
#define CSR_INSTRET  0xc02

#define SR_SIE	0x00000002UL
#define SR_SPIE 0x00000020UL
#define SR_SPP	0x00000100UL
#define SR_FS	0x00006000UL
#define SR_VS	0x00000600UL
#define SR_SUM	0x00040000UL

#define IRQ_S_SOFT  1
#define IRQ_S_TIMER 5
#define IRQ_S_EXT   9
#define SIE_SSIE    (1 << IRQ_S_SOFT)
#define SIE_STIE    (1 << IRQ_S_TIMER)
#define SIE_SEIE    (1 << IRQ_S_EXT)

#define SCAUSE_IRQ (1UL << 63)

#define SATP_MODE_SV39 (8UL << 60)

#ifndef __ASSEMBLER__

#define __CSR_STR(x) #x
#define __CSR(x)     __CSR_STR(x)

#define csr_read(csr)                                                                  \
	({                                                                             \
		unsigned long __v;                                                     \
		__asm__ __volatile__("csrr %0, " __CSR(csr) : "=r"(__v) : : "memory"); \
		__v;                                                                   \
	})

#define csr_write(csr, val)                                                               \
	({                                                                                \
		unsigned long __v = (unsigned long)(val);                                 \
		__asm__ __volatile__("csrw " __CSR(csr) ", %0" : : "rK"(__v) : "memory"); \
	})

#define csr_swap(csr, val)                                          \
	({                                                          \
		unsigned long __v = (unsigned long)(val);           \
		__asm__ __volatile__("csrrw %0, " __CSR(csr) ", %1" \
				     : "=r"(__v)                    \
				     : "rK"(__v)                    \
				     : "memory");                   \
		__v;                                                \
	})

#define csr_set(csr, val)                                                                 \
	({                                                                                \
		unsigned long __v = (unsigned long)(val);                                 \
		__asm__ __volatile__("csrs " __CSR(csr) ", %0" : : "rK"(__v) : "memory"); \
	})

#define csr_clear(csr, val)                                                               \
	({                                                                                \
		unsigned long __v = (unsigned long)(val);                                 \
		__asm__ __volatile__("csrc " __CSR(csr) ", %0" : : "rK"(__v) : "memory"); \
	})

#define csr_read_clear(csr, val)                                    \
	({                                                          \
		unsigned long __v = (unsigned long)(val);           \
		__asm__ __volatile__("csrrc %0, " __CSR(csr) ", %1" \
				     : "=r"(__v)                    \
				     : "rK"(__v)                    \
				     : "memory");                   \
		__v;                                                \
	})

#endif /* __ASSEMBLER__ */
#endif
