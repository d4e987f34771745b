# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""A store whose history is filled as the daemon fills it (tests/store/record_events.c)."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from cli import LIMIT_SEC, ROOT, run

BUILD = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build"))
RECORD = BUILD / "tests/store/record_events"
NOW = "2026-11-24T12:00:00Z"
NOW_SEC = 1795521600
DAY_SEC = 86400
KEYS = """\
version 1
t1 1 - tag MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWU=
l1 1 - ledger MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
"""
EXIT_INPUT, EXIT_USAGE, EXIT_TEMPORARY = 1, 64, 75


def forged(**members):
    """A notice about mail that is proven not ours."""
    return {"verdict": "backscatter", "confidence": "proven", "enforced": "reject",
            "has_genuine_witness": "0", "has_tag": "0", **members}


class HistoryTest(unittest.TestCase):
    command = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        keys = self.folder / "keys"
        keys.touch(mode=0o600)
        keys.write_text(KEYS)
        self.configure()

    def configure(self, text=""):
        (self.folder / "conf").write_text(f"[backstop]\nkey-file = {self.folder}/keys\n"
                                          f"store = {self.folder}/db\n{text}")

    def record(self, *events):
        """Each is a dictionary of the event's members."""
        lines = "".join("\t".join(f"{name}={value}" for name, value in event.items()) + "\n"
                        for event in events)
        subprocess.run([RECORD, self.folder / "db", self.folder / "keys", str(NOW_SEC)],
                       input=lines.encode("utf-8", "surrogateescape"), check=True,
                       timeout=LIMIT_SEC)

    def observe(self, days):
        self.record(*({"observe": NOW_SEC - day * DAY_SEC} for day in range(days, -1, -1)))

    def run_command(self, *arguments, status=0, errors="", as_of=NOW, **options):
        result = run("--config", "conf", self.command, "--as-of", as_of, *arguments,
                     cwd=self.folder, **options)
        told = f"backstop {self.command}: {errors}\n" if errors else ""
        self.assertEqual(result.stderr.decode(), told)
        self.assertEqual(result.returncode, status)
        return result.stdout.decode()
