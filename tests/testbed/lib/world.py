# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""The little internet of the test bed: which hosts and domains exist, and where.

All names and addresses are reserved for documentation (RFC 2606, RFC 5737). They live on the
loopback interface of a private network namespace. Run as a program it prints the addresses,
one a line, that the namespace must own.
"""

HOSTS = {
    "client.our.example": "192.0.2.80",
    "mx.our.example": "192.0.2.25",
    # Where mail of our.example leaves, when that is not its own mail host.
    "out.our.example": "192.0.2.26",
    "mx.remote.example": "198.51.100.25",
    "store.remote.example": "198.51.100.40",
    "mx.other.example": "203.0.113.25",
    # Answers every connection with a refusal in its greeting.
    "mx.closed.example": "203.0.113.27",
    # Exists, but nothing listens there: connection refused.
    "mx.down.example": "203.0.113.26",
    # Sends mail in the name of others.
    "bulk.stranger.example": "203.0.113.99",
}

# A host that has an address which no interface owns: network unreachable.
UNREACHABLE = {"mx.unreachable.example": "203.0.113.66"}

# Domain to mail host. "." is the null MX of RFC 7505.
MAIL_HOSTS = {
    "our.example": "mx.our.example",
    "remote.example": "mx.remote.example",
    "other.example": "mx.other.example",
    "closed.example": "mx.closed.example",
    "down.example": "mx.down.example",
    "unreachable.example": "mx.unreachable.example",
    # The MX names a host that does not exist.
    "lost.example": "mx.lost.example",
    "nomail.example": ".",
    # Its MX is the sender's own server, which knows nothing of it.
    "loop.example": "mx.our.example",
}

# The name server answers SERVFAIL for these; every other unknown name is NXDOMAIN.
BROKEN_DOMAINS = {"broken.example"}

if __name__ == "__main__":
    print("\n".join(HOSTS.values()))
