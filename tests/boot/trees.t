#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Boards by their trees, and trees that are broken or lie: each is named, none hangs, what can be used
is used.
"""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import dtb  # noqa: E402
import trees  # noqa: E402
from scenario import Scenario, Tap, run_all, tool  # noqa: E402

# What a tree can be wrong to.
TESTS = 'test=boot,call,fdt,irq,mm,percpu,smp,time,timer,uart'
# Where the bad trees lie: in memory, away from the kernel and from QEMU's own tree.
AT = 0x88000000
PANIC = r'panic: no usable device tree at'

QEMU = tool('qemu')
HEADER_FIELDS = ('magic', 'totalsize', 'off_dt_struct', 'off_dt_strings', 'off_mem_rsvmap', 'version',
                 'last_comp_version', 'boot_cpuid_phys', 'size_dt_strings', 'size_dt_struct')


def good():
    """A good tree to spoil."""
    root = dtb.dump(QEMU, '-M', 'virt', '-smp', '2', '-m', '1G')
    reserved = root.add('reserved-memory')
    reserved.set_cells('#address-cells', 2)
    reserved.set_cells('#size-cells', 2)
    reserved.props['ranges'] = b''
    firmware = reserved.add('firmware@80000000')
    firmware.set_cells('reg', 0, 0x80000000, 0, 0x180000)
    firmware.props['no-map'] = b''
    root.child('chosen').set_text('bootargs', 'test=boot')
    return root


def edited(edit, **kwargs):
    """The good tree after edit(root)."""
    root = good()
    edit(root, **kwargs)
    return dtb.build(root)


def header(field, value):
    """The good tree with one word of its header changed."""
    blob = bytearray(dtb.build(good()))
    struct.pack_into('>I', blob, 4 * HEADER_FIELDS.index(field), value)
    return bytes(blob)


def cut(share):
    """The good tree, cut off after a share of its bytes; zeros follow."""
    blob = dtb.build(good())
    return blob[:int(len(blob) * share)]


def endless():
    """A structure block without an end: BEGIN_NODE for ever."""
    blob = bytearray(dtb.build(good()))
    start, size = struct.unpack_from('>I', blob, 8)[0], struct.unpack_from('>I', blob, 36)[0]
    for at in range(start, start + size - 7, 8):
        struct.pack_into('>II', blob, at, dtb.BEGIN_NODE, 0)
    return bytes(blob)


def cpus(root):
    """The cpu nodes."""
    return [node for node in root.child('cpus').children if node.name.startswith('cpu@')]


def drop(path, prop=None):
    """An edit that removes a node, or a property of it."""
    def edit(root):
        parent, _, name = path.rpartition('/')
        node = root.find(path)
        if prop:
            del node.props[prop]
        else:
            root.find(parent).children.remove(node)
    return edit


def set_cells(path, prop, *values):
    """An edit that sets a property."""
    return lambda root: root.find(path).set_cells(prop, *values)


def set_bytes(path, prop, data):
    """An edit that sets a property to bytes."""
    def edit(root):
        root.find(path).props[prop] = data
    return edit


def same_id(root):
    """Two harts of one id."""
    cpus(root)[0].set_cells('reg', 1)
    cpus(root)[1].set_cells('reg', 1)


def ghost(root):
    """A hart that the machine does not have."""
    copy = root.child('cpus').add('cpu@77')
    copy.props = dict(cpus(root)[0].props)
    copy.set_cells('reg', 77)
    copy.props.pop('phandle', None)


def second_memory(start, size):
    """An edit that adds a memory node."""
    def edit(root):
        node = root.add(f'memory@{start:x}')
        node.set_text('device_type', 'memory')
        node.set_cells('reg', start >> 32, start & 0xffffffff, size >> 32, size & 0xffffffff)
    return edit


def deep(root):
    """Nodes in nodes in nodes."""
    for i in range(200):
        root = root.add(f'level{i}')


def wide(root):
    """Very many nodes."""
    parent = root.add('crowd')
    for i in range(20000):
        parent.add(f'n{i}')


def own_parent(root):
    """
    An interrupt controller that is its own parent, and a device of a controller that is nowhere.
    """
    plic = root.find('soc').child('plic')
    plic.set_cells('interrupt-parent', *plic.cells('phandle'))
    root.find('soc').child('serial').set_cells('interrupt-parent', 0x4242)


def reserve(start, size):
    """An edit that reserves memory."""
    def edit(root):
        node = root.child('reserved-memory').add(f'hole@{start:x}')
        node.set_cells('reg', start >> 32, start & 0xffffffff, size >> 32, size & 0xffffffff)
    return edit


def spoilt(name, blob, *expect, at=AT, full=False):
    """A tree that cannot be used at all."""
    return Scenario(name, f'--smp 2 --panic --qemu-arg "-device loader,file={{tree}},addr={at:#x},force-raw=on"',
                    expect=[PANIC, *expect], rules=f'boot=0 dtb={at:#x}', files={'tree': blob}, full=full)


def odd(name, edit, *expect, online=2, full=False, append='test=boot', args=''):
    """A tree with something wrong in it that leaves a machine to boot."""
    return Scenario(name, f'--smp 2 --online {online} {args}'
                    f' --qemu-arg "-device loader,file={{tree}},addr={AT:#x},force-raw=on"', append,
                    expect=list(expect), rules=f'boot=0 dtb={AT:#x}', files={'tree': edited(edit)}, full=full)


def table():
    """The scenarios; they need an emulator to be written at all."""
    board = trees.jh7110(QEMU)
    left_alone = r'/cpus/cpu@0: hart 0 left alone: disabled'
    return [
        *[Scenario(f'look-alike of a JH7110, boot hart {hart}', '--smp 5 --online 4 --dtb {tree}', TESTS,
                   expect=[left_alone], rules=f'boot={hart}', files={'tree': board}, full=hart in (2, 3))
          for hart in (1, 2, 3, 4)],
        Scenario('look-alike of a JH7110, OpenSBI', '--smp 5 --online 4 --dtb {tree}', TESTS,
                 expect=[left_alone], files={'tree': board}),
        Scenario('look-alike of a JH7110, OpenSBI 1.1, QEMU 7.2',
                 '--smp 5 --online 4 --dtb {tree} --qemu 7.2 --bios 1.1', TESTS,
                 expect=[left_alone], files={'tree': board}, full=True),
        Scenario('look-alike of a JH7110 whose tree does not disable hart 0', '--smp 5 --online 4 --dtb {tree}', TESTS,
                 expect=[r'/cpus/cpu@0: hart 0 left alone: '], rules='boot=2',
                 files={'tree': trees.jh7110(QEMU, hart0=None)}),
        Scenario('microchip-icicle-kit', '--smp 5 --online 4 --machine microchip-icicle-kit --dtb {tree}', TESTS,
                 expect=[left_alone], files={'tree': trees.icicle()}),
        Scenario('microchip-icicle-kit, QEMU 7.2, OpenSBI 1.1',
                 '--smp 5 --online 4 --machine microchip-icicle-kit --dtb {tree} --qemu 7.2 --bios 1.1', TESTS,
                 expect=[left_alone], files={'tree': trees.icicle()}, full=True),

        spoilt('no tree at all', bytes(64), 'no magic number'),
        spoilt('not aligned', dtb.build(good()), 'not aligned', at=AT + 4),
        spoilt('longer than it can be', header('totalsize', 0x7fffffff), 'the tree says it has 2147483647 bytes'),
        spoilt('shorter than its header', header('totalsize', 20), 'broken tree'),
        spoilt('of a version to come', header('last_comp_version', 99), 'broken tree'),
        spoilt('structure beyond the end', header('off_dt_struct', 0x10000000), 'broken tree'),
        spoilt('strings over the structure', header('off_dt_strings', 56), 'broken tree'),
        spoilt('cut off at half', cut(0.5), 'broken tree'),
        spoilt('cut off at 1/10', cut(0.1), 'broken tree', full=True),
        spoilt('cut off at 9/10', cut(0.9), 'broken tree', full=True),
        spoilt('nodes without end', endless(), 'broken tree'),
        spoilt('without memory', edited(drop('memory')), 'no usable memory'),
        spoilt('without cpus', edited(drop('cpus')), 'the tree lists no cpu'),
        spoilt('without a timebase', edited(drop('cpus', 'timebase-frequency')), 'timebase-frequency'),
        spoilt('with a timebase of 0', edited(set_cells('cpus', 'timebase-frequency', 0)), 'timebase-frequency'),
        Scenario('at address 0', '--smp 2 --panic', expect=['the firmware left register a1 empty'],
                 rules='boot=0 dtb=0'),
        Scenario('where there is no memory', '--smp 2 --panic', expect=['panic: '], rules='boot=0 dtb=0x4000000000'),

        odd('two harts of one id', same_id, '/cpus/cpu@[01]: hart id 1 is taken by an earlier node',
            'external interrupts in a row that no controller knows'),
        odd('a hart that is not there', ghost, r'cpu\d+ \(hart 77\): the firmware refuses to start it', online=2),
        odd('a cpu without reg', drop('cpus/cpu@1', 'reg'), '/cpus/cpu@1', online=1),
        odd('a cpu without mmu-type', drop('cpus/cpu@1', 'mmu-type'), 'hart 1 left alone', online=1),
        odd('a cpu of an isa that is noise', set_bytes('cpus/cpu@1', 'riscv,isa', b'\xff\xfe noise'),
            '/cpus/cpu@1: riscv,isa'),
        odd('the boot hart is not in the tree', drop('cpus/cpu@0'), 'the boot hart 0 is not in the device tree'),
        odd('memory told twice', second_memory(0x90000000, 0x10000000), 'in an earlier memory node'),
        odd('memory of odd length', set_bytes('memory', 'reg', bytes(4) + struct.pack('>3I', 0x80000000, 0, 0x40000000)
                                              + bytes(4)), '/memory@80000000'),
        odd('memory above what can be mapped', second_memory(1 << 50, 1 << 30), "out of the direct map's reach"),
        odd('interrupt controllers that are their own parents', own_parent, 'input is polled'),
        odd('nodes 200 deep', deep),
        odd('20000 nodes', wide),
        odd('boot arguments without an end', set_bytes('chosen', 'bootargs', b'test=boot'), '/chosen: bootargs',
            append='', args='--send poweroff'),
        odd('a console that is nowhere', set_bytes('chosen', 'stdout-path', b'/soc/nothing@1\0')),
        odd('the kernel itself is reserved', reserve(0x80200000, 0x200000)),
        odd('nearly all memory is reserved', reserve(0x81000000, 0x3f000000)),
        Scenario('memory that is not there',
                 f'--smp 2 --mem 256M --qemu-arg "-device loader,file={{tree}},addr={AT:#x},force-raw=on"',
                 'test=boot', rules=f'boot=0 dtb={AT:#x}', files={'tree': dtb.build(good())}),
    ]


def main():
    """Skips all where there is no emulator."""
    if not QEMU:
        tap = Tap()
        tap.skip('all trees', 'no emulator here (scripts/setup run)')
        return tap.done()
    return run_all(table())


sys.exit(main())
