#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/run, scripts/tools and moved images: what reaches the emulator, and what comes back."""

import os
import struct
import subprocess
import termios

import tap
from tap import TOP

from muster import image


def flat_image(size=8192, code=b'\x13\0\0\0' * 4):
    """A RISC-V Linux Image of a few instructions."""
    header = struct.pack('<IIQQQIIQ4s4sI', 0, 0, 0x200000, size, 0, 2, 0, 0, b'RISCV\0\0\0'[:4], b'\0' * 4, 0)
    return (header[:48].ljust(48, b'\0') + b'RISCV\0\0\0RSC\x05\0\0\0\0' + code).ljust(4096, b'\0')


class Run(tap.Case):
    """The command on a stand-in for the emulator that says its arguments."""

    def setUp(self):
        super().setUp()
        self.image = self.dir / 'Image'
        self.image.write_bytes(flat_image())
        self.environment = dict(os.environ, FAKE_PLAY=str(self.write('play', '@arguments\n@exit 7\n')), BIOS='none',
                                QEMU=str(TOP / 'tests/scripts/fake-qemu'), IMAGE=str(self.image))
        for name in ('SMP', 'MACHINE', 'MEM', 'APPEND', 'DTB', 'LOAD', 'QEMU_ARGS', 'O'):
            self.environment.pop(name, None)

    def run_it(self, **environment):
        """(exit status, the emulator's arguments, standard error)."""
        done = subprocess.run([TOP / 'scripts/run'], env={**self.environment, **environment}, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, check=False)
        return done.returncode, done.stdout.splitlines(), done.stderr

    def assert_pairs(self, arguments, **pairs):
        for option, value in pairs.items():
            self.assertEqual(arguments[arguments.index('-' + option) + 1], value)

    def test_defaults_and_status(self):
        code, arguments, _ = self.run_it()
        self.assertEqual(code, 7)
        self.assert_pairs(arguments, machine='virt', smp='4', m='1G', bios='none', kernel=str(self.image),
                          serial='mon:stdio')
        self.assertNotIn('-append', arguments)

    def test_what_is_piped_follows_an_empty_line(self):
        self.write('play', '@read\n@exit 7\n')
        ours, theirs = os.pipe()
        os.write(theirs, b'poweroff\r')
        # The pipe stays open: the command must end with the emulator all the same.
        done = subprocess.run([TOP / 'scripts/run'], env=self.environment, stdin=ours, capture_output=True, text=True,
                              timeout=60, check=False)
        os.close(ours)
        os.close(theirs)
        self.assertEqual(done.returncode, 7)
        self.assertEqual(done.stdout.splitlines()[-2:], ['', 'poweroff'])

    def test_all_choices(self):
        _, arguments, _ = self.run_it(SMP='64', MACHINE='virt,aclint=on', MEM='256M', APPEND='test=all  x="a b"',
                                      DTB='/tree', QEMU_ARGS='-cpu rv64 -s')
        self.assert_pairs(arguments, machine='virt,aclint=on', smp='64', m='256M', append='test=all  x="a b"',
                          dtb='/tree', cpu='rv64')
        self.assertEqual(arguments[-1], '-s')

    def test_many_harts_move_the_image(self):
        _, arguments, _ = self.run_it(SMP='128')
        moved = arguments[arguments.index('-kernel') + 1]
        self.assertNotEqual(moved, str(self.image))
        self.assertFalse(os.path.exists(moved), 'the moved image stays behind')

    def test_many_harts_share_a_thread(self):
        _, arguments, _ = self.run_it(SMP=str(64 * os.cpu_count()))
        self.assertNotIn('-accel', arguments)
        _, arguments, _ = self.run_it(SMP=str(64 * os.cpu_count() + 1))
        self.assert_pairs(arguments, accel='tcg,thread=single')

    def test_refusals(self):
        for wrong, words in (({'SMP': 'two'}, 'not a number'), ({'SMP': '0'}, 'not a number'),
                             ({'IMAGE': '/nowhere'}, 'is not there'),
                             ({'QEMU': 'nosuch'}, 'no emulator'), ({'BIOS': 'nosuch'}, 'no firmware'),
                             ({'LOAD': '0x80400001'}, 'multiple of 2 MiB')):
            code, _, error = self.run_it(**wrong)
            self.assertEqual(code, 2, wrong)
            self.assertIn(words, error)

    def test_terminal_is_restored(self):
        ours, theirs = self.pty()
        before = termios.tcgetattr(theirs)
        # An emulator that dies leaves the terminal raw.
        fake = self.write('raw', '#!/bin/sh\nstty raw -echo\nkill -9 $$\n')
        fake.chmod(0o755)
        done = subprocess.run([TOP / 'scripts/run'], env={**self.environment, 'QEMU': str(fake)}, stdin=theirs,
                              stdout=theirs, stderr=theirs, check=False)
        self.assertEqual(done.returncode, 137)
        self.assertEqual(termios.tcgetattr(theirs), before)
        os.close(ours)
        os.close(theirs)


class Moved(tap.Case):
    """Images at another address."""

    @staticmethod
    def loads(data):
        """(entry, [(physical address, file bytes, memory size)])"""
        header = image.EHDR.unpack_from(data)
        rows = [image.PHDR.unpack_from(data, header[5] + i * header[9]) for i in range(header[10])]
        return header[4], [(row[4], data[row[2]:row[2] + row[5]], row[6]) for row in rows]

    def test_image(self):
        flat = flat_image()
        entry, loads = self.loads(image.move(flat, 0x80400000))
        self.assertEqual(entry, 0x80400000)
        self.assertEqual(loads, [(0x80400000, flat, 8192)])

    def test_elf_keeps_distances(self):
        once = bytearray(image.move(flat_image(), 0x80200000))
        _, loads = self.loads(image.move(bytes(once), 0x90000000))
        self.assertEqual([load[0] for load in loads], [0x90000000])

    def test_refusals(self):
        for data in (b'', b'\x7fELF', b'hello' * 100, b'\x7fELF' + bytes(100)):
            with self.assertRaises(image.ImageError):
                image.move(data, 0x80400000)
        with self.assertRaises(image.ImageError):
            image.move(flat_image(), 0x80400000 + 4096)


class Tools(tap.Case):
    """Short names."""

    def tools(self, *words, **environment):
        done = subprocess.run([TOP / 'scripts/tools', *words], env={**os.environ, **environment}, capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stdout.strip()

    def test_names(self):
        for words in (('qemu', '10'), ('qemu', '7.2'), ('bios', '1.6'), ('bios', '1.5.1'), ('bios', '1.1')):
            code, path = self.tools(*words)
            self.assertEqual(code, 0, words)
            self.assertTrue(os.path.exists(path))
            if words[0] == 'qemu':
                version = subprocess.run([path, '--version'], capture_output=True, text=True, check=True).stdout
                self.assertIn(f'version {words[1]}.', version)

    def test_environment_and_paths(self):
        self.assertEqual(self.tools('qemu', QEMU='/bin/true'), (0, '/bin/true'))
        self.assertEqual(self.tools('bios', BIOS='none'), (0, 'none'))
        self.assertEqual(self.tools('bios', '/bin/true', BIOS='none'), (0, '/bin/true'))

    def test_unknown(self):
        for words in (('qemu', '0.1'), ('bios', '0.1'), ('other',), ()):
            self.assertNotEqual(self.tools(*words)[0], 0)


if __name__ == '__main__':
    tap.main()
