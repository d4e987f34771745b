# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""A name server for the hosts and domains in world.py: A, MX, PTR, NXDOMAIN and SERVFAIL.

It listens on 127.0.0.1 port 53 (UDP) of the test bed's own network namespace, so that each MTA
finds its peers in the ordinary way (RFC 1035) and needs no routing tables.
"""

import socket
import struct

import world

TYPE_A, TYPE_MX, TYPE_PTR = 1, 15, 12
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3
TTL_SECONDS = 60

ADDRESSES = {**world.HOSTS, **world.UNREACHABLE}
POINTERS = {
    ".".join(reversed(address.split("."))) + ".in-addr.arpa": name
    for name, address in world.HOSTS.items()
}


def read_name(packet, offset):
    """The name at offset, in lower case, and the offset behind it; queries are not compressed."""
    labels = []
    while packet[offset]:
        end = offset + 1 + packet[offset]
        labels.append(packet[offset + 1 : end].decode("latin-1").lower())
        offset = end
    return ".".join(labels), offset + 1


def write_name(name):
    """A name in wire form; "." is the root."""
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def exists(name):
    """Whether the name, or one below it, is in the world; RFC 8020 forbids NXDOMAIN otherwise."""
    known = {*ADDRESSES, *world.MAIL_HOSTS, *POINTERS}
    return any(entry == name or entry.endswith("." + name) for entry in known)


def record_data(name, query_type):
    """The data of the one record of that name and type, or None."""
    if query_type == TYPE_A and name in ADDRESSES:
        return socket.inet_aton(ADDRESSES[name])
    if query_type == TYPE_MX and name in world.MAIL_HOSTS:
        host = world.MAIL_HOSTS[name]
        preference = 0 if host == "." else 10
        return struct.pack("!H", preference) + write_name(host)
    if query_type == TYPE_PTR and name in POINTERS:
        return write_name(POINTERS[name])
    return None


def answer(packet):
    """The reply to a query packet."""
    name, end = read_name(packet, 12)
    query_type, _ = struct.unpack("!HH", packet[end : end + 4])
    question = packet[12 : end + 4]
    data = record_data(name, query_type)
    if name in world.BROKEN_DOMAINS:
        code = SERVFAIL
    else:
        code = NOERROR if exists(name) else NXDOMAIN
    # QR, AA, RD and RA: an answer that a stub resolver takes as it is.
    header = packet[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, 1 if data else 0, 0, 0)
    record = b""
    if data:
        # 0xC00C points back to the name in the question.
        record = struct.pack("!HHHIH", 0xC00C, query_type, 1, TTL_SECONDS, len(data)) + data
    return header + question + record


def main():
    """Answers queries until the namespace ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 53))
    while True:
        packet, peer = listener.recvfrom(4096)
        listener.sendto(answer(packet), peer)


main()
