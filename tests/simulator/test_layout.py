from collections.abc import Callable

import pytest

from cambist.engine.reference.chain.token import Clock, Mint, TokenAccount, TransferFee, TransferFeeConfig
from cambist.simulator.layout import Layout
from cambist.simulator.token_layout import (
    CLOCK,
    MINT,
    TOKEN_ACCOUNT,
    encode_clock,
    encode_mint,
    encode_token_account,
    encode_transfer_fee_config,
)
from tests.simulator.venues.recorded import KEY, covers, fixture, round_trips


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (TOKEN_ACCOUNT, 165),
        (MINT, 82),
        (CLOCK, 40),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_byte_belongs_to_a_field(layout: Layout, size: int):
    assert covers(layout, size)


@pytest.mark.parametrize(
    ("layout", "recorded"),
    [
        (MINT, lambda: [fixture("vixen", "3SmPYPvZfEmroktLiJsgaNENuPEud3Z52zSfLQ1zJdkK_account.json")]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_recorded_accounts_round_trip(layout: Layout, recorded: Callable[[], list[bytes]]):
    assert round_trips(layout, recorded())


def test_the_engine_decodes_mainnet_fixtures():
    mint = Mint.decode(fixture("vixen", "BtSLwAFDsMX4bhamtyggn2xsdFKQvpaSzw9jEL7BNuyu_account.json"))
    assert mint.extensions
    assert mint.transfer_fee is None or mint.transfer_fee.newer.bps <= 10_000


def test_token_encoders_and_engine_decoders_agree():
    held = TokenAccount.decode(encode_token_account(mint=KEY, owner=KEY[::-1], amount=2**64 - 1))
    assert held == TokenAccount(KEY, KEY[::-1], 2**64 - 1, 1)
    assert Mint.decode(encode_mint(decimals=6, supply=5)) == Mint(6, 5, None, ())
    fee = TransferFeeConfig(TransferFee(1, 2, 3), TransferFee(4, 5, 6))
    extended = encode_mint(decimals=6, supply=5, extensions=((18, bytes(64)), encode_transfer_fee_config(fee)))
    assert Mint.decode(extended) == Mint(6, 5, fee, (18, 1))
    clock = encode_clock(slot=1, epoch=2, unix_timestamp=-3)
    assert Clock.decode(clock) == Clock(1, 2, -3)


@pytest.mark.parametrize("value", [2**64, -1, b"", 1.5])
def test_a_value_that_does_not_fit_is_refused(value):
    with pytest.raises(ValueError, match="supply was"):
        encode_mint(decimals=6, supply=value)


def test_an_unknown_field_is_refused():
    with pytest.raises(ValueError, match="no field fee"):
        MINT.encode(fee=1)
