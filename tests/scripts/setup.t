#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
scripts/setup: silent when all is there; otherwise it says what is missing and what to do, and
breaks nothing.
"""

import os
import shutil
import subprocess
import time

import tap
from tap import TOP

# What the script itself may use; what it looks for is left out.
BASICS = ('sh env cat mkdir rm mv cp ls tail sed awk grep find sort paste flock id dpkg-deb dpkg-query dpkg tar xz '
          'sha256sum tee chmod dirname python3').split()


class Setup(tap.Case):
    """The script in a tree of its own, on a machine that has only what the test puts there."""

    def setUp(self):
        super().setUp()
        shutil.copytree(TOP / 'scripts', self.dir / 'scripts', ignore=shutil.ignore_patterns('__pycache__'))
        self.cache = self.dir / '.cache'
        self.cache.mkdir()
        (self.cache / 'picolibc.checked').touch()
        shutil.copytree(TOP / '.cache/libfdt', self.cache / 'libfdt')
        self.bin = self.dir / 'bin'
        self.bin.mkdir()
        for name in BASICS:
            (self.bin / name).symlink_to(shutil.which(name))
        self.command('riscv64-unknown-elf-gcc', 'exit 0')
        # The script looks in the places of administrators' tools, too, which may hold the real
        # ones.
        script = self.dir / 'scripts/setup'
        script.write_text(script.read_text().replace('PATH=$PATH:/usr/sbin:/sbin\n', ''))

    def command(self, name, text):
        """Makes a command."""
        path = self.write(f'bin/{name}', f'#!/bin/sh\n{text}\n')
        path.chmod(0o755)

    def setup_it(self, level, **environment):
        """(exit status, all output)."""
        done = subprocess.run(['/bin/sh', self.dir / 'scripts/setup', level],
                              env={'PATH': str(self.bin), 'HOME': str(self.dir), **environment},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout

    def assert_refused(self, level, *words, **environment):
        code, output = self.setup_it(level, **environment)
        for word in words:
            self.assertIn(word, output)
        self.assertEqual(code, 1, output)

    def test_silent_and_instant(self):
        started = time.monotonic()
        for _ in range(3):
            self.assertEqual(self.setup_it('build'), (0, ''))
        self.assertLess(time.monotonic() - started, 0.9)

    def test_usage(self):
        self.assertEqual(self.setup_it('everything')[0], 2)

    def test_not_debian(self):
        (self.bin / 'riscv64-unknown-elf-gcc').unlink()
        self.assert_refused('build', 'not a Debian machine', '    gcc-riscv64-unknown-elf\n')

    def test_not_root(self):
        (self.bin / 'riscv64-unknown-elf-gcc').unlink()
        (self.bin / 'id').unlink()
        self.command('id', 'echo 1000')
        self.command('apt-get', 'exit 0')
        words = ('not root', 'apt-get install --no-install-recommends gcc-riscv64-unknown-elf\n')
        self.assert_refused('build', *words)
        self.command('sudo', 'exit 1')
        self.assert_refused('build', *words)

    def test_apt_fails(self):
        (self.bin / 'riscv64-unknown-elf-gcc').unlink()
        (self.bin / 'id').unlink()
        self.command('id', 'echo 0')
        self.command('apt-get', 'echo "E: Unable to fetch some archives"; exit 100')
        self.assert_refused('build', 'E: Unable to fetch', 'apt-get failed', 'gcc-riscv64-unknown-elf')

    def test_no_network(self):
        shutil.rmtree(self.cache / 'libfdt')
        self.command('apt-get', 'echo "E: Failed to fetch"; exit 100')
        self.assert_refused('build', 'E: Failed to fetch', 'could not fetch libfdt', 'MUSTER_MIRROR',
                            'device-tree-compiler_1.7.2.orig.tar.xz', f'{self.dir}/.cache/by-hand/libfdt/')
        self.assertFalse((self.cache / 'libfdt').exists())

    def test_mirror(self):
        shutil.rmtree(self.cache / 'libfdt')
        self.command('apt-get', f'cat {self.cache}/apt/sources.list; exit 100')
        mirror = 'http://mirror.example/debian'
        self.assert_refused('build', f'] {mirror} trixie main', MUSTER_MIRROR=mirror)

    def test_damaged_file_by_hand(self):
        shutil.rmtree(self.cache / 'libfdt')
        self.write('.cache/by-hand/libfdt/device-tree-compiler_1.7.2.orig.tar.xz', 'damaged')
        self.assert_refused('build', 'is damaged or not the one that is known')
        self.assertFalse((self.cache / 'libfdt').exists())

    def package(self, version):
        """Makes a firmware package as brought by hand."""
        self.write('deb/DEBIAN/control', f'Package: opensbi\nVersion: {version}\nArchitecture: all\n'
                   'Maintainer: none <none@example>\nDescription: none\n')
        self.write('deb/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin', 'firmware')
        target = self.cache / 'by-hand/opensbi-1.6'
        target.mkdir(parents=True, exist_ok=True)
        deb = target / f'opensbi_{version}_all.deb'
        subprocess.run(['dpkg-deb', '--root-owner-group', '-b', self.dir / 'deb', deb], check=True, capture_output=True)

    def test_firmware_by_hand(self):
        self.package('1.6-1')
        # What an interrupted fetch left must not be in the way.
        self.write('.cache/tmp.opensbi-1.6/usr/junk', 'half')
        code, output = self.setup_it('run', QEMU='/bin/true')
        self.assertEqual(code, 0, output)
        self.assertEqual((self.cache / 'opensbi-1.6/fw_dynamic.bin').read_text(), 'firmware')
        self.assertEqual(sorted(os.listdir(self.cache / 'opensbi-1.6')), ['.stamp', 'fw_dynamic.bin'])
        self.assertEqual(self.setup_it('run', QEMU='/bin/true'), (0, ''))

    def test_wrong_firmware_by_hand(self):
        self.package('1.5-1')
        self.assert_refused('run', 'no longer has that version of OpenSBI', QEMU='/bin/true')
        self.assertFalse((self.cache / 'opensbi-1.6').exists())

    def test_truncated_package_by_hand(self):
        self.package('1.6-1')
        path = self.cache / 'by-hand/opensbi-1.6/opensbi_1.6-1_all.deb'
        path.write_bytes(path.read_bytes()[:200])
        self.assert_refused('run', 'does not unpack', QEMU='/bin/true')

    def test_new_pins_fetch_anew(self):
        self.write('.cache/libfdt/.stamp', 'another version\n')
        self.command('apt-get', 'exit 100')
        self.assert_refused('build', 'fetching libfdt')
        self.assertTrue((self.cache / 'libfdt/libfdt.h').exists(), 'the old one went before the new one was there')

    def test_own_emulator_and_firmware(self):
        self.assertEqual(self.setup_it('run', QEMU='/bin/true', BIOS='none'), (0, ''))


if __name__ == '__main__':
    tap.main()
