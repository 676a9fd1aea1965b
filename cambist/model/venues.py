"""The venues on chain: their programs, and how far what is said of them is proved."""

from __future__ import annotations

from typing import Literal

import msgspec

Proof = Literal["program", "fixture", "formula"]
"""By results recorded from the program itself, by recorded accounts alone, or by its published formula only."""


class ChainVenue(msgspec.Struct, frozen=True):
    """A kind of pool or book on chain."""

    name: str
    title: str
    programs: tuple[str, ...]
    proof: Proof
    note: str = ""
    """What of it is proved less far, or not used."""
    units: str = ""
    """Where the compute units come from that a swap asks for."""
    forms: tuple[tuple[str, Proof], ...] = ()
    """Where it is not the same for all its pools: a form of the quote, and how far that is proved."""
    colour: str = ""
    """The role of themes that it is shown in: its own, or that of another venue of the same house; empty for none."""
    rank: int = 0
    """Of the venues that a price is shown of, the lowest comes first."""


_RECORDED = "recorded from the program"
POOL_VENUES: tuple[ChainVenue, ...] = (
    ChainVenue(
        "ray4",
        "Raydium AMM v4",
        ("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8",),
        "program",
        units=_RECORDED,
        colour="ray4",
        rank=-2,
    ),
    ChainVenue(
        "cpmm",
        "Raydium CPMM",
        ("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C",),
        "program",
        units=_RECORDED,
        colour="cpmm",
    ),
    ChainVenue(
        "orca",
        "Orca Whirlpool",
        ("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc", "iwhrLHdsgrvmnwU8GF2FSmyabSMjfHwFGJAX2ufJ3ZN"),
        "program",
        units=_RECORDED,
        colour="orca",
        rank=-1,
    ),
    ChainVenue(
        "damm2",
        "Meteora DAMM v2",
        ("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG",),
        "program",
        "exponential, rate-limited and by-price fees by formula only",
        _RECORDED,
        (
            ("fee flat, or falling by time in equal steps", "program"),
            ("fee falling by time exponentially", "formula"),
            ("fee by amount: the rate limiter", "formula"),
            ("fee by price (market cap), in equal steps", "formula"),
            ("fee by price (market cap), exponentially", "formula"),
        ),
        colour="dlmm",
    ),
    ChainVenue(
        "dlmm",
        "Meteora DLMM",
        ("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo",),
        "program",
        units=_RECORDED,
        colour="dlmm",
    ),
    ChainVenue("saber", "Saber", ("SSwpkEEcbUqx4vtoEByFjSkhKdCT862DNVb52nZg1UZ",), "program", units=_RECORDED),
    ChainVenue(
        "clmm",
        "Raydium CLMM",
        ("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK",),
        "program",
        units=_RECORDED,
        colour="cpmm",
    ),
    ChainVenue(
        "pump",
        "Pump AMM",
        ("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA",),
        "formula",
        units="published logs of landed swaps",
    ),
)
"""One row each. Its rooms in the search for pools and in the embedded market are found by its name; the latter opens
pools in this order."""
CHAIN_BOOKS = (
    ChainVenue(
        "serum",
        "Serum, OpenBook v1",
        ("9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin", "srmqPvymJeFKQ4zGQed1GFppgkRHL9kaELCbyksJtPX"),
        "fixture",
        "levels only, decoded by the library",
    ),
    ChainVenue(
        "openbook2",
        "OpenBook v2",
        ("opnb2LAfJYbRMAHHvqjCwQxanZn7ReEHp1k81EohpZb",),
        "formula",
        "levels only, decoded by the library",
    ),
    ChainVenue(
        "phoenix",
        "Phoenix",
        ("PhoeNiXZ8ByJGLkxNfZRnkUfjvmuYqLR89jjFHGqdXY",),
        "formula",
        "levels only, decoded by the library",
    ),
)
"""Decoded, not watched."""
POOL_VENUE_OF = {venue.name: venue for venue in POOL_VENUES}
VENUE_OF_PROGRAM = {program: venue.name for venue in POOL_VENUES for program in venue.programs}
UNPROVED_PROGRAMS = frozenset(
    program for venue in POOL_VENUES if venue.proof == "formula" for program in venue.programs
)
"""Watched and traded on paper; live orders over them are refused, as are those over a pool of a form by formula."""
