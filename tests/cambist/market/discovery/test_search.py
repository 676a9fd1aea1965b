"""A search against the embedded market's node: the right questions, the right pools, and what is left out is said."""

import msgspec
import pytest

from cambist.config.watch import VENUES
from cambist.engine.reference.chain import base58, program
from cambist.market.discovery import Ask, DiscoveryError, Found, venues
from cambist.market.discovery.search import Search, questions
from cambist.simulator.accounts import Account
from cambist.simulator.encoding import key_bytes, key_text
from cambist.simulator.jsonrpc import RpcError
from cambist.simulator.token_layout import encode_mint
from tests.cambist.market.discovery.conftest import Chain

RAY4 = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8"
HOOK, DELEGATE, METADATA, SCALED = 14, 12, 19, 25


async def search(chain: Chain, *, node: dict[str, object] | None = None, **asked: object) -> Found:
    base = (chain.mint["SOL"], chain.mint["USDC"])
    one = chain.node(**(node or {}))
    try:
        return await Search(one, Ask(**({"base": base, "max_pools": 500} | asked))).run()
    finally:
        await one.close()


def tokens(chain: Chain, *symbols: str) -> tuple[str, ...]:
    return tuple(chain.mint[symbol] for symbol in symbols)


async def test_every_pool_of_the_tokens_is_found_and_no_other(chain: Chain) -> None:
    symbols = ("SOL", "USDC", "USDT", "KELP", "TOLL", "jitoSOL")
    found = await search(chain, tokens=tokens(chain, *symbols), venues=VENUES)
    assert {pool.address for pool in found.pools} == chain.pools(*symbols)
    assert {pool.venue for pool in found.pools} == set(VENUES)
    facts = {pool["address"]: pool for pool in chain.facts["pools"]}
    named = {mint: symbol for symbol, mint in chain.mint.items()}
    for pool in found.pools:
        assert pool.usable, pool
        assert pool.mints is not None
        assert [named[mint] for mint in pool.mints] == [facts[pool.address][side] for side in ("token_a", "token_b")]
        if pool.venue != "pump":  # whose fee goes by market cap
            assert pool.fee_ppm == facts[pool.address]["fee_ppm"]
    assert {pool.proof for pool in found.pools if pool.venue == "pump"} == {"formula"}
    assert found.calls == len(chain.asked)
    assert found.bytes_read > 0
    assert found.slot == chain.facts["slot"]


async def test_each_question_names_size_and_both_mints_and_takes_a_slice(chain: Chain) -> None:
    await search(chain, tokens=tokens(chain, "SOL", "USDC"), venues=("ray4", "cpmm", "pump"))
    asked = [params for method, params in chain.asked if method == "getProgramAccounts"]
    ours = [options for who, options in asked if who == RAY4]
    sol, usdc = chain.mint["SOL"], chain.mint["USDC"]
    for (one, other), options in zip(((sol, usdc), (usdc, sol)), ours, strict=True):
        assert {"dataSize": 752} in options["filters"]
        assert {"memcmp": {"offset": 400, "bytes": one}} in options["filters"]
        assert {"memcmp": {"offset": 432, "bytes": other}} in options["filters"]
        assert options["dataSlice"] == {"offset": 336, "length": 128}
        assert options["commitment"] == "confirmed"
    assert len(asked) == 2 + 1 + 2, "mints of CPMM are sorted: one question; the others stand either way round"
    (pump, _) = [options["filters"] for who, options in asked if who == program_of("pump")]
    assert base58.decode_bytes(pump[0]["memcmp"]["bytes"]) == bytes.fromhex("f19a6d0411b16dbc")


def program_of(venue: str) -> str:
    return {"pump": "pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA"}[venue]


@pytest.mark.parametrize("venue", VENUES)
def test_layouts_hold_what_their_own_decoders_read(venue: str, market) -> None:
    spec = next(pool.spec for pool in market.world.pools if pool.spec.venue == venue)
    account, layout = market.chain.accounts[spec.address], venues.VENUES[venue].layout
    piece = account.data[slice(*layout.window)]
    assert layout.size in (account.space, None)
    assert layout.pair(layout.pad(piece)) == (spec.token_a.mint, spec.token_b.mint)
    assert layout.vault_keys(layout.pad(piece)) == (spec.vault_a, spec.vault_b)
    assert len(layout.pad(piece)) >= layout.least
    held = tuple(market.chain.token_balance(vault)[0] for vault in (spec.vault_a, spec.vault_b))
    price = layout.price(layout.pad(piece), held)
    assert price == layout.price(account.data, held)
    if venue != "saber":
        whole = float(price) * 10.0 ** (spec.token_a.decimals - spec.token_b.decimals)
        fair = market.prices.usd[spec.token_a.symbol] / market.prices.usd[spec.token_b.symbol]
        assert whole == pytest.approx(fair, rel=0.05)


async def test_liquidity_is_what_vaults_hold_of_base_tokens_and_the_deepest_are_kept(chain: Chain) -> None:
    symbols = ("SOL", "USDC", "KELP", "mSOL", "jitoSOL")
    every = await search(chain, tokens=tokens(chain, *symbols), venues=VENUES)
    chain_of = chain.simulated.market.chain
    specs = {key_text(pool.spec.address): pool.spec for pool in chain.simulated.market.world.pools}
    unit = [pool for pool in every.pools if pool.venue == "cpmm" and set(pool.mints or ()) == set(every.asked.base)]
    sol_per_usdc = unit[0].held[0] / unit[0].held[1]
    if unit[0].mints[0] == chain.mint["USDC"]:
        sol_per_usdc = 1 / sol_per_usdc
    for pool in every.pools:
        spec = specs[pool.address]
        held = [chain_of.token_balance(vault)[0] for vault in (spec.vault_a, spec.vault_b)]
        assert pool.held == tuple(held)
        worth = [
            amount * {"SOL": 1.0, "USDC": sol_per_usdc}[token.symbol]
            for amount, token in zip(held, (spec.token_a, spec.token_b), strict=True)
            if token.symbol in ("SOL", "USDC")
        ]
        if worth:
            assert pool.liquidity == pytest.approx(sum(worth), rel=0.02)
        else:
            assert pool.liquidity is None, "a pool without a base token has no known liquidity, not none"
    depths = [pool.liquidity for pool in every.pools]
    known = [depth for depth in depths if depth is not None]
    assert known == sorted(known, reverse=True)
    assert depths == known + [None] * (len(depths) - len(known))
    assert None in depths

    chain.asked.clear()
    least = known[5] / 1e9
    few = await search(chain, tokens=tokens(chain, *symbols), venues=VENUES, min_liquidity=least, max_pools=4)
    assert few.pools == every.pools[:4]
    (note,) = few.notes
    assert f"{len(known) - 6} under min_liquidity" in note
    assert f"{depths.count(None)} with unknown liquidity" in note
    assert "2 beyond max_pools" in note


async def test_pools_by_address_are_known_by_their_owner(chain: Chain) -> None:
    some = sorted(chain.pools("SOL", "USDC"))[:3]
    absent, wallet = base58.encode(b"\x07" * 32), chain.mint["SOL"]
    found = await search(chain, named=(*some, absent, wallet), listed=tuple(sorted(chain.pools("KELP", "SOL"))))
    by_address = {pool.address: pool for pool in found.pools}
    facts = {pool["address"]: pool for pool in chain.facts["pools"]}
    for address in some:
        pool = by_address[address]
        assert (pool.program, pool.venue, pool.origin) == (facts[address]["program"], facts[address]["venue"], "config")
    assert by_address[absent].state == "no such account"
    assert by_address[wallet].state.startswith("not quotable: its program is Token")
    assert {pool.address for pool in found.pools if pool.origin == "list"} == chain.pools("KELP", "SOL")
    assert not [method for method, _ in chain.asked if method == "getProgramAccounts"]


async def test_a_pool_that_is_closed_or_cut_short_says_so_and_is_not_kept(chain: Chain) -> None:
    sol_usdc = sorted(chain.pools("SOL", "USDC", venues=("ray4", "cpmm", "saber", "dlmm")))
    ray4 = next(iter(chain.pools("SOL", "USDC", venues=("ray4",))))
    before = chain.account(ray4)
    chain.accounts[key_bytes(ray4)] = Account(before.owner, (4).to_bytes(8, "little") + before.data[8:])
    found = await search(chain, tokens=tokens(chain, "SOL", "USDC"), venues=("ray4",))
    assert found.pools == ()
    assert found.notes == ("left out: 1 swaps are off",)
    named = await search(chain, named=(ray4,))
    assert named.pools[0].state == "swaps are off (status 4)"
    other = next(address for address in sol_usdc if address != ray4)
    account = chain.account(other)
    chain.accounts[key_bytes(other)] = Account(account.owner, account.data[:100])
    (pool,) = (await search(chain, named=(other,))).pools
    assert pool.state.startswith("not readable: size was 100")


async def test_without_a_price_between_base_tokens_liquidity_is_unknown_and_said(chain: Chain) -> None:
    found = await search(chain, tokens=tokens(chain, "USDC", "KELP"), venues=VENUES)
    assert {pool.liquidity for pool in found.pools} == {None}
    assert found.notes[0].startswith("no pool prices EPjF…Dt1v in So11…1112")
    none = await search(chain, tokens=tokens(chain, "USDC", "KELP"), venues=VENUES, min_liquidity=1.0)
    assert none.pools == ()
    assert f"left out: {len(found.pools)} with unknown liquidity" in none.notes


async def test_decimals_come_from_the_mint(chain: Chain) -> None:
    kelp = key_bytes(chain.mint["KELP"])
    chain.accounts[kelp] = Account(program.TOKEN, encode_mint(decimals=3, supply=1))
    toll = chain.mint["TOLL"]
    found = await search(chain, tokens=tokens(chain, "SOL", "KELP", "TOLL"), venues=("cpmm",))
    decimals = {token.mint: (token.decimals, token.program) for token in found.tokens}
    assert decimals[chain.mint["KELP"]] == (3, "spl-token")
    assert decimals[toll] == (6, "token-2022")
    chain.accounts[kelp] = Account(program.SYSTEM, b"")
    found = await search(chain, tokens=tokens(chain, "SOL", "KELP"), venues=("cpmm",))
    assert found.pools == ()
    assert found.notes == ("left out: 1 no mint",)


async def test_a_mint_whose_issuer_can_stop_a_trade_is_only_watched_when_named(chain: Chain) -> None:
    key = b"\x09" * 32
    hooked = encode_mint(decimals=6, supply=1, extensions=((HOOK, bytes(32) + key),))
    chain.accounts[key_bytes(chain.mint["TOLL"])] = Account(program.TOKEN_2022, hooked)
    found = await search(chain, tokens=tokens(chain, "SOL", "TOLL"), venues=VENUES)
    assert found.pools == ()
    assert "risky mint" in found.notes[0]
    address = sorted(chain.pools("SOL", "TOLL"))[0]
    (pool,) = (await search(chain, named=(address,))).pools
    assert pool.usable
    harmless = encode_mint(decimals=6, supply=1, extensions=((HOOK, bytes(64)), (DELEGATE, bytes(32))))
    chain.accounts[key_bytes(chain.mint["TOLL"])] = Account(program.TOKEN_2022, harmless)
    found = await search(chain, tokens=tokens(chain, "SOL", "TOLL"), venues=VENUES)
    assert {pool.address for pool in found.pools} == chain.pools("SOL", "TOLL")


@pytest.mark.parametrize(
    ("symbol", "shown"),
    [
        (b"SOL", "SOL"),
        (b"\x1b]0;owned\x07", "\\u001b]0;ow…"),
        ("\u202eLOS".encode(), "\\u202eLOS"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
        (b"X" * 5_000, "X" * 11 + "…"),
    ],
)
async def test_a_symbol_on_chain_is_made_safe(chain: Chain, symbol: bytes, shown: str) -> None:
    def text(value: bytes) -> bytes:
        return len(value).to_bytes(4, "little") + value

    metadata = bytes(64) + text(b"A name") + text(symbol) + text(b"https://x") + bytes(4)
    mint = encode_mint(decimals=6, supply=1, extensions=((SCALED, bytes(56)), (METADATA, metadata)))
    chain.accounts[key_bytes(chain.mint["TOLL"])] = Account(program.TOKEN_2022, mint[:2_048])
    found = await search(chain, mints=(chain.mint["TOLL"],))
    symbols = {token.mint: token.symbol for token in found.tokens}
    if len(mint) <= 2_048:
        assert symbols[chain.mint["TOLL"]] == shown
    else:
        assert symbols.get(chain.mint["TOLL"], "") in ("", shown)


async def test_a_program_that_is_not_indexed_is_left_out_and_said(chain: Chain) -> None:
    excluded = RpcError(-32010, f"{RAY4} excluded from account secondary indexes")
    chain.refuse[RAY4] = excluded
    found = await search(chain, tokens=tokens(chain, "SOL", "USDC"), venues=("ray4", "cpmm"))
    assert {pool.venue for pool in found.pools} == {"cpmm"}
    (note,) = found.notes
    assert note.startswith("ray4: a (http://127.0.0.1:")
    assert "does not index this program (-32010" in note
    with pytest.raises(DiscoveryError, match=r"-32010 .*name the pools in \[watch\] pools or pool_list instead"):
        await search(chain, tokens=tokens(chain, "SOL", "USDC"), venues=("ray4",))


async def test_a_node_without_the_method_is_refused_at_once_in_words(chain: Chain) -> None:
    chain.refuse["getProgramAccounts"] = RpcError(-32601, "Method not found")
    with pytest.raises(DiscoveryError, match=r"refuses getProgramAccounts \(-32601 Method not found\): name the pools"):
        await search(chain, tokens=tokens(chain, "SOL", "USDC"), venues=VENUES)
    assert sum(method == "getProgramAccounts" for method, _ in chain.asked) == 1


async def test_reading_ends_within_its_bytes(chain: Chain) -> None:
    symbols = tokens(chain, "SOL", "USDC", "USDT", "KELP", "JUP", "RAY", "BONK")
    whole = await search(chain, tokens=symbols, venues=VENUES)
    cut = await search(chain, tokens=symbols, venues=VENUES, node={"max_bytes": 80_000})
    assert 0 < len(cut.pools) < len(whole.pools)
    assert cut.notes[0].startswith("cut after ")
    assert "raise [watch] max_megabytes" in cut.notes[0]
    with pytest.raises(DiscoveryError, match="a reply over 2000 bytes"):
        await search(chain, named=tuple(sorted(chain.pools("SOL", "USDC"))), node={"max_bytes": 2_000})


def test_too_many_questions_are_refused_before_one_is_asked() -> None:
    mints = tuple(base58.encode(bytes([at]) * 32) for at in range(1, 120))
    asked = Ask(tokens=mints, venues=VENUES)
    assert len(questions(asked)) > 5_000
    assert len(questions(msgspec.structs.replace(asked, tokens=mints[:3]))) == 3 * (5 * 2 + 3 + 1)


async def test_too_many_questions_name_their_number(chain: Chain) -> None:
    mints = tuple(base58.encode(bytes([at]) * 32) for at in range(1, 120))
    with pytest.raises(DiscoveryError, match=r"are \d+ questions, at most 5000"):
        await search(chain, tokens=mints, venues=VENUES)
