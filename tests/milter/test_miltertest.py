# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""OpenDKIM's miltertest beside backstopd: a mail server's side of the protocol that is not ours."""

import pathlib
import shutil
import subprocess
import unittest

import started

SCRIPT = pathlib.Path(__file__).with_name("miltertest.lua")
STRANGER = "203.0.113.7"


@unittest.skipUnless(started.DAEMON.exists(), f"{started.DAEMON} is not built")
@unittest.skipUnless(shutil.which("miltertest"), "there is no miltertest (package miltertest)")
class Miltertest(unittest.TestCase):
    def test_mail_and_notices(self):
        daemon = started.Daemon()
        self.addCleanup(daemon.stop)
        daemon.start()
        run = subprocess.run(["miltertest", "-D", f"milter={daemon.milter}", "-D",
                              f"internal={started.INTERNAL}", "-D", f"stranger={STRANGER}",
                              "-s", SCRIPT], capture_output=True, text=True,
                             timeout=started.LIMIT_SEC)
        self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)
        # A script that ends before its end is no success.
        self.assertEqual(run.stdout, "done\n")
        # What it said came from the daemon.
        lines = [line for line in daemon.log().splitlines() if "verdict=" in line]
        self.assertEqual(len(lines), 2, daemon.log())
        self.assertIn("verdict=genuine", lines[0])
        self.assertIn("verdict=backscatter confidence=proven", lines[1])
        self.assertIn("done=reject", lines[1])


if __name__ == "__main__":
    unittest.main()
