# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""What `backstop check` writes: JSON against its schema, text for people, errors, the bar."""

import json
import os
import pathlib
import pty
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest
from fcntl import ioctl

import jsonschema

from cli import LIMIT_SEC, ORDINARY, PROGRAM, ROOT, lines_of, mbox, notice, run

ERASE = b"\r\x1b[K"


def schema():
    return json.loads((ROOT / "docs" / "check.schema.json").read_text())


def key_order(value):
    """The keys of an object in their order, with those of the objects inside."""
    if isinstance(value, dict):
        return [(key, key_order(inner)) for key, inner in value.items()]
    if isinstance(value, list):
        return [key_order(inner) for inner in value[:1]]
    return None


class Json(unittest.TestCase):
    def test_keys_and_their_order(self):
        [line] = lines_of(run("check", "--json", "-", stdin=notice()).stdout)
        recipient = ["address", "final", "original", "action", "reason", "status", "reply",
                     "diagnostic"]
        self.assertEqual(key_order(line), [
            ("schema", None), ("file", None), ("index", None), ("cut", None),
            ("notice", [("kind", None), ("reason", None), ("status", None), ("reply", None),
                        ("reporting_mta", None), ("arrival_date", None),
                        ("recipients", [[(key, None) for key in recipient]])]),
            ("returned", [("form", None), ("complete", None), ("message_id", None),
                          ("sender", None), ("from", None), ("to", [None]), ("subject", None),
                          ("date", None),
                          ("hops", [[("from", None), ("ip", None), ("by", None),
                                     ("date", None)]])]),
            ("verdict", None), ("confidence", None), ("disposition", None), ("evidence", []),
            ("explanation", None)])
        self.assertEqual(line["verdict"], "unverified")

    def test_schema_is_valid_and_strict(self):
        jsonschema.Draft202012Validator.check_schema(schema())
        validator = jsonschema.Draft202012Validator(schema())
        [line] = lines_of(run("check", "--json", "-", stdin=notice()).stdout)
        self.assertEqual(list(validator.iter_errors(line)), [])
        for broken in [{"verdict": "not_a_notice"}, {"index": -1}, {"cut": None}, {"schema": 2},
                       {"notice": {**line["notice"], "kind": "bounce"}},
                       {"notice": {**line["notice"], "arrival_date": "yesterday"}},
                       {"notice": {**line["notice"], "kind": "none"}},
                       {"returned": {**line["returned"], "form": "none"}}]:
            with self.subTest(broken):
                self.assertFalse(validator.is_valid({**line, **broken}))
        for key in line:
            with self.subTest(key):
                self.assertFalse(validator.is_valid({k: v for k, v in line.items() if k != key}))

    def test_all_fixtures_fit_the_schema(self):
        folders = sorted({str(path.parent) for path in (ROOT / "tests" / "fixtures").rglob("*.eml")})
        result = run("check", "--json", *folders)
        validator = jsonschema.Draft202012Validator(schema())
        lines = lines_of(result.stdout)
        self.assertGreater(len(lines), 100)
        for line in lines:
            with self.subTest(line["file"]):
                self.assertEqual([error.message for error in validator.iter_errors(line)], [])

    def test_hostile_names_and_texts(self):
        subject = '=?utf-8?q?a=22=5C=01=7F=0A=E2=80=AE=F0=9F=93=AC=00?= "q" \\'
        with tempfile.TemporaryDirectory() as folder:
            name = pathlib.Path(folder) / 'a"\\\n\x01\x7f\u2028.eml'
            name.write_bytes(notice(subject=subject))
            [line] = lines_of(run("check", "--json", str(name)).stdout)
            self.assertEqual(line["file"], str(name))
        self.assertIn("\U0001f4ec", line["returned"]["subject"])
        jsonschema.validate(line, schema())


class Text(unittest.TestCase):
    def text(self, *arguments, stdin=b"", status=0):
        result = run("check", *arguments, stdin=stdin)
        self.assertEqual(result.returncode, status)
        return result.stdout.decode()

    def test_a_notice(self):
        text = self.text("-", stdin=notice())
        head, explanation, technical, rest = text.split("\n\n")
        self.assertEqual(head, "-: delivery failure")
        explanation = " ".join(explanation.split())
        self.assertTrue(explanation.startswith(
            'A message that names you as its sender ("Offer", dated 23 November 2026) could not be '
            "delivered to nobody@remote.example: there is no mailbox of that name. This is final"))
        self.assertEqual(technical.splitlines(), [
            "  verdict         unverified",
            "  kind            failure",
            "  reason          user_unknown",
            "  status          5.1.1",
            "  reply           550",
            "  reporting MTA   mx.remote.example",
            "  arrival         2026-11-23T20:24:50Z",
            "  recipient       nobody@remote.example",
            "    final         nobody@remote.example",
            "    action        failed",
            "    reason        user_unknown",
            "    status        5.1.1",
            "    reply         550",
            "    diagnostic    550 5.1.1 <nobody@remote.example>: Recipient address rejected: "
            "User unknown",
            "  returned        headers, header complete",
            "    Message-ID    <1@our.example>",
            "    From          alice@our.example",
            "    To            nobody@remote.example",
            "    Subject       Offer",
            "    Date          2026-11-23T20:24:50Z",
            "    hop           from mx.our.example [192.0.2.5] by mx.remote.example "
            "2026-11-23T20:24:50Z"])
        self.assertEqual(rest, "")

    def test_no_notice(self):
        self.assertEqual(self.text("-", stdin=ORDINARY), "-: not a notice\n")

    def test_count_and_numbers_in_an_mbox(self):
        lines = self.text("-", stdin=mbox(notice(), ORDINARY, ORDINARY)).splitlines()
        self.assertEqual(lines[0], "-#0: delivery failure")
        self.assertEqual(lines[-3:], ["-#1: not a notice", "-#2: not a notice",
                                      "3 messages, 1 of them notices"])

    def test_wrapped_to_80_columns(self):
        text = self.text("-", stdin=notice(subject="long words " * 10))
        explanation = text.split("\n\n")[1].splitlines()
        self.assertLessEqual(max(map(len, explanation)), 80)
        self.assertGreater(max(map(len, explanation)), 60)

    def test_nothing_from_mail_or_names_moves_the_cursor(self):
        subject = "=?utf-8?q?x=1B]0;title=07=1B[2J=0D=C2=9B1m=E2=80=AE=E2=81=A6y?=".encode()
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(os.fsencode(folder), b"a\x1b[2J\n\xff\xe2\x80\xae")
            with open(name, "wb") as file:
                file.write(notice(subject=subject + b"\x1b[1m"))
            result = run("check", name, os.path.join(os.fsencode(folder), b"\x1bgone"))
        for text in [result.stdout.decode(), result.stderr.decode()]:
            bad = [c for c in text if ord(c) < 32 and c != "\n" or 0x7f <= ord(c) < 0xa0
                   or c in "\u202e\u2066"]
            self.assertEqual(bad, [])
        self.assertIn(rb"a\x1b[2J\x0a\xff\u202e: delivery failure", result.stdout)
        self.assertIn(rb"/\x1bgone: No such file", result.stderr)

    def test_width_of_the_terminal(self):
        controller, terminal = pty.openpty()
        ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
        result = run("check", "-", stdin=notice(), stdout=terminal)
        os.close(terminal)
        text = os.read(controller, 100000).decode().replace("\r\n", "\n")
        os.close(controller)
        self.assertEqual(result.returncode, 0)
        explanation = text.split("\n\n")[1].splitlines()
        self.assertLessEqual(max(map(len, explanation)), 50)
        self.assertGreater(max(map(len, explanation)), 40)


class Options(unittest.TestCase):
    def test_envelope(self):
        result = run("check", "--json", "--mail-from", "", "--rcpt", "alice@our.example",
                     "--rcpt=<b@our.example>", "--client-ip", "2001:db8::1", "--helo",
                     "mx.remote.example", "-", stdin=notice())
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertEqual(lines_of(result.stdout)[0]["notice"]["kind"], "failure")

    def test_option_after_a_path_and_double_dash(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "--json").write_bytes(ORDINARY)
            after = run("check", "--", "--json", cwd=folder)
            self.assertEqual(after.stdout, b"--json: not a notice\n")
        self.assertEqual(len(lines_of(run("check", "-", "--json", stdin=ORDINARY).stdout)), 1)

    def test_usage_errors(self):
        for arguments, said in [((), b"Usage:"), (("chekc",), b"no such command: chekc"),
                                (("check",), b"no PATH"), (("check", "--json"), b"no PATH"),
                                (("check", "--nonsense", "-"), b"--nonsense"),
                                (("check", "-x", "-"), b"'x'"),
                                (("check", "-", "--rcpt"), b"--rcpt"),
                                (("check", "--client-ip", "localhost", "-"), b"IP address"),
                                (("check", "--json=yes", "-"), b"--json")]:
            with self.subTest(arguments):
                result = run(*arguments)
                self.assertEqual((result.returncode, result.stdout), (64, b""))
                self.assertIn(said, result.stderr)
                self.assertIn(b"backstop check", result.stderr)

    def test_help_and_version(self):
        told = run("--help")
        self.assertEqual((told.returncode, told.stderr), (0, b""))
        self.assertIn(b"Usage: backstop check", told.stdout)
        version = run("--version")
        self.assertRegex(version.stdout, rb"^backstop [0-9]+\.[0-9]+\.[0-9]+\n$")
        self.assertEqual(version.returncode, 0)


class WriteErrors(unittest.TestCase):
    def test_full_disk(self):
        for arguments in [("check", "-"), ("check", "--json", "-"), ("--help",), ("--version",)]:
            with self.subTest(arguments), open("/dev/full", "wb") as full:
                result = run(*arguments, stdin=notice(), stdout=full)
                self.assertEqual(result.stderr,
                                 b"backstop: standard output: No space left on device\n")
                self.assertEqual(result.returncode, 75)

    def test_full_disk_stops_a_long_run(self):
        with open("/dev/full", "wb") as full:
            result = run("check", "-", stdin=mbox(*[notice()] * 1000), stdout=full)
        self.assertEqual(result.returncode, 75)
        self.assertEqual(result.stderr.count(b"\n"), 1)

    def test_reader_that_went_away(self):
        for restore, statuses in [(True, {-signal.SIGPIPE}), (False, {75})]:
            with self.subTest(restore):
                reader, writer = os.pipe()
                os.close(reader)
                result = subprocess.run([PROGRAM, "check", "-"], input=mbox(*[notice()] * 100),
                                        stdout=writer, stderr=subprocess.PIPE, timeout=LIMIT_SEC,
                                        restore_signals=restore, check=False)
                os.close(writer)
                self.assertIn(result.returncode, statuses)
                self.assertEqual(result.stderr, b"")


class ProgressBar(unittest.TestCase):
    def run_slowly(self, stderr, is_enough):
        """Feeds messages until that says so, and tells the exit status."""
        with subprocess.Popen([PROGRAM, "check", "--json", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=stderr) as process:
            end = time.monotonic() + LIMIT_SEC
            while not is_enough() and time.monotonic() < end:
                process.stdin.write(mbox(ORDINARY))
                process.stdin.flush()
                time.sleep(0.05)
            process.stdin.close()
            return process.wait(LIMIT_SEC)

    def on_terminal(self, is_enough):
        """What was shown; `is_enough` is asked with what was until then."""
        controller, terminal = pty.openpty()
        os.set_blocking(controller, False)
        shown = bytearray()

        def look():
            try:
                shown.extend(os.read(controller, 100000))
            except BlockingIOError:
                pass
            return is_enough(shown)

        self.assertEqual(self.run_slowly(terminal, look), 0)
        look()
        os.close(terminal)
        os.close(controller)
        return bytes(shown)

    def test_shown_on_a_terminal_and_erased(self):
        shown = self.on_terminal(lambda shown: b"messages" in shown)
        self.assertRegex(shown, rb"\r\x1b\[K[0-9]+ messages")
        self.assertTrue(shown.endswith(ERASE))

    def test_not_for_short_work(self):
        """On a machine at work on much else, short work may not be short: then it is done again."""
        for _ in range(20):
            started = time.monotonic()
            shown = self.on_terminal(lambda shown: time.monotonic() - started > 0.2)
            if time.monotonic() - started < 0.9:
                break
        self.assertEqual(shown, b"")

    def test_not_without_a_terminal(self):
        with tempfile.TemporaryFile() as log:
            end = time.monotonic() + 1.5
            self.run_slowly(log, lambda: time.monotonic() > end)
            log.seek(0)
            self.assertEqual(log.read(), b"")


if __name__ == "__main__":
    unittest.main()
