//! Every venue's book beside a model of that venue, over a network that loses, repeats, reorders, cuts and stalls.
//!
//! `CAMBIST_INTERLEAVINGS` says how many random runs are made in all; 7,000 if it is not set.

use std::collections::BTreeMap;

use cambist_core::book::order_book::{BookState, Delta, OrderBook, Outcome, Side, Source};
use cambist_core::exchanges::Continuity;
use cambist_core::exchanges::decimal::{ONE, PriceScale};
use cambist_core::exchanges::event::Level;
use cambist_core::exchanges::kraken::checksum::kraken_checksum;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const RULES: [Continuity; 7] = [
    Continuity::Spot,
    Continuity::Usdm,
    Continuity::Okx,
    Continuity::Kraken,
    Continuity::Bybit,
    Continuity::Coinbase,
    Continuity::Plain,
];

/// The depth at which a sum over ten levels says everything.
const DEPTH: usize = 10;

const STEP_NS: i64 = 100_000_000;

type Sides = [BTreeMap<u64, u64>; 2];

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// The venue changes a bid or an ask and says so.
    Update {
        ask: bool,
        at: u64,
        qty: u64,
    },
    /// It says that nothing changed.
    Alive,
    /// The next message gets lost.
    Lose,
    /// The newest message comes once more.
    Repeat,
    /// The next two messages change places.
    Swap,
    /// What was asked for comes: a snapshot, of now or of so many messages ago.
    Seed {
        ago: usize,
    },
    /// The venue sends a snapshot unasked; its numbers may start anew.
    Restart,
    Cut,
    Stall,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let update =
        (any::<bool>(), 0u64..14, 0u64..4).prop_map(|(ask, at, qty)| Act::Update { ask, at, qty });
    let act = prop_oneof![
        12 => update,
        1 => Just(Act::Alive),
        1 => Just(Act::Lose),
        1 => Just(Act::Repeat),
        1 => Just(Act::Swap),
        3 => (0usize..4).prop_map(|ago| Act::Seed { ago }),
        1 => Just(Act::Restart),
        1 => Just(Act::Cut),
        1 => Just(Act::Stall),
    ];
    prop::collection::vec(act, 1..60)
}

/// One message of the venue.
#[derive(Clone, Debug)]
struct Message {
    /// Its place among those of the connection.
    number: u64,
    delta: Option<Delta>,
    /// A full book, as of update id `last`.
    full: Option<(u64, Sides)>,
    sum: u32,
}

/// A venue that tells one book by one rule.
struct Venue {
    rules: Continuity,
    sides: Sides,
    last: u64,
    number: u64,
    /// Its books as of each update id, oldest first.
    past: Vec<(u64, Sides)>,
}

impl Venue {
    fn new(rules: Continuity) -> Self {
        let side = |base: u64| (0..8).map(|at| ((base + at) * ONE, ONE)).collect();
        let sides = [side(90), side(101)];
        Self {
            rules,
            past: vec![(1_000, sides.clone())],
            sides,
            last: 1_000,
            number: 0,
        }
    }

    /// Changes one level and returns the message that says so.
    fn update(&mut self, ask: bool, at: u64, qty: u64) -> Message {
        let (prev, first) = (self.last, self.last + 1);
        self.last = match self.rules {
            Continuity::Bybit | Continuity::Coinbase | Continuity::Kraken => first,
            _ => first + at % 3,
        };
        let price = if ask { 101 + at } else { 97 - at % 8 } * ONE;
        let side = &mut self.sides[usize::from(ask)];
        if qty > 0 {
            side.insert(price, qty * ONE);
        } else {
            side.remove(&price);
        }
        self.trim();
        self.past.push((self.last, self.sides.clone()));
        let level = vec![(price, qty * ONE)];
        let (bids, asks) = if ask {
            (vec![], level)
        } else {
            (level, vec![])
        };
        self.message(Some(Delta {
            first,
            last: self.last,
            prev: self.names_prev().then_some(prev),
            bids,
            asks,
            venue_ns: self.now_ns(),
        }))
    }

    fn alive(&mut self) -> Option<Message> {
        let sends = matches!(self.rules, Continuity::Okx | Continuity::Plain);
        sends.then(|| {
            let delta = Delta {
                first: self.last,
                last: self.last,
                prev: Some(self.last),
                bids: vec![],
                asks: vec![],
                venue_ns: self.now_ns(),
            };
            self.message(Some(delta))
        })
    }

    /// A full book in the stream.
    fn snapshot(&mut self) -> Message {
        let mut message = self.message(None);
        message.full = Some((self.last, self.sides.clone()));
        message
    }

    /// Starts counting anew where the venue does that.
    fn restart(&mut self) {
        if matches!(
            self.rules,
            Continuity::Okx | Continuity::Bybit | Continuity::Plain
        ) {
            self.last = if self.last >= 1_000 {
                1
            } else {
                self.last + 100
            };
            self.past.push((self.last, self.sides.clone()));
        }
    }

    /// Its clock: one nanosecond a message.
    fn now_ns(&self) -> i64 {
        i64::try_from(self.past.len()).unwrap()
    }

    fn message(&mut self, delta: Option<Delta>) -> Message {
        self.number += 1;
        let [bids, asks] = &self.sides;
        let bids: Vec<Level> = bids.iter().rev().map(|(&p, &q)| (p, q)).collect();
        let asks: Vec<Level> = asks.iter().map(|(&p, &q)| (p, q)).collect();
        Message {
            number: self.number,
            delta,
            full: None,
            sum: kraken_checksum(&bids, &asks, 2, 8, PriceScale::EIGHT),
        }
    }

    fn trim(&mut self) {
        if self.rules == Continuity::Kraken {
            while self.sides[0].len() > DEPTH {
                self.sides[0].pop_first();
            }
            while self.sides[1].len() > DEPTH {
                self.sides[1].pop_last();
            }
        }
    }

    fn names_prev(&self) -> bool {
        matches!(
            self.rules,
            Continuity::Usdm | Continuity::Okx | Continuity::Plain
        )
    }

    fn streams_snapshots(&self) -> bool {
        !matches!(self.rules, Continuity::Spot | Continuity::Usdm)
    }
}

/// The book at the other end of the connection.
struct Client {
    book: OrderBook,
    number: Option<u64>,
    now_ns: i64,
    wants_seed: bool,
}

impl Client {
    fn take(&mut self, rules: Continuity, message: &Message) -> Result<(), TestCaseError> {
        self.now_ns += STEP_NS;
        if rules == Continuity::Coinbase {
            match self.number {
                Some(last) if message.number <= last => return Ok(()),
                Some(last) if message.number > last + 1 => {
                    self.wants_seed |= self.book.gap().need_seed;
                    prop_assert!(!self.book.usable(), "a gap is told in the same call");
                }
                _ => {}
            }
            self.number = Some(message.number);
        }
        if let Some(delta) = message.delta.clone() {
            let change = self.book.apply_delta(delta, self.now_ns);
            self.wants_seed |= change.need_seed;
            if change.outcome == Outcome::Gap {
                prop_assert!(!self.book.usable(), "a gap is told in the same call");
            }
        }
        if let Some((last, sides)) = &message.full {
            self.seed(*last, sides, Source::Stream);
        }
        if rules == Continuity::Kraken {
            let change = self.book.verify(message.sum.into(), Some((2, 8)));
            self.wants_seed |= change.need_seed;
        }
        Ok(())
    }

    fn seed(&mut self, last: u64, [bids, asks]: &Sides, source: Source) {
        let bids: Vec<Level> = bids.iter().rev().map(|(&p, &q)| (p, q)).collect();
        let asks: Vec<Level> = asks.iter().map(|(&p, &q)| (p, q)).collect();
        let change = self
            .book
            .apply_snapshot(last, (&bids, &asks), source, self.now_ns);
        self.wants_seed = change.need_seed;
    }

    fn levels(&self) -> Sides {
        [Side::Bid, Side::Ask].map(|side| self.book.levels(side, 1_000).into_iter().collect())
    }
}

fn run(rules: Continuity, acts: &[Act]) -> Result<(u64, u64), TestCaseError> {
    let mut venue = Venue::new(rules);
    let mut client = Client {
        book: OrderBook::new(rules),
        number: None,
        now_ns: 0,
        wants_seed: true,
    };
    let (mut live, mut silent) = (0, 0);
    let (mut lose, mut swap, mut held) = (false, false, None::<Message>);
    let mut newest = None::<Message>;
    for &act in acts {
        let mut sent = match act {
            Act::Update { ask, at, qty } => Some(venue.update(ask, at, qty)),
            Act::Alive => venue.alive(),
            Act::Repeat => newest.clone(),
            Act::Restart if venue.streams_snapshots() => {
                venue.restart();
                Some(venue.snapshot())
            }
            Act::Seed { ago } => {
                if client.wants_seed && venue.streams_snapshots() {
                    Some(venue.snapshot())
                } else {
                    let back = venue.past.len().saturating_sub(1 + ago);
                    let (last, sides) = venue.past[back].clone();
                    if !matches!(
                        rules,
                        Continuity::Kraken | Continuity::Bybit | Continuity::Coinbase
                    ) {
                        client.seed(last, &sides, Source::Fetched);
                    }
                    None
                }
            }
            Act::Cut => {
                client.book.disconnect();
                prop_assert!(!client.book.usable());
                client.book.connect();
                (client.number, client.wants_seed) = (None, true);
                (venue.number, held, newest) = (0, None, None);
                None
            }
            Act::Stall => {
                client.now_ns += client.book.pace().patience_ns() + 1;
                let was = client.book.usable();
                let change = client.book.tick(client.now_ns);
                client.wants_seed |= change.need_seed;
                prop_assert!(!client.book.usable(), "silence is told");
                silent += u64::from(was && client.book.state() == BookState::Stale);
                None
            }
            Act::Lose => {
                lose = true;
                None
            }
            Act::Swap => {
                swap = true;
                None
            }
            Act::Restart => None,
        };
        if std::mem::take(&mut lose) && sent.is_some() {
            sent = None;
        } else if matches!(act, Act::Lose) {
            lose = true;
        }
        if let Some(message) = sent {
            newest = Some(message.clone());
            if swap && held.is_none() {
                (held, swap) = (Some(message), false);
            } else {
                client.take(rules, &message)?;
                if let Some(late) = held.take() {
                    client.take(rules, &late)?;
                }
            }
        }
        if client.book.usable() {
            live += 1;
            let shown = client.levels();
            let known = venue.past.iter().any(|(last, sides)| match rules {
                Continuity::Kraken | Continuity::Coinbase => *sides == shown,
                _ => *last == client.book.last_update_id() && *sides == shown,
            });
            prop_assert!(known, "a LIVE book is the venue's as of some message");
        }
    }
    Ok((live, silent))
}

#[test]
fn a_live_book_is_the_venues_book_whatever_the_network_does() {
    let runs = std::env::var("CAMBIST_INTERLEAVINGS").ok();
    let runs: u32 = runs.map_or(7_000, |text| text.parse().expect("a number of runs"));
    for rules in RULES {
        let config = ProptestConfig {
            cases: runs.div_ceil(RULES.len() as u32),
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let seen = std::cell::Cell::new((0, 0));
        let tried = TestRunner::new(config).run(&acts(), |acts| {
            let (live, silent) = run(rules, &acts)?;
            let (lives, silences) = seen.get();
            seen.set((lives + live, silences + silent));
            Ok(())
        });
        tried.unwrap_or_else(|error| panic!("{rules:?}: {error}"));
        let (live, silent) = seen.get();
        assert!(
            live > u64::from(runs) / 7,
            "{rules:?}: {live} steps were LIVE"
        );
        assert!(silent > 0, "{rules:?}: no silence was tried on a LIVE book");
    }
}
