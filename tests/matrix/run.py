#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Judges notices of real mail servers about mail that Backstop signed, and about forged mail.

What must hold, whatever expected.tsv says:
- no genuine notice is proven backscatter; none is called backscatter at all, save about mail that
  left an open domain by a host which nobody configured;
- every forged notice with a complete header is backscatter, proven so for a closed domain;
- every genuine notice with a complete header that came back unchanged is proven genuine;
- with nothing of the mail returned, a known pair of sender and recipient makes a notice likely
  genuine, and an unknown one leaves it unverified.
A row of expected.tsv that says otherwise needs a reason, and nothing excuses a breach of the first.

The notices are those in tests/fixtures/matrix, and those that the mail servers of tests/testbed
write now, where they can run. The last line is "N passed, N failed, N skipped".
"""

import pathlib
import subprocess
import sys
import tempfile

import live
import notices
import table

# Whose mail may look like a forgery: an open domain's that left by an unknown host.
MAY_BE_SUSPECTED = {"postfix/genuine-unknown-host.eml"}
LIST_NOTICES = 60

counts = {"passed": 0, "failed": 0, "skipped": 0}


def report(passed, what):
    counts["passed" if passed else "failed"] += 1
    if not passed:
        print(f"FAILED {what}")


def read_expected():
    """{Question: (Answer, reason)}"""
    header, *rows = notices.read_tsv(notices.FIXTURES / "expected.tsv")
    expected = {}
    for values in rows:
        row = dict(zip(header, values, strict=True))
        answer = notices.Answer(row["kind"], row["form"], row["complete"] == "yes", row["open"],
                                row["closed"], row["evidence"])
        expected[notices.Question(row["file"], row["view"])] = answer, row["why"]
    return expected


def row_of(question, answer, why):
    """A row of expected.tsv."""
    complete = "yes" if answer.complete else "no"
    return "\t".join((question.file, question.view, answer.kind, answer.form, complete,
                      answer.open, answer.closed, answer.evidence, why))


def obeys_rules(question, answer):
    """Whether the verdicts are what the rules above say, which hold unless there is a reason."""
    verdicts = answer.open, answer.closed
    if answer.form in ("full", "headers") and answer.complete:
        if question.is_genuine:
            return verdicts == ("genuine proven", "genuine proven")
        return verdicts == ("backscatter likely", "backscatter proven")
    if question.is_genuine:
        # Proven by the Message-ID, where the notice cites it.
        return set(verdicts) <= {"genuine likely", "genuine proven"}
    return verdicts == ("unverified", "unverified")


def test_expected(expected):
    """The expectations themselves obey the rules."""
    for question, (answer, why) in expected.items():
        report(obeys_rules(question, answer) != bool(why),
               f"expected.tsv: {question}: a reason is needed if, and only if, it breaks the rules")


def breach(question, answer):
    """What nothing excuses, or None."""
    if question.file in MAY_BE_SUSPECTED:
        # Who declares a domain closed says that there is no such mail.
        return "proven backscatter" if answer.open == "backscatter proven" else None
    verdicts = f"{answer.open}, {answer.closed}"
    if question.is_genuine and "backscatter" in verdicts:
        return "a genuine notice is called backscatter"
    if not question.is_genuine and "genuine proven" in verdicts:
        return "a forged notice is proven genuine"
    return None


def test_set(folder, expected, work):
    """Judges the notices of a set in every way that is expected: the set, (question, answer)s."""
    judged = notices.Set(folder, work / folder.name)
    files = {f"{folder.name}/{path.name}" for path in judged.files()}
    for file in sorted(files - {question.file for question in expected}):
        report(False, f"{file} is not in expected.tsv")
    questions = [question for question in expected if question.file in files]
    pairs = []
    for question, answers in judged.judge(questions).items():
        wanted, why = expected[question]
        report(answers, f"{question}: nothing was said of it")
        for answer in answers:
            report(answer == wanted, f"{question} is now\n  {row_of(question, answer, why)}")
            wrong = breach(question, answer)
            report(not wrong, f"{question}: {wrong}")
            pairs.append((question, answer))
    return judged, pairs


def test_list(judged):
    """Each of the sixty notices about one post to a list stays proven, though they are counted."""
    if "genuine-list" not in judged.arrivals:
        return
    when, to = judged.arrivals["genuine-list"]
    mbox = (judged.folder / "genuine-list.mbox").read_bytes()
    messages = (b"\n" + mbox).split(b"\nFrom MAILER-DAEMON ")[1:]
    report(len(messages) == LIST_NOTICES, f"{len(messages)} notices about one post")
    for index, message in enumerate(messages):
        marked = notices.backstop("filter", "--config", judged.configs["closed"], "--rcpt", to,
                                  "--as-of", str(when + index),
                                  message=message.partition(b"\n")[2])
        report(b"\nBackstop-Verdict: genuine; confidence=proven" in b"\n" + marked,
               f"notice {index + 1} about a post to a list is not proven genuine any more")


def test_stored(expected, work):
    pairs = []
    folders = sorted(path for path in notices.FIXTURES.iterdir() if path.is_dir())
    for folder in folders:
        judged, of_set = test_set(folder, expected, work)
        test_list(judged)
        pairs += of_set
    here = {question for question, _ in pairs}
    for question in expected:
        report(question in here, f"{question} is in expected.tsv and not there")
    return pairs


def test_live(expected, work):
    """The same with notices that are written now; None if that is not possible here."""
    if reason := live.why_not():
        counts["skipped"] += 1
        print(f"SKIPPED the real mail servers: {reason}")
        return None
    out = work / "out"
    for failure in live.run(out):
        report(False, f"the test bed: {failure}")
    pairs = []
    for folder in sorted(out.iterdir()):
        pairs += test_set(folder, expected, work / "live")[1]
    return pairs


def show(title, pairs):
    cells = table.fill(pairs)
    for problem in table.problems(cells):
        report(False, f"{title}: {problem}")
    print(f"{title}: {len(pairs)} verdicts")
    return cells


def main():
    expected = read_expected()
    test_expected(expected)
    with tempfile.TemporaryDirectory(prefix="backstop-matrix-") as folder:
        work = pathlib.Path(folder)
        stored = test_stored(expected, work / "stored")
        written_now = test_live(expected, work)
    cells = show("stored notices", stored)
    if written_now is not None:
        cells = show("notices of the mail servers that ran now", written_now)
    print("\n".join(table.lines(cells)))
    print(", ".join(f"{number} {name}" for name, number in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        sys.exit(f"tests/matrix/run.py: {error}")
