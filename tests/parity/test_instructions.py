"""Instructions, messages and transactions: the Rust engine against the reference, word for word."""

import doctest
import importlib
import pkgutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cambist.engine.reference.build import instruction_builder
from cambist.engine.reference.chain import program
from cambist.engine.reference.venues import TABLE
from cambist.engine.reference.venues import instructions as reference
from tests.engine.transactions import batches, calls_for, keys, outcome, payers, tables, tables_for

native = pytest.importorskip("cambist.engine._native", reason="the Rust engine is not built")

SOME = settings(max_examples=60, deadline=None)
odd_keys = st.one_of(keys, st.binary(min_size=31, max_size=33))
maybe = st.one_of(st.none(), odd_keys)
token_programs = st.one_of(st.sampled_from([program.TOKEN] * 4 + [program.TOKEN_2022] * 2), odd_keys)
users = st.builds(reference.User, odd_keys, keys, odd_keys)
u64 = st.integers(0, 2**64 - 1)
amounts = st.builds(reference.SwapAmounts, st.booleans(), u64, u64)
limits = st.integers(0, 2**128 - 1)
arrays = st.lists(odd_keys, max_size=4)


def shaped(structure, **fields):
    """Returns a strategy of a structure: keys, except for the fields named."""
    return st.builds(structure, *(fields.get(name, keys) for name in structure._fields))


def alike(name, *args, **kwargs):
    assert outcome(getattr(native, name), *args, **kwargs) == outcome(getattr(reference, name), *args, **kwargs)


serum = shaped(reference.SerumAccounts, target_orders=maybe, bids=odd_keys)
pair = {"program_a": token_programs, "program_b": token_programs}


@SOME
@given(shaped(reference.RaydiumV4Accounts, pc_vault=odd_keys), st.one_of(st.none(), serum), users, amounts)
def test_raydium_v4(pool, market, user, swapped):
    alike("raydium_v4_swap", pool, market, user, swapped)


@SOME
@given(
    shaped(reference.CpmmAccounts, program_0=token_programs, program_1=token_programs), users, amounts, st.booleans()
)
def test_cpmm(pool, user, swapped, forward):
    alike("cpmm_swap", pool, user, swapped, zero_for_one=forward)


@SOME
@given(shaped(reference.ClmmAccounts, bitmap_extension=maybe), arrays, users, amounts, limits, st.booleans())
def test_clmm(pool, passed, user, swapped, limit, forward):
    for name in "clmm_swap", "clmm_swap_v2":
        alike(name, pool, passed, user, swapped, limit, zero_for_one=forward)


@SOME
@given(
    shaped(reference.WhirlpoolAccounts, **pair), arrays, arrays, users, amounts, limits, st.booleans(), st.booleans()
)
def test_whirlpool(pool, passed, more, user, swapped, limit, forward, adaptive):
    alike("whirlpool_swap", pool, passed, user, swapped, limit, a_to_b=forward, is_adaptive=adaptive)
    alike("whirlpool_swap_v2", pool, passed, more, user, swapped, limit, a_to_b=forward)


@SOME
@given(
    shaped(
        reference.DlmmAccounts,
        program_x=token_programs,
        program_y=token_programs,
        bitmap_extension=maybe,
        host_fee=maybe,
    ),
    arrays,
    users,
    amounts,
)
def test_dlmm(pool, passed, user, swapped):
    for name in "dlmm_swap", "dlmm_swap2":
        alike(name, pool, passed, user, swapped)


@SOME
@given(shaped(reference.DammV2Accounts, **pair, referral=maybe), users, amounts, st.booleans())
def test_damm_v2(pool, user, swapped, partial):
    alike("damm_v2_swap", pool, user, swapped)
    alike("damm_v2_swap2", pool, user, swapped, partial=partial)
    alike("damm_v2_swap2", pool, user, swapped, partial=partial, limited=True)


@SOME
@given(shaped(reference.SaberAccounts), users, amounts, st.booleans())
def test_saber(pool, user, swapped, forward):
    alike("saber_swap", pool, user, swapped, a_to_b=forward)


@SOME
@given(
    shaped(
        reference.PumpPool,
        base_program=token_programs,
        quote_program=token_programs,
        coin_creator=st.one_of(keys, st.just(bytes(32))),
    ),
    users,
    amounts,
    st.booleans(),
    st.booleans(),
)
def test_pump(pool, user, swapped, cashback, buy):
    alike("pump_accounts", pool, user.owner, is_cashback_coin=cashback)
    try:
        accounts = reference.pump_accounts(pool, user.owner, is_cashback_coin=cashback)
    except reference.BuildError:
        return
    for name in "pump_swap", "pump_swap_v2":
        alike(name, accounts, user, swapped, buy=buy)


@SOME
@given(st.lists(odd_keys, min_size=3, max_size=3), token_programs, u64, st.text(max_size=8), st.integers(0, 2**32 - 1))
def test_what_goes_around_swaps(some, token_program, lamports, text, small):
    alike("compute_unit_limit", small)
    alike("loaded_data_limit", small % 3)
    alike("compute_unit_price", lamports)
    alike("create_associated_token", *some, token_program)
    alike("transfer", *some[:2], lamports)
    alike("sync_native", some[0])
    alike("close_account", *some, token_program)
    alike("wrap_sol", some[0], lamports)
    alike("unwrap_sol", some[0])
    alike("memo", text, some)


@SOME
@given(
    odd_keys,
    odd_keys,
    odd_keys,
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 255),
)
def test_derived_accounts(first, second, third, start, index, nonce):
    alike("associated_token_address", first, second, third)
    alike("whirlpool_tick_array", first, second, start)
    alike("whirlpool_oracle", first, second)
    alike("clmm_tick_array", first, start)
    alike("clmm_bitmap_extension", first)
    alike("dlmm_bin_array", first, index)
    alike("saber_authority", first, nonce)


@SOME
@given(payers, batches, tables, odd_keys, st.lists(odd_keys, max_size=3), st.lists(st.binary(min_size=63, max_size=65)))
def test_messages(payer, batch, listed, blockhash, pinned, signatures):
    built = []
    for builder in native, reference:
        calls, found = calls_for(builder, batch), tables_for(builder, listed)
        both = [
            outcome(builder.compile_v0, payer, calls, found, blockhash, pinned),
            outcome(builder.compile_legacy, payer, calls, blockhash),
        ]
        if not isinstance(both[1], str):
            message = builder.compile_legacy(payer, calls, blockhash)
            both.append(outcome(message.transaction, signatures))
            both.append(message.transaction([bytes(64)] * len(message.signers)))
        built.append(both)
    assert built[0] == built[1]


@SOME
@given(odd_keys, st.lists(odd_keys, max_size=3), batches)
def test_what_is_no_key_is_refused_alike(key, addresses, batch):
    refused = []
    for builder in native, reference:
        table = outcome(lambda make=builder.LookupTable: make(key, addresses) and None)
        call = outcome(lambda made=builder: made.compile_legacy(bytes(32), [made.Instruction(key, (), b"")], bytes(32)))
        refused.append((table, call))
    assert refused[0] == refused[1]


def test_a_call_reads_back_as_it_was_made():
    call = native.Instruction(bytes(32), [(bytes([1] * 32), True, False)], b"x")
    assert (call.program, call.accounts, call.data) == (bytes(32), ((bytes([1] * 32), True, False),), b"x")
    assert call == native.Instruction(bytes(32), [(bytes([1] * 32), True, False)], b"x")
    assert call != native.Instruction(bytes(32), [], b"x")


def test_examples_run():
    modules = [instruction_builder]
    for each in pkgutil.iter_modules(instruction_builder.__path__):
        modules.append(importlib.import_module(f"{instruction_builder.__name__}.{each.name}"))
    modules += [importlib.import_module(each.__module__) for row in TABLE for each in row.swaps]
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.attempted for result in results) >= 10
    assert not any(result.failed for result in results)
