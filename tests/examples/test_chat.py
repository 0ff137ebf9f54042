"""chat_server: one who does not read neither holds up the others nor fills memory.

SPDX-License-Identifier: MIT
"""

import socket
import struct
import time
import unittest

from scene import SANITIZED, peak_kib
from test_clients import serving

LINE = 1000
BATCH = 50


class Client:
    """Somebody in the chat."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def say(self, *lines):
        self.socket.sendall(b"".join(line + b"\n" for line in lines))

    def hear(self):
        return self.file.readline().rstrip(b"\n")

    def reset(self):
        """Goes without a word."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.leave()

    def leave(self):
        self.file.close()
        self.socket.close()


def enter(port, *others):
    """One more client, whom all others have seen to come."""
    client = Client(port)
    client.hear()
    for other in others:
        other.hear()
    return client


class Chat(unittest.TestCase):
    def test_tells_all_others(self):
        with serving("chat_server") as (_, port):
            one = Client(port)
            self.assertEqual(one.hear(), b"* somebody has come, 1 here")
            two = Client(port)
            self.assertEqual(one.hear(), b"* somebody has come, 2 here")
            self.assertEqual(two.hear(), b"* somebody has come, 2 here")
            three = enter(port, one, two)
            one.say(b"hello", b"all")
            for client in (two, three):
                self.assertEqual([client.hear(), client.hear()], [b"hello", b"all"])
            two.say(b"hi")
            self.assertEqual([one.hear(), three.hear()], [b"hi", b"hi"])
            for client in (one, two, three):
                client.leave()

    def test_removes_who_is_gone(self):
        with serving("chat_server") as (_, port):
            one = enter(port)
            two = enter(port, one)
            three = enter(port, one, two)
            two.leave()
            self.assertEqual(one.hear(), b"* somebody has left, 2 here")
            self.assertEqual(three.hear(), b"* somebody has left, 2 here")
            three.reset()
            self.assertEqual(one.hear(), b"* somebody has left, 1 here")
            one.say(b"anybody?")
            two = enter(port, one)
            two.say(b"me")
            self.assertEqual(one.hear(), b"me")
            one.leave()
            two.leave()

    def test_drops_who_does_not_read(self):
        with serving("chat_server") as (process, port):
            speaker = enter(port)
            listener = enter(port, speaker)
            before = peak_kib(process)
            idler = Client(port, receive_buffer=4096)  # and never reads
            listener.hear()
            said, heard, left = 0, 0, False
            limit = time.monotonic() + 60
            while not left and time.monotonic() < limit:
                speaker.say(*(b"%0*d" % (LINE, said + i) for i in range(BATCH)))
                said += BATCH
                while heard < said:
                    line = listener.hear()
                    if line == b"* somebody has left, 2 here":
                        left = True
                        continue
                    self.assertEqual(line, b"%0*d" % (LINE, heard))
                    heard += 1
            self.assertTrue(left)
            speaker.say(b"he is gone")
            self.assertEqual(listener.hear(), b"he is gone")
            if not SANITIZED:
                self.assertLess(peak_kib(process) - before, 2 * 1024)
            for client in (speaker, listener, idler):
                client.leave()

    def test_is_stopped_with_somebody_there(self):
        with serving("chat_server") as (_, port):
            client = enter(port)
        self.assertEqual(client.hear(), b"")
        client.leave()


if __name__ == "__main__":
    unittest.main(verbosity=2)
