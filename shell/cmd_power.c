/* SPDX-License-Identifier: BSD-2-Clause */
/* reboot, poweroff, panic: ways to end. */
#include <errno.h>
#include <stdio.h>

#include "core/console.h"
#include "core/panic.h"
#include "drivers/reset.h"
#include "shell/shell.h"

static int cmd_poweroff(int argc, char **argv)
{
	unsigned long status = 0;

	if (argc > 2 || (argc == 2 && shell_number(argv[0], argv[1], 255, &status)))
		return -EINVAL;
	machine_exit((int)status);
}
SHELL_COMMAND(poweroff, "[status]", "ends the machine, with an exit status where there is one",
	      cmd_poweroff);

static int cmd_reboot(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return -EINVAL;
	printk_raw("muster: reboot");
	console_flush();
	machine_reboot();
	return -ENOSYS;
}
SHELL_COMMAND(reboot, "", "starts the machine anew", cmd_reboot);

/* Puts the words together again: the panic's text is one. */
static int cmd_panic(int argc, char **argv)
{
	char text[256] = "asked for at the prompt";
	size_t used = 0;

	for (int i = 1; i < argc && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 1 ? " " : "",
					 argv[i]);
	panic("%s", text);
}
SHELL_COMMAND(panic, "[text]", "panics, to see how that looks", cmd_panic);
