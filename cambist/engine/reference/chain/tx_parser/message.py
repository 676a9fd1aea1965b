"""The message of a transaction: keys and instructions, out of JSON or wire bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.chain import base58, program
from cambist.engine.reference.chain.log_parser.text import base64, digits
from cambist.engine.reference.chain.tx_parser import transfer
from cambist.engine.reference.exchanges.event import FieldError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.exchanges.frame import Field

Loaded = tuple[list[bytes], list[bytes]]
"""Keys that lookup tables gave: writable, then read-only."""


class Instruction(NamedTuple):
    """One call of a program."""

    program: bytes
    accounts: list[bytes]
    data: bytes
    height: int | None
    """1 for an instruction of the transaction itself; older nodes don't say."""


class Message(NamedTuple):
    """A transaction without its outcome."""

    signature: bytes | None
    keys: list[bytes]
    """All keys, those of lookup tables last."""
    instructions: list[Instruction]


def message(transaction: Field, loaded: Loaded | None) -> Message:
    """Reads `["<base64>","base64"]`, or an object with `signatures` and `message`."""
    if type(transaction.raw) is not list:
        return _of_json(transaction, loaded)
    pair = transaction.items()
    if len(pair) != 2:
        raise transaction.wrong()
    text, encoding = pair
    named = encoding.text()
    if named == "base64":
        data = base64(text.text())
    elif named == "base58":
        data = base58.decode_bytes(text.text())
    else:
        raise encoding.wrong()
    if data is None:
        raise text.wrong()
    return _of_wire(data, loaded)


def _of_json(transaction: Field, loaded: Loaded | None) -> Message:
    signatures, content = transaction.fields("signatures", "message")
    signed = signatures.items()
    signature = signed[0].signature() if signed else None
    given, instructions = content.fields("accountKeys", "instructions")
    keys: list[bytes] = []
    parsed = False
    for key in given.items():
        # An object is of jsonParsed, where the keys of lookup tables are in the list already.
        parsed = type(key.raw) is dict
        keys.append(key.get("pubkey").pubkey() if parsed else key.pubkey())
    if loaded is not None and not parsed:
        keys += [*loaded[0], *loaded[1]]
    return Message(signature, keys, [instruction(each, keys) for each in instructions.items()])


def instruction(given: Field, keys: Sequence[bytes]) -> Instruction:
    """Reads an instruction.

    `{"programIdIndex":4,"accounts":[0,2],"data":"<base58>","stackHeight":2}`, or of jsonParsed with keys instead of
    indices, or `{"programId":"…","parsed":{…}}`.
    """
    index, key, accounts, data, stack_height, parsed = given.fields(
        "programIdIndex", "programId", "accounts", "data", "stackHeight", "parsed"
    )
    height = None if stack_height.optional is None else stack_height.u64()
    called = key.pubkey() if index.absent else resolved(index, keys)
    if not parsed.absent:
        return Instruction(called, *_of_parsed(called, parsed), height)
    named = [resolved(each, keys) if type(each.raw) is int else each.pubkey() for each in accounts.items()]
    plain = base58.decode_bytes(data.text())
    if plain is None:
        raise data.wrong()
    return Instruction(called, named, plain, height)


def resolved(index: Field, keys: Sequence[bytes]) -> bytes:
    """Returns the key of an index."""
    return _key(index.name, index.u64(), keys)


def _key(field: str, at: int, keys: Sequence[bytes]) -> bytes:
    if at >= len(keys):
        raise FieldError(field, f"{at} of {len(keys)} keys")
    return keys[at]


def _of_parsed(called: bytes, parsed: Field) -> tuple[list[bytes], bytes]:
    """Returns accounts and data that a parsed transfer came from; those of other instructions are empty."""
    token = called in (program.TOKEN, program.TOKEN_2022)
    if type(parsed.raw) is not dict or not (token or called == program.SYSTEM):
        return [], b""
    name, info = parsed.fields("type", "info")
    kind = name.text()
    if not (kind == "transfer" or (token and kind.startswith("transferChecked"))):
        return [], b""
    source, mint, destination, lamports, amount, token_amount = info.fields(
        "source", "mint", "destination", "lamports", "amount", "tokenAmount"
    )
    ends = [source.pubkey(), destination.pubkey()]
    if not token:
        return ends, transfer.system(lamports.u64())
    if kind == "transfer":
        return ends, transfer.plain(decimal(amount))
    amount, decimals = token_amount.fields("amount", "decimals")
    data = transfer.checked(decimal(amount), byte(decimals))
    return [ends[0], mint.pubkey(), ends[1]], data


def decimal(amount: Field) -> int:
    """Returns an amount out of its digits."""
    value = digits(amount.text())
    if value is None:
        raise amount.wrong()
    return value


def byte(field: Field) -> int:
    """Returns an integer of 8 bits."""
    value = field.u64()
    if value > 255:
        raise field.wrong()
    return value


class _Cursor:
    """Bytes of a transaction, read from the front."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise _cut_off(self.data)
        self.at += count
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def length(self) -> int:
        """Returns a length of one to three bytes, seven bits each."""
        length = 0
        for shift in (0, 7, 14):
            byte = self.byte()
            length |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        _check(byte < 0x80, "transaction", f"a length that goes on at byte {self.at}")
        return length

    def bytes(self) -> bytes:
        return self.take(self.length())


def _cut_off(data: bytes) -> FieldError:
    return FieldError("transaction", f"cut off at {len(data)} bytes")


def _check(fits: bool, field: str, was: str) -> None:
    """Raises the error of a field that can't be."""
    if not fits:
        raise FieldError(field, was)


def _of_wire(data: bytes, loaded: Loaded | None) -> Message:
    cursor = _Cursor(data)
    signatures = [cursor.take(64) for _ in range(cursor.length())]
    first = cursor.byte()
    _check(first <= 0x80, "transaction", f"of version {first & 0x7F}")
    # The header: how many keys sign and how many are read-only.
    cursor.take(3 if first == 0x80 else 2)
    keys = [cursor.take(32) for _ in range(cursor.length())]
    cursor.take(32)  # the recent blockhash
    calls = [(cursor.byte(), cursor.bytes(), cursor.bytes()) for _ in range(cursor.length())]
    wanted = [0, 0]
    if first == 0x80:
        for _ in range(cursor.length()):
            cursor.take(32)
            wanted[0] += len(cursor.bytes())
            wanted[1] += len(cursor.bytes())
    _check(cursor.at == len(data), "transaction", f"{len(data) - cursor.at} bytes too long")
    writable, readonly = loaded or ([], [])
    fits = [len(writable), len(readonly)] == wanted
    _check(fits, "loadedAddresses", f"{len(writable)} and {len(readonly)} keys")
    keys += [*writable, *readonly]
    instructions = [
        Instruction(_key("programIdIndex", index, keys), [_key("accounts", at, keys) for at in accounts], body, 1)
        for index, accounts, body in calls
    ]
    return Message(signatures[0] if signatures else None, keys, instructions)
