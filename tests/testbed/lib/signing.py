# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Signs mail with Backstop before it leaves, and keeps a list of what was signed.

Usage: signing.py SENDER...     signs a mail of each sender that left a month ago, unless phases
                                before this one did

The key file, the store and the list are where namespace.sh put them. The list (sent.tsv: time,
sender, recipients, Message-ID) is enough to fill another store with the same mail.
"""

import base64
import hashlib
import hmac
import pathlib
import re
import subprocess
import sys
import time

BACKSTOP = "/mnt/backstop/backstop"
KEYS = pathlib.Path("/mnt/keys")
STORE = pathlib.Path("/mnt/out/store")
LIST = pathlib.Path("/mnt/out/sent.tsv")
DAY_SECONDS = 86400
# A BATV address is good for so long (draft-levine-smtp-batv, 4).
BATV_DAYS = 7


def sign(message, sender, recipients, when):
    """The message as bytes with the fields of `backstop sign` on top; CRLF line ends stay."""
    command = [BACKSTOP, "sign", "--from", sender]
    for recipient in recipients:
        command += ["--rcpt", recipient]
    command += ["--key-file", KEYS, "--store", STORE, "--as-of", str(when)]
    signed = subprocess.run(command, input=message, stdout=subprocess.PIPE, check=True).stdout
    message_id = re.search(rb"(?im)^message-id:\s*(<[^>]*>)", signed)[1].decode()
    with open(LIST, "a", encoding="utf-8") as sent:
        print(when, sender, ",".join(recipients), message_id, sep="\t", file=sent)
    return signed


def batv_address(address, when):
    """The address as a BATV one, by the first prvs key of the key file."""
    for line in KEYS.read_text(encoding="ascii").splitlines():
        words = line.split()
        if len(words) == 5 and words[3].startswith("prvs"):
            digit, secret = words[3][-1], base64.urlsafe_b64decode(words[4] + "==")
            break
    day = f"{digit}{(when // DAY_SECONDS + BATV_DAYS) % 1000:03}"
    mac = hmac.new(secret, (day + address).encode(), hashlib.sha1).hexdigest()[:6]
    return f"prvs={day}{mac}={address}"


def main():
    """So the mail of these senders is known to be signed since then. Once: a store that is taken
    back in time trusts its memory less."""
    if LIST.exists():
        return
    then = int(time.time()) - 30 * DAY_SECONDS
    for sender in sys.argv[1:]:
        message = f"From: {sender}\r\nMessage-ID: <first.{sender}>\r\n\r\nFirst.\r\n"
        sign(message.encode(), sender, ["postmaster@other.example"], then)


if __name__ == "__main__":
    main()
