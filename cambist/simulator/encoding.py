"""Accounts and keys as JSON-RPC writes them."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from backports import zstd
from solders.pubkey import Pubkey
from solders.signature import Signature

from cambist.simulator.jsonrpc import RpcError, invalid

if TYPE_CHECKING:
    from cambist.simulator.accounts import Account

COMMITMENTS = {"processed": 0, "confirmed": 1, "finalized": 2}
DELAY_SLOTS = (0, 2, 32)
"""Slots after which a closed slot counts as processed, confirmed, finalized."""


@lru_cache(maxsize=8_192)
def key_text(key: bytes) -> str:
    """Returns a public key in base58."""
    return str(Pubkey(key))


def key_bytes(text: object) -> bytes:
    """Returns the 32 bytes of a base58 key. Raises `RpcError`."""
    if not isinstance(text, str):
        msg = f"Invalid params: invalid type: {kind(text)}, expected a string."
        raise invalid(msg)
    try:
        return bytes(Pubkey.from_string(text))
    except ValueError:
        raise invalid(
            "Invalid param: WrongSize" if len(text) not in range(32, 45) else "Invalid param: Invalid"
        ) from None


def signature_bytes(text: object) -> bytes:
    """Returns the 64 bytes of a base58 signature. Raises `RpcError`."""
    if not isinstance(text, str):
        msg = f"Invalid params: invalid type: {kind(text)}, expected a string."
        raise invalid(msg)
    try:
        return bytes(Signature.from_string(text))
    except ValueError:
        raise invalid(
            "Invalid param: WrongSize" if len(text) not in range(64, 90) else "Invalid param: Invalid"
        ) from None


def signature_text(signature: bytes) -> str:
    """Returns a signature in base58."""
    return str(Signature(signature))


def kind(value: object) -> str:
    """Returns what serde would call a JSON value."""
    names = {bool: "boolean", int: "integer", float: "floating point", str: "string", list: "sequence", dict: "map"}
    return names.get(type(value), "null")


class View(NamedTuple):
    """How account data is asked for."""

    encoding: str = "base64"
    offset: int | None = None
    length: int = 0


def view_of(options: dict[str, Any], default: str = "base64") -> View:
    """Returns encoding and slice of a config object. Raises `RpcError`."""
    encoding = options.get("encoding") or default
    if encoding not in ("base64", "base64+zstd", "base58", "binary", "jsonParsed"):
        known = "`binary`, `base58`, `base64`, `jsonParsed`, `base64+zstd`"
        msg = f"Invalid params: unknown variant `{str(encoding)[:40]}`, expected one of {known}."
        raise invalid(msg)
    part = options.get("dataSlice")
    if part is None:
        return View(encoding)
    if not isinstance(part, dict) or not all(natural(part.get(name)) for name in ("offset", "length")):
        msg = "Invalid params: dataSlice needs offset and length, both whole numbers."
        raise invalid(msg)
    return View(encoding, part["offset"], part["length"])


def natural(value: object) -> bool:
    """Returns whether a JSON value is an integer that fits u64."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64


def options_of(params: list[Any], at: int) -> dict[str, Any]:
    """Returns the config object at a position, empty if absent. Raises `RpcError`."""
    value = params[at] if len(params) > at else None
    if value is None:
        return {}
    if not isinstance(value, dict):
        msg = f"Invalid params: invalid type: {kind(value)}, expected a config object."
        raise invalid(msg)
    return value


def commitment_of(options: dict[str, Any]) -> int:
    """Returns 0 processed, 1 confirmed, 2 finalized (the default). Raises `RpcError`."""
    name = options.get("commitment") or "finalized"
    rank = COMMITMENTS.get(name) if isinstance(name, str) else None
    if rank is None:
        known = "`processed`, `confirmed`, `finalized`"
        msg = f"Invalid params: unknown variant `{str(name)[:40]}`, expected one of {known}."
        raise invalid(msg)
    return rank


def account_json(account: Account, view: View) -> bytes:
    """Returns an account as JSON. Raises `RpcError` for base58 of more than 128 bytes."""
    data = account.data
    if view.offset is not None:
        data = data[view.offset : view.offset + view.length]
    encoding = view.encoding
    if encoding == "base64+zstd":
        text = '["' + base64.b64encode(zstd.compress(data)).decode() + '","base64+zstd"]'
    elif encoding in ("base58", "binary"):
        if len(data) > 128:
            raise RpcError(
                -32600, "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding."
            )
        short = base58_encode(data)
        text = f'["{short}","base58"]' if encoding == "base58" else f'"{short}"'
    else:
        text = '["' + base64.b64encode(data).decode() + '","base64"]'
    flag = "true" if account.executable else "false"
    return (
        f'{{"lamports":{account.lamports},"data":{text},"owner":"{key_text(account.owner)}","executable":{flag}'
        f',"rentEpoch":18446744073709551615,"space":{len(account.data)}}}'
    ).encode()


ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58_encode(data: bytes) -> str:
    """Returns base58 of bytes of any length."""
    value, out = int.from_bytes(data, "big"), ""
    while value:
        value, digit = divmod(value, 58)
        out = ALPHABET[digit] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out
