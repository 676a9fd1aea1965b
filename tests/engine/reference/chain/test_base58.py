import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey
from solders.signature import Signature

from cambist.engine.reference.chain import base58


@given(st.binary(min_size=32, max_size=32), st.integers(0, 32))
def test_keys_are_written_and_read_as_solders_does(key, zeros):
    key = bytes(zeros) + key[zeros:]
    assert base58.encode(key) == str(Pubkey(key))
    assert base58.decode(str(Pubkey(key))) == key


@given(st.binary(min_size=64, max_size=64), st.integers(0, 64))
def test_signatures_are_written_and_read_as_solders_does(signature, zeros):
    signature = bytes(zeros) + signature[zeros:]
    assert base58.encode_signature(signature) == str(Signature(signature))
    assert base58.decode_signature(str(Signature(signature))) == signature


@given(st.text(alphabet=base58.ALPHABET, min_size=30, max_size=46))
def test_each_key_has_one_text(text):
    key = base58.decode(text)
    assert key is None or base58.encode(key) == text


@pytest.mark.parametrize("text", ["", "1", "0OIl", "é", "1" * 31, "1" * 33, "z" * 44, "1" + base58.encode(b"\7" * 32)])
def test_what_is_no_key_is_refused(text):
    assert base58.decode(text) is None
    assert base58.decode_signature(text) is None
