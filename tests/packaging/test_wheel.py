import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
def test_the_wheel_holds_the_five_rooms_and_nothing_else(tmp_path: Path) -> None:
    maturin = Path(sys.executable).with_name("maturin")
    if not maturin.exists() or shutil.which("cargo") is None:
        pytest.skip("maturin or cargo is not installed")
    subprocess.run([maturin, "build", "--release", "--locked", "-q", "--out", tmp_path], check=True, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    rooms = {"cambist", "tui", "feeds", "storage", "themes"}
    assert {top for top in tops if not top.endswith(".dist-info")} == rooms
    assert any(name.startswith("cambist/engine/_native") and name.endswith(".so") for name in names)
    assert "cambist/engine/_native.pyi" in names
    assert "storage/session.sql" in names
    assert any(name.endswith(".tcss") for name in names)
    assert not [name for name in names if "test" in name.partition("/")[0]]
