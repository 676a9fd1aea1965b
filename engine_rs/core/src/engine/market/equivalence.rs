//! Tokens that stand for one another at par: the book that guards each pair of them, and what its two edges pay.
//!
//! A pair whose mid left its band stays away until the mid was within half of it for a while: near the edge of the band
//! a mid crosses it every few minutes for weeks.
//!
//! An edge pays at par or at the touch of the pair's book, whichever is less, and keeps the cost on top. It takes no
//! more than that touch: the guard has seen no further price, so beyond it the book could pay less than the edge.

use std::collections::{BTreeMap, BTreeSet};

use super::legs::{Leg, NS_PER_MS, Problem};
use super::{Market, Settled};
use crate::book::order_book::{BookState, Side};
use crate::engine::book_scale::{PPM, weight};
use crate::engine::books::BookEntry;
use crate::engine::setup::Equivalence;
use crate::search::graph::EdgeId;

/// Two tokens that stand for one another, as set up, and the book that says whether they do.
#[derive(Clone, Debug)]
pub(crate) struct Tie {
    pub(crate) facts: Equivalence,
    /// Its first edge (gives `a`); the second one (gives `b`) follows.
    pub(crate) edge: Option<EdgeId>,
    /// Place of the pair's book, `None` until it is known.
    book: Option<usize>,
    /// Whether that book prices `a` in `b`, spot.
    fits: bool,
    /// The last moment at which its edges as weighed, or its way back, rest on a book that is young enough.
    due_ns: i64,
    /// `None`, or after its mid left the band: since when that is within half of it again, 0 while it is not.
    away_ns: Option<i64>,
}

impl Tie {
    pub(crate) fn new(facts: &Equivalence) -> Self {
        Self {
            facts: facts.clone(),
            edge: None,
            book: None,
            fits: false,
            due_ns: i64::MAX,
            away_ns: None,
        }
    }

    /// Returns the stem of its edges' names.
    pub(crate) fn name(&self) -> String {
        format!("equivalence:{}", self.facts.pair)
    }

    fn max_age_ns(&self) -> i64 {
        i64::from(self.facts.max_age_ms) * NS_PER_MS
    }

    /// Takes over what the book says now; `near` is within half of the band.
    fn follow(&mut self, peg: Peg, near: bool, now_ns: i64) {
        if peg == Peg::OutOfBand {
            self.away_ns = Some(0);
        }
        let Some(since) = self.away_ns else { return };
        self.away_ns = if peg == Peg::InBand && near {
            let since = if since == 0 { now_ns } else { since };
            let held = now_ns - since >= i64::from(self.facts.hold_ms) * NS_PER_MS;
            (!held).then_some(since)
        } else {
            Some(0)
        };
    }
}

/// What a pair's book says of par.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peg {
    InBand,
    OutOfBand,
    Stale,
    Crossed,
    Unknown,
}

impl Peg {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InBand => "in_band",
            Self::OutOfBand => "out_of_band",
            Self::Stale => "stale",
            Self::Crossed => "crossed",
            Self::Unknown => "unknown",
        }
    }
}

/// A pair's book beside par, and whether the pair came back to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    pub(crate) peg: Peg,
    /// Of the mid from par, away from zero; as last known.
    pub(crate) deviation_ppm: Option<i64>,
    /// How much more than the cost the dearer direction keeps, rounded up.
    pub(crate) widened_ppm: Option<u64>,
    pub(crate) age_ns: Option<i64>,
}

impl Market {
    /// Gives each equivalence its edges; the first nodes and edges after those of the books that are set up.
    pub(super) fn wire_ties(&mut self) {
        for at in 0..self.ties.len() {
            let (tie, name) = (&self.ties[at], self.ties[at].name());
            let (a, b) = (tie.facts.a.clone(), tie.facts.b.clone());
            self.ties[at].edge = self.join(&a, &b, &name, at, super::Kind::Equivalence);
        }
    }

    /// Takes over where the books of equivalences are, from place `first` on.
    pub(crate) fn find_pairs(&mut self, first: usize) {
        for tie in &mut self.ties {
            let entries = self.books.entries.iter().enumerate().skip(first);
            for (at, entry) in entries {
                if entry.name == tie.facts.pair {
                    let priced = entry.base_mint == tie.facts.a && entry.quote_mint == tie.facts.b;
                    (tie.book, tie.fits) = (Some(at), priced && entry.kind == "spot");
                }
            }
        }
    }

    /// Returns whether an edge of this name can be one of the equivalence at a place.
    pub(crate) fn is_tie(&self, at: usize, edge: &str) -> bool {
        let stem = edge.strip_suffix(":0").or(edge.strip_suffix(":1"));
        self.ties
            .get(at)
            .is_some_and(|tie| stem == Some(&tie.name()))
    }

    /// Finds the edges and books of the equivalences again in a graph and books that were restored.
    /// `away` is by the place of the book.
    pub(crate) fn restore_ties(&mut self, away: &BTreeMap<usize, Option<i64>>) {
        for tie in &mut self.ties {
            tie.edge = self.graph.find_edge(&format!("{}:0", tie.name()));
        }
        self.find_pairs(0);
        for at in 0..self.ties.len() {
            let tie = &mut self.ties[at];
            tie.away_ns = tie.book.and_then(|book| away.get(&book).copied().flatten());
            self.note_due(at);
        }
        self.note_first_due();
    }

    /// Returns how far the equivalence that a book guards is on its way back, `None` while it holds.
    pub(crate) fn away_ns(&self, book: usize) -> Option<i64> {
        let guarded = self.ties.iter().rfind(|tie| tie.book == Some(book));
        guarded.and_then(|tie| tie.away_ns)
    }

    /// Weighs the equivalences whose book changed or grew too old.
    pub(super) fn settle_ties(
        &mut self,
        now_ns: i64,
        books: &BTreeSet<usize>,
        settled: &mut Settled,
    ) {
        for at in 0..self.ties.len() {
            let tie = &self.ties[at];
            let changed = tie.book.is_some_and(|book| books.contains(&book));
            let Some(edge) = tie.edge.filter(|_| changed || tie.due_ns < now_ns) else {
                continue;
            };
            self.follow(at, now_ns);
            let tie = &self.ties[at];
            let weights = if self.guard(tie, now_ns).peg == Peg::InBand {
                [true, false].map(|first| weight(self.tie_price(tie, first)))
            } else {
                [None, None]
            };
            if weights != [None, None] || self.is_held(edge) {
                self.weigh(edge, weights);
                settled.edges.extend([edge, edge + 1]);
            }
            self.note_due(at);
        }
        self.note_first_due();
    }

    /// Returns whether one of a pair of edges is in the graph.
    fn is_held(&self, first: EdgeId) -> bool {
        [first, first + 1]
            .into_iter()
            .any(|edge| self.graph.weight(edge).is_some())
    }

    fn follow(&mut self, at: usize, now_ns: i64) {
        let tie = &self.ties[at];
        let peg = self.peg(tie, now_ns);
        let near = self
            .off(tie)
            .is_some_and(|(off, par)| 2 * off.abs() <= i128::from(tie.facts.band_ppm) * par);
        self.ties[at].follow(peg, near, now_ns);
    }

    fn note_due(&mut self, at: usize) {
        let tie = &self.ties[at];
        let held = tie.edge.is_some_and(|edge| self.is_held(edge));
        let rests = held || tie.away_ns.is_some_and(|since| since != 0);
        let book = tie.book.filter(|_| rests);
        let due_ns = book.map_or(i64::MAX, |book| {
            let as_of_ns = self.books.entries[book].as_of_ns;
            as_of_ns.saturating_add(tie.max_age_ns())
        });
        self.ties[at].due_ns = due_ns;
    }

    fn note_first_due(&mut self) {
        let due = self.ties.iter().map(|tie| tie.due_ns);
        self.due_ns = due.min().unwrap_or(i64::MAX);
    }

    /// Returns whether an equivalence holds: its edges are in the graph, and rightly so.
    pub(crate) fn holds(&self, tie: &Tie, guard: &Guard) -> bool {
        guard.peg == Peg::InBand && tie.edge.is_some_and(|edge| self.is_held(edge))
    }

    /// Returns the best bid and ask of the pair's book as last known, to be shown.
    pub(crate) fn shown_prices(&self, tie: &Tie) -> (Option<f64>, Option<f64>) {
        let best = |side| {
            let book = &self.pair_book(tie)?.book;
            book.best(side).map(|level| book.scale().real(level.0))
        };
        (best(Side::Bid), best(Side::Ask))
    }

    pub(super) fn pair_book(&self, tie: &Tie) -> Option<&BookEntry> {
        let at = tie.book.filter(|_| tie.fits)?;
        self.books.entries.get(at)
    }

    /// Returns what the book of an equivalence says of par now.
    pub(crate) fn guard(&self, tie: &Tie, now_ns: i64) -> Guard {
        let unknown = Guard {
            peg: Peg::Unknown,
            deviation_ppm: None,
            widened_ppm: None,
            age_ns: None,
        };
        let Some(entry) = self.pair_book(tie) else {
            return unknown;
        };
        let known = entry.as_of_ns > 0;
        let age_ns = known.then(|| (now_ns - entry.as_of_ns).max(0));
        let (bid, ask) = (entry.book.best(Side::Bid), entry.book.best(Side::Ask));
        let (Some((bid, _)), Some((ask, _)), Some(_)) = (bid, ask, age_ns) else {
            return Guard { age_ns, ..unknown };
        };
        let one = u128::from(entry.book.scale().one());
        let (off, par) = off_par(bid, ask, one);
        let short = one.saturating_sub(u128::from(bid));
        let dear = u128::from(ask).saturating_sub(one);
        let peg = match self.peg(tie, now_ns) {
            Peg::InBand if tie.away_ns.is_some() => Peg::OutOfBand,
            peg => peg,
        };
        let away = off.unsigned_abs().div_ceil(par.unsigned_abs()) as i64;
        // What `b` costs more is counted in what is given for it: 1 − 1/ask.
        let widened = (short * PPM)
            .div_ceil(one)
            .max((dear * PPM).div_ceil(u128::from(ask)));
        Guard {
            peg,
            deviation_ppm: Some(if off < 0 { -away } else { away }),
            widened_ppm: Some(widened as u64),
            age_ns,
        }
    }

    /// Returns what the book alone says of a pair.
    fn peg(&self, tie: &Tie, now_ns: i64) -> Peg {
        let Some(entry) = self.pair_book(tie).filter(|entry| entry.as_of_ns > 0) else {
            return Peg::Unknown;
        };
        let Some((off, par)) = self.off(tie) else {
            return Peg::Unknown;
        };
        let age = (now_ns - entry.as_of_ns).max(0);
        match entry.book.state() {
            BookState::Live if !entry.live() => Peg::Crossed,
            BookState::Stale => Peg::Stale,
            BookState::Live if age > tie.max_age_ns() => Peg::Stale,
            BookState::Live if off.abs() > i128::from(tie.facts.band_ppm) * par => Peg::OutOfBand,
            BookState::Live => Peg::InBand,
            _ => Peg::Unknown,
        }
    }

    /// Returns how far the mid of a pair's book is from par; see [`off_par`].
    fn off(&self, tie: &Tie) -> Option<(i128, i128)> {
        let book = &self.pair_book(tie)?.book;
        let (bid, ask) = (book.best(Side::Bid)?, book.best(Side::Ask)?);
        Some(off_par(bid.0, ask.0, book.scale().one().into()))
    }

    /// Returns whether an equivalence holds now, as the step of a cycle.
    pub(super) fn tie_leg(&self, edge: EdgeId, now_ns: i64) -> Leg {
        let tie = &self.ties[self.behind(edge).at];
        let guard = self.guard(tie, now_ns);
        let age_ns = guard.age_ns.unwrap_or(0);
        if guard.peg == Peg::InBand && self.graph.weight(edge).is_some() {
            return Leg::good(age_ns);
        }
        Leg {
            problem: Problem::Depeg,
            detail: self.tie_words(tie, &guard),
            age_ns,
        }
    }

    /// Returns why an equivalence does not hold: its pair, and by how much that is off par where it is known.
    pub(crate) fn tie_words(&self, tie: &Tie, guard: &Guard) -> String {
        let pair = &tie.facts.pair;
        let Some(entry) = self.pair_book(tie) else {
            let why = if tie.book.is_some() {
                "prices other assets"
            } else {
                "unknown"
            };
            return format!("{pair} {why}");
        };
        let Some(off) = guard.deviation_ppm else {
            return format!("{pair} {}, no mid", entry.state());
        };
        match guard.peg {
            Peg::InBand => format!("{pair} gives no rate"),
            Peg::OutOfBand if off.unsigned_abs() <= tie.facts.band_ppm.into() => format!(
                "{pair} {off:+} ppm off, not yet back in half of its band {}",
                tie.facts.band_ppm
            ),
            Peg::OutOfBand => format!("{pair} {off:+} ppm off, band {}", tie.facts.band_ppm),
            Peg::Stale if entry.live() => {
                let age_ms = guard.age_ns.unwrap_or(0) / NS_PER_MS;
                format!("{pair} is {age_ms} ms old, {off:+} ppm")
            }
            _ => format!("{pair} {}, {off:+} ppm", entry.state()),
        }
    }
}

/// Returns how far a mid is from par, in ppm × the second, which is bid and ask together where the mid is at par.
fn off_par(bid: u64, ask: u64, one: u128) -> (i128, i128) {
    let par = 2 * one as i128;
    let off = (i128::from(bid) + i128::from(ask) - par) * PPM as i128;
    (off, par)
}
