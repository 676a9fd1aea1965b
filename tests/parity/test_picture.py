"""Pictures: the same from both engines, what the engine itself would have said, and nothing that it notices."""

import itertools
import json
import random
import threading

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cambist.engine import build_info, make_engine
from cambist.engine.picture import BookPicture, FeesPicture, PoolPicture
from cambist.engine.reference.chain import base58
from cambist.engine.reference.engine.picture import EVERY_NS, LEVELS
from cambist.model.events import HEADER, RecordKind, pack
from tests.parity.markets import BONK, POOLS, SOL, USDC, Market, key, run, setup
from tests.parity.moments import at_random, marked, places
from tests.parity.test_engine import FEW, acts, block_of

ENGINES = ["reference", "native"] if build_info().native else ["reference"]
named = pytest.mark.parametrize("name", ENGINES)
BOOK = "binance:SOLUSDC"
NAMES = {name: base58.encode(key(name)) for name in POOLS}
RAY = NAMES["ray-sol-usdc"]
AMOUNTS = (0, 1, 10**6, 10**9, 10**12, 2**64 - 1)
DEPTHS = (0, 1, 5, LEVELS, LEVELS + 1)
SWAP = ("swap", "ray-sol-usdc", 10**12, True, [0, 1, 2])
MOMENTS = setup(moments=True)


def pieces(block: bytes) -> list[bytes]:
    """Returns each record of a block."""
    cuts = [at for at, _ in places(block)] + [len(block)]
    return [block[at:end] for at, end in itertools.pairwise(cuts)]


def said(picture) -> list:
    """Returns all that a picture answers."""
    tokens, sources = (SOL, USDC, BONK, "", "x"), (BOOK, "binance-usdm:SOLUSDT", "binance:NONE", RAY)
    places = (*picture.pools(), *sources)
    return [
        picture.at,
        picture.clock,
        picture.fees(),
        picture.pools(),
        [picture.value(token) for token in tokens],
        [picture.pool(place) for place in (*places, "", "é")],
        [picture.book(source, depth) for source in sources for depth in DEPTHS],
        [picture.quote(place, token, amount) for place in places for token in tokens for amount in AMOUNTS],
    ]


def assert_says_as_the_engine(picture, engine) -> None:
    """Checks a picture against the engine, which is still at the picture's moment."""
    _, now_ns = picture.at
    view = json.loads(engine.present(now_ns))
    fees = json.loads(picture.fees())
    assert fees == {name: view[name] for name in fees}
    assert picture.value(SOL) == view["sol_price"]
    assert picture.pools() == [*NAMES.values()]
    for address in picture.pools():
        pool = msgspec.json.decode(picture.pool(address), type=PoolPicture)
        for amount, (side, mint) in itertools.product(AMOUNTS, enumerate(pool.mints)):
            paid = engine.quote_route([f"{address}:{side}"], amount, now_ns)
            assert picture.quote(address, mint, amount) == paid
            assert pool.problem in ("", paid.reason)
    for depth in DEPTHS:
        both = picture.book(BOOK, depth), engine.inspect_book(BOOK, depth, now_ns)
        shown, inspected = (json.loads(each) for each in both)
        assert shown.pop("cut") is False
        assert shown == {name: inspected[name] for name in shown}
    for amount, (side, mint) in itertools.product(AMOUNTS, enumerate((SOL, USDC))):
        assert picture.quote(BOOK, mint, amount) == engine.quote_route([f"{BOOK}:{side}"], amount, now_ns)


@FEW
@given(st.lists(acts, max_size=15), st.integers(0, 1 << 32))
@example([SWAP, ("half", "cpmm-sol-usdc", 10**9, True), ("slot",), ("ticker", "150.00", "150.50")], 7)
@example([("drop", 1, 2), ("gap", 1), ("tick", 10**10)], 3)
def test_it_says_what_the_engine_would_have_said(stream, seed):
    parts = pieces(block_of(stream))
    asked = set(random.Random(seed).sample(range(len(parts) // 2, len(parts)), 3))
    engines = [make_engine(name, setup()) for name in ENGINES]
    for at, part in enumerate(parts):
        for engine in engines if at in asked else ():
            engine.ask_picture()
        before = [engine.picture() for engine in engines]
        for engine in engines:
            run(engine, part)
        if at not in asked:
            continue
        pictures = [engine.picture() for engine in engines]
        for picture, engine, old in zip(pictures, engines, before, strict=True):
            if picture is not None and (old is None or picture.at != old.at):
                assert picture.at == HEADER.unpack_from(part)[:2]
                assert_says_as_the_engine(picture, engine)
        assert len({repr(picture and said(picture)) for picture in pictures}) == 1


@FEW
@given(st.lists(acts, max_size=15), st.integers(0, 1 << 32), st.sampled_from([0.0, 0.2, 1.0]))
@example([SWAP, ("slot",), SWAP, ("ticker", "150.00", "150.50"), ("slot",)], 5, 0.2)
def test_no_decision_and_no_snapshot_knows_of_it(stream, seed, share):
    block = marked(block_of(stream), at_random(seed, share))
    for name in ENGINES:
        plain, asked = make_engine(name, MOMENTS), make_engine(name, MOMENTS)
        ask = at_random(seed + 1, 0.3)
        outputs = []
        for part in pieces(block):
            if next(ask):
                asked.ask_picture()
            outputs.append(run(asked, part))
        whole = run(plain, block)
        assert whole == (b"".join(each[0] for each in outputs), b"".join(each[1] for each in outputs))
        assert plain.snapshot() == asked.snapshot() == asked.keyframe().encode()


def opened(name: str, **changes) -> tuple:
    """Returns an engine and its market, with all pools live."""
    engine, market = make_engine(name, setup(**changes)), Market()
    market.open()
    market.next_slot()
    run(engine, market.take())
    return engine, market


def tick(engine, market: Market, step_ns: int) -> None:
    """Lets time pass: a moment."""
    market.record(RecordKind.TICK, step_ns=step_ns)
    run(engine, market.take())


def asked(engine, market: Market):
    """Returns a picture that is new."""
    engine.ask_picture()
    tick(engine, market, EVERY_NS)
    return engine.picture()


@named
def test_it_is_made_at_a_moment_if_asked_for_and_not_too_often(name):
    engine, market = opened(name, moments=True)
    assert engine.picture() is None
    tick(engine, market, EVERY_NS)
    assert engine.picture() is None
    engine.ask_picture()
    assert engine.picture() is None
    market.ticker("150.00", "150.50")
    run(engine, marked(market.take(), itertools.repeat(False)))
    assert engine.picture() is None
    market.ticker("150.01", "150.50")
    run(engine, marked(market.take(), itertools.repeat(True)))
    first = engine.picture()
    assert first.at == (market.seq, market.now_ns)
    tick(engine, market, EVERY_NS)
    assert engine.picture().at == first.at
    engine.ask_picture()
    tick(engine, market, EVERY_NS)
    second = engine.picture()
    engine.ask_picture()
    tick(engine, market, EVERY_NS - 1)
    assert engine.picture().at == second.at
    tick(engine, market, 1)
    assert engine.picture().at == (market.seq, market.now_ns)


@named
def test_a_restored_engine_has_none_and_one_that_goes_back_in_time_makes_one(name):
    engine, market = opened(name)
    state, late = engine.snapshot(), market.now_ns
    assert asked(engine, market) is not None
    engine.restore(state)
    assert engine.picture() is None
    assert asked(engine, market) is not None
    engine.ask_picture()
    run(engine, pack(1, late - 10**9, RecordKind.TICK, b""))
    assert engine.picture().at == (1, late - 10**9)


@named
def test_an_old_picture_answers_as_it_did(name):
    engine, market = opened(name)
    before = asked(engine, market)
    answers = said(before)
    market.trade("ray-sol-usdc", 10**13, a_to_b=True)
    market.depth([("149.00", "3")], [])
    market.next_slot()
    run(engine, market.take())
    after = asked(engine, market)
    assert before.quote(RAY, SOL, 10**9) != after.quote(RAY, SOL, 10**9)
    assert said(before) == answers != said(after)
    engine.restore(make_engine(name, setup()).snapshot())
    assert said(before) == answers


@named
def test_a_reader_on_another_thread_gets_the_old_state_while_the_engine_goes_on(name):
    engine, market = opened(name)
    picture = asked(engine, market)
    wanted = [(place, token, 10**9) for place in (*picture.pools(), BOOK) for token in (SOL, USDC, BONK)]
    answers, wrong, read, done = [picture.quote(*each) for each in wanted], [], [0], threading.Event()

    def reader() -> None:
        while not done.is_set():
            engine.ask_picture()
            engine.picture().quote(RAY, SOL, 10**9)
            wrong.extend(each for each, paid in zip(wanted, answers, strict=True) if picture.quote(*each) != paid)
            read[0] += 1

    threads = [threading.Thread(target=reader) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in itertools.count():
        market.trade("ray-sol-usdc", 10**10, a_to_b=turn % 2 == 0)
        market.trade("orca-sol-usdc", 10**10, a_to_b=turn % 2 == 1)
        market.depth([("149.00", str(turn % 7))], [])
        market.next_slot()
        run(engine, market.take())
        if turn >= 40 and read[0] >= 5:
            break
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert engine.picture().at[0] > picture.at[0]


def levels(first: int, step: int, many: int) -> list[tuple[str, str]]:
    """Returns so many levels from a price on, each of 1 SOL."""
    return [(f"{first + step * at}.00", "1") for at in range(many)]


@named
@pytest.mark.parametrize("many", [LEVELS - 1, LEVELS, LEVELS + 1])
def test_books_are_cut_and_an_answer_says_so(name, many):
    engine, market = opened(name)
    market.depth_seed(levels(1_000, -1, many), levels(1_001, 1, many))
    run(engine, market.take())
    picture = asked(engine, market)
    is_cut = many > LEVELS
    for depth in (LEVELS, LEVELS + 1, 10 * LEVELS):
        book = msgspec.json.decode(picture.book(BOOK, depth), type=BookPicture)
        assert book.state == "live"
        assert (len(book.bids), len(book.asks)) == (min(many, LEVELS),) * 2
        assert book.cut is (is_cut and depth > LEVELS)
    held, now_ns = min(many, LEVELS), picture.at[1]
    for whole, deep in ((held, False), (held + 1, True)):
        # What the book itself pays beyond the cut is known to the engine alone.
        spent = sum(range(1_001, 1_001 + whole)) * 10**6
        for side, (mint, amount) in enumerate(((SOL, whole * 10**9), (USDC, spent))):
            paid = engine.quote_route([f"{BOOK}:{side}"], amount, now_ns)
            assert picture.quote(BOOK, mint, amount) == ((0, "cut") if deep and is_cut else paid)
    if is_cut:
        assert engine.quote_route([f"{BOOK}:0"], many * 10**9, now_ns).amount_out > 0
    else:
        assert picture.quote(BOOK, SOL, (many + 1) * 10**9) == (0, "liquidity")


@named
def test_only_the_side_that_is_cut_says_so_and_only_for_want_of_depth(name):
    deep, short = LEVELS + 1, 3
    for bids, asks, reasons in ((deep, short, ("cut", "liquidity")), (short, deep, ("liquidity", "cut"))):
        engine, market = opened(name)
        market.depth_seed(levels(1_000, -1, bids), levels(1_001, 1, asks))
        run(engine, market.take())
        picture = asked(engine, market)
        assert json.loads(picture.book(BOOK, deep))["cut"] is True
        assert picture.quote(BOOK, SOL, deep * 10**9) == (0, reasons[0])
        assert picture.quote(BOOK, USDC, 10**12) == (0, reasons[1])
        for mint in (SOL, USDC):
            assert picture.quote(BOOK, mint, 1) == (0, "liquidity")
        # No book counts as far as this: it is nothing that more levels would give.
        assert picture.quote(BOOK, USDC, 2**64 - 1) == (0, "liquidity")


@named
def test_a_book_that_moved_beyond_the_cut_or_lost_its_connection_is_told_anew(name):
    engine, market = opened(name)
    market.depth_seed(levels(1_000, -1, 3), levels(1_001, 1, 3))
    run(engine, market.take())
    first = asked(engine, market)
    market.depth([("998.00", "7")], [])
    run(engine, market.take())
    second = asked(engine, market)
    assert json.loads(first.book(BOOK, 3))["bids"][2] == [998 * 10**8, 10**8]
    assert json.loads(second.book(BOOK, 3))["bids"][2] == [998 * 10**8, 7 * 10**8]
    market.record(RecordKind.DISCONNECTED, b'{"reason":"x"}', channel=3, generation=1)
    run(engine, market.take())
    third = asked(engine, market)
    assert (json.loads(third.book(BOOK, 3))["state"], third.quote(BOOK, SOL, 10**9)) == ("stale", (0, "stale"))
    assert second.quote(BOOK, SOL, 10**9).amount_out > 0
    market.record(RecordKind.CONNECTED, b'{"label":"x"}', channel=3, generation=2)
    run(engine, market.take())
    fourth = asked(engine, market)
    assert fourth.book(BOOK, 3) == shown(engine, fourth, 3)
    assert json.loads(fourth.book(BOOK, 3))["state"] == "no_book"


def shown(engine, picture, depth: int) -> bytes:
    """Returns what a picture is to say of the book, as the engine tells it."""
    told = json.loads(engine.inspect_book(BOOK, depth, picture.at[1]))
    said = json.loads(picture.book(BOOK, depth))
    return msgspec.json.encode({name: told.get(name, False) for name in said})


@named
def test_tickers_of_one_nanosecond_are_told_apart(name):
    engine, market = opened(name)
    market.depth_seed(levels(149, -1, 3), levels(151, 1, 3))
    market.ticker("150.00", "150.50")
    run(engine, market.take())
    now_ns = market.now_ns
    engine.ask_picture()
    tick(engine, market, 0)
    first = engine.picture()
    market.now_ns = now_ns - 1_000_000
    market.ticker("150.25", "150.50")
    run(engine, market.take())
    second = asked(engine, market)
    assert market.now_ns == now_ns + EVERY_NS
    bids = [json.loads(each.book(BOOK, 3))["best_bid"][0] for each in (first, second)]
    assert bids == [15_000_000_000, 15_025_000_000]
    assert second.book(BOOK, 3) == shown(engine, second, 3)


def problems(picture) -> set[tuple[str, str, str]]:
    """Returns (state, problem, why it is not quoted) of all pools."""
    pools = [msgspec.json.decode(picture.pool(address), type=PoolPicture) for address in picture.pools()]
    return {(pool.state, pool.problem, picture.quote(pool.address, pool.mints[0], 10**6).reason) for pool in pools}


@named
def test_pools_of_a_silent_connection_are_not_believed(name):
    engine, market = opened(name)
    assert problems(asked(engine, market)) == {("live", "", "")}
    engine.ask_picture()
    tick(engine, market, 10**11)
    assert problems(engine.picture()) == {("live", "stale", "stale")}


@named
def test_unknown_names_are_no_edges(name):
    engine, market = opened(name)
    picture = asked(engine, market)
    for place, token in ((RAY, BONK), ("x", SOL), (BOOK, BONK), ("binance-usdm:SOLUSDT", SOL), ("", "")):
        assert picture.quote(place, token, 10**9) == (0, "unknown_edge")
    assert picture.value("x") is None
    assert picture.pool("x") == picture.book("x", 5) == b"null"
    assert msgspec.json.decode(picture.fees(), type=FeesPicture).bid_percentile == 75


def test_what_did_not_move_is_shared():
    engine, market = opened("reference")
    first = asked(engine, market)
    second = asked(engine, market)
    assert all(mine.pool is other.pool for mine, other in zip(first.held, second.held, strict=True))
    assert second.books[BOOK].book is first.books[BOOK].book
    market.trade("ray-sol-usdc", 10**10, a_to_b=True)
    market.depth([("149.00", "3")], [])
    market.next_slot()
    run(engine, market.take())
    third = asked(engine, market)
    kept = [mine.pool is other.pool for mine, other in zip(second.held, third.held, strict=True)]
    assert (kept.count(False), third.held[kept.index(False)].address) == (1, key("ray-sol-usdc"))
    assert third.books[BOOK].book is not second.books[BOOK].book
