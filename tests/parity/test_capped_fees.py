"""A cycle that a transfer fee hides at its first atom: it pays only beyond the size where the fee stops growing."""

import json

import pytest

from cambist.config.settings import Bidding, Gates, Search
from cambist.engine import build_info, make_engine
from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.chain.token import TransferFee, TransferFeeConfig
from cambist.engine.reference.venues import owned
from cambist.model.events import RecordKind
from cambist.model.market import PoolRef, Token
from cambist.simulator.token_layout import encode_mint, encode_transfer_fee_config
from cambist.simulator.venues.cpmm.layout import encode_cpmm_config
from tests.parity.markets import SOL, USDC, WS, Market, key, run, setup

TAXED = base58.encode(key("taxed"))
RATE, MOST = 300, 5_000_000
DEEP = 10**12
POOLS = ("even", "dear")
ENGINES = ["reference", pytest.param("native", marks=pytest.mark.skipif(not build_info().native, reason="no Rust"))]


class Taxed(Market):
    """Two pools of SOL and a token whose transfers cost 3 %, at most five million atoms; one is 6 % dearer."""

    def __init__(self, fee: TransferFee) -> None:
        self.fee = fee
        sides = dict.fromkeys(POOLS, (SOL, TAXED)) | {"quote": (SOL, USDC)}
        super().__init__(sides=sides, decimals={SOL: 9, USDC: 6, TAXED: 6})

    def _pools(self) -> None:
        config = encode_cpmm_config(trade_fee_rate=0, protocol_fee_rate=0, fund_fee_rate=0)
        self.accounts[key("config")] = (owned.RAYDIUM_CPMM, config)
        extension = encode_transfer_fee_config(TransferFeeConfig(self.fee, self.fee))
        mint = encode_mint(decimals=6, supply=10**15, extensions=(extension,))
        self.accounts[base58.decode(TAXED)] = (program.TOKEN_2022, mint)
        self._cpmm("even", DEEP, DEEP)
        self._cpmm("dear", DEEP, DEEP * 106 // 100)
        self._ray("quote", 10**15, 15 * 10**13)

    def open(self) -> None:
        """Seeds and subscribes all there is."""
        self.record(RecordKind.CONNECTED, b'{"label":"node A"}', channel=WS, generation=1)
        self.next_slot()
        pools = [key(name) for name in self.sides]
        self.seed(pools)
        self.seed([each for each in self.accounts if each not in pools])
        for address in self.accounts:
            self.subscribe(address)
        self.fees([0, 0, 0])
        self.next_slot()
        self.next_slot()


def gained(amount: int, fee: TransferFee) -> int:
    """Returns what buying where it is cheap and selling where it is dear gains, in exact integers."""
    even, dear = DEEP, DEEP * 106 // 100
    got = dear * amount // (DEEP + amount)
    got -= fee.fee(got)
    put = got - fee.fee(got)
    return DEEP * put // (even + put) - amount


def best(fee: TransferFee) -> int:
    """Returns the most there is to gain, by a grid and thirds of what is around its best point."""
    step = 10**8
    top = max(range(step, 60 * 10**9, step), key=lambda amount: gained(amount, fee))
    low, high = top - step, top + step
    while high - low > 3:
        third = (high - low) // 3
        if gained(low + third, fee) < gained(high - third, fee):
            low += third
        else:
            high -= third
    return max(gained(amount, fee) for amount in range(low, high + 1))


def found(engine_name: str, fee: TransferFee) -> list[dict]:
    """Returns the cycles that an engine shows."""
    market = Taxed(fee)
    market.open()
    tokens = (Token(SOL, "SOL", 9, True, 1), Token(USDC, "USDC", 6), Token(TAXED, "TAX", 6))
    programs = {"quote": owned.RAYDIUM_V4}
    refs = [PoolRef(base58.encode(key(n)), base58.encode(programs.get(n, owned.RAYDIUM_CPMM))) for n in market.sides]
    made = setup(
        tokens=tokens,
        identities=(),
        instruments=(),
        venue_fees=(),
        pools=tuple(refs),
        search=Search(margin_ppm=0),
        gates=Gates(caps={SOL: 60 * 10**9}, max_unconfirmed_ppm=1_000_000),
        bidding=Bidding(floor_micro_lamports=0, tip_ppm_of_gross=0),
    )
    engine = make_engine(engine_name, made)
    run(engine, market.take())
    shown: list[dict] = json.loads(engine.present(market.now_ns))["cycles"]
    return shown


@pytest.mark.parametrize("engine_name", ENGINES)
def test_a_cycle_beyond_the_cap_of_a_fee_is_found_and_sized(engine_name: str) -> None:
    fee = TransferFee(0, MOST, RATE)
    assert gained(1_000_000, fee) < 0
    cycle, *others = found(engine_name, fee)
    assert not others
    wanted = best(fee)
    assert wanted > 300_000_000
    assert wanted - wanted // 100_000 <= cycle["gross"] <= wanted
    assert cycle["gross"] == gained(cycle["amount_in"], fee)


@pytest.mark.parametrize("engine_name", ENGINES)
@pytest.mark.parametrize("fee", [TransferFee(0, (1 << 64) - 1, RATE), TransferFee(0, 10**12, RATE)])
def test_where_the_cap_is_out_of_reach_there_is_nothing(engine_name: str, fee: TransferFee) -> None:
    assert best(fee) < 0
    assert all(cycle["gross"] < 0 for cycle in found(engine_name, fee))


@pytest.mark.parametrize("engine_name", ENGINES)
def test_a_fee_of_nothing_is_no_regime(engine_name: str) -> None:
    fee = TransferFee(0, MOST, 0)
    (cycle,) = found(engine_name, fee)
    wanted = best(fee)
    assert wanted - wanted // 100_000 <= cycle["gross"] <= wanted
