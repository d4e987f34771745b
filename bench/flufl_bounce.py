#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""flufl.bounce's part in bench/recognise. Usage and output are those of recognise.c."""

import email
import sys
import time

from flufl.bounce import all_failures


def addresses(mail):
    try:
        temporary, permanent = all_failures(email.message_from_bytes(mail))
    except Exception:  # It raises many things on broken mail: no answer, not the end of the run.
        return []
    return sorted(a.decode("utf-8", "replace") if isinstance(a, bytes) else str(a)
                  for a in set(temporary) | set(permanent))


def main():
    limit = float(sys.argv[1])
    mails = [open(line.rstrip("\n"), "rb").read() for line in sys.stdin]
    for mail in mails:
        found = addresses(mail)
        text = "".join(c for c in ",".join(found) if c >= " ")
        print(f"answer\t{int(bool(found))}\t{text}")
    count, started = 0, time.process_time()
    while time.process_time() - started < limit:
        for mail in mails:
            addresses(mail)
        count += len(mails)
    print(f"time\t{count}\t{time.process_time() - started:.6f}")


main()
