#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The judge: an honest console passes, and every way to spoil or falsify one is noticed."""

import tap
from tap import GOOD

from muster.judge import ANY_NUMBER, Expectations, FAILED, Judge, PASSED, SILENT
from muster.lines import LineReader


def judge(text, left=0, **wanted):
    """The report on a console that said text, of a machine that left with a status."""
    if isinstance(text, str):
        text = text.replace('\n', '\r\n').encode('latin-1')
    reader, it = LineReader(), Judge(Expectations(**wanted))
    for line in reader.feed(text):
        it.line(line)
    rest = reader.end()
    if rest:
        it.line(rest)
    return it.end(left)


def good(old, new, count=1):
    """The honest console with a change that must have had an effect."""
    changed = GOOD.replace(old, new, count)
    assert changed != GOOD, old
    return changed


class Honest(tap.Case):
    """What must pass."""

    def test_good(self):
        report = judge(GOOD)
        self.assertEqual((report.errors, report.code), ([], PASSED))
        self.assertEqual([test.full_name for test in report.tests],
                         ['boot.harts', 'boot.order', 'call.self', 'call.far', 'call.many'])
        self.assertEqual([test.skipped for test in report.skipped()], ['one node only'])
        self.assertEqual((report.online, report.possible, report.bring_up_us), (2, 2, 1234))

    def test_quiet(self):
        quiet = '\n'.join(line for line in GOOD.splitlines() if not line.startswith('[')) + '\n'
        self.assertEqual(judge(quiet).code, PASSED)

    def test_noise_before_the_kernel(self):
        self.assertEqual(judge(b'\xff\x00\x80noise\r\n' + GOOD.encode()).code, PASSED)

    def test_prompt_before_results(self):
        prompt = '\x1b[Kmuster> test\r\x1b[Kmuster> test\n'
        self.assertEqual(judge(good('KTAP', prompt + 'KTAP')).errors, [])

    def test_records(self):
        lines = 'BENCH name=ecall_null harts=2 min=1 unit=insn floor=1\nSTATS accepted=5 run=5\n'
        report = judge(good('muster: exit', lines + 'muster: exit'), records=True)
        self.assertEqual((report.errors, len(report.records)), ([], 2))
        self.assertEqual(report.benches()[0]['name'], 'ecall_null')

    def test_allowed_lines(self):
        spoken = good('ok 1 boot', 'fired: start-late: 1, hart 1\nok 1 boot')
        self.assertEqual(judge(spoken, allow=['^fired: ']).errors, [])
        self.assertEqual(judge(spoken).code, FAILED)

    def test_numbers_in_log_lines(self):
        log = good('a log line', 'harts 0..3 ok, ranges 1..2 [0] # 5,')
        self.assertEqual(judge(log).errors, [])

    def test_failures_are_named(self):
        text = good('    ok 3 many\nok 2 call', '    # call.c:7: expected a\n    not ok 3 many\nnot ok 2 call')
        report = judge(text.replace('exit 0', 'exit 1'), 1)
        self.assertEqual((report.errors, report.code), ([], FAILED))
        self.assertEqual([test.full_name for test in report.failed()], ['call.many'])
        self.assertIn('call.c:7: expected a', report.failed()[0].diagnostics)

    def test_a_suite_may_fail_by_itself(self):
        report = judge(good('ok 2 call', 'not ok 2 call').replace('exit 0', 'exit 1'), 1)
        self.assertEqual([test.full_name for test in report.failed()], ['call'])

    def test_a_wanted_panic(self):
        text = '[    0.000001] panic: as asked\nmuster: exit 1\n'
        wanted = {'panic': True, 'tests': False, 'something': False, 'online': False}
        self.assertEqual(judge(text, 1, **wanted).errors, [])
        self.assertEqual(judge(text, 1, **wanted).code, PASSED)

    def test_fewer_harts_when_asked(self):
        one = good('2 of 2', '1 of 2')
        self.assertEqual(judge(one, harts=1).code, PASSED)
        self.assertEqual(judge(one, harts=ANY_NUMBER).code, PASSED)


class Spoiled(tap.Case):
    """Each spoils the honest console in all places: none may pass."""

    LINES = GOOD.splitlines(keepends=True)
    # Lines whose loss a script cannot notice, and that say nothing about results.
    SILENT_LOSS = ('OpenSBI', '[', '    # ')

    def assert_noticed(self, text, what):
        if judge(text).code == PASSED:
            self.fail(f'not noticed: {what}')

    def test_any_line_lost(self):
        for i, line in enumerate(self.LINES):
            if not line.startswith(self.SILENT_LOSS):
                self.assert_noticed(''.join(self.LINES[:i] + self.LINES[i + 1:]), f'lost {line}')

    def test_any_line_twice(self):
        for i, line in enumerate(self.LINES):
            if not line.startswith(('OpenSBI', '[', '    # a remark', '    # Sub')):
                self.assert_noticed(''.join(self.LINES[:i] + [line] + self.LINES[i:]), f'twice {line}')

    def test_any_two_lines_swapped(self):
        for i, (one, two) in enumerate(zip(self.LINES, self.LINES[1:])):
            if not (one + two).count('[') and not two.startswith('    # ') and \
                    not one.startswith(('    # ', 'OpenSBI', 'muster: 2')):
                swapped = self.LINES[:i] + [two, one] + self.LINES[i + 2:]
                self.assert_noticed(''.join(swapped), f'swapped {one}{two}')

    def test_cut_anywhere(self):
        for end in range(len(GOOD) - 1):
            self.assert_noticed(GOOD[:end], f'cut after {GOOD[:end][-20:]}')

    def test_a_line_end_lost(self):
        position = GOOD.index('KTAP')
        while True:
            position = GOOD.find('\n', position + 1)
            if position in (-1, len(GOOD) - 1):
                break
            self.assert_noticed(GOOD[:position] + GOOD[position + 1:], f'joined at {GOOD[position - 10:position + 10]}')

    def test_another_line_in_the_midst_of_any(self):
        # A log line begins where a result line was not done, as on a console without a lock.
        for i, line in enumerate(self.LINES):
            if line.startswith(('KTAP', '1..', '    KTAP', '    1..', '    ok', 'ok', 'muster')):
                for cut in range(1, len(line) - 1):
                    mixed = line[:cut] + '[    0.020000] cpu1: hello\n' + line[cut:]
                    if line[:cut].strip():
                        self.assert_noticed(''.join(self.LINES[:i] + [mixed] + self.LINES[i + 1:]), mixed)

    def test_any_byte_of_a_result_replaced(self):
        for i, line in enumerate(self.LINES):
            if line.startswith(('KTAP', '1..', '    KTAP', '    1..', '    ok', 'ok', 'muster: exit')):
                for at in range(len(line) - 1):
                    # A name may change and stay a name, and so may the reason of a skip.
                    if '# SKIP' in line and at > line.index('# SKIP') + 5 or line[at:at + 1].isalpha() and \
                            line.strip().startswith('ok') and at > line.index('ok') + 3 and '#' not in line[:at]:
                        continue
                    broken = line[:at] + '\x07' + line[at + 1:]
                    self.assert_noticed(''.join(self.LINES[:i] + [broken] + self.LINES[i + 1:]), repr(broken))


class Lies(tap.Case):
    """Consoles that claim a success they do not have."""

    def assert_error(self, text, pattern, left=0, code=FAILED, **wanted):
        report = judge(text, left, **wanted)
        self.assertRegex('\n'.join(report.errors), pattern)
        self.assertEqual(report.code, code)

    def test_parent_hides_a_failure(self):
        self.assert_error(good('    ok 2 order', '    not ok 2 order'), 'called ok, but 1 of its tests')

    def test_exit_hides_a_failure(self):
        text = good('    ok 2 order\nok', '    not ok 2 order\nnot ok')
        self.assert_error(text, 'calls this a success')

    def test_exit_without_a_reason(self):
        self.assert_error(good('exit 0', 'exit 1'), 'no result of it says why', 1)

    def test_status_disagrees(self):
        self.assert_error(GOOD, 'says 0, the machine left with status 1', 1)
        self.assertEqual(judge(GOOD, 1, status=False).code, PASSED)

    def test_panic(self):
        self.assert_error(good('a log line', 'panic: a log line'), 'gave up')

    def test_panic_after_all_passed(self):
        self.assert_error(good('muster: exit', '[    0.020000] panic: late\nmuster: exit'), 'success|gave up')

    def test_firmware_trap(self):
        self.assert_error(good('KTAP', 'sbi_trap_error: hart0: trap handler failed\nKTAP'), 'gave up')

    def test_results_after_exit(self):
        self.assert_error(GOOD + 'ok 3 more\n', 'after its exit line')
        self.assert_error(GOOD + '[    9.000000] hello\n', 'after its exit line')

    def test_two_exits(self):
        self.assert_error(GOOD + 'muster: exit 0\n', 'second exit')

    def test_exit_within_the_report(self):
        self.assert_error(good('    ok 3 many', 'muster: exit 0\n    ok 3 many'), 'before the report was complete')

    def test_no_tests(self):
        self.assert_error('muster: 2 of 2 harts online in 1 us\nmuster: exit 0\n', 'no tests ran')

    def test_empty_plan(self):
        self.assert_error('muster: 2 of 2 harts online in 1 us\nKTAP version 1\n1..0\nmuster: exit 0\n', 'no tests')

    def test_empty_suite(self):
        head, tail = GOOD.split('    1..2\n    ok 1 harts\n    ok 2 order\n')
        self.assert_error(head + '    1..0\n' + tail, 'plan of no tests')

    def test_all_skipped(self):
        text = GOOD
        for name in ('harts', 'order', 'self', 'many'):
            text = text.replace(f' {name}\n', f' {name} # SKIP no\n')
        self.assert_error(text, 'nothing was tested')

    def test_skipped_and_failed(self):
        self.assert_error(good('    ok 2 order', '    not ok 2 order # SKIP no'), 'skipped at once')

    def test_same_name_twice(self):
        self.assert_error(good('order', 'harts'), 'two results have the name harts')

    def test_wrong_suite_name(self):
        self.assert_error(good('ok 1 boot', 'ok 1 call'), 'summed up as')

    def test_second_boot(self):
        self.assert_error(GOOD.replace('muster: exit 0\n', '') + GOOD, 'second report|second bring-up')

    def test_bail_out(self):
        self.assert_error(good('    ok 3', 'Bail out! no memory\n    ok 3'), 'given up')

    def test_harts_missing(self):
        self.assert_error(good('2 of 2', '1 of 2'), '1 harts came online, 2 were due')
        self.assert_error(good('2 of 2', '1 of 1'), 'has 2 harts', possible=2)
        self.assert_error(good('muster: 2 of 2 harts online in 1234 us\n', ''), 'no line said how many')

    def test_truncated(self):
        self.assert_error(GOOD[:GOOD.index('    ok 3')], 'ended after 2 of 3', code=SILENT)
        self.assert_error(GOOD[:-2], 'cut off', code=SILENT)
        self.assert_error(GOOD[:-1], 'cut off')

    def test_binary_garbage(self):
        self.assert_error(good('a log line', 'a \x80\x01 line'), 'no console prints')

    def test_line_without_end(self):
        self.assert_error(good('a log line', 'x' * 10000), 'without end')

    def test_stranger_among_results(self):
        self.assert_error(good('ok 1 boot', 'hello\nok 1 boot'), 'belongs to nobody')

    def test_garbled_record(self):
        self.assert_error(good('muster: exit', 'BENCH name=a min=1[    0.1\nmuster: exit'), 'garbled')

    def test_expect_and_forbid(self):
        self.assert_error(GOOD, 'no line matched', expect=['never said'])
        self.assert_error(GOOD, 'forbidden', forbid=['a remark'])
        self.assertEqual(judge(GOOD, expect=['a remark'], forbid=['never said']).code, PASSED)

    def test_records_due(self):
        self.assert_error(GOOD, 'no BENCH', records=True)


if __name__ == '__main__':
    tap.main()
