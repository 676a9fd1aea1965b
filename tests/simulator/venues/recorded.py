"""Recorded accounts, and what every layout has to hold."""

import base64
import json

from cambist.engine.reference.venues.quote import ChainTime
from cambist.simulator.layout import Layout
from tests import svm_vectors
from tests.shared import shared_data

KEY = bytes(range(32))
NOW = ChainTime(slot=400_000_000, unix_timestamp=1_760_000_000, epoch=925)


def fixture(*parts: str) -> bytes:
    account = json.loads(shared_data("sol_accounts", *parts).read_text())
    return base64.b64decode(account["data"]) if isinstance(account["data"], str) else bytes(account["data"])


def accounts_of(name: str, role: str) -> list[bytes]:
    """Returns the recorded accounts of a role that exist."""
    pools = svm_vectors.load(name)["pools"].values()
    found = [account for pool in pools for account in pool["accounts"].values() if account["role"] == role]
    return [svm_vectors.account_bytes(account) for account in found if account.get("kind") != "uninitialized"]


def example(name: str, field: str) -> bytes:
    return base64.b64decode(svm_vectors.load(name)[field])


def covers(layout: Layout, size: int) -> bool:
    """Returns whether every byte of an account of `size` belongs to a field."""
    noise = layout.discriminator + bytes((7 * i + 1) % 251 for i in range(layout.size - len(layout.discriminator)))
    return layout.size == size and all(
        layout.encode(**layout.decode(data)) == data for data in (noise, noise + b"more")
    )


def round_trips(layout: Layout, recorded: list[bytes]) -> bool:
    """Returns whether all the recorded accounts come back byte for byte; there must be some."""
    return bool(recorded) and all(layout.encode(**layout.decode(data)) == data for data in recorded)
