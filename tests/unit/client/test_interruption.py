"""Interruptions of a process of its own, as signals are."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys, threading
from digits_client.interruption import interruptible

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background
ended = threading.Event()

def cancel():
    print("cancelled", flush=True)
    if {heeds}:
        ended.set()

class Swallows:
    def __del__(self):  # what an exception in here would be lost
        print("ready", flush=True)
        while not ended.wait(0.1):
            pass

with interruptible(cancel):
    Swallows()
    {inside}
print("done")
"""


@pytest.fixture
def start():
    """Start the program: `start(inside="...")`; it is gone when the test is over."""
    started = []

    def start(
        inside: str = "raise OSError('no answer')", *, heeds: bool = True
    ) -> subprocess.Popen[str]:
        program = [sys.executable, "-c", PROGRAM.format(inside=inside, heeds=heeds)]
        process = subprocess.Popen(
            program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("inside", ["raise OSError('no answer')", "pass"])
def test_a_signal_cancels_even_where_exceptions_are_lost(start, number, code, inside):
    """The block ends by what it waited for, quietly, and the exit code tells the signal."""
    process = start(inside)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)

    assert (stdout, stderr) == ("cancelled\n", "")
    assert process.returncode == code


def test_a_second_signal_ends_the_process(start):
    """Whatever the first one has come to."""
    process = start(heeds=False)
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "cancelled\n"
    process.send_signal(signal.SIGINT)

    assert process.wait(20) == -signal.SIGINT


def test_without_a_signal_nothing_changes():
    """An error of the block's own is raised, and the handlers are as before."""
    program = """
import signal
from digits_client.interruption import interruptible

before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
try:
    with interruptible(lambda: print("cancelled")):
        raise OSError("no answer")
except OSError as error:
    print(error, before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("no answer True\n", "")


def test_an_ignored_signal_stays_ignored():
    """A run in a shell's background does not hear the Ctrl-C that is meant for another."""
    program = """
import os, signal
from digits_client.interruption import interruptible

signal.signal(signal.SIGINT, signal.SIG_IGN)
with interruptible(lambda: print("cancelled")):
    os.kill(os.getpid(), signal.SIGINT)
print("done")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "done\n")
