"""Pool lists and token lists as others keep them."""

import json
from pathlib import Path

import pytest
from backports import zstd

from cambist.market.discovery import files
from cambist.market.discovery.files import Listed, ListError
from tests.shared import shared_data

SOL = "So11111111111111111111111111111111111111112"
FAKE_BONK = "6dhTynDkYsVM7cbF7TKfC9DWB636TcEM935fq7JzL2ES"


def written(folder: Path, text: str, name: str = "list.json") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("syesildag_pools.json", 63, "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2"),
        ("syesildag_dlmm_pools.json", 2, "HTvjzsfX3yU6BUodCjZ5vZkUrAxMDTrBs3CJaq43ashR"),
        ("syesildag_phoenix_pools.json", 6, "9ZrHFqT4VzEx1tWBFodNam4XwuBkZ7fQHJAECBeD2Rhk"),
        ("syesildag_saber_pools.json", 1, "2p7nYbtPBgtmY69NsE8DAW6szpRJn7tQvDnqvoEWQvjY"),
        ("listen_geckoterminal_pools_by_category.json", 9, "9xGg9ULrDwjq28XHQxnZaBKgiCy3zCsYhnS7SRbRiJTY"),
        ("solana_2023_pools.jsonl.zst", 1_000, "13FjT6LMUH9LQLQn6KGjJ1GNXKvgzoDSdxvHvAd4hcan"),
    ],
)
def test_recorded_lists_are_read(name: str, count: int, first: str) -> None:
    found = files.pools(shared_data("pool_lists", name))
    assert found[0] == first
    assert count <= len(found) <= count + 5
    assert len(set(found)) == len(found)


def test_the_recorded_token_list_verifies_by_mint_and_knows_its_collisions() -> None:
    listed = files.tokens(shared_data("pool_lists", "solana.tokenlist.json.zst"))
    assert listed[SOL] == Listed("SOL", 9, unique=True)
    assert listed[FAKE_BONK].symbol == "BONK", "a list's word is only as good as the list"
    assert sum(not entry.unique for entry in listed.values()) > 100
    assert all(entry.symbol.isprintable() for entry in listed.values())


def test_plain_addresses_are_a_list(tmp_path: Path) -> None:
    assert files.pools(written(tmp_path, json.dumps([SOL, FAKE_BONK, SOL]))) == (SOL, FAKE_BONK)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"list\.json, line 1: no JSON"),
        ('["a"]\n[', r"list\.json, line 2: no JSON"),
        ("7", r"list\.json: expected a JSON array"),
        ("[]", r"no pool of this chain in it; expected"),
        ('[{"dex": "orca"}]', r"no pool of this chain"),
        ('{"data": [{"attributes": 7, "relationships": []}]}', r"no pool of this chain"),
        (f'["{SOL}", "0x12"]', r"entry 2 has the address '0x12', expected a base58"),
        ('[{"id": "\\u001b[31m"}]', r"entry 1 has the address '\\\\u001b\[31m'"),
        ("[" * 50_000, r"no JSON"),
    ],
)
def test_bad_lists_name_the_entry(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ListError, match=message):
        files.pools(written(tmp_path, text))


def test_lists_are_capped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 1_000)
    with pytest.raises(ListError, match="over"):
        files.pools(written(tmp_path, json.dumps([SOL] * 100)))
    bomb = tmp_path / "list.json.zst"
    bomb.write_bytes(zstd.compress(b" " * 10_000_000))
    with pytest.raises(ListError, match="over"):
        files.pools(bomb)
    (tmp_path / "bad.zst").write_bytes(b"no zstd")
    with pytest.raises(ListError, match="no zstd file"):
        files.pools(tmp_path / "bad.zst")
    monkeypatch.setattr(files, "MAX_POOLS", 1)
    with pytest.raises(ListError, match="more than 1 pools"):
        files.pools(written(tmp_path, json.dumps([SOL, FAKE_BONK])))


def test_token_lists_keep_to_the_main_network(tmp_path: Path) -> None:
    rows = [
        {"address": SOL, "symbol": "SOL", "decimals": 9},
        {"address": FAKE_BONK, "symbol": "\x1b[31mX", "decimals": 5, "chainId": 101},
        {"address": "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU", "symbol": "USDC", "decimals": 6, "chainId": 103},
        {"address": "no key", "symbol": "Y", "decimals": 6},
    ]
    found = files.tokens(written(tmp_path, json.dumps({"tokens": rows})))
    assert set(found) == {SOL, FAKE_BONK}
    assert found[FAKE_BONK].symbol.isprintable()
    assert files.tokens(written(tmp_path, json.dumps(rows))) == found
    for text in ('{"tokens": 3}', "[", '[{"symbol": "X"}]'):
        with pytest.raises(ListError, match=r"no token list .*expected"):
            files.tokens(written(tmp_path, text))
