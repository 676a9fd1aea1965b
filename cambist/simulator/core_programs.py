"""The programs around a swap: ComputeBudget, System, SPL Token, Token-2022, Associated Token, Memo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cambist.engine.reference.chain import program
from cambist.engine.reference.chain.reader import LayoutError
from cambist.engine.reference.chain.token import Mint
from cambist.simulator.accounts import Account, TokenBalance, rent
from cambist.simulator.addresses import ATA_PROGRAM, MEMO_PROGRAM, pda
from cambist.simulator.execution import Context, ProgramError, custom, need
from cambist.simulator.transactions import COMPUTE_BUDGET, Instruction

if TYPE_CHECKING:
    from collections.abc import Callable

    from cambist.engine.reference.chain.token import TransferFee

SOL_MINT = bytes.fromhex("069b8857feab8184fb687f634618c035dac439dc1aeb3b5598a0f00000000001")
INSUFFICIENT_FUNDS = 1
TRANSFER_UNITS, TRANSFER_CHECKED_UNITS, TOKEN_2022_UNITS = 76, 105, 1_480


def compute_budget(context: Context, instruction: Instruction) -> None:
    """Does nothing: the budget was read before the transaction ran."""


def system(context: Context, instruction: Instruction) -> None:
    """Transfers lamports."""
    if int.from_bytes(instruction.data[:4], "little") != 2 or len(instruction.data) != 12:
        msg = "InvalidInstructionData"
        raise ProgramError(msg)
    source, target = need(instruction, 2)[:2]
    lamports = int.from_bytes(instruction.data[4:], "little")
    account = context.get(source.key)
    if not source.signer:
        msg = "MissingRequiredSignature"
        raise ProgramError(msg)
    if account is None or account.lamports < lamports:
        have = 0 if account is None else account.lamports
        context.log(f"Transfer: insufficient lamports {have}, need {lamports}")
        raise custom(INSUFFICIENT_FUNDS)
    if account.owner != bytes(32):
        context.log("Transfer: `from` must not carry data")
        msg = "InvalidArgument"
        raise ProgramError(msg)
    context.put(source.key, account.funded(account.lamports - lamports))
    other = context.get(target.key) or Account(bytes(32), b"", 0)
    context.put(target.key, other.funded(other.lamports + lamports))


def memo(context: Context, instruction: Instruction) -> None:
    """Logs its data."""
    context.consume(3_000)
    try:
        text = instruction.data.decode()
    except UnicodeDecodeError:
        msg = "InvalidInstructionData"
        raise ProgramError(msg) from None
    context.log(f'Program log: Memo (len {len(instruction.data)}): "{text}"')


def token(context: Context, instruction: Instruction) -> None:
    """Runs Transfer, TransferChecked, SyncNative or CloseAccount."""
    tag, data = instruction.data[:1], instruction.data
    if tag == b"\x03" and len(data) == 9:
        source, target, owner = need(instruction, 3)[:3]
        context.consume(TRANSFER_UNITS)
        _authorised(context, source.key, owner.key, signer=owner.signer)
        move(context, source.key, target.key, int.from_bytes(data[1:], "little"), checked=False)
    elif tag == b"\x0c" and len(data) == 10:
        source, mint, target, owner = need(instruction, 4)[:4]
        context.consume(TRANSFER_CHECKED_UNITS)
        _authorised(context, source.key, owner.key, signer=owner.signer)
        if context.token(source.key).mint != mint.key or decimals_of(context, mint.key) != data[9]:
            raise custom(18, "Error: The provided decimals value different from the Mint decimals")
        move(context, source.key, target.key, int.from_bytes(data[1:9], "little"), checked=True)
    elif tag == b"\x11" and len(data) == 1:
        context.consume(201)
        key = need(instruction, 1)[0].key
        account = context.token(key)
        if not account.native:
            raise custom(19, "Error: Instruction does not support non-native tokens")
        context.put(key, account.moved_to(account.lamports - rent(165)))
    elif tag == b"\x09" and len(data) == 1:
        context.consume(118)
        _close(context, instruction)
    else:
        msg = "InvalidInstructionData"
        raise ProgramError(msg)


def _close(context: Context, instruction: Instruction) -> None:
    key, target, owner = need(instruction, 3)[:3]
    _authorised(context, key.key, owner.key, signer=owner.signer)
    account = context.token(key.key)
    if account.amount and not account.native:
        raise custom(11, "Error: Non-native account can only be closed if its balance is zero")
    other = context.get(target.key) or Account(bytes(32), b"", 0)
    context.put(target.key, other.funded(other.lamports + account.lamports))
    context.put(key.key, Account(bytes(32), b"", 0))


def associated_token(context: Context, instruction: Instruction) -> None:
    """Creates an associated token account (tag 0, or 1: unless it exists)."""
    payer, address, owner, mint, _system, token_program = need(instruction, 6)[:6]
    if instruction.data not in (b"", b"\x00", b"\x01"):
        msg = "InvalidInstructionData"
        raise ProgramError(msg)
    context.log("Program log: Create" + ("Idempotent" if instruction.data == b"\x01" else ""))
    context.consume(13_419)
    if address.key != pda(ATA_PROGRAM, owner.key, token_program.key, mint.key):
        msg = "InvalidArgument"
        raise ProgramError(msg, log="Error: Associated address does not match seed derivation")
    known = context.get(address.key)
    if isinstance(known, TokenBalance):
        if instruction.data == b"\x01":
            return
        msg = "IllegalOwner"
        raise ProgramError(msg)
    parsed, account = mint_of(context, mint.key), context.get(payer.key)
    withheld = parsed.transfer_fee is not None
    cost = rent(182 if withheld else 165)
    if account is None or account.lamports < cost:
        raise custom(INSUFFICIENT_FUNDS)
    context.put(payer.key, account.funded(account.lamports - cost))
    fresh = TokenBalance.new(token_program.key, mint.key, owner.key, 0, native=mint.key == SOL_MINT, withheld=withheld)
    context.put(address.key, fresh)


def _authorised(context: Context, key: bytes, owner: bytes, *, signer: bool) -> None:
    if context.token(key).holder != owner:
        raise custom(4, "Error: owner does not match")
    if not signer:
        msg = "MissingRequiredSignature"
        raise ProgramError(msg)


def move(
    context: Context, source: bytes, target: bytes, amount: int, *, checked: bool, tax: TransferFee | None = None
) -> int:
    """Moves tokens and returns what arrives. Raises `ProgramError` as the token program does."""
    giver, taker = context.token(source), context.token(target)
    if giver.mint != taker.mint:
        raise custom(3, "Error: Account not associated with this Mint")
    if giver.amount < amount:
        raise custom(INSUFFICIENT_FUNDS, "Error: insufficient funds")
    if giver.owner == program.TOKEN_2022 and tax is None:
        parsed = mint_of(context, giver.mint)
        if parsed.transfer_fee is not None:
            if not checked:
                raise custom(
                    31,
                    "Error: Mint required for this account to transfer tokens, use `transfer_checked`",
                )
            tax = parsed.transfer_fee.at(context.epoch)
    fee = tax.fee(amount) if tax is not None else 0
    context.put(source, giver.moved(-amount))
    arrived = context.token(target).moved(amount - fee)
    context.put(target, arrived.withhold(fee) if fee else arrived)
    return amount - fee


def transfer_call(
    context: Context, source: bytes, target: bytes, amount: int, *, checked: bool, tax: TransferFee | None = None
) -> int:
    """Calls the token program from a swap. Returns what arrives."""
    owner = context.token(source).owner
    arrived = 0

    def run() -> None:
        nonlocal arrived
        if owner == program.TOKEN_2022:
            context.log("Program log: Instruction: TransferChecked")
        context.consume(
            TOKEN_2022_UNITS if owner == program.TOKEN_2022 else TRANSFER_CHECKED_UNITS if checked else TRANSFER_UNITS
        )
        arrived = move(context, source, target, amount, checked=checked, tax=tax)

    context.invoke(owner, run)
    return arrived


def mint_of(context: Context, key: bytes) -> Mint:
    """Returns a mint. Raises `ProgramError` if it is none."""
    account = context.get(key)
    if account is None:
        msg = "InvalidAccountData"
        raise ProgramError(msg)
    try:
        return Mint.decode(account.data)
    except LayoutError:
        msg = "InvalidAccountData"
        raise ProgramError(msg) from None


def decimals_of(context: Context, key: bytes) -> int:
    """Returns a mint's decimals."""
    return mint_of(context, key).decimals


HANDLERS: dict[bytes, Callable[[Context, Instruction], None]] = {
    COMPUTE_BUDGET: compute_budget,
    program.SYSTEM: system,
    program.TOKEN: token,
    program.TOKEN_2022: token,
    ATA_PROGRAM: associated_token,
    MEMO_PROGRAM: memo,
}
