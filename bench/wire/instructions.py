"""Instructions in user space for one round trip or request, counted by callgrind.

They repeat to a few, where times repeat to a few percent: the difference between a
long run and a short one, so that what a program does once is in neither.

SPDX-License-Identifier: MIT"""
import pathlib
import re
import shutil
import tempfile

from table import Peer, Table

SHORT, LONG = 200, 1200


def in_one_run(run, times):
    """`run(valgrind, times)` runs a program behind the words `valgrind`."""
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        out = pathlib.Path(folder) / "callgrind.out"
        run(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}"], times)
        total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
        return int(total.group(1))


def instruction_table(title, unit, rows, rounds):
    """Rows of a name, a program to look for, a `run` and a target."""
    if not shutil.which("valgrind"):
        print(f"\nskip {title}: valgrind not installed")
        return

    def peer(name, program, run, target=None):
        def measure():
            return [(in_one_run(run, LONG) - in_one_run(run, SHORT)) / (LONG - SHORT)]

        return Peer(name, measure, str(program), target)

    Table(title, [unit], [peer(*row) for row in rows], rounds,
          targets_are_values=True).run()
