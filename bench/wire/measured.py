"""Processes under measurement: where they run, when they are ready, what they cost.

The measured process and what loads it share one processor. Every wake-up is then a
task switch; between processors it is an interrupt, which in a virtual machine costs
three times the round trip it belongs to and hides what is to be seen.

SPDX-License-Identifier: MIT"""
import contextlib
import os
import socket
import subprocess
import threading
import time

PROCESSOR = max(os.sched_getaffinity(0))
LONGEST_RUN_S = 300


class Failed(Exception):
    """A program of the bench did not do what it should."""


def start(argv, idle=False, **options):
    """Starts a program on the processor; `idle` makes it run only while no other
    process of the bench can."""
    def settle():
        os.sched_setaffinity(0, {PROCESSOR})
        if idle:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

    return subprocess.Popen([str(word) for word in argv], preexec_fn=settle, **options)


def stop(process):
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def with_port(argv, port):
    return [port if word == "PORT" else word for word in argv]


def wait_until_listening(process, port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise Failed(f"{process.args[0]} does not listen on port {port}")


@contextlib.contextmanager
def serving(argv, port=None):
    """A server on a free port, which is put in for PORT; gives it and its port."""
    port = port or free_port()
    process = start(with_port(argv, port), stdout=subprocess.DEVNULL)
    try:
        wait_until_listening(process, port)
        yield process, port
    finally:
        stop(process)


def load(argv):
    """Runs a load generator and gives what it prints, a number."""
    process = start(argv, stdout=subprocess.PIPE, text=True)
    try:
        output, _ = process.communicate(timeout=LONGEST_RUN_S)
    finally:
        process.kill()
    if process.returncode != 0:
        raise Failed(f"{argv[0]} ended with {process.returncode}")
    return float(output)


def cost(argv):
    """Runs a program to its end; gives its resource usage and what it prints."""
    process = start(argv, stdout=subprocess.PIPE, text=True)
    watchdog = threading.Timer(LONGEST_RUN_S, process.kill)
    watchdog.start()
    output = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    watchdog.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"{argv[0]} ended with {process.returncode}")
    return usage, output


def cpu_seconds(usage):
    return usage.ru_utime + usage.ru_stime
