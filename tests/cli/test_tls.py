"""TLS in the command: weir get, weir connect and weir tls against servers of Python's,
and of openssl's.

SPDX-License-Identifier: MIT
"""

import contextlib
import os
import pathlib
import random
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from scene import (SECONDS, certificate, free_port, need, need_certificates, secured, server,
                   server_context, start, weir)

RANDOM = random.Random(3).randbytes(2_000_000)
CA = ["--cacert", certificate("ca.pem")]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Connection: %d\r\n\r\nhello\n"


setUpModule = need_certificates


def pin_of(name):
    return pathlib.Path(certificate(name + ".pin")).read_text(encoding="ascii")


def http():
    """Answers requests, each with the number of its connection."""
    connections = []

    def serve(connection):
        connections.append(connection)
        number = len(connections)
        buffered = b""
        while piece := connection.recv(1 << 16):
            buffered += piece
            while b"\r\n\r\n" in buffered:
                _, _, buffered = buffered.partition(b"\r\n\r\n")
                connection.sendall(ANSWER % number)

    return serve


def count(connection):
    """Answers the end of the input with how much there was."""
    total = 0
    while piece := connection.recv(1 << 16):
        total += len(piece)
    connection.sendall(b"%d\n" % total)


def echo(connection):
    while piece := connection.recv(1 << 16):
        connection.sendall(piece)


def check_refusal(test, done, words, status=1):
    """It failed with one line that has these words, and wrote nothing."""
    test.assertEqual((done.returncode, done.stdout), (status, b""), done.stderr)
    test.assertRegex(done.stderr, rb"\Aweir (get|connect|tls): [^\n]*" + words + rb"[^\n]*\n\Z")


class Get(unittest.TestCase):
    def get(self, context=None, *arguments, host="localhost", **options):
        with server(secured(http(), context)) as port:
            return weir("get", *arguments, f"https://{host}:{port}/", **options)

    def test_fetches(self):
        for host in ("localhost", "127.0.0.1"):
            done = self.get(None, *CA, host=host)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"hello\n", b""))

    def test_fetches_from_an_address_of_ipv6(self):
        with server(secured(http()), host="::1") as port:
            done = weir("get", *CA, f"https://[::1]:{port}/")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"hello\n", b""))

    def test_fetches_over_one_connection(self):
        with server(secured(http())) as port:
            url = f"https://localhost:{port}/"
            done = weir("get", "-v", *CA, url, url, url)
        self.assertEqual((done.returncode, done.stdout), (0, b"hello\n" * 3))
        lines = done.stderr.decode().split("\n")
        self.assertEqual(lines.count("< X-Connection: 1"), 3)
        self.assertEqual(lines.count("> GET / HTTP/1.1"), 3)
        self.assertEqual(sum(line.startswith("* trusted by") for line in lines), 1)

    def test_shows_the_handshake_before_the_request(self):
        done = self.get(None, "-v", *CA)
        lines = done.stderr.decode().split("\n")[1:]
        self.assertRegex(lines[0], r"^\* connected to \S+:\d+$")
        self.assertRegex(lines[1], r"^\* TLSv1\.3, TLS_\w+, \w+")
        self.assertEqual(lines[2:5], ["* certificate 1",
                                      "*   subject    CN=weir test localhost",
                                      "*   issuer     CN=weir test intermediate"])
        self.assertEqual(lines[5], "*   names      localhost, 127.0.0.1, ::1")
        self.assertRegex(lines[6], r"^\*   valid from \d{4}-01-01 00:00 UTC \(\d+ days ago\)$")
        self.assertRegex(lines[7], r"^\*   until      \d{4}-12-31 23:59 UTC \(in \d+ days\)$")
        self.assertEqual(lines[8], "* certificate 2, an authority")
        trusted = lines.index(
            "* trusted by CN=weir test root,O=weir tests; the name is right")
        self.assertEqual(lines[trusted + 1], "> GET / HTTP/1.1")

    def test_shows_what_was_agreed_on(self):
        context = server_context(maximum_version=ssl.TLSVersion.TLSv1_2)
        context.set_alpn_protocols(["http/1.1"])
        done = self.get(context, "-v", *CA)
        self.assertRegex(done.stderr, rb"\n\* TLSv1\.2, ECDHE-ECDSA-\S+, \S+, ALPN http/1\.1\n")

    # who is refused

    def test_trusts_the_system_only(self):
        check_refusal(self, self.get(), b"GET https://localhost:\\d+/: connect to localhost: ")

    def test_says_what_is_wrong_with_a_certificate(self):
        for name, words in (("expired", b"expired"), ("future", b"not valid (yet|before)"),
                            ("self-signed", b"self-signed|nobody but itself|its own issuer"),
                            ("unknown-root", b"CN=weir test stranger"),
                            ("example", b"is for example\\.test"),
                            ("for-clients", b"server")):
            with self.subTest(name):
                done = self.get(server_context(name), *CA)
                check_refusal(self, done, b"(" + words + b")")

    def test_wants_the_host_of_the_url(self):
        with server(secured(http()), host="127.0.0.2") as port:
            done = weir("get", *CA, f"https://127.0.0.2:{port}/")
        check_refusal(self, done, b"is for localhost, 127\\.0\\.0\\.1, ::1, "
                                  b"not for the address 127\\.0\\.0\\.2")

    def test_wants_the_key_that_is_pinned(self):
        good, other = pin_of("localhost"), pin_of("intermediate")
        self.assertEqual(self.get(None, *CA, "--pin", good).returncode, 0)
        self.assertEqual(self.get(None, *CA, "--pin", other, "--pin", good).returncode, 0)
        check_refusal(self, self.get(None, *CA, "--pin", other), b"pin")
        # A pin holds also for whoever does not check anything else.
        check_refusal(self, self.get(None, "--insecure", "--pin", other), b"pin")
        self.assertEqual(self.get(None, "--insecure", "--pin", good).returncode, 0)

    def test_talks_to_anybody_when_told_to(self):
        for name in ("expired", "self-signed", "example"):
            done = self.get(server_context(name), "--insecure", "-v")
            self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"))
            self.assertRegex(done.stderr, rb"\n\* NOT trusted: [^\n]+\n> GET")

    def test_wants_the_version_that_it_is_told(self):
        old = server_context(maximum_version=ssl.TLSVersion.TLSv1_2)
        self.assertEqual(self.get(old, *CA).returncode, 0)
        self.assertEqual(self.get(old, *CA, "--tls-min", "1.2").returncode, 0)
        check_refusal(self, self.get(old, *CA, "--tls-min", "1.3"), b"")
        done = self.get(None, *CA, "--tls-min", "1.3", "-v")
        self.assertIn(b"* TLSv1.3, ", done.stderr)

    # the own certificate

    def test_shows_its_certificate(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = server_context(maximum_version=version, verify_mode=ssl.CERT_REQUIRED)
            context.load_verify_locations(certificate("client-ca.pem"))
            with self.subTest(version.name):
                done = self.get(context, *CA, "--cert", certificate("client.pem"),
                                "--key", certificate("client.key"))
                self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"), done.stderr)
                self.assertEqual(self.get(context, *CA).returncode, 1)
                done = self.get(context, *CA, "--cert", certificate("client-other.pem"),
                                "--key", certificate("client-other.key"))
                self.assertEqual(done.returncode, 1)

    def test_says_which_file_is_wrong(self):
        for arguments, words in (
                (["--cacert", "/nowhere/ca"], b"/nowhere/ca"),
                (["--cacert", "/dev/null"], b"/dev/null"),
                ([*CA, "--cert", "/nowhere/cert"], b"/nowhere/cert"),
                ([*CA, "--cert", certificate("client.pem")], b"client\\.pem"),
                ([*CA, "--cert", certificate("client.pem"), "--key",
                  certificate("localhost.key")], b"localhost\\.key")):
            check_refusal(self, weir("get", *arguments, "https://localhost:1/"), words)

    def test_refuses_options_that_make_no_sense(self):
        for arguments in (["--pin", "sha256//short"], ["--pin", "md5//x"],
                          ["--tls-min", "1.1"], ["--key", certificate("client.key")],
                          ["--cacert"], ["--insecure=yes"], ["--starttls", "smtp"]):
            done = weir("get", *arguments, "https://localhost:1/")
            self.assertEqual((done.returncode, done.stdout), (2, b""), arguments)
            self.assertRegex(done.stderr, rb"\Aweir get: [^\n]+\n\Z")
        done = weir("get", "--cacert")
        self.assertIn(b"--cacert needs a value", done.stderr)

    # what else goes wrong

    def test_says_when_one_side_speaks_no_tls(self):
        def alert(connection):
            connection.recv(1000)
            connection.sendall(b"\x15\x03\x03\x00\x02\x02\x46")

        with server(alert) as port:
            check_refusal(self, weir("get", f"http://127.0.0.1:{port}/"),
                         b"the server speaks TLS on this port, so use https")
        def refuse(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        with server(refuse) as port:
            check_refusal(self, weir("get", *CA, f"https://127.0.0.1:{port}/"),
                          b"not (speak )?TLS")

    def test_says_when_the_body_may_be_cut_off(self):
        def cut(connection):
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nto be contin")
            connection.unwrap = lambda: None  # no close_notify

        with server(secured(cut)) as port:
            done = weir("get", *CA, f"https://localhost:{port}/")
        self.assertEqual((done.returncode, done.stdout), (1, b"to be contin"))
        self.assertIn(b"the body breaks off after 12 bytes", done.stderr)
        self.assertIn(b"close_notify", done.stderr)

    # secrets

    def test_logs_keys_where_the_environment_says(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "keys")
            environment = {**os.environ, "SSLKEYLOGFILE": path}
            self.assertEqual(self.get(None, *CA, env=environment).returncode, 0)
            with open(path, "rb") as file:
                self.assertIn(b"CLIENT_TRAFFIC_SECRET_0 ", file.read())
            self.assertEqual(os.stat(path).st_mode & 0o077, 0)
            self.assertEqual(self.get(None, *CA, env={**os.environ, "SSLKEYLOGFILE": ""})
                             .returncode, 0)


@contextlib.contextmanager
def openssl_server(*arguments):
    """`openssl s_server` with the certificate of localhost; gives its port."""
    port = free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet",
               "-cert", certificate("localhost-alone.pem"),
               "-cert_chain", certificate("localhost-chain.pem"),
               "-key", certificate("localhost.key"), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        try:
            limit = time.monotonic() + SECONDS
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                if process.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError("openssl s_server does not listen")
                time.sleep(0.02)
            yield process, port
        finally:
            process.kill()


class OpenSSL(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need("openssl: not installed", shutil.which("openssl"))

    def test_fetches_its_page(self):
        for version in ("-tls1_2", "-tls1_3"):
            with openssl_server("-www", version) as (_, port):
                done = weir("get", "-v", *CA, f"https://localhost:{port}/")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"Ciphers supported in s_server", done.stdout)
            self.assertIn(b"* TLSv1." + version[-1].encode(), done.stderr)

    def test_shows_it_a_certificate(self):
        with openssl_server("-www", "-Verify", "2", "-verify_return_error",
                            "-CAfile", certificate("client-ca.pem")) as (_, port):
            url = f"https://localhost:{port}/"
            done = weir("get", *CA, "--cert", certificate("client.pem"),
                        "--key", certificate("client.key"), url)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"client.test", done.stdout)
            self.assertEqual(weir("get", *CA, url).returncode, 1)

    def test_says_goodbye_to_it(self):
        with openssl_server("-naccept", "2") as (process, port):
            client = start("connect", "--tls", *CA, "localhost", str(port))
            client.stdin.write(b"hello\n")
            client.stdin.flush()
            self.assertEqual(process.stdout.read(6), b"hello\n")
            process.stdin.write(b"hi\n")
            process.stdin.flush()
            self.assertEqual(client.stdout.read(3), b"hi\n")
            client.stdin.close()
            self.assertEqual(client.wait(timeout=SECONDS), 0, client.stderr.read())
            client.stdout.close()
            client.stderr.close()


class Connect(unittest.TestCase):
    def test_half_closes_with_tls_1_3(self):
        with server(secured(count)) as port:
            done = weir("connect", "--tls", *CA, "localhost", str(port), input=RANDOM)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, b"%d\n" % len(RANDOM), b""))

    def test_waits_for_the_end_with_tls_1_2(self):
        def answer(connection):
            connection.recv(1000)
            time.sleep(0.1)
            connection.sendall(b"late\n")

        context = server_context(maximum_version=ssl.TLSVersion.TLSv1_2)
        with server(secured(answer, context)) as port:
            done = weir("connect", "--tls", *CA, "localhost", str(port), input=b"hello\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"late\n", b""))

    def test_gives_back_what_comes_byte_by_byte(self):
        with server(secured(echo)) as port:
            done = weir("connect", "--tls", *CA, "localhost", str(port), input=RANDOM)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(done.stdout == RANDOM)

    def test_says_how_it_is_secured(self):
        with server(secured(echo)) as port:
            done = weir("connect", "-v", "--tls", *CA, "localhost", str(port), input=b"hello\n")
        lines = done.stderr.decode().split("\n")
        self.assertEqual(lines[0], f"* connected to 127.0.0.1:{port}")
        self.assertRegex(lines[1], r"^\* TLSv1\.3, ")
        self.assertIn("* trusted by CN=weir test root,O=weir tests; the name is right", lines)
        self.assertEqual(lines[-2], "* sent 6 bytes, received 6")

    def test_asks_for_another_name(self):
        asked = []
        context = server_context("example")
        context.sni_callback = lambda _, name, __: asked.append(name)
        with server(secured(echo, context)) as port:
            done = weir("connect", "--tls", *CA, "--server-name", "www.example.test",
                        "127.0.0.1", str(port), input=b"hello\n")
            self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"), done.stderr)
            done = weir("connect", "--tls", *CA, "--server-name", "other.test",
                        "127.0.0.1", str(port), input=b"hello\n")
            check_refusal(self, done, b"other\\.test")
            done = weir("connect", "--tls", *CA, "127.0.0.1", str(port), input=b"hello\n")
            check_refusal(self, done, b"127\\.0\\.0\\.1")
        self.assertEqual(asked, ["www.example.test", "other.test", None])

    def test_offers_protocols(self):
        context = server_context()
        context.set_alpn_protocols(["two"])
        with server(secured(echo, context)) as port:
            done = weir("connect", "-v", "--tls", *CA, "--alpn", "one,two", "localhost",
                        str(port), input=b"hello\n")
        self.assertRegex(done.stderr, rb"\n\* TLSv1\.3, [^\n]*, ALPN two\n")

    def test_says_that_the_end_may_be_forged(self):
        def cut(connection):
            connection.recv(1)  # the goodbye: who closes before reading it sends a reset
            connection.sendall(b"begun")
            connection.unwrap = lambda: None

        with server(secured(cut)) as port:
            done = weir("connect", "--tls", *CA, "localhost", str(port))
        self.assertEqual((done.returncode, done.stdout), (1, b"begun"))
        self.assertIn(b"close_notify", done.stderr)

    def test_refuses_options_that_make_no_sense(self):
        for arguments, words in ((CA, b"no --tls"), (["--server-name", "x"], b"no --tls"),
                                 (["--starttls", "gopher"], b"smtp, imap, xmpp or postgres"),
                                 (["--tls", "--tls-min", "1.0"], b"1\\.2 or 1\\.3"),
                                 (["--tls", "--alpn", ","], b"--alpn"),
                                 (["--tls=1"], b"takes no value")):
            done = weir("connect", *arguments, "localhost", "1")
            check_refusal(self, done, words, status=2)


class Tls(unittest.TestCase):
    def tls(self, *arguments, context=None, host="localhost"):
        with server(secured(echo, context)) as port:
            return weir("tls", *arguments, f"{host}:{port}")

    def test_shows_who_the_server_is(self):
        done = self.tls(*CA)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        lines = done.stdout.decode().split("\n")
        self.assertRegex(lines[0], r"^localhost is 127\.0\.0\.1:\d+$")
        self.assertRegex(lines[1], r"^TLSv1\.3, TLS_\w+, \w+$")
        self.assertEqual(lines[3:7], ["certificate 1", "  subject    CN=weir test localhost",
                                      "  issuer     CN=weir test intermediate",
                                      "  names      localhost, 127.0.0.1, ::1"])
        self.assertRegex(lines[7], r"^  valid from \d{4}-01-01 00:00 UTC \(\d+ days ago\)$")
        self.assertRegex(lines[8], r"^  until      \d{4}-12-31 23:59 UTC \(in \d+ days\)$")
        self.assertEqual(lines[9:11], ["  key        EC P-256",
                                       "  signature  ecdsa-with-SHA256"])
        self.assertRegex(lines[11], r"^  serial     [0-9A-F]+$")
        self.assertEqual(lines[12], "  pin        " + pin_of("localhost"))
        self.assertEqual(lines[14], "certificate 2, an authority")
        self.assertEqual(lines[-2:], [
            "trusted by CN=weir test root,O=weir tests; the name is right", ""])

    def test_shows_whom_it_does_not_trust(self):
        for name, row, words in (
                ("expired", r"until      \d{4}-12-31 23:59 UTC \(expired \d+ days ago\)", "expired"),
                ("future", r"valid from \d{4}-01-01 00:00 UTC \(in \d+ days\)", "not valid"),
                ("self-signed", r"issuer     CN=weir test self-signed", ""),
                ("example", r"names      example\.test, www\.example\.test", "example.test"),
                ("rsa1024", r"key        RSA 1024", "")):
            with self.subTest(name):
                context = server_context(name) if name != "rsa1024" else self.weak_context()
                done = self.tls(*CA, context=context)
                self.assertEqual((done.returncode, done.stderr), (1, b""), done.stdout)
                text = done.stdout.decode()
                self.assertRegex(text, r"\n  " + row + r"\n")
                verdict = text.split("\n")[-2]
                self.assertTrue(verdict.startswith("NOT trusted: "), verdict)
                self.assertIn(words, verdict)

    @staticmethod
    def weak_context():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.load_cert_chain(certificate("rsa1024.pem"), certificate("rsa1024.key"))
        return context

    def test_does_not_trust_strangers(self):
        done = self.tls()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, rb"\nNOT trusted: [^\n]*CN=weir test root[^\n]*\n\Z")

    def test_takes_addresses_in_all_forms(self):
        with server(secured(echo), host="::1") as port:
            done = weir("tls", *CA, f"[::1]:{port}")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertTrue(done.stdout.startswith(b"::1 is [::1]:"), done.stdout)
        with server(secured(echo)) as port:
            done = weir("tls", *CA, "--server-name", "localhost", f"127.0.0.1:{port}")
            self.assertEqual(done.returncode, 0, done.stdout)
        for address in ("127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "[::1", "[::1]x",
                        "[::1]:x", "", ":443", "[]:443", "x" * 300):
            done = weir("tls", address)
            check_refusal(self, done, b"is not HOST or HOST:PORT", status=2)

    def test_makes_ugly_names_visible(self):
        done = self.tls(*CA, context=server_context("ugly-name"))
        self.assertEqual(done.returncode, 1)
        self.assertNotIn(b"\x1b", done.stdout)
        self.assertNotIn(b"\r", done.stdout)
        self.assertRegex(done.stdout, rb"\\x1b\[31m")

    def test_shows_all_of_many_names(self):
        done = self.tls(*CA, context=server_context("many-names"))
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"host-299.example.test, localhost\n", done.stdout)
        self.assertLess(max(map(len, done.stdout.split(b"\n"))), 81)
        with server(secured(http(), server_context("many-names"))) as port:
            done = weir("get", "-v", *CA, f"https://localhost:{port}/")
        self.assertIn(b" and 294 more\n", done.stderr)

    def test_fails_without_a_connection(self):
        check_refusal(self, weir("tls", f"127.0.0.1:{free_port()}"), b"Connection refused")
        check_refusal(self, weir("tls", "no-such-host.invalid"), b"no-such-host\\.invalid")
        with server(lambda connection: connection.sendall(b"220 hello\r\n")) as port:
            check_refusal(self, weir("tls", f"127.0.0.1:{port}"), b"TLS")

    def test_refuses_a_wrong_call(self):
        for arguments in ([], ["a", "b"], ["--zork", "a"], ["--starttls", "nntp", "a"],
                          ["--tls-min", "1", "a"], ["--insecure", "a"]):
            done = weir("tls", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, b""), arguments)
            self.assertRegex(done.stderr, rb"\Aweir tls: [^\n]+\n\Z")

    def test_fails_when_its_output_cannot_be_written(self):
        with server(secured(echo)) as port, open("/dev/full", "wb") as full:
            done = weir("tls", *CA, f"localhost:{port}", stdout=full)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
