# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Writes what programs send to /dev/log into /var/log/mail.log, for the failure messages.

Both paths are the test bed's own: /dev and /var are private in its mount namespace.
"""

import os
import socket


def main():
    """Copies records until the namespace ends."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind("/dev/log")
    os.chmod("/dev/log", 0o666)
    with open("/var/log/mail.log", "ab", buffering=0) as log:
        while True:
            log.write(listener.recv(65536).rstrip(b"\0\n") + b"\n")


main()
