"""weir get: bodies byte by byte, heads, files, and how it fails.

SPDX-License-Identifier: MIT
"""

import http.server
import os
import random
import re
import stat
import subprocess
import tempfile
import time
import unittest

from scene import SANITIZED, WEIR, Terminal, free_port, http_server, peak_kib, start, weir

RANDOM = random.Random(1).randbytes(300_000)
BIG_MIB = 100


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        getattr(self, "get_" + self.path.strip("/").partition("?")[0])()

    def answer(self, body, code=200, **fields):
        self.send_response(code)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)

    def get_random(self):
        self.answer(RANDOM)

    def get_empty(self):
        self.answer(b"")

    def get_text(self):
        self.answer(b"hello\n", Content_Type="text/plain")

    def get_missing(self):
        self.answer(b"there is no such thing\n", code=404)

    def get_echo(self):
        self.answer(self.raw_requestline + b"".join(
            f"{name}: {value}\r\n".encode() for name, value in self.headers.items()))

    def get_chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(RANDOM), 7001):
            piece = RANDOM[at : at + 7001]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def get_big(self):
        self.send_response(200)
        self.send_header("Content-Length", BIG_MIB << 20)
        self.end_headers()
        for _ in range(BIG_MIB):
            self.wfile.write(RANDOM[: 1 << 18] * 4)

    def get_cut(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"not a hundred bytes")
        self.close_connection = True

    def get_evil(self):
        self.answer(b"text\n", X_Evil="a\xc2\x9b31mb")


class Get(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.running = http_server(Handler)
        cls.url = cls.running.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.running.__exit__(None, None, None)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def get(self, path, *arguments, **options):
        return weir("get", *arguments, self.url + path, **options)

    def check_failure(self, done, status, words):
        self.assertEqual(done.returncode, status, done)
        self.assertRegex(done.stderr, rb"\Aweir get: [^\n]*" + words + rb"[^\n]*\n\Z")

    # bodies

    def test_fetches_bodies_byte_by_byte(self):
        for path, body in (("/random", RANDOM), ("/chunked", RANDOM), ("/empty", b"")):
            done = self.get(path)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(done.stdout, body, path)

    def test_adds_the_scheme_to_a_host(self):
        for query in ("", "?back=http://a/"):
            self.assertEqual(weir("get", self.url[7:] + "/text" + query).stdout, b"hello\n")

    def test_writes_an_error_page_unless_told_to_fail(self):
        done = self.get("/missing")
        self.assertEqual((done.returncode, done.stdout), (0, b"there is no such thing\n"))
        done = self.get("/missing", "-f")
        self.check_failure(done, 1, b"404 Not Found")
        self.assertEqual(done.stdout, b"")

    def test_needs_little_memory_for_a_large_body(self):
        process = start("get", self.url + "/big", stdin=subprocess.DEVNULL)
        total = 0
        while piece := process.stdout.read(1 << 20):
            total += len(piece)
            time.sleep(0.0005)
            if total == (BIG_MIB - 5) << 20 and not SANITIZED:
                self.assertLess(peak_kib(process), 16 * 1024)
        self.assertEqual((process.wait(timeout=30), total), (0, BIG_MIB << 20))
        process.stdout.close()
        process.stderr.close()

    # files

    def test_names_a_file_when_it_is_complete(self):
        path = os.path.join(self.folder, "body")
        done = self.get("/random", "-o", path)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        with open(path, "rb") as file:
            self.assertEqual(file.read(), RANDOM)
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o666 & ~mask)
        self.assertEqual(os.listdir(self.folder), ["body"])

    def test_keeps_the_old_file_when_the_body_breaks_off(self):
        path = os.path.join(self.folder, "body")
        with open(path, "wb") as file:
            file.write(b"old")
        os.chmod(path, 0o640)
        self.check_failure(self.get("/cut", "-o", path), 1, b"")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"old")
        self.assertEqual(os.listdir(self.folder), ["body"])
        self.assertEqual(self.get("/text", "-o", path).returncode, 0)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)

    def test_leaves_nothing_behind_when_it_is_interrupted(self):
        path = os.path.join(self.folder, "body")
        process = start("get", "-o", path, self.url + "/big", stdin=subprocess.DEVNULL)
        while not os.listdir(self.folder):
            time.sleep(0.002)
        time.sleep(0.01)
        process.terminate()
        process.communicate(timeout=30)
        self.assertIn(process.returncode, (-15, 0))  # 0: it was faster
        self.assertEqual(os.listdir(self.folder), ["body"] if process.returncode == 0 else [])

    def test_writes_through_a_link_and_to_a_device(self):
        path, link = os.path.join(self.folder, "body"), os.path.join(self.folder, "link")
        os.symlink(path, link)
        self.assertEqual(self.get("/text", "-o", link).returncode, 0)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"hello\n")
        self.assertTrue(os.path.islink(link))
        self.assertEqual(self.get("/text", "-o", "/dev/null").returncode, 0)

    def test_says_when_the_disk_is_full(self):
        self.check_failure(self.get("/random", "-o", "/dev/full"), 1, b"No space left")
        with open("/dev/full", "wb") as full:
            self.check_failure(self.get("/random", stdout=full), 1, b"No space left")

    def test_says_when_a_file_cannot_be_made(self):
        path = os.path.join(self.folder, "no", "such", "file")
        self.check_failure(self.get("/text", "-o", path), 1, b"No such file")

    def test_is_quiet_when_its_reader_leaves(self):
        process = start("get", self.url + "/big", stdin=subprocess.DEVNULL)
        self.assertEqual(process.stdout.read(10), RANDOM[:10])
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.wait(timeout=30), 1)
        process.stderr.close()

    # heads

    def test_sends_fields(self):
        done = self.get("/echo?a=b", "-H", "X-One: 1", "--header", "x-two:2 ",
                        "-H", "User-Agent: me")
        port = self.url.rpartition(":")[2].encode()
        head = re.sub(rb"Accept-Encoding: [^\r]*\r\n", b"", done.stdout)
        self.assertEqual(head, b"GET /echo?a=b HTTP/1.1\r\nHost: 127.0.0.1:" + port +
                         b"\r\nX-One: 1\r\nx-two: 2\r\nUser-Agent: me\r\nAccept: */*\r\n")

    def test_refuses_what_is_no_field(self):
        for field in ("none", ": v", "a b: v", "a: b\nc: d", "a: \x01"):
            self.check_failure(self.get("/echo", "-H", field), 2, b"is not NAME: VALUE")

    def test_writes_the_head_before_the_body(self):
        done = self.get("/text", "-i")
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        self.assertEqual(body, b"hello\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\nServer: "))
        self.assertTrue(head.endswith(b"\r\nContent-Type: text/plain\r\nContent-Length: 6"))

    def test_shows_what_is_sent_and_received(self):
        done = self.get("/echo", "-v", "-H", "X-One: 1")
        lines = done.stderr.decode().split("\n")
        sent = [line[2:] for line in lines if line.startswith("> ")]
        self.assertEqual("\r\n".join(sent) + "\r\n", done.stdout.decode())
        self.assertIn("< HTTP/1.1 200 OK", lines)
        self.assertIn(f"< Content-Length: {len(done.stdout)}", lines)
        self.assertRegex(lines[0], r"^\* 127\.0\.0\.1 is 127\.0\.0\.1:\d+ \(\d+\.\d ms\)$")
        self.assertRegex(lines[-2], r"^\* head after \d+\.\d ms, \d+ bytes of body after")

    def test_makes_control_characters_visible_on_a_terminal(self):
        terminal = Terminal(WEIR, "get", "-i", self.url + "/evil")
        printed = terminal.read_until(None)
        self.assertEqual(terminal.wait(), 0)
        self.assertIn("\\x9b31mb", printed)
        self.assertTrue(printed.endswith("text\r\n"), printed)
        self.assertIn(b"\xc2\x9b31mb\r\n", self.get("/evil", "-i").stdout)

    def test_does_not_upset_a_terminal(self):
        terminal = Terminal(WEIR, "get", self.url + "/random")
        self.assertIn("weir get: the body is not text", terminal.read_until(None))
        self.assertEqual(terminal.wait(), 1)

    # failures

    def test_says_why_it_is_not_connected(self):
        self.check_failure(weir("get", f"http://127.0.0.1:{free_port()}/"), 1,
                           b"Connection refused")
        self.check_failure(weir("get", "http://no-such-host.invalid/"), 1,
                           b"no-such-host.invalid")

    def test_says_that_the_body_breaks_off(self):
        done = self.get("/cut")
        self.check_failure(done, 1, b"")
        self.assertEqual(done.stdout, b"not a hundred bytes")

    def test_refuses_urls_that_are_none(self):
        for url in ("http://", "http://a b/", "http://a:99999/", "http://[::1/", ""):
            self.check_failure(weir("get", url), 2, b"is not a URL that can be fetched")
        self.check_failure(weir("get", "ws://127.0.0.1/"), 1, b"ws is not supported")


if __name__ == "__main__":
    unittest.main(verbosity=2)
