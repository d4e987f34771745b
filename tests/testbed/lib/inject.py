# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Sends one original message to the MTA under test, over SMTP or through its sendmail command.

With --sign Backstop signs the message first, as the sender's own host does with all mail that
leaves it; without, it is a stranger's, or left by a host that Backstop does not run on.

The DSN parameters of RFC 3461 are given by options and need SMTP. Exits with an error, and the
server's words, if the server does not take the message for every recipient.
"""

import argparse
import base64
import email.header
import email.utils
import smtplib
import subprocess
import sys
import time
import uuid

import signing

TEXT = (
    "Hello,\n\nplease find our offer below. It holds until the end of the month.\n"
    "If you have questions, just answer this message.\n\nKind regards\nThe order desk\n"
)
UMLAUT_TEXT = TEXT.replace("Kind regards", "Mit freundlichen Gr\u00fc\u00dfen")


def plain(size):
    """A text/plain original, padded to about size bytes."""
    padding = "A line of padding that only makes the message longer.\n"
    return "text/plain; charset=us-ascii", "7bit", TEXT + padding * (size // len(padding))


def eight_bit(_size):
    """A text/plain original in UTF-8, sent as 8bit."""
    return "text/plain; charset=utf-8", "8bit", UMLAUT_TEXT


def multipart(_size):
    """A multipart/mixed original with an HTML alternative and an attachment."""
    table = base64.encodebytes(b"article;amount;price\n4711;3;12.50\n" * 4).decode()
    body = (
        '--outer\nContent-Type: multipart/alternative; boundary="inner"\n\n'
        f"--inner\nContent-Type: text/plain; charset=us-ascii\n\n{TEXT}\n"
        "--inner\nContent-Type: text/html; charset=us-ascii\n\n"
        "<html><body><p>Hello,</p><p>please find our offer attached.</p></body></html>\n\n"
        "--inner--\n\n"
        '--outer\nContent-Type: text/csv; name="offer.csv"\n'
        "Content-Transfer-Encoding: base64\n"
        f'Content-Disposition: attachment; filename="offer.csv"\n\n{table}\n--outer--\n'
    )
    return 'multipart/mixed; boundary="outer"', "7bit", body


BODIES = {"plain": plain, "eight-bit": eight_bit, "multipart": multipart}


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sendmail", help="path of a sendmail command, to be used instead of SMTP")
    parser.add_argument("--server", help="address of the MTA under test")
    parser.add_argument("--source", help="address to send from")
    parser.add_argument("--helo")
    parser.add_argument("--received", action="append", default=[], help="a Received field")
    parser.add_argument("--from", dest="sender", default="alice@our.example")
    parser.add_argument("--author", default="alice@our.example", help="address in the From field")
    parser.add_argument("--to", dest="recipients", action="append", required=True)
    parser.add_argument("--header-to", help="address in the To field (default: all of --to)")
    parser.add_argument("--each", action="store_true", help="send a copy for each recipient")
    parser.add_argument("--subject", default="Our offer")
    parser.add_argument("--age-days", type=int, default=0, help="how old its Date says it is")
    parser.add_argument("--body", choices=sorted(BODIES), default="plain")
    parser.add_argument("--size", type=int, default=0, help="bytes of padding")
    parser.add_argument("--hops", type=int, default=0, help="number of made-up Received fields")
    parser.add_argument("--ret", choices=("FULL", "HDRS"))
    parser.add_argument("--envid")
    parser.add_argument("--notify")
    parser.add_argument("--orcpt", help="original recipient")
    parser.add_argument("--smtputf8", action="store_true")
    parser.add_argument("--sign", action="store_true")
    parser.add_argument("--signed-to", help="the recipient that the sender wrote to, where it is "
                                            "a list or another that passes the mail on")
    parser.add_argument("--batv", action="store_true", help="make the sender a BATV address")
    parser.add_argument("--stolen-tag", action="store_true",
                        help="put the tag of another, signed mail on top")
    return parser.parse_args()


def compose(arguments):
    """The original message as UTF-8 bytes with CRLF line ends."""
    content_type, encoding, body = BODIES[arguments.body](arguments.size)
    now = email.utils.formatdate(localtime=True)
    subject = arguments.subject
    if not arguments.smtputf8:
        subject = str(email.header.Header(subject)) if subject.isascii() else (
            email.header.Header(subject, "utf-8").encode())
    hops = [f"from relay{i}.our.example by relay{i + 1}.our.example; {now}"
            for i in range(arguments.hops, 0, -1)]
    fields = [("Received", f"{value}; {now}") for value in arguments.received]
    fields += [("Received", value) for value in hops]
    fields += [
        ("From", f'"Order Desk" <{arguments.author}>'),
        ("To", arguments.header_to or ",\n ".join(arguments.recipients)),
        ("Subject", subject),
        ("Date", email.utils.formatdate(time.time() - arguments.age_days * 86400, localtime=True)),
        ("Message-ID", f"<{time.strftime('%Y%m%d%H%M%S', time.gmtime())}."
                       f"{uuid.uuid4().hex[:12]}@our.example>"),
        ("User-Agent", "Order Desk 2.4"),
        ("MIME-Version", "1.0"),
        ("Content-Type", content_type),
        ("Content-Transfer-Encoding", encoding),
    ]
    head = "".join(f"{name}: {value}\n" for name, value in fields)
    return (head + "\n" + body).replace("\n", "\r\n").encode()


def add_proof(arguments, message):
    """Signs the message, or gives it the tag of another, if the arguments say so."""
    now = int(time.time())
    if arguments.sign:
        recipients = [arguments.signed_to] if arguments.signed_to else arguments.recipients
        return signing.sign(message, arguments.sender, recipients, now)
    if arguments.stolen_tag:
        other = signing.sign(compose(arguments), arguments.sender, ["post@other.example"], now)
        return other[: other.index(b"\r\n") + 2] + message
    return message


def send_by_command(arguments, message):
    """Hands the message to a sendmail command."""
    command = [arguments.sendmail, "-f", arguments.sender, *arguments.recipients]
    subprocess.run(command, input=message.replace(b"\r\n", b"\n"), check=True)


def send_by_smtp(arguments, message):
    """Runs the SMTP transaction, or one for each recipient."""
    client = smtplib.SMTP(arguments.server, 25, arguments.helo, 20, (arguments.source, 0))
    client.ehlo()
    wants_dsn = arguments.ret or arguments.envid or arguments.notify or arguments.orcpt
    if wants_dsn and not client.has_extn("dsn"):
        sys.exit("the server does not offer DSN")
    if arguments.smtputf8:
        client.command_encoding = "utf-8"
    mail_options = [f"SIZE={len(message)}"] if client.has_extn("size") else []
    mail_options += ["BODY=8BITMIME"] if not message.isascii() else []
    mail_options += ["SMTPUTF8"] if arguments.smtputf8 else []
    mail_options += [f"RET={arguments.ret}"] if arguments.ret else []
    mail_options += [f"ENVID={arguments.envid}"] if arguments.envid else []
    rcpt_options = [f"NOTIFY={arguments.notify}"] if arguments.notify else []
    rcpt_options += [f"ORCPT=rfc822;{arguments.orcpt}"] if arguments.orcpt else []
    recipients = arguments.recipients
    for copy_to in [[recipient] for recipient in recipients] if arguments.each else [recipients]:
        must_accept("MAIL FROM", client.mail(arguments.sender, mail_options))
        for recipient in copy_to:
            must_accept("RCPT TO", client.rcpt(recipient, rcpt_options))
        must_accept("DATA", client.data(message))
    client.quit()


def must_accept(command, reply):
    """Ends the program unless the reply is positive."""
    code, text = reply
    if not 200 <= code < 300:
        sys.exit(f"the server refused {command}: {code} {text.decode('utf-8', 'replace')}")


def main():
    """Composes and sends."""
    arguments = parse_arguments()
    send = send_by_command if arguments.sendmail else send_by_smtp
    if arguments.batv:
        arguments.sender = signing.batv_address(arguments.sender, int(time.time()))
    send(arguments, add_proof(arguments, compose(arguments)))


main()
