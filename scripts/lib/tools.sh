# SPDX-License-Identifier: BSD-2-Clause
#
# Finds emulators and firmware by short name. Sourced by scripts that have set $top, the root of the
# tree.
# shellcheck shell=sh

tools_cache=${top:?}/.cache

# Prints the version of the installed emulator; nothing where there is none.
tools_system_qemu_version() {
	command -v qemu-system-riscv64 >/dev/null || return 0
	qemu-system-riscv64 --version | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p'
}

# Is the installed emulator of this version (10, 7.2)?
tools_system_qemu_is() {
	case $(tools_system_qemu_version). in
	"$1".*) return 0 ;;
	esac
	return 1
}

# Is the installed emulator new enough to boot on by default, that is 8.1 or later?
tools_system_qemu_is_new() {
	tools_version=$(tools_system_qemu_version)
	tools_major=${tools_version%%.*}
	tools_minor=${tools_version#*.}
	tools_minor=${tools_minor%%.*}
	[ "${tools_major:-0}" -gt 8 ] || { [ "${tools_major:-0}" -eq 8 ] && [ "${tools_minor:-0}" -ge 1 ]; }
}

# Prints the command for an emulator: tools_qemu [10|7.2|COMMAND]. Without a name: the version that
# figures are taken with, or else an installed one that is new enough. Fails where there is none.
tools_qemu() {
	case ${1:-} in
	'' | 10 | 7.2)
		if [ -x "$tools_cache/qemu-${1:-10}/qemu-system-riscv64" ]; then
			echo "$tools_cache/qemu-${1:-10}/qemu-system-riscv64"
			return
		fi
		if [ -n "${1:-}" ]; then
			tools_system_qemu_is "$1" || return 1
		else
			tools_system_qemu_is_new || return 1
		fi
		command -v qemu-system-riscv64
		;;
	*) command -v "$1" ;;
	esac
}

# Prints the file of a firmware: tools_bios [1.6|1.5.1|1.1|test|none|FILE]. `test` is our own (make
# firmware).
tools_bios() {
	case ${1:-1.6} in
	1.6 | 1.5.1 | 1.1) set -- "$tools_cache/opensbi-${1:-1.6}/fw_dynamic.bin" ;;
	test) set -- "${O:-$top/build}/firmware.bin" ;;
	none)
		echo none
		return
		;;
	esac
	[ -r "$1" ] || return 1
	echo "$1"
}
