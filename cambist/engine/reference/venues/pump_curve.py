"""Pump's bonding curves: their events and the accounts of their swaps. Their pools are not quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.log_parser.event import SwapEvent
from cambist.engine.reference.chain.log_parser.text import field_error, flag, total, u64
from cambist.engine.reference.chain.reader import check_size, key
from cambist.engine.reference.venues.program import Program
from cambist.engine.reference.venues.pump import owned
from cambist.engine.reference.venues.swap_layout import Layout, Places, at

if TYPE_CHECKING:
    from collections.abc import Sequence


def _pump_curve(data: bytes) -> SwapEvent:
    """SOL counts under the mint of wrapped SOL. Before the event named its fees the amounts leave them out."""
    name = "pump_trade_event"
    check_size(name, data, 129, may_grow=True)
    mint, sol, token = key(data, 8), u64(data, 40), u64(data, 48)
    buy = flag(name, "is_buy", data[56])
    fee = total(name, "fee", u64(data, 169), u64(data, 217)) if len(data) >= 225 else None
    fees = None if fee is None else (fee, 0) if buy else (0, fee)
    wrapped = program.WRAPPED_SOL
    if buy:
        paid = total(name, "amount_in", sol, fee or 0)
        return SwapEvent("pump_curve", paid, token, mint_in=wrapped, mint_out=mint, a_to_b=False, fees=fees)
    if (fee or 0) > sol:
        raise field_error(name, "fee", fee)
    received = sol - (fee or 0)
    return SwapEvent("pump_curve", token, received, mint_in=mint, mint_out=wrapped, a_to_b=True, fees=fees)


_EVENTS = {
    bytes.fromhex("bddb7fd34ee661ee"): _pump_curve,
}
_BUY = Places(3, (6, 5), (3, 4))
_PLACES = {
    bytes.fromhex("66063d1201daebea"): _BUY,
    bytes.fromhex("33e685a4017f83ad"): Places(3, (5, 6), (4, 3)),
}
"""By discriminator of the instruction: where its accounts stand."""


def _layout(accounts: Sequence[bytes], data: bytes) -> Layout | None:
    """Returns the accounts of a swap, `None` if the data asks for something else."""
    places = _PLACES.get(data[:8])
    found = None if places is None else at(accounts, places)
    if found is None:
        return None
    # SOL moves without a token account: the trader's and the curve's own.
    wrapped, token = program.WRAPPED_SOL, accounts[2]
    return found._replace(mints=(wrapped, token) if places is _BUY else (token, wrapped))


PROGRAM = Program(
    venue="pump_curve",
    ids=(owned.PUMP,),
    proof="sol_tx/pumpfun and sol_tx/listen: transactions that landed; its pools are not quoted",
    layout=_layout,
    events=_EVENTS,
    pays_fees_apart=True,
    balances_leak=True,
)
