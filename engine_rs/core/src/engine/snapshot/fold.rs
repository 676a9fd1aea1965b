//! What a state says twice is said once: an account that is remembered beside one that is kept as what differs, a cycle's
//! last decision without the names that its edges give.

use std::sync::Arc;

use crate::engine::opportunity::Opportunity;

use super::parts::{AccountPart, CyclePart, EdgePart, State};

/// Leaves out what `unfold` adds again.
pub(super) fn fold(state: &mut State) {
    differ(&mut state.accounts);
    let (edges, nodes) = (&state.edges, &state.nodes);
    for cycle in &mut state.cycles {
        let Some((route, tokens)) = names(&cycle.edges, edges, nodes) else {
            continue;
        };
        if let Some(last) = &mut cycle.last
            && (&*last.key, &*last.route, &*last.tokens) == (&cycle.key, &route, &tokens)
        {
            rename(last, String::new(), Vec::new(), Vec::new());
        }
    }
}

/// Adds what `fold` left out. What no state says stays as it is.
pub(super) fn unfold(state: &mut State) {
    differ(&mut state.accounts);
    let (edges, nodes) = (&state.edges, &state.nodes);
    for CyclePart {
        key,
        edges: legs,
        last,
        ..
    } in &mut state.cycles
    {
        if let Some(last) = last.as_mut().filter(|last| last.route.is_empty())
            && let Some((route, tokens)) = names(legs, edges, nodes)
        {
            rename(last, key.clone(), route, tokens);
        }
    }
}

/// Tells what is remembered by its difference to what is kept, or the other way round.
fn differ(accounts: &mut [AccountPart]) {
    for account in accounts {
        let (data, others) = (&account.data.0, [&mut account.rooted, &mut account.kept]);
        for (_, _, other) in others.into_iter().flatten() {
            if other.0.len() == data.len() {
                let bytes = Arc::make_mut(&mut other.0).iter_mut().zip(&**data);
                bytes.for_each(|(byte, kept)| *byte ^= kept);
            }
        }
    }
}

/// Returns the names of a cycle's edges and the tokens that it passes; `None` if there are no such edges.
fn names(legs: &[u32], edges: &[EdgePart], nodes: &[String]) -> Option<(Vec<String>, Vec<String>)> {
    let legs: Option<Vec<&EdgePart>> = legs.iter().map(|&leg| edges.get(leg as usize)).collect();
    let legs = legs?;
    let passed = legs.iter().map(|leg| leg.head);
    let passed = legs.first().map(|leg| leg.tail).into_iter().chain(passed);
    let tokens: Option<_> = passed
        .map(|node| nodes.get(node as usize).cloned())
        .collect();
    Some((legs.iter().map(|leg| leg.name.clone()).collect(), tokens?))
}

fn rename(last: &mut Opportunity, key: String, route: Vec<String>, tokens: Vec<String>) {
    (last.key, last.route, last.tokens) = (key.into(), route.into(), tokens.into());
}
