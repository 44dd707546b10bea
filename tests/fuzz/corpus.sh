#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes the seeds of the fuzzers: corpus.sh FOLDER. Device trees are those that QEMU gives its
# machines (as scripts/tools finds it) and tests/fdt/*.dts; command lines are below. Exit 0, or 1 if
# a tree could not be made.
set -eu
cd "$(dirname "$0")/../.."
out=${1:?usage: corpus.sh FOLDER}
qemu=$(scripts/tools qemu)
mkdir -p "$out/fdt" "$out/param" "$out/line"

# Packed, for QEMU pads its trees to a megabyte or so. Warnings are what some of these trees are
# for.
pack() {
	dtc -q -f -I dtb -O dtb -o "$out/fdt/$2" "$1"
}

dump() {
	name=$1
	machine=$2
	shift 2
	"$qemu" -nodefaults -display none -M "$machine,dumpdtb=$out/dump" "$@" >"$out/log" 2>&1 || {
		cat "$out/log" >&2
		return 1
	}
	pack "$out/dump" "$name.dtb"
}

two_nodes="-m 512M -smp 4 -object memory-backend-ram,id=m0,size=256M -object memory-backend-ram,id=m1,size=256M
	-numa node,cpus=0-1,memdev=m0 -numa node,cpus=2-3,memdev=m1"
dump virt1 virt -smp 1
dump virt8 virt -smp 8 -m 6G
dump aclint virt,aclint=on -smp 2
dump aplic virt,aia=aplic -smp 3
dump imsic virt,aia=aplic-imsic -smp 4
# The words are options.
# shellcheck disable=SC2086
dump virt_numa virt $two_nodes
dump sifive_u sifive_u -smp 5
rm -f "$out/dump"

for source in tests/fdt/*.dts; do
	name=${source##*/}
	dtc -qq -f -I dts -O dtb -o "$out/fdt/${name%.dts}.dtb" "$source" 2>"$out/log" || {
		cat "$out/log" >&2
		exit 1
	}
done

rm -f "$out/log"

n=0
while IFS= read -r line; do
	n=$((n + 1))
	printf '%s' "$line" >"$out/param/$n"
done <<'END'
quiet test=all wide=0x10 byte=7
max_cpus=4 max-cpus=2M half=60000 call=1 call call=!
test="a b" "test=c d" byte=999 unknown.sub=1 -- byte=1
wide=18446744073709551615 quiet=off wide=17179869183G
END

n=0
while IFS= read -r keys; do
	n=$((n + 1))
	# Octal escapes are keys.
	printf '%b' "$keys" >"$out/line/$n"
done <<'END'
harts\0015help dmesg\0015\0033[A\0033[D\0033[Dx\0177\0015
ha\0011he\0011\0011\0001\0005\0025\0031\0027
\0303\0244\0342\0202\0254\0033[D\0024\0004\0377b
a long line that has to scroll on a row of forty columns and more\0033[H\0033[F\0033b\0033d\0377
END
