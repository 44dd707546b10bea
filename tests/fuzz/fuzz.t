#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs each fuzzer for a while, as TAP. What it finds is kept below $O/fuzz/found and is where the
# next run begins. Environment: FUZZ_SECONDS for each (3), O for the build folder (build). Exit 0 if
# none found a fault; the input that shows a fault is named, and is run again by: fuzz_NAME FILE
set -u
cd "$(dirname "$0")/../.." || exit 2
folder=${O:-build}/fuzz
seconds=${FUZZ_SECONDS:-3}
fuzzers='fdt param line'

case $seconds in
'' | *[!0-9]*)
	echo "Bail out! FUZZ_SECONDS is no number: $seconds"
	exit 2
	;;
esac

n=0
failed=0
echo '1..3'
for name in $fuzzers; do
	n=$((n + 1))
	fuzzer=$folder/fuzz_$name
	fault=$folder/fault-$name-
	if ! [ -x "$fuzzer" ] || ! [ -d "$folder/corpus/$name" ]; then
		failed=$((failed + 1))
		echo "not ok $n - $name"
		echo "# no $fuzzer or no seeds: make fuzz builds them"
		continue
	fi
	mkdir -p "$folder/found/$name"
	rm -f "$fault"*
	# A fuzzer that hangs is ended from outside in the end.
	timeout $((seconds + 120)) "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 \
		-dict="tests/fuzz/$name.dict" -artifact_prefix="$fault" -print_final_stats=1 -verbosity=1 \
		"$folder/found/$name" "$folder/corpus/$name" >"$folder/$name.log" 2>&1
	status=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/$name.log")
	# Too few runs prove nothing.
	if [ "$status" = 0 ] && [ "${runs:-0}" -ge 1000 ]; then
		echo "ok $n - $name ($runs inputs)"
		continue
	fi
	failed=$((failed + 1))
	echo "not ok $n - $name"
	echo "# exit status $status after ${runs:-no} inputs, log in $folder/$name.log"
	for input in "$fault"*; do
		[ -e "$input" ] && echo "# fault shown by: $fuzzer $input"
	done
	grep -a -E 'ERROR|SUMMARY|broken promise|runtime error|panic' "$folder/$name.log" | head -n 5 | sed 's/^/# /'
done
[ "$failed" = 0 ]
