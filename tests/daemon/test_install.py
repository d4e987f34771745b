#!/usr/bin/python3
# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""`meson install` puts all in place, and the unit names the program where it is."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from process import BUILD

PREFIX = "usr/local"
EXPECTED = {
    f"{PREFIX}/bin/backstop": 0o755,
    f"{PREFIX}/sbin/backstopd": 0o755,
    f"{PREFIX}/lib/systemd/system/backstopd.service": 0o644,
    f"{PREFIX}/lib/sysusers.d/backstop.conf": 0o644,
    f"{PREFIX}/lib/tmpfiles.d/backstop.conf": 0o644,
    f"{PREFIX}/share/man/man1/backstop.1": 0o644,
    f"{PREFIX}/share/man/man5/backstop.conf.5": 0o644,
    f"{PREFIX}/share/man/man8/backstopd.8": 0o644,
    "etc/backstop/backstop.conf.sample": 0o644,
}


class Install(unittest.TestCase):
    def test_all_is_in_place(self):
        meson = shutil.which("meson")
        self.assertIsNotNone(meson, "meson built this, and is gone")
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run([meson, "install", "-C", BUILD, "--no-rebuild", "--destdir", folder],
                                 capture_output=True, text=True, umask=0o022, check=False)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            for name, mode in EXPECTED.items():
                with self.subTest(name):
                    info = os.stat(os.path.join(folder, name))
                    self.assertEqual(info.st_mode & 0o777, mode)
                    self.assertGreater(info.st_size, 0)
            unit = pathlib.Path(folder, PREFIX, "lib/systemd/system/backstopd.service").read_text()
            self.assertIn(f"\nExecStart=/{PREFIX}/sbin/backstopd "
                          "--config /etc/backstop/backstop.conf\n", unit)
            self.assertNotIn("@sbindir@", unit)


if __name__ == "__main__":
    unittest.main()
