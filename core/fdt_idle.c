/* SPDX-License-Identifier: BSD-2-Clause */
/* Idle states that harts offer (binding "cpu/idle-states.yaml", the "riscv" part of it). */
#define pr_fmt(fmt) "fdt: " fmt

#include <string.h>

#include "core/fdt_internal.h"
#include "core/printk.h"

/* True, and the value: the property is there and one cell. */
static bool read_cell(uint32_t node, const char *name, uint32_t *val)
{
	uint32_t len;
	const uint32_t *p = fdt_node_prop(node, name, strlen(name), &len);

	if (!p || len != 4)
		return false;
	*val = fdt_be32(p);
	return true;
}

static bool has_prop(uint32_t node, const char *name)
{
	return fdt_node_prop(node, name, strlen(name), NULL);
}

static bool is_idle_state(uint32_t node)
{
	uint32_t len;
	const char *list = fdt_node_prop(node, "compatible", strlen("compatible"), &len);

	return list && fdt_list_has(list, len, "riscv,idle-state");
}

static bool is_disabled(uint32_t node)
{
	uint32_t len;
	const char *status = fdt_node_prop(node, "status", strlen("status"), &len);

	return status && strncmp(status, "okay", len) && strncmp(status, "ok", len);
}

/*
 * The node of an idle state by its phandle: they are not devices, so the tree is walked. False if
 * there is none.
 */
static bool find_state(uint32_t phandle, uint32_t *node)
{
	struct fdt_cursor c = {.pos = fdt_blob.begin};
	uint32_t token, own;

	while ((token = fdt_next(&c, fdt_blob.end)) != FDT_TOKEN_FAULT && token != FDT_TOKEN_END) {
		if (token != FDT_TOKEN_BEGIN)
			continue;
		*node = fdt_blob_offset(c.name);
		if (read_cell(*node, "phandle", &own) && own == phandle)
			return is_idle_state(*node);
	}
	return false;
}

static bool read_state(uint32_t node, struct fdt_idle_state *state)
{
	*state = (struct fdt_idle_state){.name = fdt_blob_name(node),
					 .timer_stops = has_prop(node, "local-timer-stop")};
	return read_cell(node, "riscv,sbi-suspend-param", &state->suspend_type) &&
	       read_cell(node, "entry-latency-us", &state->entry_us) &&
	       read_cell(node, "exit-latency-us", &state->exit_us) &&
	       read_cell(node, "min-residency-us", &state->min_residency_us);
}

unsigned int fdt_idle_states(const struct fdt_cpu *cpu, struct fdt_idle_state *states,
			     unsigned int max)
{
	uint32_t len, node;
	const uint32_t *list =
		fdt_node_prop(cpu->offset, "cpu-idle-states", strlen("cpu-idle-states"), &len);
	unsigned int n = 0;

	fdt_where.depth = 2;
	fdt_where.name[1] = "cpus";
	fdt_where.name[2] = fdt_blob_name(cpu->offset);
	for (uint32_t i = 0; list && i < MIN(len / 4, (uint32_t)FDT_MAX_IDLE) && n < max; i++) {
		uint32_t phandle = fdt_be32(list + i);

		if (!find_state(phandle, &node))
			fdt_warn("no idle state has phandle %u, left out", (unsigned int)phandle);
		else if (is_disabled(node))
			continue;
		else if (read_state(node, &states[n]))
			n++;
		else
			fdt_warn("idle state %s lacks one of its numbers, left out",
				 fdt_blob_name(node));
	}
	return n;
}
