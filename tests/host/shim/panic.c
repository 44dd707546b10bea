/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: a panic is the end of the process, and a message to the parent where one is expected. */
#include "core/panic.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/host/host.h"

#define CHILD_PANICKED 42
#define CHILD_MISSED   43
/* Longer than any deadline of the code under test. */
#define CHILD_SECONDS 60

struct panic_ops panic_ops;

static int pipe_fd[2];
static pid_t child;
static bool in_child;

/* Read by threads that are harts. */
_Atomic bool host_panicking;

bool panic_in_progress(void)
{
	return host_panicking;
}

static __noreturn void die(const char *text)
{
	if (in_child) {
		if (write(pipe_fd[1], text, strlen(text)) < 0)
			_exit(1);
		_exit(CHILD_PANICKED);
	}
	fprintf(stderr, "panic: %s\n", text);
	abort();
}

void panic(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	die(text);
}

void assert_failed(const char *cond, const char *file, int line, const char *func)
{
	panic("%s:%d: %s: assertion failed: %s", file, line, func, cond);
}

void machine_exit(int status)
{
	panic("machine_exit %d", status);
}

bool host_panic_begin(void)
{
	fflush(NULL);
	if (pipe(pipe_fd) || (child = fork()) < 0) {
		perror("expect_panic");
		abort();
	}
	if (child)
		return false;
	in_child = true;
	alarm(CHILD_SECONDS);
	return true;
}

void host_panic_missing(void)
{
	_exit(CHILD_MISSED);
}

void host_panic_end(const char *text, const char *statement, const char *file, int line)
{
	char got[512];
	size_t len = 0;
	ssize_t n;
	int status;

	close(pipe_fd[1]);
	while ((n = read(pipe_fd[0], got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = 0;
	close(pipe_fd[0]);
	if (waitpid(child, &status, 0) != child)
		abort();
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_PANICKED && strstr(got, text))
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_PANICKED)
		print_error("%s: panicked with \"%s\", expected \"%s\"\n", statement, got, text);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_MISSED)
		print_error("%s: no panic, expected \"%s\"\n", statement, text);
	else
		print_error("%s: ended with wait status 0x%x, expected a panic \"%s\"\n", statement,
			    (unsigned int)status, text);
	_fail(file, line);
}

static const char *hang_text;

static void hangs(int sig)
{
	(void)sig;
	_exit(write(STDERR_FILENO, hang_text, strlen(hang_text)) > 0 ? 3 : 4);
}

void host_must_end(unsigned int seconds, const char *text)
{
	struct itimerval cpu = {};

	hang_text = text;
	signal(SIGALRM, hangs);
	signal(SIGPROF, hangs);
	alarm(seconds);
	if (seconds && getenv("HANG_CPU_S"))
		cpu.it_value.tv_sec = atoi(getenv("HANG_CPU_S"));
	setitimer(ITIMER_PROF, &cpu, NULL);
}
