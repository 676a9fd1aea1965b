"""The filters of getProgramAccounts and programSubscribe."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

from cambist.simulator.encoding import kind, natural
from cambist.simulator.jsonrpc import invalid
from cambist.simulator.transactions import WireError, base58_decode

if TYPE_CHECKING:
    from cambist.simulator.accounts import Account

MAX_FILTERS = 4


class Filters(NamedTuple):
    """All of them must hold."""

    size: int | None = None
    compares: tuple[tuple[int, bytes], ...] = ()
    """(offset, bytes)."""

    def match(self, account: Account) -> bool:
        """Returns whether an account passes."""
        if self.size is not None and account.space != self.size:
            return False
        return all(account.data[at : at + len(wanted)] == wanted for at, wanted in self.compares)


def filters_of(value: object) -> Filters:
    """Returns the filters in a JSON value, none if it is `None`. Raises `RpcError`."""
    if value is None:
        return Filters()
    if not isinstance(value, list):
        msg = f"Invalid params: invalid type: {kind(value)}, expected a sequence of filters."
        raise invalid(msg)
    if len(value) > MAX_FILTERS:
        msg = f"Too many filters provided; max {MAX_FILTERS}"
        raise invalid(msg)
    size: int | None = None
    compares = []
    for item in value:
        if isinstance(item, dict) and natural(item.get("dataSize")):
            size = item["dataSize"]
        elif isinstance(item, dict) and isinstance(item.get("memcmp"), dict):
            compares.append(_compare(item["memcmp"]))
        else:
            msg = "Invalid params: a filter is {dataSize: n} or {memcmp: {offset, bytes}}."
            raise invalid(msg)
    return Filters(size, tuple(compares))


def _compare(item: dict[str, Any]) -> tuple[int, bytes]:
    offset, text, encoding = item.get("offset"), item.get("bytes"), item.get("encoding") or "base58"
    if not natural(offset):
        msg = "Invalid params: memcmp needs an offset."
        raise invalid(msg)
    if isinstance(text, list) and all(natural(byte) and byte < 256 for byte in text):
        wanted = bytes(text)
    elif isinstance(text, str) and encoding in ("base58", "base64"):
        try:
            wanted = base58_decode(text) if encoding == "base58" else base64.b64decode(text, validate=True)
        except (WireError, ValueError):
            msg = f"Invalid param: invalid memcmp {encoding} bytes"
            raise invalid(msg) from None
    else:
        msg = "Invalid params: memcmp needs bytes in base58 or base64."
        raise invalid(msg)
    if len(wanted) > 128:
        msg = "Invalid param: memcmp bytes is longer than 128 bytes"
        raise invalid(msg)
    return int(offset or 0), wanted
