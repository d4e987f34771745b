# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The mail server's side of the milter protocol, version 6: asks a milter about mails.

    with Milter("unix:/run/backstop/milter.sock") as milter:
        milter.negotiate()
        milter.connect()
        outcome = milter.deliver(mail, "", ["alice@our.example"])

An Outcome tells what the milter answered, and what becomes of the mail: outcome.apply(). Each step
can be taken alone, in any order, and raw bytes can be sent, so that tests can misbehave. A packet
is its length in four bytes, a command byte, and data; the names and values of both are Sendmail's
(libmilter/mfdef.h), which test_hostile_client.py compares with these.
"""

import dataclasses
import re
import socket
import struct

SMFI_PROT_VERSION = 6
SMFI_CURR_ACTS = 0x1FF
SMFI_CURR_PROT = 0x1FFFFF
MILTER_CHUNK_SIZE = 65535

SMFIC_ABORT = b"A"
SMFIC_BODY = b"B"
SMFIC_CONNECT = b"C"
SMFIC_MACRO = b"D"
SMFIC_BODYEOB = b"E"
SMFIC_HELO = b"H"
SMFIC_QUIT_NC = b"K"
SMFIC_HEADER = b"L"
SMFIC_MAIL = b"M"
SMFIC_EOH = b"N"
SMFIC_OPTNEG = b"O"
SMFIC_QUIT = b"Q"
SMFIC_RCPT = b"R"
SMFIC_DATA = b"T"
SMFIC_UNKNOWN = b"U"

SMFIR_ADDRCPT = b"+"
SMFIR_DELRCPT = b"-"
SMFIR_ADDRCPT_PAR = b"2"
SMFIR_SHUTDOWN = b"4"
SMFIR_ACCEPT = b"a"
SMFIR_REPLBODY = b"b"
SMFIR_CONTINUE = b"c"
SMFIR_DISCARD = b"d"
SMFIR_CHGFROM = b"e"
SMFIR_CONN_FAIL = b"f"
SMFIR_ADDHEADER = b"h"
SMFIR_INSHEADER = b"i"
SMFIR_SETSYMLIST = b"l"
SMFIR_CHGHEADER = b"m"
SMFIR_PROGRESS = b"p"
SMFIR_QUARANTINE = b"q"
SMFIR_REJECT = b"r"
SMFIR_SKIP = b"s"
SMFIR_TEMPFAIL = b"t"
SMFIR_REPLYCODE = b"y"

SMFIP_NOCONNECT = 0x1
SMFIP_NOHELO = 0x2
SMFIP_NOMAIL = 0x4
SMFIP_NORCPT = 0x8
SMFIP_NOBODY = 0x10
SMFIP_NOHDRS = 0x20
SMFIP_NOEOH = 0x40
SMFIP_NR_HDR = 0x80
SMFIP_NOUNKNOWN = 0x100
SMFIP_NODATA = 0x200
SMFIP_SKIP = 0x400
SMFIP_NR_CONN = 0x1000
SMFIP_NR_HELO = 0x2000
SMFIP_NR_MAIL = 0x4000
SMFIP_NR_RCPT = 0x8000
SMFIP_NR_DATA = 0x10000
SMFIP_NR_UNKN = 0x20000
SMFIP_NR_EOH = 0x40000
SMFIP_NR_BODY = 0x80000
SMFIP_HDR_LEADSPC = 0x100000

# By command: the bits with which a milter does without the step, and without answering it.
STEPS = {
    SMFIC_CONNECT: (SMFIP_NOCONNECT, SMFIP_NR_CONN),
    SMFIC_HELO: (SMFIP_NOHELO, SMFIP_NR_HELO),
    SMFIC_MAIL: (SMFIP_NOMAIL, SMFIP_NR_MAIL),
    SMFIC_RCPT: (SMFIP_NORCPT, SMFIP_NR_RCPT),
    SMFIC_DATA: (SMFIP_NODATA, SMFIP_NR_DATA),
    SMFIC_HEADER: (SMFIP_NOHDRS, SMFIP_NR_HDR),
    SMFIC_EOH: (SMFIP_NOEOH, SMFIP_NR_EOH),
    SMFIC_BODY: (SMFIP_NOBODY, SMFIP_NR_BODY),
    SMFIC_UNKNOWN: (SMFIP_NOUNKNOWN, SMFIP_NR_UNKN),
}
FINAL = {SMFIR_ACCEPT: "accept", SMFIR_REJECT: "reject", SMFIR_TEMPFAIL: "tempfail",
         SMFIR_DISCARD: "discard", SMFIR_REPLYCODE: "reply", SMFIR_CONN_FAIL: "fail",
         SMFIR_SHUTDOWN: "shutdown"}
NEXT = {SMFIR_CONTINUE: "continue", SMFIR_SKIP: "skip"}


class ProtocolError(Exception):
    """The milter said what it must not say."""


class Closed(Exception):
    """The milter closed the connection."""


def packet(command, data=b""):
    return struct.pack("!I", 1 + len(data)) + command + data


def text(*strings):
    """NUL-terminated, as most data is."""
    return b"".join(string.encode() + b"\0" if isinstance(string, str) else string + b"\0"
                    for string in strings)


def bracketed(address):
    return address if address.startswith("<") or address == "" else f"<{address}>"


@dataclasses.dataclass
class Answer:
    """To one step: "continue", "skip" or one of FINAL's, with the text of a reply code."""

    name: str
    reply: str = ""
    changes: list = dataclasses.field(default_factory=list)

    @property
    def is_final(self):
        return self.name not in NEXT.values()


@dataclasses.dataclass
class Change:
    """A modification: what is done, to which field at which place, or with which address."""

    command: bytes
    name: str = ""
    value: bytes = b""
    index: int = 0


def split_mail(mail):
    """([(name, raw value)], body), line ends as they are. A raw value has its leading blank, and no
    line end behind it."""
    header, separator, body = re.match(rb"(.*?\r?\n|)(\r?\n|\Z)(.*)", mail, re.DOTALL).groups()
    assert separator or not body, "a mail without a header"
    fields = []
    for line in re.findall(rb"[^\n]*\n(?:[ \t][^\n]*\n)*", header):
        name, _, value = line.partition(b":")
        fields.append((name.decode(), value.rstrip(b"\r\n")))
    return fields, body


@dataclasses.dataclass
class Outcome:
    """What became of one mail."""

    fields: list
    body: bytes
    sender: str
    recipients: list
    stage: str  # the last step that the milter answered: "mail", "eoh", "end"
    answer: Answer
    is_skipped: bool = False  # it did not want the rest of the body
    body_sent: int = 0  # bytes
    progress: int = 0

    @property
    def is_delivered(self):
        return self.answer.name in ("accept", "continue")

    @property
    def quarantine(self):
        """The reason, None if the mail is not held."""
        reasons = [change.name for change in self.answer.changes
                   if change.command == SMFIR_QUARANTINE]
        return reasons[-1] if reasons else None

    def apply(self):
        """(mail, sender, recipients) as the mail server has them after all changes, in their
        order."""
        fields, sender, recipients = list(self.fields), self.sender, list(self.recipients)
        body, is_replaced = self.body, False
        for change in self.answer.changes:
            if change.command == SMFIR_REPLBODY:
                body = change.value if not is_replaced else body + change.value
                is_replaced = True
            elif change.command == SMFIR_CHGFROM:
                sender = change.name
            elif change.command in (SMFIR_ADDRCPT, SMFIR_ADDRCPT_PAR):
                recipients.append(change.name)
            elif change.command == SMFIR_DELRCPT:
                recipients = [r for r in recipients if bracketed(r) != bracketed(change.name)]
            else:
                change_fields(fields, change)
        header = b"".join(name.encode() + b":" + value + b"\r\n" for name, value in fields)
        return header + b"\r\n" + body, sender, recipients

    def values(self, name):
        """The values of all fields of that name after all changes."""
        fields, _ = split_mail(self.apply()[0])
        return [value.strip().decode() for field, value in fields if field.lower() == name.lower()]


def change_fields(fields, change):
    """Changed ones count from 1 among the fields of that name. Inserted ones go below so many
    fields, of which the first is the mail server's own Received field, which we do without."""
    if change.command == SMFIR_ADDHEADER:
        fields.append((change.name, change.value))
    elif change.command == SMFIR_INSHEADER:
        fields.insert(max(change.index - 1, 0), (change.name, change.value))
    elif change.command == SMFIR_CHGHEADER:
        places = [i for i, (name, _) in enumerate(fields) if name.lower() == change.name.lower()]
        if change.index < 1 or change.index > len(places):
            if change.value.strip():
                fields.append((change.name, change.value))
        elif change.value.strip():
            fields[places[change.index - 1]] = (change.name, change.value)
        else:
            del fields[places[change.index - 1]]


def read_change(command, data):
    """The Change that a packet asks for; None if it is none."""
    if command in (SMFIR_INSHEADER, SMFIR_CHGHEADER):
        index, = struct.unpack("!I", data[:4])
        name, value = data[4:].split(b"\0")[:2]
        return Change(command, name.decode(), value, index)
    if command == SMFIR_ADDHEADER:
        name, value = data.split(b"\0")[:2]
        return Change(command, name.decode(), value)
    if command == SMFIR_REPLBODY:
        return Change(command, value=data)
    if command in (SMFIR_ADDRCPT, SMFIR_ADDRCPT_PAR, SMFIR_DELRCPT, SMFIR_CHGFROM,
                   SMFIR_QUARANTINE):
        return Change(command, data.split(b"\0")[0].decode())
    return None


def open_socket(where, timeout):
    """`where` as Postfix and libmilter write it: unix:/path, inet:port@host, inet:host:port."""
    kind, _, place = where.partition(":")
    if kind in ("unix", "local"):
        connection = socket.socket(socket.AF_UNIX)
        try:
            # A socket with a timeout of Python's does not wait while the milter's backlog is full.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                                  struct.pack("@ll", int(timeout) + 1, 0))
            connection.connect(place)
        except OSError:
            connection.close()
            raise
        connection.settimeout(timeout)
        return connection
    if "@" in place:
        port, _, host = place.partition("@")
    else:
        host, _, port = place.rpartition(":")
    connection = socket.create_connection((host.strip("[]"), int(port)), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class Milter:
    """One connection to a milter. Not for several threads at once."""

    def __init__(self, where, timeout=30):
        self.socket = open_socket(where, timeout)
        self.version = SMFI_PROT_VERSION
        self.actions = self.protocol = 0
        self.symbols = {}
        self.progress = 0
        self.unsent = bytearray()
        self.received = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # Bytes and packets.

    def send(self, command, data=b""):
        """Goes out at the latest when an answer is waited for."""
        self.unsent += packet(command, data)

    def send_raw(self, data):
        self.unsent += data
        self.flush()

    def flush(self):
        """Goes out now."""
        data, self.unsent = bytes(self.unsent), bytearray()
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from error

    def receive(self):
        """(command, data) of the next packet; progress is counted only."""
        self.flush()
        while True:
            size, = struct.unpack("!I", self.receive_bytes(4))
            if size == 0 or size > 1 << 24:
                raise ProtocolError(f"a packet of {size} bytes")
            data = self.receive_bytes(size)
            if data[:1] != SMFIR_PROGRESS:
                return data[:1], data[1:]
            self.progress += 1

    def receive_bytes(self, count):
        while len(self.received) < count:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError as error:
                raise Closed(str(error)) from error
            if not more:
                raise Closed("end of file")
            self.received += more
        data = bytes(self.received[:count])
        del self.received[:count]
        return data

    # Steps.

    def negotiate(self, version=SMFI_PROT_VERSION, actions=SMFI_CURR_ACTS, protocol=SMFI_CURR_PROT):
        """What the server can do; afterwards self.actions and self.protocol are what is agreed."""
        self.send(SMFIC_OPTNEG, struct.pack("!III", version, actions, protocol))
        command, data = self.receive()
        if command != SMFIC_OPTNEG or len(data) < 12:
            raise ProtocolError(f"{command!r} as answer to the negotiation")
        self.version, self.actions, self.protocol = struct.unpack("!III", data[:12])
        if self.version > version or self.actions & ~actions or self.protocol & ~protocol:
            raise ProtocolError("the milter wants what was not offered")
        rest = data[12:]
        while len(rest) > 4:
            stage, = struct.unpack("!I", rest[:4])
            names, _, rest = rest[4:].partition(b"\0")
            self.symbols[stage] = names.decode().split()

    def macros(self, command, values):
        """Macros for the step that is begun with this command: {"i": "4F"} or
        {"{auth_authen}": "alice"}."""
        pairs = [part for pair in values.items() for part in pair]
        self.send(SMFIC_MACRO, command + text(*pairs))

    def step(self, command, data=b""):
        """Takes one step, if the milter wants it, and returns its answer."""
        no_step, no_reply = STEPS.get(command, (0, 0))
        if self.protocol & no_step:
            return Answer("continue")
        self.send(command, data)
        if self.protocol & no_reply:
            return Answer("continue")
        return self.answer()

    def answer(self):
        """The next answer, with the changes before it."""
        changes = []
        while True:
            command, data = self.receive()
            if change := read_change(command, data):
                changes.append(change)
            elif command in NEXT:
                return Answer(NEXT[command], changes=changes)
            elif command in FINAL:
                return Answer(FINAL[command], data.rstrip(b"\0").decode(), changes)
            else:
                raise ProtocolError(f"{command!r} as answer to a step")

    def connect(self, name="mx.remote.example", address="203.0.113.7", port=4711):
        """`address` None: the client is unknown, as for a local submission."""
        if address is None:
            data = text(name) + b"U"
        else:
            family = b"6" if ":" in address else b"4"
            address = f"IPv6:{address}" if family == b"6" else address
            data = text(name) + family + struct.pack("!H", port) + text(address)
        return self.step(SMFIC_CONNECT, data)

    def helo(self, name="mx.remote.example"):
        return self.step(SMFIC_HELO, text(name))

    def mail(self, sender, *arguments):
        """`sender` without brackets; None for the empty string that Postfix's own notices have."""
        return self.step(SMFIC_MAIL, text("" if sender is None else f"<{sender}>", *arguments))

    def rcpt(self, recipient, *arguments):
        return self.step(SMFIC_RCPT, text(bracketed(recipient), *arguments))

    def data(self):
        return self.step(SMFIC_DATA)

    def header(self, name, value):
        """`value` as it stands behind the colon. Inner line ends go as LF."""
        value = value if isinstance(value, bytes) else value.encode()
        value = value.replace(b"\r\n", b"\n")
        if not self.protocol & SMFIP_HDR_LEADSPC:
            value = value.removeprefix(b" ")
        return self.step(SMFIC_HEADER, text(name, value))

    def eoh(self):
        return self.step(SMFIC_EOH)

    def body(self, data):
        """One chunk."""
        return self.step(SMFIC_BODY, data)

    def end(self):
        return self.step(SMFIC_BODYEOB)

    def abort(self):
        """Ends the mail, not the connection. There is no answer."""
        self.send(SMFIC_ABORT)
        self.flush()

    def quit(self):
        self.send(SMFIC_QUIT)
        self.flush()

    def quit_new_connection(self):
        """Ends the mail server's client; another may connect() on this connection."""
        self.send(SMFIC_QUIT_NC)
        self.flush()

    # Whole mails.

    def deliver(self, mail, sender, recipients, queue_id="4F", macros=None,
                chunk=MILTER_CHUNK_SIZE):
        """Shows it one mail, after connect(). `macros`: {command: {name: value}} besides the queue
        id. The connection is ready for the next mail afterwards."""
        fields, body = split_mail(mail)
        outcome = Outcome(fields, body, sender, list(recipients), "", Answer("continue"))
        self.progress = 0
        for stage, command, take in self.plan(fields, sender, recipients):
            for name, value in self.stage_macros(command, queue_id, macros):
                self.macros(command, {name: value})
            outcome.stage, outcome.answer = stage, take()
            if outcome.answer.is_final:
                return self.finish(outcome)
        self.send_body(outcome, chunk)
        if not outcome.answer.is_final:
            outcome.stage, outcome.answer = "end", self.end()
        return self.finish(outcome)

    def plan(self, fields, sender, recipients):
        yield "mail", SMFIC_MAIL, lambda: self.mail(sender)
        for recipient in recipients:
            yield "rcpt", SMFIC_RCPT, lambda r=recipient: self.rcpt(r)
        yield "data", SMFIC_DATA, self.data
        for name, value in fields:
            yield "header", SMFIC_HEADER, lambda n=name, v=value: self.header(n, v)
        yield "eoh", SMFIC_EOH, self.eoh

    @staticmethod
    def stage_macros(command, queue_id, macros):
        given = dict((macros or {}).get(command, {}))
        if command == SMFIC_DATA:
            given.setdefault("i", queue_id)
        return given.items()

    def send_body(self, outcome, chunk):
        for at in range(0, len(outcome.body), chunk):
            piece = outcome.body[at:at + chunk]
            answer = self.body(piece)
            outcome.body_sent += len(piece)
            outcome.is_skipped = answer.name == "skip"
            if answer.is_final:
                outcome.stage, outcome.answer = "body", answer
            if answer.is_final or outcome.is_skipped:
                return

    def finish(self, outcome):
        """After an early answer the milter is told that the mail is over."""
        if outcome.stage != "end":
            self.abort()
        if self.protocol & SMFIP_HDR_LEADSPC == 0:
            for change in outcome.answer.changes:
                if change.command in (SMFIR_ADDHEADER, SMFIR_INSHEADER, SMFIR_CHGHEADER):
                    change.value = b" " + change.value if change.value else b""
        outcome.progress = self.progress
        return outcome
