import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
def test_the_wheel_holds_the_five_rooms_and_nothing_else(tmp_path: Path) -> None:
    maturin = Path(sys.executable).with_name("maturin")
    if not maturin.exists() or shutil.which("cargo") is None:
        pytest.skip("maturin or cargo is not installed")
    # Of the profile that the engine here is of: built anew for another one it takes minutes.
    profile = os.environ.get("PROFILE", "release")
    command = [maturin, "build", "--profile", profile, "--locked", "-q", "--out", tmp_path]
    subprocess.run(command, check=True, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    rooms = {"cambist", "tui", "feeds", "storage", "themes"}
    assert {top for top in tops if not top.endswith(".dist-info")} == rooms
    assert any(name.startswith("cambist/engine/_native") and name.endswith(".so") for name in names)
    assert "cambist/engine/_native.pyi" in names
    assert "storage/session.sql" in names
    assert {f"{room}/py.typed" for room in rooms} <= set(names)
    assert any(name.endswith(".tcss") for name in names)
    assert not [name for name in names if "test" in name.partition("/")[0]]


def test_the_metadata_is_complete() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {"description", "readme", "license", "license-files", "authors", "keywords", "classifiers"}
    assert wanted <= set(project)
    assert [author for author in project["authors"] if "email" in author] == []
    assert all((ROOT / name).is_file() for name in (project["readme"], *project["license-files"]))
    assert "Typing :: Typed" in project["classifiers"]
    assert not [each for each in project["classifiers"] if each.startswith("License ::")]
    wheel = {"cambist", "tui", "feeds", "storage", "themes"}
    assert {path.parent.name for path in ROOT.glob("*/py.typed")} == wheel


@pytest.mark.timeout(120)
def test_the_source_distribution_holds_every_crate(tmp_path: Path) -> None:
    maturin = Path(sys.executable).with_name("maturin")
    if not maturin.exists() or shutil.which("cargo") is None:
        pytest.skip("maturin or cargo is not installed")
    subprocess.run([maturin, "sdist", "--out", tmp_path], check=True, cwd=ROOT, capture_output=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    crates = {f"engine_rs/{crate}Cargo.toml" for crate in ("", "core/", "fast/", "transport/")}
    assert crates | {"engine_rs/Cargo.lock", "engine_rs/fast/src/machine.rs", "cambist/engine/_native.pyi"} <= names
