/* SPDX-License-Identifier: BSD-2-Clause */
/* Bits of a word against the compiler's own counting. */
#include "core/bitmap.h"

#include "tests/host/host.h"

static void first_of_single_bits(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		assert_int_equal(bit_first(1UL << i), i);
		assert_int_equal(bit_first_by_table(1UL << i), i);
		assert_int_equal(bit_first_by_table(~0UL << i), i);
	}
}

static void random_words(void **state)
{
	uint64_t seed = host_seed();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t word = host_random(&seed) & host_random(&seed);

		if (!word)
			continue;
		assert_int_equal(bit_first_by_table(word), __builtin_ctzl(word));
		assert_int_equal(bit_first(word), __builtin_ctzl(word));
		assert_int_equal(bit_count(word), __builtin_popcountl(word));
	}
	assert_int_equal(bit_count(0), 0);
	assert_int_equal(bit_count(~0UL), 64);
}

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(BITS_TO_LONGS(1), 1);
	assert_int_equal(BITS_TO_LONGS(64), 1);
	assert_int_equal(BITS_TO_LONGS(65), 2);
	assert_int_equal(BIT_WORD(64), 1);
	assert_true(BIT_MASK(65) == 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(first_of_single_bits),
	cmocka_unit_test(random_words),
	cmocka_unit_test(sizes),
};
HOST_MAIN(tests)
