#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The kernel comes up on each machine, hart count, firmware, emulator and place in memory; its tests
pass there.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import FULL, Scenario, run_all  # noqa: E402

# What the machine has a part in; in the complete matrix everything.
TESTS = 'test=all' if FULL else 'test=boot,call,fdt,idle,ipi,irq,irq_work,percpu,pmu,sbi,smp,suspend,time,tlb,uart'
MEMORY = 'test=all' if FULL else 'test=boot,fdt,mm,percpu,smp'
# Up to the prompt and out again: for machines where each test would take long.
PROMPT = '--send poweroff'
# So many harts on few cores take their time: whether they come is asked here, not how soon.
PATIENT = 'bringup_ms=100000'


def numa(nodes, harts, mem):
    """Options for so many memory nodes with the harts and the memory (MiB) dealt out evenly."""
    words = []
    for node in range(nodes):
        first, last = node * harts // nodes, (node + 1) * harts // nodes - 1
        words.append(f'-object memory-backend-ram,size={mem // nodes}M,id=m{node}'
                     f' -numa node,nodeid={node},cpus={first}-{last},memdev=m{node}')
    return f'--smp {harts} --mem {mem}M --qemu-arg "{" ".join(words)}"'


def each(qemu, bios):
    """Every number of harts on this emulator and firmware."""
    for harts in (1, 2, 3, 4, 8, 17, 64, 128):
        args = f'--smp {harts} --qemu {qemu} --bios {bios}'
        # Its heap does not hold the state of the debug triggers of more than 35 harts: the others
        # hang in the firmware as they start.
        if bios == '1.5.1' and harts > 35:
            args += ' --qemu-arg "-cpu rv64,debug=off"'
        yield Scenario(f'{harts} harts, QEMU {qemu}, OpenSBI {bios}', args, f'{TESTS} {PATIENT}', full=True)


SCENARIOS = [
    Scenario('1 hart', '--smp 1', TESTS),
    Scenario('2 harts', '--smp 2', TESTS),
    Scenario('2 harts, deterministic', '--smp 2 --deterministic', TESTS, full=True),
    Scenario('4 harts', '--smp 4', TESTS),
    Scenario('17 harts', f'--smp 17 {PROMPT}', PATIENT),
    # At once they get into each other's way, and take from five seconds to a minute: that is for the complete matrix.
    Scenario('64 harts', f'--smp 64 --deterministic {PROMPT}'),
    Scenario('128 harts', f'--smp 128 --deterministic {PROMPT}', PATIENT),
    Scenario('512 harts', f'--smp 512 --machine virt,acpi=off --bios test {PROMPT}', PATIENT, full=True),

    Scenario('QEMU 7.2, OpenSBI 1.1', '--smp 3 --qemu 7.2 --bios 1.1', TESTS),
    Scenario('QEMU 7.2, OpenSBI 1.6', '--smp 3 --qemu 7.2', TESTS, full=True),
    # Not with OpenSBI: it spins while it waits for a fence, and a hart that spins keeps 7.2's only
    # turn for ever.
    Scenario('QEMU 7.2, the test firmware, deterministic', '--smp 3 --qemu 7.2 --bios test --deterministic', TESTS,
             full=True),
    Scenario('QEMU 10, OpenSBI 1.1', '--smp 3 --bios 1.1', TESTS, full=True),
    Scenario('QEMU 10, OpenSBI 1.5.1', '--smp 3 --bios 1.5.1', TESTS),
    Scenario('QEMU 10, the test firmware', '--smp 3 --bios test', TESTS),
    Scenario('QEMU 7.2, the test firmware', '--smp 3 --qemu 7.2 --bios test', TESTS, full=True),

    Scenario('64 MiB', '--smp 2 --mem 64M', MEMORY),
    Scenario('128 MiB', '--smp 2 --mem 128M', MEMORY, full=True),
    Scenario('8 GiB', '--smp 2 --mem 8G', MEMORY),
    Scenario('2 memory nodes', numa(2, 4, 512), MEMORY),
    Scenario('4 memory nodes', numa(4, 6, 1024), TESTS, full=True),
    Scenario('4 memory nodes, the test firmware', numa(4, 8, 512) + ' --bios test', TESTS, full=True),

    Scenario('ACLINT with SSWI', '--smp 4 --machine virt,aclint=on', TESTS),
    Scenario('APLIC', '--smp 4 --machine virt,aia=aplic', TESTS),
    Scenario('APLIC and IMSIC', '--smp 4 --machine virt,aia=aplic-imsic', TESTS),
    Scenario('APLIC and IMSIC, QEMU 7.2', '--smp 4 --qemu 7.2 --machine virt,aia=aplic-imsic', TESTS, full=True),
    Scenario('no Sstc', '--smp 3 --qemu-arg "-cpu rv64,sstc=off"', TESTS),
    Scenario('no Sstc, QEMU 7.2, OpenSBI 1.1', '--smp 2 --qemu 7.2 --bios 1.1 --qemu-arg "-cpu rv64,sstc=off"',
             TESTS, full=True),
    Scenario('Svade: a page without its A or D bit faults', '--smp 2 --qemu-arg "-cpu rv64,svade=on,svadu=off"', TESTS),

    Scenario('ELF file', '--smp 2', TESTS, image='muster.elf'),
    Scenario('Image at 0x80400000', '--smp 2 --load 0x80400000', TESTS),
    Scenario('Image at 0x90000000', '--smp 2 --load 0x90000000', TESTS, full=True),
    Scenario('ELF file at 0x80400000', '--smp 2 --load 0x80400000', TESTS, image='muster.elf', full=True),
    Scenario('ELF file at 0x90000000', '--smp 2 --load 0x90000000', TESTS, image='muster.elf'),

    Scenario('sifive_u', '--smp 5 --machine sifive_u --online 4', TESTS,
             expect=['hart 0 left alone']),

    *each('7.2', '1.1'),
    *each('10', '1.5.1'),
    *each('10', '1.6'),
]

sys.exit(run_all(SCENARIOS))
