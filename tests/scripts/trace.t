#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
scripts/trace: bars, marks and arrows come out as they went in; logs that are cut or garbled are
told.
"""

import json
import subprocess

import tap
from tap import TOP

LOG = '''
muster> trace show
TRACE ns=1000 cpu=0 event=queue target=2 func=nothing
TRACE ns=1500 cpu=0 event=send target=2
[    0.012345] cpu1: something else
TRACE ns=3000 cpu=2 event=entry
TRACE ns=3200 cpu=2 event=begin func=nothing
TRACE ns=4000 cpu=2 event=end func=nothing
'''


class Trace(tap.Case):
    """Converts small logs."""

    def trace(self, text, *options):
        done = subprocess.run([TOP / 'scripts/trace', *options], input=text, capture_output=True, text=True,
                              check=False)
        return done.returncode, done.stdout, done.stderr

    def events(self, text):
        code, output, error = self.trace(text)
        self.assertEqual(code, 0, error)
        return [event for event in json.loads(output)['traceEvents'] if event['ph'] != 'M']

    def phases(self, text):
        return [event['ph'] for event in self.events(text)]

    def test_a_call(self):
        events = self.events(LOG)
        self.assertEqual([(e['ph'], e['tid'], e['ts']) for e in events],
                         [('X', 0, 1.0), ('s', 0, 1.0), ('i', 0, 1.5), ('i', 2, 3.0), ('B', 2, 3.2), ('f', 2, 3.2),
                          ('E', 2, 4.0)])
        start, end = (next(e for e in events if e['ph'] == phase) for phase in 'sf')
        self.assertEqual(start['id'], end['id'])

    def test_rows_have_names(self):
        _, output, _ = self.trace(LOG)
        names = {e['tid']: e['args']['name'] for e in json.loads(output)['traceEvents'] if e['ph'] == 'M'}
        self.assertEqual(names, {0: 'cpu0', 2: 'cpu2'})

    def test_arrows_in_order(self):
        queue = 'TRACE insn={} cpu=0 event=queue target=1 func=f\n'
        run = 'TRACE insn={0} cpu=1 event=begin func=f\nTRACE insn={0} cpu=1 event=end func=f\n'
        events = self.events(queue.format(1) + queue.format(2) + run.format(3) + run.format(4))
        self.assertEqual([e['id'] for e in events if e['ph'] in 'sf'], [1, 2, 1, 2])

    def test_another_function_is_no_end_of_an_arrow(self):
        self.assertEqual(self.phases('TRACE ns=1 cpu=0 event=queue target=1 func=f\n'
                                     'TRACE ns=2 cpu=1 event=begin func=g\n'), ['X', 's', 'B', 'E'])

    def test_cut_at_both_ends(self):
        self.assertEqual(self.phases('TRACE ns=1 cpu=0 event=end func=f\nTRACE ns=2 cpu=0 event=entry\n'
                                     'TRACE ns=3 cpu=0 event=begin func=g\n'), ['i', 'B', 'E'])

    def test_nested(self):
        events = self.events(''.join(f'TRACE ns={n} cpu=0 event={e} func={f}\n' for n, (e, f) in enumerate(
            [('begin', 'f'), ('begin', 'g'), ('end', 'g'), ('end', 'f')])))
        self.assertEqual([(e['ph'], e['name']) for e in events], [('B', 'f'), ('B', 'g'), ('E', 'g'), ('E', 'f')])

    def test_nothing(self):
        code, _, error = self.trace('muster> \n')
        self.assertEqual(code, 1)
        self.assertIn('no TRACE line', error)

    def test_garbled(self):
        for line in ('TRACE ns=1 cpu=0 event=jump', 'TRACE ns=1 cpu=0 event=send', 'TRACE ns=x cpu=0 event=entry',
                     'TRACE ns=1 cpu=0 event=begin', 'TRACE ns=1 cpu=0 event=entry TRACE ns=2'):
            code, output, error = self.trace(LOG + line + '\n')
            self.assertEqual((code, output), (1, ''), line)
            self.assertIn('line 9', error)

    def test_mixed_units(self):
        code, _, error = self.trace(LOG + 'TRACE insn=1 cpu=0 event=entry\n')
        self.assertEqual(code, 1)
        self.assertIn('another unit', error)

    def test_files(self):
        log = self.write('log', LOG.replace('\n', '\r\n'))
        self.assertEqual(self.trace('', log, '-o', self.dir / 'out.json'), (0, '', ''))
        self.assertTrue(json.loads((self.dir / 'out.json').read_text())['traceEvents'])
        self.assertEqual(self.trace('', self.dir / 'absent')[0], 1)


if __name__ == '__main__':
    tap.main()
