import asyncio
import base64
import json
from collections import Counter

from solders.pubkey import Pubkey
from solders.rpc.responses import parse_websocket_message

from cambist.engine.reference.chain.token import TokenAccount
from cambist.engine.reference.venues.orca.layout import Whirlpool
from cambist.simulator.market import Market
from tests.simulator.conftest import Running
from tests.simulator.wire import BASE64, PROCESSED, USER, Socket, connect

CLOCK = "SysvarC1ock11111111111111111111111111111111"


async def test_accounts_are_told_once_a_tick_as_of_its_end_and_after_the_last_one_the_next_slot(
    running: Running,
) -> None:
    market, chain = running.market, running.market.chain
    keys = [key for pool in market.world.pools for key in (pool.spec.address, pool.spec.vault_a, pool.spec.vault_b)]
    async with connect(running.endpoints["pubsub"]) as connection:
        socket = Socket(connection)
        of_sub = {}
        for key in keys:
            answer = await socket.request("accountSubscribe", [str(Pubkey(key)), BASE64])
            of_sub[answer["result"]] = key
        slot_sub = (await socket.request("slotSubscribe", []))["result"]
        orders, again = [], 0
        for _ in range(12):
            in_slot: set[bytes] = set()
            for tick in range(1, 9):
                running.step()
                await asyncio.sleep(0)
                part = market.ticked
                expected = [key for key in part.changed if key in of_sub.values()]
                texts = [await asyncio.wait_for(connection.recv(), 5.0) for _ in expected]
                seen = []
                for text in texts:
                    assert len(parse_websocket_message(text)) == 1
                    params = json.loads(text)["params"]
                    seen.append(key := of_sub[params["subscription"]])
                    assert params["result"]["context"] == {"slot": part.slot}
                    value = params["result"]["value"]
                    assert base64.b64decode(value["data"][0]) == chain.accounts[key].data
                    assert value["lamports"] == chain.accounts[key].lamports
                    assert value["rentEpoch"] == 2**64 - 1
                assert sorted(seen) == sorted(expected), "each account once, and no other"
                again += len(in_slot & set(seen))
                in_slot |= set(seen)
                orders.append(seen)
                assert part.slot == chain.slot + (tick < 8)
            assert json.loads(await asyncio.wait_for(connection.recv(), 5.0))["params"] == {
                "result": {"parent": chain.slot, "root": chain.slot + 1 - 32, "slot": chain.slot + 1},
                "subscription": slot_sub,
            }
        assert again > 20, "an account that changes twice in a slot is told twice"
        vaults = [(pool.spec.vault_a, pool.spec.vault_b) for pool in market.world.pools]
        moved = [(order, pair) for order in orders for pair in vaults if set(pair) <= set(order)]
        pairs = [(order.index(a), order.index(b)) for order, (a, b) in moved]
        a_first, both = sum(a < b for a, b in pairs), len(pairs)
        assert both > 60
        assert 0.3 * both < a_first < 0.7 * both, "the order is not shuffled"


async def test_an_untouched_account_is_silent_and_unsubscribing_stops_the_rest(running: Running) -> None:
    async with connect(running.endpoints["pubsub"]) as connection:
        socket = Socket(connection)
        quiet = running.endpoints["tokens"][0]["mint"]
        silent = (await socket.request("accountSubscribe", [quiet, BASE64]))["result"]
        clock = (await socket.request("accountSubscribe", [CLOCK, BASE64]))["result"]
        await running.slots(3)
        for _ in range(3):
            assert (await socket.next())["params"]["subscription"] == clock
        assert (await socket.request("accountUnsubscribe", [clock]))["result"] is True
        assert (await socket.request("accountUnsubscribe", [clock]))["error"]["code"] == -32602
        assert (await socket.request("logsUnsubscribe", [silent]))["error"]["message"] == "Invalid subscription id."
        await running.slots(2)
        assert (await socket.request("slotSubscribe", []))["result"] == silent + 2


async def test_logs_follow_the_runtime_grammar_and_agree_with_the_accounts(running: Running) -> None:
    market = running.market
    pool = next(pool for pool in market.world.pools if pool.spec.venue == "orca")
    async with connect(running.endpoints["pubsub"]) as connection:
        socket = Socket(connection)
        every = (await socket.request("logsSubscribe", ["all", PROCESSED]))["result"]
        mention = {"mentions": [str(Pubkey(pool.spec.address))]}
        one = (await socket.request("logsSubscribe", [mention, PROCESSED]))["result"]
        await socket.request("slotSubscribe", [])
        mentioned = notified = 0
        prices = {}
        for _ in range(120):
            await running.slots(1)
            for text in (await socket.texts_until("slotNotification"))[:-1]:
                message = json.loads(text)["params"]
                value = message["result"]["value"]
                stack, depth_seen = [], 0
                for line in value["logs"]:
                    words = line.split(" ")
                    if words[2:3] == ["invoke"]:
                        stack.append(words[1])
                        assert words[3] == f"[{len(stack)}]"
                        depth_seen = max(depth_seen, len(stack))
                    elif words[2:3] == ["success"] or words[2:3] == ["failed:"]:
                        assert stack.pop() == words[1]
                    elif line.startswith("Program data: ") and value["err"] is None:
                        data = base64.b64decode(line[14:])
                        if data[:8].hex() == "e1ca49af932ba096":
                            assert stack[-1] == "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
                            assert len(data) == 121
                            prices[data[8:40]] = int.from_bytes(data[57:73], "little")
                assert not stack
                notified += message["subscription"] == every
                mentioned += message["subscription"] == one
                if value["err"] is None:
                    assert depth_seen == 2
        assert notified > 200
        assert 0 < mentioned < notified / 4
        for key, root in prices.items():
            assert Whirlpool.decode(market.chain.accounts[key].data).sqrt_price == root
        assert len(prices) > 10


async def test_ray_log_tells_the_reserves_before_the_swap(running: Running) -> None:
    market, checked = running.market, 0
    for _ in range(30):
        amounts = {
            key: market.chain.token_balance(key)
            for pool in market.world.pools
            for key in (pool.spec.vault_a, pool.spec.vault_b)
        }
        block = None
        while block is None:
            block = market.step()
        first: set[bytes] = set()
        for landed in block.landed:
            touched = [
                pool
                for pool in market.world.pools
                if pool.spec.venue == "ray4" and pool.spec.address in landed.mentions
            ]
            logs = [line for line in landed.logs if line.startswith("Program log: ray_log: ")]
            if len(touched) == len(logs) == 1 and touched[0].spec.address not in first:
                data = base64.b64decode(logs[0].rsplit(" ", 1)[1])
                pool = touched[0]
                assert len(data) == 57
                assert data[0] in (3, 4)
                reserves = [int.from_bytes(data[at : at + 8], "little") for at in (33, 41)]
                held = amounts[pool.spec.vault_a][0], amounts[pool.spec.vault_b][0]
                assert reserves == [held[0] - pool.info.need_take_pnl_coin, held[1] - pool.info.need_take_pnl_pc]
                checked += 1
            first.update(pool.spec.address for pool in touched)
    assert checked > 50


async def test_program_subscription_filters(running: Running) -> None:
    async with connect(running.endpoints["pubsub"]) as connection:
        socket = Socket(connection)
        program = "whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc"
        await socket.request("programSubscribe", [program, BASE64 | {"filters": [{"dataSize": 653}]}])
        await socket.request("slotSubscribe", [])
        await running.slots(4)
        texts = []
        for _ in range(4):
            texts += (await socket.texts_until("slotNotification"))[:-1]
        addresses = {pool["address"] for pool in running.endpoints["pools"] if pool["venue"] == "orca"}
        assert texts
        for text in texts:
            value = json.loads(text)["params"]["result"]["value"]
            assert value["pubkey"] in addresses
            assert value["account"]["space"] == 653
            parse_websocket_message(text)


def busiest(seed: int, slots: int) -> int:
    """Returns the place of the pool that most slots of a market saw more than one swap on."""
    market, often = Market(seed, funded=(bytes(USER.pubkey()),)), Counter[int]()
    for _ in range(slots):
        landed = [item for item in market.slot().landed if item.err is None]
        swaps = [sum(pool.spec.address in item.mentions for item in landed) for pool in market.world.pools]
        often.update(at for at, count in enumerate(swaps) if count > 1)
    return often.most_common(1)[0][0]


async def test_confirmed_hears_how_each_slot_ended_two_slots_later(running: Running) -> None:
    pool = running.market.world.pools[busiest(11, 100)]
    vault = str(Pubkey(pool.spec.vault_a))
    async with connect(running.endpoints["pubsub"]) as connection:
        socket = Socket(connection)
        now = (await socket.request("accountSubscribe", [vault, BASE64]))["result"]
        later = (await socket.request("accountSubscribe", [vault, BASE64 | {"commitment": "confirmed"}]))["result"]
        await socket.request("slotSubscribe", [])
        notified: dict[int, list] = {now: [], later: []}
        for _ in range(120):
            await running.slots(1)
            for text in (await socket.texts_until("slotNotification"))[:-1]:
                params = json.loads(text)["params"]
                data = base64.b64decode(params["result"]["value"]["data"][0])
                notified[params["subscription"]].append(
                    (params["result"]["context"]["slot"], TokenAccount.decode(data).amount)
                )
        last = running.market.chain.slot
        at_end = dict(notified[now])
        assert len(at_end) < len(notified[now]), "it never changed twice in a slot"
        assert notified[later] == [item for item in at_end.items() if item[0] <= last - 2]
        assert len(notified[later]) > 2


async def test_malformed_messages_are_answered_by_errors(running: Running) -> None:
    async with connect(running.endpoints["pubsub"]) as connection:
        socket = Socket(connection)
        await connection.send("{")
        assert (await socket.next())["error"]["code"] == -32700
        await connection.send(b"\xff\x00")
        assert (await socket.next())["error"]["code"] == -32700
        for method, params, code in [
            ("getSlot", [], -32601),
            ("voteSubscribe", [], -32601),
            ("accountSubscribe", [], -32602),
            ("accountSubscribe", ["x"], -32602),
            ("accountSubscribe", [CLOCK, {"encoding": "hex"}], -32602),
            ("accountSubscribe", [CLOCK, {"commitment": "soon"}], -32602),
            ("accountSubscribe", [CLOCK, {"dataSlice": {"offset": -1, "length": 2}}], -32602),
            ("logsSubscribe", ["some"], -32602),
            ("logsSubscribe", [{"mentions": [CLOCK, CLOCK]}], -32602),
            ("signatureSubscribe", ["x"], -32602),
            ("slotSubscribe", [1], -32602),
            ("slotUnsubscribe", [], -32602),
            ("slotUnsubscribe", ["x"], -32602),
        ]:
            assert (await socket.request(method, params))["error"]["code"] == code, method


async def test_a_client_that_does_not_read_is_dropped_and_others_go_on(running: Running) -> None:
    host, port = running.endpoints["pubsub"].removeprefix("ws://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1_024)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "logsSubscribe", "params": ["all", PROCESSED]}).encode()
    for _ in range(60):
        writer.write(b"\x81\xfe" + len(request).to_bytes(2, "big") + bytes(4) + request)
    async with connect(running.endpoints["pubsub"]) as connection:
        socket = Socket(connection)
        await socket.request("slotSubscribe", [])
        for _ in range(400):
            await running.slots(1)
            await socket.texts_until("slotNotification")
            if running.node.pubsub.slow_clients:
                break
        assert running.node.pubsub.slow_clients == 1
        await running.slots(1)
        await socket.texts_until("slotNotification")
    writer.close()


async def test_a_burst_tells_every_change_at_once_and_answers_with_the_last(running: Running) -> None:
    chain, pool = running.market.chain, running.market.world.pools[0].spec
    before = chain.slot
    seen = {key: chain.accounts[key] for key in (pool.vault_a, pool.vault_b)}
    async with connect(running.endpoints["pubsub"]) as connection:
        socket = Socket(connection)
        subs = {}
        for key in (str(Pubkey(pool.vault_a)), CLOCK):
            subs[(await socket.request("accountSubscribe", [key, BASE64]))["result"]] = key
        await socket.request("slotSubscribe", [])
        changes = [(key, account.funded(lamports)) for lamports in (5, 6) for key, account in seen.items()]
        assert running.node.burst(changes) == 3
        clock, *vault, slot = map(json.loads, await socket.texts_until("slotNotification"))
        assert subs[clock["params"]["subscription"]] == CLOCK
        assert {message["params"]["result"]["context"]["slot"] for message in (clock, *vault)} == {before + 1}
        assert [message["params"]["result"]["value"]["lamports"] for message in vault] == [5, 6]
        assert slot["params"]["result"]["slot"] == before + 2
        assert (running.node.pubsub.watches(pool.vault_a), running.node.pubsub.watches(pool.vault_b)) == (True, False)
    answer = await running.rpc("getMultipleAccounts", [str(Pubkey(pool.vault_b))], BASE64)
    assert (answer["context"]["slot"], answer["value"][0]["lamports"]) == (before + 1, 6)
    await running.slots(1)
    assert chain.slot == before + 2
