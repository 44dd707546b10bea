/* SPDX-License-Identifier: BSD-2-Clause */
/* BASE: who the firmware is and which extensions it has. */
#ifndef SBI_BASE_H
#define SBI_BASE_H

#include <stdbool.h>
#include <stddef.h>

#include "sbi/ecall.h"

#define SBI_VERSION(major, minor) (((unsigned long)(major) << 24) | (minor))
#define SBI_VERSION_MAJOR(v)	  (((v) >> 24) & 0x7f)
#define SBI_VERSION_MINOR(v)	  ((v) & 0xffffff)

/*
 * Version of the specification the firmware follows (SBI 2.0, section 4.1), asked once, at the
 * first call. A firmware without BASE is SBI_VERSION(0, 1): it has the legacy extensions and
 * nothing else. Any context.
 */
unsigned long sbi_spec_version(void);

/* True if only the legacy extensions can be used: the firmware speaks SBI 0.1. Any context. */
bool sbi_legacy_only(void);

/* Implementation's id and version (SBI 2.0, sections 4.2 and 4.3); -EOPNOTSUPP for SBI 0.1. Any
 * context. */
long sbi_impl_id(void);
long sbi_impl_version(void);

/* Name of an implementation id (SBI 2.0, section 4.9); "unknown" for one without a name, or an
 * errno. */
const char *sbi_impl_name(long id);

/*
 * True if the firmware has extension ext (SBI 2.0, section 4.4). The answer for each extension that
 * sbi_extensions() names is asked for once and kept; any other is asked for each time. SBI 0.1:
 * true for legacy extensions only. Any context; harts that race ask twice and keep the same answer.
 */
bool sbi_probe(unsigned long ext);

/* How many times the firmware was really asked by sbi_probe: for tests of the cache. */
unsigned int sbi_probe_calls(void);

/* Values legal for these CSRs on the calling hart (SBI 2.0, sections 4.5 to 4.7). Harts may differ:
 * never kept. */
struct sbiret sbi_get_mvendorid(void);
struct sbiret sbi_get_marchid(void);
struct sbiret sbi_get_mimpid(void);

struct sbi_extension {
	unsigned long id;
	const char *name;
};

/* Every extension the kernel knows by name, n receives the count: for listing, with sbi_probe for
 * presence. */
const struct sbi_extension *sbi_extensions(size_t *n);

#endif
