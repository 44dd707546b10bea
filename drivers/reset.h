/* SPDX-License-Identifier: BSD-2-Clause */
/* Turning the machine off, with a status where the platform can carry one, and on again. */
#ifndef DRIVERS_RESET_H
#define DRIVERS_RESET_H

/* A way to do it; the highest rating is tried first. Each function returns only if it cannot; NULL:
 * never can. */
struct reset_method {
	const char *name;
	int rating; /* a device that carries the status 30, SBI 20, a bare register 10, legacy SBI 5
		     */
	void (*power_off)(struct reset_method *m, int status);
	void (*reboot)(struct reset_method *m);
	void *priv;
	struct reset_method *next; /* drivers/reset.c's */
};

/* m stays for good. Boot hart, in a probe or an initcall. */
void reset_register(struct reset_method *m);

/*
 * Ends the machine; status (0 passed, 1..255 failed) reaches the emulator's exit status where a
 * device carries it. Each method gets 100 ms. Returns only if none works. The caller has flushed
 * the console. Any context.
 */
void machine_power_off(int status);

/* The same, to start again. */
void machine_reboot(void);

/* The method that machine_power_off tries first: for tests and people. */
const struct reset_method *reset_best(void);

#endif
