#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd(8) names each option of the program, and no others."""

import re
import shutil
import subprocess
import unittest

from process import DAEMON, ROOT

PAGE = ROOT / "man" / "backstopd.8"
# What depends on the machine, not on the page.
ELSEWHERE = ("referenced manual not found", "outdated mandoc.db")


def options_of_program():
    usage = subprocess.run([DAEMON, "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"--([a-z-]+)", usage))


class Manual(unittest.TestCase):
    def test_options(self):
        text = PAGE.read_text(encoding="utf-8")
        synopsis = text.partition(".Sh SYNOPSIS\n")[2].partition(".Sh ")[0]
        options = options_of_program()
        self.assertEqual(set(re.findall(r"(?:Fl|\|) -([a-z-]+)", synopsis)), options)
        self.assertEqual(set(re.findall(r"^\.It Fl -([a-z-]+)", text, re.MULTILINE)), options)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_is_right(self):
        run = subprocess.run(["mandoc", "-T", "lint", PAGE], capture_output=True, text=True,
                             check=False)
        found = [line for line in (run.stdout + run.stderr).splitlines()
                 if not any(text in line for text in ELSEWHERE)]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
