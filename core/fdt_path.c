/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of recorded devices, for messages and to find the one that /chosen calls the console. */
#include <stdio.h>
#include <string.h>

#include "core/fdt_internal.h"

uint32_t fdt_aliases_at;

/* A path as its parts, the root's empty one left out. */
struct parts {
	unsigned int n;
	const char *name[FDT_MAX_DEPTH];
};

static void split(const struct fdt_device *dev, struct parts *parts)
{
	unsigned int n = 1;

	for (int bus = dev->bus; fdt_buses[bus].parent >= 0; bus = fdt_buses[bus].parent)
		n++;
	parts->n = n;
	parts->name[--n] = fdt_blob_name(dev->node);
	for (int bus = dev->bus; n; bus = fdt_buses[bus].parent)
		parts->name[--n] = fdt_buses[bus].name;
}

const char *fdt_path(const struct fdt_device *dev, char *buf, size_t size)
{
	struct parts parts;
	size_t at = 0;

	split(dev, &parts);
	for (unsigned int i = 0; i < parts.n && at < size; i++) {
		int n = snprintf(buf + at, size - at, "/%s", parts.name[i]);

		if (n < 0)
			break;
		at += n;
	}
	return buf;
}

/*
 * Compares the next parts, from *at on, with a path of n bytes; *at moves over those that agree. A
 * part of the path without a unit address stands for any (2.2.3).
 */
static bool follow(const struct parts *parts, unsigned int *at, const char *path, size_t n)
{
	const char *end = path + n;

	while (path < end) {
		const char *stop = path, *name;

		if (*path == '/') {
			path++;
			continue;
		}
		while (stop < end && *stop != '/')
			stop++;
		n = stop - path;
		if (*at == parts->n)
			return false;
		name = parts->name[(*at)++];
		if (strncmp(name, path, n) || (name[n] && (name[n] != '@' || memchr(path, '@', n))))
			return false;
		path = stop;
	}
	return true;
}

const struct fdt_device *fdt_stdout(const char **options)
{
	const char *path = fdt_info.stdout_path, *alias = "";
	size_t n = strcspn(path, ":"), first = 0;

	if (options)
		*options = path[n] ? path + n + 1 : "";
	if (!n)
		return NULL;
	if (path[0] != '/') {
		uint32_t len;

		first = strcspn(path, "/:");
		alias = fdt_aliases_at ? fdt_node_prop(fdt_aliases_at, path, first, &len) : NULL;
		if (!alias || strnlen(alias, len) == len || alias[0] != '/')
			return NULL;
	}
	for (unsigned int i = 0; i < fdt_info.nr_devices; i++) {
		const struct fdt_device *dev = fdt_device(i);
		struct parts parts;
		unsigned int at = 0;

		split(dev, &parts);
		if (follow(&parts, &at, alias, strlen(alias)) &&
		    follow(&parts, &at, path + first, n - first) && at == parts.n)
			return dev;
	}
	return NULL;
}
