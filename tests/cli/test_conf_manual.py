# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The manual page of the configuration names each setting with its default, and no others."""

import pathlib
import re
import tempfile
import unittest

import cli

PAGE = cli.ROOT / "man" / "backstop.conf.5"
# Sections as a dump and as the page name them.
SECTIONS = {"backstop": "backstop", "domain our.example": "domain NAME",
            "address a@our.example": "address LOCAL@DOMAIN"}
# What a section without a word of its own says in the page.
INHERITED = {"domain our.example": "as in\n.Cm [backstop] .", "address a@our.example":
             "as for its domain."}


def dump():
    """The settings of each section with their defaults, as the program has them."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "conf"
        file.write_text("[domain our.example]\n[address a@our.example]\n")
        text = cli.run("--config", str(file), "config", "dump").stdout.decode()
    sections = {}
    for name, lines in re.findall(r"^\[(.*)\]\n((?:[^\[\n].*\n)+)", text, re.MULTILINE):
        sections[name] = dict(re.findall(r"^([a-z-]+) = ?(.*)$", lines, re.MULTILINE))
    return sections


def page_sections():
    """The text of each setting in each section's list."""
    text = PAGE.read_text(encoding="utf-8")
    sections = {}
    for name, lines in re.findall(r"^\.Ss \[([^\n]*)\]\\&\n(.*?)(?=^\.S[hs] )", text,
                                  re.MULTILINE | re.DOTALL):
        items = lines.partition("\n.El\n")[0].split("\n.It Cm ")[1:]
        sections[name] = dict(item.split("\n", 1) for item in items)
        assert len(sections[name]) == len(items), f"a setting stands twice in {name}"
    return sections


class Manual(unittest.TestCase):
    def test_settings(self):
        program, page = dump(), page_sections()
        self.assertEqual(set(program), set(SECTIONS))
        self.assertEqual(set(page), set(SECTIONS.values()))
        for name, title in SECTIONS.items():
            self.assertEqual(list(page[title]), list(program[name]))

    def test_defaults(self):
        program, page = dump(), page_sections()
        for name, settings in program.items():
            for setting, default in settings.items():
                text = page[SECTIONS[name]][setting]
                is_inherited = name != "backstop" and setting in program["backstop"]
                if is_inherited:
                    told = "Default: " + INHERITED[name]
                elif default == "":
                    told = "Default: none."
                else:
                    told = f"Default:\n.Ql {default} ."
                with self.subTest(section=name, setting=setting):
                    self.assertIn(told, text)


if __name__ == "__main__":
    unittest.main()
