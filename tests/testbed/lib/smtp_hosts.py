# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The SMTP servers of the test bed that are not the MTA under test.

Usage: smtp_hosts.py INBOX EXCEPT_HOST

Every host of world.py is served, save EXCEPT_HOST (the MTA under test). What a host answers is
chosen by the local part of the recipient, see AT_RCPT and AT_DATA: nobody@ is unknown, full@ is
over quota, and so on; what follows a "-" in it makes another address of the same sort. Everyone
else is accepted. mx.our.example stores all its mail in the Maildir INBOX, with the trace fields
that a final server adds (RFC 5321, 4.4); the other hosts throw away what they accept.
"""

import asyncio
import email.utils
import os
import re
import sys
import time

import world

# Local part: reply to RCPT TO. {rcpt}, {ip} and {host} are filled in.
AT_RCPT = {
    "nobody": "550-5.1.1 The recipient <{rcpt}> has no mailbox on this server.\n"
    "550-5.1.1 Please check the address for spelling mistakes\n"
    "550 5.1.1 and send your message again.",
    "gone": "550 No such user here",
    "full": "552 5.2.2 <{rcpt}>: mailbox is full, quota exceeded",
    "overquota": "452 4.2.2 <{rcpt}>: mailbox is over its quota, try again later",
    "disabled": "550 5.2.1 <{rcpt}>: this mailbox has been disabled",
    "moved": "551 5.1.6 User not local; please try <someone@other.example>",
    "blocked": "550 5.7.1 Service unavailable; client host [{ip}] blocked using bl.example",
    "spf": "550 5.7.23 <{rcpt}>: SPF validation failed for the domain of the sender",
    "dmarc": "550 5.7.26 Unauthenticated mail is not accepted due to the DMARC policy of our.example",
    "relay": "554 5.7.1 <{rcpt}>: Relay access denied",
    "grey": "451 4.7.1 <{rcpt}>: greylisted, please try again in 300 seconds",
    "rate": "450 4.2.1 <{rcpt}> is receiving mail too fast, please try again later",
    "syntax": "501 5.1.3 Bad recipient address syntax",
    "n\u00fcmand": "550 5.1.1 <{rcpt}>: no such mailbox",
}

# Local part: reply to the end of the message.
AT_DATA = {
    "spam": "554 5.7.1 Message rejected: its content looks like spam",
    "virus": "550 5.7.1 Message rejected: virus found (Eicar-Test-Signature)",
    "attachment": "552 5.7.0 Attachments of this type are not accepted here",
    "big": "552 5.3.4 Message is larger than this mailbox accepts",
}

# What each host offers; hosts without an entry offer SIZE and 8BITMIME.
EXTENSIONS = {
    "mx.our.example": ["PIPELINING", "SIZE 10000000", "8BITMIME", "SMTPUTF8"],
    "mx.remote.example": ["PIPELINING", "SIZE 4000", "8BITMIME", "ENHANCEDSTATUSCODES"],
    "mx.other.example": ["SIZE 4000", "8BITMIME", "SMTPUTF8", "DSN"],
}


class Session:
    """One SMTP connection to one of the hosts."""

    def __init__(self, host, inbox, reader, writer):
        self.host = host
        self.inbox = inbox
        self.reader = reader
        self.writer = writer
        self.peer_ip = writer.get_extra_info("peername")[0]
        self.helo = ""
        self.reset()

    def extensions(self):
        """What the host offers in its answer to EHLO."""
        return EXTENSIONS.get(self.host, ["SIZE 4000", "8BITMIME"])

    def reset(self):
        """Forgets the mail transaction."""
        self.sender = ""
        self.recipients = []

    def reply(self, text, recipient=""):
        """Sends a reply of one or more lines."""
        filled = text.format(rcpt=recipient, ip=self.peer_ip, host=self.host)
        self.writer.write(filled.replace("\n", "\r\n").encode() + b"\r\n")

    async def run(self):
        """Serves the connection to its end."""
        if self.host == "mx.closed.example":
            self.reply("554 5.7.1 {host} accepts no mail from [{ip}]: poor reputation")
        else:
            self.reply("220 {host} ESMTP")
            while line := await self.reader.readline():
                if not await self.command(line.decode("utf-8", "replace").strip()):
                    break
        await self.writer.drain()
        self.writer.close()

    async def command(self, line):
        """Obeys one command; False ends the connection."""
        verb = line[:4].upper()
        if verb in ("EHLO", "HELO"):
            self.helo = line[5:]
            lines = [self.host, *(self.extensions() if verb == "EHLO" else [])]
            self.reply("\n".join(["250-" + line for line in lines[:-1]] + ["250 " + lines[-1]]))
        elif verb == "MAIL":
            self.mail(line)
        elif verb == "RCPT":
            self.recipient(path_of(line))
        elif verb == "DATA":
            await self.data()
        elif verb == "QUIT":
            self.reply("221 2.0.0 Bye")
            return False
        elif verb in ("RSET", "NOOP"):
            self.reset()
            self.reply("250 2.0.0 Ok")
        else:
            self.reply("502 5.5.1 Command not implemented")
        return True

    def mail(self, line):
        """Starts a transaction, unless its declared size is too large (RFC 1870)."""
        self.reset()
        limits = re.findall(r"SIZE (\d+)", " ".join(self.extensions()))
        declared = re.findall(r" SIZE=(\d+)", line.upper())
        if limits and declared and int(declared[0]) > int(limits[0]):
            self.reply("552 5.3.4 Message size exceeds the limit of this server")
            return
        self.sender = path_of(line)
        self.reply("250 2.1.0 Sender ok")

    def recipient(self, address):
        """Accepts or refuses a recipient."""
        refusal = AT_RCPT.get(sort_of(address))
        if refusal:
            self.reply(refusal, address)
            return
        self.recipients.append(address)
        self.reply("250 2.1.5 Recipient ok")

    async def data(self):
        """Reads a message and accepts, refuses or stores it."""
        if not self.recipients:
            self.reply("503 5.5.1 No valid recipients")
            return
        self.reply("354 End data with <CR><LF>.<CR><LF>")
        lines = []
        while (line := await self.reader.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        refusals = [AT_DATA[sort] for sort in map(sort_of, self.recipients) if sort in AT_DATA]
        if refusals:
            self.reply(refusals[0])
        else:
            if self.host == "mx.our.example":
                self.store(b"".join(lines).replace(b"\r\n", b"\n"))
            self.reply("250 2.0.0 Ok")
        self.reset()

    def store(self, message):
        """Puts a message into the inbox, with Return-Path and Received on top."""
        names = {address: name for name, address in world.HOSTS.items()}
        trace = (
            f"Return-Path: <{self.sender}>\n"
            f"Received: from {self.helo} ({names.get(self.peer_ip, 'unknown')} [{self.peer_ip}])\n"
            f"\tby {self.host} with ESMTP\n"
            f"\tfor <{self.recipients[0]}>; {email.utils.formatdate(localtime=True)}\n"
        )
        name = f"{time.time_ns()}.{self.host}"
        with open(os.path.join(self.inbox, "tmp", name), "wb") as file:
            file.write(trace.encode() + message)
        os.rename(os.path.join(self.inbox, "tmp", name), os.path.join(self.inbox, "new", name))


def path_of(line):
    """The address between the angle brackets of MAIL FROM or RCPT TO."""
    return line.partition("<")[2].partition(">")[0]


def sort_of(address):
    """What decides how an address is answered."""
    return address.partition("@")[0].partition("-")[0].lower()


async def serve(host, address, inbox):
    """Listens for one host."""
    async def connected(reader, writer):
        try:
            await Session(host, inbox, reader, writer).run()
        except ConnectionError:
            writer.close()

    await asyncio.start_server(connected, address, 25)


async def main(inbox, except_host):
    """Serves all hosts until the namespace ends."""
    for host, address in world.HOSTS.items():
        if host.startswith(("mx.", "store.")) and host not in (except_host, "mx.down.example"):
            await serve(host, address, inbox)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], sys.argv[2]))
