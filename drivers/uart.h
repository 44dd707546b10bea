/* SPDX-License-Identifier: BSD-2-Clause */
/* What all UARTs share: the console behind them, bounded waits, an interrupt that proved itself. */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/compiler.h"
#include "core/console.h"
#include "core/fdt.h"

struct uart;

/* How one kind of UART does it. */
struct uart_ops {
	/* Puts up to n bytes into the device without waiting; returns how many it took. One caller
	 * at a time. */
	size_t (*send)(struct uart *u, const char *buf, size_t n);
	/* True if all bytes have left the device. */
	bool (*sent)(struct uart *u);
	/* The next received byte, or -EAGAIN. One caller at a time. */
	int (*receive)(struct uart *u);
	/*
	 * Chooses what interrupts: always reception; with tx also an empty transmitter, which
	 * interrupts at once when it has nothing to send.
	 */
	void (*listen)(struct uart *u, bool tx);
	/* In the interrupt handler, first: acknowledges what needs it; true if the device did
	 * interrupt. */
	bool (*acknowledge)(struct uart *u);
	/* Sets the device up anew, after a sleep that may have lost what it was told. */
	void (*resume)(struct uart *u);
};

struct uart {
	struct console console;
	const struct uart_ops *ops;
	volatile void __iomem *base;
	void *priv;

	/* drivers/uart.c's */
	int irq;	     /* number, or a negative errno: polled */
	bool stuck;	     /* took no byte within uart_stuck_ms; the writer's */
	_Atomic int proving; /* the handler may expect an interrupt for an empty transmitter */
	_Atomic unsigned int proved;	/* such interrupts taken */
	_Atomic unsigned int proof_cpu; /* where the last of them was taken */
};

/*
 * After so long without room for one byte, bytes are dropped until there is room again. The process
 * that an emulator's device is part of may stand still for a tenth of it. Tests shorten it.
 */
extern unsigned int uart_stuck_ms;

/* The write of a console that is a struct uart: by ops->send, within that bound. */
void uart_write(struct console *con, const char *buf, size_t n);

/* True if dev is to be the console: the one of stdout-path, or the tree's first UART if that names
 * none. In a probe. */
bool uart_is_console(const struct fdt_device *dev);

/*
 * Makes a UART the console. ops, base and console.name are set, the device can send. Its interrupt
 * is used if it proves to work: one for the empty transmitter must arrive; else input is polled,
 * and a message says why. Errors of console_register. Boot hart, in a probe.
 */
int uart_register(struct uart *u, const struct fdt_device *dev);

/* The UART that is the console, or NULL. */
struct uart *uart_console(void);

/*
 * Provokes one interrupt and waits up to UART_PROOF_MS for it. Returns the cpu that took it, -ETIMEDOUT,
 * or -ENODEV for a polled UART. Takes no byte from anybody. Hart context, interrupts on or off; one
 * caller at a time.
 */
#define UART_PROOF_MS 2000
int uart_prove_irq(struct uart *u);

#endif
