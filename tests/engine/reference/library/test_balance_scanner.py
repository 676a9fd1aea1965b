import doctest
import json
import struct

import pytest
from solders.pubkey import Pubkey
from solders.token.state import TokenAccount, TokenAccountState

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.library import balance_scanner
from cambist.engine.reference.library.balance_scanner import scan_wallet
from tests.shared import shared_data

WALLET, OTHER, MINT, WSOL = (Pubkey.new_unique() for _ in range(4))


def account(amount: int, **fields: object) -> bytes:
    """Returns a token account as solders writes it."""
    given = {
        "mint": MINT,
        "owner": WALLET,
        "delegate": None,
        "state": TokenAccountState.Initialized,
        "is_native": None,
        "delegated_amount": 0,
        "close_authority": None,
    }
    return bytes(TokenAccount(amount=amount, **(given | fields)))


def extended(data: bytes, *extensions: tuple[int, bytes]) -> bytes:
    values = b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in extensions)
    return data + b"\2" + values


def scan(*accounts: tuple[bytes, int, bytes], mints=(), epoch: int = 0):
    listed = [(bytes([at]) * 32, owner, lamports, data) for at, (owner, lamports, data) in enumerate(accounts, 1)]
    return scan_wallet(bytes(WALLET), listed, mints, epoch)


def test_the_examples_run():
    assert doctest.testmod(balance_scanner).failed == 0


def test_all_that_solders_writes_is_read_back():
    data = account(
        77,
        mint=WSOL,
        delegate=OTHER,
        state=TokenAccountState.Frozen,
        is_native=2_039_280,
        delegated_amount=50,
        close_authority=MINT,
    )
    (holding,) = scan((program.TOKEN, 2_039_400, data)).holdings
    assert holding.mint == bytes(WSOL)
    assert (holding.amount, holding.frozen, holding.delegated_amount) == (77, True, 50)
    assert (holding.delegate, holding.close_authority) == (bytes(OTHER), bytes(MINT))
    assert (holding.native_reserve, holding.unsynced) == (2_039_280, 43)


def test_balances_are_by_mint_and_say_what_is_bound():
    found = scan(
        (program.TOKEN, 1, account(100)),
        (program.TOKEN, 1, account(30, state=TokenAccountState.Frozen)),
        (program.TOKEN, 1, account(20, delegate=OTHER, delegated_amount=90)),
        (program.TOKEN, 3_000_000, account(5, mint=WSOL, is_native=2_039_280)),
    )
    by_mint = {balance.mint: balance for balance in found.balances}
    assert [balance.mint for balance in found.balances] == sorted(by_mint)
    bound = by_mint[bytes(MINT)]
    assert (bound.accounts, bound.total, bound.frozen, bound.delegated, bound.spendable) == (3, 150, 30, 20, 120)
    assert by_mint[bytes(WSOL)].wrapped == 5
    assert bound.wrapped == 0
    assert bound.decimals is bound.arrives is None


def test_transfer_fees_are_those_of_the_epoch_and_withheld_ones_apart():
    fee = struct.pack("<64x8xQQHQQH", 0, 5, 100, 10, 10**6, 250)
    mint = bytes(44) + b"\6\1" + bytes(119) + b"\1" + struct.pack("<HH", 1, len(fee)) + fee
    data = extended(account(10_000), (2, struct.pack("<Q", 9)), (7, b""), (13, b""))
    listed = [(program.TOKEN_2022, 1, data), (program.TOKEN_2022, 1, data)]
    for epoch, arrives in ((9, 2 * 9_995), (10, 2 * 9_750)):
        found = scan(*listed, mints=[(bytes(MINT), mint)], epoch=epoch)
        (balance,) = found.balances
        assert (balance.decimals, balance.total, balance.withheld, balance.arrives) == (6, 20_000, 18, arrives)
        assert found.holdings[0].extensions == [2, 7, 13]


def test_each_reason_to_leave_an_account_out_is_counted():
    found = scan_wallet(
        bytes(WALLET),
        [
            (bytes(WALLET), program.SYSTEM, 890, b""),
            (bytes(WALLET), program.SYSTEM, 891, b""),
            (b"a" * 32, program.SYSTEM, 1, b""),
            (b"b" * 32, program.TOKEN, 1, bytes(82)),
            (b"c" * 32, program.TOKEN_2022, 1, bytes(165) + b"\1"),
            (b"d" * 32, program.TOKEN, 1, bytes(355)),
            (b"e" * 32, program.TOKEN, 1, bytes(165)),
            (b"f" * 32, program.TOKEN, 1, account(1, owner=OTHER)),
            (b"g" * 32, program.TOKEN, 1, account(1)[:72] + b"\7" + account(1)[73:]),
            (b"h" * 32, program.TOKEN_2022, 1, extended(account(1), (2, b"short"))),
            (b"i" * 32, program.TOKEN, 1, extended(account(1))),
        ],
        [(bytes(MINT), b"no mint")],
        0,
    )
    assert found.lamports == 890
    assert found.holdings == found.balances == []
    assert found.skips == [
        ("duplicate", 1), ("other_program", 1), ("mint", 2), ("multisig", 1), ("uninitialised", 1), ("other_owner", 1),
        ("damaged", 3), ("damaged_mint", 1),
    ]  # fmt: skip
    assert [skip.detail for skip in found.skipped if skip.detail] == [
        "mint: size was 7, expected 82",
        "token_account: delegate tag was 7",
        "token_account: transfer fee amount size was 5",
        "token_account: size was 166, expected 165",
    ]


def test_recorded_mints_decode_and_are_no_balance():
    for path in sorted(shared_data("sol_accounts", "vixen").glob("*.json")):
        recorded = json.loads(path.read_text())
        owner, data = bytes(recorded["owner"]), bytes(recorded["data"])
        found = scan((owner, recorded["lamports"], data))
        assert not found.holdings
        if owner in (program.TOKEN, program.TOKEN_2022) and found.skips == [("mint", 1)]:
            assert Mint.decode(data).decimals <= 18


def test_an_address_has_32_bytes():
    with pytest.raises(ValueError, match=r"^key of 3 bytes$"):
        scan_wallet(b"abc", [], [], 0)
