"""What holds for every test."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from hypothesis import settings

from tests.virtual_time import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

# A crowded machine is no reason to fail; Hypothesis's own profile for CI says so too.
settings.register_profile("desk", deadline=None)
if "CI" not in os.environ:
    settings.load_profile("desk")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Returns the loop a test runs on: waiting takes no time where it is marked `virtual_time`."""
    virtual = item.get_closest_marker("virtual_time")
    return {"loop": VirtualLoop if virtual is not None and all(virtual.args) else asyncio.new_event_loop}
