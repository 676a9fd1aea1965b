"""What moving tokens back costs, from a decision to the books, on both real engines."""

from __future__ import annotations

import msgspec
import pytest

from cambist.model.ledger import CHAIN, Account
from cambist.model.market import Transfer
from cambist.model.orders import Stage
from tests.cambist.test_legged import BEFORE, Desk, engine, moved
from tests.parity.dollars import USD, VENUE, dollar_setup
from tests.parity.markets import GATES, SOL, USDC

__all__ = ["engine"]
FLAT = {SOL: 3_000_001, USDC: 700_001}


def facts(trades: int = 1, **flat: int) -> object:
    """Returns the setup with a way for each token that the trade leaves, which no rate stands for."""
    flats = {mint: flat.get(symbol, FLAT[mint]) for symbol, mint in (("SOL", SOL), ("USDC", USDC))}
    ways = (
        Transfer(VENUE, CHAIN, SOL, "solana", flats[SOL], 0, 3, 0),
        Transfer(CHAIN, VENUE, USDC, "solana", flats[USDC], 20, 3, 0),
    )
    gates = msgspec.structs.replace(GATES, rebalancing_ppm=None, trades_per_transfer=trades)
    return dollar_setup(transfers=ways, gates=gates)


@pytest.mark.parametrize("trades", [1, 7])
def test_a_trade_pays_in_the_books_what_its_decision_reckoned_with(engine: str, trades: int) -> None:
    desk = Desk(engine=engine, facts=facts(trades))
    chain, exchange = desk.trade()
    found = next(each for each in desk.all.intents if each.id == chain.intent_id).opportunity
    brought = chain.expected_out
    usdc = -(-FLAT[USDC] // trades) + -(-brought * 20 // 10**6)
    expected = -(-FLAT[SOL] // trades) + -(-usdc * found.amount_in // brought)
    assert (chain.transfer, exchange.transfer, found.cost.rebalancing) == (expected, 0, expected)
    assert found.net == found.gross - (found.cost.chain or 0)
    desk.wait(200)
    desk.close_gap()
    desk.wait(1_000)
    (_, bought), (_, sold) = desk.all.fills[:2]
    assert [bought.status, sold.status] == [Stage.FILLED, Stage.FILLED]
    ledger = desk.kernel.ledger
    assert ledger.balance(Account.TRANSFER, SOL) == expected
    assert moved(ledger, BEFORE) == {
        (CHAIN, SOL): -chain.amount_in - chain.fee - expected,
        (CHAIN, USDC): sold.amount_out,
        (VENUE, USD): -exchange.amount_in,
        (VENUE, SOL): bought.amount_out,
    }
    assert ledger.off() == {}


def test_a_fee_that_eats_the_gain_lets_nothing_be_sent(engine: str) -> None:
    free = Desk(engine=engine, facts=facts(SOL=0, USDC=0))
    gain = next(each for each in free.all.intents if each.id == free.trade()[0].intent_id).opportunity.net
    assert gain is not None
    assert gain > 0
    dear = Desk(engine=engine, facts=facts(SOL=2 * gain))
    assert dear.all.orders == []
    assert dear.kernel.ledger.wallet() == BEFORE[CHAIN]
