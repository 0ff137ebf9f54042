"""The bench bulk: one stream, one way, as fast as it goes.

How much a call finds to read, or room for, is up to the scheduler, and can change the
cost by a factor of five. Here the other side runs only while the measured side waits,
so that all peers meet the same: a receiver reads what one send of 256 KiB brought.

SPDX-License-Identifier: MIT"""
import contextlib
import subprocess
import time

from measured import Failed, cost, cpu_seconds, free_port, start, with_port
from table import Peer, Table

GIB = 1 << 30
SLICE = 256 * 1024


@contextlib.contextmanager
def other_side(argv):
    """A plain sender or receiver that listens. A probe would be its one connection,
    so it is given a moment to start instead."""
    port = free_port()
    process = start(with_port(argv, port), idle=True, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.1)
        yield port
        if process.wait(timeout=30) != 0:
            raise Failed(f"{argv[0]} ended with {process.returncode}")
    finally:
        process.kill()
        process.wait()


def bulk_table(title, other, rows, total, settings):
    def peer(name, command, target=None):
        def measure():
            with other_side(other) as port:
                usage, output = cost(with_port(command, port))
            if output and int(output) != total:
                raise Failed(f"received {output.strip()} of {total} bytes")
            return [cpu_seconds(usage) * 1000 * GIB / total]

        return Peer(name, measure, str(command[0]), target)

    Table(title, ["ms/GiB"], [peer(*row) for row in rows], settings.rounds or 10).run()


def bulk(build, settings):
    total = int(4 * GIB * settings.scale)
    receive, send = build / "bulk_receive", build / "bulk_send"
    bulk_table(
        f"bulk: {total / GIB:g} GiB one way: CPU of the receiver",
        [send, "listen", "PORT", SLICE, total],
        [("recv 256 KiB (limit)", [receive, "connect", "PORT", SLICE]),
         ("recv 64 KiB", [receive, "connect", "PORT", SLICE // 4]),
         ("recv 16 KiB", [receive, "connect", "PORT", SLICE // 16]),
         ("weir_read", [build / "bulk_receive_weir", "PORT"], 1.03)],
        total, settings)
    bulk_table(
        f"bulk: {total / GIB:g} GiB one way: CPU of the sender",
        [receive, "listen", "PORT", SLICE],
        [("send 256 KiB (limit)", [send, "connect", "PORT", SLICE, total]),
         ("send 64 KiB", [send, "connect", "PORT", SLICE // 4, total]),
         ("send 16 KiB", [send, "connect", "PORT", SLICE // 16, total]),
         ("send 256 KiB, epoll",
          [build / "bulk_send_epoll", "PORT", SLICE, total, "keep"]),
         ("  the rest copied", [build / "bulk_send_epoll", "PORT", SLICE, total, "copy"]),
         ("weir_sendall", [build / "bulk_send_weir", "PORT", total, "sendall"], 1.03),
         ("weir_write, weir_drain", [build / "bulk_send_weir", "PORT", total, "write"])],
        total, settings)
