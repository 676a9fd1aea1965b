"""Layouts, terms and mints against accounts recorded from the main network."""

import base64
import json
from typing import Any

import pytest

from cambist.engine.reference.chain import base58
from cambist.engine.reference.venues.clmm.layout import ClmmPool
from cambist.engine.reference.venues.dlmm.layout import LbPair
from cambist.market.discovery import mints
from cambist.market.discovery.mints import FoundToken
from cambist.market.discovery.node import Account
from cambist.market.discovery.terms import config_key, judge
from cambist.market.discovery.venues import VENUES
from tests.shared import shared_data

SOL = "So11111111111111111111111111111111111111112"
CARBON = {
    "orca": "orca-whirlpool__whirlpool_account.json",
    "clmm": "raydium-clmm__pool_state_account.json",
    "dlmm": "meteora-dlmm__lb_pair_account.json",
}


def carbon(venue: str) -> dict[str, Any]:
    found = json.loads(shared_data("sol_accounts", "carbon", CARBON[venue]).read_text())
    return found | {"bytes": base64.b64decode(found["data"])}


def vixen(name: str) -> tuple[str, Account]:
    found = json.loads(shared_data("sol_accounts", "vixen", f"{name}_account.json").read_text())
    data = bytes(found["data"])
    return base58.encode(bytes(found["pubkey"])), Account(base58.encode(bytes(found["owner"])), data, len(data))


def seen(venue: str, data: bytes) -> tuple[list[str], list[str]]:
    """What a search makes of a slice of an account: mints and vaults."""
    layout = VENUES[venue].layout
    padded = layout.pad(data[slice(*layout.window)])
    return [*map(base58.encode, layout.pair(padded))], [*map(base58.encode, layout.vault_keys(padded))]


@pytest.mark.parametrize("venue", CARBON)
def test_a_recorded_account_has_the_size_that_is_asked_for(venue: str) -> None:
    found = carbon(venue)
    assert found["space"] == len(found["bytes"]) == VENUES[venue].layout.size


def test_a_recorded_whirlpool_is_seen_as_another_decoder_saw_it() -> None:
    found = carbon("orca")
    decoded = {name: field["data"] for name, field in found["data_decoded"].items()}
    both = [decoded["tokenMintA"], decoded["tokenMintB"]], [decoded["tokenVaultA"], decoded["tokenVaultB"]]
    assert seen("orca", found["bytes"]) == both
    layout = VENUES["orca"].layout
    price = layout.price(layout.pad(found["bytes"][slice(*layout.window)]), (0, 0))
    assert float(price or 0) == pytest.approx(1.0001 ** int(decoded["tickCurrentIndex"]), rel=2e-4)
    judged = judge("orca", found["bytes"], None, 0)
    assert (judged.fee_ppm, judged.state, judged.proof) == (float(decoded["feeRate"]), "usable", "program")
    assert judged.fee_note == "", "its fee tier is its tick spacing: no adaptive fee"


def test_recorded_pools_are_seen_as_the_engine_reads_them() -> None:
    data = carbon("clmm")["bytes"]
    pool = ClmmPool.decode(data)
    assert seen("clmm", data) == ([*map(base58.encode, pool.mints)], [*map(base58.encode, pool.vaults)])
    assert config_key("clmm", data) == pool.amm_config
    unknown = judge("clmm", data, None, 1 << 40)
    assert unknown.fee_ppm is None, "without its config a fee is unknown, not 0"
    data = carbon("dlmm")["bytes"]
    pair = LbPair.decode(data)
    keys = ([pair.mint_x, pair.mint_y], [pair.reserve_x, pair.reserve_y])
    assert seen("dlmm", data) == tuple([*map(base58.encode, part)] for part in keys)
    terms = pair.parameters
    assert judge("dlmm", data, None, 0).fee_ppm == terms.base_factor * pair.bin_step / 100


def test_a_cut_account_is_not_readable_and_never_raises() -> None:
    for venue in CARBON:
        data = carbon(venue)["bytes"]
        for size in (0, 7, 8, 100, len(data) - 1):
            assert judge(venue, data[:size], None, 0).state.startswith("not readable: ")


def test_recorded_mints_of_both_token_programs_tell_their_decimals() -> None:
    address, account = vixen("3SmPYPvZfEmroktLiJsgaNENuPEud3Z52zSfLQ1zJdkK")
    plain = mints.read(address, account)
    assert isinstance(plain, FoundToken)
    assert (plain.decimals, plain.program, plain.symbol) == (account.data[44], "spl-token", "")
    address, account = vixen("BtSLwAFDsMX4bhamtyggn2xsdFKQvpaSzw9jEL7BNuyu")
    extended = mints.read(address, account)
    assert isinstance(extended, FoundToken)
    assert (extended.decimals, extended.program) == (account.data[44], "token-2022")
    assert extended.symbol == "VIX"
    for size in range(0, len(account.data), 7):
        cut = mints.read(address, Account(account.owner, account.data[:size], size))
        assert isinstance(cut, FoundToken | str)
    _, pool = vixen("56Ekyu6uBpTna3LR2qkjHjNbDNkCLWK2Lt3uWh7J2R8Z")
    assert "no token program" in str(mints.read(address, pool))
