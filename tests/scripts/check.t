#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/check as a command: each exit status, each option, on a stand-in for the emulator."""

import os
import signal
import subprocess
import threading
import time
import xml.etree.ElementTree as ET

import tap
from tap import GOOD, TOP

PROMPT = r'@raw \rmuster>\x20'


class Command(tap.Case):
    """Runs the command in a folder of its own."""

    def setUp(self):
        super().setUp()
        self.image = self.write('Image', 'not looked into')
        self.play = self.dir / 'play'
        self.environment = dict(os.environ, FAKE_PLAY=str(self.play), BIOS='none',
                                QEMU=str(TOP / 'tests/scripts/fake-qemu'))

    def start(self, play, *options):
        """Starts a check of what play says."""
        self.play.write_text(play)
        # A job that a script runs in the background ignores ctrl-c, and hands that on.
        return subprocess.Popen([TOP / 'scripts/check', *options, self.image], env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def check(self, play, *options):
        """(exit status, what was printed)."""
        process = self.start(play, *options)
        output = process.communicate(timeout=60)[0]
        return process.returncode, output

    def assert_check(self, status, pattern, play, *options):
        """The check of play ends with status and prints what matches."""
        code, output = self.check(play, *options)
        self.assertRegex(output, pattern)
        self.assertEqual(code, status, output)


class Verdicts(Command):
    """The four exit statuses."""

    def test_0_passed(self):
        self.assert_check(0, r'check: passed: 4 passed, 0 failed, 1 skipped', GOOD)

    def test_1_failed(self):
        play = GOOD.replace('    ok 3 many\nok 2', '    # call.c:7: it is not\n    not ok 3 many\nnot ok 2')
        play = play.replace('exit 0', 'exit 1') + '@exit 1\n'
        self.assert_check(1, r'FAILED call.many\n    # a remark\n    # call.c:7: it is not', play)

    def test_1_status_lies(self):
        self.assert_check(1, 'exit line says 0, the machine left with status 3', GOOD + '@exit 3\n')
        self.assert_check(0, 'passed', GOOD + '@exit 3\n', '--machine', 'sifive_u')

    def test_2_no_image(self):
        self.image = self.dir / 'nowhere'
        self.assert_check(2, 'nowhere is not there', GOOD)

    def test_2_no_emulator(self):
        self.assert_check(2, 'no emulator nosuch', GOOD, '--qemu', 'nosuch')

    def test_2_no_firmware(self):
        self.assert_check(2, 'no firmware nosuch', GOOD, '--bios', 'nosuch')

    def test_2_emulator_refuses(self):
        self.assert_check(2, 'could not be run: qemu: bad option', '@message qemu: bad option\n@exit 1\n')

    def test_2_bad_usage(self):
        self.assert_check(2, 'usage', GOOD, '--expect', '(')

    def test_3_ended_early(self):
        self.assert_check(3, r'before its exit line \(the machine left with status 4\)',
                          GOOD[:GOOD.index('    ok 3')] + '@exit 4\n')

    def test_3_silent(self):
        self.assert_check(3, 'silent for 0.5 s; the last line was: "    # a remark"',
                          GOOD[:GOOD.index('    ok 3')] + '@hang\n', '--silence', '0.5')

    def test_3_nothing_said(self):
        self.assert_check(3, 'nothing was said', '@hang\n', '--silence', '0.5')

    def test_3_endless_lines(self):
        self.assert_check(3, 'output without end', GOOD[:300] + '\n@endless hello\\n\n')

    def test_3_endless_line(self):
        self.assert_check(3, 'output without end', '@endless hello\n')

    def test_3_stays_on_after_a_panic(self):
        play = '[    0.000001] panic: on fire\n@hang\n'
        self.assert_check(3, 'gave up.*panic: on fire', play, '--silence', '1')

    def test_stays_on_after_exit(self):
        self.assert_check(1, 'did not go off after its exit line', GOOD + '@hang\n', '--silence', '0.5')

    def test_emulator_complains(self):
        self.assert_check(1, 'the emulator says: qemu: strange', '@message qemu: strange\n' + GOOD)


class Options(Command):
    """What the options do."""

    def test_default_asks_for_tests(self):
        self.assert_check(0, '-append\ntest=all', '@arguments\n' + GOOD, '--log', '/dev/stdout')

    def test_no_default_beside_a_request(self):
        play = '@arguments\n' + GOOD.replace('muster: exit', 'BENCH name=a min=1\nmuster: exit')
        self.assert_check(0, '-append\nbench=all quiet', play, '--log', '/dev/stdout', '--append', 'bench=all quiet')

    def test_deterministic(self):
        self.assert_check(0, r'(?s)-append\ntest=all deterministic=1\n.*-icount\nshift=0,sleep=off\n-seed\n1\n-rtc\n',
                          '@arguments\n' + GOOD, '--log', '/dev/stdout', '--deterministic')

    def test_many_harts_share_a_thread(self):
        harts = 64 * (os.cpu_count() or 1) + 1
        # So many that the image is moved: it must be one.
        self.image.write_bytes(bytes(56) + b'RSC\5' + bytes(4))
        self.assert_check(1, rf'(?s)-smp\n{harts}\n.*-accel\ntcg,thread=single\n', '@arguments\n' + GOOD,
                          '--log', '/dev/stdout', '--smp', str(harts))

    def test_log_holds_the_bytes(self):
        log = self.dir / 'log'
        self.check(GOOD, '--log', log)
        self.assertEqual(log.read_bytes(), GOOD.replace('\n', '\r\n').encode())

    def test_expect_and_forbid(self):
        self.assert_check(0, 'passed', GOOD, '--expect', 'a remark', '--forbid', 'never')
        self.assert_check(1, 'no line matched', GOOD, '--expect', 'never')
        self.assert_check(1, 'forbidden', GOOD, '--forbid', 'a remark')

    def test_until(self):
        play = '[    0.000001] up\n' + PROMPT + '\n@hang\n'
        self.assert_check(0, 'passed', play, '--until', '^muster> $')
        self.assert_check(3, 'silent', play, '--until', 'never', '--silence', '0.5')
        self.assert_check(3, 'ended before never was seen', '[    0.000001] up\n', '--until', 'never')

    def test_until_still_sees_a_panic(self):
        self.assert_check(1, 'gave up', '[    0.000001] panic: no\nmuster> \n@hang\n', '--until', '^muster>')

    def test_send(self):
        head = 'muster: 2 of 2 harts online in 9 us\n'
        play = f'{head}{PROMPT}\n@read\nfirst done\n{PROMPT}\n@read\nmuster: exit 0\n'
        log = self.dir / 'log'
        self.assert_check(0, 'passed', play, '--send', 'first', '--send', 'poweroff', '--log', log)
        self.assertIn(b'muster> first\r\nfirst done\r\n\rmuster> poweroff', log.read_bytes())

    def test_online(self):
        self.assert_check(1, '2 harts came online, 1 were due', GOOD, '--online', '1')
        self.assert_check(1, 'the machine has 4 harts, the kernel found 2', GOOD, '--smp', '4')
        self.assert_check(0, 'passed', GOOD.replace('2 of 2', '1 of 2'), '--append', 'test=all maxcpus=1')

    def test_junit(self):
        play = GOOD.replace('ok 1 boot', 'hello \x07\nok 1 boot').replace('    ok 3', '    # <&>"\n    not ok 3')
        file = self.dir / 'junit.xml'
        self.assertEqual(self.check(play, '--junit', file)[0], 1)
        root = ET.parse(file).getroot()
        self.assertEqual((root.get('tests'), root.get('failures'), root.get('errors'), root.get('skipped')),
                         ('6', '1', '1', '1'))
        names = [case.get('name') for case in root.iter('testcase')]
        self.assertEqual(names, ['boot.harts', 'boot.order', 'call.self', 'call.far', 'call.many', 'console.whole'])
        self.assertEqual([skip.get('message') for skip in root.iter('skipped')], ['one node only'])
        self.assertIn('<&>"', next(root.iter('failure')).text)
        self.check(GOOD, '--junit', file)
        self.assertIsNone(next(ET.parse(file).getroot().iter('error'), None))


class Processes(Command):
    """No machine stays behind."""

    def setUp(self):
        super().setUp()
        self.pid_file = self.dir / 'pid'
        self.environment['FAKE_PID'] = str(self.pid_file)

    def wait_for_machine(self):
        for _ in range(200):
            if self.pid_file.exists() and self.pid_file.read_text():
                return int(self.pid_file.read_text())
            time.sleep(0.05)
        return self.fail('the machine did not start')

    def assert_gone(self, pid):
        for _ in range(100):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
        self.fail('the machine is still there')

    def test_after_silence(self):
        self.check('@hang\n', '--silence', '0.3')
        self.assert_gone(self.wait_for_machine())

    def test_when_terminated(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            self.pid_file.unlink(missing_ok=True)
            process = self.start('@hang\n')
            pid = self.wait_for_machine()
            process.send_signal(number)
            process.communicate(timeout=20)
            self.assertNotEqual(process.returncode, 0)
            self.assert_gone(pid)


class SerialLine(Command):
    """A pseudo terminal as the board's serial line."""

    def board(self, said, *options, close=False):
        """Checks a board that says something once somebody listens."""
        board, line = self.pty()
        process = self.start('', '--serial', os.ttyname(line), *options)
        first = process.stdout.readline()

        def speak():
            os.write(board, said.replace('\n', '\r\n').encode('latin-1'))
            if close:
                os.close(board)

        os.close(line)
        speaker = threading.Thread(target=speak)
        speaker.start()
        output = process.communicate(timeout=60)[0]
        speaker.join()
        if not close:
            os.close(board)
        return process.returncode, first + output

    def test_passed(self):
        code, output = self.board('\xff\x00 noise\n' + GOOD)
        self.assertIn('listening', output)
        self.assertEqual(code, 0, output)

    def test_failed(self):
        code, output = self.board(GOOD.replace('    ok 1 self', '    not ok 1 self'))
        self.assertEqual(code, 1, output)

    def test_silent(self):
        code, output = self.board(GOOD[:200], '--silence', '0.5')
        self.assertIn('silent for 0.5 s', output)
        self.assertEqual(code, 3, output)

    def test_unplugged(self):
        code, output = self.board(GOOD[:200], close=True)
        self.assertEqual(code, 3, output)

    def test_goes_on_after_exit(self):
        code, output = self.board(GOOD + '[    9.000000] hello\n')
        self.assertEqual(code, 1, output)

    def test_no_such_line(self):
        self.assert_check(2, 'could not be run', '', '--serial', str(self.dir / 'nowhere'))
        self.assert_check(2, 'is not a serial line', '', '--serial', '/dev/null')


if __name__ == '__main__':
    tap.main()
