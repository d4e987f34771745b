# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Mail of one person at a provider: what she sent, and notices about it and about forgeries."""

import email.utils
import time

ME = "alice@provider.example"
# 2024-11-01 12:00 UTC
START = 1730462400
DAY = 86400


def date(when):
    return email.utils.formatdate(when, usegmt=False)


def sent(number, when, to=None, message_id=None):
    return f"""\
From: {ME}
To: {to or f"person{number}@remote.example"}
Subject: Letter {number}
Date: {date(when)}
Message-ID: {message_id or f"<sent.{number}@provider.example>"}

Text of letter {number}.
""".encode()


def returned(number, when, genuine, to):
    """The header block of a letter of hers, or of one that a stranger's machine sent in her name."""
    if genuine:
        trace = f"""\
Received: from out3.provider.example (out3.provider.example [192.0.2.25])
\tby mx.remote.example with ESMTPS id R{number}; {date(when)}
Received: from laptop.lan ([10.0.0.5])
\tby out3.provider.example with ESMTPSA id S{number}; {date(when)}"""
        message_id = f"<sent.{number}@provider.example>"
    else:
        trace = f"""\
Received: from friend (host-9.dialup.stranger.example [203.0.113.9])
\tby mx.remote.example with ESMTP id R{number}; {date(when)}"""
        message_id = f"<spam.{number}@bulk.stranger.example>"
    return f"""\
{trace}
From: {ME}
To: {to}
Subject: {"Letter" if genuine else "Win now"} {number}
Date: {date(when)}
Message-ID: {message_id}
X-Mailer: Example 1
"""


def failure(number, when, genuine, to=None, block=None, size=0):
    """A delivery failure. `block`: another returned header, "" for none."""
    to = to or f"person{number}@remote.example"
    if block is None:
        block = returned(number, when, genuine, to)
    part = f"\n--b{number}\nContent-Type: text/rfc822-headers\n\n{block}" if block else ""
    return f"""\
Return-Path: <>
Delivered-To: {ME}
Received: from mx.remote.example (mx.remote.example [198.51.100.25])
\tby mx.provider.example with ESMTPS id N{number}; {date(when + 60)}
From: Mail Delivery System <MAILER-DAEMON@mx.remote.example>
To: {ME}
Subject: Undelivered Mail Returned to Sender
Date: {date(when + 50)}
Message-ID: <ndr.{number}@mx.remote.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b{number}"

--b{number}

Your message could not be delivered.{" " + "x" * size if size else ""}

--b{number}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.remote.example
Arrival-Date: {date(when)}

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{to}>: User unknown
{part}
--b{number}--
""".encode()


def vacation(number, when):
    return f"""\
Return-Path: <>
Delivered-To: {ME}
Received: from mx.remote.example (mx.remote.example [198.51.100.25])
\tby mx.provider.example with ESMTPS id V{number}; {date(when)}
From: person{number}@remote.example
To: {ME}
Subject: Out of office: Letter {number}
Date: {date(when)}
Message-ID: <vacation.{number}@remote.example>
In-Reply-To: <sent.{number}@provider.example>
Auto-Submitted: auto-replied

I am away until Monday.
""".encode()


def ordinary(number, when, size=0):
    filling = ("All work and no play makes a long letter of this one.\n" * (size // 54))
    return f"""\
Return-Path: <person{number}@remote.example>
Delivered-To: {ME}
Received: from mx.remote.example (mx.remote.example [198.51.100.25])
\tby mx.provider.example with ESMTPS id O{number}; {date(when)}
From: person{number}@remote.example
To: {ME}
Subject: Re: Letter {number}
Date: {date(when)}
Message-ID: <ordinary.{number}@remote.example>

Thank you for letter {number}.
{filling}""".encode()


def from_line(when):
    return b"From MAILER-DAEMON " + time.asctime(time.gmtime(when)).encode() + b"\n"


def mbox(messages):
    """Of (when, message)."""
    return b"".join(from_line(when) + message + b"\n" for when, message in messages)
