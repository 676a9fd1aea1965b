"""The simulated venues' messages have the shape of recorded ones: the same keys, and values of the same types."""

import json
from collections.abc import Iterator

from backports import zstd

from tests.shared import shared_data
from tests.simulator.exchanges.rig import running
from tests.simulator.exchanges.test_coinbase import subscribe


def recorded(venue: str) -> Iterator[dict]:
    raw = zstd.decompress(shared_data("cex_cryptofeed", f"{venue}.jsonl.zst").read_bytes())
    return (json.loads(line) for line in raw.decode().splitlines())


def shape(value: object) -> object:
    """Returns keys and types; of a list, those of its first item."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


def kind(message: dict) -> tuple[str, str]:
    return message["channel"], message["events"][0].get("type", "")


async def test_coinbase_speaks_as_recorded() -> None:
    real = {}
    for row in recorded("COINBASE"):
        if row["t"] == "recv":
            message = json.loads(row["data"])
            real.setdefault(kind(message), shape(message))
    async with running("coinbase") as rig, rig.client() as client:
        await rig.steps(100)
        for channel in ("level2", "ticker", "market_trades", "heartbeats"):
            await client.send(subscribe(channel, *(["SOL-USD"] if channel != "heartbeats" else [])))
        await client.all()
        await rig.steps(100)
        texts = await client.all_raw()
        async with rig.client() as second:
            for channel in ("level2", "ticker", "market_trades"):
                await second.send(subscribe(channel, "SOL-USD"))
            texts += await second.all_raw()
    found = {}
    for message in map(json.loads, texts):
        found.setdefault(kind(message), shape(message))
    assert set(found) == {key for key in real if key[0] != "candles"}
    for key, value in found.items():
        if key[0] != "subscriptions":  # it holds what this client listens to
            assert value == real[key], key
    _, _, products = await products_of()
    real_products = next(json.loads(row["data"]) for row in recorded("COINBASE") if row["t"] == "http")
    one = shape(real_products["products"][0])
    for product in products["products"]:
        for name, value in product.items():
            assert name in one
            assert name == "alias_to" or shape(value) == one[name], name


async def products_of() -> tuple:
    async with running("coinbase") as rig:
        return await rig.get("/api/v3/brokerage/market/products")


async def test_okx_speaks_as_recorded_and_carries_the_numbers_that_came_later() -> None:
    real = {}
    for row in recorded("OKX"):
        if row["t"] == "recv":
            message = json.loads(row["data"])
            key = message.get("event") or (message["arg"]["channel"], message.get("action", ""))
            if message.get("action") != "update" or (message["data"][0]["asks"] and message["data"][0]["bids"]):
                real.setdefault(key, shape(message))
    async with running("okx") as rig, rig.client() as client:
        await client.send(
            {"op": "subscribe", "args": [{"channel": c, "instId": "SOL-USDT"} for c in ("books", "trades")]}
        )
        await client.all()
        await rig.steps(100)
        async with rig.client() as second:
            await second.send({"op": "subscribe", "args": [{"channel": "books", "instId": "SOL-USDT"}]})
            texts = await second.all_raw() + await client.all_raw()
    for message in map(json.loads, texts):
        key = message.get("event") or (message["arg"]["channel"], message.get("action", ""))
        if (
            "data" in message
            and message.get("action") == "update"
            and not all((message["data"][0]["asks"], message["data"][0]["bids"]))
        ):
            continue
        mine, theirs = shape(message), real[key]
        for later in ("prevSeqId", "seqId", "count"):  # the recording is of 2022
            for row in mine.get("data", []):
                row.pop(later, None)
        mine.pop("connId", None)
        assert mine == theirs, key


async def test_krakens_pairs_have_the_recorded_fields() -> None:
    real = next(json.loads(row["data"])["result"] for row in recorded("KRAKEN") if row["t"] == "http")
    async with running("kraken") as rig:
        _, _, found = await rig.get("/0/public/AssetPairs")
    legacy = real["XXBTZUSD"]
    ours = found["result"]["XXBTZUSD"]
    assert set(legacy) - set(ours) <= {"margin_call", "margin_stop"}
    for name in ("altname", "wsname", "base", "quote", "pair_decimals", "lot_decimals", "lot_multiplier"):
        assert ours[name] == legacy[name], name
