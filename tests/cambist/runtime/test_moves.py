"""What a trade leaves to be moved, in words; and that a detail says it."""

from __future__ import annotations

import msgspec
import pytest

from cambist.engine import make_engine
from cambist.engine.protocol import MoveView
from cambist.execution.paper_model import PaperParams
from cambist.execution.risk import Limits
from cambist.kernel import Kernel, KernelSetup
from cambist.model.market import Token, Transfer
from cambist.runtime.publish import Publisher
from cambist.runtime.sections.moves import in_words
from cambist.runtime.words import Names
from tests.parity.markets import GATES, SOL, USDC, Market, run, setup

WAYS = (
    Transfer("binance", "solana", SOL, "a net", 10**6, 0, 3, 10**8),
    Transfer("solana", "binance", USDC, "", 10**6, 0, None, 0),
)
SETUP = setup(transfers=WAYS, gates=msgspec.structs.replace(GATES, rebalancing_ppm=None))
NAMES = Names((Token(SOL, "SOL", 9, verified=True), Token(USDC, "USDC", 6, verified=True)), (), ())


@pytest.mark.parametrize(
    ("move", "words"),
    [
        (
            MoveView("binance", "solana", SOL, 5 * 10**8, 10**6, 9),
            "Leaves 0.5 SOL to move from binance to solana over a net: 3 min, 0.001 SOL a trade.",
        ),
        (
            MoveView("binance", "solana", SOL, 5 * 10**7, None, None),
            "Leaves 0.05 SOL to move from binance to solana: it lets out 0.1 at least.",
        ),
        (
            MoveView("solana", "binance", USDC, 70 * 10**6, 250_000, 9),
            "Leaves 70 USDC to move from solana to binance: time unknown, 0.25 USDC a trade.",
        ),
        (
            MoveView("solana", "binance", SOL, 10**9, None, None),
            "Leaves 1 SOL to move from solana to binance: no [[transfers]] says how.",
        ),
        (
            MoveView("binance", "solana", USDC, 10**6, None, None),
            "Leaves 1 USDC to move from binance to solana: no [[transfers]] says how.",
        ),
    ],
)
def test_a_move_says_how_much_which_way_and_how_long(move: MoveView, words: str) -> None:
    assert in_words([move], SETUP, NAMES) == (words, "Nothing is moved by itself.")


def test_where_a_rate_stands_for_it_that_is_said() -> None:
    (words, _) = in_words([MoveView("solana", "binance", SOL, 10**9, None, None)], setup(transfers=WAYS), NAMES)
    assert words == "Leaves 1 SOL to move from solana to binance: covered by the rate of 50 ppm."


def test_a_network_is_a_word_of_the_config_and_can_draw_nothing() -> None:
    way = msgspec.structs.replace(WAYS[0], network="\x1b[31mred and much too long")
    shown = MoveView("binance", "solana", SOL, 10**9, 10**6, 9)
    (words, _) = in_words([shown], setup(transfers=(way,)), NAMES)
    assert "\x1b" not in words
    assert len(words) < 100


def test_nothing_is_said_where_nothing_is_left() -> None:
    assert in_words([], SETUP, NAMES) == ()
    assert in_words([MoveView("solana", "binance", SOL, 10**9, None, None)], setup(), NAMES) == ()


def test_the_detail_of_a_trade_by_legs_says_it_and_that_of_one_on_chain_nothing() -> None:
    limits, paper = Limits({}, {}, 8, 10_000), PaperParams(0, 0, 0, 0)
    kernel = Kernel(KernelSetup(setup(transfers=WAYS), limits, paper), lambda _, given: make_engine("reference", given))
    market = Market()
    market.open()
    market.trade("cpmm-sol-usdc", 2 * 10**12, a_to_b=True)
    run(kernel.engine, market.take())
    publisher, said = Publisher(kernel), {}
    for row in publisher.build(kernel, market.now_ns).cycles.rows[:6]:
        publisher.inspect(cycle=row.key)
        detail = publisher.build(kernel, market.now_ns).detail
        if detail is not None:
            said[row.settlement] = detail.binds
    assert "Leaves" not in said["atomic"]
    assert " Leaves " in said["legged"]
    assert "from solana to binance" in said["legged"]
    assert said["legged"].endswith(" Nothing is moved by itself.")
