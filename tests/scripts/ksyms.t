#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/ksyms.py: tables of names as the kernel's Makefile makes them, and tables that lie."""

import subprocess

import tap
from tap import TOP

KSYMS = TOP / 'scripts/ksyms.py'
CC = ['riscv64-unknown-elf-gcc', '-march=rv64imac', '-mabi=lp64', '-mcmodel=medany', '-nostdlib', '-O1',
      '-ffunction-sections', '-Wl,--build-id=none']

SOURCE = r'''
extern const unsigned int ksyms_count;
int data = 1;
__attribute__((noinline)) static int one(int a) { return a * 3 + data; }
__attribute__((noinline)) int two(int a) { return one(a) + (int)ksyms_count; }
int three(int a) __attribute__((alias("two")));
void _start(void) { for (;;) two(1); }
__asm__(".text\n.globl in_assembly\nin_assembly: nop\n.Llocal: nop\n$x_not: nop\n");
'''

LAYOUT = '''
SECTIONS {
	. = 0xffffffff80000000;
	_image_start = .;
	.text : { *(.text*) . = ALIGN(4096); }
	_text_end = .;
	.rodata : { *(.rodata*) KEEP(*(.ksyms)) }
	.data : { *(.data* .sdata*) }
}
'''


class Table(tap.Case):
    """Links a small program twice, as the kernel is."""

    def setUp(self):
        super().setUp()
        self.source = self.write('program.c', SOURCE)
        self.layout = self.write('layout.lds', LAYOUT)

    def ksyms(self, *arguments):
        return subprocess.run([KSYMS, *arguments], capture_output=True, text=True, check=False)

    def link(self, name, table):
        elf = self.dir / name
        subprocess.run([*CC, '-T', self.layout, '-o', elf, self.source, self.write(f'{name}.S', table)],
                       check=True, capture_output=True)
        return elf

    def twice(self):
        empty = self.ksyms('--empty')
        self.assertEqual(empty.returncode, 0, empty.stderr)
        made = self.ksyms(self.link('first', empty.stdout))
        self.assertEqual(made.returncode, 0, made.stderr)
        return made.stdout

    def test_names(self):
        names = [line.split('"')[1] for line in self.twice().splitlines() if '.asciz' in line]
        self.assertEqual(sorted(names), ['_start', 'in_assembly', 'one', 'two'])

    def test_checked(self):
        checked = self.ksyms('--check', self.link('second', self.twice()))
        self.assertEqual((checked.returncode, checked.stderr), (0, ''))

    def test_same_each_time(self):
        self.assertEqual(self.twice(), self.twice())

    def lie(self, old, new):
        table = self.twice()
        self.assertIn(old, table)
        checked = self.ksyms('--check', self.link('liar', table.replace(old, new, 1)))
        self.assertEqual(checked.returncode, 1, checked.stderr)
        self.assertIn('is wrong', checked.stderr)

    def test_empty_table(self):
        checked = self.ksyms('--check', self.link('liar', self.ksyms('--empty').stdout))
        self.assertNotEqual(checked.returncode, 0)

    def test_wrong_name(self):
        self.lie('"one"', '"oni"')

    def test_wrong_offset(self):
        first = next(line for line in self.twice().splitlines() if line.startswith('\t.word 0x0, '))
        second = first.split(', ')[1]
        self.lie(first, first.replace(f' {second}', ' 0x1', 1))

    def test_wrong_count(self):
        self.lie('.word 0x4\n', '.word 0x3\n')

    def test_not_an_image(self):
        self.assertEqual(self.ksyms(self.source).returncode, 2)
        self.assertEqual(self.ksyms(self.dir / 'missing').returncode, 2)
        self.assertEqual(self.ksyms().returncode, 2)
        self.assertEqual(self.ksyms('--check').returncode, 2)


if __name__ == '__main__':
    tap.main()
