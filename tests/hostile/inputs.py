# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The inputs of test_hostile.py: functions of a size in bytes, which return about that much mail."""

import base64

TOP = b"""Return-Path: <>
From: MAILER-DAEMON@mx.remote.example
To: alice@our.example
Subject: Undelivered Mail Returned to Sender
Date: Mon, 23 Nov 2026 20:24:50 +0000
Message-ID: <1@mx.remote.example>
MIME-Version: 1.0
"""
RETURNED = b"""Received: from mx.our.example (mx.our.example [192.0.2.5])
\tby mx.remote.example with ESMTP id 1 for <nobody@remote.example>;
\tMon, 23 Nov 2026 20:24:50 +0000
Message-ID: <2@our.example>
Date: Mon, 23 Nov 2026 20:24:49 +0000
"""
STATUS = b"""Reporting-MTA: dns; mx.remote.example
Arrival-Date: Mon, 23 Nov 2026 20:24:50 +0000

Final-Recipient: rfc822; nobody@remote.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown
"""
TEXT = b"Your message could not be delivered to nobody@remote.example: user unknown\n"


def fill(unit, size):
    """`unit` again and again. A unit with {} is numbered."""
    if b"{}" not in unit:
        return unit * max(size // len(unit), 1)
    count = max(size // (len(unit) + 4), 1)
    return b"".join(unit.replace(b"{}", b"%d" % i) for i in range(count))


def part(content_type, body, more=b""):
    return b"--b\nContent-Type: " + content_type + b"\n" + more + b"\n" + body + b"\n"


def report(text=TEXT, status=STATUS, returned=RETURNED, returned_body=b"Hello\n"):
    """A DSN (RFC 3464) of these pieces."""
    return (TOP + b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
            + part(b"text/plain", text) + part(b"message/delivery-status", status)
            + part(b"message/rfc822", returned + b"\n" + returned_body) + b"--b--\n")


def plain(body, header=b""):
    """A notice of free text."""
    return TOP + header + b"\n" + body


def nested_multiparts(size):
    return TOP + fill(b"Content-Type: multipart/mixed; boundary=b{}\n\n--b{}\n", size)


def nested_one_boundary(size):
    return TOP + fill(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", size)


def deep(body):
    """As many open multiparts as are kept open, each boundary a prefix of the next; then `body`."""
    head = TOP
    for i in range(1, 40):
        name = b"b" * i
        head += b"Content-Type: multipart/mixed; boundary=" + name + b"\n\n--" + name + b"\n"
    return head + b"Content-Type: text/plain\n\n" + body


def recipients(size):
    return STATUS + fill(b"\nFinal-Recipient: rfc822; u{}@remote.example\nAction: failed\n"
                         b"Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\n", size)


def mentions(unit, groups_size, text_size):
    """Many recipients in the status part, and one long line of text that names addresses."""
    return report(text=TEXT + fill(unit, text_size) + b"user unknown\n",
                  status=recipients(groups_size))


def disposition(fields, encoding=b"7bit"):
    """An MDN (RFC 8098) with these fields besides those that it must have."""
    fields = (b"Final-Recipient: rfc822; nobody@remote.example\n"
              b"Original-Message-ID: <2@our.example>\n"
              b"Disposition: automatic-action/MDN-sent-automatically; deleted\n" + fields)
    if encoding == b"base64":
        fields = base64_text(fields)
    return (TOP + b"Content-Type: multipart/report; report-type=disposition-notification; "
            + b'boundary="b"\n\n' + part(b"text/plain", TEXT)
            + part(b"message/disposition-notification", fields,
                   b"Content-Transfer-Encoding: " + encoding + b"\n") + b"--b--\n")


SES_RECIPIENTS = b'{"notificationType":"Bounce","bounce":{"bouncedRecipients":['


def ses(items, end=b""):
    """What Amazon SES posts of a bounce; SNS puts it into a string."""
    return plain(SES_RECIPIENTS + items + end)


def sns(items):
    inner = (SES_RECIPIENTS + items + b"{}]}}").replace(b'"', b'\\"')
    return plain(b'{"Type":"Notification","Message":"' + inner + b'"}')


def encoded(content_type, encoding, body):
    return plain(body, b"Content-Type: " + content_type
                 + b"\nContent-Transfer-Encoding: " + encoding + b"\n")


def base64_text(data):
    return base64.encodebytes(data)


def every_other_nul(data):
    return b"\0".join(data[i:i + 1] for i in range(len(data)))


PLACES = {
    "in To": lambda value: TOP.replace(b"alice@our.example", value) + b"\n" + TEXT,
    "in From": lambda value: TOP.replace(b"MAILER-DAEMON@mx.remote.example", value) + b"\n" + TEXT,
    "in Subject": lambda value: TOP.replace(b"Undelivered Mail", value) + b"\n" + TEXT,
    "in Content-Type": lambda value: plain(TEXT, b"Content-Type: " + value + b"\n"),
    "in X-Failed-Recipients": lambda value: plain(TEXT, b"X-Failed-Recipients: " + value + b"\n"),
    "in Received": lambda value: plain(TEXT, b"Received: " + value + b"\n"),
    "in Date": lambda value: plain(TEXT, b"Date: " + value + b"\n"),
    "in the returned To": lambda value: report(returned=RETURNED + b"To: " + value + b"\n"),
    "in the returned Received":
        lambda value: report(returned=RETURNED + b"Received: " + value + b"\n"),
    "in the diagnostic": lambda value: report(status=STATUS.replace(b"user unknown", value)),
    "in the status": lambda value: report(status=STATUS + value + b"\n"),
    "in the recipient":
        lambda value: report(status=STATUS.replace(b"nobody@remote.example", value)),
    "in the text": lambda value: plain(TEXT + value + b"\n"),
    "in HTML": lambda value: plain(TEXT + value + b"\n", b"Content-Type: text/html\n"),
}

# Each of these in each of those places.
MARKS = {
    "at": b"@",
    "angle": b"<",
    "closing angle": b">",
    "quote": b'"',
    "parenthesis": b"(",
    "bracket": b"[",
    "backslash": b"\\",
    "colon": b"a:",
    "semicolon": b"a=b;",
    "comma": b",",
    "dot": b"a.",
    "encoded word": b"=?",
    "space": b" ",
    "8-bit": b"\xe4",
    "NUL": b"\0",
    "ESC": b"\x1b$B",
    "digit": b"5.1.1 ",
    "address": b"<u{}@r.example> ",
    "line": b"a\n ",
}

SHAPES = {
    "nested multiparts": nested_multiparts,
    "nested multiparts of one boundary": nested_one_boundary,
    "nested message/rfc822": lambda n: TOP + fill(b"Content-Type: message/rfc822\n\n", n),
    "nested message/rfc822 without a blank line":
        lambda n: TOP + fill(b"Content-Type: message/rfc822\nno field\n", n),
    "header fields": lambda n: TOP + fill(b"X-A: b\n", n) + b"\n" + TEXT,
    "empty header fields": lambda n: TOP + fill(b"a:\n", n) + b"\n" + TEXT,
    "different header fields": lambda n: TOP + fill(b"X-{}: b\n", n) + b"\n" + TEXT,
    "To fields": lambda n: TOP + fill(b"To: a@b.example\n", n) + b"\n" + TEXT,
    "returned header fields": lambda n: report(returned=RETURNED + fill(b"X-A: b\n", n)),
    "returned Received fields": lambda n: report(returned=fill(RETURNED, n)),
    "returned To fields":
        lambda n: report(returned=RETURNED + fill(b"To: u{}@remote.example\n", n)),
    "lines between fields": lambda n: TOP + fill(b"no field\nX-A: b\n", n) + b"\n" + TEXT,
    "lines before a field that is there":
        lambda n: TOP + fill(b"no field\nSubject: b\n", n) + b"\n" + TEXT,
    "lines without folding": lambda n: TOP + fill(b"7 lines\n" * 7 + b"X-A: b\n", n) + b"\n" + TEXT,
    "folded lines": lambda n: TOP + b"X-A: b\n" + fill(b" c\n", n) + b"\n" + TEXT,
    "From lines": lambda n: fill(b">From a@b.example\n", n) + TOP + b"\n" + TEXT,
    "blank lines first": lambda n: fill(b"\r\n", n) + TOP + b"\n" + TEXT,
    "boundary lines": lambda n: report() + fill(b"--b\n", n),
    "boundary prefixes": lambda n: deep(fill(b"--" + b"b" * 41 + b"\n", n)),
    "boundaries of all levels":
        lambda n: deep(fill(b"".join(b"--" + b"b" * i + b"\n" for i in range(1, 40)), n)),
    "parts": lambda n: report() + fill(part(b"text/plain", b"x"), n),
    "delivery-status parts": lambda n: report() + fill(part(b"message/delivery-status", STATUS), n),
    "returned parts": lambda n: report() + fill(part(b"message/rfc822", RETURNED), n),
    "dashes": lambda n: report(text=fill(b"--\n", n)),
    "no boundary, many dashes":
        lambda n: plain(fill(b"--x\ntext\n", n), b"Content-Type: multipart/mixed\n"),
    "a boundary cited": lambda n: plain(fill(b"--\nb\n", n), b"Content-Type: multipart/mixed; boundary=b\n"),
    "parameters": lambda n: plain(TEXT, b"Content-Type: text/plain" + fill(b"; a*{}=b", n) + b"\n"),
    "recipients in the status": lambda n: report(status=recipients(n)),
    "one recipient again and again": lambda n: report(status=fill(STATUS, n)),
    "diagnostics":
        lambda n: report(status=STATUS + fill(b"Diagnostic-Code: smtp; 550 user unknown\n", n)),
    "blank lines in the status": lambda n: report(status=STATUS + fill(b"\n", n)),
    "recipients and one of them again and again":
        lambda n: mentions(b"<u7@remote.example> ", n // 2, n // 2),
    "recipients and all of them again":
        lambda n: mentions(b"<u{}@remote.example> ", n // 2, n // 2),
    "recipients and as many replies":
        lambda n: mentions(b"<u7@remote.example> 550 5.1.1 ", n // 2, n // 2),
    "recipients and a long text": lambda n: mentions(b"u7 remote.example ", n // 2, n // 2),
    "recipients in a field and a long text":
        lambda n: plain(fill(b"u7 r.example ", n // 2) + b"\n" + TEXT, b"X-Failed-Recipients: "
                        + fill(b"u{}@r.example,\n ", n // 2) + b"x\n"),
    "recipients in X-Failed-Recipients":
        lambda n: plain(TEXT, b"X-Failed-Recipients: " + fill(b"u{}@r.example,\n ", n) + b"x\n"),
    "phrases": lambda n: plain(fill(b"user unknown ", n)),
    "phrases on lines": lambda n: plain(fill(b"user unknown\n", n)),
    "addresses in the text": lambda n: plain(TEXT + fill(b"<u{}@r.example>: user unknown\n", n)),
    "replies in the text": lambda n: plain(TEXT + fill(b"550 5.1.1 <u{}@r.example>... no\n", n)),
    "header blocks in the text": lambda n: plain(TEXT + fill(RETURNED + b"From: a@b.example\n\n", n)),
    "header summaries in the text":
        lambda n: plain(TEXT + fill(b"From: a@b.example\nno\nTo: c@d.example\nno\n", n)),
    "indented headers in the text":
        lambda n: plain(TEXT + b"".join(b" " * (i % 60) + b"From: a\n" for i in range(n // 40))),
    "quoted text": lambda n: plain(TEXT + fill(b"> > > > > >\n", n)),
    "rulers": lambda n: plain(TEXT + fill(b"----- The original message -----\n", n)),
    "qmail paragraphs":
        lambda n: plain(b"Hi. This is the qmail-send program at mx.remote.example.\n\n"
                        + fill(b"<u{}@r.example>:\nno such user\n\n", n)),
    "SES JSON": lambda n: ses(fill(b'{"emailAddress":"u{}@r.example"},', n)),
    "SES JSON to its end":
        lambda n: ses(fill(b'{"emailAddress":"u{}@r.example","status":"5.1.1"},', n), b"{}]}}"),
    "SES JSON in SNS JSON": lambda n: sns(fill(b'{"emailAddress":"u{}@r.example"},', n)),
    "SES JSON of empty strings": lambda n: ses(fill(b'"",', n)),
    "SES JSON of empty recipients": lambda n: ses(b'{"emailAddress":' + fill(b'"",', n)),
    "SES JSON of empty keys": lambda n: ses(fill(b'"":"",', n)),
    "SES JSON of quotes": lambda n: ses(fill(b'"', n)),
    "SES JSON headers":
        lambda n: ses(b"{}]}," + fill(b'{"name":"X-A","value":"b"},', n), b'{"source":"a@b.example"}}'),
    "open JSON": lambda n: plain(b'{"notificationType":"Bounce","bounce":' + fill(b'{"a":[', n)),
    "JSON in JSON": lambda n: plain(b'{"Type":"Notification","Message":"' + fill(b'\\"', n) + b'"}'),
    "HTML tags": lambda n: encoded(b"text/html", b"7bit", TEXT + fill(b"<b>", n)),
    "open HTML comments": lambda n: encoded(b"text/html", b"7bit", TEXT + fill(b"<!--", n)),
    "open HTML attributes": lambda n: encoded(b"text/html", b"7bit", TEXT + fill(b"<a href='", n)),
    "HTML entities": lambda n: encoded(b"text/html", b"7bit", TEXT + fill(b"&#x41;&amp", n)),
    "HTML scripts": lambda n: encoded(b"text/html", b"7bit", TEXT + fill(b"<script>", n)),
    "HTML tables": lambda n: encoded(b"text/html", b"7bit", TEXT + fill(b"<table><tr><td>", n)),
    "Base64": lambda n: encoded(b"text/plain", b"base64", base64_text(fill(TEXT, n * 3 // 4))),
    "Base64 of one letter": lambda n: encoded(b"text/plain", b"base64", fill(b"A", n)),
    "Base64 padding": lambda n: encoded(b"text/plain", b"base64", fill(b"QQ==", n)),
    "Base64 of marks": lambda n: encoded(b"text/plain", b"base64", fill(b"=", n)),
    "Base64 in the header": lambda n: plain(TEXT, b"Subject: " + fill(b"=?utf-8?B?QUJD?= ", n) + b"\n"),
    "soft line breaks": lambda n: encoded(b"text/plain", b"quoted-printable", fill(b"=\n", n)),
    "quoted-printable blanks": lambda n: encoded(b"text/plain", b"quoted-printable", fill(b" ", n)),
    "uuencode": lambda n: encoded(b"text/plain", b"x-uuencode", fill(b"begin 644 a\n", n)),
    "TNEF": lambda n: encoded(b"application/ms-tnef", b"base64",
                              base64_text(b"\x78\x9f\x3e\x22" + fill(b"\1\0", n // 2))),
    "invalid UTF-8": lambda n: encoded(b"text/plain; charset=utf-8", b"8bit", fill(b"\xe4", n)),
    "Windows-1252": lambda n: encoded(b"text/plain", b"8bit", fill(b"\x80", n)),
    "UTF-7 that is none": lambda n: encoded(b"text/plain; charset=utf-7", b"7bit", fill(b"+AGE", n)),
    "UTF-16 that is none": lambda n: encoded(b"text/plain; charset=utf-16", b"8bit", fill(TEXT, n)),
    "ISO-2022-JP escapes":
        lambda n: encoded(b"text/plain; charset=iso-2022-jp", b"7bit", fill(b"\x1b$B\x1b(B", n)),
    "GB18030 that is none":
        lambda n: encoded(b"text/plain; charset=gb18030", b"8bit", fill(b"\x81\x30\xff", n)),
    "an unknown charset": lambda n: encoded(b"text/plain; charset=x-none", b"8bit", fill(b"\xff", n)),
    "a charset label": lambda n: encoded(b"text/plain; charset=" + fill(b"a", n), b"8bit", b"\xff"),
    "NULs": lambda n: plain(TEXT + fill(b"\0", n)),
    "NULs alone but one": lambda n: fill(b"\0", n) + b"x",
    "NULs between": lambda n: every_other_nul(report(text=fill(TEXT, n // 2))),
    "an MDN": lambda n: disposition(fill(b"X-A: b\n", n)),
    "an MDN in Base64": lambda n: disposition(fill(b"X-A: b\n", n * 3 // 4), b"base64"),
    "an MDN of one line": lambda n: disposition(b"X-A: " + fill(b"a", n) + b"\n"),
    "an MDN of recipients":
        lambda n: disposition(fill(b"Final-Recipient: rfc822; u{}@remote.example\n", n)),
    "an MDN of blank lines in Base64": lambda n: disposition(fill(b"\n", n * 3 // 4), b"base64"),
    "CR lines in the text": lambda n: plain(TEXT + fill(b"user unknown\r", n)),
    "CR lines in the status": lambda n: report(status=STATUS + fill(b"X-A: b\r", n)),
    "CR lines in an MDN": lambda n: disposition(fill(b"X-A: b\r", n)),
    "CR lines in Base64":
        lambda n: encoded(b"text/plain", b"base64", base64_text(fill(b"unknown\r", n * 3 // 4))),
    "CR lines in HTML": lambda n: encoded(b"text/html", b"7bit", TEXT + fill(b"<b>a\r", n)),
    "CR lines in a returned header": lambda n: report(returned=RETURNED + fill(b"X-A: b\r", n)),
    "CR lines alone": lambda n: plain(fill(TEXT, n)).replace(b"\n", b"\r"),
    "CRs": lambda n: plain(TEXT + fill(b"\r", n)),
    "CR line ends": lambda n: report(text=fill(TEXT, n)).replace(b"\n", b"\r"),
    "doubled CR line ends": lambda n: report(text=fill(TEXT, n)).replace(b"\n", b"\r\r\n"),
    "letters": lambda n: fill(b"a", n),
    "a line in the header": lambda n: TOP + b"X-A: " + fill(b"a", n) + b"\n\n" + TEXT,
    "a line in the body": lambda n: plain(TEXT + fill(b"a", n)),
    "a line in the status": lambda n: report(status=STATUS + b"X-A: " + fill(b"a", n)),
    "a line in the returned header": lambda n: report(returned=RETURNED + b"X-A: " + fill(b"a", n)),
    "a returned body": lambda n: report(returned_body=fill(TEXT, n)),
}

MARKED = {
    f"{mark_name} {place_name}": (lambda n, mark=mark, place=place: place(fill(mark, n)))
    for mark_name, mark in MARKS.items() for place_name, place in PLACES.items()
}

# Also far over the size of any real mail.
HUGE = ["header fields", "a line in the header", "a line in the body", "NULs", "parts"]
