"""Transactions: building the traders' messages quickly and reading anybody's wire bytes strictly."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from cambist.engine.reference.chain.tx_parser.receipt import TIP_ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from solders.keypair import Keypair

MAX_WIRE = 1232
COMPUTE_BUDGET = bytes.fromhex("0306466fe5211732ffecadba72c39be7bc8ce5bbc5f7126b2c439b3a40000000")
SYSTEM = bytes(32)


class Meta(NamedTuple):
    """An account named by an instruction."""

    key: bytes
    signer: bool
    writable: bool


class Instruction(NamedTuple):
    """One instruction with its accounts resolved."""

    program: bytes
    accounts: tuple[Meta, ...]
    data: bytes


class Budget(NamedTuple):
    """What the compute-budget instructions ask for."""

    limit: int
    """Compute units."""
    price: int
    """Micro-lamports per compute unit."""


class Transaction(NamedTuple):
    """A signed transaction, ready to be executed."""

    signatures: tuple[bytes, ...]
    message: bytes
    payer: bytes
    blockhash: bytes
    instructions: tuple[Instruction, ...]
    budget: Budget
    writable: frozenset[bytes]
    """Accounts it locks for writing."""
    verified: bool
    """Whether every signature is right."""
    protected: bool = False
    """Whether it is left out of the block rather than fail, as a bundle is."""

    @property
    def tip(self) -> int:
        """Lamports it gives to a tip account if it succeeds."""
        return sum(
            int.from_bytes(item.data[4:12], "little")
            for item in self.instructions
            if item.program == SYSTEM and len(item.accounts) == 2 and item.accounts[1].key in TIP_ACCOUNTS
        )

    @property
    def bid(self) -> int:
        """Micro-lamports per compute unit that it is ranked by: priority fee and tip."""
        return self.budget.price + self.tip * 1_000_000 // max(1, self.budget.limit)

    @property
    def fee(self) -> int:
        """Lamports it pays whether it succeeds or not."""
        return 5_000 * len(self.signatures) + -(-self.budget.price * self.budget.limit // 1_000_000)


class WireError(ValueError):
    """Bytes that are no transaction this node takes. `code` is the JSON-RPC error code a real node answers with."""

    def __init__(self, why: str, code: int = -32602) -> None:
        super().__init__(why)
        self.code = code


class BudgetError(ValueError):
    """A compute-budget instruction that is malformed or comes twice. `err` is the TransactionError."""

    def __init__(self, err: object) -> None:
        super().__init__(str(err))
        self.err = err


def set_limit(units: int) -> Instruction:
    """Returns SetComputeUnitLimit."""
    return Instruction(COMPUTE_BUDGET, (), b"\x02" + units.to_bytes(4, "little"))


def set_price(micro_lamports: int) -> Instruction:
    """Returns SetComputeUnitPrice."""
    return Instruction(COMPUTE_BUDGET, (), b"\x03" + micro_lamports.to_bytes(8, "little"))


def transfer(payer: bytes, target: bytes, lamports: int) -> Instruction:
    """Returns a System transfer of lamports."""
    metas = (Meta(payer, signer=True, writable=True), Meta(target, signer=False, writable=True))
    return Instruction(SYSTEM, metas, (2).to_bytes(4, "little") + lamports.to_bytes(8, "little"))


def budget_of(instructions: tuple[Instruction, ...]) -> Budget:
    """Returns limit and price. Without a limit: 200,000 per instruction that is no builtin's, 3,000 per builtin's."""
    limit: int | None = None
    price: int | None = None
    default = 0
    for index, instruction in enumerate(instructions):
        if instruction.program != COMPUTE_BUDGET:
            default += 3_000 if instruction.program in BUILTINS else 200_000
            continue
        default += 3_000
        tag, size = instruction.data[:1], len(instruction.data)
        if tag == b"\x02" and size == 5:
            if limit is not None:
                raise BudgetError({"DuplicateInstruction": index})
            limit = int.from_bytes(instruction.data[1:], "little")
        elif tag == b"\x03" and size == 9:
            if price is not None:
                raise BudgetError({"DuplicateInstruction": index})
            price = int.from_bytes(instruction.data[1:], "little")
        elif not (tag in (b"\x01", b"\x04") and size == 5):
            raise BudgetError({"InstructionError": [index, "InvalidInstructionData"]})
    return Budget(min(default if limit is None else limit, 1_400_000), price or 0)


BUILTINS = frozenset(
    {
        bytes(32),
        COMPUTE_BUDGET,
        bytes.fromhex("0277a6af97339b7ac88d1892c90446f50002309266f62e53c118244982000000"),
    }
)
"""System, ComputeBudget and AddressLookupTable."""


def shortvec(n: int) -> bytes:
    """Returns a length in Solana's compact-u16 form."""
    if n < 0x80:
        return bytes((n,))
    if n < 0x4000:
        return bytes((n & 0x7F | 0x80, n >> 7))
    return bytes((n & 0x7F | 0x80, n >> 7 & 0x7F | 0x80, n >> 14))


def compile_message(
    payer: bytes, blockhash: bytes, instructions: tuple[Instruction, ...]
) -> tuple[bytes, frozenset[bytes]]:
    """Returns a legacy message with one signer, and the accounts it writes."""
    rank = {payer: 0}
    for program, accounts, _ in instructions:
        for key, _signer, writable in accounts:
            known = rank.get(key)
            wanted = 1 if writable else 2
            if known is None or known > wanted:
                rank[key] = wanted
        rank.setdefault(program, 2)
    keys = sorted(rank, key=rank.__getitem__)
    place = {key: bytes((i,)) for i, key in enumerate(keys)}
    readonly = sum(1 for value in rank.values() if value == 2)
    body = [bytes((1, 0, readonly)), shortvec(len(keys)), *keys, blockhash, shortvec(len(instructions))]
    for program, accounts, data in instructions:
        body += (
            place[program],
            shortvec(len(accounts)),
            *(place[meta.key] for meta in accounts),
            shortvec(len(data)),
            data,
        )
    return b"".join(body), frozenset(keys[: len(keys) - readonly])


def sign(
    keypair: Keypair,
    payer: bytes,
    blockhash: bytes,
    instructions: tuple[Instruction, ...],
    budget: Budget,
    *,
    protected: bool = False,
) -> Transaction:
    """Returns a transaction with one signer."""
    message, writable = compile_message(payer, blockhash, instructions)
    signature = bytes(keypair.sign_message(message))
    return Transaction(
        (signature,), message, payer, blockhash, instructions, budget, writable, verified=True, protected=protected
    )


def message_keys(transaction: Transaction) -> list[bytes]:
    """Returns the static keys of a message, in its order."""
    message = VersionedTransaction.from_bytes(wire(transaction)).message
    return [bytes(key) for key in message.account_keys]


def wire(transaction: Transaction) -> bytes:
    """Returns the bytes that go over the network."""
    return shortvec(len(transaction.signatures)) + b"".join(transaction.signatures) + transaction.message


def parse(raw: bytes, table: Callable[[bytes], list[bytes] | None] = lambda key: None) -> Transaction:
    """Returns the transaction in wire bytes; `table` gives the keys of an address lookup table.

    Raises `WireError`; `BudgetError` for a bad compute budget.
    """
    if len(raw) > MAX_WIRE:
        msg = f"decoded transaction too large: {len(raw)} bytes (max: {MAX_WIRE} bytes)"
        raise WireError(msg)
    try:
        decoded = VersionedTransaction.from_bytes(raw)
        decoded.sanitize()
    except Exception as error:  # solders raises a type of its own for each way bytes can be wrong
        what = "solana_transaction::versioned::VersionedTransaction"
        msg = f"failed to deserialize {what}: {error}"
        raise WireError(msg) from None
    message = decoded.message
    keys = [bytes(key) for key in message.account_keys]
    if not keys or not decoded.signatures:
        msg = "invalid transaction: Transaction failed to sanitize accounts offsets correctly"
        raise WireError(msg)
    signed = message.header.num_required_signatures
    metas = [Meta(key, i < signed, is_writable(message.header, len(keys), i)) for i, key in enumerate(keys)]
    if isinstance(message, MessageV0):
        metas += _looked_up(message, table)
    keys = [meta.key for meta in metas]
    for item in message.instructions:
        if item.program_id_index >= len(keys) or any(i >= len(keys) for i in item.accounts):
            msg = "invalid transaction: Transaction failed to sanitize accounts offsets correctly"
            raise WireError(msg)
    instructions = tuple(
        Instruction(keys[item.program_id_index], tuple(metas[i] for i in item.accounts), bytes(item.data))
        for item in message.instructions
    )
    return Transaction(
        signatures=tuple(bytes(signature) for signature in decoded.signatures),
        message=raw[len(shortvec(len(decoded.signatures))) + 64 * len(decoded.signatures) :],
        payer=keys[0],
        blockhash=bytes(message.recent_blockhash),
        instructions=instructions,
        budget=budget_of(instructions),
        writable=frozenset(meta.key for meta in metas if meta.writable),
        verified=all(decoded.verify_with_results()),
    )


def _looked_up(message: MessageV0, table: Callable[[bytes], list[bytes] | None]) -> list[Meta]:
    """Returns the accounts of lookup tables: all writable ones first, then the readonly ones."""
    writable, readonly = [], []
    for lookup in message.address_table_lookups:
        keys = table(bytes(lookup.account_key))
        if keys is None:
            msg = "invalid transaction: Transaction loads an address table account that doesn't exist"
            raise WireError(msg)
        writable_indexes, readonly_indexes = bytes(lookup.writable_indexes), bytes(lookup.readonly_indexes)
        if max(writable_indexes + readonly_indexes, default=0) >= len(keys):
            msg = "invalid transaction: Transaction address table lookup uses an invalid index"
            raise WireError(msg)
        writable += [Meta(keys[i], signer=False, writable=True) for i in writable_indexes]
        readonly += [Meta(keys[i], signer=False, writable=False) for i in readonly_indexes]
    return writable + readonly


def is_writable(header: object, count: int, index: int) -> bool:
    """Returns whether the header lets account `index` of `count` static keys be written."""
    signed: int = header.num_required_signatures  # type: ignore[attr-defined]
    if index < signed:
        return index < signed - header.num_readonly_signed_accounts  # type: ignore[attr-defined,no-any-return]
    return index < count - header.num_readonly_unsigned_accounts  # type: ignore[attr-defined,no-any-return]


def decode_text(text: str, encoding: str) -> bytes:
    """Returns the bytes of an encoded transaction. Raises `WireError`."""
    if encoding == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except ValueError as error:
            msg = f"invalid base64 encoding: {error}"
            raise WireError(msg) from None
    if encoding == "base58":
        return base58_decode(text)
    msg = f"unsupported encoding: {encoding[:20]}. Supported encodings: base58, base64"
    raise WireError(msg)


ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
DIGIT = {char: i for i, char in enumerate(ALPHABET)}


def base58_decode(text: str) -> bytes:
    """Returns the bytes of base58 text of any length. Raises `WireError`."""
    if len(text) > 1_700:
        msg = f"base58 encoded transaction too large: {len(text)} bytes (max: encoded/raw 1683/1232)"
        raise WireError(msg)
    value = 0
    for char in text:
        digit = DIGIT.get(char)
        if digit is None:
            msg = f"invalid base58 encoding: invalid character {char!r}"
            raise WireError(msg)
        value = value * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + value.to_bytes((value.bit_length() + 7) // 8, "big")
