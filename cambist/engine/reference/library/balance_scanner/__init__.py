"""A wallet's balances by mint, from its token accounts; what is left out is counted by reason.

For users of the engine: no screen and no order uses this.

Amounts are atoms. Nothing is asked of the chain: the caller brings the accounts (`getTokenAccountsByOwner` of both
token programs, the wallet's own account) and the mints it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.chain.token import Mint
from cambist.engine.reference.library.balance_scanner.holding import Holding, RawAccount

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["REASONS", "Holding", "MintBalance", "RawAccount", "Scan", "Skip", "scan_wallet"]

_MINT_SIZE = 82
_MULTISIG_SIZE = 355
_ACCOUNT_TYPE = 165

REASONS = (
    "duplicate",
    "other_program",
    "mint",
    "multisig",
    "uninitialised",
    "other_owner",
    "damaged",
    "damaged_mint",
)
"""Why an account doesn't count, in the order that counts are given in."""


class Skip(NamedTuple):
    """An account that was left out."""

    address: bytes
    reason: str
    detail: str
    """What is damaged; empty for the other reasons."""


class MintBalance(NamedTuple):
    """All that a wallet holds of one mint."""

    mint: bytes
    program: bytes
    decimals: int | None
    """`None` if the mint was not brought along."""
    accounts: int
    total: int
    frozen: int
    """In frozen accounts."""
    delegated: int
    """What delegates may take, at most what is there."""
    spendable: int
    """`total` less `frozen`."""
    withheld: int
    """Transfer fees kept on the accounts; not part of `total`."""
    wrapped: int
    """The part of `total` that is wrapped SOL."""
    arrives: int | None
    """What arrives if each account sends all that is spendable, less transfer fees; `None` without the mint."""


class Scan(NamedTuple):
    """What a wallet holds."""

    lamports: int | None
    """SOL that is not wrapped; `None` if the wallet's own account was not brought."""
    holdings: list[Holding]
    """In the order brought."""
    balances: list[MintBalance]
    """By mint address."""
    skipped: list[Skip]
    """In the order brought, mints first."""
    skips: list[tuple[str, int]]
    """How many were left out for each reason that there was."""


def scan_wallet(
    wallet: bytes,
    accounts: Sequence[tuple[bytes, bytes, int, bytes]],
    mints: Sequence[tuple[bytes, bytes]],
    epoch: int,
) -> Scan:
    r"""Returns what `wallet` holds in `accounts`; `mints` give decimals and the transfer fee of `epoch`.

    An account is (address, program, lamports, data), a mint (address, data). Raises `ValueError` for an address that
    has not 32 bytes.

    >>> me = bytes(31) + b"\1"
    >>> scan = scan_wallet(me, [(me, bytes(32), 5_000, b""), (bytes(32), me, 1, b"")], [], 0)
    >>> scan.lamports, scan.skips
    (5000, [('other_program', 1)])
    """
    _check_keys([wallet, *(key for account in accounts for key in account[:2]), *(mint[0] for mint in mints)])
    lamports, holdings = None, []
    known, skipped = _read_mints(mints)
    seen: set[bytes] = set()
    for account in map(RawAccount._make, accounts):
        if account.address in seen:
            skipped.append(Skip(account.address, "duplicate", ""))
            continue
        seen.add(account.address)
        if account.address == wallet and account.program == program.SYSTEM:
            lamports = account.lamports
            continue
        read = _read(wallet, account)
        if isinstance(read, Skip):
            skipped.append(read)
        else:
            holdings.append(read)
    reasons = [skip.reason for skip in skipped]
    skips = [(reason, reasons.count(reason)) for reason in REASONS if reason in reasons]
    return Scan(lamports, holdings, _sum(holdings, known, epoch), skipped, skips)


def _check_keys(keys: Sequence[bytes]) -> None:
    for key in keys:
        if len(key) != 32:
            msg = f"key of {len(key)} bytes"
            raise ValueError(msg)


def _read_mints(mints: Sequence[tuple[bytes, bytes]]) -> tuple[dict[bytes, Mint], list[Skip]]:
    known: dict[bytes, Mint] = {}
    skipped = []
    for address, data in mints:
        try:
            known.setdefault(address, Mint.decode(data))
        except LayoutError as error:
            skipped.append(Skip(address, "damaged_mint", str(error)))
    return known, skipped


def _read(wallet: bytes, account: RawAccount) -> Holding | Skip:
    """Returns a token account of `wallet`, or why it doesn't count."""
    data, reason, detail = account.data, None, ""
    extended = account.program == program.TOKEN_2022 and len(data) > _ACCOUNT_TYPE
    if account.program not in (program.TOKEN, program.TOKEN_2022):
        reason = "other_program"
    elif len(data) == _MULTISIG_SIZE:
        reason = "multisig"
    elif len(data) == _MINT_SIZE or (extended and data[_ACCOUNT_TYPE] == 1):
        reason = "mint"
    else:
        try:
            holding = Holding.decode(account)
        except LayoutError as error:
            reason, detail = "damaged", str(error)
        else:
            if holding is not None and holding.owner == wallet:
                return holding
            reason = "uninitialised" if holding is None else "other_owner"
    return Skip(account.address, reason, detail)


def _sum(holdings: Sequence[Holding], known: dict[bytes, Mint], epoch: int) -> list[MintBalance]:
    groups: dict[bytes, list[Holding]] = {}
    for holding in holdings:
        groups.setdefault(holding.mint, []).append(holding)
    return [_balance(groups[mint], known.get(mint), epoch) for mint in sorted(groups)]


def _balance(group: Sequence[Holding], mint: Mint | None, epoch: int) -> MintBalance:
    fee = mint.transfer_fee.at(epoch) if mint is not None and mint.transfer_fee is not None else None
    sums = [0 if holding.frozen else holding.amount for holding in group]
    total, spendable = sum(holding.amount for holding in group), sum(sums)
    return MintBalance(
        mint=group[0].mint,
        program=group[0].program,
        decimals=None if mint is None else mint.decimals,
        accounts=len(group),
        total=total,
        frozen=total - spendable,
        delegated=sum(min(holding.delegated_amount, holding.amount) for holding in group),
        spendable=spendable,
        withheld=sum(holding.withheld for holding in group),
        wrapped=sum(holding.amount for holding in group if holding.native_reserve is not None),
        arrives=None if mint is None else spendable - sum(fee.fee(each) for each in sums if fee is not None),
    )
