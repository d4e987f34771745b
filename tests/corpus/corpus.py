# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the corpus test and its tools share: judging files, and comparing answers."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
PROGRAM = os.environ.get("BACKSTOP", str(ROOT / "build" / "backstop"))
# Arguments of one call of the program: below any system's limit.
BATCH = 500


def check(paths):
    """The program's answer to each message file, by its path."""
    answers = {}
    paths = [str(path) for path in paths]
    for start in range(0, len(paths), BATCH):
        batch = paths[start:start + BATCH]
        done = subprocess.run([PROGRAM, "check", "--json", *batch], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"backstop check ended with {done.returncode}: {done.stderr!r}")
        for line in done.stdout.decode("utf-8").splitlines():
            answer = json.loads(line)
            answers.setdefault(answer["file"], answer)
    return answers


def addresses(answer):
    return sorted({r["address"].lower() for r in answer["notice"]["recipients"]})


def summary(answer):
    """The part of an answer that fixtures state: what a person can read in the notice."""
    notice, returned = answer["notice"], answer["returned"]
    if notice["kind"] == "none":
        return {"kind": "none"}
    return {
        "kind": notice["kind"],
        "reason": notice["reason"],
        "recipients": addresses(answer),
        "returned": {key: returned[key]
                     for key in ("form", "complete", "message_id", "from", "subject", "to")},
    }


def differences(expected, answer):
    """Every stated value that the answer does not have; null states nothing."""
    found = summary(answer)
    if expected["kind"] != found["kind"]:
        return [f"kind is {found['kind']}, not {expected['kind']}"]
    wrong = []
    for key in ("reason", "recipients"):
        want, got = expected.get(key), found.get(key)
        if isinstance(want, list):
            want = sorted(address.lower() for address in want)
        if want is not None and want != got:
            wrong.append(f"{key} is {got}, not {want}")
    for key, want in (expected.get("returned") or {}).items():
        got = found.get("returned", {}).get(key)
        if isinstance(want, list):
            want, got = sorted(want), sorted(got or [])
        if want is not None and want != got:
            wrong.append(f"returned.{key} is {got!r}, not {want!r}")
    return wrong
