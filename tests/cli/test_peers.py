"""weir get against nginx and httpbin: bodies of each size and framing, byte by byte,
over one connection.

SPDX-License-Identifier: MIT
"""

import contextlib
import hashlib
import json
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

from scene import SECONDS, certificate, free_port, need, need_certificates, weir

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


@contextlib.contextmanager
def nginx(test, scheme, secure):
    """A server of the SIZES; gives the beginning of its URLs, and its folder."""
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not program:
        missing(test, "nginx")
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        path = pathlib.Path(folder)
        (path / "nginx.conf").write_text(NGINX.format(port=port, secure=secure))
        (path / "files").mkdir()
        for name, size in SIZES.items():
            (path / "files" / name).write_bytes(body(size))
        command = [program, "-e", "stderr", "-p", folder, "-c", "nginx.conf"]
        with peer(command, port):
            yield f"{scheme}://localhost:{port}", path


def fields(stderr, name):
    """The values of a field in the heads that -v has shown."""
    return re.findall(rf"^< {name}: (\S+)$", stderr.decode(), re.MULTILINE | re.I)


class Peers(unittest.TestCase):
    def fetch_from_nginx(self, scheme, secure, *arguments):
        """All sizes, plain and chunked, over one connection."""
        with nginx(self, scheme, secure) as (url, _):
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

    def test_nginx_goes_on_with_a_file(self):
        with nginx(self, "http", "") as (url, folder), tempfile.TemporaryDirectory() as own:
            path = pathlib.Path(own) / "f"
            size, modified = SIZES["100m"] // 3, (folder / "files/100m").stat().st_mtime
            for old, changed in ((body(size), 0), (b"old", 1)):
                path.write_bytes(old)
                os.utime(path, (modified // 1 - changed,) * 2)
                result = weir("get", "-v", "-C", "-o", str(path), f"{url}/100m")
                self.assertEqual(result.returncode, 0, result.stderr)
                status = b"200 OK" if changed else b"206 Partial Content"
                self.assertIn(b"\n< HTTP/1.1 " + status, result.stderr)
                self.assertEqual(path.stat().st_size, SIZES["100m"])
                self.assertTrue(path.read_bytes() == body(SIZES["100m"]))


class Httpbin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        python = "/usr/bin/python3"
        found = subprocess.run([python, "-c", "import gunicorn, httpbin"],
                               stderr=subprocess.DEVNULL, check=False)
        need("httpbin is not installed", found.returncode == 0)
        port = free_port()
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.url = cls.stack.enter_context(peer(
            [python, "-m", "gunicorn", "-k", "gthread", "--bind", f"127.0.0.1:{port}",
             "--worker-tmp-dir", cls.folder, "httpbin:app"], port))

    def fetch(self, *arguments, path):
        result = weir(*arguments, self.url + path)
        self.assertEqual((result.returncode, result.stderr), (0, b""), result)
        return json.loads(result.stdout)

    def test_bodies_of_each_framing(self):
        # These two give 100 KiB at most.
        sizes = (0, 1024, 100 * 1024)
        urls = [f"{self.url}/{kind}/{size}?seed=7&chunk_size=999"
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

    def test_what_is_sent(self):
        seen = self.fetch("get", "-q", "a=b c", "-H", "X-Y: z", path="/get")
        self.assertEqual((seen["args"], seen["headers"]["X-Y"]), ({"a": "b c"}, "z"))
        self.assertEqual(self.fetch("post", "-d", "a=1", "-d", "b=2", path="/post")["form"],
                         {"a": "1", "b": "2"})
        self.assertEqual(self.fetch("put", "--json", '{"a": [1]}', path="/put")["json"],
                         {"a": [1]})
        seen = self.fetch("post", "-F", "a=1", "-F", f"f=@{__file__}", path="/post")
        self.assertEqual(seen["form"], {"a": "1"})
        self.assertEqual(seen["files"]["f"], pathlib.Path(__file__).read_text("utf-8"))

    def test_credentials_cookies_redirects_and_codings(self):
        for path, *arguments in (("/basic-auth/me/pw", "-u", "me:pw"),
                                 ("/bearer", "--bearer", "tok"),
                                 ("/digest-auth/auth/me/pw/SHA-256", "-u", "me:pw",
                                  "--digest")):
            if "--digest" in arguments and os.environ.get("WEIR_TLS") == "0":
                continue  # the hash functions are OpenSSL's
            self.assertTrue(self.fetch("get", *arguments, path=path)["authenticated"])
        seen = self.fetch("get", "-b", "b=2", path="/cookies/set?a=1")
        self.assertEqual(seen["cookies"], {"a": "1"} | {"b": "2"})
        self.assertEqual(self.fetch("get", path="/redirect/3")["url"], f"{self.url}/get")
        if os.environ.get("WEIR_ZLIB") != "0":
            self.assertTrue(self.fetch("get", path="/gzip")["gzipped"])
        result = weir("get", "-f", f"{self.url}/status/404")
        self.assertEqual((result.returncode, result.stdout), (1, b""))


if __name__ == "__main__":
    unittest.main()
