"""Which engine computes a library call: Rust where it is built, else its twin."""

from __future__ import annotations

try:
    from cambist.engine import _native
except ImportError as error:
    WHY_NOT = str(error)
    """Why there is no native engine, empty if there is one."""
else:
    WHY_NOT = ""
    del _native


def is_native(backend: str) -> bool:
    """Returns whether Rust computes for `native`, `reference`, or `auto`, which is the first that there is.

    Raises `ImportError` if the native one is asked for and absent, `ValueError` for another name.
    """
    if backend not in ("auto", "native", "reference"):
        message = f"backend was {backend!r}, expected 'native', 'reference' or 'auto'"
        raise ValueError(message)
    if backend == "native" and WHY_NOT:
        raise ImportError(WHY_NOT)
    return backend != "reference" and not WHY_NOT
