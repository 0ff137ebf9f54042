"""tls_echo: over TLS, and mutual TLS; and who is refused.

SPDX-License-Identifier: MIT
"""

import unittest

from scene import certificate, need_certificates
from test_clients import run

setUpModule = need_certificates

VERIFIED = r"\ATLSv1\.3, trusted by CN=weir test root,O=weir tests; the name is right\n"


def files(name):
    return certificate(name + ".pem"), certificate(name + ".key")


class Echo(unittest.TestCase):
    def test_says_hello(self):
        status, printed, words = run("tls_echo", *files("localhost"), certificate("ca.pem"))
        self.assertEqual((status, words), (0, ""))
        self.assertRegex(printed, VERIFIED + r"hello\n\Z")

    def test_says_hello_to_somebody_known(self):
        status, printed, words = run("tls_echo", *files("localhost"), certificate("ca.pem"),
                                     *files("client"), certificate("client-ca.pem"))
        self.assertEqual((status, words), (0, ""))
        self.assertRegex(printed, VERIFIED + r"the client is CN=client\.test\nhello\n\Z")

    def test_refuses_a_server(self):
        for name, words in (("expired", "expired"), ("example", "example.test"),
                            ("unknown-root", "stranger")):
            status, printed, said = run("tls_echo", *files(name), certificate("ca.pem"))
            self.assertEqual((status, printed), (1, ""))
            self.assertIn(words, said)

    def test_refuses_a_client(self):
        for name in ("client-other", "client-expired"):
            status, printed, said = run("tls_echo", *files("localhost"), certificate("ca.pem"),
                                        *files(name), certificate("client-ca.pem"))
            self.assertEqual(status, 1)
            self.assertNotIn("hello", printed)
            self.assertIn("certificate", said)

    def test_says_which_file_is_wrong(self):
        status, _, said = run("tls_echo", *files("localhost"), "/nowhere/ca")
        self.assertEqual(status, 1)
        self.assertIn("/nowhere/ca", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
