# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Notices as strangers' mail servers hand them in, about mail that left at a time of our choice."""

import email.utils
import time

OUR_HOST = "mx.our.example (unknown [192.0.2.25])"
FORGER = "dsl.forger.test (unknown [203.0.113.66])"


def date(ago_sec=0):
    return email.utils.formatdate(time.time() - ago_sec)


def offer(message_id, recipient="victim@remote.example", ago_sec=0):
    """The header of a mail of alice's that was never signed."""
    return (f"From: Alice <alice@our.example>\nTo: {recipient}\nSubject: Offer\n"
            f"Date: {date(ago_sec)}\nMessage-ID: {message_id}\nX-Mailer: Example 1\n")


def received(host=FORGER, recipient="victim@remote.example", ago_sec=0):
    """What the mail server that bounces has put on top of it."""
    return (f"Received: from {host}\n\tby mx.remote.example with ESMTP id 4F8\n"
            f"\tfor <{recipient}>; {date(ago_sec)}\n")


def notice(header, message_id, recipient="victim@remote.example"):
    """A delivery failure that returns this header, complete with its Received fields."""
    return (
        "From: MAILER-DAEMON@mx.remote.example (Mail Delivery System)\nTo: alice@our.example\n"
        "Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\n"
        f"Date: {date()}\nMessage-ID: {message_id}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\n\n'
        "--b1\n\nYour message could not be delivered to one or more recipients.\n\n"
        f"<{recipient}>: unknown user\n\n"
        "--b1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.remote.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: X-Postfix; unknown user\n\n"
        "--b1\nContent-Type: text/rfc822-headers\n\nReturn-Path: <alice@our.example>\n"
        f"{header}\n--b1--\n").encode()


def forged(name, ago_sec=0):
    """About a mail that we did not send, to somebody whom we never wrote to."""
    return notice(received(ago_sec=ago_sec) + offer(f"<{name}@our.example>", ago_sec=ago_sec),
                  f"<dsn-{name}@mx.remote.example>")
