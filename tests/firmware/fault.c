/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults on demand: a list of rules, chosen when the machine is started (README.md has the words).
 */
#include "firmware.h"

#include <string.h>

#define MAX_RULES  32
#define MAX_TEXT   512
#define ANY_HART   (~0UL)
#define NO_LIMIT   (~0U)
#define SYS_WRITE0 4

/* What follows the name. */
enum argument {
	ARG_NONE,
	ARG_NUMBER,
	ARG_VERSION,
	ARG_LIST,
};

static const struct {
	const char *name;
	enum fault what;
	enum argument arg;
	bool per_hart;
} words[] = {
	{"spec", F_SPEC, ARG_VERSION, false},
	{"no-time", F_NO_TIME, ARG_NONE, false},
	{"no-ipi", F_NO_IPI, ARG_NONE, false},
	{"no-rfence", F_NO_RFENCE, ARG_NONE, false},
	{"no-hsm", F_NO_HSM, ARG_NONE, false},
	{"no-srst", F_NO_SRST, ARG_NONE, false},
	{"no-dbcn", F_NO_DBCN, ARG_NONE, false},
	{"no-legacy", F_NO_LEGACY, ARG_NONE, false},
	{"no-sstc", F_NO_SSTC, ARG_NONE, true},
	{"boot", F_BOOT, ARG_NUMBER, false},
	{"hartids", F_HARTIDS, ARG_LIST, false},
	{"dtb", F_DTB, ARG_NUMBER, false},
	{"enter-all", F_ENTER_ALL, ARG_NONE, false},
	{"await-typing", F_AWAIT_TYPING, ARG_NONE, false},
	{"start-refuse", F_START_REFUSE, ARG_NUMBER, true},
	{"start-lost", F_START_LOST, ARG_NONE, true},
	{"start-late", F_START_LATE, ARG_NUMBER, true},
	{"start-opaque", F_START_OPAQUE, ARG_NUMBER, true},
	{"start-a0", F_START_A0, ARG_NUMBER, true},
	{"start-sie", F_START_SIE, ARG_NONE, true},
	{"start-satp", F_START_SATP, ARG_NONE, true},
	{"start-ssip", F_START_SSIP, ARG_NONE, true},
	{"start-twice", F_START_TWICE, ARG_NUMBER, true},
	{"start-pending-invalid", F_START_PENDING_INVALID, ARG_NONE, true},
	{"stop-return", F_STOP_RETURN, ARG_NUMBER, true},
	{"stop-wfi", F_STOP_WFI, ARG_NONE, true},
	{"stop-slow", F_STOP_SLOW, ARG_NUMBER, true},
	{"status-lie", F_STATUS_LIE, ARG_NUMBER, true},
	{"status-refuse", F_STATUS_REFUSE, ARG_NUMBER, true},
	{"suspend-refuse", F_SUSPEND_REFUSE, ARG_NUMBER, true},
	{"ipi-strict", F_IPI_STRICT, ARG_NONE, true},
	{"ipi-refuse", F_IPI_REFUSE, ARG_NUMBER, true},
	{"ipi-drop", F_IPI_DROP, ARG_NUMBER, true},
	{"ipi-delay", F_IPI_DELAY, ARG_NUMBER, true},
	{"ipi-dup", F_IPI_DUP, ARG_NUMBER, true},
	{"ipi-spurious", F_IPI_SPURIOUS, ARG_NUMBER, true},
	{"rfence-strict", F_RFENCE_STRICT, ARG_NONE, true},
	{"rfence-refuse", F_RFENCE_REFUSE, ARG_NUMBER, true},
	{"rfence-drop", F_RFENCE_DROP, ARG_NUMBER, true},
	{"timer-drop", F_TIMER_DROP, ARG_NUMBER, true},
	{"timer-late", F_TIMER_LATE, ARG_NUMBER, true},
	{"ecall-slow", F_ECALL_SLOW, ARG_NUMBER, true},
	{"dbcn-short", F_DBCN_SHORT, ARG_NUMBER, true},
	{"dbcn-refuse", F_DBCN_REFUSE, ARG_NUMBER, true},
	{"srst-refuse", F_SRST_REFUSE, ARG_NUMBER, true},
};

static struct rule {
	const char *text; /* the word itself, NUL-terminated in copy[] */
	enum fault what;
	unsigned long hart; /* or ANY_HART */
	unsigned long arg;
	unsigned int limit;	   /* fires so often at most */
	_Atomic unsigned int seen; /* chances to fire */
	_Atomic unsigned int fired;
} rules[MAX_RULES];
static unsigned int nr_rules;
static uint64_t in_use; /* bit per fault: the common case is one test */
static char original[MAX_TEXT], copy[MAX_TEXT];
static const char *hartid_list;

_Static_assert(NR_FAULTS <= 64, "in_use is too small");

/* Decimal, 0x, or negative; moves *s behind it. */
static bool number(const char **s, unsigned long *out)
{
	bool negative = **s == '-';
	unsigned int base = 10, digits = 0;
	unsigned long v = 0;

	if (negative)
		(*s)++;
	if ((*s)[0] == '0' && (*s)[1] == 'x') {
		base = 16;
		*s += 2;
	}
	for (;; (*s)++, digits++) {
		unsigned int d = (unsigned char)**s;

		if (d >= '0' && d <= '9')
			d -= '0';
		else if (d >= 'a' && d <= 'f')
			d -= 'a' - 10;
		else
			break;
		if (d >= base)
			break;
		v = v * base + d;
	}
	*out = negative ? -v : v;
	return digits;
}

static bool parse_argument(const char **s, enum argument kind, unsigned long *out)
{
	unsigned long minor;

	switch (kind) {
	case ARG_NUMBER:
		return number(s, out);
	case ARG_VERSION:
		if (!number(s, out) || **s != '.')
			return false;
		(*s)++;
		if (!number(s, &minor))
			return false;
		*out = *out << 24 | minor;
		return true;
	case ARG_LIST:
		hartid_list = *s;
		do {
			if (!number(s, out))
				return false;
		} while (**s == ':' && (*s)++);
		return true;
	default:
		return false;
	}
}

/* NAME[@HART][=ARGUMENT][/LIMIT] */
static bool parse_word(const char *word, struct rule *r)
{
	const char *s = word;
	size_t name = 0, i;
	unsigned long limit;

	while (s[name] && !strchr("@=/", s[name]))
		name++;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].name) == name && memcmp(words[i].name, s, name) == 0)
			break;
	if (i == sizeof(words) / sizeof(words[0]))
		return false;
	s += name;
	r->text = word;
	r->what = words[i].what;
	r->hart = ANY_HART;
	r->limit = NO_LIMIT;
	if (*s == '@') {
		s++;
		if (!words[i].per_hart || !number(&s, &r->hart))
			return false;
	}
	if ((*s == '=') != (words[i].arg != ARG_NONE))
		return false;
	if (*s == '=') {
		s++;
		if (!parse_argument(&s, words[i].arg, &r->arg))
			return false;
	}
	if (*s == '/') {
		s++;
		if (!number(&s, &limit))
			return false;
		r->limit = (unsigned int)limit;
	}
	return *s == '\0';
}

void fault_parse(const char *text)
{
	size_t n = strnlen(text, MAX_TEXT);
	char *s;

	if (n == MAX_TEXT)
		die("too long a list of rules:", "over 511 characters");
	memcpy(original, text, n);
	memcpy(copy, text, n);
	for (s = copy; *s;) {
		char *word;

		while (*s == ' ')
			s++;
		if (!*s)
			break;
		word = s;
		while (*s && *s != ' ')
			s++;
		if (*s)
			*s++ = '\0';
		if (nr_rules == MAX_RULES)
			die("too many rules at", word);
		if (!parse_word(word, &rules[nr_rules]))
			die("bad rule", word);
		in_use |= 1UL << rules[nr_rules].what;
		nr_rules++;
	}
}

void fault_check_harts(void)
{
	for (unsigned int i = 0; i < nr_rules; i++)
		if (rules[i].hart != ANY_HART && !hart_by_id(rules[i].hart))
			die("no such hart:", rules[i].text);
}

static struct rule *find(enum fault what, unsigned long hartid)
{
	if (what == NR_FAULTS || !(in_use >> what & 1))
		return NULL;
	for (unsigned int i = 0; i < nr_rules; i++)
		if (rules[i].what == what &&
		    (rules[i].hart == ANY_HART || rules[i].hart == hartid) &&
		    atomic_load_explicit(&rules[i].fired, memory_order_relaxed) < rules[i].limit)
			return &rules[i];
	return NULL;
}

/*
 * On a channel of its own, so that the kernel's console stays the kernel's; each power of two is
 * told.
 */
static void fire(struct rule *r, unsigned long hartid)
{
	unsigned int n = atomic_fetch_add_explicit(&r->fired, 1, memory_order_relaxed) + 1;
	char line[96];

	if (n & (n - 1))
		return;
	format(line, sizeof(line), "fired: %s: %u, hart %lu\n", r->text, n, hartid);
	probe_semihost(SYS_WRITE0, line);
}

bool fault_peek(enum fault what, unsigned long hartid, unsigned long *arg)
{
	struct rule *r = find(what, hartid);

	if (r && arg)
		*arg = r->arg;
	return r;
}

bool fault(enum fault what, unsigned long hartid, unsigned long *arg)
{
	struct rule *r = find(what, hartid);

	if (!r)
		return false;
	if (arg)
		*arg = r->arg;
	fire(r, hartid);
	return true;
}

bool fault_nth(enum fault what, unsigned long hartid)
{
	struct rule *r = find(what, hartid);
	unsigned int n;

	if (!r)
		return false;
	n = atomic_fetch_add_explicit(&r->seen, 1, memory_order_relaxed) + 1;
	if (r->arg > 1 && n % r->arg)
		return false;
	fire(r, hartid);
	return true;
}

bool fault_hartid(unsigned int n, unsigned long *id)
{
	const char *s = hartid_list;

	if (!s)
		return false;
	for (;; n--) {
		number(&s, id);
		if (!n)
			return true;
		if (*s != ':')
			return false;
		s++;
	}
}

const char *fault_text(void)
{
	return original;
}
