"""Keys and program-derived addresses: the Rust engine against the reference and solders."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from cambist.engine.reference.chain import base58, pda
from cambist.engine.reference.library import merkle
from cambist.engine.reference.venues import pairs

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

SOME = settings(max_examples=60, deadline=None)
sizes = st.sampled_from([32, 64, 31])
keys = st.one_of(st.binary(min_size=32, max_size=32), st.binary(max_size=34))
seeds = st.lists(st.binary(max_size=34), max_size=17)


def outcome(call, *args):
    try:
        return call(*args)
    except ValueError as error:
        return str(error)


@SOME
@given(st.binary(max_size=200), sizes)
def test_packed_keys_are_written_alike(packed, size):
    whole = packed[: len(packed) // size * size]
    for each in packed, whole:
        assert outcome(native.base58_encode_many, each, size) == outcome(base58.encode_many, each, size)


@SOME
@given(st.lists(st.binary(min_size=32, max_size=32)), st.lists(st.text(max_size=50), max_size=1), sizes)
def test_texts_are_read_alike(keys, junk, size):
    texts = [base58.encode(key) for key in keys] + junk
    assert outcome(native.base58_decode_many, texts, size) == outcome(base58.decode_many, texts, size)
    if not junk:
        assert native.base58_decode_many(texts, 32) == b"".join(keys)


@SOME
@given(st.lists(st.binary(min_size=64, max_size=64), max_size=4))
def test_signatures_survive_both_ways(signatures):
    texts = native.base58_encode_many(b"".join(signatures), 64)
    assert texts == [base58.encode_signature(each) for each in signatures]
    assert native.base58_decode_many(texts, 64) == b"".join(signatures)


@settings(max_examples=200, deadline=None)
@given(keys)
def test_the_curve_has_the_same_points(key):
    assert outcome(native.is_on_curve, key) == outcome(pda.is_on_curve, key)


@SOME
@given(seeds, keys)
def test_addresses_are_derived_alike(seeds, program):
    expected = outcome(pda.find, seeds, program)
    assert outcome(native.pda_find, seeds, program) == expected
    assert outcome(native.pda_create, seeds, program) == outcome(pda.create, seeds, program)
    many = [(bytes(32), [b"a"]), (program, seeds)]
    assert outcome(native.pda_find_many, many) == outcome(pda.find_many, many)
    if isinstance(expected, tuple):
        assert expected[0] == bytes(Pubkey.find_program_address(seeds, Pubkey(program))[0])


@SOME
@given(st.integers(0, 3), st.lists(st.one_of(st.sampled_from([[b"a"], [b"b"], [b"a", b"b"], [b"ab"]]), seeds)))
def test_caches_keep_and_forget_alike(capacity, wanted):
    caches = []
    for make in native.PdaCache, pairs.PdaCache:
        cache = outcome(make, capacity)
        if isinstance(cache, str):
            caches.append(cache)
            continue
        found = [outcome(cache.find, seeds, bytes(32)) for seeds in wanted]
        caches.append((found, cache.counts(), len(cache)))
    assert caches[0] == caches[1]


def test_a_known_address_comes_however_its_seeds_are_given():
    whole, program = bytes(range(32)), bytes([9] * 32)
    for make in native.PdaCache, pairs.PdaCache:
        cache = make()
        first = cache.find([whole, b"a"], program)
        given = [whole, b"a"], (whole, b"a"), [whole[:16], whole[16:], b"a"], deque([whole, b"a"])
        assert [cache.find(seeds, program) for seeds in given] == [first] * 4
        assert cache.counts() == (4, 1, 0)
        # What joins to a known key is refused as it would be of an unknown one.
        assert outcome(cache.find, [whole + b"a"], program) == "seed 0 is 33 bytes, at most 32"
        assert outcome(cache.find, [whole, b"a", *[b""] * 14], program) == "17 seeds, at most 16"
        assert cache.find([whole, b"a", *[b""] * 13], program) == first
        assert outcome(cache.find, [whole, b"a"], program[1:]) == "program was 31 bytes, not 32"
        assert cache.counts() == (5, 1, 0)


def test_an_address_that_left_is_not_told_for_the_one_in_its_place():
    for make in native.PdaCache, pairs.PdaCache:
        cache = make(1)
        for seed in (b"a", b"b", b"a", b"b"):
            expected = pda.find([seed], bytes(32))
            assert [cache.find([seed], bytes(32)) for _ in range(3)] == [expected] * 3
        assert cache.counts() == (8, 4, 3)


def test_seeds_that_are_no_bytes_are_refused():
    cache = native.PdaCache()
    for seeds in (["a"], [b"a", 1], 5, (b"a", None), "ab"):
        with pytest.raises(TypeError, match="seeds"):
            cache.find(seeds, bytes(32))


def test_pairs_are_derived_at_start_alike():
    mints = [(bytes(32), bytes([at] * 32)) for at in range(3)]
    caches = native.PdaCache(), pairs.PdaCache()
    assert [cache.warm(mints) for cache in caches] == [63, 63]
    for program, seeds in pairs.pools_of(*mints[1]):
        assert caches[0].find(seeds, program) == caches[1].find(seeds, program)
    assert caches[0].counts() == caches[1].counts() == (21, 63, 0)
    assert outcome(caches[0].warm, [(b"", b"")]) == outcome(caches[1].warm, [(b"", b"")])


items = st.lists(st.binary(max_size=40), max_size=20)
schemes = st.sampled_from(["sorted", "ordered", "shred", "keccak"])


@SOME
@given(schemes, items, st.lists(st.integers(0, 20), max_size=3))
def test_trees_are_built_alike(scheme, items, indices):
    assert outcome(native.merkle_root, scheme, items) == outcome(merkle.root, scheme, items)
    assert outcome(native.merkle_prove, scheme, items, indices) == outcome(merkle.prove, scheme, items, indices)


@SOME
@given(schemes, items.filter(bool), st.data())
def test_proofs_are_judged_alike(scheme, items, data):
    at, leaves = data.draw(st.integers(0, len(items) - 1)), len(items)
    proof, root = [], bytes(32)
    if scheme != "keccak":
        proof, root = merkle.prove(scheme, items, [at])[0], merkle.root(scheme, items)
        assert native.merkle_verify(scheme, items[at], at, leaves, proof, root)
    at, leaves = data.draw(st.tuples(st.integers(0, 20), st.integers(0, 20)))
    proof = proof[: data.draw(st.integers(0, 5))] + data.draw(st.lists(st.binary(max_size=33), max_size=1))
    args = (scheme, items[0], at, leaves, proof, root)
    assert outcome(native.merkle_verify, *args) == outcome(merkle.verify, *args)


@SOME
@given(keys, st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_claims_are_alike(claimant, first, second):
    assert outcome(native.merkle_tip_claim, claimant, first) == outcome(merkle.tip_claim, claimant, first)
    args = (claimant, first, second)
    assert outcome(native.merkle_distributor_claim, *args) == outcome(merkle.distributor_claim, *args)
    proof = [bytes(32)]
    assert outcome(native.merkle_verify_claim, claimant, proof, claimant) == outcome(
        merkle.verify_claim, claimant, proof, claimant
    )
