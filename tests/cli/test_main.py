"""weir: help, versions, commands that do not exist; weir demo.

SPDX-License-Identifier: MIT
"""

import os
import re
import subprocess
import unittest

from scene import WEIR, Terminal, weir

NAMES = ("get", "head", "post", "put", "patch", "delete", "options", "request", "connect",
         "tls", "demo")


class Main(unittest.TestCase):
    def test_says_its_version(self):
        done = weir("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, rb"\Aweir \d+\.\d+\.\d+\n\Z")

    def test_lists_its_commands(self):
        for arguments in (["--help"], ["help"]):
            done = weir(*arguments)
            self.assertEqual(done.returncode, 0)
            for name in NAMES:
                self.assertIn(f"\n  {name} ".encode(), done.stdout)
            self.assertLess(done.stdout.count(b"\n"), 24)  # one screen

    def test_says_how_each_command_is_used(self):
        for name in NAMES:
            pages = [weir(name, "--help"), weir("help", name), weir(name, "-h")]
            for page in pages:
                self.assertEqual((page.returncode, page.stderr), (0, b""))
                self.assertTrue(page.stdout.startswith(f"usage: weir {name}".encode()))
                self.assertIn(b"Exit status:", page.stdout)
                self.assertLess(max(map(len, page.stdout.split(b"\n"))), 86)
                self.assertEqual(page.stdout, pages[0].stdout)

    def test_refuses_what_it_does_not_know(self):
        for arguments in (["gte"], ["help", "gte"], ["demo", "x"], ["get"], ["get", "-o", "x", "a", "b"],
                          ["get", "-z", "u"], ["get", "--zork", "u"], ["get", "-H"],
                          ["connect", "host"], ["connect", "host", "0"],
                          ["connect", "host", "65536"], ["connect", "host", "http"]):
            done = weir(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, b""), arguments)
            self.assertRegex(done.stderr, rb"\Aweir[^\n]+\n\Z")
        self.assertEqual(weir().returncode, 2)

    def test_fails_when_its_output_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            for arguments in (["--version"], ["--help"], ["get", "--help"]):
                self.assertEqual(weir(*arguments, stdout=full).returncode, 1, arguments)

    def test_runs_without_standard_descriptors(self):
        script = '"$0" connect 127.0.0.1 1 <&- >&- 2>&-; echo $?'
        done = subprocess.run(["/bin/sh", "-c", script, WEIR], stdout=subprocess.PIPE,
                              timeout=30, check=True)
        self.assertEqual(done.stdout, b"1\n")


class Demo(unittest.TestCase):
    def test_holds(self):
        done = weir("demo")
        self.assertEqual((done.returncode, done.stderr), (0, b""), done.stdout)
        self.assertRegex(done.stdout, rb"\n8 of 8 held, in \d+\.\d+ s\n\Z")
        self.assertNotIn(b"\x1b", done.stdout)
        self.assertLess(max(map(len, done.stdout.split(b"\n"))), 80)

    def test_has_colours_on_a_terminal_unless_they_are_not_wanted(self):
        for environment, coloured in (({"TERM": "xterm", "NO_COLOR": ""}, True),
                                      ({"TERM": "xterm", "NO_COLOR": "1"}, False),
                                      ({"TERM": "dumb", "NO_COLOR": ""}, False)):
            terminal = Terminal(WEIR, "demo", environment=environment)
            printed = terminal.read_until(None)
            self.assertEqual(terminal.wait(), 0, printed)
            self.assertEqual(bool(re.search("\x1b", printed)), coloured, environment)

    def test_fails_when_a_server_cannot_be_started(self):
        script = 'ulimit -n 6; exec "$0" demo'
        done = subprocess.run(["/bin/sh", "-c", script, WEIR], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=30, check=False,
                              env={**os.environ, "WEIR_POLLER": ""})
        self.assertEqual(done.returncode, 1, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
