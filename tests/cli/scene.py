"""What the tests of the command share: running it, and servers to run it against.

SPDX-License-Identifier: MIT
"""

import contextlib
import http.server
import os
import pty
import select
import socket
import ssl
import subprocess
import threading
import time
import unittest

WEIR = os.environ.get("WEIR", "weir")
# Sanitizers keep memory that was freed, so how much there is says nothing.
SANITIZED = bool(os.environ.get("WEIR_SANITIZE"))
SECONDS = 60


def weir(*arguments, **options):
    """Runs the command to its end."""
    options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
    return subprocess.run(
        [WEIR, *arguments],
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        timeout=SECONDS,
        check=False,
        **options,
    )


def start(*arguments, **options):
    """Starts the command, with pipes unless told otherwise."""
    for name in ("stdin", "stdout", "stderr"):
        options.setdefault(name, subprocess.PIPE)
    return subprocess.Popen([WEIR, *arguments], **options)


def peak_kib(process):
    """The most memory that a running process has had until now, in KiB."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise ValueError("it has ended")


def certificate(name):
    """The path of a file that tests/support/certificates has made."""
    return os.path.join(os.environ.get("WEIR_CERTIFICATES", ""), name)


def need(what, is_there):
    """Skips the test, its class or its module; or fails it where all must be there."""
    if not is_there:
        if os.environ.get("WEIR_REQUIRE_PEERS") == "1":
            raise FileNotFoundError(f"{what}, and WEIR_REQUIRE_PEERS is set")
        raise unittest.SkipTest(what)


def need_certificates():
    need("no certificates: WEIR_CERTIFICATES", os.path.exists(certificate("ca.pem")))


def server_context(name="localhost", **attributes):
    """A context of servers, with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(name + ".pem"), certificate(name + ".key"))
    for attribute, value in attributes.items():
        setattr(context, attribute, value)
    return context


def secured(serve, context=None):
    """What serves a TCP connection over TLS, and says goodbye."""
    context = context or server_context()

    def serve_securely(connection):
        # A client may refuse the certificate, and break off.
        with contextlib.suppress(ssl.SSLError):
            with context.wrap_socket(connection, server_side=True) as secure:
                serve(secure)
                secure.unwrap()

    return serve_securely


@contextlib.contextmanager
def server(serve, host="127.0.0.1"):
    """A TCP server with a thread for each connection; gives its port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)

    def run(connection):
        with connection, contextlib.suppress(OSError):
            serve(connection)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=run, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def free_port():
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class HTTPServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def handle_error(self, *_):
        """A client that leaves early is what some tests are about."""


@contextlib.contextmanager
def http_server(handler):
    """A server of HTTP/1.1; gives the beginning of its URLs."""
    with HTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


class Terminal:
    """A process on a terminal of its own."""

    def __init__(self, *arguments, environment=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execve(arguments[0], arguments, {**os.environ, **(environment or {})})
            finally:
                os._exit(127)

    def type(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, text):
        """What it prints, up to and with `text`, or to its end with None."""
        printed = b""
        limit = time.monotonic() + SECONDS
        while text is None or text.encode() not in printed:
            ready, _, _ = select.select([self.fd], [], [], limit - time.monotonic())
            if not ready:
                raise TimeoutError(printed)
            try:
                piece = os.read(self.fd, 4096)
            except OSError:  # EIO: nobody has the terminal open any more
                piece = b""
            if not piece:
                break
            printed += piece
        return printed.decode(errors="replace")

    def wait(self):
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)
