#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/layers: includes that point down pass, one that points up is found at its line."""

import subprocess

import tap
from tap import TOP


class Layers(tap.Case):
    """A small tree with one include after the other."""

    def setUp(self):
        super().setUp()
        for header in ('sbi/hsm.h', 'arch/riscv/csr.h', 'percpu/percpu.h', 'core/compiler.h', 'core/cpu.h',
                       'core/internal.h', 'drivers/driver.h', 'ipi/ipi.h', 'threads/kthread.h', 'shell/shell.h',
                       'tests/kernel/ktest.h'):
            self.write(header, '')

    def layers(self, path, line):
        """(exit status, output) with a file that has the line as its third."""
        self.write(path, f'/* A file. */\n\n{line}\n')
        done = subprocess.run([TOP / 'scripts/layers', self.dir], capture_output=True, text=True, check=False)
        (self.dir / path).unlink()
        return done.returncode, done.stdout

    def assert_fine(self, path, header):
        self.assertEqual(self.layers(path, f'#include "{header}"'), (0, ''))

    def assert_found(self, path, header, reason):
        code, output = self.layers(path, f'#include "{header}"')
        self.assertEqual(code, 1)
        self.assertRegex(output, f'^{path}:3: {header} .*{reason}')

    def test_down(self):
        order = [('sbi', 'hsm'), ('arch/riscv', 'csr'), ('percpu', 'percpu'), ('core', 'cpu'), ('drivers', 'driver'),
                 ('ipi', 'ipi'), ('threads', 'kthread'), ('shell', 'shell'), ('tests/kernel', 'ktest')]
        for i, (folder, _) in enumerate(order):
            for j, (other, header) in enumerate(order):
                if j <= i:
                    self.assert_fine(f'{folder}/new.c', f'{other}/{header}.h')
                else:
                    self.assert_found(f'{folder}/new.c', f'{other}/{header}.h', 'is above')

    def test_headers_and_assembly_too(self):
        self.assert_found('sbi/new.h', 'core/cpu.h', 'is above')
        self.assert_found('arch/riscv/new.S', 'core/cpu.h', 'is above')

    def test_spaces_in_the_line(self):
        self.assertEqual(self.layers('sbi/new.c', ' #  include  "core/cpu.h"')[0], 1)

    def test_leaf_for_all(self):
        self.assert_fine('sbi/new.c', 'core/compiler.h')

    def test_internal(self):
        self.assert_fine('core/new.c', 'core/internal.h')
        self.assert_found('drivers/new.c', 'core/internal.h', 'is for core/ only')

    def test_paths(self):
        self.assert_found('core/new.c', 'cpu.h', 'not a path from the root')
        self.assert_found('core/new.c', 'core/nowhere.h', 'is not there')

    def test_system_headers(self):
        self.assertEqual(self.layers('core/new.c', '#include <string.h>')[0], 0)
        self.assertEqual(self.layers('core/new.c', '#include <unistd.h>')[0], 1)
        self.assertEqual(self.layers('tests/host/new.c', '#include <unistd.h>')[0], 0)

    def test_no_tree(self):
        done = subprocess.run([TOP / 'scripts/layers', self.dir / 'nowhere'], capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == '__main__':
    tap.main()
