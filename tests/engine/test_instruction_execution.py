"""Built transactions executed by a local runtime with the token programs it ships."""

import pytest
from solders.account import Account
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from cambist.engine.reference.chain import program
from tests.engine.backends import both

builders = pytest.mark.parametrize("builder", both("venues.instructions"))
WALLET = Keypair.from_seed(bytes([7] * 32))
ME = bytes(WALLET.pubkey())
TIP, MINT, TABLE = (bytes([byte] * 32) for byte in (21, 22, 23))
RENT = 2_039_280
SOL = 1_000_000_000


def chain():
    svm = LiteSVM()
    svm.airdrop(WALLET.pubkey(), 10 * SOL)
    native = bytes(4 + 32 + 8) + bytes([9, 1]) + bytes(36)
    svm.set_account(Pubkey(program.WRAPPED_SOL), Account(SOL, native, Pubkey(program.TOKEN)))
    return svm


def send(svm, message, *signers):
    wire = message.transaction([bytes(each.sign_message(message.data)) for each in (WALLET, *signers)])
    return svm.send_transaction(VersionedTransaction.from_bytes(wire))


def succeeded(result):
    assert not isinstance(result, FailedTransactionMetadata), result.meta().logs()
    return result


def amount(svm, account):
    return int.from_bytes(svm.get_account(Pubkey(account)).data[64:72], "little")


@builders
def test_sol_is_wrapped_and_unwrapped(builder):
    svm = chain()
    blockhash = bytes(svm.latest_blockhash())
    account = builder.associated_token_address(ME, program.WRAPPED_SOL, program.TOKEN)
    succeeded(send(svm, builder.compile_v0(ME, builder.wrap_sol(ME, SOL), [], blockhash)))
    assert amount(svm, account) == SOL
    assert svm.get_balance(Pubkey(account)) == SOL + RENT
    svm.expire_blockhash()
    again = builder.compile_legacy(ME, builder.wrap_sol(ME, 5), bytes(svm.latest_blockhash()))
    succeeded(send(svm, again))
    assert amount(svm, account) == SOL + 5
    before = svm.get_balance(WALLET.pubkey())
    undone = builder.compile_v0(ME, [builder.unwrap_sol(ME)], [], bytes(svm.latest_blockhash()))
    succeeded(send(svm, undone))
    assert svm.get_balance(WALLET.pubkey()) == before + SOL + 5 + RENT - 5_000
    assert svm.get_account(Pubkey(account)) is None


@builders
@pytest.mark.parametrize("token_program", [program.TOKEN, program.TOKEN_2022])
def test_a_token_account_is_created_once_and_closed(builder, token_program):
    svm = chain()
    mint = bytes(4 + 32 + 8) + bytes([6, 1]) + bytes(36)
    svm.set_account(Pubkey(MINT), Account(SOL, mint, Pubkey(token_program)))
    other = bytes([30] * 32)
    create = builder.create_associated_token(ME, other, MINT, token_program)
    account = Pubkey(builder.associated_token_address(other, MINT, token_program))
    for _ in range(2):
        succeeded(send(svm, builder.compile_v0(ME, [create], [], bytes(svm.latest_blockhash()))))
        assert svm.get_account(account).data[:64] == MINT + other
        svm.expire_blockhash()
    mine = builder.create_associated_token(ME, ME, MINT, token_program)
    address = builder.associated_token_address(ME, MINT, token_program)
    close = builder.close_account(address, ME, ME, token_program)
    succeeded(send(svm, builder.compile_v0(ME, [mine, close], [], bytes(svm.latest_blockhash()))))
    assert svm.get_account(Pubkey(address)) is None


@builders
def test_a_tip_is_paid_within_the_budget_asked_for(builder):
    svm = chain()
    svm.set_account(Pubkey(TIP), Account(SOL, b"", Pubkey(program.SYSTEM)))
    before = svm.get_balance(WALLET.pubkey())
    asked = [builder.compute_unit_limit(100_000), builder.compute_unit_price(1_500_001)]
    tip = [builder.loaded_data_limit(64_000), builder.transfer(ME, TIP, 10_000), builder.memo("for a seat", [ME])]
    message = builder.compile_v0(ME, [*asked, *tip], [], bytes(svm.latest_blockhash()))
    result = succeeded(send(svm, message))
    assert svm.get_balance(Pubkey(TIP)) == SOL + 10_000
    fee = 5_000 + -(-100_000 * 1_500_001 // 1_000_000)
    assert svm.get_balance(WALLET.pubkey()) == before - 10_000 - fee
    assert any("for a seat" in line for line in result.logs())


@builders
def test_too_small_a_limit_stops_the_transaction(builder):
    svm = chain()
    calls = [builder.compute_unit_limit(1_000), *builder.wrap_sol(ME, 5)]
    result = send(svm, builder.compile_v0(ME, calls, [], bytes(svm.latest_blockhash())))
    assert isinstance(result, FailedTransactionMetadata)
    assert result.meta().compute_units_consumed() <= 1_000


@builders
def test_accounts_are_read_from_a_lookup_table_unless_pinned(builder):
    svm = chain()
    addresses = [bytes([40] * 32), TIP, program.WRAPPED_SOL]
    addresses.append(builder.associated_token_address(ME, program.WRAPPED_SOL, program.TOKEN))
    header = (1).to_bytes(4, "little") + b"\xff" * 8 + bytes(8) + b"\0" + b"\1" + ME + b"\0\0"
    owner = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
    svm.set_account(Pubkey(TABLE), Account(SOL, header + b"".join(addresses), owner))
    svm.set_account(Pubkey(TIP), Account(SOL, b"", Pubkey(program.SYSTEM)))
    table = builder.LookupTable(TABLE, addresses)
    calls = [*builder.wrap_sol(ME, SOL), builder.transfer(ME, TIP, 10_000)]
    blockhash = bytes(svm.latest_blockhash())
    loose = builder.compile_v0(ME, calls, [table], blockhash)
    tight = builder.compile_v0(ME, calls, [table], blockhash, [TIP])
    assert TIP not in loose.data
    assert TIP in tight.data
    assert addresses[3] not in tight.data
    for message in (loose, tight):
        succeeded(send(svm, message))
    assert svm.get_balance(Pubkey(TIP)) == SOL + 20_000
    assert amount(svm, addresses[3]) == 2 * SOL


@builders
def test_a_second_signer_signs_in_the_order_named(builder):
    svm = chain()
    friend = Keypair.from_seed(bytes([8] * 32))
    svm.airdrop(friend.pubkey(), SOL)
    svm.set_account(Pubkey(TIP), Account(SOL, b"", Pubkey(program.SYSTEM)))
    calls = [builder.transfer(bytes(friend.pubkey()), TIP, 7)]
    message = builder.compile_legacy(ME, calls, bytes(svm.latest_blockhash()))
    assert list(message.signers) == [ME, bytes(friend.pubkey())]
    succeeded(send(svm, message, friend))
    assert svm.get_balance(Pubkey(TIP)) == SOL + 7
