#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""Hostile mail: always a result, in time linear in the size, and within the memory promised.

Each input of inputs.py goes through the whole path (measure.c) at one size and at twice that.
HOSTILE_VERBOSE=1 prints what each took.
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

import inputs

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BACKSTOP_BUILD", ROOT / "build"))
MEASURE = BUILD / "tests/hostile/measure"
VERBOSE = os.environ.get("HOSTILE_VERBOSE")

MIB = 1 << 20
SIZE = MIB
MARKS_SIZE = MIB // 4
HUGE_SIZE = 32 * MIB
RUNS = 2
TRIES = 5
# Twice the input may take this often the time, and what the clock cannot tell apart.
RATIO_MAX = 2.6
NOISE_SEC = 0.005
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

    def check_time(self, small, big):
        for name in ("path_sec", "bodies_sec"):
            once, twice = getattr(small, name), getattr(big, name)
            self.assertLessEqual(twice, RATIO_MAX * once + NOISE_SEC, f"{name}: {small}; {big}")
        self.assertLessEqual(big.path_sec, SEC_PER_MIB_MAX * (big.size / MIB + 1), f"{big}")

    def check(self, shape, size):
        make = {**inputs.SHAPES, **inputs.MARKED}[shape]
        mails = make(size), make(2 * size)
        for tries_left in reversed(range(TRIES)):
            small, big = Sample(mails[0]), Sample(mails[1])
            if is_sanitized():
                return
            self.check_memory(big)
            try:
                self.check_time(small, big)
                break
            except AssertionError:
                # Somebody else's work on the same processor counts as ours.
                if tries_left == 0:
                    raise
        if VERBOSE:
            print(f"\n{shape}\n    {small}\n    {big}", flush=True)

    def test_truncated_anywhere(self):
        files = sorted((ROOT / "tests/fixtures").glob("**/*.eml"))
        run = subprocess.run([MEASURE, "cut", str(CUT_STEP), *files], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, errors="replace")
        self.assertEqual(run.returncode, 0, run.stderr[-3000:])
        expected = sum(-(-path.stat().st_size // CUT_STEP) for path in files)
        self.assertEqual(int(run.stdout), expected)


def add_test(shape, size, suffix=""):
    name = "test_" + shape.replace(" ", "_").replace("-", "_").replace("/", "_") + suffix
    assert not hasattr(Hostile, name), name
    setattr(Hostile, name, lambda self: self.check(shape, size))


for shape_name in inputs.SHAPES:
    add_test(shape_name, SIZE)
for shape_name in inputs.MARKED:
    add_test(shape_name, MARKS_SIZE)
for shape_name in inputs.HUGE:
    add_test(shape_name, HUGE_SIZE, "_huge")

if __name__ == "__main__":
    unittest.main()
