"""The bench get: small responses over keep-alive connections from nginx.

SPDX-License-Identifier: MIT"""
import contextlib
import os
import pathlib
import re
import shutil
import tempfile

from instructions import instruction_table
from measured import Failed, cost, cpu_seconds, free_port, serving
from table import Peer, Table

LIMIT = "epoll, memmem (limit)"
NGINX_PLACES = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
NGINX_CONF = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        default_type text/plain;
        location / {{ return 200 "{body}"; }}
    }}
}}
"""


@contextlib.contextmanager
def nginx():
    """An nginx of our own in a folder of its own; gives its port."""
    program = shutil.which("nginx", path=NGINX_PLACES)
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        port = free_port()
        conf = pathlib.Path(folder) / "nginx.conf"
        conf.write_text(NGINX_CONF.format(folder=folder, port=port, body="x" * 100))
        argv = [program, "-p", folder, "-c", conf, "-e", f"{folder}/error.log"]
        with serving(argv, port):
            yield port


def counted(program, port, connections, requests):
    """A client that does a number of requests: CPU and user time for one."""
    def measure():
        usage, _ = cost([program, port, connections, requests])
        return [cpu_seconds(usage) / requests * 1e6, usage.ru_utime / requests * 1e5]

    return measure


def wrk(port, connections, seconds):
    """wrk runs for a time and says how many requests it did in it."""
    def measure():
        usage, output = cost(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
                              f"http://127.0.0.1:{port}/"])
        requests = int(re.search(r"(\d+) requests in", output).group(1))
        if re.search(r"Non-2xx|Socket errors", output):
            raise Failed(output)
        return [cpu_seconds(usage) / requests * 1e6, usage.ru_utime / requests * 1e5]

    return measure


def cpu_table(build, port, settings, connections, requests, target):
    count = max(connections * 10, int(requests * settings.scale))
    slow = max(connections * 10, count // 4)
    limit, curl, weir = (build / name for name in ("get_epoll", "get_curl", "get_weir"))
    plural = "s" if connections > 1 else ""
    Table(
        f"get: 100 bytes from nginx, {connections} connection{plural}: CPU of the client",
        ["us/request", "user s/100,000"],
        [Peer(LIMIT, counted(limit, port, connections, count), str(limit)),
         Peer("wrk -t1", wrk(port, connections, max(1, round(2 * settings.scale))), "wrk"),
         Peer("libcurl multi", counted(curl, port, connections, slow), str(curl)),
         Peer("weir", counted(weir, port, connections, count), str(weir), target)],
        settings.rounds or 10).run()


def get_instructions(build, port, settings):
    def row(name, program, target=None):
        def run(valgrind, times):
            cost(valgrind + [build / program, port, 1, times])

        return name, build / program, run, target

    instruction_table(
        "get: 100 bytes from nginx, 1 connection: instructions in user space",
        "instr./request",
        [row(LIMIT, "get_epoll"), row("libcurl multi", "get_curl"),
         row("weir", "get_weir", 8000)],
        settings.rounds or 3)


def get(build, settings):
    if not shutil.which("nginx", path=NGINX_PLACES):
        print("\nskip get: nginx not installed")
        return
    with nginx() as port:
        cpu_table(build, port, settings, 1, 100_000, 1.2)
        cpu_table(build, port, settings, 64, 200_000, 1.2)
        cpu_table(build, port, settings, 512, 200_000, 1.25)
        get_instructions(build, port, settings)
