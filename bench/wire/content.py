"""The bench content: a gzip file in memory, decoded.

The limit is zlib in a loop, 256 KiB at a time. The file holds the sources of the
project, some 2 MiB of text.

SPDX-License-Identifier: MIT"""
import contextlib
import gzip
import pathlib
import subprocess
import tempfile

from instructions import instruction_table
from measured import Failed, cost, cpu_seconds
from table import Peer, Table

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIB = 1 << 20
PROGRAMS = [("zlib (limit)", "content_zlib", None), ("weir", "content_weir", 1.05)]

# Of the counts for `times`, which are too many for a file of this size.
FEWER = 100


@contextlib.contextmanager
def gzip_file():
    """The file, and how many bytes it decodes to."""
    paths = [path for folder in ("core", "http1", "include", "tls", "tests", "cli")
             for path in sorted((ROOT / folder).rglob("*.[ch]"))]
    text = b"".join(path.read_bytes() for path in paths)
    with tempfile.NamedTemporaryFile(prefix="weir-bench-") as file:
        file.write(gzip.compress(text, mtime=0))
        file.flush()
        yield pathlib.Path(file.name), len(text)


def content(build, settings):
    with gzip_file() as (path, size):
        times = max(2, int(1024 * MIB * settings.scale / size))

        def peer(name, program, target):
            def measure():
                usage, output = cost([build / program, path, times])
                if int(output) != times * size:
                    raise Failed(f"decoded {output.strip()} of {times * size} bytes")
                return [cpu_seconds(usage) * 1e9 / (times * size)]

            return Peer(name, measure, str(build / program), target)

        Table(f"content: {times * size / MIB:,.0f} MiB of text out of gzip: CPU",
              ["ns/byte"], [peer(*row) for row in PROGRAMS], settings.rounds or 10).run()
        instructions(build, path, size)


def instructions(build, path, size):
    def row(name, program, _):
        def run(valgrind, times):
            command = [*valgrind, build / program, path, times // FEWER]
            subprocess.run([str(word) for word in command], check=True,
                           stdout=subprocess.DEVNULL)

        return name, build / program, run

    instruction_table(f"content, instructions: {FEWER}th parts of {size:,} bytes",
                      "instructions", [row(*program) for program in PROGRAMS], 1)
