//! The engine beside the Rust libraries one would otherwise pick: the two in turn, round by round, least of all rounds,
//! and how many times faster. `cargo bench -p cambist-core --bench peers`

use std::hint::black_box;
use std::time::Instant;

use cambist_core::search::pool_graph::PoolGraph;
use cambist_core::venues::quote::ChainTime;
use petgraph::algo::find_negative_cycle;
use petgraph::graph::{DiGraph, NodeIndex};

#[path = "../tests/common/orca.rs"]
mod orca;

const ONE: i64 = 1 << 40;
/// 0.25 % as log2.
const FEE: i64 = ONE / 1000 * 36 / 10;
const PERCENT: i64 = ONE / 1000 * 144 / 10;
const ROUNDS: u32 = 9;

const NOW: ChainTime = ChainTime {
    slot: 1,
    unix_timestamp: 1_760_000_000,
    epoch: 1,
};

fn main() {
    cycles();
    quotes();
}

/// Returns the mean time of a call in ns.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn spent<T>(calls: u32, mut call: impl FnMut() -> T) -> f64 {
    let begun = Instant::now();
    for _ in 0..calls {
        black_box(call());
    }
    begun.elapsed().as_nanos() as f64 / f64::from(calls)
}

/// Prints how two calls compare, each called so many times a round; returns the ns of the first.
fn compare<T, U>(
    name: &str,
    calls: (u32, u32),
    mut mine: impl FnMut() -> T,
    peer: &str,
    mut theirs: impl FnMut() -> U,
) -> f64 {
    let (mut best, mut other) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        best = best.min(spent(calls.0, &mut mine));
        other = other.min(spent(calls.1, &mut theirs));
    }
    let ratio = other / best;
    println!("{name:56} {best:>12.1} ns   ×{ratio:.1} {peer} ({other:.1} ns)");
    best
}

/// 5,000 tokens and 10,000 pools around three hubs, priced within half the fee.
fn market(rng: &mut orca::Rng) -> (Vec<u32>, Vec<u32>, Vec<i64>) {
    let tokens: u64 = 5_000;
    let level: Vec<i64> = (0..tokens)
        .map(|_| rng.below(40) as i64 * ONE / 2)
        .collect();
    let (mut tails, mut heads, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for pool in 0..10_000 {
        let hub = [0, 0, 0, 0, 0, 0, 0, 0, 1, 2][rng.below(10) as usize];
        let token = if pool < tokens - 3 {
            pool + 3
        } else {
            3 + rng.below(tokens - 3) * rng.below(tokens) / tokens
        };
        let gap = rng.below(FEE as u64 / 2) as i64 - FEE / 4;
        let fair = level[token as usize] - level[hub as usize];
        tails.extend([hub as u32, token as u32]);
        heads.extend([token as u32, hub as u32]);
        weights.extend([fair + FEE + gap, -fair + FEE - gap]);
    }
    (tails, heads, weights)
}

fn cycles() {
    let (tails, heads, calm) = market(&mut orca::Rng(7));
    let shape = PoolGraph::new(&tails, &heads).expect("pools");
    let mut moved = calm.clone();
    // The last pool of many a token stands beside another one.
    (moved[19_998], moved[19_999]) = (calm[19_998] - 2 * PERCENT, calm[19_999] + 2 * PERCENT);
    for (name, weights) in [("none exists", &calm), ("one exists", &moved)] {
        let mut graph = DiGraph::<(), f64>::new();
        for _ in 0..shape.tokens() {
            graph.add_node(());
        }
        for (edge, &weight) in weights.iter().enumerate() {
            let ends = [tails[edge], heads[edge]].map(|node| NodeIndex::new(node as usize));
            graph.add_edge(ends[0], ends[1], weight as f64);
        }
        let found = shape.negative_cycle(weights).expect("weights").is_some();
        assert_eq!(found, name == "one exists");
        compare(
            &format!("negative cycle, 5,000 tokens, 20,000 edges: {name}"),
            (200, if found { 1 } else { 20 }),
            || shape.negative_cycle(black_box(weights)),
            "petgraph",
            || find_negative_cycle(black_box(&graph), NodeIndex::new(0)),
        );
    }
}

/// The official call takes the pool and its arrays by value, so that what is kept must be cloned for it.
fn quotes() {
    let mut rng = orca::Rng(7);
    let made = orca::Made::new(&mut rng, 4, -18_835, 740_600_641_175_286, 2);
    let theirs = made.theirs(true);
    let crossed = |amount| {
        let quote = made.pool.quote(true, amount, &NOW);
        quote.map(|quote| quote.ticks_crossed)
    };
    let mut first = 0.0;
    for wanted in [0, 1, 14] {
        let mut amounts = (1..10_000).map(|at| at * 20_000_000_000);
        let Some(amount) = amounts.find(|&amount| crossed(amount) == Ok(wanted)) else {
            continue;
        };
        let best = compare(
            &format!("Whirlpool quote, {wanted} ticks crossed"),
            (20_000, 2_000),
            || black_box(&made.pool).quote(true, black_box(amount), &NOW),
            "orca_whirlpools_core",
            || orca::official(black_box(&theirs).clone(), true, amount),
        );
        if wanted == 0 {
            first = best;
        } else {
            let each = (best - first) / f64::from(wanted);
            println!("{:56} {each:>12.1} ns", "  each further tick");
        }
    }
}
