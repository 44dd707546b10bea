#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/bench: tables, repetition, drawing, and boots that say less than they should."""

import json
import os
import subprocess
import xml.etree.ElementTree as ET

import tap
from tap import TOP

PLAY = '''
muster: 2 of 2 harts online in 96 us
BENCH name=call_many harts=2 n=10 min=90 median=12345 p99=99 max=99999 unit=insn floor=70 ipi=sbi
BENCH name=ecall_null harts=2 n=1000 min=284 median=284 p99=284 max=284 unit=insn
muster: exit 0
'''.lstrip('\n')


class Bench(tap.Case):
    """Measures a stand-in for the emulator."""

    def bench(self, play, *options):
        """(exit status, standard output, standard error)."""
        fake = self.dir / 'fake'
        fake.write_text(f'#!/bin/sh\nn=$(cat {self.dir}/n 2>/dev/null || echo 0)\necho $((n + 1)) >{self.dir}/n\n'
                        f'sed "s/@run/$n/" {self.write("play", play)} | sed "s/$/\\r/"\n')
        fake.chmod(0o755)
        image = self.write('Image', 'not looked into')
        done = subprocess.run([TOP / 'scripts/bench', '--qemu', fake, '--bios', 'none', *options, image],
                              env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_table(self):
        code, output, _ = self.bench(PLAY, '--harts', '2')
        self.assertEqual(code, 0)
        self.assertEqual(output.splitlines(), ['insn        2 harts     max  floor',
                                               'call_many    12,345  99,999     70',
                                               'ecall_null      284     284      -'])

    def test_repeats(self):
        code, output, _ = self.bench(PLAY, '--harts', '2', '--runs', '3')
        self.assertIn('3 runs, all figures repeat exactly', output)
        self.assertEqual(code, 0)

    def test_does_not_repeat(self):
        code, output, _ = self.bench(PLAY.replace('min=90', 'min=9@run'), '--harts', '2', '--runs', '2')
        self.assertIn('DIFFERS call_many at 2 harts: min was 90, then 91', output)
        self.assertEqual(code, 1)

    def test_a_benchmark_comes_and_goes(self):
        play = PLAY.replace('name=ecall_null', 'name=ecall_null@run')
        self.assertEqual(self.bench(play, '--harts', '2', '--runs', '2')[0], 1)

    def test_nothing_measured(self):
        code, _, error = self.bench('muster: 2 of 2 harts online in 96 us\nmuster: exit 0\n', '--harts', '2')
        self.assertIn('no BENCH', error)
        self.assertEqual(code, 1)

    def test_broken_records(self):
        for old, new in (('median=284', 'median=many'), ('median=284 ', ''), ('harts=2 n=1000', 'harts=8 n=1000'),
                         ('ecall_null', 'call_many')):
            code, _, error = self.bench(PLAY.replace(old, new), '--harts', '2')
            self.assertEqual(code, 1, error)

    def test_the_kernel(self):
        done = subprocess.run([TOP / 'scripts/bench', '--harts', '2', '--only', 'ecall_null,call_single_idle', '--json',
                               self.dir / 'records.json'], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        records = json.loads((self.dir / 'records.json').read_text())
        self.assertEqual([record['name'] for record in records], ['ecall_null', 'call_single_idle'])
        self.assertEqual(records[1]['ipi'], 'sbi')

    def test_failed_boot(self):
        self.assertEqual(self.bench(PLAY.replace('exit 0', 'exit 1'), '--harts', '2')[0], 1)

    def test_cannot_run(self):
        self.assertEqual(self.bench(PLAY, '--bios', 'nosuch')[0], 2)
        self.assertEqual(self.bench(PLAY, '--harts', 'two')[0], 2)

    def test_json_and_svg(self):
        svg, data = self.dir / 'plot.svg', self.dir / 'records.json'
        self.assertEqual(self.bench(PLAY, '--harts', '2', '--svg', svg, '--json', data)[0], 0)
        self.assertEqual([record['median'] for record in json.loads(data.read_text())], [12345, 284])
        texts = [element.text for element in ET.parse(svg).iter('{http://www.w3.org/2000/svg}text')]
        self.assertIn('call_many', texts)
        self.assertIn('ecall_null', texts)


if __name__ == '__main__':
    tap.main()
