# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of the command line share: running the program, and mail to run it on."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BACKSTOP", str(ROOT / "build" / "backstop"))
# The sanitizers' builds are several times slower.
LIMIT_SEC = 120


def run(*arguments, stdin=b"", stdout=subprocess.PIPE, cwd=None, user=None):
    """Runs the program; arguments are text or bytes."""
    return subprocess.run([PROGRAM, *arguments], input=stdin, stdout=stdout, cwd=cwd, user=user,
                          stderr=subprocess.PIPE, timeout=LIMIT_SEC, check=False)


def lines_of(output):
    """The objects of JSON Lines. Every line must be one, the last too."""
    assert output == b"" or output.endswith(b"\n"), output[-100:]
    return [json.loads(line) for line in output.split(b"\n")[:-1]]


def notice(recipient="nobody@remote.example", subject="Offer", line_end=b"\n"):
    """A delivery failure of RFC 3464 with the returned header."""
    if isinstance(subject, str):
        subject = subject.encode()
    text = b"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.remote.example>
To: alice@our.example
Subject: Undelivered Mail Returned to Sender
Date: Mon, 23 Nov 2026 20:25:00 +0000
Message-ID: <dsn.1@mx.remote.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1

Your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.remote.example
Arrival-Date: Mon, 23 Nov 2026 20:24:50 +0000

Final-Recipient: rfc822; %s
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <%s>: Recipient address rejected: User unknown

--b1
Content-Type: text/rfc822-headers

Received: from mx.our.example (mx.our.example [192.0.2.5])
\tby mx.remote.example with ESMTPS id 4A; Mon, 23 Nov 2026 20:24:50 +0000
From: alice@our.example
To: %s
Subject: %s
Date: Mon, 23 Nov 2026 20:24:50 +0000
Message-ID: <1@our.example>
X-Mailer: Example 1

--b1--
""" % (recipient.encode(), recipient.encode(), recipient.encode(), subject)
    return text.replace(b"\n", line_end)


ORDINARY = b"""\
From: bob@remote.example
To: alice@our.example
Subject: Lunch
Date: Mon, 23 Nov 2026 12:00:00 +0000
Message-ID: <lunch@remote.example>

At noon?
"""

SEPARATOR = b"From MAILER-DAEMON Mon Nov 23 20:25:00 2026"


def mbox(*messages, line_end=b"\n"):
    return b"".join(SEPARATOR + line_end + message + line_end for message in messages)
