"""Bodies of STATE records of before there were books: what their wallet and open orders mean today."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from cambist.engine.protocol import EngineSetup
from cambist.kernel import Kernel
from cambist.kernel.earlier import completed
from cambist.kernel.state import KernelSetup, read_state
from cambist.model.ledger import CHAIN, Account, Posting
from cambist.model.orders import OrderLeg, Stage
from tests.fakes import SOL, TOKENS, USDC, ScriptedEngine, opportunity


def old_order(number: int, token: str, amount_in: int, fee: int) -> dict[str, Any]:
    return {
        "id": number, "intent_id": number, "sent_ns": 1, "due_ns": 2, "key": "k", "route": ["A:0", "kraken:SOLUSD:buy"],
        "tokens": [token, "x", token], "amount_in": amount_in, "min_out": 9, "expected_net": 50, "fee": fee,
        "miss_fee": 1,
    }  # fmt: skip


def body(**kernel: Any) -> dict[str, Any]:
    setup = msgspec.to_builtins(KernelSetup(EngineSetup(tokens=TOKENS)))
    return {
        "schema": 1,
        "setup": setup,
        "kernel": {"risk": {}, "strategies": {}, "open_orders": [], **kernel},
        "engine": "",
    }


def test_what_open_orders_tied_up_is_in_flight_and_the_wallet_is_free_of_it() -> None:
    orders = [old_order(1, SOL, 100, 7), old_order(2, USDC, 30, 2), old_order(3, SOL, 1_000, 0)]
    state = read_state(json.dumps(body(wallet={USDC: "500", SOL: "9000", "none": "0"}, open_orders=orders)).encode())
    assert state.kernel.ledger.balances == [
        Posting(Account.IN_FLIGHT, CHAIN, token, atoms) for token, atoms in sorted({SOL: 1_107, USDC: 32}.items())
    ] + [
        Posting(Account.OPENING, CHAIN, token, -atoms) for token, atoms in sorted({SOL: 9_000, USDC: 500}.items())
    ] + [
        Posting(Account.WALLET, CHAIN, token, atoms) for token, atoms in sorted({SOL: 7_893, USDC: 468}.items())
    ]  # fmt: skip
    assert [(each.stage, each.order.id) for each in state.kernel.open_orders] == [(Stage.SENT, n) for n in (1, 2, 3)]
    first = state.kernel.open_orders[0].order
    assert first.legs == (OrderLeg("A:0", CHAIN, SOL, "x"), OrderLeg("kraken:SOLUSD:buy", "kraken", "x", SOL))
    assert (first.expected_out, first.transfer, first.settlement) == (100 + 50 + 7, 7, "legged")


def test_a_kernel_that_goes_on_from_it_counts_its_open_orders_against_limits() -> None:
    kernel = Kernel(KernelSetup(EngineSetup(tokens=TOKENS)), lambda name, setup: ScriptedEngine(setup))
    assert kernel.now_ns == 0
    kernel.restore(json.dumps(body(wallet={SOL: 900}, open_orders=[old_order(1, SOL, 100, 7)])).encode())
    assert kernel.risk.state.held(SOL) == 107
    assert kernel.wallet == {SOL: 793}
    (offered,) = kernel.running.offer(opportunity(route=["A:0"]))
    assert offered.skip == "open_edge"


def test_a_body_that_has_books_keeps_them() -> None:
    kept = {"balances": [{"account": "wallet", "venue": CHAIN, "token": SOL, "atoms": 3}]}
    state = read_state(json.dumps(body(ledger=kept, wallet={SOL: 9})).encode())
    assert state.kernel.ledger.balances == [Posting(Account.WALLET, CHAIN, SOL, 3)]


def test_what_an_older_setup_does_not_say_is_as_it_was_meant_then() -> None:
    old = body(wallet={})
    del old["setup"]["engine"]["gates"]
    made = completed(old)
    assert made["setup"]["engine"]["gates"]
    assert "gates" not in old["setup"]["engine"], "what is given stays as it was"
    assert "wallet" in old["kernel"]


@pytest.mark.parametrize(
    "wrong",
    [
        5, [], "x", None, {}, {"setup": 5}, {"setup": {}}, {"setup": {"engine": 5}}, {"setup": {"engine": []}},
        body() | {"kernel": 5}, body() | {"kernel": []}, body(wallet=5), body(wallet=[]), body(),
    ],
)  # fmt: skip
def test_what_is_no_body_is_refused_as_one_and_not_by_accident(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"not a STATE record: (Expected|Object|Invalid|JSON)"):
        read_state(json.dumps(wrong).encode())
