# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""`backstop sign`: what goes out, byte for byte; and that nothing goes out where something fails."""

import base64
import hashlib
import hmac
import os
import pathlib
import re
import sqlite3
import subprocess
import tempfile
import unittest

from cli import LIMIT_SEC, PROGRAM, SEPARATOR, run

NOW = "2026-11-23T20:24:50Z"
NOW_SEC = 1795465490
SECRET = bytes(range(32))
LEDGER_SECRET = bytes(range(32, 64))
MAIL = b"""\
Received: from pc.our.example (pc.our.example [192.0.2.9])
\tby mx.our.example with ESMTPSA id 1; Mon, 23 Nov 2026 20:24:50 +0000
From: Alice <Alice@our.example>
To: bob@remote.example
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
 aus \t K\xc3\xb6ln
Message-ID: <1@our.example>

Hello

From here on.
\xff\x00 the end"""


def mac(label, *pieces):
    """As docs/tag.md says, and not with our code."""
    text = b"\0".join([label.encode(), *pieces])
    digest = hmac.new(SECRET, text, hashlib.sha256).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


class SignTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.keys = self.folder / "keys"
        self.store = self.folder / "store.db"
        self.write_keys()

    def write_keys(self, *extra, tag_expires="-"):
        self.keys.write_text("version 1\n"
                             f"t1 1000 {tag_expires} tag {base64.b64encode(SECRET).decode()}\n"
                             f"l1 1000 - ledger {base64.b64encode(LEDGER_SECRET).decode()}\n"
                             + "".join(line + "\n" for line in extra))
        self.keys.chmod(0o600)

    def options(self, as_of=NOW):
        return ["--key-file", str(self.keys), "--store", str(self.store), "--as-of", as_of]

    def sign(self, mail=MAIL, sender="alice@our.example", recipients=("bob@remote.example",),
             as_of=NOW):
        rcpt = [word for address in recipients for word in ("--rcpt", address)]
        return run("sign", *self.options(as_of), "--from", sender, *rcpt, stdin=mail)

    def signed(self, mail=MAIL, **options):
        result = self.sign(mail, **options)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        return result.stdout

    def fails(self, status, says, result):
        self.assertEqual((result.returncode, result.stdout), (status, b""), result.stderr)
        self.assertIn(says, result.stderr.decode())

    def rows(self):
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True) as store:
            tables = [row[0] for row in
                      store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {table: store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                    for table in tables}


class Output(SignTest):
    def test_tag_on_top(self):
        out = self.signed()
        top, rest = out.split(b"\n", 1)
        self.assertEqual(rest, MAIL)
        match = re.fullmatch(rb"Backstop-Tag: v=1; k=t1; t=1795465490; n=([\w-]{16}); "
                             rb"a=([\w-]{22}); h=([\w-]{22})", top)
        nonce, ours, bound = match.groups()
        pieces = [b"t1", str(NOW_SEC).encode(), nonce]
        self.assertEqual(ours, mac("backstop-tag-1 a", *pieces))
        self.assertEqual(bound, mac("backstop-tag-1 h", *pieces, b"alice@our.example",
                                    b"<1@our.example>", b"alice@our.example",
                                    "Grüße aus Köln".encode()))

    def test_line_ends(self):
        for end in b"\r\n", b"\n", b"\r":
            with self.subTest(end=end):
                mail = MAIL.replace(b"\n", end)
                out = self.signed(mail)
                self.assertTrue(out.endswith(mail))
                self.assertRegex(out[:len(out) - len(mail)], rb"\ABackstop-Tag: [^\r\n]+"
                                 + re.escape(end) + rb"\Z")

    def test_from_line_stays_first(self):
        out = self.signed(SEPARATOR + b"\n" + MAIL)
        first, second, rest = out.split(b"\n", 2)
        self.assertEqual(first, SEPARATOR)
        self.assertTrue(second.startswith(b"Backstop-Tag: "))
        self.assertEqual(rest, MAIL)

    def test_message_id_is_made(self):
        mail = MAIL.replace(b"Message-ID: <1@our.example>\n", b"")
        out = self.signed(mail)
        tag, made, rest = out.split(b"\n", 2)
        self.assertEqual(rest, mail)
        self.assertRegex(made, rb"\AMessage-ID: <[\w-]{16}\.1795465490@[A-Za-z0-9._-]+>\Z")
        match = re.search(rb"n=([\w-]{16}).*h=([\w-]{22})", tag)
        self.assertEqual(match[2], mac("backstop-tag-1 h", b"t1", str(NOW_SEC).encode(), match[1],
                                       b"alice@our.example", made.split(b": ")[1],
                                       b"alice@our.example", "Grüße aus Köln".encode()))

    def test_odd_messages(self):
        """Whatever comes in comes out, below the new fields."""
        mails = {
            "no body": b"Subject: x\n",
            "no line end": b"Subject: x",
            "no header": b"\nBody\n",
            "text alone": b"This is no header\n",
            "CRLF and LF": b"Subject: x\r\n\nBody\r\n",
            "NUL": b"Subject: x\0y\n\n\0\n",
            "long lines": b"Subject: " + b"x" * 100_000 + b"\n\n" + b"y" * 100_000,
            "many fields": b"X-A: 1\n" * 20_000 + b"Message-ID: <1@our.example>\n\n",
        }
        for name, mail in mails.items():
            with self.subTest(name):
                out = self.signed(mail)
                self.assertTrue(out.startswith(b"Backstop-Tag: v=1; "))
                self.assertTrue(out.endswith(mail))

    def test_leading_continuation_lines(self):
        """They stay on top, so that none of them continues a new field."""
        for lead, rest in [(b" a\n\tb\n", MAIL), (b" \n", b"\nBody\n")]:
            with self.subTest(lead=lead):
                out = self.signed(lead + rest)
                self.assertTrue(out.startswith(lead + b"Backstop-Tag: v=1; "))
                self.assertTrue(out.endswith(b"\n" + rest))
        out = self.signed(b" a\n b")
        self.assertRegex(out, rb"\ABackstop-Tag: [^\n]+\nMessage-ID: <[^\n]+>\n\n a\n b\Z")

    def test_large_message(self):
        """Only the beginning is held in memory; all of it goes out."""
        mail = MAIL + os.urandom(1024) * 10_000
        self.assertTrue(self.signed(mail).split(b"\n", 1)[1] == mail)

    def test_other_line_ends_in_body(self):
        """The header is read as it stands, and its Message-ID found."""
        for mail in MAIL + b"\rx" * 100_000, MAIL.replace(b"\n", b"\r\n") + b"\rx\ny" * 100_000:
            self.assertTrue(self.signed(mail).split(b"\n", 1)[1] == mail)

    def test_unchanged(self):
        """Null senders, as mail systems write them, and what is signed already."""
        for sender in "", "<>", "MAILER-DAEMON", "mailer-daemon":
            self.assertEqual(self.signed(sender=sender), MAIL)
        once = self.signed(as_of="2026-11-22T00:00:00Z")
        self.assertEqual(self.signed(once), once)
        self.assertEqual(self.signed(once, sender="<alice@OUR.example>"), once)

    def test_signed_again(self):
        """A tag that is too old, of tomorrow's clock, of another mail, sender or key, or broken."""
        once = self.signed()
        for name, mail, options in [
                ("old", once, {"as_of": "2026-12-08T00:00:00Z"}),
                ("future", once, {"as_of": "2026-11-01T00:00:00Z"}),
                ("sender", once, {"sender": "list-bounces@our.example"}),
                ("subject", once.replace(b"Subject: ", b"Subject: [EXTERNAL] "), {}),
                ("broken", once.replace(b"; n=", b"; n=A"), {}),
                ("doubled", once.replace(b"v=1; ", b"v=1; v=1; "), {}),
                ("forged", re.sub(rb"a=[\w-]+", b"a=" + b"A" * 22, once), {})]:
            with self.subTest(name):
                out = self.signed(mail, **options)
                self.assertEqual(out.split(b"\n", 1)[1], mail)
        folded = once.replace(b"; n=", b";\n\tn=")
        self.assertEqual(self.signed(folded), folded)

    def test_batv_sender(self):
        """The tag binds the plain address."""
        self.write_keys(f"p1 1000 - prvs3 {base64.b64encode(SECRET).decode()}")
        out = self.signed(sender="prvs=3787cb6530=alice@our.example")
        self.assertEqual(self.signed(out), out)
        self.assertNotEqual(self.signed(out, sender="prvs=3787cb6531=alice@our.example"), out)

    def test_recipients_as_pipe_gives_them(self):
        result = run("sign", *self.options(), "--from", "alice@our.example", "--rcpt",
                     "bob@remote.example", "carol@remote.example", "<dave@remote.example>",
                     stdin=MAIL)
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        one = self.rows()
        self.signed(recipients=["bob@remote.example", "carol@remote.example",
                                "dave@remote.example"])
        self.assertEqual(self.rows(), one)
        self.signed(recipients=["eve@remote.example"])
        self.assertNotEqual(self.rows(), one)


class Failure(SignTest):
    def test_usage(self):
        for arguments in [[], ["--from", "alice@our.example"], ["--rcpt", "bob@remote.example"],
                          ["--from", "a", "--rcpt", "b", "--nosuch"],
                          ["--from", "a", "--rcpt", "b", "--as-of", "now"]]:
            with self.subTest(arguments=arguments):
                result = run("sign", *arguments, stdin=MAIL)
                self.fails(64, "Usage:", result)

    def test_no_message(self):
        for mail in b"", b"\n", b" \r\n\0":
            self.fails(75, "no message", self.sign(mail))

    def test_keys(self):
        """The mail stays with whoever has it, until the keys are put right."""
        self.keys.chmod(0o644)
        self.fails(75, f"chmod 600 {self.keys}", self.sign())
        self.keys.unlink()
        self.fails(75, "`backstop key new --key-file", self.sign())
        self.keys.write_text("version 1\n")
        self.keys.chmod(0o600)
        self.fails(75, "ledger key", self.sign())
        self.write_keys(tag_expires=NOW_SEC)
        self.fails(75, "`backstop key new tag`", self.sign())
        self.write_keys(tag_expires=NOW_SEC + 1)
        self.signed()

    def test_config(self):
        config = self.folder / "backstop.conf"
        config.write_text("[backstop]\nnonsense = 1\n")
        result = run("--config", str(config), "sign", "--from", "a@our.example", "--rcpt",
                     "bob@remote.example", stdin=MAIL)
        self.fails(75, "nonsense", result)

    def test_store(self):
        self.store.write_bytes(b"this is no database" * 1000)
        self.fails(75, str(self.store), self.sign())
        self.assertEqual(self.store.read_bytes(), b"this is no database" * 1000)
        self.store.unlink()
        self.store.mkdir()
        self.fails(75, str(self.store), self.sign())

    def test_locked_store(self):
        """The mail goes, since the gap is on record beside the store."""
        self.signed()
        before = set(os.listdir(self.folder))
        with sqlite3.connect(self.store, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            result = self.sign()
            other.execute("ROLLBACK")
        self.assertEqual(result.returncode, 0)
        self.assertIn(str(self.store), result.stderr.decode())
        self.assertEqual(result.stdout.split(b"\n", 1)[1], MAIL)
        self.assertGreater(set(os.listdir(self.folder)), before)
        self.signed()
        with sqlite3.connect(self.store) as store:
            self.assertGreaterEqual(store.execute("SELECT count(*) FROM gaps").fetchone()[0], 1)

    def test_full_output(self):
        """A disk that is full behind us."""
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [PROGRAM, "sign", *self.options(), "--from", "alice@our.example", "--rcpt",
                 "bob@remote.example"], input=MAIL, stdout=full, stderr=subprocess.PIPE,
                timeout=LIMIT_SEC, check=False)
        self.assertEqual(result.returncode, 75)
        self.assertIn(b"No space left on device", result.stderr)

    def test_control_characters_in_errors(self):
        self.keys = self.folder / "ke\x1b[2Jys"
        result = self.sign()
        self.assertEqual(result.returncode, 75)
        self.assertNotIn(b"\x1b", result.stderr)


if __name__ == "__main__":
    unittest.main()
