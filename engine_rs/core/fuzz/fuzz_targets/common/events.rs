//! What holds of everything that a frame of an exchange says.

use cambist_core::exchanges::event::{Event, Level, canonical};

/// Checks one event of a venue that has at most so many levels on a side.
pub(crate) fn check(event: &Event<'_>, most: usize) {
    canonical(event).expect("text");
    let (last, bids, asks): (u64, &[Level], &[Level]) = match event {
        Event::DepthDelta {
            first,
            last,
            bids,
            asks,
            venue_ns,
            ..
        } => {
            assert!(first <= last && *venue_ns >= 0);
            (*last, bids, asks)
        }
        Event::DepthSnapshot {
            last, bids, asks, ..
        } => (*last, bids, asks),
        Event::BookTicker { update_id, .. } => (*update_id, &[], &[]),
        Event::Sequence { number } => (*number, &[], &[]),
        Event::Trade { price, qty, .. } => {
            assert!(*price > 0 && *qty > 0);
            return;
        }
        _ => return,
    };
    assert!(last < 1 << 63);
    assert!(bids.len() <= most && asks.len() <= most);
    assert!(bids.iter().chain(asks).all(|level| level.0 > 0));
}
