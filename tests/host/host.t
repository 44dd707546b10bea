#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs the host unit tests of one flavour as TAP, each binary one test: host.t [gcc|clang|tsan]
# Environment: FLAVOUR instead of the argument, O for the build folder (build). Exit 0 if all
# passed.
set -u
cd "$(dirname "$0")/../.." || exit 2
flavour=${1:-${FLAVOUR:-gcc}}
folder=${O:-build}/host/$flavour

export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS="abort_on_error=0:detect_leaks=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
export TSAN_OPTIONS="halt_on_error=1:${TSAN_OPTIONS:-}"

n=0
failed=0
for test in "$folder"/test_*; do
	[ -x "$test" ] || continue
	n=$((n + 1))
	name=${test##*/}
	output=$(timeout 300 "$test" 2>&1)
	status=$?
	# A binary passes only if it says how many tests it has, and as many have passed.
	planned=$(printf '%s\n' "$output" | sed -n 's/^1\.\.\([1-9][0-9]*\)$/\1/p')
	passed=$(printf '%s\n' "$output" | grep -c '^ok ')
	if [ "$status" = 0 ] && [ -n "$planned" ] && [ "$planned" = "$passed" ]; then
		printf '%s\n' "$output" | sed 's/^/    /'
		echo "ok $n - $name ($passed)"
	else
		failed=$((failed + 1))
		echo "not ok $n - $name"
		echo "# exit status $status, $passed of ${planned:-no} planned tests passed"
		printf '%s\n' "$output" | grep -v '^ok ' | sed 's/^/#   /'
	fi
done

if [ "$n" = 0 ]; then
	printf '1..1\nnot ok 1 - no test binary in %s: make host-%s builds them\n' "$folder" "$flavour"
	exit 2
fi
echo "1..$n"
[ "$failed" = 0 ]
