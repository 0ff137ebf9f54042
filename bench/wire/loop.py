"""The benches timers and task: what the loop costs, without a socket.

SPDX-License-Identifier: MIT"""
from measured import cost
from table import Peer, Table


def timers(build, settings):
    count = max(1000, int(1_000_000 * settings.scale))

    def peer(name, program):
        def measure():
            _, output = cost([build / program, count])
            return [float(number) for number in output.split()]

        return Peer(name, measure, str(build / program))

    Table(
        f"timers: {count:,}, each set, moved to a later time, cancelled: CPU",
        ["ns/timer", "set", "move", "cancel"],
        [peer("heap in an array (limit)", "timers_heap"), peer("libuv", "timers_uv"),
         peer("weir", "timers_weir")],
        settings.rounds or 10).run()


def task(build, settings):
    program = build / "task_life_weir"
    count = max(1000, int(2_000_000 * settings.scale))

    def peer(name, what):
        def measure():
            return [float(cost([program, what, count])[1])]

        return Peer(name, measure, str(program))

    if not program.exists():
        print("\nskip task: weir not installed")
        return
    Table("task: a life in switches of weir's own: CPU", ["ns"],
          [peer("a switch (limit)", "switch"), peer("spawn, finish, join", "life")],
          settings.rounds or 10).run()
