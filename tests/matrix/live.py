# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the real mail servers of the test bed (tests/testbed) for the matrix."""

import concurrent.futures
import os
import subprocess

import notices

TESTBED = notices.ROOT / "tests/testbed"
# Phases that are quick. The stored notices come from these and from all others.
TARGETS = ("postfix", "exim", "sendmail", "opensmtpd", "opendkim", "vacation")
NAMESPACES = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--mount-proc"]


def why_not():
    """Why the servers cannot run here, or None; fetches their packages."""
    if os.geteuid() != 0:
        return "only root can run them"
    try:
        probe = subprocess.run([*NAMESPACES, "mount", "-t", "tmpfs", "probe", "/mnt"],
                               capture_output=True, text=True)
    except FileNotFoundError:
        return "there is no unshare (package util-linux)"
    if probe.returncode != 0:
        return f"this machine does not let root make namespaces: {probe.stderr.strip()}"
    fetch = subprocess.run([TESTBED / "fetch", *(target.partition(":")[0] for target in TARGETS)],
                           capture_output=True, text=True)
    if fetch.returncode != 0:
        last = (fetch.stderr.strip().splitlines() or ["for no reason told"])[-1]
        return f"their packages could not be fetched: {last}"
    return None


def run_target(target, out):
    """None, or the output of a run that failed."""
    done = subprocess.run([TESTBED / "run", "--matrix", "--out", out, target],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return None if done.returncode == 0 else f"{target}:\n{done.stdout}"


def run(out):
    """Notices of the real servers into `out`; the outputs of those that failed. Servers mostly
    wait, so there are more at work than there are cores."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        failures = pool.map(lambda target: run_target(target, out), TARGETS)
        return [failure for failure in failures if failure]
