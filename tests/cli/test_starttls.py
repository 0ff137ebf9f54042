"""weir connect --starttls and weir tls --starttls: the dialogues before the handshake,
good and bad.

SPDX-License-Identifier: MIT
"""

import os
import time
import unittest

from scene import certificate, need_certificates, secured, server, weir

HAS_TLS = os.environ.get("WEIR_TLS") != "0"
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
FEATURES = (b"<?xml version='1.0'?><stream:stream from='x' version='1.0' "
            b"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
            b"<stream:features>%s</stream:features>")
OFFER = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

# What a server says, and what it waits for (as bytes in a tuple), in turn.
GOOD = {
    "smtp": [
        [b"220 mail.test ESMTP\r\n", (b"EHLO [127.0.0.1]\r\n",),
         b"250-mail.test\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n",
         (b"STARTTLS\r\n",), b"220 go ahead\r\n"],
        [b"220-mail.test\r\n220-no spam\r\n220 here\r\n", (b"EHLO [127.0.0.1]\r\n",),
         b"250-mail.test\n250 starttls\n", (b"STARTTLS\r\n",), b"220\r\n"],
    ],
    "imap": [
        [b"* OK hello\r\n", (b"a CAPABILITY\r\n",),
         b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done\r\n",
         (b"b STARTTLS\r\n",), b"b OK begin\r\n"],
        [b"* OK [CAPABILITY IMAP4rev2 STARTTLS] hello\r\n", (b"a CAPABILITY\r\n",),
         b"* CAPABILITY starttls\r\n* OK still here\r\na OK done\r\n",
         (b"b STARTTLS\r\n",), b"* OK a moment\r\nb OK begin\r\n"],
    ],
    "xmpp": [
        [(b"to='localhost'", b">"), FEATURES % OFFER, (STARTTLS,), PROCEED],
        [(b"to='localhost'", b">"), FEATURES % (b"<x/>" + OFFER), (STARTTLS,),
         b"\n " + PROCEED.replace(b"/>", b"></proceed>")],
    ],
    "postgres": [[(SSL_REQUEST,), b"S"]],
}

# A dialogue that ends without TLS, and words of the sentence about it.
NOT_OFFERED = b"the server does not offer TLS"
CLOSED = b"the server closed the connection"
BAD = {
    "smtp": [
        ([b"554 no\r\n"], b'answers "554 no"'),
        ([b"SSH-2.0-x\r\n"], b'answers "SSH-2.0-x"'),
        ([], CLOSED),
        ([b"220 half a line"], CLOSED),
        ([b"220 x\r\n", (b"EHLO",), b"502 what?\r\n"], b'answers "502 what\\?"'),
        ([b"220 x\r\n", (b"EHLO",), b"250-x\r\n250 STARTTLSX\r\n"], NOT_OFFERED),
        ([b"220 x\r\n", (b"EHLO",), b"250 STARTTLS\r\n", (b"STARTTLS",), b"454 no\r\n"],
         b'answers "454 no"'),
        ([b"220-x\r\n" * 1000], b"without end"),
        ([b"220 " + b"x" * 100_000], b"limit"),
        ([b"554 \x1b[31m\r\n"], b"\\\\x1b\\[31m"),
    ],
    "imap": [
        ([b"* PREAUTH you are in\r\n"], b"PREAUTH"),
        ([b"* BYE\r\n"], b"BYE"),
        ([b"* OK\r\n", (b"a CAP",), b"* CAPABILITY IMAP4rev1\r\na OK\r\n"], NOT_OFFERED),
        ([b"* OK\r\n", (b"a CAP",), b"a BAD what?\r\n"], b"a BAD what"),
        ([b"* OK\r\n", (b"a CAP",), b"* CAPABILITY STARTTLS\r\na OK\r\n", (b"b ST",),
          b"b NO not now\r\n"], b"b NO not now"),
        ([b"* OK\r\n", (b"a CAP",), b"* x\r\n" * 1000], b"without end"),
        ([b"* OK\r\n", (b"a CAP",), b"+ x\r\n"], b"\\+ x"),
    ],
    "xmpp": [
        ([(b">",), FEATURES % b"<mechanisms/>"], NOT_OFFERED),
        ([(b">",), FEATURES.partition(b"<stream:features>")[0] + b"<stream:features/>"],
         NOT_OFFERED),
        ([(b">",), b"<stream:stream><stream:error/></stream:stream>"], b"stream:error"),
        ([(b">",), FEATURES % OFFER, (STARTTLS,),
          b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"], b"<failure"),
        ([(b">",), b"x" * 100_000], b"limit|separator"),
        ([(b">",)], CLOSED),
    ],
    "postgres": [
        ([(SSL_REQUEST,), b"N"], NOT_OFFERED),
        ([(SSL_REQUEST,), b"EFATAL"], b'answers "E"'),
        ([(SSL_REQUEST,)], CLOSED),
    ],
}


def listen(connection, words):
    """Reads until all of these have come, in order."""
    came = b""
    for word in words:
        while word not in came:
            piece = connection.recv(1 << 16)
            if not piece:
                raise ConnectionError("the client has left")
            came += piece
        came = came.partition(word)[2]


def speak(script, then=lambda connection: None):
    """A server that follows the script, and then does something else."""

    def serve(connection):
        for line in script:
            if isinstance(line, tuple):
                listen(connection, line)
            else:
                connection.sendall(line)
        then(connection)

    return serve


def one_byte_at_a_time(script):
    return [piece for line in script for piece in
            ([line] if isinstance(line, tuple) else [line[i:i + 1] for i in range(len(line))])]


def echo(connection):
    while piece := connection.recv(1 << 16):
        connection.sendall(piece)


@unittest.skipUnless(HAS_TLS, "this build has no TLS")
class Good(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need_certificates()

    def test_goes_over_to_tls(self):
        ca = ["--cacert", certificate("ca.pem")]
        for protocol, scripts in GOOD.items():
            for script in [*scripts, one_byte_at_a_time(scripts[0])]:
                with self.subTest(protocol, script=script):
                    with server(speak(script, secured(echo))) as port:
                        done = weir("connect", "--starttls", protocol, *ca, "localhost",
                                    str(port), input=b"secret\n")
                    self.assertEqual((done.returncode, done.stdout, done.stderr),
                                     (0, b"secret\n", b""))

    def test_shows_the_certificate(self):
        ca = ["--cacert", certificate("ca.pem")]
        for protocol, scripts in GOOD.items():
            with server(speak(scripts[0], secured(echo))) as port:
                done = weir("tls", "--starttls", protocol, *ca, f"localhost:{port}")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn(b"\n  subject    CN=weir test localhost\n", done.stdout)

    def test_checks_the_certificate(self):
        for protocol, scripts in GOOD.items():
            with server(speak(scripts[0], secured(echo))) as port:
                done = weir("connect", "--starttls", protocol, "localhost", str(port),
                            input=b"secret\n")
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertRegex(done.stderr, rb"\Aweir connect: [^\n]*certificate[^\n]*\n\Z")

    def test_tells_xmpp_the_name_of_the_server(self):
        ca = ["--cacert", certificate("ca.pem")]
        script = [(b"to='localhost'", b">"), *GOOD["xmpp"][0][1:]]
        with server(speak(script, secured(echo))) as port:
            done = weir("connect", "--starttls", "xmpp", *ca, "--server-name", "localhost",
                        "127.0.0.1", str(port), input=b"hello\n")
            self.assertEqual((done.returncode, done.stdout), (0, b"hello\n"), done.stderr)
            done = weir("connect", "--starttls", "xmpp", "--server-name", "a'b", "127.0.0.1",
                        str(port))
            self.assertIn(b"a'b is no name of a server", done.stderr)


@unittest.skipUnless(HAS_TLS, "this build has no TLS")
class Bad(unittest.TestCase):
    def check(self, protocol, script, words):
        def wait(connection):
            if words != CLOSED:
                connection.recv(1)

        with server(speak(script, wait)) as port:
            done = weir("connect", "--starttls", protocol, "localhost", str(port))
        self.assertEqual((done.returncode, done.stdout), (1, b""), done.stderr)
        self.assertRegex(done.stderr, rb"\Aweir connect: [^\n]*(" + words + rb")[^\n]*\n\Z")

    def test_says_why_it_does_not_go_over(self):
        for protocol, cases in BAD.items():
            for script, words in cases:
                with self.subTest(protocol, script=script[:3]):
                    self.check(protocol, script, b"before TLS, in " + protocol.encode() +
                               b": [^\n]*(" + words + b")" if words != CLOSED else words)

    def test_takes_nothing_that_was_slipped_in(self):
        """CVE-2011-0411: in the clear, behind the word that TLS may begin."""
        for protocol, scripts in GOOD.items():
            script = [*scripts[0][:-1], scripts[0][-1] + b"250 evil\r\n"]
            with self.subTest(protocol):
                self.check(protocol, script, b"in the clear")

    @unittest.skipUnless(os.environ.get("WEIR_REQUIRE_PEERS") == "1",
                         "half a minute, which one job of all spends")
    def test_waits_for_nobody_for_ever(self):
        start = time.monotonic()
        with server(lambda connection: connection.recv(1)) as port:
            done = weir("connect", "--starttls", "smtp", "127.0.0.1", str(port))
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no answer within 30 s", done.stderr)
        self.assertGreater(time.monotonic() - start, 29)

    def test_does_not_send_before_it_is_secure(self):
        seen = []

        def spy(connection):
            connection.sendall(b"220 x\r\n")
            seen.append(connection.recv(1000))
            connection.sendall(b"250 HELP\r\n")
            seen.append(connection.recv(1000))

        with server(spy) as port:
            weir("connect", "--starttls", "smtp", "localhost", str(port), input=b"secret\n")
        self.assertEqual(seen, [b"EHLO [127.0.0.1]\r\n", b""])


@unittest.skipIf(HAS_TLS, "this build has TLS")
class WithoutTLS(unittest.TestCase):
    def test_says_so(self):
        for arguments in (["get", "--insecure", "http://localhost:1/"],
                          ["get", "--cacert", "x", "https://localhost:1/"],
                          ["connect", "--tls", "localhost", "1"],
                          ["connect", "--starttls", "smtp", "localhost", "1"],
                          ["tls", "localhost"]):
            done = weir(*arguments)
            self.assertEqual((done.returncode, done.stdout), (1, b""), arguments)
            self.assertRegex(done.stderr, rb"\Aweir \w+: this build of weir has no TLS\n\Z")
        done = weir("get", "https://localhost:1/")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertRegex(done.stderr, rb"\Aweir get: [^\n]*this build of weir has no TLS\n\Z")

    def test_still_has_help(self):
        done = weir("tls", "--help")
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stdout.startswith(b"usage: weir tls"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
