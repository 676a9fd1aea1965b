"""The stubs of the extension say what it holds."""

import subprocess
import sys

import pytest

from cambist import engine


def test_stubtest_finds_nothing():
    if not engine.build_info().native:
        pytest.skip("the Rust engine is not built")
    command = [sys.executable, "-m", "mypy.stubtest", "cambist.engine._native", "--ignore-missing-stub"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
