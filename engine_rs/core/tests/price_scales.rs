//! Books whose prices have different scales, as one.

use cambist_core::book::order_book::{ConsolidatedBook, Side, VenueBook};
use cambist_core::exchanges::decimal::{ONE as COIN, PriceScale};

#[test]
fn books_are_compared_at_the_finer_of_their_scales() {
    let coarse = VenueBook {
        taker_ppm: 1_000,
        bids: vec![(3, 5 * COIN)],
        asks: vec![(4, 5 * COIN)],
        scale: PriceScale::EIGHT,
    };
    let fine = VenueBook {
        bids: vec![(321, 7 * COIN)],
        asks: vec![(322, 7 * COIN)],
        scale: PriceScale::of(10),
        ..coarse.clone()
    };
    let all = ConsolidatedBook::new(&[coarse.clone(), fine.clone()]).expect("two books");
    let shown = |side: Side| -> Vec<_> {
        let levels = all.levels(side).iter();
        levels
            .map(|at| (at.net_price, at.price, at.venue))
            .collect()
    };
    assert_eq!(all.scale(), PriceScale::of(10));
    assert_eq!(shown(Side::Bid), [(320, 321, 1), (299, 300, 0)]);
    assert_eq!(shown(Side::Ask), [(323, 322, 1), (401, 400, 0)]);
    // 10⁶ of base at 3.21 · 10⁻⁸: what is left of 0.0321 after 1 in 1000.
    let many = VenueBook {
        bids: vec![(321, 1_000_000 * COIN)],
        ..fine
    };
    let all = ConsolidatedBook::new(&[coarse.clone(), many]).expect("two books");
    let sold = all.take(Side::Bid, 1_000_000 * COIN).expect("deep enough");
    assert_eq!((sold.quote, sold.price), (3_206_790, 320));
    let far = VenueBook {
        bids: Vec::new(),
        asks: vec![(u64::MAX / 10, 1)],
        ..coarse
    };
    let finest = VenueBook {
        scale: PriceScale::MOST,
        bids: Vec::new(),
        ..far.clone()
    };
    let refused = ConsolidatedBook::new(&[far, finest]).expect_err("no u64 holds it");
    assert_eq!(
        refused.to_string(),
        format!("venue 0: level 0 was {} × 1", u64::MAX / 10)
    );
}
