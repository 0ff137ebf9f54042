"""The benches echo and idle: line echo servers, busy and idle.

SPDX-License-Identifier: MIT"""
import pathlib

from instructions import instruction_table
from measured import load, serving
from table import Peer, Table

HERE = pathlib.Path(__file__).parent
# The slow peers do a share of the round trips; all numbers are for one.
NODE_SHARE, ASYNCIO_SHARE = 0.5, 0.2


def servers(build):
    """Name, command, and share of the round trips of each server; the limit first."""
    return [
        ("epoll (limit)", [build / "echo_epoll", "PORT"], 1),
        ("libuv", [build / "echo_uv", "PORT"], 1),
        ("Boost.Asio coroutines", [build / "echo_asio", "PORT"], 1),
        ("node:net", ["node", HERE / "echo_node.js", "PORT"], NODE_SHARE),
        ("asyncio streams", ["/usr/bin/python3", HERE / "echo_asyncio.py", "PORT"],
         ASYNCIO_SHARE),
    ]


def weir_task(build):
    return ("weir, a task each", [build / "echo_weir", "PORT"], 1)


def weir_protocol(build):
    return ("weir, callbacks", [build / "echo_weir_protocol", "PORT"], 1)


def echo_table(build, settings, connections, round_trips, target):
    def peer(name, command, share):
        def measure():
            count = max(connections, int(round_trips * settings.scale * share))
            with serving(command) as (process, port):
                argv = [build / "load_lines", port, connections, count, process.pid]
                return [load(argv) / 1000]

        wanted = target if name.startswith("weir, a task") else None
        return Peer(name, measure, str(command[0]), wanted)

    rows = servers(build) + [weir_protocol(build), weir_task(build)]
    plural = "s" if connections > 1 else ""
    return Table(
        f"echo: 64-byte lines, {connections} connection{plural}: CPU of the server",
        ["us/round trip"], [peer(*row) for row in rows], settings.rounds or 10)


def echo_instructions(build, settings):
    def row(name, command, _):
        def run(valgrind, times):
            with serving(valgrind + command) as (process, port):
                load([build / "load_lines", port, 1, times, process.pid])

        return name, command[0], run

    rows = servers(build)[:3] + [weir_protocol(build), weir_task(build)]
    instruction_table("echo: 64-byte lines, 1 connection: instructions in user space",
                      "instr./round trip", [row(*each) for each in rows],
                      settings.rounds or 3)


def echo(build, settings):
    echo_table(build, settings, 1, 200_000, 1.10).run()
    echo_table(build, settings, 100, 400_000, 1.15).run()
    echo_instructions(build, settings)


def idle(build, settings):
    connections = max(100, int(10_000 * settings.scale))

    def peer(row, target=None):
        name, command, _ = row

        def measure():
            with serving(command) as (process, port):
                return [load([build / "hold_lines", port, connections, process.pid])]

        return Peer(name, measure, str(command[0]), target)

    rows = [peer(row) for row in servers(build)]
    rows += [peer(weir_protocol(build), 256), peer(weir_task(build), 8.5 * 1024)]
    Table(
        f"idle: {connections:,} connections that echoed a line: memory of the server",
        ["B/connection"], rows, settings.rounds or 5, targets_are_values=True).run()
