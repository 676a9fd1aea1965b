//! Swaps of the calls: events, accounts and transfers brought together.

use hashbrown::HashMap;

use super::read::Balances;
use super::transfer::{self, Transfer};
use super::tree::Node;
use super::{Fill, Markets, Place, Sides, Swap};
use crate::chain::base58::Pubkey;
use crate::chain::log_parser::{
    CPI_EVENT, FillEvent, Logs, SwapEvent, Venue, decode_event, decode_fills,
};
use crate::chain::program::WRAPPED_SOL;
use crate::venues::program_of;
use crate::venues::swap_layout::Layout;

/// A call that may swap, and what is known of it.
struct Call<'n> {
    node: &'n Node<'n>,
    venue: Venue,
    layout: Option<Layout>,
    events: Vec<SwapEvent>,
    fills: Vec<FillEvent>,
    transfers: Vec<Transfer>,
}

/// Returns the swaps of the calls, and the fills; events that can't be read are added to `refused`.
pub(super) fn of(
    nodes: &[Node<'_>],
    logs: Option<&Logs>,
    balances: &Balances,
    markets: &Markets,
    refused: &mut Vec<String>,
) -> (Vec<Swap>, Vec<Fill>) {
    let mut children = vec![Vec::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            children[parent].push(at);
        }
    }
    let mut calls = Vec::new();
    for (node, children) in nodes.iter().zip(&children) {
        match program_of(&node.program) {
            None => {}
            Some(row) if row.is_router => {}
            Some(_) if node.data.starts_with(&CPI_EVENT) => {}
            Some(venue) => {
                let asked = children.iter().map(|&at| &nodes[at]);
                calls.push(call(node, venue, asked, logs, refused));
            }
        }
    }
    let mut uses: HashMap<Pubkey, u32> = HashMap::new();
    for vault in calls
        .iter()
        .filter_map(|call| call.layout)
        .flat_map(|layout| layout.vaults)
    {
        *uses.entry(vault).or_insert(0) += 1;
    }
    let alone = |vault: &Pubkey| uses.get(vault) == Some(&1);
    let (mut swaps, mut fills) = (Vec::new(), Vec::new());
    for call in &calls {
        let place = place(call.node, nodes);
        fills.extend(call.fills.iter().map(|event| Fill {
            place,
            event: event.clone(),
            atoms: atoms(event, markets),
        }));
        match &call.events[..] {
            [] => {
                let of_layout = |layout| with_layout(call, place, None, layout, balances, alone);
                let moved = |swap: &Swap| {
                    let moved = |amount: Option<u64>| amount.is_some_and(|amount| amount > 0);
                    !call.venue.is_book || moved(swap.amounts.0) || moved(swap.amounts.1)
                };
                swaps.extend(call.layout.as_ref().map(of_layout).filter(moved));
            }
            [event] => swaps.push(match &call.layout {
                Some(layout) => with_layout(call, place, Some(event), layout, balances, alone),
                None => with_event(call, place, event, balances),
            }),
            events => {
                swaps.extend(
                    events
                        .iter()
                        .map(|event| with_event(call, place, event, balances)),
                );
            }
        }
    }
    (swaps, fills)
}

/// Returns base and quote of a fill in atoms, before fees; `None` if the market's lots are not given, or beyond a u64.
fn atoms(fill: &FillEvent, markets: &Markets) -> Option<(u64, u64)> {
    let lots = markets.get(&fill.market)?;
    let base = lots.base_atoms(fill.base_lots.into()).ok()?;
    Some((
        base,
        lots.quote_atoms(fill.price, fill.base_lots.into()).ok()?,
    ))
}

fn place(node: &Node<'_>, nodes: &[Node<'_>]) -> Place {
    Place {
        program: node.program,
        instruction: node.instruction,
        inner: node.inner,
        depth: node.depth,
        router: node.parent.map(|parent| nodes[parent].program),
    }
}

fn call<'n>(
    node: &'n Node<'n>,
    venue: Venue,
    asked: impl Iterator<Item = &'n Node<'n>>,
    logs: Option<&Logs>,
    refused: &mut Vec<String>,
) -> Call<'n> {
    let (mut events, mut fills, mut transfers) = (Vec::new(), Vec::new(), Vec::new());
    for child in asked {
        transfer::collect(&child.program, child.accounts, child.data, &mut transfers);
        if child.program != node.program {
            continue;
        }
        let handed = venue.fills.filter(|fills| fills.by_call);
        let read = if handed.is_some_and(|fills| child.data.starts_with(fills.tag)) {
            decode_fills(&node.program, child.data).map(|filled| fills.extend(filled))
        } else if let Some(data) = child.data.strip_prefix(&CPI_EVENT) {
            decode_event(&node.program, data).map(|event| events.extend(event))
        } else {
            Ok(())
        };
        refused.extend(read.err().map(|error| error.to_string()));
    }
    // A program may both log an event and hand it to itself.
    let handed = events.len();
    if let (Some(logs), Some(frame)) = (logs, node.frame) {
        for logged in logs.swaps.iter().filter(|each| each.frame == frame) {
            if !events[..handed].contains(&logged.event) {
                events.push(logged.event.clone());
            }
        }
        let own = logs.fills.iter().filter(|each| each.frame == frame);
        fills.extend(own.map(|each| each.event.clone()));
    }
    if venue.tells_twice {
        events = once(&events);
    }
    Call {
        node,
        venue,
        layout: (venue.layout)(node.accounts, node.data),
        events,
        fills,
        transfers,
    }
}

/// Returns the events without those that another, with fees, tells as well.
fn once(events: &[SwapEvent]) -> Vec<SwapEvent> {
    let same = |a: &SwapEvent, b: &SwapEvent| {
        (a.pool, a.a_to_b, a.amount_in, a.amount_out)
            == (b.pool, b.a_to_b, b.amount_in, b.amount_out)
    };
    let is_repeated = |event: &&SwapEvent| {
        event.fees.is_none()
            && events
                .iter()
                .any(|other| other.fees.is_some() && same(event, other))
    };
    events
        .iter()
        .filter(|event| !is_repeated(event))
        .cloned()
        .collect()
}

fn with_layout(
    call: &Call<'_>,
    place: Place,
    event: Option<&SwapEvent>,
    layout: &Layout,
    balances: &Balances,
    alone: impl Fn(&Pubkey) -> bool,
) -> Swap {
    let [payer, payee] = layout.users;
    let first = first_in(layout, event, &call.transfers, balances);
    // Before the event named its fees, its amount is what reached the curve.
    let to_curve = call.venue.pays_fees_apart && event.is_some_and(|event| event.fees.is_none());
    let paid = |each: &&Transfer| {
        each.source == payer && (!to_curve || each.destination == layout.vaults[0])
    };
    let received = |each: &&Transfer| each.destination == payee;
    let by_transfers = (sum(&call.transfers, paid), sum(&call.transfers, received));
    let (vaults, mints) = match first {
        Some(true) => (Some(layout.vaults), layout.mints),
        Some(false) => (
            Some([layout.vaults[1], layout.vaults[0]]),
            layout.mints.map(|mints| [mints[1], mints[0]]),
        ),
        None => (None, None),
    };
    let moved = |side: usize| {
        let vault = vaults.map(|vaults| vaults[side]).filter(&alone)?;
        let known = balances.accounts.get(&vault)?;
        if side == 0 {
            known.after.checked_sub(known.before)
        } else {
            known.before.checked_sub(known.after)
        }
    };
    let by_balances = (moved(0), moved(1));
    let mint = |side: usize, named: Option<Pubkey>, transfer: Option<&Transfer>| {
        let of_account = |key: &Pubkey| balances.accounts.get(key).map(|known| known.mint);
        named
            .or(mints.map(|mints| mints[side]))
            .or(transfer.and_then(|transfer| transfer.mint))
            .or_else(|| of_account(&vaults?[side]))
            .or_else(|| of_account(&layout.users[side]))
    };
    let named = event.map_or((None, None), |event| (event.mint_in, event.mint_out));
    let mints = (
        mint(0, named.0, call.transfers.iter().find(paid)),
        mint(1, named.1, call.transfers.iter().find(received)),
    );
    let by_event = event.map(|event| (event.amount_in, event.amount_out));
    let pool = event.and_then(|event| event.pool);
    let facts = Facts {
        pool: Some(pool.unwrap_or(layout.pool)),
        mints,
        by_event,
        by_transfers,
        by_balances,
        other_pool: pool.is_some_and(|pool| pool != layout.pool),
    };
    facts.swap(call, place, balances)
}

/// Returns whether the first vault takes the input, `None` if nothing tells.
fn first_in(
    layout: &Layout,
    event: Option<&SwapEvent>,
    transfers: &[Transfer],
    balances: &Balances,
) -> Option<bool> {
    if layout.ordered {
        return Some(true);
    }
    if let Some(a_to_b) = event.and_then(|event| event.a_to_b) {
        return Some(a_to_b);
    }
    let side = |key: &Pubkey| layout.vaults.iter().position(|vault| vault == key);
    let paid = transfers
        .iter()
        .filter(|each| each.source == layout.users[0]);
    if let Some(at) = paid.map(|each| &each.destination).find_map(side) {
        return Some(at == 0);
    }
    let gained = |vault: &Pubkey| {
        let known = balances.accounts.get(vault);
        known.is_some_and(|known| known.after > known.before)
    };
    let gained = layout.vaults.each_ref().map(gained);
    (gained[0] != gained[1]).then_some(gained[0])
}

/// A swap whose accounts are unknown: its transfers are those of its amounts.
fn with_event(call: &Call<'_>, place: Place, event: &SwapEvent, balances: &Balances) -> Swap {
    let of_amount = |amount: u64| {
        let at = call.transfers.iter().position(|each| each.amount == amount);
        at.map(|at| (at, &call.transfers[at]))
    };
    let paid = of_amount(event.amount_in);
    let after = paid.map_or(0, |(at, _)| at + 1);
    let rest = call.transfers[after..].iter();
    let received = rest.clone().find(|each| each.amount == event.amount_out);
    let paid = paid.map(|(_, transfer)| transfer);
    let mint = |named: Option<Pubkey>, transfer: Option<&Transfer>| {
        named.or_else(|| {
            let transfer = transfer?;
            let of_account = |key: &Pubkey| balances.accounts.get(key).map(|known| known.mint);
            let known =
                || of_account(&transfer.source).or_else(|| of_account(&transfer.destination));
            transfer.mint.or_else(known)
        })
    };
    let market = || (call.venue.market)(call.node.accounts, call.node.data);
    let facts = Facts {
        pool: event.pool.or_else(market),
        mints: (mint(event.mint_in, paid), mint(event.mint_out, received)),
        by_event: Some((event.amount_in, event.amount_out)),
        by_transfers: (
            paid.map(|each| each.amount),
            received.map(|each| each.amount),
        ),
        by_balances: (None, None),
        other_pool: false,
    };
    facts.swap(call, place, balances)
}

/// What is known of a swap before it is weighed.
struct Facts {
    pool: Option<Pubkey>,
    mints: Sides<Pubkey>,
    by_event: Option<(u64, u64)>,
    by_transfers: Sides<u64>,
    by_balances: Sides<u64>,
    other_pool: bool,
}

impl Facts {
    fn swap(self, call: &Call<'_>, place: Place, balances: &Balances) -> Swap {
        let (sent, got) = (self.by_transfers, self.by_balances);
        let event = self
            .by_event
            .map_or((None, None), |event| (Some(event.0), Some(event.1)));
        let amounts = (event.0.or(sent.0).or(got.0), event.1.or(sent.1).or(got.1));
        let differs = |event: Option<u64>, sent: Option<u64>, got: Option<u64>| {
            let other = sent.or(got.filter(|_| !call.venue.balances_leak));
            event
                .zip(other)
                .is_some_and(|(event, other)| event != other)
        };
        let decimals = |mint: Option<Pubkey>| {
            let mint = mint?;
            let checked = call.transfers.iter().find(|each| each.mint == Some(mint));
            let checked = checked.and_then(|each| each.decimals);
            let wrapped = (mint == WRAPPED_SOL).then_some(9);
            checked
                .or(balances.decimals.get(&mint).copied())
                .or(wrapped)
        };
        Swap {
            venue: call.venue,
            place,
            pool: self.pool,
            mints: self.mints,
            decimals: (decimals(self.mints.0), decimals(self.mints.1)),
            amounts,
            by_event: self.by_event,
            by_transfers: self.by_transfers,
            by_balances: self.by_balances,
            disagrees: self.other_pool
                || differs(event.0, sent.0, got.0)
                || differs(event.1, sent.1, got.1),
            price: price(amounts),
        }
    }
}

fn sum(transfers: &[Transfer], wanted: impl Fn(&&Transfer) -> bool) -> Option<u64> {
    let mut amounts = transfers.iter().filter(wanted).map(|each| each.amount);
    let first = amounts.next()?;
    amounts.try_fold(first, u64::checked_add)
}

/// Returns atoms out and atoms in, in lowest terms.
pub(super) fn price(amounts: Sides<u64>) -> Option<(u64, u64)> {
    let (Some(sold), Some(bought)) = amounts else {
        return None;
    };
    let (mut low, mut high) = (bought, sold);
    while low > 0 {
        (low, high) = (high % low, low);
    }
    (sold > 0).then(|| (bought / high, sold / high))
}
