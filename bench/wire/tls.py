"""The bench tls: bytes, and handshakes, from a plain OpenSSL server.

The limit is blocking OpenSSL on a socket. The trust store is the system's with one
more certificate, the bench's own; each program reads it once, but for those that can
only read it again for each connection.

SPDX-License-Identifier: MIT"""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile

from measured import (Failed, cost, cpu_seconds, free_port, load, start, stop,
                      wait_until_listening)
from table import Peer, Table

GIB = 1 << 30
MIB = 1 << 20
SYSTEM_BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                  "/etc/ssl/cert.pem"]
MAKE_CERTIFICATES = pathlib.Path(__file__).resolve().parents[2] / "tests/support/certificates"
AES, CHACHA = "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"


def make_bundle(folder):
    """The certificates, and a file of whom to trust."""
    subprocess.run([MAKE_CERTIFICATES, folder], check=True, stdout=subprocess.DEVNULL)
    bundles = [pathlib.Path(name) for name in SYSTEM_BUNDLES if pathlib.Path(name).exists()]
    trusted = folder / "bundle.pem"
    trusted.write_bytes(b"".join(
        path.read_bytes() for path in [*bundles[:1], folder / "ca.pem"]))
    if not bundles:
        print("no trust store of the system: contexts are smaller than elsewhere")
    return trusted


@contextlib.contextmanager
def server(build, folder, size, after="close"):
    port = free_port()
    process = start([build / "tls_serve", port, folder / "localhost.pem",
                     folder / "localhost.key", size, after], stdout=subprocess.DEVNULL)
    try:
        wait_until_listening(process, port)
        yield port
    finally:
        stop(process)


def expect(output, wanted):
    if int(output) < wanted:
        raise Failed(f"received {output.strip()} of {wanted} bytes")


def bulk_table(build, folder, trusted, port, settings, suite):
    size = int(256 * MIB * settings.scale)

    def client(program):
        def measure():
            usage, output = cost([build / program, port, trusted, suite, 4, "full"])
            expect(output, 4 * size)
            return [cpu_seconds(usage) * 1000 * GIB / (4 * size)]

        return measure

    def curl():
        urls = [f"https://localhost:{port}/"] * 4
        usage, _ = cost(["curl", "-s", "-o", "/dev/null", "--cacert", trusted, "--tls13-ciphers",
                         suite, *[word for url in urls for word in (url, "-o", "/dev/null")]])
        return [cpu_seconds(usage) * 1000 * GIB / (4 * size)]

    Table(f"tls: 4 x {size // MIB} MiB, {suite}: CPU of the client", ["ms/GiB"], [
        Peer("SSL_read (limit)", client("tls_get_openssl")),
        Peer("curl", curl, "curl"),
        Peer("weir_read", client("tls_get_weir"), target=1.05),
    ], settings.rounds or 10).run()


def handshake_table(build, trusted, port, settings, kind, target):
    count = max(20, int(2000 * settings.scale))

    def client(program):
        def measure():
            usage, output = cost([build / program, port, trusted, AES, count, kind])
            expect(output, count)
            return [cpu_seconds(usage) / count * 1e6]

        return measure

    def s_time():
        seconds = max(1, int(3 * settings.scale))
        flag = "-new" if kind == "full" else "-reuse"
        usage, output = cost(["openssl", "s_time", "-connect", f"localhost:{port}", flag, "-www",
                              "/", "-time", seconds, "-CAfile", trusted, "-tls1_3",
                              "-ciphersuites", AES])
        done = int(output.split(" connections in")[-2].split()[-1])
        return [cpu_seconds(usage) / done * 1e6]

    Table(f"tls: {kind} handshakes, each with a small response: CPU of the client",
          ["us/connection"], [
              Peer("OpenSSL (limit)", client("tls_get_openssl")),
              Peer("openssl s_time", s_time, "openssl"),
              Peer("weir", client("tls_get_weir"), target=target),
          ], settings.rounds or 10).run()


@contextlib.contextmanager
def listener():
    """Takes connections in the clear and does nothing with them."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        yield listening.getsockname()[1]


def idle_table(build, folder, trusted, settings):
    count = max(100, int(1000 * settings.scale))

    def held(program, port, *words):
        return float(load([build / program, port, trusted, count, *words]))

    def openssl():
        with server(build, folder, 100, "hold") as port:
            return [held("tls_hold_openssl", port)]

    def weir():
        with server(build, folder, 100, "hold") as port, listener() as clear:
            secure = held("tls_hold_weir", port, "tls")
            return [secure - held("tls_hold_weir", clear, "clear"), secure]

    Table(f"tls: {count} idle connections: memory of the client, without a stream's own",
          ["B/connection", "all"], [
              Peer("OpenSSL (limit)", lambda: openssl() * 2),
              Peer("weir", weir, target=1.1),
          ], settings.rounds or 5).run()


def tls(build, settings):
    if not shutil.which(str(build / "tls_serve")):
        print("skip tls: built without TLS")
        return
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as name:
        folder = pathlib.Path(name)
        trusted = make_bundle(folder)
        with server(build, folder, int(256 * MIB * settings.scale)) as port:
            for suite in (AES, CHACHA):
                bulk_table(build, folder, trusted, port, settings, suite)
        with server(build, folder, 100) as port:
            handshake_table(build, trusted, port, settings, "full", 1.1)
            handshake_table(build, trusted, port, settings, "resumed", 1.15)
        idle_table(build, folder, trusted, settings)
