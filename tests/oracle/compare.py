"""Does weir's reader do what asyncio's does?

    compare.py REPLAY [SEED]

Makes random scripts of what happens to a reader (bytes come, the end, a reset) and
of what is asked of it (line, read:5, exact:5, until:x, all:5), runs them against
CPython's asyncio.StreamReader and, through the program REPLAY, against weir's, and
compares the results, except for what is different on purpose (weir/reader.h):

  - what came before a reset is delivered before the error;
  - a call that fails on a limit, at the end of the data, or is cancelled, keeps what
    there was; asyncio's reader gets it back here before it goes on;
  - the end before the first byte is no failure.

SPDX-License-Identifier: MIT
"""

import asyncio
import random
import subprocess
import sys
import time

SCRIPTS = 400
STEPS = 40
ALPHABET = b"ab-\n\r"
SEPARATORS = ["a", "ab", "-", "--", "a-b", "b-", "bab"]
ALL = 1000000
LONG = 2000  # bytes: then their number and a checksum will do
HAS_TUPLES = sys.version_info >= (3, 13)


class Transport:
    """What StreamReader pauses and resumes."""

    def __init__(self):
        self.paused = False

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False


class Model:
    """asyncio's reader, and the differences."""

    def __init__(self, loop, limit):
        self.loop = loop
        self.limit = limit
        self.transport = Transport()
        self.reader = asyncio.StreamReader(limit=limit, loop=loop)
        self.reader.set_transport(self.transport)
        self.left = b""  # what has come and was not handed out
        self.held = False  # whether the peer is to be held back
        self.reset = False
        self.ended = False
        self.task = None
        self.call = None

    def feed(self, data):
        self.left += data
        self.held = self.held or len(self.left) > 2 * self.limit
        self.reader.feed_data(data)

    def end(self, reset):
        self.ended = True
        self.reset = reset
        self.reader.feed_eof()

    def start(self, call):
        verb, _, argument = call.partition(":")
        calls = {
            "line": lambda: self.reader.readline(),
            "read": lambda: self.reader.read(int(argument)),
            "exact": lambda: self.reader.readexactly(int(argument)),
            "until": lambda: self.reader.readuntil(argument.encode()),
            "any": lambda: self.reader.readuntil(
                tuple(s.encode() for s in argument.split("|"))
            ),
            "all": lambda: self.reader.read(-1),
        }
        self.call = call
        self.task = self.loop.create_task(calls[verb]())

    def result(self):
        """Of the call, or None while it waits."""
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.run_until_complete(asyncio.sleep(0))
        if not self.task.done():
            self.held = False
            return None
        task, self.task = self.task, None
        try:
            text = self.succeeded(task.result())
        except asyncio.CancelledError:
            text = self.keep("cancelled")
        except asyncio.IncompleteReadError as error:
            text = self.keep(self.cut_off(error.partial, "incomplete"))
        except asyncio.LimitOverrunError as error:
            text = self.keep(f"too_big@{error.consumed}")
        except ValueError:  # readline, which does not say how much
            text = self.keep("too_big@*")
        return text

    def succeeded(self, data):
        """Bytes; none at all is the end, or that none were asked for."""
        nothing_asked = self.call in ("read:0", "exact:0")
        at_end = self.ended and len(data) == len(self.left)
        if self.reset and at_end and not nothing_asked:
            verb = self.call.partition(":")[0]
            if verb == "all" or not data or (verb == "line" and data[-1:] != b"\n"):
                return self.keep("connection")
        self.left = self.left[len(data) :]
        self.held = self.held and len(self.left) > self.limit
        return quoted(data) if data else "end"

    def cut_off(self, partial, failure):
        if self.reset:
            return "connection"
        return failure if partial else "end"

    def keep(self, text):
        """asyncio's reader gets back what it has dropped, and holds the peer back."""
        buffer = self.reader._buffer
        buffer.clear()
        buffer.extend(self.left)
        self.reader._paused = self.transport.paused = self.held
        return text

    def at_eof(self):
        return not self.reset and self.ended and not self.left


def quoted(data):
    if len(data) > LONG:
        checksum = 0
        for byte in data:
            checksum = (checksum * 31 + byte) % 2**32
        return f"{len(data)} bytes {checksum:08x}"
    text = '"'
    for byte in data:
        if byte == 10:
            text += "\\n"
        elif 32 < byte < 127 and byte not in b'"\\':
            text += chr(byte)
        else:
            text += f"\\x{byte:02x}"
    return text + '"'


def random_call(rng, limit):
    kind = rng.random()
    size = rng.choice([0, 1, 2, 5, limit, 2 * limit, rng.randrange(3 * limit)])
    if kind < 0.3:
        return "line"
    if kind < 0.5:
        return f"read:{size}"
    if kind < 0.65:
        return f"exact:{size}"
    if kind < 0.68:
        return f"all:{ALL}"
    if kind < 0.8 and HAS_TUPLES:
        return "any:" + "|".join(rng.sample(SEPARATORS, rng.randrange(1, 4)))
    return "until:" + rng.choice(SEPARATORS)


def random_bytes(rng, model):
    """So many that neither reader stops in the middle of them, and that come to who
    waits in one piece."""
    room = 2 * model.limit - len(model.left)
    most = max(room, 1) if model.limit > 512 and not model.task else 512
    size = rng.choice([1, 2, 3, 10, rng.randrange(1, most + 1)])
    letters = rng.choice([ALPHABET, b"ab", b"-", b"ab" * 20 + b"\n"])
    return bytes(rng.choices(letters, k=min(size, most)))


def step(rng, model):
    """One line of the script, and its result if it has one."""
    kind = rng.random()
    if model.task is None and kind < 0.5:
        call = random_call(rng, model.limit)
        model.start(call)
        return f"call {call}", model.result()
    if model.task is not None and kind < 0.1:
        model.task.cancel()
        return "cancel", model.result()
    if not model.ended and kind > 0.97:
        reset = rng.random() < 0.5
        model.end(reset)
        return "reset" if reset else "end", model.task and model.result()
    if not model.ended and not model.transport.paused:
        data = random_bytes(rng, model)
        model.feed(data)
        return "feed " + data.hex(), model.task and model.result()
    if not model.transport.paused and model.task is None:
        return "at_eof", "yes" if model.at_eof() else "no"
    return None, None


def make_script(rng, loop):
    limit = rng.choice([1, 4, 16, 100, 1000, 65536])
    model = Model(loop, limit)
    lines, results = [f"new {limit}"], []
    for _ in range(STEPS):
        line, result = step(rng, model)
        if line:
            lines.append(line)
        if result is not None:
            results.append(result)
    if model.task:
        model.task.cancel()
        lines.append("cancel")
        results.append(model.result())
    return lines, results


def is_same(got, wanted):
    if wanted == "too_big@*":
        return got.startswith("too_big@")
    return got == wanted


def report(seed, script, got):
    lines, wanted = script
    print(f"seed {seed}: weir's reader differs from asyncio's\n")
    print("\n".join("    " + line for line in lines))
    for i, result in enumerate(wanted):
        mine = got[i] if i < len(got) else "nothing"
        mark = "  " if is_same(mine, result) else "! "
        print(f"{mark}asyncio {result}\n{mark}weir    {mine}")


def main():
    replay = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 1000000
    rng = random.Random(seed)
    loop = asyncio.new_event_loop()
    scripts = [make_script(rng, loop) for _ in range(SCRIPTS)]
    loop.close()
    text = "\n".join("\n".join(lines) for lines, _ in scripts) + "\n"
    run = subprocess.run(
        [replay], input=text, capture_output=True, text=True, check=False, timeout=300
    )
    sys.stderr.write(run.stderr)
    if run.returncode != 0:
        sys.exit(f"seed {seed}: {replay} ended with {run.returncode}")
    answers = [part.split("\n")[:-1] for part in run.stdout.split("new\n")[1:]]
    for script, got in zip(scripts, answers):
        same = len(got) == len(script[1]) and all(map(is_same, got, script[1]))
        if not same:
            report(seed, script, got)
            sys.exit(1)
    calls = sum(len(results) for _, results in scripts)
    print(f"{len(scripts)} scripts, {calls} results, seed {seed}")


main()
