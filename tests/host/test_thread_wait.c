/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completions, wait queues and mutexes among threads of several harts: none waits for ever, what
 * one did before is seen by the other, one at a time where that is due.
 */
#include "tests/host/thread_world.h"
#include "threads/mutex.h"
#include "threads/wait.h"

/* --- completions: who goes on sees what was done before, and frees it at once --- */

#define PARCELS 400

struct parcel {
	unsigned int content;
	struct completion arrived;
};

static _Atomic(struct parcel *) mailbox;

static void fill_parcels(void *data)
{
	(void)data;
	for (unsigned int i = 0; i < PARCELS;) {
		struct parcel *parcel =
			atomic_exchange_explicit(&mailbox, NULL, memory_order_acquire);

		if (parcel) {
			parcel->content = ++i;
			complete(&parcel->arrived);
		} else {
			yield();
		}
	}
}

static void open_parcels(void *data)
{
	(void)data;
	for (unsigned int i = 1; i <= PARCELS; i++) {
		struct parcel *parcel = malloc(sizeof(*parcel));

		init_completion(&parcel->arrived);
		atomic_store_explicit(&mailbox, parcel, memory_order_release);
		wait_for_completion(&parcel->arrived);
		if (parcel->content != i)
			panic("parcel %u holds %u", i, parcel->content);
		free(parcel);
	}
}

static void handed_over(void **state)
{
	(void)state;
	begin(open_parcels, NULL, 0);
	begin(fill_parcels, NULL, 1);
	all_end();
}

/* --- as many go on as it was completed, whoever gives up at that moment --- */

#define COMPLETERS 3
#define COMPLETED  150 /* by each */

static struct completion shared;
static _Atomic unsigned int completed, went_on;

static void complete_often(void *data)
{
	(void)data;
	for (unsigned int i = 0; i < COMPLETED; i++) {
		atomic_fetch_add_explicit(&completed, 1, memory_order_relaxed);
		complete(&shared);
		if (i % 8 == 0)
			usleep(20);
	}
}

static void wait_impatiently(void *data)
{
	uint64_t ticks = (uintptr_t)data;

	while (atomic_load_explicit(&went_on, memory_order_relaxed) < COMPLETERS * COMPLETED) {
		if (wait_for_completion_timeout(&shared, ticks)) {
			unsigned int n =
				atomic_fetch_add_explicit(&went_on, 1, memory_order_relaxed);

			if (n >= atomic_load_explicit(&completed, memory_order_relaxed))
				panic("more go on than it was completed");
		}
	}
}

static void counted(void **state)
{
	(void)state;
	init_completion(&shared);
	for (unsigned int i = 0; i < COMPLETERS; i++) {
		begin(complete_often, NULL, i);
		begin(wait_impatiently, (void *)(uintptr_t)(20000 + 30000 * i), (i + 1) % HARTS);
	}
	all_end();
	assert_int_equal(atomic_load(&went_on), COMPLETERS * COMPLETED);
	assert_false(completion_done(&shared));
}

/* --- all go on at once, and then everybody who comes --- */

#define STARTS	 40
#define STARTERS 5

static struct completion start;
static unsigned int started_with;

static void wait_for_start(void *data)
{
	wait_for_completion(&start);
	if (started_with != (uintptr_t)data)
		panic("started without seeing what was done before");
}

static void all_go_on(void **state)
{
	(void)state;
	for (uintptr_t i = 1; i <= STARTS; i++) {
		init_completion(&start);
		for (unsigned int n = 0; n < STARTERS; n++)
			begin(wait_for_start, (void *)i, n % HARTS);
		if (i & 1)
			usleep(100);
		started_with = (unsigned int)i;
		complete_all(&start);
		begin(wait_for_start, (void *)i, CPU_ANY);
		all_end();
	}
}

/* --- wait queues: each turn belongs to one, who alone makes it the next one's --- */

#define PLAYERS 4
#define TURNS	600

static DECLARE_WAIT_QUEUE_HEAD(turn_changed);
static _Atomic unsigned int turn;
static unsigned int moves; /* whose turn it is alone touches it */

static bool is_turn_of(unsigned int player)
{
	unsigned int now = atomic_load_explicit(&turn, memory_order_acquire);

	return now >= TURNS || now % PLAYERS == player;
}

static void play_turns(void *data)
{
	unsigned int me = (unsigned int)(uintptr_t)data, now;

	for (;;) {
		if (me & 1)
			wait_event(turn_changed, is_turn_of(me));
		else
			while (!wait_event_timeout(turn_changed, is_turn_of(me), 200000))
				;
		now = atomic_load_explicit(&turn, memory_order_relaxed);
		if (now >= TURNS)
			return;
		moves++;
		atomic_store_explicit(&turn, now + 1, memory_order_release);
		wake_up(&turn_changed);
	}
}

static void in_turn(void **state)
{
	(void)state;
	for (uintptr_t i = 0; i < PLAYERS; i++)
		begin(play_turns, (void *)i, (unsigned int)i % HARTS);
	all_end();
	assert_int_equal(moves, TURNS);
	assert_false(waitqueue_active(&turn_changed));
}

/* --- exclusive waiters: one wake-up for each token, and none is left --- */

#define TAKERS 4
#define TOKENS 400

static DECLARE_WAIT_QUEUE_HEAD(token_there);
static DECLARE_WAIT_QUEUE_HEAD(token_gone);
static _Atomic unsigned int tokens, taken;

static bool take_token(void)
{
	unsigned int n = atomic_load_explicit(&tokens, memory_order_relaxed);

	if (atomic_load_explicit(&taken, memory_order_relaxed) >= TOKENS)
		return true;
	while (n) {
		if (cas_acq_rel(&tokens, &n, n - 1)) {
			atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed);
			return true;
		}
	}
	return false;
}

static bool no_token(void)
{
	return !atomic_load_explicit(&tokens, memory_order_acquire);
}

static void take_tokens(void *data)
{
	(void)data;
	while (atomic_load_explicit(&taken, memory_order_relaxed) < TOKENS) {
		wait_event_idle_exclusive(token_there, take_token());
		wake_up(&token_gone);
	}
	wake_up_all(&token_there);
}

static void make_tokens(void *data)
{
	(void)data;
	for (unsigned int i = 0; i < TOKENS; i++) {
		wait_event(token_gone, no_token());
		atomic_fetch_add_explicit(&tokens, 1, memory_order_release);
		wake_up(&token_there);
	}
}

static void one_by_one(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < TAKERS; i++)
		begin(take_tokens, NULL, i % HARTS);
	begin(make_tokens, NULL, HARTS - 1);
	all_end();
	assert_int_equal(atomic_load(&taken), TOKENS);
}

/* --- mutexes --- */

#define OWNERS 5
#define ROUNDS 150

static DEFINE_MUTEX(mutex);
static unsigned int count, inside; /* the owner's */
static unsigned int tried;

static void own_often(void *data)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int before;

		if (i % 4 == (uintptr_t)data) {
			while (!mutex_trylock(&mutex))
				yield();
			tried++;
		} else {
			mutex_lock(&mutex);
		}
		if (inside++ || !mutex_is_held(&mutex))
			panic("two have the mutex");
		before = count;
		host_window();
		if (i % 16 == 0)
			usleep(10);
		count = before + 1;
		inside--;
		mutex_unlock(&mutex);
	}
}

static void one_at_a_time(void **state)
{
	(void)state;
	for (uintptr_t i = 0; i < OWNERS; i++)
		begin(own_often, (void *)i, i < HARTS ? (unsigned int)i : CPU_ANY);
	all_end();
	assert_int_equal(count, OWNERS * ROUNDS);
	assert_true(tried > 0);
	assert_false(mutex_is_locked(&mutex));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(handed_over), cmocka_unit_test(counted),
	cmocka_unit_test(all_go_on),   cmocka_unit_test(in_turn),
	cmocka_unit_test(one_by_one),  cmocka_unit_test(one_at_a_time),
};
THREAD_MAIN(tests)
