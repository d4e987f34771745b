# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The notices of the test bed, and what Backstop says of them.

A set is a folder of notices that one MTA wrote, with what is needed to judge them again:
  sent.tsv      the mail that was signed: time, sender, recipients, Message-ID
  notices.tsv   when each notice came, and to which address
  sel1.txt      the DKIM key of our domain, if the mail was signed with one
  store         the store that signing filled; where it is missing, it is filled from sent.tsv
"""

import csv
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests/fixtures/matrix"
BACKSTOP = os.environ.get("BACKSTOP", str(ROOT / "build/backstop"))
DAY_SECONDS = 86400
# Notices are judged so long after they came; the "late" ones when tags have expired
# and the ledger has forgotten.
JUDGED_AFTER_SECONDS = {"": 60, "cut": 60, "late": 25 * DAY_SECONDS}

CONFIG = """\
[backstop]
key-file = {work}/keys
store = {store}
outbound-hosts = 192.0.2.0/24, mx.our.example, out.our.example
ledger-complete = yes

[domain our.example]
closed = {closed}
"""
DKIM_CONFIG = """\
dkim-key = sel1:{key}
dkim-signs-all = yes
"""


@dataclasses.dataclass(frozen=True)
class Question:
    """A notice, and how it is looked at: as it came, with the returned message cut off, or late."""

    file: str  # "postfix/genuine-failure-full.eml"
    view: str  # "", "cut" or "late"

    def __str__(self):
        return f"{self.file} ({self.view})" if self.view else self.file

    @property
    def case(self):
        return pathlib.PurePath(self.file).stem

    @property
    def is_genuine(self):
        return self.case.startswith("genuine-")


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was said of one notice, under a configuration with an open and a closed domain."""

    kind: str
    form: str
    complete: bool
    open: str  # "genuine proven", "unverified"
    closed: str
    evidence: str  # of the closed domain: "tag+proof path+likely", - for forged


def read_tsv(path):
    with open(path, encoding="utf-8") as table:
        return list(csv.reader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


class Set:
    """The notices of one MTA, ready to be judged; `work` is a folder for files of its own."""

    def __init__(self, folder, work):
        self.folder, self.work = folder, work
        arrivals = read_tsv(folder / "notices.tsv")
        self.arrivals = {case: (int(when), to) for case, when, to in arrivals}
        work.mkdir(parents=True)
        copy_keys(work)
        self.store = folder / "store"
        if not self.store.exists():
            self.store = work / "store"
            fill_store(work, self.store, folder / "sent.tsv")
        self.configs = {name: self.write_config(name, closed)
                        for name, closed in (("open", "no"), ("closed", "yes"))}

    def write_config(self, name, closed):
        key = self.folder / "sel1.txt"
        text = CONFIG.format(work=self.work, store=self.store, closed=closed)
        text += DKIM_CONFIG.format(key=key) if key.exists() else ""
        path = self.work / f"{name}.conf"
        path.write_text(text)
        return path

    def files(self):
        return sorted(path for path in self.folder.iterdir() if path.suffix in (".eml", ".mbox"))

    def view(self, path, view):
        """The file to be judged."""
        if view != "cut":
            return path
        cut = self.work / f"cut-{path.name}"
        cut.write_bytes(cut_returned(path.read_bytes()))
        return cut

    def judge(self, questions):
        """{question: [Answer of each message in its file]}"""
        found = {name: self.judge_with(config, questions) for name, config in self.configs.items()}
        return {question: [make_answer(*pair) for pair in zip(found["open"][question],
                                                              found["closed"][question])]
                for question in questions}

    def judge_with(self, config, questions):
        """{question: [JSON of each message]}; one run for each address and time."""
        runs, found = {}, {question: [] for question in questions}
        for question in questions:
            when, to = self.arrivals[question.case]
            path = self.view(self.folder / pathlib.PurePath(question.file).name, question.view)
            as_of = when + JUDGED_AFTER_SECONDS[question.view]
            runs.setdefault((as_of, to), {})[str(path)] = question
        for (as_of, to), paths in runs.items():
            output = backstop("check", "--json", "--config", config, "--as-of", str(as_of),
                              "--rcpt", to, *paths)
            for line in output.splitlines():
                answer = json.loads(line)
                found[paths[answer["file"]]].append(answer)
        return found


def backstop(*arguments, message=b""):
    """Standard output of the program, which must not fail."""
    done = subprocess.run([BACKSTOP, *arguments], input=message, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise RuntimeError(f"backstop {arguments[0]}: exit status {done.returncode}: "
                           f"{done.stderr.decode(errors='replace')}")
    return done.stdout


def copy_keys(work):
    """Of a checkout others may read the key file, which Backstop refuses."""
    shutil.copy(FIXTURES / "keys", work / "keys")
    (work / "keys").chmod(0o600)


def fill_store(work, store, sent):
    """Signs once more what was signed, for the sake of the ledger."""
    for when, sender, recipients, message_id in read_tsv(sent):
        options = [f"--rcpt={recipient}" for recipient in recipients.split(",")]
        message = f"From: {sender}\nMessage-ID: {message_id}\n\n"
        backstop("sign", "--from", sender, *options, "--key-file", work / "keys", "--store", store,
                 "--as-of", when, message=message.encode())


def cut_returned(notice):
    """The notice without the part that holds the returned message, as some gateways send it on."""
    boundary = re.search(rb'(?i)\bboundary="?([^"\r\n]+?)"?\s*$', notice, re.MULTILINE)[1]
    parts = notice.split(b"\n--" + boundary)
    kept = [part for part in parts if not re.search(
        rb"(?i)\ncontent-type:\s*(message/rfc822|text/rfc822-headers)", part.partition(b"\n\n")[0])]
    if len(kept) != len(parts) - 1:
        raise ValueError("the notice has not one part with the returned message")
    return (b"\n--" + boundary).join(kept)


def verdict_of(answer):
    return " ".join(filter(None, (answer["verdict"], answer["confidence"])))


def evidence_of(answer):
    signs = {"genuine": "+", "forged": "-"}
    return " ".join(f"{item['witness']}{signs[item['claim']]}{item['strength']}"
                    for item in answer["evidence"] if item["claim"] in signs)


def make_answer(in_open, in_closed):
    returned = in_closed["returned"]
    return Answer(in_closed["notice"]["kind"], returned["form"], returned["complete"],
                  verdict_of(in_open), verdict_of(in_closed), evidence_of(in_closed))
