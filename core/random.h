/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers that can be had again: splitmix64, and the seed of this boot. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Parameter seed=, for tests that draw. In deterministic mode it also makes harts' turns end after
 * random times: each seed is another interleaving of the same image, and the same one each time.
 * seed_given is false, and the seed 0, without it.
 */
extern uint64_t random_seed;
extern bool seed_given;

/* Scrambles 64 bits: different values give unrelated ones. */
static inline uint64_t random_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* The next number of a stream; state is the stream's own, any start value will do. Not atomic. */
static inline uint64_t random_next(uint64_t *state)
{
	return random_mix(*state += 0x9e3779b97f4a7c15);
}

/* A number below n, which is small beside 2^64, so that none is preferred. n > 0. */
static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
	return random_next(state) % n;
}

#endif
