#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""U-Boot loads the Image from a disk, by extlinux and by hand, and boots it."""

import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scenario import OUT, Scenario, Tap, find_program, run_all  # noqa: E402

UBOOT = Path('/usr/lib/u-boot/qemu-riscv64_smode/uboot.elf')
TESTS = 'test=boot,fdt,irq,smp'
SECTOR = 512
FIRST_SECTOR = 2048
SIZE_MIB = 40   # the smallest that is FAT32 and not too small for U-Boot's drivers

EXTLINUX = f"""DEFAULT muster
TIMEOUT 1
LABEL muster
  KERNEL /Image
  APPEND {TESTS}
"""


def tree(folder, extlinux):
    """What the file system holds."""
    (folder / 'Image').write_bytes((OUT / 'Image').read_bytes())
    if extlinux:
        (folder / 'extlinux').mkdir()
        (folder / 'extlinux' / 'extlinux.conf').write_text(EXTLINUX)


def disk(kind, extlinux=True):
    """A disk of one partition; made without root."""
    with tempfile.TemporaryDirectory() as tmp:
        root, part = Path(tmp, 'root'), Path(tmp, 'part')
        root.mkdir()
        tree(root, extlinux)
        quiet = {'check': True, 'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
        if kind == 'ext4':
            subprocess.run([find_program('mke2fs'), '-q', '-F', '-t', 'ext4', '-d', root, part, f'{SIZE_MIB}M'],
                           **quiet)
            code = 0x83
        else:
            sectors = SIZE_MIB * 1024 * 1024 // SECTOR
            subprocess.run(['mformat', '-C', '-F', '-i', part, '-T', str(sectors), '-h', '64', '-s', '32', '::'],
                           **quiet)
            subprocess.run(['mcopy', '-s', '-i', part, *root.iterdir(), '::'], **quiet)
            code = 0x0c
        data = part.read_bytes()
    table = bytearray(SECTOR * FIRST_SECTOR)
    # One row of the partition table: bootable, no cylinders, then first sector and count.
    struct.pack_into('<B3sB3sII', table, 446, 0x80, b'\xfe\xff\xff', code, b'\xfe\xff\xff', FIRST_SECTOR,
                     len(data) // SECTOR)
    table[510:512] = b'\x55\xaa'
    return bytes(table) + data


def scenario(name, blob, args='', full=False):
    """U-Boot in front of this disk."""
    return Scenario(name, '--qemu-arg "-drive file={disk},format=raw,if=none,id=d0'
                    f' -device virtio-blk-device,drive=d0" --smp 4 {args}', TESTS, image=str(UBOOT),
                    expect=['^Starting kernel', '^U-Boot '], files={'disk': blob}, full=full)


def table():
    """The scenarios."""
    ext4, fat = disk('ext4'), disk('fat')
    by_hand = ['load virtio 0:1 ${{kernel_addr_r}} /Image', f'setenv bootargs {TESTS}',
               'booti ${{kernel_addr_r}} - ${{fdtcontroladdr}}']
    sends = ' '.join(f"--send '{line}'" for line in by_hand)
    return [
        scenario('extlinux, ext4', ext4),
        scenario('extlinux, FAT', fat, full=True),
        scenario('extlinux, FAT, OpenSBI 1.5.1', fat, '--bios 1.5.1'),
        scenario('extlinux, ext4, QEMU 7.2, OpenSBI 1.1', ext4, '--qemu 7.2 --bios 1.1', full=True),
        scenario('extlinux, ext4, the test firmware', ext4, '--bios test', full=True),
        scenario('by hand', disk('ext4', extlinux=False), f"--prompt '^=> $' {sends}"),
    ]


def main():
    """Skips all where a tool is missing."""
    for program in ('mke2fs', 'mformat', 'mcopy'):
        if not find_program(program) or not UBOOT.exists():
            tap = Tap()
            tap.skip('U-Boot', f'no {UBOOT if find_program(program) else program} here (scripts/setup check)')
            return tap.done()
    if not (OUT / 'Image').exists():
        print('Bail out! no Image: run make')
        return 1
    return run_all(table())


sys.exit(main())
