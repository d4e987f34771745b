# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The shared library exports what the public headers declare, and nothing else."""

import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HEADERS = sorted((ROOT / "include/backstop").glob("*.h"))
LIBRARY = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build")) / "src/libbackstop.so"
# What sanitizers and the linker add to every library.
FOREIGN = re.compile(r"^(_init|_fini|__.*)$")


def declared():
    """The functions marked for export. A declaration may run over several lines."""
    names = set()
    for header in HEADERS:
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
        names.update(re.findall(r"^BACKSTOP_(?:API|CHECKED)\b[^;(]*?(\w+)\(", text, re.MULTILINE))
    return names


def exported():
    output = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in output.splitlines()}
    return {name for name in names if not FOREIGN.match(name)}


class Symbols(unittest.TestCase):
    def test_all_that_is_declared_is_exported(self):
        self.assertTrue(declared())
        self.assertEqual(declared() - exported(), set())

    def test_nothing_else_is_exported(self):
        self.assertEqual(exported() - declared(), set())

    def test_public_names_start_with_backstop(self):
        self.assertEqual([n for n in declared() if not n.startswith("backstop_")], [])

    def test_soname(self):
        output = subprocess.run(["readelf", "-d", LIBRARY], check=True, stdout=subprocess.PIPE,
                                text=True).stdout
        self.assertRegex(output, r"SONAME.*\[libbackstop\.so\.0\]")

    def test_each_header_stands_alone(self):
        for header in HEADERS:
            with self.subTest(header=header.name):
                subprocess.run(["cc", "-std=c11", "-Wall", "-Werror", "-fsyntax-only", "-x", "c",
                                "-I", ROOT / "include", "-include", header, "/dev/null"],
                               check=True)

    def test_headers_know_no_glib(self):
        for header in HEADERS:
            with self.subTest(header=header.name):
                text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
                self.assertIsNone(re.search(r"\bglib|\bg(boolean|char|size|int)\b|\bG[A-Z][a-z]",
                                            text))


if __name__ == "__main__":
    unittest.main()
