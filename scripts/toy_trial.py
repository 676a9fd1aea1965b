"""Tries the toys: what each touches in a copy of the tree, whether it builds there, and whether it works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import toys
from cost_of_change import ROOT, SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TIMEOUT_S = 3_600
TABLES = ("tests/engine/test_rooms.py", "tests/simulator/test_rooms.py", "tests/packaging/test_contributing.py")


class Toy(NamedTuple):
    """How a toy is made, what its rooms are called, and what tries it."""

    make: Callable[[toys.Tree], None]
    rooms: str
    """Pattern of the paths that are its own."""
    tests: tuple[str, ...]
    """Tests that walk the tables it stands in."""
    check: str
    """Python that runs in the copy; an assertion that fails ends it."""


TOYS = {
    "pool": Toy(
        toys.pool,
        r"/toyswap(/|\.|$)",
        TABLES,
        "from cambist.engine.reference import venues\n"
        "from cambist.market.discovery.venues import VENUES\n"
        "from cambist.simulator.venues import VENUE_OF\n"
        "assert venues.named('toyswap').curve and 'toyswap' in VENUES and 'toyswap' in VENUE_OF",
    ),
    "exchange": Toy(
        toys.exchange,
        r"/toyex(/|\.|$)",
        TABLES,
        "from cambist.engine.reference.exchanges import decode_venue\n"
        "from cambist.simulator.exchanges import SIMULATED_OF\n"
        'said = b\'{"success":true,"ret_msg":"pong","conn_id":"x","op":"ping"}\'\n'
        "assert decode_venue('toyex.spot.ws', '', said) and 'toyex' in SIMULATED_OF",
    ),
    "setting": Toy(
        toys.setting,
        r"$^",
        ("tests/cambist/config",),
        "from cambist.config.settings import complete\nassert complete({})['gates']['toy_slot_ms'] == 0",
    ),
    "price": Toy(
        toys.price,
        r"$^",
        ("tests/tui/test_formats.py",),
        "from cambist.view import PriceRow\nassert 'toy_closes' in PriceRow.__struct_fields__",
    ),
    "panel": Toy(
        toys.panel,
        r"/(panels|view)/toy\.",
        ("tests/tui/test_palette.py",),
        "from cambist.view import View\n"
        "from tui.panels import PANELS\n"
        "assert set(PANELS) <= set(View.__struct_fields__)",
    ),
    "command": Toy(
        toys.command,
        r"$^",
        ("tests/cambist/runtime/test_hub.py", "tests/cambist/model/test_commands.py"),
        "from typing import get_args\nfrom cambist.model.commands import Command, Toy\nassert Toy in get_args(Command)",
    ),
}
NATIVE = {"pool", "exchange", "setting", "price"}
"""Toys with a part in Rust."""
SECONDS = 6
"""How long the copy's market runs in the end, for its other engine to decide the same again."""


def try_toys(names: list[str], target: Path | None, *, keep: bool) -> int:
    """Makes toys one after the other in one copy, then builds and tests them; returns the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="cambist-toy-"))
    try:
        return _try(names, folder, target or folder / "target")
    finally:
        if keep:
            print(f"the copy stays in {folder}")
        else:
            shutil.rmtree(folder)


def _try(names: list[str], folder: Path, target: Path) -> int:
    root = folder / "tree"
    over = made(root, names)
    if NATIVE & set(names) and not _build(root, target):
        return 1
    outcomes = [_works(root, name) for name in names]
    return int(over or not all(outcomes) or not _runs(root, folder, names))


def made(root: Path, names: Iterable[str]) -> bool:
    """Writes toys into a copy of the tree and prints what they touch; returns whether that is more than it may be."""
    _copy(root)
    over = False
    for name in names:
        before = _texts(root)
        TOYS[name].make(toys.Tree(root))
        changed = sorted(path for path, text in _texts(root).items() if before.get(path) != text)
        outside = [path for path in changed if not re.search(TOYS[name].rooms, f"/{path}")]
        goal = SUBJECTS[name].goal
        over |= len(outside) > goal
        print(f"{name}: {len(changed) - len(outside)} in rooms of its own, {len(outside)} outside, goal {goal}")
        print("".join(f"  {path}\n" for path in outside), end="", flush=True)
    return over


def _copy(root: Path) -> None:
    command = ("git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard")
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    for path in [*listed, *(str(built.relative_to(ROOT)) for built in ROOT.glob("cambist/engine/_native*.so"))]:
        if (ROOT / path).is_file():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, root / path)


def _texts(root: Path) -> dict[str, str]:
    skipped = {"corpus", "screenshots", "tests", "__pycache__"}
    found = (path for path in root.rglob("*") if path.is_file() and not skipped & set(path.parts))
    return {str(path.relative_to(root)): path.read_text(errors="replace") for path in found}


def _build(root: Path, target: Path) -> bool:
    """Builds the copy's extension, unoptimised; returns whether it could. Without cargo the reference is tried."""
    if shutil.which("cargo") is None:
        print("cargo is not installed: the toys are tried in the reference engine only")
        for built in root.glob("cambist/engine/_native*.so"):
            built.unlink()
        return True
    command = ["cargo", "build", "-q", "--locked", "--manifest-path", "engine_rs/Cargo.toml", "-p", "cambist-native"]
    settings = {"CARGO_TARGET_DIR": str(target), "PYO3_PYTHON": sys.executable, "PYO3_BUILD_EXTENSION_MODULE": "1"}
    done = subprocess.run(command, cwd=root, env=os.environ | settings, check=False, timeout=TIMEOUT_S)
    if done.returncode:
        print("the extension does not build")
        return False
    (library,) = (target / "debug").glob("lib*native*.so")
    shutil.copy2(library, root / "cambist/engine/_native.abi3.so")
    return True


def _works(root: Path, name: str) -> bool:
    """Returns whether a toy's check and tests pass; prints what did not."""
    toy = TOYS[name]
    check = [sys.executable, "-P", "-c", f"import sys\nsys.path.insert(0, '.')\n{toy.check}"]
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *toy.tests]
    return _passes(root, f"{name}: its check", check) and _passes(root, f"{name}: its tests", tests)


def _runs(root: Path, folder: Path, names: list[str]) -> bool:
    """Returns whether the copy's market runs with the toys in it, and is decided alike by the other engine."""
    served = '"binance", "toyex"' if "exchange" in names else '"binance"'
    gates = "toy_slot_ms = 5\n" if "setting" in names else ""
    config = folder / "toy.toml"
    config.write_text(
        f'[market]\nexchanges = [{served}]\n[recording]\nfolder = "{folder / "sessions"}"\n[gates]\n{gates}'
    )
    cambist = [sys.executable, "-m", "cambist"]
    run = [*cambist, "run", "--headless", "--for", str(SECONDS), "--json", "--config", str(config)]
    if not _passes(root, "all: a session", run):
        return False
    (session,) = (folder / "sessions").glob("*.cambist")
    replay = [*cambist, "replay", str(session), "--engine", "reference", "--speed", "max", "--headless", "--json"]
    return _passes(root, "all: the same decisions by the reference", replay)


def _passes(root: Path, title: str, command: list[str]) -> bool:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    print(f"{title}: {'sound' if done.returncode == 0 else 'does not work'}", flush=True)
    if done.returncode:
        print((done.stdout + done.stderr)[-4_000:])
    return done.returncode == 0
