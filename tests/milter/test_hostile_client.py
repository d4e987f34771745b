#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""backstopd with mail servers that break the milter protocol, stall, vanish and never end.

After each the daemon must serve the next one as if nothing had been, with no more memory, threads
or descriptors. BACKSTOP_SOAK_MESSAGES says how many mails the leak test takes (make soak: 100,000).
"""

import contextlib
import os
import pathlib
import random
import re
import resource
import socket
import struct
import time
import unittest

import client
import started

MFDEF = pathlib.Path("/usr/include/libmilter/mfdef.h")
SOAK_MESSAGES = int(os.environ.get("BACKSTOP_SOAK_MESSAGES", "2000"))
HALF_OPEN = 3000
# libmilter's pool, and the daemon's own.
THREADS_MAX = 60
# What a connection that is gone may leave for a moment.
SETTLE_SEC = 10
MIB = 1 << 20
NEGOTIATION = client.packet(client.SMFIC_OPTNEG, struct.pack(
    "!III", client.SMFI_PROT_VERSION, client.SMFI_CURR_ACTS, client.SMFI_CURR_PROT))
# An instrumented daemon keeps freed memory in quarantine; ASan's is 256 MB.
IS_SANITIZED = b"__asan_init" in started.DAEMON.read_bytes() if started.DAEMON.exists() else False


class Protocol(unittest.TestCase):
    @unittest.skipUnless(MFDEF.exists(), f"{MFDEF}: install libmilter-dev")
    def test_constants(self):
        """The client's are Sendmail's."""
        defined = dict(re.findall(r"^#\s*define (SMF\w+|MILTER_CHUNK_SIZE)\s+(\S+)",
                                  MFDEF.read_text(), re.MULTILINE))
        names = [name for name in vars(client) if name.startswith("SMF")]
        self.assertGreater(len(names), 50)
        for name in [*names, "MILTER_CHUNK_SIZE"]:
            value, mine = defined[name], getattr(client, name)
            if value.startswith("'"):
                self.assertEqual(mine, value[1:-1].encode(), name)
            else:
                self.assertEqual(mine, int(value.rstrip("L"), 0), name)


@unittest.skipUnless(started.DAEMON.exists(), f"{started.DAEMON} is not built")
class HostileClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = HALF_OPEN + 500
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
        cls.daemon = started.Daemon()
        cls.daemon.start()
        cls.addClassCleanup(cls.daemon.stop)
        cls.genuine = started.notice(cls.daemon.send(started.offer("genuine")), "genuine")
        # Its threads and its memory are there from now on.
        cls.judge_all(cls)

    def setUp(self):
        self.descriptors = self.daemon.descriptors()

    def tearDown(self):
        """Whatever a test did, the daemon goes on as before."""
        self.assertIsNone(self.daemon.process.poll(), self.daemon.log()[-3000:])
        self.judge_all()
        until = time.monotonic() + SETTLE_SEC
        while not self.is_settled() and time.monotonic() < until:
            time.sleep(0.05)
        self.assertLessEqual(self.daemon.descriptors(), self.descriptors + 2)
        self.assertLess(self.daemon.threads(), THREADS_MAX)

    def is_settled(self):
        return (self.daemon.descriptors() <= self.descriptors + 2 and
                self.daemon.threads() < THREADS_MAX)

    def judge_all(self):
        with self.daemon.open() as milter:
            HostileClient.check_three(self, milter, "after")
            milter.quit()

    def check_three(self, milter, name, genuine=None):
        """A genuine notice, a forged one and an ordinary mail, through one connection."""
        test = unittest.TestCase()
        outcome = milter.deliver(genuine or self.genuine, "", ["alice@our.example"])
        test.assertTrue(outcome.is_delivered, outcome.answer)
        test.assertEqual(len(outcome.values("Backstop-Verdict")), 1)
        test.assertRegex(outcome.values("Backstop-Verdict")[0], r"^genuine; confidence=")
        outcome = milter.deliver(started.forged(name), "", ["alice@our.example"])
        test.assertEqual(outcome.answer.name, "reply", outcome)
        test.assertRegex(outcome.answer.reply, r"^550 5\.7\.1 ")
        outcome = milter.deliver(started.ordinary(name), "bob@remote.example",
                                 ["alice@our.example"])
        test.assertTrue(outcome.is_delivered, outcome.answer)
        test.assertEqual(outcome.answer.changes, [])

    def raw(self, data, negotiated=True):
        """Sends bytes, then waits until the milter hangs up or says nothing more."""
        milter = client.Milter(self.daemon.milter, timeout=0.3)
        with milter:
            try:
                if negotiated:
                    milter.negotiate()
                milter.send_raw(data)
                while True:
                    milter.receive()
            except (client.Closed, TimeoutError):
                pass

    def test_bad_lengths(self):
        for negotiated in (False, True):
            for size in (0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 24, 65537 * 2):
                self.raw(struct.pack("!I", size) + b"M<bob@remote.example>\0", negotiated)
            self.raw(b"\0", negotiated)
            self.raw(struct.pack("!I", 100) + b"M<bob", negotiated)
            self.raw(struct.pack("!I", 1) + b"L", negotiated)

    def test_negotiation_cut_and_odd(self):
        for size in range(0, 13):
            self.raw(client.packet(client.SMFIC_OPTNEG, b"\0" * size), negotiated=False)
        for version in (0, 1, 2, 5, 7, 0xFFFFFFFF):
            for actions, protocol in ((0, 0), (client.SMFI_CURR_ACTS, 0),
                                      (0, client.SMFI_CURR_PROT), (0xFFFFFFFF, 0xFFFFFFFF)):
                self.raw(client.packet(client.SMFIC_OPTNEG,
                                       struct.pack("!III", version, actions, protocol)),
                         negotiated=False)

    def test_negotiation_twice(self):
        with self.daemon.open(timeout=0.5) as milter:
            try:
                milter.negotiate()
            except (client.Closed, client.ProtocolError, TimeoutError):
                pass

    def test_unknown_commands(self):
        known = {getattr(client, name) for name in vars(client) if name.startswith("SMFIC_")}
        for number in range(256):
            if (command := bytes([number])) not in known:
                self.raw(client.packet(command, b"x\0"), negotiated=number % 2 == 0)

    def test_data_that_is_malformed(self):
        datas = [b"", b"\0", b"x", b"<>", b"\0\0\0\0", b"<" + b"a" * 60000 + b">\0",
                 b"<\xff\xfe@\x01>\0", b"x\0" * 5000, b"\0x\0" * 1000]
        for command in (client.SMFIC_CONNECT, client.SMFIC_HELO, client.SMFIC_MAIL,
                        client.SMFIC_RCPT, client.SMFIC_HEADER, client.SMFIC_UNKNOWN):
            for data in datas:
                self.raw(client.packet(command, data))
        for family in b"U46LX\0":
            for data in (b"", b"\0", b"\0\x19", b"\0\x19not an address\0", b"\0\x19IPv6:\0"):
                self.raw(client.packet(client.SMFIC_CONNECT, b"mx\0" + bytes([family]) + data))

    def test_macros_that_are_odd(self):
        """In pairs always: of a list with a name too many, libmilter 8.17.1 reads behind the end,
        which no milter can help."""
        stages = b"CHMRTLNBE\0\xff"
        for data in (b"", b"\0\0", b"i\0\0", b"i\0" + b"\xff" * 60000 + b"\0",
                     b"{auth_authen}\0" + b"a" * 60000 + b"\0",
                     b"".join(b"{m%d}\0v\0" % i for i in range(4000))):
            macros = b"".join(client.packet(client.SMFIC_MACRO, bytes([stage]) + data)
                              for stage in stages)
            self.raw(macros + b"".join(client.packet(*step)
                                       for step in self.steps(started.forged("macros"))))
        queue_id = "4F\r\nX: y\x1b[2J" + "x" * 1000
        with self.daemon.open() as milter:
            outcome = milter.deliver(started.forged("macros"), "", ["alice@our.example"],
                                     queue_id=queue_id)
            self.assertEqual(outcome.answer.name, "reply")
        log = self.daemon.log()
        self.assertNotIn("\x1b", log)
        self.assertNotRegex(log, r"(?m)^X: y")

    def steps(self, mail):
        """Every step of a mail, as (command, data), to be sent one by one."""
        fields, body = client.split_mail(mail)
        yield client.SMFIC_MAIL, client.text("<>")
        yield client.SMFIC_RCPT, client.text("<alice@our.example>")
        yield client.SMFIC_DATA, b""
        for name, value in fields:
            yield client.SMFIC_HEADER, client.text(name, value)
        yield client.SMFIC_EOH, b""
        yield client.SMFIC_BODY, body

    def test_abort_at_each_stage(self):
        steps = list(self.steps(started.forged("abort")))
        with self.daemon.open() as milter:
            for count in range(len(steps) + 1):
                for command, data in steps[:count]:
                    self.assertEqual(milter.step(command, data).is_final, False)
                milter.abort()
                if count % 5 == 0:
                    self.check_three(milter, f"abort-{count}")
            self.check_three(milter, "abort")

    def test_client_vanishes_at_each_stage(self):
        steps = list(self.steps(started.forged("vanish")))
        for count in range(len(steps) + 1):
            for cut in (0, 3):
                with self.daemon.open() as milter:
                    for command, data in steps[:count]:
                        milter.step(command, data)
                    milter.send_raw(client.packet(client.SMFIC_BODYEOB)[:cut])

    def test_vanishes_before_reading_the_answer(self):
        for number in range(50):
            with self.daemon.open() as milter:
                for command, data in self.steps(started.forged(f"unread-{number}")):
                    milter.step(command, data)
                milter.send(client.SMFIC_BODYEOB)
                milter.flush()

    def test_order_of_steps(self):
        """Any step first, and any after any."""
        data = {client.SMFIC_MAIL: client.text("<>"), client.SMFIC_BODY: b"text\r\n",
                client.SMFIC_RCPT: client.text("<alice@our.example>"),
                client.SMFIC_HEADER: client.text("Subject", "x"), client.SMFIC_HELO: b"mx\0",
                client.SMFIC_CONNECT: b"mx\0U", client.SMFIC_UNKNOWN: b"XYZ\0"}
        commands = [client.SMFIC_MAIL, client.SMFIC_RCPT, client.SMFIC_DATA, client.SMFIC_HEADER,
                    client.SMFIC_EOH, client.SMFIC_BODY, client.SMFIC_BODYEOB, client.SMFIC_HELO,
                    client.SMFIC_CONNECT, client.SMFIC_UNKNOWN, client.SMFIC_QUIT_NC]
        for first in commands:
            for second in commands:
                with client.Milter(self.daemon.milter, timeout=0.05) as milter:
                    try:
                        milter.negotiate()
                        for command in (first, second, client.SMFIC_BODYEOB):
                            milter.send(command, data.get(command, b""))
                        while True:
                            milter.receive()
                    except (client.Closed, TimeoutError):
                        pass

    def test_body_before_header(self):
        with self.daemon.open(timeout=0.5) as milter:
            try:
                milter.mail("")
                milter.rcpt("alice@our.example")
                milter.body(started.forged("body"))
                for name, value in client.split_mail(started.forged("body"))[0]:
                    milter.header(name, value)
                milter.eoh()
                milter.end()
            except (client.Closed, TimeoutError):
                pass

    def test_endless_header(self):
        """64 MiB of fields in one mail: answered, and not kept."""
        before = self.daemon.rss_kib()
        with self.daemon.open() as milter:
            milter.mail("")
            milter.rcpt("alice@our.example")
            for number in range(8192):
                answer = milter.header(f"X-Field-{number}", b" " + b"x" * 8190)
                if answer.is_final:
                    break
            self.grows_less_than(before, 16 * MIB)
            if not answer.is_final:
                milter.eoh()
                milter.end()
            self.check_three(milter, "endless-header")

    def test_endless_recipients(self):
        before = self.daemon.rss_kib()
        with self.daemon.open() as milter:
            milter.mail("")
            for number in range(50000):
                if milter.rcpt(f"user{number}@our.example").is_final:
                    break
            self.grows_less_than(before, 32 * MIB)
            milter.abort()
            self.check_three(milter, "endless-recipients")

    def test_endless_body(self):
        """128 MiB, whatever the milter says of skipping."""
        before = self.daemon.rss_kib()
        with self.daemon.open() as milter:
            for command, data in self.steps(started.forged("endless")):
                milter.step(command, data)
            chunk = (b"x" * 70 + b"\r\n") * 900
            for _ in range(128 * MIB // len(chunk)):
                if milter.body(chunk).is_final:
                    break
            self.grows_less_than(before, 32 * MIB)
            milter.end()
            self.check_three(milter, "endless-body")

    def grows_less_than(self, before_kib, size):
        if not IS_SANITIZED:
            self.assertLess((self.daemon.rss_kib() - before_kib) * 1024, size)

    def test_50_mib_mail(self):
        mail = started.forged("large").replace(b"--b1--", b"--b1\r\n\r\n" + b"x" * 70 + b"\r\n", 1)
        mail += (b"y" * 70 + b"\r\n") * (50 * MIB // 72)
        with self.daemon.open() as milter:
            milter.deliver(mail, "", ["alice@our.example"])
            self.check_three(milter, "large")

    def test_slow_writers(self):
        """A hundred at once, each a byte at a time, and then gone in a packet's middle. While they
        last nobody may be served: two of them hold up all of libmilter 8.17.1's pool."""
        packets = b"".join(client.packet(*step) for step in self.steps(started.forged("slow")))
        with contextlib.ExitStack() as slow:
            milters = [slow.enter_context(client.Milter(self.daemon.milter)) for _ in range(100)]
            for at in range(60):
                for milter in milters:
                    milter.send_raw((NEGOTIATION + packets)[at:at + 1])
        began = time.monotonic()
        self.judge_all()
        self.assertLess(time.monotonic() - began, 10)

    def test_byte_by_byte(self):
        with self.daemon.open() as milter:
            for command, data in self.steps(started.forged("bytes")):
                for byte in client.packet(command, data)[:200]:
                    milter.send_raw(bytes([byte]))
                milter.send_raw(client.packet(command, data)[200:])
                no_reply = client.STEPS[command][1]
                if not milter.protocol & no_reply:
                    self.assertFalse(milter.answer().is_final)
            self.assertEqual(milter.end().name, "reply")

    def test_half_open_connections(self):
        """Thousands that say nothing, or only what they can do."""
        with contextlib.ExitStack() as waiting:
            for number in range(HALF_OPEN):
                milter = waiting.enter_context(client.Milter(self.daemon.milter))
                milter.send_raw(NEGOTIATION if number % 2 else b"")
            began = time.monotonic()
            self.judge_all()
            self.assertLess(time.monotonic() - began, 10)
            self.assertGreater(self.daemon.descriptors(), HALF_OPEN)
            self.assertLess(self.daemon.threads(), THREADS_MAX)

    def test_inet(self):
        """The same over TCP."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        over_tcp = started.Daemon(milter=f"inet:{port}@127.0.0.1")
        self.addCleanup(over_tcp.stop)
        over_tcp.start()
        genuine = started.notice(over_tcp.send(started.offer("tcp-sent")), "tcp-sent")
        with over_tcp.open() as milter:
            self.check_three(milter, "tcp", genuine)

    def test_no_state_leaks_between_mails(self):
        """Each kind of mail after each other, on one connection, as on a connection of its own."""
        kinds = {
            "genuine": (self.genuine, "", ["alice@our.example"]),
            "forged": (started.forged("leak"), "", ["alice@our.example"]),
            "several": (started.forged("leak"), "", ["alice@our.example", "bob@our.example"]),
            "ordinary": (started.ordinary("leak"), "bob@remote.example", ["alice@our.example"]),
            "marked": (b"Backstop-Verdict: genuine\r\n" + started.ordinary("leak"),
                       "bob@remote.example", ["alice@our.example"]),
            "empty": (b"Subject: x\r\n\r\n", "bob@remote.example", ["alice@our.example"]),
            "stranger": (started.forged("leak"), "", ["carol@remote.example"]),
        }

        def result(milter, kind):
            """Without what is new each time, and what a repeated notice loses: replay."""
            outcome = milter.deliver(*kinds[kind])
            mail, sender, recipients = outcome.apply()
            mail = re.sub(rb"(?m)^(Backstop-(?:Seen|Tag)):.*\r\n(?:[ \t].*\r\n)*", rb"\1\r\n", mail)
            mail = mail.replace(b"confidence=proven", b"confidence=likely")
            return outcome.answer.name, outcome.answer.reply, mail, sender, recipients

        alone = {}
        for kind in kinds:
            with self.daemon.open() as milter:
                alone[kind] = result(milter, kind)
        self.assertGreater(len({outcome[:2] for outcome in alone.values()}), 1)
        with self.daemon.open() as milter:
            for first in kinds:
                for second in kinds:
                    self.assertEqual(result(milter, first), alone[first], (first, second))
                    self.assertEqual(result(milter, second), alone[second], (first, second))

    def test_next_client_on_one_connection(self):
        """SMFIC_QUIT_NC: what was known of one client is not believed of the next. libmilter 8.17.1
        honours it behind a mail that was broken off, and ignores it behind a whole one."""
        with self.daemon.open(started.INTERNAL) as milter:
            sent = milter.deliver(started.offer("ours"), "alice@our.example",
                                  ["nobody@remote.example"])
            self.assertEqual(len(sent.values("Backstop-Tag")), 1)
            milter.mail("alice@our.example")
            milter.abort()
            milter.quit_new_connection()
            milter.connect(address="203.0.113.7")
            milter.helo()
            taken = milter.deliver(started.offer("theirs"), "alice@our.example",
                                   ["nobody@remote.example"])
            self.assertEqual(taken.values("Backstop-Tag"), [])
            self.check_three(milter, "next-client")

    def test_random_packets(self):
        """Seeded, so that what breaks can be run again."""
        chance = random.Random(20261124)
        good = [client.packet(command, data)
                for command, data in self.steps(started.forged("random"))]
        good += [client.packet(client.SMFIC_BODYEOB), client.packet(client.SMFIC_ABORT),
                 client.packet(client.SMFIC_CONNECT, b"mx\0U"),
                 client.packet(client.SMFIC_MACRO, b"Mi\0004F\0")]
        for _ in range(400):
            stream = bytearray()
            for _ in range(chance.randrange(1, 30)):
                piece = bytearray(chance.choice(good))
                is_macro = piece[4:5] == client.SMFIC_MACRO  # see test_macros_that_are_odd()
                if chance.random() < 0.2 and not is_macro:
                    piece[chance.randrange(4, len(piece))] = chance.choice(b"\0\xff\r\n <>:@=AQK")
                stream += piece
            with client.Milter(self.daemon.milter, timeout=0.02) as milter:
                try:
                    if chance.random() < 0.9:
                        milter.negotiate()
                    milter.send_raw(bytes(stream))
                    milter.receive()
                except (client.Closed, client.ProtocolError, TimeoutError):
                    pass

    def test_many_mails_leak_nothing(self):
        """Ten connections, all kinds of mail, some broken off."""
        def run(first, count):
            for number in range(first, first + count):
                if number % 200 == 0:
                    for milter in connections:
                        milter.quit()
                        milter.close()
                    connections[:] = [self.daemon.open() for _ in range(10)]
                milter = connections[number % 10]
                kind = number % 4
                if kind == 0:
                    milter.deliver(started.forged(f"many-{number}"), "", ["alice@our.example"])
                elif kind == 1:
                    outcome = milter.deliver(self.genuine, "", ["alice@our.example"])
                    self.assertTrue(outcome.is_delivered)
                elif kind == 2:
                    milter.deliver(started.ordinary(number), "bob@remote.example",
                                   ["alice@our.example"])
                else:
                    milter.mail("")
                    milter.rcpt("alice@our.example")
                    milter.header("Subject", " x")
                    milter.abort()

        connections = []
        # Threads, the allocator's arenas and the log of the store fill before that.
        warm = max(SOAK_MESSAGES // 4, 400)
        run(0, warm)
        before, store_before = self.daemon.usage(), self.daemon.store_size()
        run(warm, SOAK_MESSAGES - warm)
        print(f"after {warm} mails {before}; after {SOAK_MESSAGES} {self.daemon.usage()}")
        for milter in connections:
            milter.close()
        # SQLite keeps what was written to the store in memory, up to its caches' 44 MiB.
        cached = min(self.daemon.store_size() - store_before, 44 * MIB)
        self.grows_less_than(before["rss_kib"], 4 * MIB + cached * 5 // 4)
        self.assertLessEqual(self.daemon.threads(), before["threads"] + 8)
        self.assertLessEqual(self.daemon.descriptors(), before["descriptors"] + 4)


if __name__ == "__main__":
    unittest.main()
