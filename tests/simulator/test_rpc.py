import base64
import json

import pytest
from solders.account import Account
from solders.pubkey import Pubkey
from solders.rpc import responses

from cambist.engine.reference.chain.token import Clock, Mint, TokenAccount
from cambist.engine.reference.venues.cpmm.layout import CpmmConfig
from tests.simulator.conftest import Running
from tests.simulator.wire import BASE64, PROCESSED, USER

CLOCK = "SysvarC1ock11111111111111111111111111111111"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
WHIRLPOOLS = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
RAYDIUM = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"


async def typed(running: Running, response: type, method: str, *params: object) -> object:
    """Returns an answer as solders' own types read it."""
    answer = await running.http.call(running.endpoints["rpc"], method, list(params))
    answer["id"] = 0
    parsed = response.from_json(json.dumps(answer))
    assert isinstance(parsed, response), parsed
    return parsed.value


async def test_account_info_is_what_the_chain_holds(running: Running) -> None:
    await running.slots(3)
    account = await typed(running, responses.GetAccountInfoResp, "getAccountInfo", CLOCK, BASE64)
    assert isinstance(account, Account)
    clock = Clock.decode(account.data)
    assert clock.slot == running.market.chain.slot == await running.rpc("getSlot", PROCESSED)
    assert clock.epoch == clock.slot // 432_000
    assert account.lamports == 1_169_280
    raw = await running.rpc("getAccountInfo", CLOCK, BASE64)
    assert raw["context"]["slot"] == clock.slot
    assert raw["value"]["rentEpoch"] == 2**64 - 1
    assert raw["value"]["space"] == 40
    assert (await running.rpc("getAccountInfo", str(Pubkey.default()), BASE64))["value"] is None


async def test_encodings_and_slices(running: Running) -> None:
    whole = base64.b64decode((await running.rpc("getAccountInfo", USDC, BASE64))["value"]["data"][0])
    assert Mint.decode(whole).decimals == 6
    part = BASE64 | {"dataSlice": {"offset": 44, "length": 1}}
    assert (await running.rpc("getAccountInfo", USDC, part))["value"]["data"] == [
        base64.b64encode(b"\6").decode(),
        "base64",
    ]
    base58 = (await running.rpc("getAccountInfo", USDC, PROCESSED | {"encoding": "base58"}))["value"]["data"]
    from cambist.simulator.transactions import base58_decode

    assert base58_decode(base58[0]) == whole
    pool = running.endpoints["pools"][0]["address"]
    refused = await running.refused("getAccountInfo", pool, PROCESSED | {"encoding": "base58"})
    assert refused["code"] == -32600
    from backports import zstd

    squeezed = (await running.rpc("getAccountInfo", pool, PROCESSED | {"encoding": "base64+zstd"}))["value"]["data"]
    assert (
        zstd.decompress(base64.b64decode(squeezed[0]))
        == running.market.world.accounts[bytes(Pubkey.from_string(pool))].data
    )


async def test_multiple_accounts(running: Running) -> None:
    keys = [CLOCK, USDC, str(Pubkey.new_unique())]
    found = await typed(running, responses.GetMultipleAccountsResp, "getMultipleAccounts", keys, BASE64)
    assert [account is None for account in found] == [False, False, True]
    hundred = [USDC] * 100
    assert len((await running.rpc("getMultipleAccounts", hundred, BASE64))["value"]) == 100
    assert (await running.refused("getMultipleAccounts", [*hundred, USDC], BASE64))["code"] == -32602


async def test_program_accounts_with_filters(running: Running) -> None:
    pools = [pool for pool in running.endpoints["pools"] if pool["program"] == WHIRLPOOLS]
    options = BASE64 | {"filters": [{"dataSize": 653}]}
    found = await typed(running, responses.GetProgramAccountsResp, "getProgramAccounts", WHIRLPOOLS, options)
    assert {str(item.pubkey) for item in found} == {pool["address"] for pool in pools}
    by_mint = {"dataSize": 653}, {"memcmp": {"offset": 101, "bytes": "So11111111111111111111111111111111111111112"}}
    options = BASE64 | {"filters": list(by_mint), "withContext": True}
    answer = await running.rpc("getProgramAccounts", WHIRLPOOLS, options)
    assert answer["context"]["slot"] == running.market.chain.slot
    assert {item["pubkey"] for item in answer["value"]} == {p["address"] for p in pools if p["token_a"] == "SOL"}
    configs = BASE64 | {
        "filters": [{"dataSize": 236}, {"memcmp": {"offset": 0, "bytes": "2vQhaMvLK28=", "encoding": "base64"}}]
    }
    program = "CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C"
    rates = {
        item["pubkey"]: CpmmConfig.decode(base64.b64decode(item["account"]["data"][0])).trade_fee_rate
        for item in await running.rpc("getProgramAccounts", program, configs)
    }
    assert rates["D4FPEruKEHrG5TenZ2mpDGEfu1iUvTiqBxvpU8HLBvC2"] == 2_500
    assert (await running.refused("getProgramAccounts", RAYDIUM, {"filters": [{"dataSize": 1}] * 5}))["code"] == -32602


async def test_slots_blockhashes_and_commitments(running: Running) -> None:
    await running.slots(40)
    processed, confirmed, finalized = [
        await typed(running, responses.GetSlotResp, "getSlot", {"commitment": name})
        for name in ("processed", "confirmed", "finalized")
    ]
    assert processed > confirmed > finalized
    assert await running.rpc("getSlot") == finalized
    latest = await typed(running, responses.GetLatestBlockhashResp, "getLatestBlockhash", PROCESSED)
    assert latest.last_valid_block_height == processed + 150
    valid = await running.rpc("isBlockhashValid", str(latest.blockhash), PROCESSED)
    assert valid["value"] is True
    await running.slots(151)
    assert (await running.rpc("isBlockhashValid", str(latest.blockhash), PROCESSED))["value"] is False
    late = await running.refused("getSlot", PROCESSED | {"minContextSlot": 2**40})
    assert late["code"] == -32016
    assert late["data"] == {"contextSlot": running.market.chain.slot}
    info = await running.rpc("getEpochInfo", PROCESSED)
    assert info["absoluteSlot"] == info["epoch"] * info["slotsInEpoch"] + info["slotIndex"]


async def test_priority_fees_are_the_landed_ones(running: Running) -> None:
    blocks = []
    while len(blocks) < 160:
        block = running.market.step()
        if block is not None:
            blocks.append(block)
    rows = await running.rpc("getRecentPrioritizationFees")
    assert [row["slot"] for row in rows] == [block.slot for block in blocks[-150:]]
    parsed = await typed(running, responses.GetRecentPrioritizationFeesResp, "getRecentPrioritizationFees")
    assert len(parsed) == 150
    median = await running.rpc("getRecentPrioritizationFees", [], {"percentile": 5000})
    most = await running.rpc("getRecentPrioritizationFees", [[], {"percentile": 10_000}][0], {"percentile": 10_000})
    for block, low, mid, high in zip(blocks[-150:], rows, median, most, strict=True):
        prices = sorted(item.transaction.budget.price for item in block.landed)
        assert low["prioritizationFee"] == (prices[0] if prices else 0)
        assert mid["prioritizationFee"] == (prices[-(-len(prices) // 2) - 1] if prices else 0)
        assert high["prioritizationFee"] == (prices[-1] if prices else 0)
    pool = running.endpoints["pools"][0]["address"]
    key = bytes(Pubkey.from_string(pool))
    for block, row in zip(blocks[-150:], await running.rpc("getRecentPrioritizationFees", [pool]), strict=True):
        everyone = [item.transaction.budget.price for item in block.landed]
        writers = [item.transaction.budget.price for item in block.landed if key in item.transaction.writable]
        assert row["prioritizationFee"] == max(min(everyone, default=0), min(writers, default=0))
    for wrong in ({"percentile": 0}, {"percentile": 10_001}, {"percentile": "50"}):
        assert (await running.refused("getRecentPrioritizationFees", [], wrong))["code"] == -32602
    assert (await running.refused("getRecentPrioritizationFees", [USDC] * 129))["code"] == -32602


async def test_balances(running: Running) -> None:
    from tests.simulator.wire import associated

    assert (await running.rpc("getBalance", str(USER.pubkey()), PROCESSED))["value"] == 1_000 * 10**9
    wallet = str(associated(USER.pubkey(), USDC))
    found = (await running.rpc("getTokenAccountBalance", wallet, PROCESSED))["value"]
    data = base64.b64decode((await running.rpc("getAccountInfo", wallet, BASE64))["value"]["data"][0])
    assert TokenAccount.decode(data).amount == int(found["amount"]) > 0
    assert found["decimals"] == 6
    assert (await running.refused("getTokenAccountBalance", USDC))["code"] == -32602


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"[" * 5_000, -32700),
        (b'"x"', -32600),
        (b"[]", -32600),
        (b"{}", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"getSlot"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"getSlot"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":{"a":1}}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"steal"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":["processed"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"commitment":"recent"}]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"minContextSlot":-1}]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getAccountInfo"}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getAccountInfo","params":["x"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getAccountInfo","params":[null]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getMultipleAccounts","params":["x"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":["AAAA",{"encoding":"base64"}]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":["!",{"encoding":"base64"}]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":["0OIl"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":[7]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSignatureStatuses","params":[["x"]]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"a":"\xff"}]}', -32700),
    ],
)
async def test_malformed_requests_are_answered_by_errors(running: Running, body: bytes, code: int) -> None:
    answer = json.loads(await running.http.post(running.endpoints["rpc"], body))
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]


async def test_batches(running: Running) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": [PROCESSED]},
        {"jsonrpc": "2.0", "id": "b", "method": "nothing"},
        {"jsonrpc": "2.0", "method": "getSlot"},
        7,
    ]
    answers = json.loads(await running.http.post(running.endpoints["rpc"], json.dumps(batch).encode()))
    assert [answer["id"] for answer in answers] == [1, "b", None]
    assert answers[0]["result"] == running.market.chain.slot
    assert [answers[i]["error"]["code"] for i in (1, 2)] == [-32601, -32600]


async def test_http_borders(running: Running) -> None:
    url = running.endpoints["rpc"]
    raw = running.http.raw
    assert (await raw(url, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"))[2] == b"ok"
    assert (await raw(url, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))[0] == 405
    text = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"
    assert (await raw(url, text))[0] == 415
    body = b'{"jsonrpc":"2.0","id":1,"method":"getHealth"}'
    chunked = b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked += b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:])) + b"0\r\n\r\n"
    assert json.loads((await raw(url, chunked))[2])["result"] == "ok"
    big = b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n"
    assert (await raw(url, big))[0] == 413
    assert (await raw(url, b"NONSENSE\r\n\r\n"))[0] == 400
    assert (await raw(url, b"GET /health HTTP/1.1\r\nbad header\r\n\r\n"))[0] == 400
    assert (await raw(url, b"POST / HTTP/1.1\r\nContent-Length: -4\r\n\r\n"))[0] == 400
    assert (await raw(url, b"GET /health HTTP/1.0\r\n\r\n"))[1]["connection"] == "close"


async def test_fee_estimates_of_providers_are_answered(running: Running) -> None:
    await running.slots(5)
    asked = {"accountKeys": [], "options": {"includeAllPriorityFeeLevels": True}}
    levels = (await running.rpc("getPriorityFeeEstimate", asked))["priorityFeeLevels"]
    assert list(levels) == ["min", "low", "medium", "high", "veryHigh", "unsafeMax"]
    assert list(levels.values()) == sorted(levels.values())
    pool = running.endpoints["pools"][0]["address"]
    assert list(await running.rpc("getPriorityFeeEstimate", {"accountKeys": [pool]})) == ["priorityFeeEstimate"]
    estimate = await running.rpc("qn_estimatePriorityFees", {"last_n_blocks": 10, "api_version": 2})
    unit = estimate["per_compute_unit"]
    assert unit["medium"] == unit["percentiles"]["50"]
    assert len(unit["percentiles"]) == 21
    assert (await running.refused("qn_estimatePriorityFees", {"last_n_blocks": 101}))["code"] == -32602
    assert (await running.refused("getPriorityFeeEstimate", 7))["code"] == -32602
