/* SPDX-License-Identifier: BSD-2-Clause */
/* Where lines go out and keys come in: one console at a time, whole lines, a prompt that stays
 * whole. */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One output device. The one with the highest rating is used; the first replays what was logged
 * before it, a better one goes on where the last one stopped.
 */
struct console {
	const char *name;
	int rating; /* SBI legacy 10, SBI DBCN 20, a UART 30 */

	/*
	 * Writes n bytes (line ends are \r\n already). Any context, interrupts off, one caller at a
	 * time except when a panic takes the console from a stuck hart; must give up by itself when
	 * the device does not take bytes.
	 */
	void (*write)(struct console *con, const char *buf, size_t n);

	/* Waits, within bounds, until the last byte has left the device. Or NULL. As write. */
	void (*flush)(struct console *con);

	/*
	 * A device whose input raises no interrupt: returns the next byte, or -EAGAIN. NULL if
	 * bytes come by console_input(). Hart context, one caller.
	 */
	int (*poll)(struct console *con);

	struct console *next; /* the console core's */
};

/* con stays for good; -EEXIST if it is there already. Hart context from INIT_EARLY on. */
int console_register(struct console *con);

/* The console in use, or NULL. Any context. */
struct console *console_active(void);

/*
 * Lets the first line out: from here on the console level is known. Registered consoles stay silent
 * before it, except in a panic or when console_flush() is called. Boot hart, once, when parameters
 * are parsed.
 */
void console_start(void);

/* Shows what is stored and due, unless another hart is doing so. Any context. */
void console_drain(void);

/*
 * All that is due is shown and has left the device, or the deadline (2 s without a line getting
 * out) has passed: false. Takes the console from a stuck hart. For panic, exit and reboot, any
 * context.
 */
bool console_flush(void);

/* Input, from a driver's interrupt handler; what does not fit is counted and told by console_getc.
 * Any context. */
void console_input(const char *buf, size_t n);

/*
 * How who reads sleeps until cond(arg) or the deadline, and what ends that when bytes have come:
 * wait_until and nothing, on the hart that takes the input interrupt, until a layer that has
 * threads sets both. wake: any context.
 */
extern bool (*console_input_wait)(bool (*cond)(void *arg), void *arg, uint64_t deadline);
extern void (*console_input_wake)(void);

/*
 * Next byte of input (0..255), or -ETIMEDOUT when time_now() reaches deadline. Sleeps; a console
 * that has no input interrupt is polled each 10 ms. One at a time, interrupts on.
 */
int console_getc(uint64_t deadline);

/*
 * Waits until the deadline, or ctrl-c: true; it and what was typed before it are dropped. Other
 * keys stay for console_getc. As console_getc otherwise.
 */
bool console_wait_break(uint64_t deadline);

/*
 * The row a person is editing. While one is set, lines of output erase it, and it is drawn again
 * behind them, cursor included, all under the console lock. It fits one row of the terminal: the
 * editor scrolls, the row never wraps.
 */
#define CONSOLE_ROW_MAX 512
struct console_line {
	const char *text;     /* as displayed, prompt included; no control characters */
	size_t len;	      /* bytes; what exceeds CONSOLE_ROW_MAX is cut */
	unsigned int columns; /* width of text on the screen */
	unsigned int cursor;  /* column of the cursor, 0 is the leftmost */
};

/* Copies the row and shows it; only what changed is sent where that is simple. Hart context. */
void console_prompt_set(const struct console_line *line);
/* The row is done: ends it with a newline and protects it no longer. Hart context. */
void console_prompt_end(void);
/* Sends a control sequence, then draws the row again if redraw. Hart context. */
void console_control(const char *sequence, bool redraw);

#endif
