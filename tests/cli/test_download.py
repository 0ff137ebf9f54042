"""weir get: files with names of the server's, in several goes, and what a terminal shows.

SPDX-License-Identifier: MIT
"""

import calendar
import contextlib
import gzip
import http.server
import json
import os
import random
import signal
import subprocess
import tempfile
import time
import unittest

from scene import WEIR, Terminal, http_server, start, weir

CONTENT = random.Random(3).randbytes(200_000)
MODIFIED = "Tue, 14 Oct 2025 08:00:00 GMT"
MODIFIED_TIME = calendar.timegm((2025, 10, 14, 8, 0, 0))
DOCUMENT = {"name": "weir", "list": [1, -2.5e3, True, None], "empty": [{}, []],
            "text": "a \"quote\", \\ and ä"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    counts = {}

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.strip("/").partition("?")[0]
        self.count = self.counts[path] = self.counts.get(path, 0) + 1
        getattr(self, "get_" + path.partition("/")[0])()

    do_POST = do_GET

    def answer(self, body, code=200, length=None, **fields):
        self.send_response(code)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", len(body) if length is None else length)
        self.end_headers()
        self.wfile.write(body)

    def get_file(self):
        self.answer(b"a file\n")

    def get_named(self):
        self.answer(b"named\n",
                    Content_Disposition="attachment; filename=\"../../etc/na me.txt\"")

    def get_gzip(self):
        self.answer(gzip.compress(b"plain\n"), Content_Encoding="gzip")

    # ranges

    def get_range(self, last_modified=MODIFIED):
        wanted = self.headers.get("Range", "")
        fields = {"Last_Modified": last_modified, "X_If": self.headers.get("If-Range", "")}
        self.counts["if-range"] = self.headers.get("If-Range")
        if not wanted or self.headers.get("If-Range", last_modified) != last_modified:
            self.answer(CONTENT, **fields)
            return
        first = int(wanted[len("bytes="):-1])
        if first >= len(CONTENT):
            self.answer(b"no", 416, Content_Range=f"bytes */{len(CONTENT)}", **fields)
            return
        self.answer(CONTENT[first:], 206, **fields,
                    Content_Range=f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}")

    def get_changed(self):
        self.get_range("Fri, 01 Jan 2038 00:00:00 GMT")

    def get_cut(self):
        """Breaks off in the middle, each time."""
        if self.headers.get("Range"):
            self.get_range()
            return
        self.answer(CONTENT[:70_000], length=len(CONTENT), Last_Modified=MODIFIED)
        self.close_connection = True

    def get_dripping(self):
        self.answer(CONTENT[:70_000], length=len(CONTENT), Last_Modified=MODIFIED)
        time.sleep(20)

    def get_strange(self):
        self.answer(CONTENT[5:], 206, Content_Range="bytes 5-199999/200000")

    # what may do better later

    def get_flaky(self):
        if self.count < 3:
            self.answer(b"busy", (503, 429)[self.count - 1], Retry_After="0")
        else:
            self.answer(b"at last\n")

    def get_busy(self):
        self.answer(b"busy\n", 503)

    def get_tomorrow(self):
        self.answer(b"busy\n", 503, Retry_After="86400")

    def get_soon(self):
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 1))
        self.answer(b"x", 502, Retry_After=date) if self.count == 1 else self.answer(b"y")

    def get_reset(self):
        if self.count == 1:
            self.close_connection = True
        else:
            self.answer(b"there\n")

    # for a terminal

    def get_json(self):
        self.answer(json.dumps(DOCUMENT, ensure_ascii=False).encode(),
                    Content_Type="application/problem+json; charset=utf-8")

    def get_broken(self):
        self.answer(b'{"a" "\x1b[31m\xc2\x9b", }]x', Content_Type="application/json")


class Scene(unittest.TestCase):
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
        Handler.counts.clear()

    def get(self, path, *arguments, command="get", **options):
        return weir(command, *arguments, self.url + path, cwd=self.folder, **options)

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, content, modified=None):
        with open(self.path(name), "wb") as file:
            file.write(content)
        if modified is not None:
            os.utime(self.path(name), (modified, modified))

    def check_failure(self, done, words):
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stderr, rb"\Aweir \w+: [^\n]*" + words + rb"[^\n]*\n\Z")


class Names(Scene):
    def test_takes_the_name_of_the_url(self):
        self.assertEqual(self.get("/file/a%20b+c.txt?q=1", "-O").returncode, 0)
        self.assertEqual(self.get("/file/%2e%2e%2f.bashrc", "-O").returncode, 0)
        self.assertEqual(sorted(os.listdir(self.folder)), ["a b+c.txt", "bashrc"])
        self.assertEqual(self.get("/file/a%20b+c.txt", "-O").returncode, 0)
        self.check_failure(self.get("/file/", "-O"), b"has no name of a file")

    def test_takes_the_name_of_the_server_if_it_is_new(self):
        for _ in range(2):
            done = self.get("/named", "--remote-name")
            self.assertEqual(os.listdir(self.folder), ["na me.txt"])
        self.check_failure(done, b"which is there already")
        self.assertEqual(self.read("na me.txt"), b"named\n")

    def test_takes_several(self):
        done = weir("get", "-O", self.url + "/file/1", self.url + "/file/2", cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertEqual(sorted(os.listdir(self.folder)), ["1", "2"])

    def test_a_dash_is_standard_output(self):
        self.assertEqual(self.get("/file", "-o", "-").stdout, b"a file\n")

    @unittest.skipIf(os.environ.get("WEIR_ZLIB") == "0", "this build has no zlib")
    def test_decodes_unless_told_not_to(self):
        self.assertEqual(self.get("/gzip").stdout, b"plain\n")
        self.assertEqual(gzip.decompress(self.get("/gzip", "--raw").stdout), b"plain\n")


class Resuming(Scene):
    def test_goes_on_where_the_file_ends(self):
        self.check_failure(self.get("/cut", "-C", "-o", "f"), b"")
        self.assertEqual(self.read("f"), CONTENT[:70_000])
        self.assertEqual(os.stat(self.path("f")).st_mtime, MODIFIED_TIME)
        for _ in range(2):  # the second time there is no more
            done = self.get("/cut", "-C", "-o", "f")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
            self.assertEqual(self.read("f"), CONTENT)
            self.assertEqual(Handler.counts["if-range"], MODIFIED)

    def test_goes_on_after_a_signal(self):
        process = start("get", "-C", "-O", self.url + "/dripping", cwd=self.folder,
                        stdin=subprocess.DEVNULL)
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            with contextlib.suppress(FileNotFoundError):
                if os.path.getsize(self.path("dripping")) > 60_000:
                    break
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertEqual(os.stat(self.path("dripping")).st_mtime, MODIFIED_TIME)
        self.assertEqual(self.get("/range", "-C", "-o", "dripping").returncode, 0)
        self.assertEqual(self.read("dripping"), CONTENT)

    def test_starts_anew_what_has_changed(self):
        self.write("f", b"old", MODIFIED_TIME - 1)
        self.assertEqual(self.get("/range", "-C", "-o", "f").returncode, 0)
        self.assertEqual(self.read("f"), CONTENT)

    def test_a_file_of_another_program_goes_without_a_condition(self):
        self.write("f", CONTENT[:100], time.time() // 1 + 0.5)
        self.assertEqual(self.get("/range", "-C", "-o", "f").returncode, 0)
        self.assertIsNone(Handler.counts["if-range"])
        self.assertEqual(self.read("f"), CONTENT)
        self.write("f", b"x", time.time() // 1 + 0.5)
        self.check_failure(self.get("/changed", "-C", "-o", "f"), b"has changed since")
        self.assertEqual(self.read("f"), b"x")

    def test_refuses_what_does_not_fit(self):
        self.write("f", CONTENT + b"more", MODIFIED_TIME)
        self.check_failure(self.get("/range", "-C", "-o", "f"), rb"416, bytes \*/200000")
        self.check_failure(self.get("/strange", "-C", "-o", "f"), b"206, bytes 5-")
        self.check_failure(self.get("/busy", "-C", "-o", "f"), b"answers 503")
        self.assertEqual(self.read("f"), CONTENT + b"more")


class Retries(Scene):
    def test_tries_again_what_may_do_better(self):
        done = self.get("/flaky", "--retry", "2")
        self.assertEqual((done.returncode, done.stdout), (0, b"at last\n"))
        self.assertRegex(done.stderr.decode(),
                         r"\Aweir get: http://\S+/flaky: 503 Service Unavailable; once more "
                         r"in 0\.25 s\n[^\n]* 429 Too Many Requests; once more in 0\.5 s\n\Z")
        done = self.get("/reset", "--retry", "1", "-s")
        self.assertEqual((done.stdout, done.stderr), (b"there\n", b""))

    def test_takes_the_last_answer(self):
        done = self.get("/busy", "--retry", "1", "-s")
        self.assertEqual((done.returncode, done.stdout), (0, b"busy\n"))
        self.assertEqual(Handler.counts["busy"], 2)
        self.check_failure(self.get("/busy", "-f"), b"503")
        url = self.url.replace("//", "//me:secret@") + "/busy"
        done = weir("get", "-v", "--retry", "1", url)
        self.assertIn(b"; once more in", done.stderr)
        self.assertNotIn(b"secret", done.stderr)

    def test_waits_as_long_as_it_is_told_but_not_for_ever(self):
        before = time.monotonic()
        self.assertEqual(self.get("/soon", "--retry", "1").stdout, b"y")
        self.assertLess(time.monotonic() - before, 5)
        self.assertEqual(self.get("/tomorrow", "--retry", "1").stdout, b"busy\n")
        self.assertEqual(Handler.counts["tomorrow"], 1)

    def test_does_not_repeat_a_post(self):
        done = self.get("/flaky", "--retry", "2", "-d", "x", command="post")
        self.assertEqual((done.stdout, Handler.counts["flaky"]), (b"busy", 1))

    def test_goes_on_with_a_file_that_broke_off(self):
        done = self.get("/cut", "-C", "-o", "f", "--retry", "1", "-s")
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        self.assertEqual(self.read("f"), CONTENT)


class OnTerminal(Scene):
    def show(self, *arguments, **environment):
        """What the command prints on a terminal."""
        terminal = Terminal(WEIR, *arguments,
                            environment={"TERM": "xterm", "NO_COLOR": "", **environment})
        printed = terminal.read_until(None)
        return terminal.wait(), printed

    def test_shows_progress_when_it_writes_a_file(self):
        status, printed = self.show("get", "-o", self.path("f"), self.url + "/range")
        self.assertEqual(status, 0)
        self.assertRegex(printed, r"\r100% \[=+\]  195 KiB of 195 KiB  [\d.]+ \wi?B/s  0:00 *\r\n")
        self.assertLessEqual(max(map(len, printed.replace("\n", "\r").split("\r"))), 79)
        self.write("f", CONTENT[:100_000], MODIFIED_TIME)
        printed = self.show("get", "-C", "-o", self.path("f"), self.url + "/range")[1]
        self.assertIn("195 KiB of 195 KiB", printed)
        self.assertEqual(self.show("get", "-s", "-o", "/dev/null", self.url + "/range"), (0, ""))

    def test_lays_json_out(self):
        status, printed = self.show("get", self.url + "/json", NO_COLOR="1")
        wanted = json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n"
        self.assertEqual((status, printed.replace("\r\n", "\n")), (0, wanted))
        printed = self.show("get", self.url + "/json")[1]
        self.assertIn('\x1b[34m"name"\x1b[0m: \x1b[32m"weir"\x1b[0m', printed)
        self.assertIn("\x1b[36mtrue\x1b[0m", printed)
        self.assertEqual(self.show("get", "--raw", self.url + "/json")[1],
                         json.dumps(DOCUMENT, ensure_ascii=False))
        self.assertEqual(json.loads(self.get("/json").stdout), DOCUMENT)
        self.assertEqual(self.get("/json").stdout.count(b"\n"), 0)

    def test_is_not_upset_by_what_is_no_json(self):
        printed = self.show("get", self.url + "/broken", NO_COLOR="1")[1]
        self.assertIn("\\x1b[31m", printed)
        self.assertIn("\\x9b", printed)
        self.assertNotIn("\x1b", printed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
