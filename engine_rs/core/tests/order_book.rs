//! The book's state machine, rule by rule.

use cambist_core::book::order_book::{
    BookChange, BookState, Delta, MAX_BUFFER, MAX_CROSSED_NS, MAX_LEVELS, OrderBook, Outcome, Side,
    Source, Ticker,
};
use cambist_core::exchanges::Continuity;
use cambist_core::exchanges::decimal::ONE;
use cambist_core::exchanges::event::Level;
use proptest::prelude::*;

const BIDS: [Level; 2] = [(100 * ONE, 2 * ONE), (99 * ONE, ONE)];
const ASKS: [Level; 2] = [(101 * ONE, ONE), (102 * ONE, 3 * ONE)];

fn delta(first: u64, last: u64) -> Delta {
    Delta {
        first,
        last,
        prev: None,
        bids: vec![],
        asks: vec![],
        venue_ns: 0,
    }
}

fn usdm(first: u64, last: u64, prev: u64) -> Delta {
    Delta {
        prev: Some(prev),
        ..delta(first, last)
    }
}

fn done(outcome: Outcome) -> BookChange {
    BookChange {
        outcome,
        need_seed: false,
    }
}

fn seed(outcome: Outcome) -> BookChange {
    BookChange {
        outcome,
        need_seed: true,
    }
}

fn live(continuity: Continuity) -> OrderBook {
    let mut book = OrderBook::new(continuity);
    assert_eq!(
        book.apply_snapshot(10, (&BIDS, &ASKS), Source::Fetched, 1),
        done(Outcome::Seeded)
    );
    assert_eq!(book.state(), BookState::Live);
    book
}

fn assert_silent(book: &OrderBook) {
    assert!(!book.usable());
    assert_eq!((book.best_bid(), book.best_ask()), (None, None));
    assert_eq!(
        (book.sell(ONE), book.buy(ONE), book.cost(ONE)),
        (None, None, None)
    );
}

#[test]
fn order_book_buffers_until_the_snapshot_and_drops_what_is_older() {
    let mut book = OrderBook::new(Continuity::Spot);
    assert_silent(&book);
    assert_eq!(book.apply_delta(delta(5, 9), 1), seed(Outcome::Buffered));
    assert_eq!(book.apply_delta(delta(10, 12), 2), done(Outcome::Buffered));
    let better = Delta {
        bids: vec![(100 * ONE, 0)],
        ..delta(13, 13)
    };
    assert_eq!(book.apply_delta(better, 3), done(Outcome::Buffered));
    assert_eq!(book.state(), BookState::Reseeding);
    assert_silent(&book);
    assert_eq!(
        book.apply_snapshot(10, (&BIDS, &ASKS), Source::Fetched, 4),
        done(Outcome::Seeded)
    );
    assert_eq!(
        (book.best_bid(), book.last_update_id()),
        (Some((99 * ONE, ONE)), 13)
    );
    assert_eq!(book.counts().gaps, 0);
}

#[test]
fn order_book_asks_again_for_a_snapshot_that_is_too_old() {
    let mut book = OrderBook::new(Continuity::Spot);
    book.apply_delta(delta(12, 14), 1);
    assert_eq!(
        book.apply_snapshot(10, (&BIDS, &ASKS), Source::Fetched, 2),
        seed(Outcome::TooOld)
    );
    assert_eq!(book.state(), BookState::Reseeding);
    assert_eq!(
        book.apply_snapshot(11, (&BIDS, &ASKS), Source::Fetched, 3),
        done(Outcome::Seeded)
    );
    assert_eq!(book.last_update_id(), 14);
}

#[test]
fn order_book_of_spot_joins_by_first_and_last_id() {
    let mut book = live(Continuity::Spot);
    assert_eq!(book.apply_delta(delta(4, 10), 2), done(Outcome::Ignored));
    assert_eq!(book.apply_delta(delta(9, 12), 3), done(Outcome::Applied));
    assert_eq!(book.apply_delta(delta(13, 13), 4), done(Outcome::Applied));
    assert_eq!(book.apply_delta(delta(15, 16), 5), seed(Outcome::Gap));
    assert_eq!((book.state(), book.counts().gaps), (BookState::Suspect, 1));
    assert_silent(&book);
    assert_eq!(book.apply_delta(delta(17, 17), 6), done(Outcome::Buffered));
    assert_eq!(
        book.apply_snapshot(15, (&BIDS, &ASKS), Source::Fetched, 7),
        done(Outcome::Seeded)
    );
    assert_eq!((book.last_update_id(), book.generation()), (17, 2));
}

#[test]
fn order_book_of_usdm_joins_by_previous_id() {
    let mut book = OrderBook::new(Continuity::Usdm);
    assert_eq!(book.apply_delta(usdm(2, 6, 1), 1), seed(Outcome::Buffered));
    assert_eq!(book.apply_delta(usdm(8, 14, 6), 2), done(Outcome::Buffered));
    assert_eq!(
        book.apply_snapshot(10, (&BIDS, &ASKS), Source::Fetched, 3),
        done(Outcome::Seeded)
    );
    assert_eq!(book.last_update_id(), 14);
    assert_eq!(
        book.apply_delta(usdm(20, 22, 14), 4),
        done(Outcome::Applied)
    );
    assert_eq!(
        book.apply_delta(usdm(20, 22, 14), 5),
        done(Outcome::Ignored)
    );
    assert_eq!(book.apply_delta(usdm(23, 25, 21), 6), seed(Outcome::Gap));
    let mut book = live(Continuity::Usdm);
    assert_eq!(book.apply_delta(usdm(3, 9, 2), 2), done(Outcome::Ignored));
    assert_eq!(
        book.apply_delta(usdm(11, 12, 9), 3),
        seed(Outcome::Gap),
        "neither holds 10 nor follows it"
    );
    let mut book = live(Continuity::Usdm);
    assert_eq!(
        book.apply_delta(delta(10, 12), 2),
        done(Outcome::Applied),
        "holds 10"
    );
    assert_eq!(
        book.apply_delta(delta(13, 14), 3),
        seed(Outcome::Gap),
        "no pu"
    );
}

#[test]
fn numbers_that_start_anew_are_told_by_the_venues_clock() {
    let at = |first, last, venue_ns| Delta {
        venue_ns,
        ..usdm(first, last, first - 1)
    };
    for continuity in [Continuity::Spot, Continuity::Usdm, Continuity::Bybit] {
        let mut book = live(continuity);
        // A fetched snapshot is ahead of the stream: what it holds is newer by the clock too.
        assert_eq!(book.apply_delta(at(3, 8, 900), 2), done(Outcome::Ignored));
        assert_eq!(book.apply_delta(at(4, 9, 901), 2), done(Outcome::Ignored));
        assert_eq!(
            book.apply_delta(at(11, 14, 1_000), 3),
            done(Outcome::Applied)
        );
        assert_eq!(
            book.apply_delta(at(11, 14, 1_000), 4),
            done(Outcome::Ignored)
        );
        assert_eq!(book.apply_delta(at(3, 8, 900), 4), done(Outcome::Ignored));
        assert_eq!(book.apply_delta(at(1, 2, 1_001), 5), seed(Outcome::Gap));
        assert_silent(&book);
    }
    let mut book = OrderBook::new(Continuity::Spot);
    assert_eq!(
        book.apply_delta(at(70, 72, 1_000), 1),
        seed(Outcome::Buffered)
    );
    assert_eq!(
        book.apply_delta(at(70, 72, 1_000), 2),
        done(Outcome::Ignored)
    );
    assert_eq!(book.apply_delta(at(1, 2, 1_001), 3), done(Outcome::Gap));
    assert_eq!(
        book.parts().buffer.len(),
        1,
        "what was kept is of the old numbers"
    );
}

#[test]
fn where_numbers_form_a_chain_only_the_very_same_message_is_old() {
    let mut book = live(Continuity::Okx);
    let changed = |last, prev, qty| Delta {
        bids: vec![(100 * ONE, qty)],
        ..usdm(last, last, prev)
    };
    assert_eq!(
        book.apply_delta(changed(12, 10, ONE), 2),
        done(Outcome::Applied)
    );
    assert_eq!(
        book.apply_delta(changed(12, 10, 7 * ONE), 3),
        done(Outcome::Ignored),
        "the same numbers again"
    );
    assert_eq!(book.best_bid(), Some((100 * ONE, ONE)));
    assert_eq!(
        book.apply_delta(changed(3, 12, 3 * ONE), 4),
        done(Outcome::Applied),
        "a smaller number that follows is a new count"
    );
    assert_eq!(
        book.apply_delta(changed(3, 3, 4 * ONE), 5),
        done(Outcome::Applied),
        "equal ids say that nothing is missing"
    );
    assert_eq!(book.best_bid(), Some((100 * ONE, 4 * ONE)));
}

#[test]
fn only_what_changes_whether_a_pair_trades_is_news() {
    let mut book = live(Continuity::Spot);
    assert_eq!(
        [true, false, false, true, true].map(|open| book.trade(open)),
        [false, true, false, true, false]
    );
}

#[test]
fn a_book_that_takes_over_keeps_what_was_used_of_levels_that_are_the_same() {
    let mut before = live(Continuity::Spot);
    before.use_up(Side::Bid, 3 * ONE);
    assert_eq!(before.best_left(Side::Bid), None);
    let mut same = live(Continuity::Spot);
    same.succeed(&before);
    assert_eq!(same.best_left(Side::Bid), None);
    let mut other = OrderBook::new(Continuity::Spot);
    let bids = [(100 * ONE, 4 * ONE), (99 * ONE, ONE)];
    other.apply_snapshot(10, (&bids, &ASKS), Source::Fetched, 1);
    other.succeed(&before);
    assert_eq!(other.best_left(Side::Bid), Some((100 * ONE, 4 * ONE)));
    other.apply_delta(
        Delta {
            bids: vec![(100 * ONE, 2 * ONE)],
            ..delta(11, 11)
        },
        2,
    );
    assert_eq!(
        other.best_left(Side::Bid),
        Some((100 * ONE, 2 * ONE)),
        "what ended does not come back with the old quantity"
    );
}

#[test]
fn after_a_silence_only_a_message_that_proves_it_whole_is_followed() {
    for continuity in [Continuity::Spot, Continuity::Kraken, Continuity::Coinbase] {
        let mut book = OrderBook::new(continuity);
        book.apply_snapshot(10, (&BIDS, &ASKS), Source::Stream, 1);
        let silent_ns = book.pace().patience_ns() + 2;
        assert_eq!(book.tick(silent_ns), seed(Outcome::Silent));
        let change = book.apply_delta(delta(11, 11), silent_ns + 1);
        if continuity == Continuity::Coinbase {
            assert_eq!(change, seed(Outcome::Ignored));
            assert_silent(&book);
            book.apply_snapshot(12, (&BIDS, &ASKS), Source::Stream, silent_ns + 2);
        }
        assert!(book.usable());
    }
}

#[test]
fn order_book_starts_seeding_anew_when_the_buffer_is_full_or_broken() {
    let mut book = OrderBook::new(Continuity::Spot);
    let last = MAX_BUFFER as u64;
    for id in 1..=last {
        assert_eq!(
            book.apply_delta(delta(id, id), 1).outcome,
            Outcome::Buffered
        );
    }
    assert_eq!(
        book.apply_delta(delta(last + 1, last + 1), 1),
        seed(Outcome::Overflow)
    );
    assert_eq!(book.parts().buffer.len(), 1);
    assert_eq!(
        book.apply_delta(delta(last + 1, last + 1), 1),
        done(Outcome::Ignored)
    );
    assert_eq!(
        book.apply_delta(delta(last + 3, last + 4), 1),
        done(Outcome::Gap)
    );
    assert_eq!(
        (book.parts().buffer.len(), book.state()),
        (1, BookState::Reseeding)
    );
    assert_eq!(
        book.apply_snapshot(last, (&BIDS, &ASKS), Source::Fetched, 2),
        seed(Outcome::TooOld)
    );
}

#[test]
fn order_book_is_silent_in_the_call_that_disconnects_or_loses() {
    let mut book = live(Continuity::Spot);
    book.disconnect();
    assert_eq!(book.state(), BookState::Stale);
    assert_silent(&book);
    assert_eq!(book.best(Side::Bid), Some(BIDS[0]), "still shown");
    assert_eq!(
        book.apply_snapshot(50, (&BIDS, &ASKS), Source::Fetched, 2),
        done(Outcome::Ignored)
    );
    assert_eq!(book.gap(), done(Outcome::Gap));
    book.connect();
    assert_eq!(
        book.apply_snapshot(50, (&[(98 * ONE, ONE)], &ASKS), Source::Fetched, 3),
        done(Outcome::Seeded)
    );
    assert_eq!(
        book.levels(Side::Bid, 9),
        [(98 * ONE, ONE)],
        "replaced, not merged"
    );
    assert_eq!(book.gap(), seed(Outcome::Gap));
    assert_eq!(book.state(), BookState::Suspect);
    assert_silent(&book);
    book.disconnect();
    assert_eq!(book.apply_delta(delta(60, 61), 4), seed(Outcome::Buffered));
}

#[test]
fn order_book_asks_again_for_a_seed_that_does_not_come() {
    const SECOND: i64 = 1_000_000_000;
    let mut book = live(Continuity::Spot);
    assert_eq!(book.gap(), seed(Outcome::Gap));
    let asked: Vec<i64> = (1..40)
        .filter(|at| book.tick(at * SECOND).need_seed)
        .collect();
    assert_eq!(asked, [12, 23, 34]);
    let mut cut = book.clone();
    cut.disconnect();
    let mut halted = book.clone();
    halted.trade(false);
    for at in 40..100 {
        assert_eq!(cut.tick(at * SECOND), done(Outcome::Ignored));
        assert_eq!(halted.tick(at * SECOND), done(Outcome::Ignored));
    }
    book.apply_snapshot(20, (&BIDS, &ASKS), Source::Fetched, 40 * SECOND);
    book.gap();
    assert_eq!(book.tick(45 * SECOND), done(Outcome::Ignored));
}

#[test]
fn order_book_that_crosses_is_silent_at_once_and_suspect_at_the_second_message() {
    let mut book = live(Continuity::Spot);
    let crossing = |first: u64| Delta {
        bids: vec![(101 * ONE, ONE)],
        ..delta(first, first)
    };
    assert_eq!(book.apply_delta(crossing(11), 2), done(Outcome::Crossed));
    assert_eq!(book.state(), BookState::Live);
    assert_silent(&book);
    let mut again = book.clone();
    assert_eq!(again.apply_delta(crossing(12), 3), seed(Outcome::Crossed));
    assert_eq!(again.state(), BookState::Suspect);
    assert_eq!(book.tick(2 + MAX_CROSSED_NS), done(Outcome::Ignored));
    let mut waited = book.clone();
    assert_eq!(waited.tick(3 + MAX_CROSSED_NS), seed(Outcome::Crossed));
    assert_eq!(waited.state(), BookState::Suspect);
    let healing = Delta {
        asks: vec![(101 * ONE, 0)],
        ..delta(12, 12)
    };
    assert_eq!(book.apply_delta(healing, 4), done(Outcome::Applied));
    assert_eq!(
        (book.best_bid(), book.best_ask()),
        (Some((101 * ONE, ONE)), Some(ASKS[1]))
    );
}

#[test]
fn order_book_takes_the_newer_of_ticker_and_levels() {
    let mut book = live(Continuity::Spot);
    let ticker = |update_id| Ticker {
        update_id,
        bid: 99 * ONE,
        bid_qty: 5 * ONE,
        ask: 103 * ONE,
        ask_qty: ONE,
    };
    assert_eq!(book.apply_ticker(ticker(9), 2), done(Outcome::Ignored));
    assert_eq!(book.best_bid(), Some(BIDS[0]));
    assert_eq!(book.apply_ticker(ticker(12), 3), done(Outcome::Applied));
    assert_eq!(
        book.levels(Side::Bid, 9),
        [(99 * ONE, 5 * ONE)],
        "what is better is gone, its quantity counts"
    );
    assert_eq!(book.levels(Side::Ask, 9), [(103 * ONE, ONE)]);
    assert_eq!(book.sell(3 * ONE), Some(297 * ONE));
    assert_eq!(book.apply_ticker(ticker(12), 4), done(Outcome::Ignored));
    assert_eq!(book.apply_delta(delta(11, 12), 5), done(Outcome::Applied));
    assert_eq!(
        book.best_bid(),
        Some(BIDS[0]),
        "the levels are as new again"
    );
    assert_eq!(
        book.apply_ticker(
            Ticker {
                ask: 0,
                ask_qty: 0,
                ..ticker(13)
            },
            6
        ),
        done(Outcome::Applied)
    );
    assert_eq!(
        (book.best_ask(), book.buy(ONE)),
        (None, None),
        "nobody sells"
    );
    assert_eq!(
        book.apply_ticker(
            Ticker {
                ask: 98 * ONE,
                ..ticker(14)
            },
            7
        ),
        done(Outcome::Crossed)
    );
    assert_silent(&book);
}

#[test]
fn order_book_walks_its_levels_exactly() {
    let book = live(Continuity::Spot);
    assert_eq!(book.sell(2 * ONE), Some(200 * ONE));
    assert_eq!(book.sell(3 * ONE), Some(299 * ONE));
    assert_eq!(book.sell(3 * ONE + 1), None, "depth is short");
    assert_eq!(book.sell(0), Some(0));
    assert_eq!(book.sell(1), Some(100));
    assert_eq!(book.buy(101 * ONE), Some(ONE));
    assert_eq!(book.buy(203 * ONE), Some(2 * ONE));
    assert_eq!(book.buy(407 * ONE), Some(4 * ONE));
    assert_eq!(book.buy(407 * ONE + 1), None, "depth is short");
    assert_eq!(book.buy(100), Some(0), "less than one unit");
    assert_eq!(book.cost(1), Some(101));
    assert_eq!(book.cost(2 * ONE), Some(203 * ONE));
    let mut huge = OrderBook::new(Continuity::Spot);
    huge.apply_snapshot(
        1,
        (&[(u64::MAX - 1, u64::MAX)], &[(u64::MAX, u64::MAX)]),
        Source::Fetched,
        1,
    );
    assert_eq!(
        (huge.sell(u64::MAX), huge.cost(u64::MAX)),
        (None, None),
        "more than 64 bits"
    );
    assert_eq!(huge.buy(u64::MAX), Some(ONE));
}

#[test]
fn order_book_keeps_the_nearest_levels_only() {
    let mut book = OrderBook::new(Continuity::Spot);
    let bids: Vec<Level> = (0..=MAX_LEVELS as u64)
        .map(|at| (1_000_000 - at, 1))
        .collect();
    book.apply_snapshot(1, (&bids, &[]), Source::Fetched, 1);
    assert_eq!(
        (book.depth(Side::Bid), book.best(Side::Bid)),
        (MAX_LEVELS, Some((1_000_000, 1)))
    );
    book.apply_delta(
        Delta {
            bids: vec![(2_000_000, 1)],
            ..delta(2, 2)
        },
        2,
    );
    assert_eq!(
        (book.depth(Side::Bid), book.best(Side::Bid)),
        (MAX_LEVELS, Some((2_000_000, 1)))
    );
    assert_eq!(
        book.levels(Side::Bid, usize::MAX).last(),
        Some(&(1_000_000 - MAX_LEVELS as u64 + 2, 1))
    );
}

#[test]
fn order_book_parts_out_of_order_are_refused() {
    let mut parts = live(Continuity::Spot).parts();
    parts.bids.reverse();
    assert!(OrderBook::from_parts(parts).is_err());
    let mut parts = live(Continuity::Spot).parts();
    parts.asks[0].1 = 0;
    assert!(OrderBook::from_parts(parts).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Bringing back what was just bought never gains, and buying by money or by quantity agree.
    #[test]
    fn order_book_never_pays_for_a_round_trip(
        bids in prop::collection::vec((1u64..1_000, 1u64..1_000_000), 1..20),
        asks in prop::collection::vec((1_000u64..2_000, 1u64..1_000_000), 1..20),
        spend in 0u64..1_000_000_000,
    ) {
        let mut book = OrderBook::new(Continuity::Spot);
        let scaled = |levels: &[Level]| levels.iter().map(|&(price, qty)| (price * ONE, qty)).collect::<Vec<_>>();
        book.apply_snapshot(1, (&scaled(&bids), &scaled(&asks)), Source::Fetched, 1);
        if let Some(bought) = book.buy(spend) {
            prop_assert!(book.cost(bought).is_some_and(|cost| cost <= spend));
            prop_assert!(book.cost(bought + 1).is_none_or(|cost| cost > spend));
            prop_assert!(book.sell(bought).is_none_or(|back| back <= spend));
        }
    }
}
