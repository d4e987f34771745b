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


# What an answer says of one recipient, save the texts that the notice cites.
OUTCOME_KEYS = ("address", "final", "original", "action", "reason", "status", "reply")
RETURNED_KEYS = ("form", "complete", "message_id", "sender", "from", "subject", "to")


def summary(answer):
    """The part of an answer that fixtures may state. Dates are left out: they are other ones each
    time that the notices are made."""
    notice, returned = answer["notice"], answer["returned"]
    if notice["kind"] == "none":
        return {"kind": "none"}
    return {
        **{key: notice[key] for key in ("kind", "reason", "status", "reply", "reporting_mta")},
        "recipients": addresses(answer),
        "outcomes": [{key: recipient[key] for key in OUTCOME_KEYS}
                     for recipient in notice["recipients"]],
        "returned": {**{key: returned[key] for key in RETURNED_KEYS},
                     "hops": len(returned["hops"])},
    }


def flatten(stated):
    """{"reason": ..., "returned.form": ...}, lists of addresses sorted."""
    flat = {}
    for key, value in stated.items():
        inner = flatten(value) if isinstance(value, dict) else {"": value}
        flat.update({f"{key}.{name}".rstrip("."): of for name, of in inner.items()})
    for key in ("recipients", "to"):
        if flat.get(key) is not None:
            flat[key] = sorted(address.lower() if key == "recipients" else address
                               for address in flat[key])
    return flat


def differences(expected, answer):
    """{key: what is wrong} of every stated value that the answer does not have. What is not there
    and null state nothing. A mail that is taken for no notice, or wrongly for one, has the kind
    wrong: nothing else can be right then."""
    want, got = flatten(expected), flatten(summary(answer))
    wrong = {key: f"{key} is {got.get(key)!r}, not {value!r}" for key, value in want.items()
             if value is not None and value != got.get(key)}
    if "none" in (want["kind"], got["kind"]):
        return {key: what for key, what in wrong.items() if key == "kind"}
    return wrong
