#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd(8) names each option of the program, and no others."""

import re
import subprocess
import unittest

from process import DAEMON, ROOT

PAGE = ROOT / "man" / "backstopd.8"


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


if __name__ == "__main__":
    unittest.main()
