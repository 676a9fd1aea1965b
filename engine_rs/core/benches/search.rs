//! A pool moves: warm update, search, sizing. Graphs come from a seed.

use cambist_core::search::cycle_finder::{Potentials, find_negative_cycles};
use cambist_core::search::graph::{EdgeId, Graph, NodeId};
use cambist_core::search::multiverse::{Params, search};
use cambist_core::search::sizing::{Hops, best_input};
use divan::{Bencher, black_box};

const ONE: i64 = 1 << 40;
/// 0.25 % as log2.
const FEE: i64 = ONE / 1000 * 36 / 10;
const PERCENT: i64 = ONE / 1000 * 144 / 10;
const PARAMS: Params = Params {
    max_hops: 4,
    keep: 6,
    budget_edges: 20_000,
    margin: ONE / 100_000 * 43,
};

fn main() {
    divan::main();
}

/// `SplitMix64`.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

struct Market {
    graph: Graph,
    potentials: Potentials,
    level: Vec<i64>,
    /// The two edges of pools between hubs.
    hubs: Vec<EdgeId>,
}

impl Market {
    /// `tokens` with three hubs, `pools` priced within half the fee of fair: nothing gains.
    fn new(tokens: u64, pools: u64) -> Self {
        let mut rng = Rng(7);
        let mut graph = Graph::new();
        for token in 0..tokens {
            graph.add_node(&format!("token{token}")).unwrap();
        }
        let level: Vec<i64> = (0..tokens)
            .map(|_| rng.below(40) as i64 * ONE / 2)
            .collect();
        let mut hubs = Vec::new();
        for pool in 0..pools {
            let a = if rng.below(10) < 8 {
                rng.below(3)
            } else {
                rng.below(tokens)
            };
            let b = (a + 1 + rng.below(if pool % 50 == 0 { 2 } else { tokens - 1 })) % tokens;
            let (from, to) = (a as NodeId, b as NodeId);
            let edge = graph
                .add_edge(from, to, &format!("{:016x}:0", rng.below(u64::MAX)))
                .unwrap();
            let name = graph.name(edge).replace(":0", ":1");
            graph.add_edge(to, from, &name).unwrap();
            let gap = rng.below(FEE as u64 / 2) as i64 - FEE / 4;
            let fair = level[b as usize] - level[a as usize];
            graph.set_weight(edge, Some(fair + FEE + gap)).unwrap();
            graph.set_weight(edge + 1, Some(-fair + FEE - gap)).unwrap();
            if a < 3 && b < 3 {
                hubs.push(edge);
            }
        }
        let potentials = Potentials::cold(&graph).0;
        Self {
            graph,
            potentials,
            level,
            hubs,
        }
    }

    /// Moves a pool to `gap` from fair and tells the potentials.
    fn price(&mut self, edge: EdgeId, gap: i64) {
        let (from, to) = (self.graph.from(edge) as usize, self.graph.to(edge) as usize);
        let fair = self.level[to] - self.level[from];
        self.graph.set_weight(edge, Some(fair + FEE + gap)).unwrap();
        self.graph
            .set_weight(edge + 1, Some(-fair + FEE - gap))
            .unwrap();
        self.potentials
            .update_pool(&self.graph, edge, PARAMS.margin);
    }
}

const SIZES: [(u64, u64); 2] = [(20, 80), (5_000, 10_000)];

#[divan::bench(args = SIZES)]
fn warm_update_without_violation(bencher: Bencher, (tokens, pools): (u64, u64)) {
    let mut market = Market::new(tokens, pools);
    let edge = market.hubs[0];
    let weights = [
        market.graph.weight(edge),
        market.graph.weight(edge).map(|weight| weight + FEE / 100),
    ];
    let mut turn = 0;
    bencher.bench_local(move || {
        turn ^= 1;
        market
            .graph
            .set_weight(black_box(edge), weights[turn])
            .unwrap();
        market.potentials.update(&market.graph, edge, 0)
    });
}

/// Both directions of a hub pool move by 0.01 %, are searched (nothing to find), and the next one moves.
#[divan::bench(args = SIZES)]
fn quiet_move_and_search(bencher: Bencher, (tokens, pools): (u64, u64)) {
    let mut market = Market::new(tokens, pools);
    let mut turn = 0;
    bencher.bench_local(move || {
        turn += 1;
        let edge = market.hubs[turn % market.hubs.len()];
        market.price(edge, if turn % 2 == 0 { 0 } else { PERCENT / 100 });
        search(
            &market.graph,
            &market.potentials,
            &[edge, edge + 1],
            &PARAMS,
        )
    });
}

/// A hub pool moves by 1 %, its cycles of up to 4 hops are found, and it moves back.
#[divan::bench(args = SIZES)]
fn search_4_hops_after_1_percent(bencher: Bencher, (tokens, pools): (u64, u64)) {
    let mut market = Market::new(tokens, pools);
    let mut turn = 0;
    bencher.bench_local(move || {
        turn += 1;
        let edge = market.hubs[turn % market.hubs.len()];
        market.price(edge, PERCENT);
        let found = search(
            &market.graph,
            &market.potentials,
            &[edge, edge + 1],
            &PARAMS,
        );
        market.price(edge, 0);
        found
    });
}

#[divan::bench(args = SIZES)]
fn cold_potentials(bencher: Bencher, (tokens, pools): (u64, u64)) {
    let market = Market::new(tokens, pools);
    bencher.bench_local(|| Potentials::cold(&market.graph));
}

#[divan::bench(args = SIZES)]
fn negative_cycles_of_the_whole_graph(bencher: Bencher, (tokens, pools): (u64, u64)) {
    let mut market = Market::new(tokens, pools);
    market.price(market.hubs[1], PERCENT);
    bencher.bench_local(|| find_negative_cycles(&market.graph));
}

struct ThreePools([(u64, u64); 3]);

impl Hops for ThreePools {
    fn len(&self) -> usize {
        3
    }

    fn quote(&self, hop: usize, amount_in: u64) -> Option<u64> {
        let (reserve_in, reserve_out) = self.0[hop];
        let paid = u128::from(amount_in) - (u128::from(amount_in) * 2_500).div_ceil(1_000_000);
        u64::try_from(u128::from(reserve_out) * paid / (u128::from(reserve_in) + paid)).ok()
    }

    fn virtual_reserves(&self, hop: usize) -> Option<(f64, f64, f64)> {
        let (reserve_in, reserve_out) = self.0[hop];
        Some((reserve_in as f64, reserve_out as f64, 0.9975))
    }
}

#[divan::bench]
fn size_3_constant_product_pools(bencher: Bencher) {
    let chain = ThreePools([
        (40_000_000_000_000, 6_100_000_000_000),
        (3_000_000_000_000, 900_000_000_000_000),
        (700_000_000_000_000, 15_800_000_000_000),
    ]);
    let sized = best_input(&chain, 1_000_000_000_000, 1_000_000).unwrap();
    assert!(sized.amount_out > sized.amount_in, "{sized:?}");
    bencher.bench_local(|| best_input(black_box(&chain), 1_000_000_000_000, 1_000_000));
}
