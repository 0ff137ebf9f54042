"""weir get, post, ...: what is sent, byte by byte, and what goes wrong before that.

SPDX-License-Identifier: MIT
"""

import base64
import contextlib
import email
import email.policy
import http.server
import json
import os
import socketserver
import stat
import tempfile
import threading
import time
import unittest

from scene import WEIR, Terminal, free_port, http_server, weir


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with what was sent, as JSON."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def read_chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self.read_chunks()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        if path == "/slow":
            time.sleep(0.6)
        echo = json.dumps({"method": self.command, "path": path, "query": query,
                           "fields": self.headers.items(),
                           "body": body.decode("latin-1")}).encode()
        self.send_response(302 if path in ("/away", "/circle") else 200)
        if path in ("/away", "/circle"):
            self.send_header("Location", "/there" if path == "/away" else "/circle")
        if path == "/cookie":
            self.send_header("Set-Cookie", "id=42; Path=/; Max-Age=1000")
        self.send_header("Content-Length", len(echo))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(echo)


class UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("unix", 0)


@contextlib.contextmanager
def unix_server(path):
    with UnixServer(path, Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield
        running.shutdown()


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

    def file(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content)
        return path

    def send(self, command, *arguments, path="/", **options):
        """What the server has seen of a request."""
        done = weir(command, *arguments, self.url + path, **options)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        seen = json.loads(done.stdout)
        seen["fields"] = {name.lower(): value for name, value in seen["fields"]}
        return seen

    def refuse(self, words, *arguments, status=2):
        done = weir(*arguments)
        self.assertEqual((done.returncode, done.stdout), (status, b""), arguments)
        self.assertRegex(done.stderr, rb"\Aweir \w+: [^\n]*" + words + rb"[^\n]*\n\Z")


class Heads(Scene):
    def test_each_command_has_its_method(self):
        for command in ("get", "post", "put", "patch", "delete"):
            self.assertEqual(self.send(command)["method"], command.upper())
        done = weir("request", "-q", "a=b", "PURGE", self.url)
        self.assertEqual(json.loads(done.stdout)["method"], "PURGE")
        for command in ("head", "options"):
            done = weir(command, self.url)
            self.assertEqual(done.returncode, 0, done)
            self.assertTrue(done.stdout.startswith(b"HTTP/1.1 200 OK\r\n"))
            self.assertEqual(command == "head", done.stdout.endswith(b"\r\n\r\n"))

    def test_refuses_calls_that_make_no_sense(self):
        for words, *arguments in (
                (b"takes a URL", "post"), (b"a method and a URL", "request", "GET"),
                (b"is not a method", "request", "a b", "u"),
                (b"-o and -O", "get", "-o", "x", "-O", "u"),
                (b"-C takes a file", "get", "-C", "u"),
                (b"-C and -i", "get", "-C", "-i", "-O", "u"),
                (b"-u and --bearer", "get", "-u", "a:b", "--bearer", "c", "u"),
                (b"--digest takes -u", "get", "--digest", "u"),
                (b"is not HOST:PORT:ADDRESS", "get", "--resolve", "a:1", "u"),
                (b"one of -d, --json", "post", "-d", "a", "--json", "b", "u"),
                (b"one of -d, --json", "post", "-T", "a", "-T", "b", "u"),
                (b"-F a is not", "post", "-F", "a", "u"),
                (b"-H a is not", "get", "-H", "a", "u"),
                (b"b is not NAME=VALUE", "get", "-b", "a=1; b", "u"),
                (b"not a number of seconds", "get", "--timeout", "soon", "u"),
                (b"not a number of seconds", "get", "--connect-timeout", "-1", "u"),
                (b"not a number up to", "get", "--retry", "-1", "u"),
                (b"not a number up to", "get", "--max-redirects", "9x", "u")):
            self.refuse(words, *arguments)

    def test_sends_parameters(self):
        seen = self.send("get", "-q", "a=b c", "--query", "ä=&", "-q", "x", path="/p?q=1")
        self.assertEqual((seen["path"], seen["query"]), ("/p", "q=1&a=b+c&%C3%A4=%26&x="))

    def test_sends_fields_and_leaves_some_out(self):
        fields = self.send("get", "-H", "X-A: 1", "-H", "User-Agent:", "-H", "X-B;")["fields"]
        self.assertEqual((fields["x-a"], fields["x-b"]), ("1", ""))
        self.assertNotIn("user-agent", fields)
        self.assertIn("accept", fields)

    def test_asks_for_codings_unless_told_not_to(self):
        self.assertNotIn("accept-encoding", self.send("get", "--raw")["fields"])
        self.assertEqual(self.send("get", "--compressed")["fields"],
                         self.send("get")["fields"])

    def test_follows_redirects_unless_told_not_to(self):
        self.assertEqual(self.send("post", "-L", "-d", "x", path="/away")["method"], "GET")
        done = weir("get", "--no-follow", "-i", self.url + "/away")
        self.assertIn(b"\r\nLocation: /there\r\n", done.stdout)
        done = weir("get", "--max-redirects", "0", self.url + "/away")
        self.assertEqual(json.loads(done.stdout)["path"], "/away")
        self.refuse(b"redirected more than 3 times", "get", "--max-redirects", "3",
                    self.url + "/circle", status=1)

    def test_shows_redirects(self):
        done = weir("get", "-v", "-u", "me:secret", self.url + "/away")
        lines = done.stderr.decode().split("\n")
        self.assertIn(f"* connected to {self.url[7:]}", lines)
        self.assertIn("> Authorization: Basic (hidden)", lines)
        self.assertIn("< HTTP/1.1 302 Found", lines)
        self.assertIn(f"* redirected to {self.url}/there", lines)
        self.assertIn("< HTTP/1.1 200 OK", lines)
        self.assertNotIn(b"secret", done.stderr)
        done = weir("get", "-v", "--max-redirects", "2", self.url + "/circle")
        self.assertEqual(done.stderr.count(b"< HTTP/1.1 302 Found\n"), 3)
        self.assertEqual(done.stderr.count(b"* redirected to "), 2)
        url = self.url.replace("//", "//me:secret@")
        self.assertNotIn(b"secret", weir("get", "-v", url + "/away").stderr)

    def test_shows_what_is_sent(self):
        path = self.file("f", b"content")
        for arguments in (["post"], ["delete"], ["get", "-q", "a=b", "-b", "c=d"],
                          ["post", "-d", "x", "-H", "Accept:"], ["put", "-T", path],
                          ["put", "-T", "-"], ["patch", "--json", "{}"],
                          ["post", "-F", f"a=@{path}", "--raw"]):
            done = weir(*arguments, "-v", self.url + "/p", input=b"in")
            seen = json.loads(done.stdout)
            shown = [line[2:] for line in done.stderr.decode().split("\n")
                     if line.startswith("> ")]
            target = seen["path"] + ("?" + seen["query"] if seen["query"] else "")
            self.assertEqual(shown[0], f"{seen['method']} {target} HTTP/1.1")
            self.assertEqual(sorted(shown[1:]),
                             sorted(f"{name}: {value}" for name, value in seen["fields"]))

    def test_is_not_over_in_time(self):
        self.refuse(b"not over within 100 ms", "get", "--timeout", ".1",
                    self.url + "/slow", status=1)
        self.assertEqual(self.send("get", "--timeout", "30", "--connect-timeout", "20.5",
                                   "--timeout", "0")["method"], "GET")


class Connections(Scene):
    def test_connects_where_it_is_told(self):
        port = self.url.rpartition(":")[2]
        for name in ("a.example", "*"):
            done = weir("get", "--resolve", f"{name}:{port}:127.0.0.1",
                        f"http://a.example:{port}/x")
            seen = json.loads(done.stdout)
            self.assertEqual(dict(seen["fields"])["Host"], f"a.example:{port}")
        self.assertEqual(self.send("get", "-4")["method"], "GET")
        self.refuse(b"", "get", "-6", self.url, status=1)

    def test_connects_to_a_unix_socket(self):
        path = self.file("socket")
        with unix_server(path):
            done = weir("get", "-v", "--unix-socket", path, "http://a.example/y")
        self.assertEqual(json.loads(done.stdout)["path"], "/y")
        self.assertIn(f"* connected to {path}\n".encode(), done.stderr)
        self.refuse(b"socket", "get", "--unix-socket", path + "2", self.url, status=1)


class Bodies(Scene):
    def check(self, seen, body, content_type):
        self.assertEqual(seen["body"].encode("latin-1"), body)
        self.assertEqual(seen["fields"].get("content-type"), content_type)

    def test_sends_data(self):
        form = "application/x-www-form-urlencoded"
        path = self.file("data", b"x\n\0y\xff")
        self.check(self.send("post", "-d", "a=1", "-d", "b=2"), b"a=1&b=2", form)
        self.check(self.send("put", "-d", "@" + path), b"x\n\0y\xff", form)
        self.check(self.send("put", "-d", "a", "-d", "@-", input=b"in\n"), b"a&in\n", form)
        seen = self.send("patch", "--data", "<a/>", "-H", "Content-Type: text/xml")
        self.check(seen, b"<a/>", "text/xml")
        self.assertEqual(seen["fields"]["content-length"], "4")
        self.assertEqual(self.send("post")["fields"]["content-length"], "0")
        self.refuse(b"none: No such file", "post", "-d", "@none", self.url, status=1)

    def test_sends_json(self):
        seen = self.send("post", "--json", '{"a": "\u00e4"}')
        self.check(seen, '{"a": "\u00e4"}'.encode(), "application/json")
        self.assertEqual(seen["fields"]["accept"], "application/json")
        seen = self.send("post", "--json", "@" + self.file("a", b"[1]"),
                         "-H", "accept: text/plain")
        self.check(seen, b"[1]", "application/json")
        self.assertEqual(seen["fields"]["accept"], "text/plain")

    def test_sends_files_as_they_are_read(self):
        content = os.urandom(300_000)
        seen = self.send("put", "-T", self.file("big", content))
        self.check(seen, content, None)
        self.assertEqual(seen["fields"]["content-length"], "300000")
        seen = self.send("put", "--upload-file", "-", input=content)
        self.check(seen, content, None)
        self.assertEqual(seen["fields"]["transfer-encoding"], "chunked")
        self.refuse(b"none: No such file", "put", "-T", "none", self.url, status=1)

    def parts(self, seen):
        head = "Content-Type: " + seen["fields"]["content-type"] + "\r\n\r\n"
        message = email.message_from_bytes((head + seen["body"]).encode("latin-1"),
                                           policy=email.policy.HTTP)
        return [(part.get_param("name", header="content-disposition"),
                 part.get_filename(), part.get("content-type"),
                 part.get_payload(decode=True)) for part in message.iter_parts()]

    def test_sends_forms(self):
        path = self.file("cat.bin", b"\0\xffcat")
        seen = self.send("post", "-F", "a=1;type=x", "-F", f"f=@{path}", "--form",
                         f"g=@{path};type=image/png;filename=dog.png", "-F", "i=@-",
                         input=b"in")
        binary = "application/octet-stream"
        self.assertEqual(self.parts(seen), [
            ("a", None, None, b"1;type=x"), ("f", "cat.bin", binary, b"\0\xffcat"),
            ("g", "dog.png", "image/png", b"\0\xffcat"), ("i", "-", binary, b"in")])
        self.assertIn("content-length", seen["fields"])
        self.refuse(b"none", "post", "-F", "a=@none", self.url, status=1)


class Credentials(Scene):
    def test_sends_credentials(self):
        basic = "Basic " + base64.b64encode(b"me:a:b").decode()
        self.assertEqual(self.send("get", "-u", "me:a:b")["fields"]["authorization"], basic)
        self.assertEqual(self.send("get", "--bearer", "tok")["fields"]["authorization"],
                         "Bearer tok")

    def test_asks_for_a_password_that_is_missing(self):
        terminal = Terminal(WEIR, "get", "--raw", "-u", "me", self.url)
        terminal.read_until("Password of me: ")
        terminal.type("geheim\n")
        printed = terminal.read_until(None)
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("geheim", printed)
        self.assertIn("Basic " + base64.b64encode(b"me:geheim").decode(), printed)

    def test_does_not_ask_where_nobody_is(self):
        done = weir("get", "-u", "me", self.url, start_new_session=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"-u me has no password", done.stderr)

    def test_sends_cookies_and_keeps_them(self):
        jar = self.file("jar")
        self.assertEqual(self.send("get", "-b", "a=1; b=x=y;")["fields"]["cookie"],
                         "a=1; b=x=y")
        self.refuse(b"jar", "get", "-b", jar, self.url, status=1)
        self.send("get", "-b", jar, "-c", jar, path="/cookie")
        self.assertEqual(stat.S_IMODE(os.stat(jar).st_mode), 0o600)
        with open(jar, encoding="ascii") as file:
            self.assertIn("\tid\t42\n", file.read())
        self.assertEqual(self.send("get", "-b", jar)["fields"]["cookie"], "id=42")
        self.assertEqual(self.send("get", "-b", jar, "-b", "z=1")["fields"]["cookie"],
                         "z=1; id=42")
        self.refuse(b"no/such", "get", "-c", self.file("no/such"), "-o", "/dev/null",
                    self.url, status=1)


class Failures(Scene):
    def test_one_that_fails_does_not_hold_up_the_others(self):
        done = weir("get", f"http://127.0.0.1:{free_port()}/", self.url)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["path"], "/")

    def test_bodies_are_sent_to_each_url(self):
        done = weir("post", "-d", "x=1", self.url + "/a", self.url + "/b")
        self.assertEqual(done.stdout.count(b'"body": "x=1"'), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
