"""Messages, transactions and standard instructions byte for byte as solders writes them, in both engines."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from solders import compute_budget, system_program
from solders.address_lookup_table_account import AddressLookupTable
from solders.hash import Hash
from solders.message import Message, MessageV0, to_bytes_versioned
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.token.associated import get_associated_token_address
from solders.transaction import VersionedTransaction

from cambist.bench.engine import instructions
from cambist.engine.reference.chain import program
from tests.engine.backends import both
from tests.engine.transactions import (
    KEYS,
    Call,
    batches,
    calls_for,
    hashes,
    payers,
    solders_call,
    solders_table,
    tables,
    tables_for,
)

builders = pytest.mark.parametrize("builder", both("venues.instructions"))
MANY = settings(max_examples=150, deadline=None)
ME, YOU = KEYS[5], KEYS[6]


def expect(build, message):
    """Holds what `build` returns against a solders message: the same bytes, or the refusal of its size."""
    data = bytes(to_bytes_versioned(message))
    count = message.header.num_required_signatures
    signatures = [bytes([at + 1] * 64) for at in range(count)]
    transaction = VersionedTransaction.populate(message, [Signature(each) for each in signatures])
    wire = bytes(transaction)
    if len(wire) > 1232:
        with pytest.raises(ValueError, match=f"transaction of {len(wire)} bytes, at most 1232"):
            build()
        return
    built = build()
    assert built.data == data
    assert list(built.signers) == [bytes(each) for each in message.account_keys[:count]]
    assert built.transaction(signatures) == wire
    with pytest.raises(ValueError, match=f"{count + 1} signatures, expected {count}"):
        built.transaction([*signatures, bytes(64)])


@builders
@MANY
@given(payers, batches, tables, hashes)
@example(KEYS[0], [Call(KEYS[0], ((KEYS[0], False, False),), b"")], [(KEYS[9], [KEYS[0]])], bytes(32))
@example(KEYS[0], [Call(KEYS[30], ((KEYS[8], False, True),), b"")], [(KEYS[9], [KEYS[8]] * 2)] * 2, bytes(32))
def test_version_0_messages(builder, payer, batch, listed, blockhash):
    calls = [solders_call(call) for call in batch]
    message = MessageV0.try_compile(Pubkey(payer), calls, [solders_table(each) for each in listed], Hash(blockhash))
    arguments = payer, calls_for(builder, batch), tables_for(builder, listed), blockhash
    expect(lambda: builder.compile_v0(*arguments), message)


@builders
@MANY
@given(payers, batches, hashes)
def test_legacy_messages(builder, payer, batch, blockhash):
    message = Message.new_with_blockhash([solders_call(call) for call in batch], Pubkey(payer), Hash(blockhash))
    expect(lambda: builder.compile_legacy(payer, calls_for(builder, batch), blockhash), message)


@builders
@MANY
@given(payers, batches, tables, st.sets(st.sampled_from(KEYS), max_size=10))
def test_pinned_accounts_are_as_if_no_table_held_them(builder, payer, batch, listed, pinned):
    nobody = b"nobody names this account at all"
    without = [(key, [nobody if each in pinned else each for each in addresses]) for key, addresses in listed]
    calls = [solders_call(call) for call in batch]
    message = MessageV0.try_compile(Pubkey(payer), calls, [solders_table(each) for each in without], Hash(bytes(32)))
    arguments = payer, calls_for(builder, batch), tables_for(builder, listed), bytes(32), list(pinned)
    expect(lambda: builder.compile_v0(*arguments), message)


def same(built, theirs):
    assert built.program == bytes(theirs.program_id)
    assert built.data == bytes(theirs.data)
    accounts = [(bytes(meta.pubkey), meta.is_signer, meta.is_writable) for meta in theirs.accounts]
    assert [tuple(meta) for meta in built.accounts] == accounts


@builders
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_compute_budget_and_transfers(builder, small, large):
    same(builder.compute_unit_limit(small), compute_budget.set_compute_unit_limit(small))
    same(builder.compute_unit_price(large), compute_budget.set_compute_unit_price(large))
    if small:
        same(builder.loaded_data_limit(small), compute_budget.set_loaded_accounts_data_size_limit(small))
    params = system_program.TransferParams(from_pubkey=Pubkey(ME), to_pubkey=Pubkey(YOU), lamports=large)
    same(builder.transfer(ME, YOU, large), system_program.transfer(params))


@builders
@pytest.mark.parametrize("token_program", [program.TOKEN, program.TOKEN_2022])
def test_associated_token_accounts(builder, token_program):
    address = get_associated_token_address(Pubkey(ME), Pubkey(YOU), Pubkey(token_program))
    assert builder.associated_token_address(ME, YOU, token_program) == bytes(address)
    created = builder.create_associated_token(KEYS[7], ME, YOU, token_program)
    assert created.data == b"\x01"
    assert [meta[0] for meta in created.accounts[:2]] == [KEYS[7], bytes(address)]


def table_account(closed, extended, before, addresses):
    """Returns a lookup table's account, which solders reads alike."""
    head = b"".join(
        number.to_bytes(size, "little") for number, size in ((1, 4), (closed, 8), (extended, 8), (before, 1))
    )
    data = head + b"\1" + ME + bytes(2) + b"".join(addresses)
    read = AddressLookupTable.deserialize(data)
    meta = read.meta
    assert (meta.deactivation_slot, meta.last_extended_slot, meta.last_extended_slot_start_index) == (
        closed,
        extended,
        before,
    )
    assert [bytes(each) for each in read.addresses] == addresses
    return data


@builders
@given(st.lists(st.sampled_from(KEYS[8:20]), max_size=12), st.integers(0, 12), st.integers(68, 72))
def test_tables_are_read_from_accounts(builder, addresses, before, slot):
    data = table_account(2**64 - 1, 70, before, addresses)
    assert len(data) == 56 + 32 * len(addresses)
    usable = addresses if slot > 70 else addresses[:before]
    calls = [builder.Instruction(KEYS[30], tuple((each, False, True) for each in KEYS[8:20]), b"")]
    tables = builder.LookupTable.decode(KEYS[9], data, slot), builder.LookupTable(KEYS[9], usable)
    first, second = (builder.compile_v0(ME, calls, [table], bytes(32)) for table in tables)
    assert first.data == second.data


@builders
def test_what_is_no_open_table_is_refused(builder):
    data = table_account(60, 50, 0, KEYS[:3])
    with pytest.raises(ValueError, match="the lookup table closes since slot 60"):
        builder.LookupTable.decode(ME, data, 71)
    for bad in (data[:-1], data[:40], bytes(4) + data[4:]):
        with pytest.raises(ValueError, match=f"{len(bad)} bytes are no lookup table"):
            builder.LookupTable.decode(ME, bad, 71)


def test_the_benchmark_builds_the_same_transaction_in_all_three():
    for case in instructions.cases():
        built = {call() for call in (case.rust, case.python, case.peers) if call}
        assert len(built) == 1
        assert len(built.pop()) <= 1232


@builders
@pytest.mark.parametrize("amount", [-1, 2**64])
def test_amounts_beyond_64_bits_are_refused(builder, amount):
    with pytest.raises(OverflowError):
        builder.transfer(ME, YOU, amount)
    with pytest.raises(OverflowError):
        builder.compute_unit_price(amount)


@builders
def test_what_is_no_key_signature_or_program_is_refused_by_value(builder):
    with pytest.raises(ValueError, match="key was 31 bytes, not 32"):
        builder.transfer(ME, bytes(31), 1)
    with pytest.raises(ValueError, match="key was 33 bytes, not 32"):
        builder.compile_legacy(ME, [], bytes(33))
    with pytest.raises(ValueError, match="signature was 63 bytes, not 64"):
        builder.compile_legacy(ME, [], bytes(32)).transaction([bytes(63)])
    with pytest.raises(ValueError, match="11111111111111111111111111111111 is no token program"):
        builder.close_account(ME, YOU, ME, bytes(32))
    with pytest.raises(ValueError, match="limit of loaded data was 0"):
        builder.loaded_data_limit(0)
    with pytest.raises(ValueError, match="257 addresses in a lookup table, at most 256"):
        builder.LookupTable(ME, [YOU] * 257)
    many = tuple((bytes([byte] * 32), False, False) for byte in range(256))
    with pytest.raises(ValueError, match="257 accounts in a transaction, at most 256"):
        builder.compile_legacy(KEYS[5], [builder.Instruction(bytes(32), many, b"")], bytes(32))
