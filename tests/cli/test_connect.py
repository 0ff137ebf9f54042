"""weir connect: standard input and output over a stream.

SPDX-License-Identifier: MIT
"""

import fcntl
import os
import random
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from scene import SANITIZED, WEIR, Terminal, free_port, peak_kib, server, start, weir

RANDOM = random.Random(2).randbytes(5_000_000)


def echo(connection):
    while piece := connection.recv(1 << 16):
        connection.sendall(piece)


def count(connection):
    """Answers the end of the input with how much there was."""
    total = 0
    while piece := connection.recv(1 << 16):
        total += len(piece)
    connection.sendall(b"%d\n" % total)


class Connect(unittest.TestCase):
    def test_sends_a_pipe_and_waits_for_the_answer(self):
        with server(count) as port:
            done = weir("connect", "127.0.0.1", str(port), input=RANDOM)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, b"%d\n" % len(RANDOM), b""))

    def test_gives_back_what_comes_byte_by_byte(self):
        with server(echo) as port:
            done = weir("connect", "localhost", str(port), input=RANDOM)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(done.stdout == RANDOM)

    def test_sends_a_file_and_nothing(self):
        with server(count) as port, tempfile.TemporaryFile() as file:
            file.write(b"before" + RANDOM)
            file.flush()
            file.seek(6)
            done = weir("connect", "127.0.0.1", str(port), stdin=file)
            self.assertEqual(done.stdout, b"%d\n" % len(RANDOM))
            done = weir("connect", "127.0.0.1", str(port), stdin=subprocess.DEVNULL)
            self.assertEqual((done.returncode, done.stdout), (0, b"0\n"))

    def test_works_in_a_shell_pipeline(self):
        script = 'printf "one\\ntwo\\n" | "$0" connect -v 127.0.0.1 "$1" | cat -n'
        with server(echo) as port:
            done = subprocess.run(["/bin/sh", "-c", script, WEIR, str(port)], timeout=30,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout, b"     1\tone\n     2\ttwo\n")
        self.assertRegex(done.stderr, rb"\A\* connected to 127\.0\.0\.1:\d+\n"
                                      rb"\* sent 8 bytes, received 8\n\Z")

    def test_writes_to_a_file(self):
        with server(echo) as port, tempfile.TemporaryFile() as file:
            done = weir("connect", "127.0.0.1", str(port), input=RANDOM, stdout=file)
            file.seek(0)
            self.assertEqual(done.returncode, 0)
            self.assertTrue(file.read() == RANDOM)

    def test_ends_with_the_peer(self):
        with server(lambda connection: connection.sendall(b"bye\n")) as port:
            process = start("connect", "127.0.0.1", str(port))
            self.assertEqual(process.stdout.read(), b"bye\n")
            self.assertEqual(process.wait(timeout=30), 0)  # with its input still open
            process.communicate()

    # terminals and modes

    def test_talks_on_a_terminal(self):
        with server(echo) as port:
            terminal = Terminal(WEIR, "connect", "127.0.0.1", str(port))
            terminal.type("hello\n")
            terminal.read_until("hello\r\nhello\r\n")  # typed, and come back
            terminal.type("again\n")
            terminal.read_until("again\r\nagain\r\n")
            terminal.type("\x04")
            terminal.read_until(None)
            self.assertEqual(terminal.wait(), 0)

    def test_leaves_a_terminal_to_the_shell(self):
        script = ('"$0" connect 127.0.0.1 "$1"; echo ended; '
                  'read line; echo "shell has $line"')
        with server(lambda connection: connection.recv(100)) as port:
            terminal = Terminal("/bin/sh", "-c", script, WEIR, str(port))
            terminal.type("for weir\n")
            terminal.read_until("ended\r\n")
            terminal.type("one\n")
            terminal.read_until("shell has one\r\n")
            self.assertEqual(terminal.wait(), 0)

    def test_leaves_the_mode_of_terminals_and_pipes_alone(self):
        """So that there is nothing to give back, also when it is killed."""
        master, slave = os.openpty()
        read_end, write_end = os.pipe()
        with server(echo) as port:
            for stdin, typed_at in ((slave, master), (read_end, write_end)):
                process = start("connect", "127.0.0.1", str(port), stdin=stdin)
                os.write(typed_at, b"hello\n")
                self.assertEqual(process.stdout.read(6), b"hello\n")
                self.assertTrue(os.get_blocking(stdin))
                process.kill()
                process.communicate()
                self.assertTrue(os.get_blocking(stdin))
        for descriptor in (master, slave, read_end, write_end):
            os.close(descriptor)

    def test_gives_the_mode_of_a_socket_back(self):
        ours, theirs = socket.socketpair()
        with server(echo) as port, ours, theirs:
            process = start("connect", "127.0.0.1", str(port), stdin=theirs, stdout=theirs)
            ours.sendall(b"hello\n")
            self.assertEqual(ours.recv(100), b"hello\n")
            self.assertTrue(fcntl.fcntl(theirs, fcntl.F_GETFL) & os.O_NONBLOCK)
            ours.shutdown(socket.SHUT_WR)
            self.assertEqual(process.wait(timeout=30), 0)
            self.assertFalse(fcntl.fcntl(theirs, fcntl.F_GETFL) & os.O_NONBLOCK)
            process.stderr.close()

    # backpressure

    def test_does_not_read_more_than_the_peer_takes(self):
        go = threading.Event()

        def late(connection):
            go.wait(30)
            count(connection)

        with server(late) as port:
            process = start("connect", "127.0.0.1", str(port))
            os.set_blocking(process.stdin.fileno(), False)
            taken, stuck = 0, 0
            while stuck < 20 and taken < 100_000_000:
                try:
                    taken += os.write(process.stdin.fileno(), RANDOM[: 1 << 16])
                    stuck = 0
                except BlockingIOError:
                    stuck += 1
                    time.sleep(0.01)
            self.assertLess(taken, 30_000_000)  # what the kernel buffers, and a little
            if not SANITIZED:
                self.assertLess(peak_kib(process), 16 * 1024)
            go.set()
            process.stdin.close()
            self.assertEqual(process.stdout.read(), b"%d\n" % taken)
            self.assertEqual(process.wait(timeout=30), 0)
            process.stdout.close()
        process.stderr.close()

    def test_does_not_receive_more_than_its_reader_takes(self):
        sent = [0]

        def flood(connection):
            connection.settimeout(0.5)
            with connection:
                while sent[0] < 100_000_000:
                    sent[0] += connection.send(RANDOM[: 1 << 16])

        with server(flood) as port:
            process = start("connect", "127.0.0.1", str(port))
            time.sleep(1.5)
            self.assertLess(sent[0], 30_000_000)
            process.kill()
            process.communicate()

    # failures

    def check_failure(self, done, words):
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stderr, rb"\Aweir connect: [^\n]*" + words + rb"[^\n]*\n\Z")

    def test_says_why_it_is_not_connected(self):
        self.check_failure(weir("connect", "127.0.0.1", str(free_port())),
                           b"Connection refused")
        self.check_failure(weir("connect", "no-such-host.invalid", "80"),
                           b"no-such-host.invalid")

    def test_says_that_the_connection_is_reset(self):
        def reset(connection):
            connection.sendall(b"begun")
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        with server(reset) as port:
            process = start("connect", "127.0.0.1", str(port))
            self.assertEqual(process.stdout.read(5), b"begun")
            process.stdin.write(b"x")
            process.stdin.flush()
            self.assertEqual(process.wait(timeout=30), 1)
            self.assertIn(b"reset by peer", process.stderr.read())
            process.communicate()

    def test_is_quiet_when_its_reader_leaves(self):
        def flood(connection):
            while True:
                connection.sendall(b"more and more\n")

        with server(flood) as port:
            process = start("connect", "127.0.0.1", str(port))
            process.stdout.read(10)
            process.stdout.close()
            self.assertEqual(process.wait(timeout=30), 1)
            self.assertEqual(process.stderr.read(), b"")
            process.stdin.close()
            process.stderr.close()

    def test_says_when_the_disk_is_full(self):
        with server(echo) as port, open("/dev/full", "wb") as full:
            self.check_failure(
                weir("connect", "127.0.0.1", str(port), input=b"hello", stdout=full),
                b"No space left")


if __name__ == "__main__":
    unittest.main(verbosity=2)
