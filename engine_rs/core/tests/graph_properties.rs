//! What holds for every set of pools: a negative cycle is found where there is one, and each answer closes.

#[path = "common/settings.rs"]
#[expect(dead_code, reason = "each test takes what it needs")]
mod settings;

use cambist_core::library::scan::{Base, Reserves, scan};
use cambist_core::search::kept_graph::KeptGraph;
use cambist_core::search::multiverse::Params;
use cambist_core::search::pool_graph::{NO_WEIGHT, PoolGraph, PoolGraphError};
use proptest::prelude::*;

const TOKENS: u32 = 7;
const ONE: i64 = 1 << 40;

/// Ends and weights of pools; about half of them gain somewhere.
fn pools() -> impl Strategy<Value = (Vec<[u32; 2]>, Vec<i64>)> {
    let pool = (0..TOKENS, 1..TOKENS).prop_map(|(tail, step)| [tail, (tail + step) % TOKENS]);
    let weight = prop_oneof![9 => -ONE / 9..ONE / 3, 1 => Just(NO_WEIGHT)];
    (1usize..14).prop_flat_map(move |count| {
        let weights = prop::collection::vec(weight.clone(), 2 * count);
        (prop::collection::vec(pool.clone(), count), weights)
    })
}

fn shape(pools: &[[u32; 2]]) -> PoolGraph {
    let tails: Vec<u32> = pools.iter().flatten().copied().collect();
    let heads: Vec<u32> = pools.iter().flat_map(|&[a, b]| [b, a]).collect();
    PoolGraph::new(&tails, &heads).expect("pools")
}

fn head(pools: &[[u32; 2]], edge: u32) -> u32 {
    pools[edge as usize / 2][1 - edge as usize % 2]
}

fn tail(pools: &[[u32; 2]], edge: u32) -> u32 {
    pools[edge as usize / 2][edge as usize % 2]
}

/// Bellman and Ford's own way, from all tokens at once.
fn has_negative_cycle(pools: &[[u32; 2]], weights: &[i64]) -> bool {
    let mut distance = [0_i64; TOKENS as usize];
    let mut moved = false;
    for _ in 0..=TOKENS {
        moved = false;
        for (edge, &weight) in weights.iter().enumerate() {
            let (from, to) = (
                tail(pools, edge as u32) as usize,
                head(pools, edge as u32) as usize,
            );
            if weight != NO_WEIGHT && distance[from] + weight < distance[to] {
                distance[to] = distance[from] + weight;
                moved = true;
            }
        }
    }
    moved
}

/// Returns the weight of a cycle that closes and comes to no token twice.
fn closed(pools: &[[u32; 2]], weights: &[i64], cycle: &[u32]) -> i64 {
    let mut seen: Vec<u32> = cycle.iter().map(|&edge| tail(pools, edge)).collect();
    for (at, &edge) in cycle.iter().enumerate() {
        assert_eq!(head(pools, edge), seen[(at + 1) % seen.len()]);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), cycle.len(), "a token twice");
    cycle.iter().map(|&edge| weights[edge as usize]).sum()
}

/// Counts the simple cycles of up to `hops` hops through a token, over the best pool of each pair; no pool both ways.
fn count(pools: &[[u32; 2]], weights: &[i64], path: &mut Vec<u32>, hops: usize) -> Vec<u64> {
    let mut counts = vec![0; hops - 1];
    let base = tail(pools, path.first().copied().unwrap_or(0));
    let end = path.last().map_or(base, |&edge| head(pools, edge));
    for edge in 0..weights.len() as u32 {
        let best = (0..weights.len() as u32)
            .filter(|&other| {
                tail(pools, other) == tail(pools, edge) && head(pools, other) == head(pools, edge)
            })
            .min_by_key(|&other| (weights[other as usize], other));
        let next = head(pools, edge);
        let new = path
            .iter()
            .all(|&other| other / 2 != edge / 2 && (next == base || tail(pools, other) != next));
        if weights[edge as usize] == NO_WEIGHT
            || best != Some(edge)
            || tail(pools, edge) != end
            || !new
        {
            continue;
        }
        path.push(edge);
        if head(pools, edge) == base {
            counts[path.len() - 2] += 1;
        } else if path.len() < hops {
            let more = count(pools, weights, path, hops);
            counts
                .iter_mut()
                .zip(more)
                .for_each(|(sum, part)| *sum += part);
        }
        path.pop();
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_negative_cycle_is_found_where_there_is_one((pools, weights) in pools()) {
        let found = shape(&pools).negative_cycle(&weights).expect("weights");
        prop_assert_eq!(found.is_some(), has_negative_cycle(&pools, &weights));
        if let Some(cycle) = found {
            prop_assert!(closed(&pools, &weights, &cycle) < 0);
            prop_assert_eq!(cycle.iter().min(), cycle.first());
        }
    }

    #[test]
    fn all_cycles_through_a_token_are_counted((pools, weights) in pools(), hops in 2usize..=5, margin in -ONE / 9..ONE) {
        let through = shape(&pools).cycles_through(&weights, pools[0][0], hops, 1_000, margin).expect("cycles");
        prop_assert_eq!(&through.counts, &count(&pools, &weights, &mut Vec::new(), hops));
        for (cycle, weight) in &through.best {
            prop_assert_eq!(tail(&pools, cycle[0]), pools[0][0]);
            prop_assert_eq!(closed(&pools, &weights, cycle), *weight);
            prop_assert!(*weight < margin);
        }
        prop_assert!(through.best.is_sorted_by_key(|(cycle, weight)| (*weight, cycle.clone())));
    }

    #[test]
    fn a_kept_graph_knows_of_a_cycle_when_there_is_one(
        (pools, weights) in pools(), moves in prop::collection::vec((any::<prop::sample::Index>(), -ONE / 9..ONE / 3, -ONE / 9..ONE / 3), 1..8),
    ) {
        let (shape, mut now) = (shape(&pools), weights);
        let mut kept = KeptGraph::new(&shape, &now).expect("weights");
        for (pool, forth, back) in moves {
            let pool = pool.index(pools.len());
            (now[2 * pool], now[2 * pool + 1]) = (forth, back);
            let known = kept.move_pool(pool as u32, [forth, back]).expect("a pool").map(<[u32]>::to_vec);
            prop_assert_eq!(known.is_some(), has_negative_cycle(&pools, &now));
            if let Some(cycle) = known {
                prop_assert!(closed(&pools, &now, &cycle) < 0);
            }
            let params = Params { max_hops: 4, keep: 8, budget_edges: 100_000, margin: 0 };
            let (found, _) = kept.search(pool as u32, &params).expect("a pool");
            for cycle in found {
                prop_assert_eq!(closed(&pools, &now, &cycle.edges), cycle.weight);
                prop_assert!(cycle.edges.iter().any(|&edge| edge as usize / 2 == pool));
            }
        }
    }

    #[test]
    fn a_scan_pays_out_what_constant_products_pay(
        (pools, _) in pools(), reserves in prop::collection::vec((1_000_000u64..1 << 40, 1_000_000u64..1 << 40), 14), cap in 1u64..1 << 30,
    ) {
        let (shape, fee) = (shape(&pools), (25, 10_000));
        let (a, b): (Vec<u64>, Vec<u64>) = reserves[..pools.len()].iter().copied().unzip();
        let columns = Reserves { a: &a, b: &b, fee };
        let base = Base { token: pools[0][0], cap, cost: 10 };
        let params = Params { max_hops: 4, keep: 8, budget_edges: 100_000, margin: 0 };
        let (found, _) = scan(&shape, columns, &[base], &params, &settings::gates()).expect("a scan");
        for cycle in &found {
            let mut amount = u128::from(cycle.amount_in);
            for &edge in &cycle.edges {
                let (pool, forth) = (edge as usize / 2, edge.is_multiple_of(2));
                let (into, out) = if forth { (a[pool], b[pool]) } else { (b[pool], a[pool]) };
                let kept = amount - (amount * u128::from(fee.0)).div_ceil(fee.1.into());
                amount = u128::from(out) * kept / (u128::from(into) + kept);
            }
            prop_assert_eq!(amount, u128::from(cycle.amount_out));
            prop_assert!(cycle.amount_in <= cap);
            prop_assert_eq!(tail(&pools, cycle.edges[0]), base.token);
        }
        prop_assert!(found.is_sorted_by_key(|each| std::cmp::Reverse(each.decision.net)));
    }
}

#[test]
fn what_is_no_pool_is_refused() {
    let ends = |tails: &[u32], heads: &[u32]| PoolGraph::new(tails, heads).map(|_| ());
    assert!(matches!(
        ends(&[0], &[1]),
        Err(PoolGraphError::Edges { tails: 1, heads: 1 })
    ));
    assert!(matches!(
        ends(&[0, 1], &[1, 2]),
        Err(PoolGraphError::NotAPool(0))
    ));
    assert!(matches!(
        ends(&[0, 0], &[0, 0]),
        Err(PoolGraphError::NotAPool(0))
    ));
    assert!(matches!(
        ends(&[0, 1 << 20], &[1 << 20, 0]),
        Err(PoolGraphError::Token(token)) if token == 1 << 20
    ));
    let graph = shape(&[[0, 1]]);
    assert!(matches!(
        graph.negative_cycle(&[1]),
        Err(PoolGraphError::Weights { was: 1, edges: 2 })
    ));
    assert!(matches!(
        graph.negative_cycle(&[1 << 50, 1]),
        Err(PoolGraphError::Weight(weight)) if weight == 1 << 50
    ));
    assert!(matches!(
        graph.cycles_through(&[1, 1], 2, 3, 1, 0),
        Err(PoolGraphError::Token(2))
    ));
    assert!(matches!(
        graph.cycles_through(&[1, 1], 0, 1, 1, 0),
        Err(PoolGraphError::Hops(1))
    ));
    let mut kept = KeptGraph::new(&graph, &[5, 5]).expect("weights");
    assert!(matches!(
        kept.move_pool(1, [0, 0]),
        Err(PoolGraphError::Pool(1))
    ));
    assert!(matches!(
        kept.move_pool(0, [1, 1 << 50]),
        Err(PoolGraphError::Weight(_))
    ));
    assert!(kept.move_pool(0, [1, 1]).expect("as before").is_none());
}
