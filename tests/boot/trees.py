# SPDX-License-Identifier: BSD-2-Clause
"""Device trees of boards, for the emulator's look-alikes of them."""

import dtb

# PolarFire SoC as QEMU's microchip-icicle-kit has it (PolarFire SoC Technical Reference Manual,
# memory map).
ICICLE_RAM = 0x80000000
ICICLE_RAM_SIZE = 0x40000000
ICICLE_UARTS = {'serial@20000000': (0x20000000, 90), 'serial@20100000': (0x20100000, 91)}


def jh7110(qemu, harts=5, hart0='disabled'):
    """
    The virt machine's tree made to look like a VisionFive 2: hart 0 is an S7 that has no S-mode and
    no mmu-type, the others are U74.
    """
    root = dtb.dump(qemu, '-M', 'virt', '-smp', str(harts), '-m', '1G')
    root.set_text('model', 'Look-alike of a JH7110')
    for cpu in root.child('cpus').children:
        if not cpu.name.startswith('cpu@'):
            continue
        for name in ('riscv,isa-base', 'riscv,isa-extensions'):
            cpu.props.pop(name, None)
        if cpu.cells('reg') == [0]:
            cpu.set_text('compatible', 'sifive,s7', 'riscv')
            cpu.set_text('riscv,isa', 'rv64imac_zba_zbb')
            cpu.props.pop('mmu-type', None)
            if hart0:
                cpu.set_text('status', hart0)
        else:
            cpu.set_text('compatible', 'sifive,u74-mc', 'riscv')
            cpu.set_text('riscv,isa', 'rv64imafdc_zba_zbb')
            cpu.set_text('mmu-type', 'riscv,sv39')
    return dtb.build(root)


def icicle():
    """A small tree of our own for microchip-icicle-kit: hart 0 is an E51 without S-mode."""
    root = dtb.Node()
    root.set_cells('#address-cells', 2)
    root.set_cells('#size-cells', 2)
    root.set_text('model', 'Microchip PolarFire-SoC Icicle Kit')
    root.set_text('compatible', 'microchip,mpfs-icicle-kit', 'microchip,mpfs')
    chosen = root.add('chosen')
    chosen.set_text('stdout-path', '/soc/serial@20100000:115200n8')
    memory = root.add(f'memory@{ICICLE_RAM:x}')
    memory.set_text('device_type', 'memory')
    memory.set_cells('reg', 0, ICICLE_RAM, 0, ICICLE_RAM_SIZE)
    cpus = root.add('cpus')
    cpus.set_cells('#address-cells', 1)
    cpus.set_cells('#size-cells', 0)
    cpus.set_cells('timebase-frequency', 1000000)
    for hart in range(5):
        cpu = cpus.add(f'cpu@{hart}')
        cpu.set_text('device_type', 'cpu')
        cpu.set_cells('reg', hart)
        if hart:
            cpu.set_text('compatible', 'sifive,u54-mc', 'sifive,rocket0', 'riscv')
            cpu.set_text('riscv,isa', 'rv64imafdc')
            cpu.set_text('mmu-type', 'riscv,sv39')
            cpu.set_text('status', 'okay')
        else:
            cpu.set_text('compatible', 'sifive,e51', 'sifive,rocket0', 'riscv')
            cpu.set_text('riscv,isa', 'rv64imac')
            cpu.set_text('status', 'disabled')
        intc = cpu.add('interrupt-controller')
        intc.set_text('compatible', 'riscv,cpu-intc')
        intc.set_cells('#interrupt-cells', 1)
        intc.props['interrupt-controller'] = b''
        intc.set_cells('phandle', hart + 1)
    soc = root.add('soc')
    soc.set_text('compatible', 'simple-bus')
    soc.set_cells('#address-cells', 2)
    soc.set_cells('#size-cells', 2)
    soc.props['ranges'] = b''
    clint = soc.add('clint@2000000')
    clint.set_text('compatible', 'sifive,fu540-c000-clint', 'sifive,clint0')
    clint.set_cells('reg', 0, 0x2000000, 0, 0xc000)
    clint.set_cells('interrupts-extended', *[cell for hart in range(5) for cell in (hart + 1, 3, hart + 1, 7)])
    plic = soc.add('interrupt-controller@c000000')
    plic.set_text('compatible', 'sifive,fu540-c000-plic', 'sifive,plic-1.0.0')
    plic.set_cells('reg', 0, 0xc000000, 0, 0x4000000)
    plic.set_cells('#address-cells', 0)
    plic.set_cells('#interrupt-cells', 1)
    plic.props['interrupt-controller'] = b''
    plic.set_cells('interrupts-extended', 1, 11,
                   *[cell for hart in range(1, 5) for cell in (hart + 1, 11, hart + 1, 9)])
    plic.set_cells('riscv,ndev', 186)
    plic.set_cells('phandle', 10)
    for name, (address, irq) in ICICLE_UARTS.items():
        uart = soc.add(name)
        uart.set_text('compatible', 'ns16550a')
        uart.set_cells('reg', 0, address, 0, 0x400)
        uart.set_cells('reg-io-width', 4)
        uart.set_cells('reg-shift', 2)
        uart.set_cells('interrupt-parent', 10)
        uart.set_cells('interrupts', irq)
        uart.set_cells('current-speed', 115200)
        uart.set_cells('clock-frequency', 150000000)
    return dtb.build(root)


def opensbi_config(root):
    """The node in which OpenSBI looks for its own settings."""
    config = root.child('chosen').add('opensbi-config')
    config.set_text('compatible', 'opensbi,config')
    return config


def boots(qemu, harts, hart, machine='virt'):
    """A tree with which OpenSBI, that else lets any hart boot, takes this one."""
    root = dtb.dump(qemu, '-M', machine, '-smp', str(harts), '-m', '1G')
    opensbi_config(root).props['cold-boot-harts'] = root.child('cpus').child(f'cpu@{hart:x}').props['phandle']
    return dtb.build(root)


def system_suspend(qemu, harts, machine='virt'):
    """
    A tree that makes OpenSBI offer system suspend: it waits for five seconds, then for an
    interrupt.
    """
    root = dtb.dump(qemu, '-M', machine, '-smp', str(harts), '-m', '1G')
    opensbi_config(root).props['system-suspend-test'] = b''
    return dtb.build(root)
