# SPDX-License-Identifier: BSD-2-Clause
"""Boots Muster, reads its console and judges what it says."""
