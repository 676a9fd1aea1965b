"""Messages, legacy and version 0 with lookup tables, and transactions around signatures.

Accounts come once each: the payer, then signers written and read, then others written and read, each part in byte order
of the keys. What a table holds leaves the message unless it signs, is called or is pinned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cambist.engine.reference.build.instruction_builder.call import BuildError, Instruction, check_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MAX_TRANSACTION = 1232
"""Most bytes of a transaction, signatures included."""

_MAX_ACCOUNTS = 256
_VERSION_0 = b"\x80"
_TABLE_HEADER = 56
_TABLE_KIND = b"\1\0\0\0"


class LookupTable:
    """A lookup table: addresses that a message names by their place in it."""

    def __init__(self, key: bytes, addresses: Sequence[bytes]) -> None:
        """Takes the table's own address and those it holds. Raises `BuildError` above 256, or if one isn't 32 bytes."""
        check_keys((key, *addresses))
        if len(addresses) > _MAX_ACCOUNTS:
            message = f"{len(addresses)} addresses in a lookup table, at most {_MAX_ACCOUNTS}"
            raise BuildError(message)
        self.key = key
        self.places: dict[bytes, int] = {}
        for place, address in enumerate(addresses):
            self.places.setdefault(address, place)

    @staticmethod
    def decode(key: bytes, data: bytes, slot: int) -> LookupTable:
        """Returns the table in an account's bytes, with the addresses that a transaction of `slot` may use.

        Addresses added in a slot can be used from the next one on. Raises `BuildError` for other bytes, once the table
        is being closed, above 256 addresses and for a key that is not 32 bytes.
        """
        check_keys((key,))
        if len(data) < _TABLE_HEADER or len(data) % 32 != _TABLE_HEADER % 32 or data[:4] != _TABLE_KIND:
            message = f"{len(data)} bytes are no lookup table"
            raise BuildError(message)
        closed, extended = (int.from_bytes(data[at : at + 8], "little") for at in (4, 12))
        if closed != 2**64 - 1:
            message = f"the lookup table closes since slot {closed}"
            raise BuildError(message)
        addresses = [data[at : at + 32] for at in range(_TABLE_HEADER, len(data), 32)]
        return LookupTable(key, addresses if slot > extended else addresses[: data[20]])


class Message(NamedTuple):
    """A message, ready to be signed."""

    data: bytes
    """What each signer signs."""
    signers: tuple[bytes, ...]
    """Who must sign, the payer first, in the order of the signatures."""

    def transaction(self, signatures: Sequence[bytes]) -> bytes:
        """Returns the bytes of the transaction with these signatures, one for each signer; none is checked.

        Raises `BuildError` for another number of them, or if one is not 64 bytes.
        """
        for signature in signatures:
            if len(signature) != 64:
                message = f"signature was {len(signature)} bytes, not 64"
                raise BuildError(message)
        if len(signatures) != len(self.signers):
            message = f"{len(signatures)} signatures, expected {len(self.signers)}"
            raise BuildError(message)
        return _length(len(signatures)) + b"".join(signatures) + self.data


class _Wanted:
    """What the whole message wants of an account."""

    def __init__(self) -> None:
        self.signer = self.writable = self.called = False


def compile_v0(
    payer: bytes,
    instructions: Sequence[Instruction],
    tables: Sequence[LookupTable],
    blockhash: bytes,
    pinned: Collection[bytes] = (),
) -> Message:
    """Returns a version 0 message; accounts in `pinned` are never read from a table.

    Raises `BuildError` above 256 accounts, if its transaction would exceed 1232 bytes, and for a key that is not 32
    bytes.

    >>> call = Instruction(bytes([9] * 32), (), b"")
    >>> compile_v0(bytes(32), [call], [], bytes(32)).data[:5].hex()
    '8001000102'
    """
    check_keys((payer, blockhash, *pinned))
    wanted = _merged(payer, instructions)
    loaded: tuple[list[bytes], list[bytes]] = [], []
    lookups = []
    for table in tables:
        places: tuple[list[int], list[int]] = [], []
        for part, keys, writable in zip(places, loaded, (True, False), strict=True):
            for key, want in wanted.items():
                stays = want.signer or want.called or want.writable != writable or key in pinned
                if not stays and key in table.places and key not in loaded[0] and key not in loaded[1]:
                    part.append(table.places[key])
                    keys.append(key)
        if any(places):
            lookups.append(table.key + b"".join(_length(len(part)) + bytes(part) for part in places))
    for key in (*loaded[0], *loaded[1]):
        del wanted[key]
    keys, header = _arranged(payer, wanted, len(loaded[0]) + len(loaded[1]))
    body = _body(header, keys, (*loaded[0], *loaded[1]), blockhash, instructions)
    return _checked(_VERSION_0 + body + _length(len(lookups)) + b"".join(lookups), keys[: header[0]])


def compile_legacy(payer: bytes, instructions: Sequence[Instruction], blockhash: bytes) -> Message:
    """Returns a legacy message.

    Raises `BuildError` above 256 accounts, if its transaction would exceed 1232 bytes, and for a key that is not 32
    bytes.
    """
    check_keys((payer, blockhash))
    keys, header = _arranged(payer, _merged(payer, instructions), 0)
    return _checked(_body(header, keys, (), blockhash, instructions), keys[: header[0]])


def _merged(payer: bytes, instructions: Sequence[Instruction]) -> dict[bytes, _Wanted]:
    """Returns each account once, in byte order of the keys."""
    wanted = {payer: _Wanted()}
    wanted[payer].signer = wanted[payer].writable = True
    for program, accounts, _ in instructions:
        check_keys((program, *(key for key, _, _ in accounts)))
        wanted.setdefault(program, _Wanted()).called = True
        for key, signer, writable in accounts:
            want = wanted.setdefault(key, _Wanted())
            want.signer |= signer
            want.writable |= writable
    return dict(sorted(wanted.items()))


def _arranged(payer: bytes, wanted: dict[bytes, _Wanted], loaded: int) -> tuple[list[bytes], bytes]:
    """Returns the static keys in order, and the message's header."""
    count = len(wanted) + loaded
    if count > _MAX_ACCOUNTS:
        message = f"{count} accounts in a transaction, at most {_MAX_ACCOUNTS}"
        raise BuildError(message)
    parts = [
        [key for key, want in wanted.items() if (want.signer, want.writable) == part and key != payer]
        for part in ((True, True), (True, False), (False, True), (False, False))
    ]
    keys = [payer, *(key for part in parts for key in part)]
    signers = 1 + len(parts[0]) + len(parts[1])
    if signers >= _MAX_ACCOUNTS:
        message = f"{count} accounts in a transaction, at most {_MAX_ACCOUNTS}"
        raise BuildError(message)
    return keys, bytes([signers, len(parts[1]), len(parts[3])])


def _body(
    header: bytes, keys: list[bytes], loaded: tuple[bytes, ...], blockhash: bytes, instructions: Sequence[Instruction]
) -> bytes:
    index = {key: at for at, key in enumerate((*keys, *loaded))}
    body = [header, _length(len(keys)), *keys, blockhash, _length(len(instructions))]
    for program, accounts, data in instructions:
        named = bytes(index[key] for key, _, _ in accounts)
        body += [bytes([index[program]]), _length(len(named)), named, _length(len(data)), data]
    return b"".join(body)


def _checked(message: bytes, signers: list[bytes]) -> Message:
    """Returns a message whose transaction can be sent."""
    size = len(_length(len(signers))) + 64 * len(signers) + len(message)
    if size > MAX_TRANSACTION:
        text = f"transaction of {size} bytes, at most {MAX_TRANSACTION}"
        raise BuildError(text)
    return Message(message, tuple(signers))


def _length(length: int) -> bytes:
    """Returns a length, seven bits a byte, the lowest first."""
    out = bytearray()
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out)
