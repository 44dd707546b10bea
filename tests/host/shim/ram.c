/* SPDX-License-Identifier: BSD-2-Clause */
/* Host: a direct map over address space that the host backs page by page, as it is touched. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "arch/riscv/page.h"
#include "tests/host/host.h"

unsigned long direct_map_offset;

phys_addr_t virt_to_phys(const void *va)
{
	return (phys_addr_t)va - direct_map_offset;
}

void host_ram_init(uint64_t start, uint64_t size)
{
	/* Room to start at a multiple of 1 GiB, as the kernel's direct map does. */
	char *map = mmap(NULL, size + GIGA_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED || start % GIGA_SIZE || direct_map_offset) {
		perror("host_ram_init");
		abort();
	}
	/* Or one touched byte would make 2 MiB resident. */
	madvise(map, size + GIGA_SIZE, MADV_NOHUGEPAGE);
	direct_map_offset = ALIGN_UP((unsigned long)map, GIGA_SIZE) - start;
}

uint64_t host_ram_touched(uint64_t start, uint64_t end)
{
	size_t pages = (end - start) / PAGE_SIZE;
	unsigned char *resident = malloc(pages);
	uint64_t touched = 0;

	if (!resident || mincore(phys_to_virt(start), end - start, resident)) {
		perror("host_ram_touched");
		abort();
	}
	for (size_t i = 0; i < pages; i++)
		touched += resident[i] & 1 ? PAGE_SIZE : 0;
	free(resident);
	return touched;
}
