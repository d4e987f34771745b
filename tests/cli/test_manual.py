# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The manual page names each command and each option of the program, and no others."""

import functools
import re
import shutil
import string
import subprocess
import tempfile
import unittest

import cli

PAGE = cli.ROOT / "man" / "backstop.1"
# What depends on the machine, not on the page.
ELSEWHERE = ("referenced manual not found", "outdated mandoc.db")


def text():
    return PAGE.read_text(encoding="utf-8")


def section(title, macro="Sh"):
    """The lines below a heading, up to the next one of its rank or above."""
    ends = r"\.Sh " if macro == "Sh" else r"\.S[hs] "
    found = re.search(rf"^\.{macro} {re.escape(title)}\n(.*?)(?=^{ends}|\Z)", text(),
                      re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found[1]


def options_in(lines):
    """The long options that mdoc lines name with .Fl, also inside of .Op and behind a bar."""
    return set(re.findall(r"(?:Fl|\|) -([a-z][a-z-]*)", lines))


def described_in(lines):
    return set(re.findall(r"^\.It Fl -([a-z-]+)", lines, re.MULTILINE))


def synopsis():
    """The options of each command in the SYNOPSIS; those without a command under ""."""
    options = {}
    for usage in section("SYNOPSIS").split(".Nm\n")[1:]:
        command = re.match(r"\.Cm (\w+)", usage)
        options.setdefault(command[1] if command else "", set()).update(options_in(usage))
    return options


def commands_of_program():
    usage = cli.run("--help").stdout.decode()
    return set(re.findall(r"^  (\w+)$", usage, re.MULTILINE))


def told(command, argument):
    with tempfile.TemporaryDirectory() as folder:
        return cli.run(command, argument, cwd=folder).stderr.decode()


@functools.cache
def options_of_program(command):
    """Asks getopt_long(3): given the beginning of an option, it says which ones that can be, or,
    of a single one, that its argument is missing or one too many."""
    options = set()
    for letter in string.ascii_lowercase:
        for argument in (f"--{letter}", f"--{letter}=1"):
            first = told(command, argument).partition("\n")[0]
            if "unrecognized" in first:
                break
            if "ambiguous" in first:
                options.update(re.findall(r"'--([a-z-]+)'", first.partition("possibilities")[2]))
            elif "requires an argument" in first or "doesn't allow an argument" in first:
                options.update(re.findall(r"'--([a-z-]+)'", first))
    return options


class Manual(unittest.TestCase):
    def test_commands(self):
        commands = commands_of_program()
        self.assertIn("check", commands)
        self.assertEqual(set(synopsis()) - {""}, commands)
        described = re.findall(r"^\.Ss (\w+)$", section("DESCRIPTION"), re.MULTILINE)
        self.assertEqual(sorted(described), sorted(commands))

    def test_options_in_the_synopsis(self):
        for command in sorted(commands_of_program()):
            with self.subTest(command=command):
                options = options_of_program(command)
                self.assertIn("as-of", options)
                self.assertEqual(synopsis()[command], options)

    def test_options_are_described(self):
        shared = described_in(section("Options of several commands", "Ss"))
        used = set(synopsis()[""])
        for command in sorted(commands_of_program()):
            with self.subTest(command=command):
                own = described_in(section(command, "Ss"))
                options = options_of_program(command)
                self.assertLessEqual(own, options)
                self.assertEqual(options - own - shared, set())
                used |= options
        self.assertEqual(shared - used, set())

    def test_options_without_a_command(self):
        self.assertEqual(synopsis()[""], {"config", "help", "version"})
        for option in ("--help", "--version"):
            self.assertEqual(cli.run(option).returncode, 0)

    def test_exit_statuses(self):
        header = (cli.ROOT / "src/backstop/exit_status.h").read_text()
        known = {"EX_USAGE": "64", "EX_TEMPFAIL": "75", "EX_CONFIG": "78"}
        statuses = {known.get(value, value)
                    for value in re.findall(r"^    EXIT_\w+ = (\w+),", header, re.MULTILINE)}
        self.assertIn("75", statuses)
        table = section("EXIT STATUS").partition(".El")[0]
        self.assertEqual(set(re.findall(r"^\.It (\d+)$", table, re.MULTILINE)), statuses)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_lint_of_all_pages(self):
        pages = sorted(PAGE.parent.glob("*.[1-8]"))
        self.assertIn(PAGE, pages)
        lint = subprocess.run(["mandoc", "-Tlint", "-W", "all", *pages], capture_output=True,
                              text=True, timeout=cli.LIMIT_SEC, check=False)
        lines = (lint.stdout + lint.stderr).splitlines()
        self.assertEqual([line for line in lines if not any(e in line for e in ELSEWHERE)], [])


if __name__ == "__main__":
    unittest.main()
