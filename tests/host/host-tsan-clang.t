#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The host unit tests as built by host.mk's flavour tsan-clang.
exec "$(dirname "$0")/host.t" tsan-clang
