# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The matrix: MTA x what came back of the mail x kind of notice x genuine or forged."""

import re

MTAS = ("postfix", "exim", "sendmail", "opensmtpd")
FORMS = ("full", "headers", "none")
KINDS = ("failure", "delay", "success")

# The cases of cases_matrix and cases_matrix_own (tests/testbed/lib/matrix.sh) make up the matrix.
CELL_CASE = re.compile(r"(genuine|forged)-(own-)?(failure|delay|success)(-full|-hdrs)?$")

# Why an MTA makes no notice for a cell. RFC 3461, 4.3: RET speaks of failures; the header is enough
# for the others.
CANNOT = {
    ("postfix", "full", "delay"): "a", ("postfix", "full", "success"): "a",
    ("exim", "full", "delay"): "a", ("exim", "full", "success"): "a",
    ("sendmail", "full", "success"): "a",
    ("opensmtpd", "headers", "failure"): "b", ("opensmtpd", "headers", "delay"): "b",
}
NOTES = """\
G! genuine, proven   G genuine, likely   ? unverified
B! backscatter, proven   B backscatter, likely   (open domain / closed domain; one if they agree)
a) it returns the header alone, whatever the sender asks for (RFC 3461, 4.3 lets it)
b) it returns the whole mail, whatever the sender asks for
none: no MTA here leaves the original out; the part was cut off, as some gateways do"""

SHORT = {"genuine proven": "G!", "genuine likely": "G", "unverified": "?",
         "backscatter likely": "B", "backscatter proven": "B!"}


def cell_of(question, answer):
    """The place of an answer in the matrix, or None for other cases."""
    mta = question.file.partition("/")[0]
    if mta not in MTAS or question.view == "late" or not CELL_CASE.match(question.case):
        return None
    form = "none" if question.view == "cut" else answer.form
    return mta, form, answer.kind, question.is_genuine


def summary(answer):
    """An answer in a few characters."""
    short = [SHORT.get(verdict, verdict) for verdict in (answer.open, answer.closed)]
    return short[0] if short[0] == short[1] else "/".join(short)


def fill(answers):
    """{cell: {summary}} of (question, answer) pairs."""
    cells = {}
    for question, answer in answers:
        if cell := cell_of(question, answer):
            cells.setdefault(cell, set()).add(summary(answer))
    return cells


def problems(cells):
    """Cells that are empty without a reason, or filled in spite of one."""
    for mta in MTAS:
        for form in FORMS:
            for kind in KINDS:
                for is_genuine in (True, False):
                    is_there = (mta, form, kind, is_genuine) in cells
                    origin = "genuine" if is_genuine else "forged"
                    if is_there == ((mta, form, kind) in CANNOT):
                        yield (f"{mta} {form} {kind} {origin}: "
                               + ("can be made after all" if is_there else "there is no notice"))


def lines(cells):
    """The table as text."""
    yield (f"{'':20}" + "".join(f"{kind:20}" for kind in KINDS)).rstrip()
    yield (f"{'MTA':10}{'returned':10}" + f"{'genuine':10}{'forged':10}" * len(KINDS)).rstrip()
    for mta in MTAS:
        for form in FORMS:
            row = f"{mta:10}{form:10}"
            for kind in KINDS:
                for is_genuine in (True, False):
                    found = cells.get((mta, form, kind, is_genuine))
                    text = " ".join(sorted(found)) if found else CANNOT.get((mta, form, kind), "!")
                    row += f"{text:10}"
            yield row.rstrip()
    yield from NOTES.splitlines()
