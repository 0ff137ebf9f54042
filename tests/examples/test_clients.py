"""The numbered examples, each run as its opening comment says.

SPDX-License-Identifier: MIT
"""

import contextlib
import http.server
import os
import signal
import socket
import subprocess
import tempfile
import unittest

from scene import SECONDS, Terminal, free_port, http_server, server

EXAMPLES = os.environ["WEIR_EXAMPLES"]


def path_of(name):
    return os.path.join(EXAMPLES, name)


def run(name, *arguments, **options):
    """Runs an example to its end: its exit status, and what it prints."""
    options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
    done = subprocess.run([path_of(name), *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=SECONDS, check=False, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@contextlib.contextmanager
def serving(name):
    """A server that is an example; gives the process and its port. SIGINT ends it."""
    process = subprocess.Popen([path_of(name), "127.0.0.1", "0"], stdout=subprocess.PIPE)
    try:
        words = process.stdout.readline().split()
        yield process, int(words[-1])
        process.send_signal(signal.SIGINT)
        if process.wait(timeout=SECONDS) != 0:
            raise AssertionError(f"{name} ended with {process.returncode}")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/lines":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"first\nsec", b"ond\r\n", b"last"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        body = b"hello\n"
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was sent, as httpbin does."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        status = {"/cookies/set": 302, "/status/404": 404}.get(self.path.partition("?")[0], 200)
        body = f"{self.command} {self.path}\n".encode()
        for name in ("X-Mine", "Cookie", "Authorization", "Content-Type"):
            if name in self.headers:
                body += f"{name}: {self.headers[name]}\n".encode()
        body += self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/cookies")
            self.send_header("Set-Cookie", "name=value; Path=/")
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer


class Requests(unittest.TestCase):
    def test_02_requests(self):
        with http_server(Echo) as url:
            status, printed, words = run("02_requests", url + "/")
        self.assertEqual((status, words), (0, ""))
        for line in ("GET /get?key1=value+1&key2=2\nX-Mine: yes\nCookie: mine=1\n",
                     "Authorization: Basic dXNlcjpzZWNyZXQ=\n",
                     "Content-Type: application/x-www-form-urlencoded\na=1&b=two+words\n",
                     'Content-Type: application/json\n{"n": 1}\n',
                     'name="photo"; filename="cat.png"\r\nContent-Type: image/png\r\n',
                     "GET /cookies\nCookie: name=value\n", "1 in the jar\n",
                     "404 Not Found"):
            self.assertIn(line, printed)

    def test_download(self):
        with http_server(Echo) as url, tempfile.TemporaryDirectory() as folder:
            urls = [f"{url}/files/f{i}.txt?x=/y" for i in range(60)]
            urls += [f"{url}/..", f"{url}/status/404"]
            status, printed, words = run("download", *urls, cwd=folder)
            self.assertEqual(status, 0, words)
            self.assertIn("404", words)
            self.assertEqual(sorted(os.listdir(folder)),
                             sorted([f"f{i}.txt" for i in range(60)] + ["download"]))
            with open(os.path.join(folder, "f7.txt"), encoding="ascii") as file:
                self.assertEqual(file.read(), "GET /files/f7.txt?x=/y\n")
        self.assertEqual(printed.count("\n"), 61)


class HTTP(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.running = http_server(Handler)
        cls.url = cls.running.__enter__()
        cls.port = int(cls.url.rpartition(":")[2])

    @classmethod
    def tearDownClass(cls):
        cls.running.__exit__(None, None, None)

    def test_01_fetch(self):
        self.assertEqual(run("01_fetch", self.url + "/"), (0, "200\nhello\n\n", ""))
        self.assertEqual(run("01_fetch", self.url + "/no"), (0, "404\nhello\n\n", ""))
        status, printed, words = run("01_fetch", f"http://127.0.0.1:{free_port()}/")
        self.assertEqual((status, printed), (1, ""))
        self.assertIn("Connection refused", words)

    def test_03_stream_body(self):
        self.assertEqual(run("03_stream_body", self.url + "/lines"),
                         (0, "     1  first\n     2  second\n     3  last\n", ""))
        status, printed, words = run("03_stream_body", self.url + "/no")
        self.assertEqual((status, printed), (1, ""))
        self.assertIn("404", words)

    def test_06_raw_connection(self):
        status, printed, words = run("06_raw_connection", "127.0.0.1", self.port)
        self.assertEqual((status, words), (0, ""))
        self.assertTrue(printed.startswith("HTTP/1.1 200 OK\r\n"), printed)
        self.assertTrue(printed.endswith("\r\n\r\nhello\n"), printed)

    def test_09_thousand_requests(self):
        status, printed, words = run("09_thousand_requests", self.url + "/", 1000)
        self.assertEqual((status, words), (0, ""))
        self.assertRegex(printed, r"\A1000 answers, 6000 bytes, ([1-4]?\d|50) connections\n\Z")
        status, printed, words = run("09_thousand_requests", self.url + "/no", 1000)
        self.assertEqual(status, 1)
        self.assertTrue(printed.startswith("0 answers"), printed)
        self.assertIn("404", words)


class Streams(unittest.TestCase):
    def test_07_echo_server(self):
        with serving("07_echo_server") as (_, port):
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
            for turn in range(3):
                for number, client in enumerate(clients):
                    client.sendall(b"line %d of %d\n" % (turn, number))
                for number, client in enumerate(clients):
                    self.assertEqual(client.recv(100), b"line %d of %d\n" % (turn, number))
            clients[0].sendall(b"no line end")
            clients[0].shutdown(socket.SHUT_WR)
            self.assertEqual(clients[0].recv(100), b"no line end")
            self.assertEqual(clients[0].recv(100), b"")
            for client in clients:
                client.close()

    def test_07_echo_server_is_stopped_with_somebody_there(self):
        with serving("07_echo_server") as (_, port):
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(b"hello\n")
            self.assertEqual(client.recv(100), b"hello\n")
        with client:
            self.assertEqual(client.recv(100), b"")

    def test_08_type_while_waiting(self):
        wanted = "100 ms are over\n300 ms are over\n600 ms are over\n"
        self.assertEqual(run("08_type_while_waiting", input=b"600\n100\n300\n"),
                         (0, wanted, ""))
        self.assertEqual(run("08_type_while_waiting"), (0, "", ""))

    def test_08_type_while_waiting_on_a_terminal(self):
        terminal = Terminal(path_of("08_type_while_waiting"))
        terminal.type("400\n")
        terminal.read_until("400\r\n")
        terminal.type("1\n")
        self.assertNotIn("400 ms", terminal.read_until("\n1 ms are over"))
        terminal.read_until("400 ms are over")
        terminal.type("\x04")
        terminal.read_until(None)
        self.assertEqual(terminal.wait(), 0)

    def test_10_deadline(self):
        with server(lambda connection: connection.sendall(b"220 hello\r\n")) as port:
            self.assertEqual(run("10_deadline", "127.0.0.1", port, 30000),
                             (0, "220 hello\n", ""))
        with server(lambda connection: connection.recv(1)) as port:
            self.assertEqual(run("10_deadline", "127.0.0.1", port, 100),
                             (1, "too slow\n", ""))

    def test_11_foreign_loop(self):
        with serving("07_echo_server") as (_, port):
            self.assertEqual(run("11_foreign_loop", "127.0.0.1", port),
                             (0, "weir: hello\n" * 3 +
                              "the foreign loop had some time for itself\n", ""))
        status, _, words = run("11_foreign_loop", "127.0.0.1", free_port())
        self.assertEqual(status, 1)
        self.assertIn("Connection refused", words)

    def test_12_own_protocol(self):
        with serving("07_echo_server") as (_, port):
            self.assertEqual(run("12_own_protocol", "127.0.0.1", port),
                             (0, "3 lines, WEIR_OK\n", ""))

    def test_13_codec_alone(self):
        status, printed, _ = run("13_codec_alone", "HTTP://a.example:80/x/../y?q")
        self.assertEqual(status, 0)
        url, _, rest = printed.partition("status")
        self.assertEqual(url, "url      http://a.example/y?q\nhost     a.example\n"
                              "target   /y?q\n")
        data = [line[9:] for line in rest.split("\n") if line.startswith("data")]
        self.assertEqual("".join(data), "hello")
        self.assertTrue(rest.endswith("\nend\n"))
        self.assertEqual(run("13_codec_alone", "ftp:")[0], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
