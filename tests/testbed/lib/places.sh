# shellcheck shell=bash
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
# Where the test bed keeps things; sourced by its programs.

TESTBED=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
REPOSITORY=$(cd "$TESTBED/../.." && pwd)
# Unpacked Debian packages, one folder for each MTA.
PACKAGES=$REPOSITORY/build/testbed/packages
# Notices about mail that Backstop signed or did not, and the keys it signed with.
MATRIX_FIXTURES=$REPOSITORY/tests/fixtures/matrix

# The names of the MTAs that the test bed knows, one a line.
mta_names()
{
    local file
    for file in "$TESTBED"/mta/*.sh; do
        basename "$file" .sh
    done
}

# Ends the program with a message.
die()
{
    printf '%s: %s\n' "$(basename "$0")" "$1" >&2
    exit 1
}

# Reads the definition of an MTA: MTA_PACKAGES, MTA_USERS, MTA_PHASES, MTA_MATRIX and its functions.
load_mta()
{
    [ -e "$TESTBED/mta/$1.sh" ] || die "no such MTA: $1 (known: $(mta_names | xargs))"
    MTA_PHASES=()
    MTA_MATRIX=()
    # shellcheck source=/dev/null
    source "$TESTBED/mta/$1.sh"
}
