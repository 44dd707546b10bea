#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The sources as the linters see them; of the slow ones only in the complete check.
# shellcheck disable=SC2086
exec "${0%/*}/../../scripts/lint" --tap ${QUICK:+format spdx whitespace length layers shell python sparse}
