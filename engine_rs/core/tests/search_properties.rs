//! Potentials, searches and sizes against brute force on random markets.

use std::collections::BTreeSet;

use cambist_core::search::cycle_finder::{Potentials, find_negative_cycles};
use cambist_core::search::graph::{EdgeId, Graph, NodeId};
use cambist_core::search::multiverse::{Found, Params, search};
use cambist_core::search::sizing::{Hops, MAX_EVALUATIONS, best_input};
use proptest::prelude::*;

const ONE: i64 = 1 << 40;

type Moves = Vec<(EdgeId, Option<i64>)>;

/// Pools between few nodes, and moves of their directions around fair prices, torn ones between.
fn markets() -> impl Strategy<Value = (Graph, Moves)> {
    let shape = (2_u32..7).prop_flat_map(|nodes| {
        let end = 0..nodes;
        let pools = prop::collection::vec((end.clone(), end), 1..12);
        let level = prop::collection::vec(-20 * ONE..20 * ONE, nodes as usize);
        let spread = prop::sample::select(vec![3, 1_000, ONE / 100]);
        let moves =
            prop::collection::vec((any::<prop::sample::Index>(), any::<Option<u32>>()), 1..40);
        (Just(nodes), pools, level, spread, moves)
    });
    shape.prop_map(|(nodes, pools, level, spread, moves)| {
        let mut graph = Graph::new();
        for node in 0..nodes {
            graph.add_node(&format!("t{node}")).unwrap();
        }
        let pools: Vec<_> = pools
            .into_iter()
            .map(|(a, b)| (a, if a == b { (b + 1) % nodes } else { b }))
            .collect();
        for (index, &(a, b)) in pools.iter().enumerate() {
            graph.add_edge(a, b, &format!("p{index}:0")).unwrap();
            graph.add_edge(b, a, &format!("p{index}:1")).unwrap();
        }
        let moves = moves
            .into_iter()
            .map(|(at, gap)| {
                let edge = at.index(2 * pools.len()) as EdgeId;
                let fair = level[graph.to(edge) as usize] - level[graph.from(edge) as usize];
                (
                    edge,
                    gap.map(|gap| fair + i64::from(gap) % (4 * spread) - spread),
                )
            })
            .collect();
        (graph, moves)
    })
}

/// Every simple cycle of 2..=`max_hops` weighted edges once, never both directions of one pool.
fn simple_cycles(graph: &Graph, max_hops: usize) -> Vec<Vec<EdgeId>> {
    fn extend(
        graph: &Graph,
        hops: usize,
        path: &mut Vec<EdgeId>,
        nodes: &mut Vec<NodeId>,
        all: &mut Vec<Vec<EdgeId>>,
    ) {
        let (start, at) = (nodes[0], nodes[nodes.len() - 1]);
        for edge in graph.out_edges(at).collect::<Vec<_>>() {
            let to = graph.to(edge);
            if graph.weight(edge).is_none() {
                continue;
            }
            path.push(edge);
            if to == start && !(path.len() == 2 && graph.twin(path[0]) == Some(edge)) {
                all.push(path.clone());
            } else if to > start && !nodes.contains(&to) && path.len() < hops {
                nodes.push(to);
                extend(graph, hops, path, nodes, all);
                nodes.pop();
            }
            path.pop();
        }
    }
    let mut all = Vec::new();
    for node in 0..graph.node_count() as NodeId {
        extend(graph, max_hops, &mut Vec::new(), &mut vec![node], &mut all);
    }
    all
}

fn brute_force(graph: &Graph, touched: &[EdgeId], params: &Params) -> Vec<Found> {
    let mut found: Vec<Found> = simple_cycles(graph, params.max_hops)
        .into_iter()
        .filter(|cycle| cycle.iter().any(|edge| touched.contains(edge)))
        .map(|cycle| Found {
            edges: graph.canonical(&cycle),
            weight: graph.total(&cycle).unwrap(),
        })
        .filter(|found| found.weight < params.margin)
        .collect();
    found.sort_by_key(|found| {
        let names: Vec<String> = found
            .edges
            .iter()
            .map(|&edge| graph.name(edge).to_owned())
            .collect();
        (found.weight, names)
    });
    found.truncate(params.keep);
    found
}

fn check_invariant(graph: &Graph, potentials: &Potentials) -> Result<(), TestCaseError> {
    let violated: BTreeSet<EdgeId> = potentials.violated().collect();
    let mut worst = 0;
    for edge in 0..graph.edge_count() as EdgeId {
        let cost = potentials.reduced(graph, edge);
        if violated.contains(&edge) {
            prop_assert!(cost.is_some_and(|cost| cost < 0));
            worst = worst.min(cost.unwrap_or(0));
        } else {
            prop_assert!(cost.is_none_or(|cost| cost >= 0));
        }
    }
    prop_assert_eq!(potentials.worst(), worst);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_brute_force_finds(
        (graph, moves) in markets(),
        max_hops in 2_usize..6,
        keep in 1_usize..7,
        margin in prop::sample::select(vec![0, 1, 500, ONE / 200, -3]),
    ) {
        let (mut graph, params) = (graph, Params { max_hops, keep, budget_edges: u64::MAX, margin });
        let mut potentials = Potentials::new();
        for (edge, weight) in moves {
            graph.set_weight(edge, weight).unwrap();
            let maybe = potentials.update(&graph, edge, margin);
            check_invariant(&graph, &potentials)?;
            let touched = [edge, graph.twin(edge).unwrap()];
            let (found, work) = search(&graph, &potentials, &touched, &params);
            prop_assert_eq!(found, brute_force(&graph, &touched, &params));
            prop_assert!(!work.cut);
            let alone = Params { keep: 1, ..params };
            prop_assert!(maybe || brute_force(&graph, &[edge], &alone).is_empty());
        }
    }

    #[test]
    fn a_pool_moves_both_its_edges_at_once((graph, moves) in markets()) {
        let mut graph = graph;
        let mut potentials = Potentials::new();
        for pair in moves.chunks_exact(2) {
            let first = pair[0].0 & !1;
            graph.set_weight(first, pair[0].1).unwrap();
            graph.set_weight(first + 1, pair[1].1).unwrap();
            potentials.update_pool(&graph, first, 0);
            check_invariant(&graph, &potentials)?;
            prop_assert_eq!(find_negative_cycles(&graph).is_empty(), potentials.violated().len() == 0);
            for edge in potentials.violated() {
                let cycle = potentials.evidence([edge, edge]).unwrap();
                prop_assert_eq!(cycle[0], edge);
                prop_assert!(graph.total(cycle).unwrap() < 0);
            }
        }
    }

    #[test]
    fn cold_potentials_hold_and_cycles_are_evidence((graph, moves) in markets()) {
        let mut graph = graph;
        let mut warm = Potentials::new();
        for (edge, weight) in moves {
            graph.set_weight(edge, weight).unwrap();
            warm.update(&graph, edge, 0);
        }
        let (cold, first) = Potentials::cold(&graph);
        check_invariant(&graph, &cold)?;
        let cycles = find_negative_cycles(&graph);
        prop_assert_eq!(cycles.is_empty(), warm.violated().len() == 0);
        prop_assert_eq!(cycles.is_empty(), first.is_none());
        for cycle in cycles {
            prop_assert!(graph.total(&cycle).unwrap() < 0);
            prop_assert_eq!(&graph.canonical(&cycle), &cycle);
        }
        let restored = Potentials::from_state(&graph, warm.state()).unwrap();
        prop_assert_eq!((restored.state(), restored.worst()), (warm.state(), warm.worst()));
    }

    #[test]
    fn a_size_is_near_the_best_of_all(
        pools in prop::collection::vec((50_u64..3_000, 50_u64..3_000), 2..4),
        cap in 1_u64..2_000,
    ) {
        let chain = Chain(pools);
        let profit = |amount: u64| cambist_core::search::sizing::curve(&chain, &[amount])[0].1;
        let best = (1..=cap).filter_map(profit).max();
        if let Some(sized) = best_input(&chain, cap, 1) {
            prop_assert!(sized.evaluations <= MAX_EVALUATIONS);
            let got = i128::from(sized.amount_out) - i128::from(sized.amount_in);
            prop_assert_eq!(Some(got), profit(sized.amount_in));
            let rounding: f64 = chain.0.iter().fold(0.0, |sum, &(a, b)| sum * (b as f64 / a as f64).max(1.0) + 2.0);
            prop_assert!(got >= best.unwrap() - 4 * (rounding as i128 + 4), "{got} of {best:?}");
        }
    }
}

struct Chain(Vec<(u64, u64)>);

impl Hops for Chain {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn quote(&self, hop: usize, amount_in: u64) -> Option<u64> {
        let (reserve_in, reserve_out) = self.0[hop];
        let paid = amount_in - (amount_in * 2_500).div_ceil(1_000_000);
        Some(reserve_out * paid / (reserve_in + paid)).filter(|&out| out > 0)
    }

    fn virtual_reserves(&self, hop: usize) -> Option<(f64, f64, f64)> {
        let (reserve_in, reserve_out) = self.0[hop];
        Some((reserve_in as f64, reserve_out as f64, 0.9975))
    }
}
