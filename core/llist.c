/* SPDX-License-Identifier: BSD-2-Clause */
/* Turning a taken lock-less list into order of arrival. */
#include "core/llist.h"

struct llist_node *llist_reverse_order(struct llist_node *node)
{
	struct llist_node *turned = NULL;

	while (node) {
		struct llist_node *next = node->next;

		node->next = turned;
		turned = node;
		node = next;
	}
	return turned;
}
