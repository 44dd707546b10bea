/* SPDX-License-Identifier: BSD-2-Clause */
/* Lock-less lists: order, the empty-before answer, and no node lost or doubled between harts. */
#include "core/llist.h"

#include <stdlib.h>

#include "arch/riscv/processor.h"
#include "core/panic.h"
#include "tests/host/host.h"

struct item {
	int value;
	struct llist_node node;
};

static void order(void **state)
{
	LLIST_HEAD(head);
	struct item items[4];
	struct item *it, *next;
	struct llist_node *taken, *node, *n;
	int expected = 3;

	(void)state;
	assert_true(llist_empty(&head));
	assert_null(llist_del_all(&head));
	for (int i = 0; i < 4; i++) {
		items[i].value = i;
		assert_int_equal(llist_add(&items[i].node, &head), i == 0);
	}
	assert_false(llist_empty(&head));
	taken = llist_del_all(&head);
	assert_true(llist_empty(&head));

	llist_for_each_entry (it, taken, node)
		assert_int_equal(it->value, expected--);
	assert_int_equal(expected, -1);

	taken = llist_reverse_order(taken);
	expected = 0;
	llist_for_each(node, taken)
		assert_int_equal(llist_entry(node, struct item, node)->value, expected++);
	assert_int_equal(expected, 4);

	/* The safe forms may change what they stand on. */
	expected = 0;
	llist_for_each_entry_safe (it, next, taken, node) {
		assert_int_equal(it->value, expected++);
		llist_add(&it->node, &head);
	}
	assert_int_equal(expected, 4);
	llist_for_each_safe(node, n, llist_del_all(&head)) node->next = NULL;
	assert_null(llist_reverse_order(NULL));
}

static void batch(void **state)
{
	struct llist_head head;
	struct item items[4];
	struct item *it;
	int sum = 0;

	(void)state;
	init_llist_head(&head);
	for (int i = 0; i < 4; i++)
		items[i].value = 1 << i;
	items[0].node.next = &items[1].node;
	assert_true(llist_add_batch(&items[0].node, &items[1].node, &head));
	items[2].node.next = &items[3].node;
	assert_false(llist_add_batch(&items[2].node, &items[3].node, &head));
	llist_for_each_entry (it, llist_del_all(&head), node)
		sum = sum * 16 + it->value;
	assert_int_equal(sum, 0x4812);
}

#define ADDERS	   4
#define PER_CPU	   5000
#define DEADLINE_S 60

static struct llist_head shared;
static struct item pool[ADDERS][PER_CPU];
/* Relaxed wherever it is used: only the list may carry what the harts write to each other. */
static _Atomic unsigned int was_empty, ready;
static unsigned int taken_times, taken_nodes;

static void add_all(unsigned int adder)
{
	for (int i = 0; i < PER_CPU; i++) {
		/* Plain: the release of add and the acquire of del_all must carry it. */
		pool[adder][i].value = (int)adder * PER_CPU + i;
		if (llist_add(&pool[adder][i].node, &shared))
			atomic_fetch_add_explicit(&was_empty, 1, memory_order_relaxed);
	}
}

static void take_all(void)
{
	uint64_t deadline = rdtime() + DEADLINE_S * 1000000000UL;
	int last[ADDERS];

	for (unsigned int i = 0; i < ADDERS; i++)
		last[i] = -1;
	while (taken_nodes < ADDERS * PER_CPU) {
		struct llist_node *nodes = llist_reverse_order(llist_del_all(&shared));
		struct item *it, *next;

		if (rdtime() > deadline)
			panic("%u nodes of %u came in %u s", taken_nodes, ADDERS * PER_CPU,
			      DEADLINE_S);
		if (!nodes) {
			cpu_relax();
			continue;
		}
		taken_times++;
		llist_for_each_entry_safe (it, next, nodes, node) {
			int from = it->value / PER_CPU, nr = it->value % PER_CPU;

			if (nr != last[from] + 1)
				panic("cpu %d: %d after %d", from, nr, last[from]);
			last[from] = nr;
			taken_nodes++;
		}
	}
}

static void hart(unsigned int cpu, void *arg)
{
	(void)arg;
	/* Together, or the first would be done before the last is there. */
	atomic_fetch_add_explicit(&ready, 1, memory_order_relaxed);
	while (atomic_load_explicit(&ready, memory_order_relaxed) <= ADDERS)
		cpu_relax();
	if (cpu < ADDERS)
		add_all(cpu);
	else
		take_all();
}

/*
 * Four add, one takes: each node comes once, in each adder's order, and one empty-before for each
 * taking.
 */
static void many_adders(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		init_llist_head(&shared);
		was_empty = ready = 0;
		taken_times = taken_nodes = 0;
		host_harts_run(ADDERS + 1, hart, NULL);
		assert_int_equal(taken_nodes, ADDERS * PER_CPU);
		assert_int_equal(was_empty, taken_times);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(order),
	cmocka_unit_test(batch),
	cmocka_unit_test(many_adders),
};
HOST_MAIN(tests)
