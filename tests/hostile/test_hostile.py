#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Hostile mail: always a result, in time linear in the size, and within the memory promised.

Each input of inputs.py goes through the whole path (measure.c) at one size and at a multiple of it,
which may take that multiple of the time, and neither more than the time promised for its size: the
latter also finds what is quadratic up to a limit. HOSTILE_VERBOSE=1 prints what each took.
"""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import inputs

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build"))
MEASURE = BUILD / "tests/hostile/measure"
VERBOSE = os.environ.get("HOSTILE_VERBOSE")

MIB = 1 << 20
# A small input takes less than 1 ms, which no clock tells from noise. Eight times the input takes
# eight times the time, or 64 times if it is quadratic: noise does not hide that.
SIZE, MARKS_SIZE, TIMES = MIB // 2, MIB // 4, 8
HUGE_SIZE, HUGE_TIMES = 32 * MIB, 2
# The first of them touches the memory that the others find.
RUNS = 3
TRIES = 5
# How much longer than that multiple it may take: the small input fits a cache, the big one does
# not. And what the clock cannot tell apart on a busy machine.
SLACK = 1.5
NOISE_SEC, NOISE_SEC_PER_MIB = 0.005, 0.002
# 0.1 s for 10 MiB is meant; machines differ, and so does what shares them.
SEC_PER_MIB_MAX = 0.03
MEMORY_FACTOR, MEMORY_FIXED = 3, 4 * MIB
CUT_STEP = 97


def is_sanitized():
    """Whether the library was built with sanitizers, which take time and memory of their own."""
    return b"__asan_init" in (BUILD / "src/libbackstop.so").read_bytes()


class Sample:
    """What one input took."""

    def __init__(self, mail):
        with tempfile.NamedTemporaryFile(prefix="backstop-") as file:
            file.write(mail)
            file.flush()
            run = subprocess.run([MEASURE, str(RUNS), file.name], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, errors="replace")
        if run.returncode != 0:
            raise AssertionError(f"exit status {run.returncode}: {run.stderr[-3000:]}")
        numbers = run.stdout.split()
        self.size = len(mail)
        self.path_sec, self.bodies_sec = (float(n) for n in numbers[:2])
        self.path_bytes, self.bodies_bytes = (int(n) * 1024 for n in numbers[2:])

    def keep_fastest(self, other):
        """Somebody else's work on the same processor counts as ours, but never the other way."""
        self.path_sec = min(self.path_sec, other.path_sec)
        self.bodies_sec = min(self.bodies_sec, other.bodies_sec)

    def __str__(self):
        return (f"{self.size / MIB:6.1f} MiB: path {self.path_sec * 1000:7.1f} ms, "
                f"{self.path_bytes / MIB:6.1f} MiB; bodies {self.bodies_sec * 1000:7.1f} ms, "
                f"{self.bodies_bytes / MIB:6.1f} MiB")


class Hostile(unittest.TestCase):
    def check_memory(self, sample):
        limit = MEMORY_FACTOR * sample.size + MEMORY_FIXED
        self.assertLessEqual(sample.path_bytes, limit, f"the path, input and all: {sample}")
        # Bodies are handed out whole, so the input comes on top of what they take.
        self.assertLessEqual(sample.bodies_bytes, limit + sample.size, f"the bodies: {sample}")

    def time_error(self, small, big, times):
        """What took too long, or None."""
        for sample in small, big:
            if sample.path_sec > SEC_PER_MIB_MAX * (sample.size / MIB + 1):
                return f"slow: {sample}"
        noise = NOISE_SEC + NOISE_SEC_PER_MIB * big.size / MIB
        for name in ("path_sec", "bodies_sec"):
            if getattr(big, name) > SLACK * times * getattr(small, name) + noise:
                return f"{name}, {times} times the input: {small}; {big}"
        return None

    def check(self, shape, size, times):
        make = {**inputs.SHAPES, **inputs.MARKED}[shape]
        mails = make(size), make(times * size)
        small, big = (Sample(mail) for mail in mails)
        if is_sanitized():
            return
        self.check_memory(big)
        for _ in range(TRIES - 1):
            if not self.time_error(small, big, times):
                break
            for sample, mail in zip((small, big), mails):
                sample.keep_fastest(Sample(mail))
        if VERBOSE:
            print(f"\n{shape}\n    {small}\n    {big}", flush=True)
        self.assertIsNone(self.time_error(small, big, times))

    def test_truncated_anywhere(self):
        files = sorted((ROOT / "tests/fixtures").glob("**/*.eml"))
        run = subprocess.run([MEASURE, "cut", str(CUT_STEP), *files], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, errors="replace")
        self.assertEqual(run.returncode, 0, run.stderr[-3000:])
        expected = sum(-(-path.stat().st_size // CUT_STEP) for path in files)
        self.assertEqual(int(run.stdout), expected)


def add_test(shape, size, times, suffix=""):
    name = "test_" + re.sub(r"\W", "_", shape) + suffix
    assert not hasattr(Hostile, name), name
    setattr(Hostile, name, lambda self: self.check(shape, size, times))


for shape_name in inputs.SHAPES:
    add_test(shape_name, SIZE, TIMES)
for shape_name in inputs.MARKED:
    add_test(shape_name, MARKS_SIZE, TIMES)
for shape_name in inputs.HUGE:
    add_test(shape_name, HUGE_SIZE, HUGE_TIMES, "_huge")

if __name__ == "__main__":
    unittest.main()
