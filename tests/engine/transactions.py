"""Hypothesis strategies of calls and tables, and their solders forms."""

from typing import NamedTuple

from hypothesis import strategies as st
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey


class Call(NamedTuple):
    program: bytes
    accounts: tuple[tuple[bytes, bool, bool], ...]
    data: bytes


KEYS = [bytes([byte] * 31 + [byte * 7 % 256]) for byte in (0, 255, *range(1, 40))]
"""The payer is one of the first three."""
payers = st.sampled_from(KEYS[:3])
keys = st.sampled_from(KEYS)
metas = st.tuples(keys, st.booleans(), st.booleans()).map(
    lambda meta: (meta[0], meta[1] and meta[0] in KEYS[:8], meta[2])
)
calls = st.builds(Call, st.sampled_from(KEYS[30:]), st.lists(metas, max_size=24).map(tuple), st.binary(max_size=160))
batches = st.lists(calls, max_size=6)
tables = st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.lists(keys, max_size=40)), max_size=3)
hashes = st.binary(min_size=32, max_size=32)


def solders_call(call):
    accounts = [AccountMeta(Pubkey(key), signer, writable) for key, signer, writable in call.accounts]
    return Instruction(Pubkey(call.program), bytes(call.data), accounts)


def solders_table(table):
    key, addresses = table
    return AddressLookupTableAccount(Pubkey(key), [Pubkey(each) for each in addresses])


def calls_for(builder, batch):
    """Returns the batch as this engine's instructions."""
    return [builder.Instruction(*call) for call in batch]


def tables_for(builder, batch):
    return [builder.LookupTable(*table) for table in batch]


def outcome(call, *args, **kwargs):
    """Returns what a call gives, or the kind and words of its refusal."""
    try:
        given = call(*args, **kwargs)
    except ValueError as error:
        return str(error)
    except OverflowError:
        return "overflow"
    if hasattr(given, "signers"):
        return given.data, tuple(given.signers)
    return plain(given)


def plain(given):
    if isinstance(given, list):
        return [plain(each) for each in given]
    if hasattr(given, "program") and hasattr(given, "data"):
        return given.program, tuple(tuple(meta) for meta in given.accounts), given.data
    return given
