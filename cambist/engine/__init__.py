"""The engine, made by name: native (Rust) where it is built, else the pure-Python reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cambist.engine.protocol import Engine, EngineSetup


class BuildInfo(NamedTuple):
    """What engine this installation has."""

    native: bool
    profile: str
    """`release` or `debug`; empty without the native engine."""
    why: str
    """Why there is no native engine, if so."""


def build_info() -> BuildInfo:
    """Returns whether the native engine can be used, how it was built, or why it is absent."""
    try:
        from cambist.engine import native
    except ImportError as error:
        return BuildInfo(False, "", str(error))
    return BuildInfo(True, native.BUILD_PROFILE, "")


def make_engine(name: str, setup: EngineSetup) -> Engine:
    """Returns a new engine: `native`, `reference`, or `auto` for the first that there is.

    Raises `ImportError` if the native one is asked for and absent, `ValueError` for another name.
    """
    if name == "auto":
        name = "native" if build_info().native else "reference"
    if name == "native":
        from cambist.engine.native import NativeEngine

        return NativeEngine(setup)
    if name == "reference":
        from cambist.engine.reference.engine import ReferenceEngine

        return ReferenceEngine(setup)
    message = f"engine was {name!r}, expected 'native', 'reference' or 'auto'"
    raise ValueError(message)
