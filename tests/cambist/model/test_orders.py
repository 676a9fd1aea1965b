"""What an order says of itself: where it begins and ends, its route and tokens, and what the chain takes."""

import msgspec

from cambist.execution.routes import legs_of
from cambist.model.ledger import CHAIN
from cambist.model.opportunity import encode
from cambist.model.orders import Charges, Fill, Intent, Order, OrderLeg, Purpose, Stage, Working
from tests.fakes import SOL, USDC, opportunity
from tests.orders import order

BONK = "bonk"


def test_an_order_over_three_legs_names_four_tokens_and_three_edges_in_order() -> None:
    made = order(route=["A:0", "kraken:SOLUSD:buy", "C:1"], tokens=[SOL, USDC, BONK, SOL])
    assert made.tokens == [SOL, USDC, BONK, SOL]
    assert made.route == ["A:0", "kraken:SOLUSD:buy", "C:1"]
    assert made.base == SOL
    one_way = order(route=["A:0", "B:1"], tokens=[USDC, SOL, BONK])
    assert (one_way.base, one_way.tokens) == (USDC, [USDC, SOL, BONK])


def test_a_leg_is_settled_where_its_edge_says() -> None:
    assert legs_of(["A:0", "kraken:SOLUSD:buy"], [SOL, USDC, SOL]) == (
        OrderLeg("A:0", CHAIN, SOL, USDC), OrderLeg("kraken:SOLUSD:buy", "kraken", USDC, SOL),
    )  # fmt: skip


def test_the_chain_takes_the_sum_of_its_parts() -> None:
    assert Charges(1, 20, 300).total == 321
    assert Charges().total == 0


def test_what_is_not_said_is_the_least() -> None:
    made = Order(1, 2, 3, 4, "k", (), 5, 6, 7, 8, 9, 10)
    assert (made.strategy, made.purpose, made.settlement) == ("", Purpose.OPEN, "atomic")
    assert (made.pool_fees, made.transfer, made.loan_fee, made.charges, made.miss_charges) == (
        0,
        0,
        0,
        Charges(),
        Charges(),
    )
    assert Working(made, Stage.SENT) == Working(made, Stage.SENT, 0, 0, Charges(), 1)
    fill = Fill(1, 2, Stage.FILLED, 3, 4, 5, 6)
    assert (fill.reason, fill.charges, fill.miss, fill.attempt, fill.slot, fill.signature) == (
        "",
        Charges(),
        None,
        1,
        None,
        "",
    )


def test_an_intent_is_written_without_what_is_usual_and_read_again() -> None:
    intent = Intent(1, "s", opportunity(), 5, 6)
    text = encode(intent)
    assert b"purpose" not in text
    assert msgspec.json.decode(text, type=Intent) == intent
    assert b'"purpose":"reduce"' in encode(msgspec.structs.replace(intent, purpose=Purpose.REDUCE))
