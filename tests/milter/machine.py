# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Runs a program in a machine of its own (machine.sh), with a real mail server in it."""

import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTBED = ROOT / "tests/testbed"
PACKAGES = ROOT / "build/testbed/packages"
NAMESPACES = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
              "--mount-proc"]


def is_inside():
    return os.environ.get("BACKSTOP_MACHINE") == "yes"


def why_not(mtas):
    """Why the machine cannot be made here, or None; fetches the mail server's packages."""
    if os.geteuid() != 0:
        return "only root can make namespaces"
    try:
        probe = subprocess.run([*NAMESPACES, "mount", "-t", "tmpfs", "probe", "/mnt"],
                               capture_output=True, text=True)
    except FileNotFoundError:
        return "there is no unshare (package util-linux)"
    if probe.returncode != 0:
        return f"this machine does not let root make namespaces: {probe.stderr.strip()}"
    fetch = subprocess.run([TESTBED / "fetch", *mtas], capture_output=True, text=True)
    if fetch.returncode != 0:
        last = (fetch.stderr.strip().splitlines() or ["for no reason told"])[-1]
        return f"the packages of {' and '.join(mtas)} could not be fetched: {last}"
    return None


def run(program, mtas, build, arguments):
    """Runs a program of the repository in a machine with these mail servers; its exit status."""
    trees = ":".join(str(PACKAGES / mta / "tree") for mta in mtas)
    command = [*NAMESPACES, str(ROOT / "tests/milter/machine.sh"), trees, str(build),
               str(pathlib.Path(program).resolve().relative_to(ROOT)), *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL).returncode


def enter(program, *mtas):
    """Returns inside of a machine with these mail servers. Outside it runs the program in one and
    exits as that does; if there can be none here, all of it counts as one test, which is
    skipped."""
    if is_inside():
        return
    build = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build")).resolve()
    if not (build / "backstopd").exists():
        sys.exit(f"{build}/backstopd is not built")
    if reason := why_not(mtas):
        skipped = unittest.FunctionTestCase(unittest.skip(reason)(lambda: None))
        unittest.TextTestRunner(verbosity=2).run(skipped)
        sys.exit(0)
    sys.exit(run(program, mtas, build, sys.argv[1:]))
