"""What a search asks and what it finds: plain data, kept as JSON in the cache."""

from __future__ import annotations

import msgspec

from cambist.market.discovery.mints import FoundToken

SCHEMA = 1


class Ask(msgspec.Struct, frozen=True):
    """What is looked for. Tokens are mints."""

    named: tuple[str, ...] = ()
    """Addresses that the configuration names; they are kept whatever they hold."""
    listed: tuple[str, ...] = ()
    """Addresses of a pool list."""
    tokens: tuple[str, ...] = ()
    """Any two of them make a pair to look for."""
    venues: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    """Base tokens by rank; liquidity is counted in the first one."""
    min_liquidity: float = 0.0
    """Whole units of the first base token."""
    max_pools: int = 60
    mints: tuple[str, ...] = ()
    """Further tokens whose mints are read."""
    origin: str = "config"
    """Where the named ones come from: `config`, or `demo` for those of the embedded market."""


class FoundPool(msgspec.Struct, frozen=True):
    """A pool and why it is watched, or not."""

    address: str
    program: str
    venue: str
    """Empty if its program is none that can be quoted."""
    origin: str
    """`config`, `list`, `discovery` or `demo`."""
    mints: tuple[str, str] | None = None
    held: tuple[int | None, int | None] = (None, None)
    """What the vaults hold, in atoms; `None` for one that could not be read."""
    liquidity: int | None = None
    """What of it is base tokens, in atoms of the first; `None` is unknown."""
    fee_ppm: float | None = None
    fee_note: str = ""
    state: str = ""
    """`usable`, or why not."""
    proof: str = ""
    """How its quote is proved: `program`, `fixture` or `formula`."""

    @property
    def usable(self) -> bool:
        """Whether it is watched."""
        return self.state == "usable"


class Found(msgspec.Struct, frozen=True):
    """What a search found, where and when."""

    asked: Ask
    node: str
    """Scheme and host of the node that was asked."""
    at_ns: int
    """Unix time."""
    slot: int
    pools: tuple[FoundPool, ...]
    tokens: tuple[FoundToken, ...]
    notes: tuple[str, ...] = ()
    """What was left out, and why."""
    calls: int = 0
    bytes_read: int = 0
    schema: int = SCHEMA
