"""weir get against nginx and httpbin: bodies of each size and framing, byte by byte,
over one connection.

SPDX-License-Identifier: MIT
"""

import contextlib
import hashlib
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from scene import SECONDS, certificate, free_port, need_certificates, weir

# Without "<", so that no server-side include is seen.
PIECE = random.Random(2).randbytes(1 << 20).replace(b"<", b"\0")
SIZES = {"empty": 0, "1k": 1024, "100m": 100 << 20}

NGINX = """
daemon off; master_process off; pid pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off; default_type application/octet-stream;
  client_body_temp_path b; proxy_temp_path p; scgi_temp_path s;
  fastcgi_temp_path f; uwsgi_temp_path u;
  add_header X-Connection $connection;
  server {{
    listen 127.0.0.1:{port} {secure}; root files;
    location /chunked/ {{ alias files/; ssi on; ssi_types *; }}
  }}
}}
"""


SECURE = """ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols {version}"""


def body(size):
    whole, rest = divmod(size, len(PIECE))
    return PIECE * whole + PIECE[:rest]


def missing(test, name):
    if os.environ.get("WEIR_REQUIRE_PEERS") == "1":
        test.fail(f"{name} is not installed")
    test.skipTest(f"{name}: not installed")


@contextlib.contextmanager
def peer(arguments, port):
    """A server in a process of its own, once it listens."""
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as process:
        try:
            limit = time.monotonic() + SECONDS
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                if process.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError(f"{arguments[0]} does not listen")
                time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def fields(stderr, name):
    """The values of a field in the heads that -v has shown."""
    return re.findall(rf"^< {name}: (\S+)$", stderr.decode(), re.MULTILINE | re.I)


class Peers(unittest.TestCase):
    def fetch_from_nginx(self, scheme, secure, *arguments):
        """All sizes, plain and chunked, over one connection."""
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            missing(self, "nginx")
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            path = pathlib.Path(folder)
            (path / "nginx.conf").write_text(NGINX.format(port=port, secure=secure))
            (path / "files").mkdir()
            for name, size in SIZES.items():
                (path / "files" / name).write_bytes(body(size))
            command = [program, "-e", "stderr", "-p", folder, "-c", "nginx.conf"]
            with peer(command, port):
                url = f"{scheme}://localhost:{port}"
                urls = [f"{url}/{name}" for name in SIZES]
                urls += [f"{url}/chunked/{name}" for name in SIZES]
                result = weir("get", "-v", *arguments, *urls)
        self.assertEqual(result.returncode, 0, result.stderr)
        wanted = hashlib.sha256(b"".join(map(body, SIZES.values())) * 2)
        self.assertEqual(hashlib.sha256(result.stdout).digest(), wanted.digest())
        self.assertEqual(len(fields(result.stderr, "x-connection")), len(urls))
        self.assertEqual(len(set(fields(result.stderr, "x-connection"))), 1)
        # nginx sends an empty file with a length in any case.
        self.assertEqual(fields(result.stderr, "transfer-encoding"), ["chunked"] * 2)
        return result.stderr

    def test_nginx_over_one_connection(self):
        self.fetch_from_nginx("http", "")

    @unittest.skipIf(os.environ.get("WEIR_TLS") == "0", "this build has no TLS")
    def test_nginx_over_tls(self):
        need_certificates()
        for version in ("TLSv1.2", "TLSv1.3"):
            secure = SECURE.format(certificate=certificate("localhost.pem"),
                                   key=certificate("localhost.key"), version=version)
            shown = self.fetch_from_nginx("https", secure, "--cacert", certificate("ca.pem"))
            self.assertRegex(shown.decode(), rf"\n\* {version}, [^\n]*, ALPN http/1\.1\n")
            self.assertEqual(len(re.findall(rb"^\* trusted by ", shown, re.MULTILINE)), 1)

    def test_httpbin(self):
        python = "/usr/bin/python3"
        found = subprocess.run([python, "-c", "import gunicorn, httpbin"],
                               stderr=subprocess.DEVNULL, check=False)
        if found.returncode != 0:
            missing(self, "httpbin")
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            command = [python, "-m", "gunicorn", "-k", "gthread", "--bind",
                       f"127.0.0.1:{port}", "--worker-tmp-dir", folder, "httpbin:app"]
            # These two give 100 KiB at most.
            sizes = (0, 1024, 100 * 1024)
            with peer(command, port) as url:
                urls = [f"{url}/{kind}/{size}?seed=7&chunk_size=999"
                        for size in sizes for kind in ("bytes", "stream-bytes")]
                result = weir("get", "-v", *urls)
        self.assertEqual(result.returncode, 0, result.stderr)
        wanted = b""
        for size in sizes:
            source = random.Random(7)
            piece = bytes(source.randint(0, 255) for _ in range(size))
            wanted += piece * 2
        self.assertEqual(hashlib.sha256(result.stdout).digest(),
                         hashlib.sha256(wanted).digest())
        self.assertEqual(fields(result.stderr, "transfer-encoding"), ["chunked"] * 3)


if __name__ == "__main__":
    unittest.main()
