"""What a transaction paid and who paid it, out of a node's answer to `getTransaction`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cambist.engine.reference.chain.program import key
from cambist.engine.reference.chain.tx_parser.message import message
from cambist.engine.reference.chain.tx_parser.read import loaded_keys
from cambist.engine.reference.exchanges.event import FieldError, Receipt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cambist.engine.reference.exchanges.frame import Field

TIP_ACCOUNTS: Final = tuple(
    key(text)
    for text in (
        "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5",
        "HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe",
        "Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY",
        "ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49",
        "DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh",
        "ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt",
        "DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL",
        "3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT",
    )
)
"""Of the block engine that most tips go to (Jito's documentation)."""
_U64_MAX: Final = 2**64 - 1


def receipt(signature: bytes, result: Field) -> Receipt:
    """Reads `{"slot":5,"transaction":["…","base64"],"meta":{"fee":5000,"preBalances":[9],"postBalances":[4],…}}`.

    Raises `DecodeError` for what is none, or is another transaction than the one that was asked for.
    """
    slot, transaction, meta = result.fields("slot", "transaction", "meta")
    loaded, fee, before, after = meta.fields("loadedAddresses", "fee", "preBalances", "postBalances")
    sent = message(transaction, loaded_keys(loaded))
    if sent.signature != signature:
        raise FieldError(transaction.name, "another one than was asked for")
    if not sent.keys:
        raise FieldError(transaction.name, "one that nobody pays for")
    return Receipt(signature, slot.u64(), sent.keys[0], fee.u64(), _tip(sent.keys, before, after))


def _tip(keys: Sequence[bytes], before: Field, after: Field) -> int | None:
    """Returns what accounts that take tips gained; no instruction can pay one that the transaction doesn't name."""
    places = [at for at, named in enumerate(keys) if named in TIP_ACCOUNTS]
    if not places:
        return 0
    if before.optional is None or after.optional is None:
        return None
    held, holds = before.items(), after.items()
    if len(held) != len(keys) or len(holds) != len(keys):
        return None
    return min(sum(max(0, holds[at].u64() - held[at].u64()) for at in places), _U64_MAX)
