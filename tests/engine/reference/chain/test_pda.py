import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from cambist.engine.reference.chain import base58, pda
from cambist.engine.reference.venues import pairs

PROGRAM = base58.decode("whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc")
CONFIG = base58.decode("2LecshUwdy9xi7meFgHtFJQNSKk4KdTrcpvaB56dP2NQ")
SOL = base58.decode("So11111111111111111111111111111111111111112")
USDC = base58.decode("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
keys = st.binary(min_size=32, max_size=32)
seeds = st.lists(st.binary(max_size=32), max_size=15)


def test_every_example_runs():
    assert doctest.testmod(pda).failed == doctest.testmod(base58).failed == 0
    assert doctest.testmod(pda).attempted > 5


@given(keys)
def test_a_key_is_on_the_curve_as_solders_says(key):
    assert pda.is_on_curve(key) == Pubkey(key).is_on_curve()


@settings(max_examples=60, deadline=None)
@given(seeds, keys)
def test_addresses_are_those_of_solders(seeds, program):
    address, bump = Pubkey.find_program_address(seeds, Pubkey(program))
    assert pda.find(seeds, program) == (bytes(address), bump)
    assert pda.create([*seeds, bytes([bump])], program) == bytes(address)


@pytest.mark.parametrize(
    ("tier", "pool"),
    [
        (4, "Czfq3xZZDmsdGdUyrNLtRhGc47cXcZtLG4crryfu44zE"),
        (8, "7qbRF6YsyGuLUVs6Y1q64bdVrfe4ZcUUz1JRdoVNUJnm"),
        (64, "HJPjoWUrhoZzkNfRpHuieeFk9WcZWjwy6PBjZ81ngndJ"),
    ],
)
def test_whirlpools_of_mainnet_are_found(tier, pool):
    found, _ = pda.find([b"whirlpool", CONFIG, SOL, USDC, tier.to_bytes(2, "little")], PROGRAM)
    assert base58.encode(found) == pool


def test_a_pair_has_the_pools_of_mainnet_in_any_order():
    found = {base58.encode(pda.find(seeds, program)[0]) for program, seeds in pairs.pools_of(USDC, SOL)}
    assert len(found) == 21
    assert found >= {
        "7JuwJuNU88gurFnyWeiyGKbFmExMWcmRZntn9imEzdny",
        "3tD34VtprDSkYCnATtQLCiVgTkECU3d12KtjupeR6N2X",
        "3ucNos4NbumPLZNWztqGHNFFgkHeRMBQAVemeeomsUxv",
    }
    assert pairs.pools_of(USDC, SOL) == pairs.pools_of(SOL, USDC)


def refused(call, *args):
    with pytest.raises(pda.PdaError) as caught:
        call(*args)
    return str(caught.value)


def test_what_is_refused_names_the_value():
    assert refused(pda.find, [b"", bytes(33)], PROGRAM) == "seed 1 is 33 bytes, at most 32"
    assert refused(pda.find, [b""] * 16, PROGRAM) == "17 seeds, at most 16"
    assert refused(pda.create, [b""] * 17, PROGRAM) == "17 seeds, at most 16"
    assert refused(pda.find, [], b"1") == "program was 1 bytes, not 32"
    assert refused(pda.is_on_curve, b"") == "key was 0 bytes, not 32"
    assert refused(pda.find_many, [(PROGRAM, []), (b"", [])]) == "derivation 1: program was 0 bytes, not 32"
    assert refused(pairs.PdaCache, 0) == "capacity was 0"
    first = next(n for n in range(99) if pda.find([bytes([n])], PROGRAM)[1] < 255)
    assert refused(pda.create, [bytes([first]), b"\xff"], PROGRAM).endswith(" is a point of the curve")


def test_the_oldest_address_leaves_a_full_cache():
    cache = pairs.PdaCache(2)
    for seed in b"a", b"b", b"a", b"c", b"b", b"a":
        assert cache.find([seed], PROGRAM) == pda.find([seed], PROGRAM)
    assert cache.counts() == (2, 4, 2)
    assert len(cache) == 2
    assert cache.warm([(SOL, USDC)]) == 21
