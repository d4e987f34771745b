# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""`backstop filter`: the mail goes on whatever happens, and a notice bears its verdict."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import cli

FIELD = b"Backstop-Verdict: unverified; kind=failure; reason=user_unknown"


def filtered(mail, *options):
    return cli.run("filter", *options, stdin=mail)


class Passing(unittest.TestCase):
    def check_passes(self, mail, *options, expected=None, status=0):
        result = filtered(mail, *options)
        self.assertEqual(result.stdout, mail if expected is None else expected)
        self.assertEqual(result.returncode, status, result.stderr)
        return result

    def test_ordinary_mail_is_unchanged(self):
        result = self.check_passes(cli.ORDINARY)
        self.assertEqual(result.stderr, b"")

    def test_no_mail_at_all(self):
        self.check_passes(b"")

    def test_bytes_that_are_no_mail(self):
        self.check_passes(bytes(range(256)) * 100)

    def test_notice_bears_its_verdict_on_top(self):
        mail = cli.notice()
        self.check_passes(mail, expected=FIELD + b"\n" + mail)

    def test_line_ends_are_the_mail_s_own(self):
        for end in (b"\r\n", b"\r"):
            with self.subTest(end=end):
                mail = cli.notice(line_end=end)
                self.check_passes(mail, expected=FIELD + end + mail)

    def test_from_line_stays_first(self):
        line = b"From MAILER-DAEMON Mon Nov 23 20:25:00 2026\n"
        mail = cli.notice()
        self.check_passes(line + mail, expected=line + FIELD + b"\n" + mail)

    def test_incoming_verdict_is_removed(self):
        forged = (b"Backstop-Verdict: genuine; confidence=proven\n", b"backstop-verdict : genuine\n",
                  b"BACKSTOP-VERDICT: genuine;\n\tconfidence=proven\n by=tag\n")
        for line in forged:
            with self.subTest(line=line):
                self.check_passes(line + cli.ORDINARY, expected=cli.ORDINARY)
                self.check_passes(b"X-First: 1\n" + line + line + cli.ORDINARY,
                                  expected=b"X-First: 1\n" + cli.ORDINARY)
                self.check_passes(line + cli.notice(), expected=FIELD + b"\n" + cli.notice())

    def test_verdict_behind_lone_cr_is_removed(self):
        """Some programs take a lone CR for a line end."""
        for line_end in b"\n", b"\r\n":
            with self.subTest(line_end=line_end):
                rest = cli.ORDINARY.replace(b"\n", line_end)
                self.check_passes(b"X-A: a\rBackstop-Verdict: genuine" + line_end + rest,
                                  expected=b"X-A: a\r\n" + rest)
        self.check_passes(b"X-A: 1\n\rb\nBackstop-Verdict: genuine\n" + cli.ORDINARY,
                          expected=b"X-A: 1\n\rb\n" + cli.ORDINARY)

    def test_no_line_of_the_mail_continues_the_verdict(self):
        for lead in b" genuine\n", b"\tgenuine\n", b" \n":
            with self.subTest(lead=lead):
                self.check_passes(lead + cli.notice(),
                                  expected=lead + FIELD + b"\n" + cli.notice())

    def test_verdict_in_the_body_stays(self):
        self.check_passes(cli.ORDINARY + b"\nBackstop-Verdict: genuine\n")

    def test_more_than_is_judged(self):
        mail = cli.notice() + b"x" * 99 + b"\n"
        mail += (b"y" * 999 + b"\n") * (70 * 1024)
        self.check_passes(mail, expected=FIELD + b"\n" + mail)

    def test_exit_code_tells_the_verdict(self):
        self.check_passes(cli.ORDINARY, "--exit-code")
        mail = cli.notice()
        self.check_passes(mail, "--exit-code", expected=FIELD + b"\n" + mail, status=11)


class Failing(unittest.TestCase):
    """What is wrong elsewhere costs no mail, and is told of."""

    def check_unjudged(self, *options):
        mail = b"Backstop-Verdict: genuine\n" + cli.notice()
        result = filtered(mail, *options)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stdout, cli.notice())
        self.assertNotEqual(result.stderr, b"")

    def test_configuration_is_missing_or_wrong(self):
        with tempfile.TemporaryDirectory() as folder:
            wrong = pathlib.Path(folder, "wrong.conf")
            wrong.write_text("[backstop]\nno-such-key = 1\n")
            self.check_unjudged("--config", str(wrong))
            self.check_unjudged("--config", f"{folder}/none.conf")

    def test_wrong_options_are_told_of_and_passed_over(self):
        for options in (["--no-such-option"], ["--client-ip", "nowhere"], ["--as-of", "noon"],
                        ["left-over"]):
            with self.subTest(options=options):
                result = filtered(cli.notice(), *options)
                self.assertEqual(result.returncode, 0)
                self.assertTrue(result.stdout.endswith(cli.notice()))
                self.assertIn(b"command line", result.stderr)

    def test_store_is_no_store(self):
        with tempfile.TemporaryDirectory() as folder:
            key_file = f"{folder}/keys"
            self.assertEqual(cli.run("key", "new", "--key-file", key_file).returncode, 0)
            store = pathlib.Path(folder, "store.db")
            store.write_bytes(b"this is no database " * 500)
            result = filtered(cli.notice(), "--key-file", key_file, "--store", str(store))
            self.assertEqual(result.returncode, 0)
            self.assertTrue(result.stdout.endswith(cli.notice()))
            self.assertIn(b"store.db", result.stderr)

    def test_full_disk_is_no_delivery(self):
        with open("/dev/full", "wb") as full:
            result = cli.run("filter", stdin=cli.ORDINARY, stdout=full)
        self.assertEqual(result.returncode, 75)
        self.assertNotEqual(result.stderr, b"")

    def test_reader_that_went_away(self):
        with subprocess.Popen([cli.PROGRAM, "filter"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            try:
                process.stdin.write(cli.ORDINARY * 10000)
                process.stdin.close()
            except BrokenPipeError:
                pass
            self.assertEqual(process.wait(timeout=cli.LIMIT_SEC), 75)

    def test_slow_writer(self):
        mail = cli.notice()
        with subprocess.Popen([cli.PROGRAM, "filter"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            for start in range(0, len(mail), 200):
                process.stdin.write(mail[start:start + 200])
                process.stdin.flush()
                time.sleep(0.01)
            process.stdin.close()
            self.assertEqual(process.stdout.read(), FIELD + b"\n" + mail)
            self.assertEqual(process.wait(timeout=cli.LIMIT_SEC), 0)

    def check_disturbed(self, number):
        """The mail passes though each judging process gets this signal; the seconds it then took."""
        mail = cli.notice() + (b"y" * 999 + b"\n") * (40 * 1024)
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as sink:
            source.write(mail)
            source.seek(0)
            # The sanitizer looks for leaks in a child of its own, which is to be left alone.
            env = dict(os.environ, LSAN_OPTIONS="detect_leaks=0")
            with subprocess.Popen([cli.PROGRAM, "filter"], stdin=source, stdout=sink,
                                  stderr=subprocess.PIPE, env=env) as process:
                start = None
                while process.poll() is None:
                    for child in children_of(process.pid):
                        if send(child, number) and start is None:
                            start = time.monotonic()
                    time.sleep(0 if start is None else 0.01)
                self.assertEqual(process.returncode, 0)
            end = time.monotonic()
            sink.seek(0)
            self.assertTrue(sink.read().endswith(mail))
            self.assertIsNotNone(start)
            return end - start

    def test_judging_process_is_killed(self):
        """Whatever ends the judging, the mail passes: here somebody kills it at once."""
        self.check_disturbed(signal.SIGKILL)

    def test_judging_process_hangs(self):
        """Dovecot's filters have 10 s by default."""
        self.assertLess(self.check_disturbed(signal.SIGSTOP), 10)


def children_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def send(pid, number):
    try:
        os.kill(int(pid), number)
        return True
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
