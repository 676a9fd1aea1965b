"""What the engine can be set to: each key's default, unit, range and meaning stand here and nowhere else.

The tables `[search]`, `[gates]` and `[bidding]` of the config are these types, and so are those of an engine's setup:
what an operator writes is what both engines are given. Rust is handed every key and knows no default of its own.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

MILLION = 1_000_000
BILLION = 1_000_000_000


def _meta(unit: str, low: int, high: int, meaning: str) -> Meta:
    return Meta(ge=low, le=high, description=meaning, extra={"unit": unit})


def _yes_no(meaning: str) -> Meta:
    return Meta(description=meaning)


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far to look for cycles. A budget is counted in edges expanded, never in time."""

    max_hops: Annotated[int, _meta("legs", 2, 5, "longest cycle that is looked for")] = 4
    keep: Annotated[
        int, _meta("cycles", 0, 256, "cycles that are sized exactly when a pool of theirs moves: those that earn most")
    ] = 6
    budget_edges: Annotated[int, _meta("edges", 0, BILLION, "edges that one search may expand")] = 20_000
    margin_ppm: Annotated[
        int, _meta("ppm", 0, MILLION, "cycles that lose up to this much at the margin are proposed too, as near misses")
    ] = 300
    linger_slots: Annotated[int, _meta("slots", 0, BILLION, "how long a cycle stands that pays no more")] = 25
    linger_ms: Annotated[int, _meta("ms", 0, BILLION, "the same for a cycle without a pool")] = 10_000


class GateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an opportunity must pass. A gate whose input is unknown fails."""

    min_net_ppm: Annotated[int, _meta("ppm of the input", -BILLION, BILLION, "least that is left after every cost")] = (
        500
    )
    min_seen_slots: Annotated[int, _meta("slots", 0, BILLION, "slots that a cycle must have paid for")] = 2
    max_gap_slots: Annotated[
        int,
        _meta("slots", 0, BILLION, "a cycle that pays again after so many slots without goes on counting; 0: anew"),
    ] = 0
    max_book_age_ms: Annotated[int, _meta("ms", 0, BILLION, "oldest that a book may be")] = 2_000
    max_slot_lag: Annotated[int, _meta("slots", 0, BILLION, "most that a pool may trail the newest slot")] = 2
    max_slot_silence_ms: Annotated[int, _meta("ms", 0, BILLION, "longest without a slot that pools stay current")] = (
        5_000
    )
    max_unconfirmed_ppm: Annotated[
        int,
        _meta("ppm of the input", 0, BILLION, "gross above which two nodes must tell each account of a cycle alike"),
    ] = 20_000
    min_landing_ppm: Annotated[int, _meta("ppm", 0, MILLION, "least chance to land")] = 100_000
    max_fee_ppm_of_gross: Annotated[
        int, _meta("ppm of the gross", 0, MILLION, "most that priority fee and tip may eat")
    ] = 500_000
    max_tip_ppm_of_profit: Annotated[int, _meta("ppm of the profit", 0, MILLION, "most that the tip may eat")] = 500_000
    flash_loan: Annotated[bool, _yes_no("whether the input of a trade in one transaction is borrowed for it")] = False
    flash_loan_ppm: (
        Annotated[
            int,
            _meta("ppm of the amount", 0, MILLION, "fee of such a loan; none is unknown: no go where one is asked for"),
        ]
        | None
    ) = None
    rebalancing_ppm: (
        Annotated[
            int,
            _meta(
                "ppm of the input",
                0,
                MILLION,
                "cost of moving inventory back after a legged trade, where [[transfers]] don't say it; none: no go",
            ),
        ]
        | None
    ) = None
    trades_per_transfer: Annotated[
        int, _meta("trades", 1, MILLION, "trades that share a transfer's flat fee and its least amount")
    ] = 1


class Gates(GateSettings, frozen=True, forbid_unknown_fields=True):
    """The gates as an engine is given them: with the caps of `[risk]`, by mint."""

    caps: dict[str, int] = {}
    """Mint of a base token → most atoms one trade may put in. A base token without a cap is never traded."""


class Bidding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a trade's chain cost is priced."""

    percentile: Annotated[int, _meta("percentile", 0, 100, "priority fees paid lately that a bid is not below")] = 75
    floor_micro_lamports: Annotated[
        int, _meta("micro-lamports per CU", 0, BILLION, "bid when samples exist and the percentile is lower")
    ] = 1_000
    tip_ppm_of_gross: Annotated[int, _meta("ppm of the gross", 0, MILLION, "tip of a trade")] = 50_000
    min_tip_lamports: Annotated[int, _meta("lamports", 0, BILLION, "least tip")] = 1_000
    signatures: Annotated[int, _meta("signatures", 1, 12, "signatures that a trade pays for")] = 1
    window_slots: Annotated[int, _meta("slots", 1, 100_000, "how far back fees are looked at")] = 150
    tip_percentile: Annotated[
        int,
        _meta(
            "percentile",
            0,
            100,
            "tips that landed which a tip is not below, where a source gives them; 0: any",
        ),
    ] = 50
    wanted_landing_ppm: Annotated[
        int, _meta("ppm", 0, MILLION, "bid a higher percentile once orders land more seldom than this; 0: never")
    ] = 0
    token_accounts: Annotated[
        tuple[str, ...] | None,
        Meta(description="mints that the wallet has an account of; the rent of any other is a cost; none: all"),
    ] = None
    rent_recoverable: Annotated[
        bool, _yes_no("whether a trade closes the accounts it made, which gives their rent back: then it is no cost")
    ] = False


TABLES: dict[str, type[msgspec.Struct]] = {"search": Search, "gates": GateSettings, "bidding": Bidding}
"""The config's tables that an engine is given as they are."""
OLD_NAMES = {
    "bid_percentile": ("bidding", "percentile"),
    "bid_floor_micro_lamports": ("bidding", "floor_micro_lamports"),
}
"""Keys of the old `[rules]` table that had another name there."""


def place_of(key: str) -> tuple[str, str] | None:
    """Returns (table, key) of a key of the old `[rules]` table; `None` for one that never was.

    >>> place_of("bid_percentile"), place_of("keep"), place_of("colour")
    (('bidding', 'percentile'), ('search', 'keep'), None)
    """
    if key in OLD_NAMES:
        return OLD_NAMES[key]
    return next(((name, key) for name, table in TABLES.items() if key in table.__struct_fields__), None)


ENGINE: dict[str, type[msgspec.Struct]] = {"search": Search, "gates": Gates, "bidding": Bidding}
"""The same tables as an engine's setup has them."""
EARLIER_DEFAULTS: dict[str, dict[str, Any]] = {}
"""Table → key → what a setup meant that was recorded without the key, where today's default is another."""


def complete(setup: dict[str, Any]) -> dict[str, Any]:
    """Returns an engine's setup of an older session with every setting in it, as it was meant then.

    >>> complete({"search": {"keep": 9}})["search"]
    {'max_hops': 4, 'keep': 9, 'budget_edges': 20000, 'margin_ppm': 300}
    """
    made = dict(setup)
    for name, shape in ENGINE.items():
        if isinstance(table := setup.get(name, {}), dict):
            made[name] = msgspec.to_builtins(shape()) | EARLIER_DEFAULTS.get(name, {}) | table
    return made
