#!/bin/bash
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Turns fresh namespaces into a small machine with a mail server of the test bed laid over /usr, and
# runs a program in it. Started by machine.py.
#
# Usage: machine.sh TREE[:TREE...] BUILD PROGRAM [ARGUMENT...]
#
# TREE holds the unpacked packages of a mail server; what is in several is taken from the first.
# PROGRAM is a path in the repository, below tests/ or bench/.
#
# Private: /etc, /run, /home, /root, /tmp, /var, the users, and a network of nothing but "lo".

set -euo pipefail
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LC_ALL=C.UTF-8 TZ=UTC
umask 022
tests=$(cd "$(dirname "$0")/.." && pwd)
IFS=: read -r -a trees <<<"$1"
build=$2
program=$3
shift 3

mount -t tmpfs -o mode=755 machine /mnt
mkdir /mnt/tests /mnt/docs /mnt/bench /mnt/build /mnt/upper /mnt/work /mnt/etc
mount --bind "$tests" /mnt/tests
mount --bind "$tests/../docs" /mnt/docs
mount --bind "$tests/../bench" /mnt/bench
mount --bind "$build" /mnt/build
lower=$(printf '%s/usr:' "${trees[@]}")/usr
mount -t overlay -o "lowerdir=$lower,upperdir=/mnt/upper,workdir=/mnt/work" overlay /usr

cp -a /etc/. /mnt/etc/
for tree in "${trees[@]}"; do
    cp -a "$tree/etc/." /mnt/etc/
done
id=1500
for user in postfix postdrop backstop smmta smmsp opendkim dovecot dovenull alice; do
    id=$((id + 1))
    grep -q "^$user:" /mnt/etc/passwd || echo "$user:x:$id:$id::/home/$user:/bin/sh"
done >/mnt/etc/passwd.new
cat /mnt/etc/passwd.new >>/mnt/etc/passwd
cut -d: -f1,3 /mnt/etc/passwd.new | sed 's/:/:x:/; s/$/:/' >>/mnt/etc/group
# The mail server may use the milter's socket: docs/postfix.md.
sed -i 's/^backstop:.*/&postfix,smmta/' /mnt/etc/group
echo "127.0.0.1 localhost" >/mnt/etc/hosts
mount --bind /mnt/etc /etc

cd /mnt
for place in /home /root /run /tmp /var; do
    mount -t tmpfs -o mode=755 machine "$place"
done
chmod 1777 /tmp
mkdir -p /var/mail /var/spool /var/log /var/lib /var/cache
ln -s /run /var/run
ip link set lo up
python3 -B /mnt/tests/testbed/lib/world.py | while read -r address; do
    ip address add "$address/32" dev lo
done

# A suppressions file of a sanitizer is one of tests/.
TSAN_OPTIONS=${TSAN_OPTIONS:-}
export TSAN_OPTIONS=${TSAN_OPTIONS//$tests//mnt/tests}
export BACKSTOP_MACHINE=yes BACKSTOP_BUILD=/mnt/build PYTHONDONTWRITEBYTECODE=1
cd /mnt/tests/milter
# Not exec: this is process 1, and ends with all else when its child is done.
python3 "/mnt/$program" "$@" &
wait $!
