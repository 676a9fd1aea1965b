"""Where the recordings and vectors beside the project are, if they are."""

from pathlib import Path
from typing import NoReturn

import pytest

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
WANTING = "shared/data is not beside this checkout: "
"""What the reason of every such skip begins with."""


def shared_data(*parts: str) -> Path:
    """Returns a path under shared/data, or skips the test by the name of what it lacks.

    Where the folder is there, what is missing in it fails the test.
    """
    path = DATA.joinpath(*parts)
    if not path.exists():
        _missing("/".join(parts))
    return path


def _missing(name: str) -> NoReturn:
    if DATA.is_dir():
        pytest.fail(f"shared/data is beside this checkout, but has no {name}")
    pytest.skip(WANTING + name)
