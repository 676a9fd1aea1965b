"""What threads free goes back to the system: the heap keeps no holes of what was large."""

import ctypes
import subprocess
import sys

import pytest

from cambist import child, heap

MIB = 1 << 20
WORK = """
import sys, threading
from pathlib import Path
from cambist import heap

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def work():
    large = []
    for _ in range(50):
        large.append(bytearray(heap.LARGE))
        small.append(bytearray(700))

settled, small = sys.argv[1] == "1" and heap.settle(), []
threads = [threading.Thread(target=work) for _ in range(8)]
before = resident()
for thread in threads:
    thread.start()
    thread.join()
print(int(settled), resident() - before)
"""
"""Holds 12.5 MiB at a time in each of eight threads, all of it freed but 280 kB between."""


def grown(*, settled: bool) -> tuple[bool, int]:
    """Returns whether the heap took its settings, and how many bytes more it held after the work than before."""
    command = [sys.executable, "-c", WORK, str(int(settled))]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env=child.environment())
    took, more = done.stdout.split()
    return took == "1", int(more)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the system's heap has no such settings")
def test_what_was_large_is_given_back_whichever_thread_freed_it() -> None:
    assert grown(settled=False)[1] > 8 * MIB, "nothing to bound: one thread's large pieces at least are kept"
    took, more = grown(settled=True)
    assert took
    assert more < 4 * MIB


def test_a_heap_without_these_settings_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert heap.settle() is False
