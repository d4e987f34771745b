#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Compares what libbackstop and GMime 3 read of every mail at hand.

Both must read the same header fields (names, and the decoded values of six of them), addresses,
dates, MIME parts and decoded bodies. Where they may differ stands in differences.tsv, by file and
item, each with a reason that docs/reader-differences.md explains. Any other difference fails, and
so does a listed one that is gone.

Usage: run.py             compares; the last line is "N passed, N failed[, N skipped]" of files
       run.py --update    writes differences.tsv anew; new rows get the reason "?", which fails
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build"))
LIST = pathlib.Path(__file__).with_name("differences.tsv")
REASONS = ROOT / "docs/reader-differences.md"
FLUFL = pathlib.Path("/usr/lib/python3/dist-packages/flufl/bounce/tests/data")
# More than this many messages are not shown one by one.
SHOWN_MAX = 40


def mails():
    """{short name: path} of all that is there, and the names of the sets that are missing."""
    ham = os.environ.get("BACKSTOP_HAM")
    sets = {
        "fixtures": (ROOT / "tests/fixtures", "**/*.eml"),
        "flufl": (FLUFL, "*.txt"),
        "ham": (pathlib.Path(ham) if ham else None, "*/*.txt"),
        "shared": (ROOT.parent / "shared/corpus", "**/*.eml"),
    }
    found, missing = {}, []
    for name, (folder, pattern) in sets.items():
        paths = sorted(folder.glob(pattern)) if folder and folder.is_dir() else []
        if not paths:
            missing.append(name)
        for path in paths:
            found[f"{name}/{path.relative_to(folder)}"] = path
    return found, missing


def read_items(output):
    """Yields the items of one file after the other, as record.h writes them."""
    at, items = 0, {}
    while (line_end := output.find(b"\n", at)) >= 0:
        key, length = output[at:line_end].decode().rsplit(" ", 1)
        value = output[line_end + 1:line_end + 1 + int(length)]
        at = line_end + int(length) + 2
        if key == "end":
            yield items
            items = {}
        else:
            items[key] = value


def read_all(program, paths):
    """The items of each path. One that crashes the program has the item "crash" alone."""
    results = []
    while len(results) < len(paths):
        names = "".join(f"{path}\n" for path in paths[len(results):])
        run = subprocess.run([BUILD / "tests/oracle" / program], input=names.encode(),
                             stdout=subprocess.PIPE)
        results.extend(read_items(run.stdout))
        if run.returncode > 0:
            sys.exit(f"{program}: exit status {run.returncode}")
        if len(results) < len(paths):
            results.append({"crash": str(run.returncode).encode()})
    return results


def unify(key, value):
    """The value without what is immaterial: line ends, trailing white space, folding."""
    if value is None or key == "parts" or key.startswith("bytes/"):
        return value
    if key == "fields":
        # GMime keeps the Content- fields apart; the others stay in their order.
        names = value.lower().split()
        return sorted(names, key=lambda name: name.startswith(b"content-"))
    if key.startswith("text/"):
        text = re.sub(rb"\r*\n", b"\n", value).replace(b"\r", b"\n")
        return re.sub(rb"[ \t]+\n", b"\n", text).rstrip()
    if key.endswith(".addresses"):
        return [re.sub(rb"\s+", b" ", line).strip() for line in value.splitlines()]
    return re.sub(rb"\s+", b" ", value).strip()


def differences(theirs, ours):
    """The items in which the two differ. Bodies are compared where the parts are the same."""
    for key in sorted(theirs.keys() | ours.keys()):
        if key.startswith(("text/", "bytes/")) and theirs.get("parts") != ours.get("parts"):
            continue
        if unify(key, theirs.get(key)) != unify(key, ours.get(key)):
            yield key


def read_list():
    rows = {}
    for line in LIST.read_text().splitlines():
        if line and not line.startswith("#"):
            name, item, reason = line.split("\t")
            rows[name, item] = reason
    return rows


def update(found):
    head = [line for line in LIST.read_text().splitlines() if line.startswith("#")]
    rows = [f"{name}\t{item}\t{reason}" for (name, item), reason in sorted(found.items())]
    LIST.write_text("\n".join(head + rows) + "\n")


def show(key, theirs, ours):
    """The two values around the first byte in which they differ."""
    one, two = (unify(key, items.get(key)) for items in (theirs, ours))
    if not isinstance(one, bytes) or not isinstance(two, bytes):
        return f"    GMime {one}\n    ours  {two}"
    at = len(os.path.commonprefix([one, two]))
    start = max(at - 20, 0)
    return f"    GMime {one[start:at + 60]}\n    ours  {two[start:at + 60]}"


def main():
    found, missing = mails()
    paths = list(found.values())
    both = dict(zip(found, zip(read_all("read_gmime", paths), read_all("read_backstop", paths))))
    listed = read_list()
    explained = set(re.findall(r"^## `([a-z0-9-]+)`", REASONS.read_text(), re.MULTILINE))
    present = {(name, item) for name, pair in both.items() for item in differences(*pair)}
    if sys.argv[1:] == ["--update"]:
        kept = {row: reason for row, reason in listed.items() if row[0].split("/")[0] in missing}
        update({**kept, **{row: listed.get(row, "?") for row in present}})
        return 0
    errors = []
    for name, item in sorted(present - listed.keys()):
        errors.append((name, f"{name}: {item} differs\n" + show(item, *both[name])))
    for name, item in sorted(listed.keys() - present):
        if name.split("/")[0] not in missing:
            errors.append((name, f"{name}: {item} is in differences.tsv, but differs no more"))
    for (name, item), reason in sorted(listed.items()):
        if reason not in explained:
            errors.append((name, f"{name}: {item}: docs/reader-differences.md has no {reason}"))
    for reason in sorted(explained - set(listed.values())):
        errors.append((reason, f"docs/reader-differences.md: nothing differs for {reason}"))
    for _, message in errors[:SHOWN_MAX]:
        print(message)
    if len(errors) > SHOWN_MAX:
        print(f"and {len(errors) - SHOWN_MAX} more")
    for name in missing:
        print(f"skipped: the mails of {name} are not here")
    failed = len({name for name, _ in errors})
    passed = len(both) - len({name for name, _ in errors if name in both})
    print(f"{passed} passed, {failed} failed" + (f", {len(missing)} skipped" if missing else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
