"""Lists that others keep: of pools, for their addresses alone; of tokens, to verify symbols. Typed and capped.

Pool lists come as one JSON array of addresses or of `{"id": …, "dex": …}`, as an answer of GeckoTerminal
(`{"data": [{"attributes": {"address": …}}]}`, other chains are passed over), or as JSON lines of
`{"venue": …, "pool": {…}}`. What a list says of program, tokens and fees is not believed: the chain is asked.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from backports import zstd

from cambist.config.watch import KEY
from cambist.model.text import sanitise

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 32 << 20
MAX_POOLS = 20_000
MAX_TOKENS = 100_000
MAINNET = 101
_ADDRESS_FIELDS = ("id", "address", "pool_account", "ownAddress", "poolPublicKey", "state_account")


class ListError(ValueError):
    """A list that can't be read: the file, the entry if it is one, and what was expected."""


class Listed(NamedTuple):
    """What a token list says of a mint."""

    symbol: str
    decimals: int
    unique: bool
    """Whether no other mint of the list has this symbol."""


class _Token(msgspec.Struct):
    address: str
    symbol: str = ""
    decimals: int = 0
    chainId: int = MAINNET


class _Attributes(msgspec.Struct):
    address: str


class _Id(msgspec.Struct):
    id: str = "solana"


class _Link(msgspec.Struct):
    data: _Id = msgspec.field(default_factory=_Id)


class _Links(msgspec.Struct):
    network: _Link = msgspec.field(default_factory=_Link)


class _Gecko(msgspec.Struct):
    attributes: _Attributes
    relationships: _Links = msgspec.field(default_factory=_Links)


class _TokenList(msgspec.Struct):
    tokens: list[_Token]


_TOKEN_LIST = msgspec.json.Decoder(_TokenList | list[_Token])


def pools(path: Path) -> tuple[str, ...]:
    """Returns the addresses of a pool list, each once, in its order. Raises `ListError`, `OSError`."""
    entries = _entries(path)
    found: dict[str, None] = {}
    for at, entry in enumerate(entries, 1):
        address = _address(entry)
        if address is None:
            continue
        if not KEY.fullmatch(address):
            message = f"{path}: entry {at} has the address {sanitise(address, 60)!r}, expected a base58 public key"
            raise ListError(message)
        found[address] = None
        if len(found) > MAX_POOLS:
            message = f"{path}: more than {MAX_POOLS} pools"
            raise ListError(message)
    if not found:
        message = f"{path}: no pool of this chain in it; {_EXPECTED}"
        raise ListError(message)
    return tuple(found)


def tokens(path: Path) -> dict[str, Listed]:
    """Returns what a token list says of the mints of the main network. Raises `ListError`, `OSError`."""
    try:
        found = _TOKEN_LIST.decode(_read(path))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        message = f'{path}: no token list ({sanitise(str(error), 80)}); expected {{"tokens": [{{"address", "symbol", "decimals"}}]}}'  # noqa: E501
        raise ListError(message) from error
    rows = [row for row in (found if isinstance(found, list) else found.tokens) if row.chainId == MAINNET]
    if len(rows) > MAX_TOKENS:
        message = f"{path}: {len(rows)} tokens, at most {MAX_TOKENS} are read"
        raise ListError(message)
    by_mint = {row.address: row for row in rows if KEY.fullmatch(row.address)}
    counts = Counter(row.symbol for row in by_mint.values())
    return {
        mint: Listed(sanitise(row.symbol, 12), row.decimals, counts[row.symbol] == 1) for mint, row in by_mint.items()
    }


_EXPECTED = 'expected a JSON array of addresses or of {"id"}, a GeckoTerminal answer, or JSON lines of {"pool"}'


def _entries(path: Path) -> list[Any]:
    body = _read(path)
    try:
        data = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        data = _lines(path, body)
    if isinstance(data, dict):
        data = data["data"] if isinstance(data.get("data"), list) else [data]
    if not isinstance(data, list):
        message = f"{path}: {_EXPECTED}"
        raise ListError(message)
    return data


def _lines(path: Path, body: bytes) -> list[Any]:
    entries = []
    for number, line in enumerate(body.splitlines(), 1):
        if line.strip():
            try:
                entries.append(msgspec.json.decode(line))
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
                message = f"{path}, line {number}: no JSON ({sanitise(str(error), 60)}); {_EXPECTED}"
                raise ListError(message) from error
    return entries


def _address(entry: Any) -> str | None:
    """Returns the address of an entry, `None` for one of another chain or without any."""
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, dict):
        return None
    if "attributes" in entry:
        try:
            row = msgspec.convert(entry, _Gecko)
        except msgspec.ValidationError:
            return None
        return row.attributes.address if row.relationships.network.data.id == "solana" else None
    if isinstance(entry.get("pool"), dict):
        entry = entry["pool"]
    return next((entry[field] for field in _ADDRESS_FIELDS if isinstance(entry.get(field), str)), None)


def _read(path: Path) -> bytes:
    """Returns a file's bytes, unpacked if it ends in `.zst`; never more than `MAX_BYTES`."""
    with path.open("rb") as file:
        body = file.read(MAX_BYTES + 1)
    if path.suffix == ".zst":
        try:
            body = zstd.ZstdDecompressor().decompress(body, max_length=MAX_BYTES + 1)
        except zstd.ZstdError as error:
            message = f"{path}: no zstd file ({error})"
            raise ListError(message) from error
    if len(body) > MAX_BYTES:
        message = f"{path}: over {MAX_BYTES >> 20} MB"
        raise ListError(message)
    return body
