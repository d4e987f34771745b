#!/bin/bash
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Turns fresh namespaces into a small machine of their own and starts a session in it. Started by
# "run" as the first process of a PID namespace: when it ends, the kernel ends all the others.
#
# Usage: namespace.sh MTA PHASE OUT
#
# The machine: the MTA's packages laid over /usr, private copies of /etc and /dev, empty /home,
# /root, /run, /tmp and /var, no network but the addresses of world.py on "lo".

set -euo pipefail
# shellcheck source=lib/places.sh
source "$(dirname "$0")/places.sh"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LC_ALL=C.UTF-8 TZ=UTC
umask 022

# Lays the packages over the system, with what a phase writes to /usr on top, and brings test bed
# and output to fixed places.
mount_packages()
{
    local tree=$1 out=$2
    mount -t tmpfs -o mode=755 testbed /mnt
    mkdir /mnt/testbed /mnt/upper /mnt/work /mnt/out /mnt/tree /mnt/etc /mnt/dev
    mount --bind "$TESTBED" /mnt/testbed
    mount --bind "$out" /mnt/out
    mount --bind "$tree" /mnt/tree
    mount -t overlay -o "lowerdir=$tree/usr:/usr,upperdir=/mnt/upper,workdir=/mnt/work" overlay /usr
}

# The build under test and the keys it signs with; a key file must be its owner's alone.
mount_backstop()
{
    mkdir /mnt/backstop
    mount --bind "$BACKSTOP_BUILD" /mnt/backstop
    install -m 600 "$MATRIX_FIXTURES/keys" /mnt/keys
}

# A private /etc: the system's, the packages' on top, and the users that MTAs need.
make_etc()
{
    local user id=1500
    cp -a /etc/. /mnt/etc/
    cp -a /mnt/tree/etc/. /mnt/etc/
    for user in alice bob "${MTA_USERS[@]}"; do
        id=$((id + 1))
        grep -q "^$user:" /mnt/etc/passwd || echo "$user:x:$id:$id::/home/$user:/bin/sh"
    done >/mnt/etc/passwd.new
    cat /mnt/etc/passwd.new >>/mnt/etc/passwd
    cut -d: -f1,3 /mnt/etc/passwd.new | sed 's/:/:x:/; s/$/:/' >>/mnt/etc/group
    echo "127.0.0.1 localhost" >/mnt/etc/hosts
    echo "nameserver 127.0.0.1" >/mnt/etc/resolv.conf
    sed -i 's/^hosts:.*/hosts: files dns/' /mnt/etc/nsswitch.conf
    mount --bind /mnt/etc /etc
}

# A private /dev, so that the socket /dev/log can be made.
make_dev()
{
    local node
    for node in null zero full random urandom; do
        touch "/mnt/dev/$node"
        mount --bind "/dev/$node" "/mnt/dev/$node"
    done
    ln -s /proc/self/fd /mnt/dev/fd
    mount --rbind /mnt/dev /dev
}

# Empty places for everything that MTAs write; these may hide the repository, hence /mnt.
make_places()
{
    local place
    cd /mnt
    for place in /home /root /run /tmp /var; do
        mount -t tmpfs -o mode=755 testbed "$place"
    done
    chmod 1777 /tmp
    cp -a /mnt/tree/var/. /var/
    mkdir -p /var/mail /var/spool /var/log /var/lib /var/cache
    ln -s /run /var/run
    chmod 1777 /var/mail
    for place in alice bob; do
        install -d -o "$place" -g "$place" "/home/$place"
    done
}

# All hosts of the little internet live on the loopback interface.
make_network()
{
    local address
    ip link set lo up
    python3 -B /mnt/testbed/lib/world.py | while read -r address; do
        ip address add "$address/32" dev lo
    done
}

main()
{
    local mta=$1 phase=$2 out=$3
    load_mta "$mta"
    mount_packages "$PACKAGES/$mta/tree" "$out"
    [ -z "${BACKSTOP_BUILD:-}" ] || mount_backstop
    make_etc
    make_dev
    make_places
    make_network
    # Not exec: Exim takes a parent that is process 1 for a restart of its own and stays in front.
    trap 'exit 143' TERM
    /mnt/testbed/lib/session.sh "$mta" "$phase" &
    wait $!
}

main "$@"
