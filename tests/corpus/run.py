#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Runs `backstop check` over real mail and compares what it says with what is known.

- tests/fixtures: each .eml beside a .json; null there states nothing. What is not reached is
  listed in misses.tsv, by file and key, and must not be reached by accident: what is listed and
  right fails.
- Debian's python3-flufl.bounce: its 115 bounces, with the labels of labels.tsv.
- ../shared/corpus, where it is present: its own labels.tsv. Where an answer differs from a label,
  wrong-labels.tsv or label-misses.tsv says why; any other difference fails, as does one that is
  listed in the latter and gone.
- 6,046 mails that are no notices, save six (BACKSTOP_HAM: their folder).
- All of these in CR, LF and CRLF form: the answers must not differ.

The last line is "N passed, N failed, N skipped".
"""

import csv
import json
import os
import pathlib
import shutil
import sys
import tempfile

import corpus

HERE = pathlib.Path(__file__).resolve().parent
FLUFL = pathlib.Path("/usr/lib/python3/dist-packages/flufl/bounce/tests/data")
SHARED = corpus.ROOT.parent / "shared" / "corpus"
# Notices in the set of mails that are none: lists of people who are away, and bounces to lists.
HAM_NOTICES = ("easy-ham-1/01436", "easy-ham-1/01507", "easy-ham-1/01542", "easy-ham-2/01304",
               "easy-ham-2/01311", "spam-2/00169")
# Over all labelled files; flufl's alone are harder than the shared ones.
REASONS_GOAL = 0.95
RECIPIENTS_GOAL = 0.98 if (SHARED / "labels.tsv").is_file() else 0.96

counts = {"passed": 0, "failed": 0, "skipped": 0}


def report(passed, what):
    counts["passed" if passed else "failed"] += 1
    if not passed:
        print(f"FAILED {what}")


def skip(what):
    counts["skipped"] += 1
    print(f"SKIPPED {what}")


def read_tsv(path):
    with open(path, encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_reasons(path, column):
    """{(file, that column): why}"""
    return {(row["file"], row[column]): row["why"] for row in read_tsv(path)}


def test_fixtures():
    files = sorted(corpus.FIXTURES.glob("*/*.eml"))
    misses = read_reasons(HERE / "misses.tsv", "key")
    answers = corpus.check(files)
    for path in files:
        name = str(path.relative_to(corpus.FIXTURES))
        if not path.with_suffix(".json").is_file():
            report(False, f"{name}: there is no .json beside it")
            continue
        wrong = corpus.differences(expected_of(path), answers[str(path)])
        listed = {key for file, key in misses if file == name}
        errors = [what for key, what in wrong.items() if key not in listed]
        errors += [f"{key} is right now, so take it off misses.tsv"
                   for key in sorted(listed - wrong.keys())]
        report(not errors, f"{name}: {'; '.join(errors)}")
    names = {str(path.relative_to(corpus.FIXTURES)) for path in files}
    for name in sorted({file for file, _ in misses} - names):
        report(False, f"{name}: stands in misses.tsv, and is not there")


def expected_of(path):
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def kind_agrees(label, kind):
    return kind in ("failure", "delay", "success") if label == "notice" else kind == label


def judge_labels(row, found, tallies, lists):
    """Counts the recipients and the reason of one file; they are right, or listed as wrong."""
    wrong_labels, misses = lists
    for column, tally in tallies.items():
        want, place = row[column], (row["file"], column)
        if not want or place in wrong_labels:
            continue
        if column == "recipients":
            want = sorted(want.lower().split(","))
        is_right = found[column] == want
        tally[0] += is_right
        tally[1] += 1
        if is_right:
            report(place not in misses, f"{row['file']}: {column} is right now, so take it off "
                                        "label-misses.tsv")
        else:
            report(place in misses, f"{row['file']}: {column} is {found[column]}, not {want}")


def judge_labelled(rows, tallies):
    """Every kind must be right. Recipients and reasons are counted, and must reach their goals."""
    lists = [read_reasons(HERE / name, "column") for name in ("wrong-labels.tsv",
                                                              "label-misses.tsv")]
    answers = corpus.check(row["path"] for row in rows)
    for row in rows:
        answer = answers[str(row["path"])]
        kind = answer["notice"]["kind"]
        report(kind_agrees(row["kind"], kind), f"{row['file']}: kind is {kind}, not {row['kind']}")
        found = {"recipients": corpus.addresses(answer), "reason": answer["notice"]["reason"]}
        judge_labels(row, found, tallies, lists)


def labelled_rows():
    """The labelled bounces that are here: flufl's, and the shared ones."""
    rows = []
    if FLUFL.is_dir():
        rows += [{**row, "path": FLUFL / row["file"].removeprefix("flufl/")}
                 for row in read_tsv(HERE / "labels.tsv")]
    else:
        skip("flufl.bounce's files: install python3-flufl.bounce")
    if (SHARED / "labels.tsv").is_file():
        rows += [{key: value or "" for key, value in row.items()} | {"path": SHARED / row["file"]}
                 for row in read_tsv(SHARED / "labels.tsv") if not row["file"].startswith("flufl/")]
    else:
        skip("../shared/corpus: not here")
    return rows


def test_labelled():
    tallies = {"recipients": [0, 0], "reason": [0, 0]}
    judge_labelled(labelled_rows(), tallies)
    goals = {"recipients": RECIPIENTS_GOAL, "reason": REASONS_GOAL}
    for column, (right, total) in tallies.items():
        if total:
            print(f"labelled: {column} {right} of {total} ({right / total:.1%})")
            report(right >= goals[column] * total, f"{column} below {goals[column]:.0%}")


def test_ham():
    folder = os.environ.get("BACKSTOP_HAM")
    if not folder:
        skip("6,046 mails that are no notices: scripts/fetch-ham did not bring them")
        return
    files = sorted(pathlib.Path(folder).glob("*/*.txt"))
    report(len(files) == 6046, f"{len(files)} mails in {folder}, not 6046")
    answers = corpus.check(files)
    for path in files:
        kind = answers[str(path)]["notice"]["kind"]
        name = str(path.relative_to(folder))
        if name.startswith(HAM_NOTICES):
            continue
        report(kind == "none", f"ham {name}: is called {kind}")


def test_line_ends():
    files = sorted(corpus.FIXTURES.glob("*/*.eml"))
    for folder in (FLUFL, SHARED / "bounces", SHARED / "mta"):
        files += sorted(folder.glob("*.txt")) + sorted(folder.glob("*.eml"))
    work = pathlib.Path(tempfile.mkdtemp(prefix="backstop-corpus-"))
    try:
        forms = {}
        for name, end in (("lf", b"\n"), ("cr", b"\r"), ("crlf", b"\r\n")):
            (work / name).mkdir()
            copies = []
            for number, path in enumerate(files):
                lines = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
                copies.append(work / name / f"{number:05}.eml")
                copies[-1].write_bytes(lines.replace(b"\n", end))
            answers = corpus.check(copies)
            forms[name] = [{**answers[str(copy)], "file": ""} for copy in copies]
        for number, path in enumerate(files):
            same = forms["lf"][number] == forms["cr"][number] == forms["crlf"][number]
            report(same, f"{path.name}: CR, LF and CRLF forms give different answers")
    finally:
        shutil.rmtree(work)


def main():
    for test in (test_fixtures, test_labelled, test_ham, test_line_ends):
        test()
    print(f"{counts['passed']} passed, {counts['failed']} failed"
          + (f", {counts['skipped']} skipped" if counts["skipped"] else ""))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
