#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Writes what `backstop check` says of each fixture that real programs made into its .json.

`make fixtures` calls this after it has made the notices anew. The result is no proof of anything:
read the difference before it is committed. The hand-written fixtures are left alone.
"""

import json

import corpus

BY_HAND = ("written", "rare")


def main():
    files = [path for path in sorted(corpus.FIXTURES.glob("*/*.eml"))
             if path.parent.name not in BY_HAND]
    answers = corpus.check(files)
    for path in files:
        text = json.dumps(corpus.summary(answers[str(path)]), indent=1, ensure_ascii=False)
        path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    print(f"{len(files)} expectations written")


if __name__ == "__main__":
    main()
