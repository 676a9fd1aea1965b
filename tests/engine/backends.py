"""Both engines, for tests that hold each against the same oracle."""

import importlib

import pytest


def both(reference: str):
    """Returns test parameters: the reference module of this name, and the extension or why it is skipped."""
    module = importlib.import_module(f"cambist.engine.reference.{reference}")
    try:
        native = importlib.import_module("cambist.engine._native")
    except ImportError:
        why = pytest.mark.skip(reason="the Rust engine is not built")
        return [pytest.param(module, id="reference"), pytest.param(None, id="native", marks=why)]
    return [pytest.param(module, id="reference"), pytest.param(native, id="native")]
