//! What becomes of gaps: when a cycle pays after costs, when it stops, and which landed transaction closed it.
//!
//! A gap begins at the first moment at which a cycle's decision leaves something and ends at the first one that doesn't.
//! What can't be believed for a while (a torn pool, a stale book) neither keeps nor ends it; for too long, it is stale. An
//! end is told `SETTLE_SLOTS` later, when the logs of its slot are there.
//!
//! Which transaction closed it is worked out from what the logs say of swaps on its legs: they are done again, one after
//! the other in the order in which they landed, on the gap's legs as they stood when it paid last. The first one after
//! which it leaves nothing is the taker.
//!
//! One file, for who reads how a gap begins sees how it ends and who is asked.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::closer::{Closer, Leg, Stand, Touch, closer_of};
use super::json;
use super::judging::Judge;
use super::market::{Kind, Market};
use super::moments::Moment;
use super::registry::PoolEntry;
use super::route::walk;
use super::standing::{Cycle, End};
use crate::chain::base58::{self, Pubkey, Signature};
use crate::chain::log_parser::{Logs, SwapEvent, parse_logs};
use crate::judge::scorer::Reason;
use crate::search::graph::EdgeId;

/// Slots after which an end is told: by then the logs of its own are there.
const SETTLE_SLOTS: u64 = 2;
/// The same where no slots come.
const SETTLE_NS: i64 = 5_000_000_000;
/// A gap that can't be looked at for longer is given up.
const MOST_BLIND_NS: i64 = 5_000_000_000;
const KEPT_SLOTS: u64 = 64;
/// Landed transactions that are remembered: those of the last `KEPT_SLOTS` on the pools whose logs are read.
pub(crate) const MOST_LANDED: usize = 2_048;
/// Gaps whose ends wait to be told; of more the oldest are told at once.
const MOST_CLOSING: usize = 1_024;
/// Reasons that say that the state can't be believed.
const BLIND: [Reason; 4] = [Reason::Fork, Reason::Torn, Reason::Stale, Reason::Depeg];

/// How a gap ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// An order of ours took it.
    Ours,
    /// A landed transaction of somebody else closed it.
    Taken,
    /// Prices moved back, and no one transaction that was seen did it.
    Faded,
    /// What it rested on could not be believed any more.
    Stale,
    /// It was no longer looked at: more stood that earned more.
    Crowded,
}

/// A stretch of time in which a cycle pays.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gap {
    pub(crate) found_ns: i64,
    pub(crate) found_slot: u64,
    pub(crate) paid_ns: i64,
    pub(crate) paid_slot: u64,
    pub(crate) best_net: i64,
    pub(crate) last_net: i64,
    /// The size at which it left that.
    pub(crate) amount_in: u64,
    pub(crate) go: bool,
    /// Whether an order of ours went through one of its legs since it paid last.
    pub(crate) ours: bool,
    /// As they stood then.
    pub(crate) legs: Vec<Leg>,
    /// The first moment at which it was worth an order, 0 if none; sessions of earlier rules don't say.
    #[serde(default)]
    pub(crate) go_ns: i64,
    /// Whether an order of ours went for it: how that ended says what could be caught of it.
    #[serde(default)]
    pub(crate) sent: bool,
}

/// A gap that ended, and what is known of its end before the logs are read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closing {
    pub(crate) seq: u64,
    pub(crate) key: String,
    pub(crate) base: String,
    /// `faded` as long as nobody is found who took it.
    pub(crate) fate: Fate,
    pub(crate) ended_ns: i64,
    pub(crate) ended_slot: u64,
    /// How each leg stood when it ended; empty where it isn't asked who took it.
    pub(crate) after: Vec<Stand>,
    pub(crate) gap: Gap,
}

/// A transaction that landed and went through pools whose logs are read.
#[derive(Clone, Debug)]
pub(crate) struct Landed {
    pub(crate) signature: Signature,
    pub(crate) slot: u64,
    pub(crate) recv_ns: i64,
    pub(crate) program: Pubkey,
    pub(crate) touches: Vec<Touch>,
}

/// What a notification of logs says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notified<'a> {
    pub(crate) slot: u64,
    pub(crate) signature: &'a Signature,
    pub(crate) mentions: &'a Pubkey,
    pub(crate) logs: &'a [Cow<'a, str>],
    pub(crate) recv_ns: i64,
}

#[derive(Serialize)]
struct Taker {
    signature: String,
    slot: u64,
    recv_ns: i64,
    program: String,
    legs: u64,
    payer: Option<String>,
    fee: Option<u64>,
    tip: Option<u64>,
}

#[derive(Serialize)]
struct GapEnd<'a> {
    number: u64,
    key: &'a str,
    base: &'a str,
    fate: Fate,
    found_ns: i64,
    found_slot: u64,
    paid_ns: i64,
    paid_slot: u64,
    ended_ns: i64,
    ended_slot: u64,
    best_net: i64,
    last_net: i64,
    go: bool,
    go_ns: i64,
    contested: u64,
    taker: Option<Taker>,
}

/// Landed transactions, and gaps that wait for their end to be told.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    pub(crate) number: u64,
    pub(crate) closing: Vec<Closing>,
    /// In the order in which they were told.
    landed: VecDeque<Landed>,
    /// By signature its place among all that were ever told: a busy slot has a thousand to look through.
    places: HashMap<Signature, usize>,
    /// How many are not remembered any more.
    forgotten: usize,
    /// Signatures of takers whose payer is to be found out, each once.
    wanted: Vec<Signature>,
}

impl Ends {
    /// Returns them as they stood.
    pub(crate) fn restored(number: u64, closing: Vec<Closing>, landed: Vec<Landed>) -> Self {
        let mut ends = Self {
            number,
            closing,
            ..Self::default()
        };
        for each in landed {
            ends.take(each);
        }
        ends
    }

    /// Returns the landed transactions that are remembered.
    pub(crate) fn landed(&self) -> impl Iterator<Item = &Landed> {
        self.landed.iter()
    }

    /// Looks whether a cycle pays by its decision of this moment: its gap begins, goes on or ends.
    pub(crate) fn look(&mut self, market: &Market, moment: Moment, cycle: &mut Cycle) {
        let Some(last) = &cycle.last else { return };
        let is_blind = BLIND.iter().any(|reason| *last.reason == *reason.as_str());
        let Some(net) = last.net.filter(|_| !is_blind) else {
            let gap = cycle.gap.as_deref();
            if gap.is_some_and(|gap| moment.now_ns - gap.paid_ns > MOST_BLIND_NS) {
                self.begin(moment, cycle, Fate::Stale, Vec::new());
            }
            return;
        };
        if net <= 0 {
            self.close(market, moment, cycle);
            return;
        }
        let (amount_in, go) = (last.amount_in, last.go);
        let legs = legs(market, &cycle.edges, amount_in);
        let gap = cycle.gap.get_or_insert_with(|| {
            Box::new(Gap {
                found_ns: moment.now_ns,
                found_slot: moment.slot,
                paid_ns: 0,
                paid_slot: 0,
                best_net: net,
                last_net: 0,
                amount_in: 0,
                go: false,
                go_ns: 0,
                sent: false,
                ours: false,
                legs: Vec::new(),
            })
        });
        if let Some(legs) = legs {
            gap.legs = legs;
        }
        (gap.paid_ns, gap.paid_slot) = (moment.now_ns, moment.slot);
        (gap.best_net, gap.last_net) = (gap.best_net.max(net), net);
        if go && !gap.go {
            gap.go_ns = moment.now_ns;
        }
        (gap.amount_in, gap.go, gap.ours) = (amount_in, gap.go || go, false);
    }

    /// Looks at the gap of a cycle that is known by its estimate alone: while it pays by that it goes on. What it leaves
    /// then is what it pays at the size that it had, at the costs that it had.
    pub(crate) fn overlook(&mut self, market: &Market, moment: Moment, cycle: &mut Cycle) {
        if !cycle.pays() {
            self.close(market, moment, cycle);
            return;
        }
        let Some(gap) = &mut cycle.gap else { return };
        let Some(legs) = legs(market, &cycle.edges, gap.amount_in) else {
            return;
        };
        let (Some(now), Some(before)) = (gross(&legs), gross(&gap.legs)) else {
            return;
        };
        let left = now - before + i128::from(gap.last_net);
        if let Some(left) = i64::try_from(left).ok().filter(|&left| left > 0) {
            (gap.legs, gap.last_net) = (legs, left);
            gap.best_net = gap.best_net.max(left);
            (gap.paid_ns, gap.paid_slot) = (moment.now_ns, moment.slot);
        }
    }

    /// Ends the gap of a cycle that stands no more.
    pub(crate) fn drop(&mut self, market: &Market, moment: Moment, cycle: &mut Cycle, how: End) {
        match how {
            End::Crowded => self.begin(moment, cycle, Fate::Crowded, Vec::new()),
            End::Gone => self.begin(moment, cycle, Fate::Stale, Vec::new()),
            End::Unsized | End::Lost => self.close(market, moment, cycle),
        }
    }

    /// Notes a transaction that landed, if it went through a pool whose logs are read.
    pub(crate) fn note_landed(&mut self, market: &Market, told: Notified<'_>) {
        let registry = &market.registry;
        let Some(&at) = registry.index.get(told.mentions) else {
            return;
        };
        let (pool, logs) = (&registry.pools[at], parse_logs(told.logs));
        let mut frames = logs.trace.frames.iter();
        let Some(called) = frames.position(|frame| frame.program == pool.program) else {
            return;
        };
        self.take(Landed {
            signature: *told.signature,
            slot: told.slot,
            recv_ns: told.recv_ns,
            program: outermost(&logs, called),
            touches: touches(at, pool, &logs),
        });
    }

    /// Hands out the ends that are due.
    pub(crate) fn tell(&mut self, moment: Moment, judge: &mut Judge, out: &mut Vec<u8>) {
        let due = self.due(moment);
        if !due.is_empty() {
            let by_pool = self.by_pool();
            for closing in due {
                self.number += 1;
                let end = self.end(&closing, &by_pool);
                judge.watch(&closing, end.fate);
                let taker = end.taker.as_ref().filter(|_| end.go);
                let taker = taker.and_then(|taker| base58::decode_signature(&taker.signature));
                json::append(out, &end);
                if let Some(signature) = taker
                    && !self.wanted.contains(&signature)
                {
                    self.wanted.push(signature);
                }
                out.push(b'\n');
            }
        }
        let is_old = |landed: &Landed| landed.slot + KEPT_SLOTS < moment.slot;
        while self.landed.front().is_some_and(is_old) {
            self.forget();
        }
    }

    /// Returns the takers, each once, that closed gaps worth an order and were told since the last time.
    pub(crate) fn take_wanted(&mut self) -> Vec<Signature> {
        std::mem::take(&mut self.wanted)
    }

    /// Puts the gaps that wait in the order in which they ended.
    pub(crate) fn in_order(closing: &mut [Closing]) {
        closing.sort_by(|a, b| (a.seq, &a.key).cmp(&(b.seq, &b.key)));
    }

    fn close(&mut self, market: &Market, moment: Moment, cycle: &mut Cycle) {
        let Some(gap) = &cycle.gap else { return };
        let fate = if gap.ours { Fate::Ours } else { Fate::Faded };
        let after = cycle.edges.iter().map(|&edge| stand(market, edge));
        let after = after.collect();
        self.begin(moment, cycle, fate, after);
    }

    /// Lets a gap wait for its end to be told.
    fn begin(&mut self, moment: Moment, cycle: &mut Cycle, fate: Fate, after: Vec<Stand>) {
        if let Some(gap) = cycle.gap.take() {
            self.closing.push(Closing {
                seq: moment.seq,
                key: cycle.names.key.to_string(),
                base: cycle.base.clone(),
                fate,
                ended_ns: moment.now_ns,
                ended_slot: moment.slot,
                after,
                gap: *gap,
            });
        }
    }

    /// Takes over a landed transaction, or further pools of one that is known.
    fn take(&mut self, landed: Landed) {
        if let Some(at) = self.places.get(&landed.signature) {
            let known = &mut self.landed[at - self.forgotten];
            let pools: BTreeSet<usize> = known.touches.iter().map(|touch| touch.pool).collect();
            let more = landed.touches.into_iter();
            known
                .touches
                .extend(more.filter(|touch| !pools.contains(&touch.pool)));
            return;
        }
        if self.landed.len() == MOST_LANDED {
            self.forget();
        }
        let place = self.forgotten + self.landed.len();
        self.places.insert(landed.signature, place);
        self.landed.push_back(landed);
    }

    fn forget(&mut self) {
        if let Some(landed) = self.landed.pop_front() {
            self.places.remove(&landed.signature);
            self.forgotten += 1;
        }
    }

    /// Returns the places of the landed transactions that went through each pool.
    fn by_pool(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut by_pool: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, landed) in self.landed.iter().enumerate() {
            for touch in &landed.touches {
                by_pool.entry(touch.pool).or_default().push(at);
            }
        }
        by_pool
    }

    /// Takes out the gaps whose ends are to be told, in the order in which they ended.
    fn due(&mut self, moment: Moment) -> Vec<Closing> {
        Self::in_order(&mut self.closing);
        let over = self.closing.len().saturating_sub(MOST_CLOSING);
        let (mut due, mut waiting) = (Vec::new(), Vec::new());
        for (at, each) in self.closing.drain(..).enumerate() {
            let is_due = moment.slot >= each.ended_slot + SETTLE_SLOTS
                || moment.now_ns - each.ended_ns > SETTLE_NS;
            if at < over || is_due {
                due.push(each);
            } else {
                waiting.push(each);
            }
        }
        self.closing = waiting;
        due
    }

    fn end<'a>(&self, closing: &'a Closing, by_pool: &BTreeMap<usize, Vec<usize>>) -> GapEnd<'a> {
        let gap = &closing.gap;
        let (mut fate, mut found, mut contested) = (closing.fate, None, 0);
        if fate == Fate::Faded {
            let asked = Closer {
                legs: &gap.legs,
                after: &closing.after,
                amount_in: gap.amount_in,
                last_net: gap.last_net,
            };
            let pools = gap.legs.iter().filter_map(|leg| leg.pool);
            let through = pools.filter_map(|pool| by_pool.get(&pool));
            let places: BTreeSet<usize> = through.flatten().copied().collect();
            let places: Vec<usize> = places.into_iter().collect();
            let landed = places.iter().map(|&at| &self.landed[at]);
            let moved: Vec<(u64, &[Touch])> = landed
                .map(|each| (each.slot, each.touches.as_slice()))
                .collect();
            (found, contested) = closer_of(asked, &moved);
            found = found.map(|at| places[at]);
            fate = found.map_or(Fate::Faded, |_| Fate::Taken);
        }
        GapEnd {
            number: self.number,
            key: &closing.key,
            base: &closing.base,
            fate,
            found_ns: gap.found_ns,
            found_slot: gap.found_slot,
            paid_ns: gap.paid_ns,
            paid_slot: gap.paid_slot,
            ended_ns: closing.ended_ns,
            ended_slot: closing.ended_slot,
            best_net: gap.best_net,
            last_net: gap.last_net,
            go: gap.go,
            go_ns: gap.go_ns,
            contested,
            taker: found.map(|at| taker(&self.landed[at], &gap.legs)),
        }
    }
}

fn taker(landed: &Landed, legs: &[Leg]) -> Taker {
    let pools: BTreeSet<usize> = landed.touches.iter().map(|touch| touch.pool).collect();
    let own = legs
        .iter()
        .filter(|leg| leg.pool.is_some_and(|at| pools.contains(&at)));
    Taker {
        signature: base58::encode_signature(&landed.signature),
        slot: landed.slot,
        recv_ns: landed.recv_ns,
        program: base58::encode(&landed.program),
        legs: own.count() as u64,
        payer: None,
        fee: None,
        tip: None,
    }
}

/// Returns the legs of a cycle as they stand; `None` if one can't be quoted.
fn legs(market: &Market, edges: &[EdgeId], amount_in: u64) -> Option<Vec<Leg>> {
    let hops = walk(market, edges, amount_in).ok()?;
    let legs = edges.iter().zip(hops).map(|(&edge, hop)| {
        let (behind, (slot, weight)) = (market.behind(edge), stand(market, edge));
        Leg {
            pool: (behind.kind == Kind::Pool).then_some(behind.at),
            sells_a: behind.first,
            slot,
            weight: weight.unwrap_or(0),
            amount_in: hop.amount_in,
            amount_out: hop.amount_out,
        }
    });
    Some(legs.collect())
}

fn gross(legs: &[Leg]) -> Option<i128> {
    let (first, last) = (legs.first()?, legs.last()?);
    Some(i128::from(last.amount_out) - i128::from(first.amount_in))
}

/// Returns the slot of the state behind an edge, 0 off the chain, and its weight.
fn stand(market: &Market, edge: EdgeId) -> Stand {
    let behind = market.behind(edge);
    let slot = match behind.kind {
        Kind::Pool => market.registry.told_slot(behind.at),
        Kind::Book | Kind::Equivalence => 0,
    };
    (slot, market.graph.weight(edge))
}

/// Returns what a transaction swapped on a pool; one without amounts where its logs don't say.
fn touches(at: usize, pool: &PoolEntry, logs: &Logs) -> Vec<Touch> {
    let events = || logs.swaps.iter().map(|swap| &swap.event);
    let mut own: Vec<&SwapEvent> = events()
        .filter(|event| event.pool == Some(pool.address))
        .collect();
    if own.is_empty() {
        let venue = pool.kind.venue();
        let unnamed = events().filter(|event| event.pool.is_none() && event.venue.venue == venue);
        own = unnamed.collect();
        if own.len() != 1 {
            own.clear();
        }
    }
    let told = own.iter().map(|event| {
        Some(Touch {
            pool: at,
            sells_a: Some(sells_a(pool, event)?),
            amount_in: event.amount_in,
            amount_out: event.amount_out,
        })
    });
    let told: Option<Vec<Touch>> = told.collect();
    let unseen = Touch {
        pool: at,
        sells_a: None,
        amount_in: 0,
        amount_out: 0,
    };
    told.filter(|told| !told.is_empty())
        .unwrap_or_else(|| vec![unseen])
}

fn sells_a(pool: &PoolEntry, event: &SwapEvent) -> Option<bool> {
    if event.a_to_b.is_some() {
        return event.a_to_b;
    }
    let (mint_in, mints) = (event.mint_in?, pool.mints?);
    mints.contains(&mint_in).then_some(mint_in == mints[0])
}

/// Returns the program by whose instruction a frame came about.
fn outermost(logs: &Logs, mut frame: usize) -> Pubkey {
    let frames = &logs.trace.frames;
    while let Some(parent) = frames[frame].parent {
        frame = parent as usize;
    }
    frames[frame].program
}
