# SPDX-FileCopyrightText: The Backstop authors
# SPDX-License-Identifier: BSD-2-Clause
"""`backstop --config FILE COMMAND`: which file, keys and store a command works with."""

import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from cli import LIMIT_SEC, PROGRAM, lines_of, notice

NOW = "2026-11-24T12:00:00Z"
EXIT_INPUT, EXIT_USAGE, EXIT_TEMPORARY, EXIT_CONFIG = 1, 64, 75, 78


class ConfigTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *arguments, user=None, **environment):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **environment}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        return subprocess.run([PROGRAM, *arguments], env=env, cwd=self.folder, user=user,
                              capture_output=True, timeout=LIMIT_SEC, check=False, text=True)

    def works(self, *arguments, **options):
        result = self.run_program(*arguments, **options)
        self.assertEqual((result.returncode, result.stderr), (0, ""), arguments)
        return result.stdout

    def fails(self, status, *arguments, **options):
        result = self.run_program(*arguments, **options)
        self.assertEqual((result.returncode, result.stdout), (status, ""), result.stderr)
        return result.stderr

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def config(self, text=""):
        """A file whose keys and store lie in the test's folder."""
        return self.write("conf", f"[backstop]\nkey-file = {self.folder}/keys\n"
                                  f"store = {self.folder}/db\n" + text)


class Files(ConfigTest):
    def test_before_and_behind_the_command(self):
        self.config()
        self.works("--config", "conf", "key", "new")
        self.works("--config=conf", "key", "list")
        self.works("key", "--config", "conf", "list")
        self.works("key", "list", "--config=conf")
        self.assertTrue((self.folder / "keys").exists())

    def test_without_file_or_command(self):
        for words in (["--config"], ["--config", "conf"], ["--config=conf"]):
            self.assertIn("Usage:", self.fails(EXIT_USAGE, *words))

    def test_missing_file(self):
        self.assertEqual(self.fails(EXIT_CONFIG, "--config", "nowhere", "key", "list"),
                         "backstop: nowhere: No such file or directory\n")

    def test_all_errors_are_told(self):
        self.write("conf", "[backstop]\nstore = db\nshape = round\n[domain our.example]\n"
                           "closed = perhaps\n")
        self.assertEqual(
            self.fails(EXIT_CONFIG, "--config", "conf", "ledger", "stats").splitlines(),
            ['backstop: conf:2: [backstop] store: takes a path that starts with /, not "db"',
             "backstop: conf:3: [backstop] shape: there is no such setting",
             'backstop: conf:5: [domain our.example] closed: takes yes or no, not "perhaps"'])

    def test_controls_do_not_reach_the_terminal(self):
        self.write("conf", "[backstop]\nstore = \x1b]0;x\x07\n")
        told = self.fails(EXIT_CONFIG, "--config", "conf", "ledger", "stats")
        self.assertIn("\\x1b]0;x\\x07", told)
        self.assertNotIn("\x1b", told)

    def test_options_go_before_the_file(self):
        self.config()
        self.works("--config", "conf", "key", "--key-file", "other", "new")
        self.assertEqual(sorted(os.listdir(self.folder)), ["conf", "other"])

    def test_the_state_folder_of_a_user(self):
        self.works("key", "new")
        state = self.folder / ".local/state/backstop"
        self.assertEqual(stat.S_IMODE(state.stat().st_mode), 0o700)
        self.assertEqual(os.listdir(state), ["keys"])
        self.write("sent", "From: alice@our.example\nDate: Mon, 23 Nov 2026 20:24:50 +0000\n\n")
        self.works("ledger", "--as-of", NOW, "import", "sent")
        self.assertIn("backstop.db", os.listdir(state))

    def test_xdg_state_home(self):
        self.works("key", "new", XDG_STATE_HOME=str(self.folder / "state"))
        self.assertEqual(os.listdir(self.folder / "state/backstop"), ["keys"])


class Missing(ConfigTest):
    def test_keys_where_they_are_needed(self):
        self.config()
        told = self.fails(EXIT_CONFIG, "--config", "conf", "ledger", "stats")
        self.assertTrue(told.startswith(f"backstop: conf:2: [backstop] key-file: {self.folder}/keys"),
                        told)

    def test_open_keys(self):
        self.config()
        self.works("--config", "conf", "key", "new")
        (self.folder / "keys").chmod(0o644)
        self.assertIn("conf:2: [backstop] key-file: ",
                      self.fails(EXIT_CONFIG, "--config", "conf", "ledger", "stats"))

    def test_no_store_yet(self):
        self.config()
        self.works("--config", "conf", "key", "new")
        self.assertEqual(self.fails(EXIT_TEMPORARY, "--config", "conf", "ledger", "stats"),
                         "backstop: conf:3: [backstop] store: there is no store yet\n")
        self.assertFalse((self.folder / "db").exists())

    def test_a_store_that_cannot_be_made(self):
        self.config()
        self.works("--config", "conf", "key", "new")
        self.write("sent", "From: alice@our.example\n\n")
        told = self.fails(EXIT_TEMPORARY, "ledger", "--config", "conf", "--store", "nowhere/db",
                          "import", "sent")
        self.assertTrue(told.startswith("backstop: conf: [backstop] store: "), told)
        self.assertIn("nowhere/db", told)

    def test_check_works_without_any(self):
        self.write("a.eml", notice().decode())
        [line] = lines_of(self.run_program("check", "--json", "a.eml").stdout.encode())
        self.assertEqual(line["verdict"], "unverified")


class Command(ConfigTest):
    """`backstop config check` and `dump`."""

    def test_sound(self):
        self.config("[domain our.example]\nclosed = yes\n")
        self.works("--config", "conf", "key", "new")
        self.assertEqual(self.works("--config", "conf", "config", "check"), "conf: sound\n")
        self.assertEqual(sorted(os.listdir(self.folder)), ["conf", "keys"])

    def test_all_faults_are_told(self):
        self.config("outbound-hosts = 300.1.2.3\nuser = no-such-user\n"
                    "milter-group = no-such-group\n"
                    "always-notices = a@our.example\nnever-notices = a@our.example\n"
                    "[address b@our.example]\n[address B@our.example]\n")
        told = self.fails(EXIT_CONFIG, "--config", "conf", "config", "check").splitlines()
        self.assertEqual([line.partition(" /")[0][:68] for line in told],
                         [line[:68] for line in (
                             'backstop: conf:4: [backstop] outbound-hosts: "300.1.2.3" is no host: '
                             "it takes",
                             "backstop: conf:10: [address B@our.example]: the address has a "
                             "section above",
                             "backstop: conf:8: [backstop] never-notices: a@our.example stands in "
                             "always-notices too",
                             "backstop: conf:2: [backstop] key-file:",
                             "backstop: conf:5: [backstop] user: there is no such user",
                             "backstop: conf:6: [backstop] milter-group: there is no such group")])

    def test_what_cannot_be_read(self):
        self.write("conf", "[backstop]\nmode = perhaps\n")
        for what in ("check", "dump"):
            self.assertEqual(self.fails(EXIT_CONFIG, "--config", "conf", "config", what),
                             "backstop: conf:2: [backstop] mode: takes observe or enforce, not "
                             '"perhaps"\n')

    def test_keys(self):
        self.config("[domain our.example]\nbatv = yes\n")
        self.works("--config", "conf", "key", "--as-of", NOW, "new")
        self.assertIn("a domain has batv, and no key for it signs now",
                      self.fails(EXIT_CONFIG, "--config", "conf", "config", "--as-of", NOW,
                                 "check"))
        self.works("--config", "conf", "key", "--as-of", NOW, "new", "prvs0")
        self.works("--config", "conf", "config", "--as-of", NOW, "check")
        keys = self.folder / "keys"
        text = keys.read_text()
        keys.write_text("".join(line for line in text.splitlines(True) if " tag " not in line))
        self.assertIn("no key for tags signs now",
                      self.fails(EXIT_CONFIG, "--config", "conf", "config", "--as-of", NOW,
                                 "check"))

    def test_dump_can_be_read_again(self):
        hosts = ", ".join(f"mx{number}.our.example" for number in range(30))
        self.config("outbound-hosts = " + hosts.replace(", ", ",\n  ") + "\n"
                    "mode = enforce\ntag-lifetime = 5400s\nlikely-backscatter = mark\n"
                    "allow-subject = Voicemail *\n[domain our.example]\nunverified = deliver\n"
                    "[domain b\u00fccher.example]\n[address a@our.example]\n"
                    "reject-reply = 451 4.7.1 Later\n")
        dump = self.works("--config", "conf", "config", "dump")
        self.assertIn("\nmode = enforce\n", dump)
        self.assertIn("\ntag-lifetime = 5400s\n", dump)
        self.assertIn("\nledger-days = 21\n", dump)
        self.assertIn("\n    mx29.our.example\n", dump)
        domain, other, address = dump.split("\n[")[1:]
        self.assertIn("\nunverified = deliver\n", domain)
        self.assertIn("\nlikely-backscatter = mark\n", domain)
        self.assertIn("\nunverified = mark\n", other)
        self.assertTrue(other.startswith("domain b\u00fccher.example]\n"), other)
        self.assertTrue(address.startswith("address a@our.example]\n"), address)
        self.assertIn("\nunverified = deliver\n", address)
        self.assertIn("\nreject-reply = 451 4.7.1 Later\n", address)
        self.write("again", dump)
        self.assertEqual(self.works("--config", "again", "config", "dump"), dump)

    def test_usage(self):
        for words in ([], ["show"], ["check", "conf"], ["--bad", "check"]):
            self.assertIn("Usage:", self.fails(EXIT_USAGE, "config", *words))


class Sites(ConfigTest):
    """What a configuration says is what judging goes by."""

    def verdict(self, text, expected, status=0):
        self.config(text)
        forged = notice().replace(b"mx.our.example", b"mx.elsewhere.example")
        self.write("a.eml", forged.decode())
        result = self.run_program("--config", "conf", "check", "--json", "--as-of", NOW, "a.eml")
        self.assertEqual(result.returncode, status, result.stderr)
        [line] = lines_of(result.stdout.encode())
        self.assertEqual((line["verdict"], line["confidence"]), expected)

    def test_outbound_hosts(self):
        self.verdict("outbound-hosts = 192.0.2.0/24\n", ("genuine", "likely"))
        self.verdict("shared-hosts = 192.0.2.0/24\n", ("unverified", None))
        self.verdict("outbound-hosts = 198.51.100.0/24\n", ("backscatter", "likely"))
        self.verdict("outbound-hosts = 198.51.100.0/24\nunknown-exits = yes\n",
                     ("unverified", None))
        self.verdict("outbound-hosts = 198.51.100.0/24\nforwarders = alice@our.example\n",
                     ("unverified", None))

    def test_closed_domains(self):
        missed = "outbound-hosts = 198.51.100.0/24\n[domain our.example]\ndkim-signs-all = yes\n"
        self.verdict(missed, ("backscatter", "likely"))
        # Nothing is proven as long as keys and store, which might know the mail, are not there.
        self.verdict(missed + "closed = yes\n", ("backscatter", "likely"))
        self.works("--config", "conf", "key", "--as-of", NOW, "new")
        self.write("sent", "From: alice@our.example\nDate: Mon, 23 Nov 2026 20:24:50 +0000\n\n")
        self.works("--config", "conf", "ledger", "--as-of", NOW, "import", "sent")
        self.verdict(missed + "closed = yes\n", ("backscatter", "proven"))


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be it")
class Root(ConfigTest):
    NOBODY = 65534

    def test_the_store_belongs_to_its_folders_owner(self):
        os.chmod(self.folder, 0o755)
        (self.folder / "state").mkdir()
        os.chown(self.folder / "state", self.NOBODY, self.NOBODY)
        self.write("conf", f"[backstop]\nkey-file = {self.folder}/keys\n"
                           f"store = {self.folder}/state/db\n")
        self.works("--config", "conf", "key", "new")
        self.write("sent", "From: alice@our.example\nDate: Mon, 23 Nov 2026 20:24:50 +0000\n\n")
        os.chmod(self.folder / "sent", 0o600)
        for _ in range(2):
            self.works("--config", "conf", "ledger", "--as-of", NOW, "import", "sent")
            for file in (self.folder / "state").iterdir():
                self.assertEqual(file.stat().st_uid, self.NOBODY, file)
        os.chown(self.folder / "keys", self.NOBODY, self.NOBODY)
        self.works("--config", "conf", "ledger", "stats", user=self.NOBODY)


# Runs the rest of its words as nobody, on a machine whose /etc holds this alone.
OTHER_MACHINE = r"""
mount -t tmpfs -o mode=755 tmpfs /etc || exit 99
mkdir -m "$1" /etc/backstop && printf '%s' "$2" > /etc/backstop/backstop.conf || exit 98
chmod "$3" /etc/backstop/backstop.conf
shift 3
exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
"""


@unittest.skipUnless(os.geteuid() == 0, "needs root, to become another user")
class ClosedConfiguration(ConfigTest):
    """/etc/backstop/backstop.conf, which nobody named, is not for everybody to read."""

    CLOSED = [("700", "644"), ("755", "600")]
    TOLD = "backstop: /etc/backstop/backstop.conf: permission denied: "

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o777)
        self.text = notice().decode()
        self.write("a.eml", self.text)
        probe = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/etc"],
                               capture_output=True, check=False)
        if probe.returncode != 0:
            self.skipTest(f"cannot mount here: {probe.stderr.decode().strip()}")

    def as_nobody(self, folder_mode, mode, *arguments, conf="[backstop]\n", stdin=""):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        env.update((name, value) for name, value in os.environ.items() if "SAN_OPTIONS" in name)
        return subprocess.run(["unshare", "--mount", "sh", "-c", OTHER_MACHINE, "sh", folder_mode,
                               conf, mode, PROGRAM, *arguments], env=env, cwd=self.folder,
                              capture_output=True, timeout=LIMIT_SEC, check=False, text=True,
                              input=stdin)

    def test_what_needs_none_goes_on(self):
        for modes in self.CLOSED:
            with self.subTest(modes=modes):
                result = self.as_nobody(*modes, "check", "--json", "a.eml")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(len(lines_of(result.stdout.encode())), 1)
                self.assertTrue(result.stderr.startswith(self.TOLD), result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1)
                result = self.as_nobody(*modes, "filter", stdin=self.text)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertTrue(result.stdout.endswith(self.text))
                self.assertTrue(result.stderr.startswith(self.TOLD), result.stderr)

    def test_what_needs_keys_does_not(self):
        sign = ["sign", "--from", "alice@our.example", "--rcpt", "nobody@remote.example"]
        for status, command in [(EXIT_CONFIG, ["key", "list"]), (EXIT_CONFIG, ["key", "new"]),
                                (EXIT_CONFIG, ["ledger", "stats"]), (EXIT_TEMPORARY, sign)]:
            for modes in self.CLOSED:
                with self.subTest(command=command, modes=modes):
                    result = self.as_nobody(*modes, *command, stdin=self.text)
                    self.assertEqual((result.returncode, result.stdout), (status, ""))
                    self.assertTrue(result.stderr.startswith(self.TOLD), result.stderr)
                    self.assertIn("--config", result.stderr)
        self.assertEqual(os.listdir(self.folder), ["a.eml"])

    def test_one_that_is_named_must_be_read(self):
        result = self.as_nobody("755", "600", "check", "--config", "/etc/backstop/backstop.conf",
                                "a.eml")
        self.assertEqual((result.returncode, result.stdout), (EXIT_CONFIG, ""))
        self.assertEqual(result.stderr,
                         "backstop: /etc/backstop/backstop.conf: Permission denied\n")

    def test_one_that_can_be_read_must_be_right(self):
        result = self.as_nobody("755", "644", "check", "a.eml", conf="[backstop]\nshape = round\n")
        self.assertEqual((result.returncode, result.stdout), (EXIT_CONFIG, ""))
        self.assertIn("backstop.conf:2: [backstop] shape", result.stderr)

    def test_closed_keys_are_told(self):
        self.write("keys", "")
        os.chmod(self.folder / "keys", 0o600)
        conf = f"[backstop]\nkey-file = {self.folder}/keys\n"
        result = self.as_nobody("755", "644", "check", "--json", "a.eml", conf=conf)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(lines_of(result.stdout.encode())), 1)
        self.assertIn("[backstop] key-file: ", result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
