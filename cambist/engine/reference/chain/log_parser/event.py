"""Swap events of the programs: an 8-byte discriminator and fields, little-endian.

Programs share discriminators, so the program decides first. Events grow at their end: more bytes are no error, and what
an older program didn't say is `None`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.log_parser.text import field_error
from cambist.engine.reference.chain.reader import check_size, key, unsigned
from cambist.engine.reference.venues import owned

if TYPE_CHECKING:
    from collections.abc import Callable

CPI_EVENT = bytes.fromhex("e445a52e51cb9a1d")
"""Stands before an event that a program hands to itself as an instruction."""

_VENUES = {
    owned.RAYDIUM_V4: "ray4",
    owned.RAYDIUM_CPMM: "cpmm",
    owned.RAYDIUM_CLMM: "clmm",
    owned.WHIRLPOOL: "orca",
    owned.WHIRLPOOL_IMMUTABLE: "orca",
    owned.METEORA_DLMM: "dlmm",
    owned.METEORA_DAMM_V2: "damm2",
    owned.PUMP_AMM: "pump",
    owned.PUMP: "pump_curve",
    owned.SABER: "saber",
    owned.SERUM: "serum",
    owned.OPENBOOK_V1: "serum",
    owned.OPENBOOK_V2: "openbook2",
    owned.PHOENIX: "phoenix",
    owned.JUPITER: "jupiter",
}


class SwapEvent(NamedTuple):
    """A swap as its program reports it."""

    venue: str
    amount_in: int
    """Atoms that left the trader; the mint's transfer fee and the venue's fees are in it where the event names them."""
    amount_out: int
    """Atoms sent to the trader, the mint's transfer fee not yet taken."""
    pool: bytes | None = None
    mint_in: bytes | None = None
    mint_out: bytes | None = None
    a_to_b: bool | None = None
    """Whether token a (coin, 0, x, base) is sold."""
    transfer_fees: tuple[int, int] | None = None
    """Transfer fees that the mints kept, of the input and of the output."""
    fees: tuple[int, int] | None = None
    """The venue's fees, in atoms of the input and of the output."""
    reserves: tuple[int, int] | None = None
    """Reserves of the input and of the output before the swap."""
    sqrt_price: int | None = None
    """√price after the swap, Q64.64, token b per token a."""


def venue_of(key: bytes) -> str | None:
    """Returns the venue of a program, `None` if its swaps aren't known."""
    return _VENUES.get(key)


def is_router(venue: str) -> bool:
    """Returns whether the events of a venue repeat the swaps of others."""
    return venue == "jupiter"


def is_book(venue: str) -> bool:
    """Returns whether a venue is an order book, where a call may well trade nothing."""
    return venue in ("serum", "openbook2", "phoenix")


def decode_event(writer: bytes, data: bytes) -> SwapEvent | None:
    """Returns the swap that `data` of a program's event reports, `None` for an unknown program or another event.

    Raises `LayoutError` if it is too short for its discriminator, for a flag that is neither 0 nor 1 and for amounts
    that don't add up.
    """
    venue = _VENUES.get(writer)
    reader = _READERS.get((venue or "", data[:8].hex()))
    return reader(data) if reader else None


def _cpmm(data: bytes) -> SwapEvent:
    name = "cpmm_swap_event"
    check_size(name, data, 88, may_grow=True)
    transfer_fees = _u64(data, 72), _u64(data, 80)
    event = SwapEvent(
        "cpmm",
        _sum(name, "amount_in", _u64(data, 56), transfer_fees[0]),
        _u64(data, 64),
        pool=key(data, 8),
        transfer_fees=transfer_fees,
        reserves=(_u64(data, 40), _u64(data, 48)),
    )
    if len(data) < 170:
        return event
    trade, creator = _u64(data, 153), _u64(data, 161)
    on_input = _flag(name, "creator_fee_on_input", data[169])
    fees = (_sum(name, "fee", trade, creator), 0) if on_input else (trade, creator)
    return event._replace(mint_in=key(data, 89), mint_out=key(data, 121), fees=fees)


def _clmm(data: bytes) -> SwapEvent:
    name = "clmm_swap_event"
    check_size(name, data, 205, may_grow=True)
    a_to_b = _flag(name, "zero_for_one", data[168])
    in_at, out_at = (136, 152) if a_to_b else (152, 136)
    transfer_fees = _u64(data, in_at + 8), _u64(data, out_at + 8)
    event = SwapEvent(  # it tells what the pool got and what the trader got: a mint's fee is in neither
        "clmm",
        _sum(name, "amount_in", _u64(data, in_at), transfer_fees[0]),
        _sum(name, "amount_out", _u64(data, out_at), transfer_fees[1]),
        pool=key(data, 8),
        a_to_b=a_to_b,
        transfer_fees=transfer_fees,
        sqrt_price=unsigned(data, 169, 16),
    )
    if len(data) < 221:
        return event
    fees = _u64(data, 205), _u64(data, 213)
    return event._replace(fees=fees if a_to_b else fees[::-1])


def _traded(data: bytes) -> SwapEvent:
    name = "whirlpool_traded"
    check_size(name, data, 121, may_grow=True)
    return SwapEvent(
        "orca",
        _u64(data, 73),
        _u64(data, 81),
        pool=key(data, 8),
        a_to_b=_flag(name, "a_to_b", data[40]),
        transfer_fees=(_u64(data, 89), _u64(data, 97)),
        fees=(_sum(name, "fee", _u64(data, 105), _u64(data, 113)), 0),
        sqrt_price=unsigned(data, 57, 16),
    )


def _dlmm_swap(data: bytes) -> SwapEvent:
    name = "dlmm_swap"
    check_size(name, data, 137, may_grow=True)
    a_to_b = _flag(name, "swap_for_y", data[96])
    return SwapEvent("dlmm", _u64(data, 80), _u64(data, 88), pool=key(data, 8), a_to_b=a_to_b)


def _dlmm_swap_2(data: bytes) -> SwapEvent:
    """What `Swap` of the same swap says, and which side the fee is on."""
    name = "dlmm_swap_2"
    check_size(name, data, 155, may_grow=True)
    a_to_b = _flag(name, "swap_for_y", data[80])
    fee = _sum(name, "fee", _u64(data, 121), _u64(data, 129), _u64(data, 137))
    fees = (fee, 0) if _flag(name, "fees_on_input", data[153]) else (0, fee)
    return SwapEvent("dlmm", _u64(data, 97), _u64(data, 113), pool=key(data, 8), a_to_b=a_to_b, fees=fees)


def _damm_v2(data: bytes) -> SwapEvent:
    name = "damm_v2_swap_2"
    check_size(name, data, 188, may_grow=True)
    b_to_a = _flag(name, "trade_direction", data[40])
    amount_in, amount_out = _u64(data, 140), _u64(data, 148)
    kept = []
    for field, gross, net in (("amount_in", amount_in, _u64(data, 60)), ("amount_out", amount_out, _u64(data, 156))):
        if net > gross:
            raise field_error(name, field, gross)
        kept.append(gross - net)
    fee = _sum(name, "fee", *(_u64(data, at) for at in (108, 116, 124, 132)))
    # Mode 0 takes the fee off the output, mode 1 always off token b; a later mode may do otherwise.
    mode = data[41]
    fees = None if mode > 1 else (fee, 0) if mode == 1 and b_to_a else (0, fee)
    return SwapEvent(
        "damm2",
        amount_in,
        amount_out,
        pool=key(data, 8),
        a_to_b=not b_to_a,
        transfer_fees=(kept[0], kept[1]),
        fees=fees,
        sqrt_price=unsigned(data, 92, 16),
    )


def _pump_amm(data: bytes, *, buy: bool) -> SwapEvent:
    name = "pump_amm_event"
    check_size(name, data, 152, may_grow=True)
    base, quote = _u64(data, 16), _u64(data, 112)
    amounts = (quote, base) if buy else (base, quote)
    fees = None
    if len(data) >= 360:
        fee = _sum(name, "fee", _u64(data, 80), _u64(data, 96), _u64(data, 352))
        fees = (fee, 0) if buy else (0, fee)
    return SwapEvent("pump", *amounts, pool=key(data, 120), a_to_b=not buy, fees=fees)


def _pump_curve(data: bytes) -> SwapEvent:
    """SOL counts under the mint of wrapped SOL. Before the event named its fees the amounts leave them out."""
    name = "pump_trade_event"
    check_size(name, data, 129, may_grow=True)
    mint, sol, token = key(data, 8), _u64(data, 40), _u64(data, 48)
    buy = _flag(name, "is_buy", data[56])
    fee = _sum(name, "fee", _u64(data, 169), _u64(data, 217)) if len(data) >= 225 else None
    fees = None if fee is None else (fee, 0) if buy else (0, fee)
    wrapped = program.WRAPPED_SOL
    if buy:
        paid = _sum(name, "amount_in", sol, fee or 0)
        return SwapEvent("pump_curve", paid, token, mint_in=wrapped, mint_out=mint, a_to_b=False, fees=fees)
    if (fee or 0) > sol:
        raise field_error(name, "fee", fee)
    received = sol - (fee or 0)
    return SwapEvent("pump_curve", token, received, mint_in=mint, mint_out=wrapped, a_to_b=True, fees=fees)


def _openbook_v2(data: bytes) -> SwapEvent:
    """All that a taker's order met at once; token a is base, the fee is in quote."""
    name = "openbook_v2_total"
    check_size(name, data, 65, may_grow=True)
    sells = _flag(name, "side", data[8])
    fee = _u64(data, 57)
    return SwapEvent("openbook2", _u64(data, 41), _u64(data, 49), a_to_b=sells, fees=(0, fee) if sells else (fee, 0))


def _jupiter(data: bytes) -> SwapEvent:
    check_size("jupiter_swap_event", data, 120, may_grow=True)
    return SwapEvent(
        "jupiter", _u64(data, 72), _u64(data, 112), pool=key(data, 8), mint_in=key(data, 40), mint_out=key(data, 80)
    )


def _u64(data: bytes, offset: int) -> int:
    return unsigned(data, offset, 8)


def _flag(layout: str, field: str, byte: int) -> bool:
    if byte > 1:
        raise field_error(layout, field, byte)
    return byte == 1


def _sum(layout: str, field: str, *parts: int) -> int:
    """Returns the sum; raises `LayoutError` if it is more than 2⁶⁴ − 1."""
    total = sum(parts)
    if total >> 64:
        raise field_error(layout, field, total)
    return total


_READERS: dict[tuple[str, str], Callable[[bytes], SwapEvent]] = {
    ("cpmm", "40c6cde8260871e2"): _cpmm,
    ("clmm", "40c6cde8260871e2"): _clmm,
    ("jupiter", "40c6cde8260871e2"): _jupiter,
    ("orca", "e1ca49af932ba096"): _traded,
    ("dlmm", "516ce3becdd00ac4"): _dlmm_swap,
    ("dlmm", "2e7452d7941b544d"): _dlmm_swap_2,
    ("damm2", "bd4233a826507599"): _damm_v2,
    ("pump", "67f4521f2cf57777"): lambda data: _pump_amm(data, buy=True),
    ("pump", "3e2f370aa503dc2a"): lambda data: _pump_amm(data, buy=False),
    ("pump_curve", "bddb7fd34ee661ee"): _pump_curve,
    ("openbook2", "08eb303aae4c9c69"): _openbook_v2,
}
