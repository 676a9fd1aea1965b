//! Graph, cycle search, sizing, scorer and fees against the vectors that the Python reference asserts too
//! (`tests/parity/search_vectors.py` writes them).

#[path = "common/settings.rs"]
#[expect(dead_code, reason = "each test takes what it needs")]
mod settings;

use cambist_core::fees::{Bidding, FeeModel, FeeState, SwapShape, cu_limit};
use cambist_core::judge::scorer::{Candidate, Decision, Gates, decide};
use cambist_core::search::cycle_finder::{Potentials, PotentialsState, find_negative_cycles};
use cambist_core::search::graph::{EdgeId, Graph, NodeId};
use cambist_core::search::multiverse::{Params, search};
use cambist_core::search::sizing::{Hops, best_input_near, closed_form, curve};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case<I, O> {
    r#in: I,
    out: O,
}

#[derive(Deserialize)]
struct Vectors {
    graphs: Vec<Case<GraphIn, GraphOut>>,
    chains: Vec<Case<ChainIn, ChainOut>>,
    candidates: Vec<Case<CandidateIn, Decision>>,
    fees: Vec<Case<FeesIn, FeesOut>>,
    routes: Vec<Case<RouteIn, RouteOut>>,
}

#[derive(Deserialize)]
struct GraphIn {
    nodes: usize,
    edges: Vec<(NodeId, NodeId, String)>,
    moves: Vec<(EdgeId, Option<i64>)>,
    params: (usize, usize, u64, i64),
}

/// Whether a cycle may be there, edges relaxed so far, worst violation, edges expanded, cut, cycles.
type Answer = (bool, u64, i64, u64, bool, Vec<(String, i64)>);

#[derive(Deserialize)]
struct GraphOut {
    answers: Vec<Answer>,
    state: PotentialsState,
    cold: PotentialsState,
    first: Option<Vec<EdgeId>>,
    negative: Vec<Vec<EdgeId>>,
    pools: PoolsOut,
}

/// Each move's promises, edges relaxed so far and worst violation if both edges of a pool move at once.
#[derive(Deserialize)]
struct PoolsOut {
    answers: Vec<([bool; 2], u64, i64)>,
    state: PotentialsState,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum HopIn {
    Pool {
        pool: (u64, u64, u64),
    },
    Ladder {
        levels: Vec<(u64, u64)>,
        known: bool,
    },
}

#[derive(Deserialize)]
struct ChainIn {
    hops: Vec<HopIn>,
    cap: u64,
    min: u64,
    sizes: Vec<u64>,
    pieces: Vec<Vec<f64>>,
}

/// Input, output, evaluations and what binds.
type SizedOut = (u64, u64, u32, String);

#[derive(Deserialize)]
struct ChainOut {
    sized: Option<SizedOut>,
    sized_by_pieces: Option<SizedOut>,
    start_bits: Option<String>,
    curve: Vec<(u64, Option<i64>)>,
}

#[derive(Deserialize)]
struct CandidateIn {
    candidate: Candidate,
    #[serde(deserialize_with = "settings::gates_over")]
    gates: Gates,
}

/// (slot, price) samples, percentile asked for, receive time.
type Reply = (Vec<(u64, u64)>, Option<u16>, i64);

#[derive(Deserialize)]
struct FeesIn {
    #[serde(deserialize_with = "settings::bidding_over")]
    bidding: Bidding,
    cu_limit: u64,
    gross: Option<u64>,
    replies: Vec<Reply>,
}

/// Added, source, bid, percentiles, congestion, trend, (base fee, priority fee, tip).
type FeeAnswer = (
    bool,
    String,
    Option<(u64, String)>,
    [Option<u64>; 7],
    Option<u8>,
    String,
    (u64, Option<u64>, Option<u64>),
);

#[derive(Deserialize)]
struct FeesOut {
    answers: Vec<FeeAnswer>,
    state: FeeState,
}

#[derive(Deserialize)]
struct RouteIn {
    swaps: Vec<(String, u32, bool, bool)>,
}

#[derive(Deserialize)]
struct RouteOut {
    cu_limit: Option<u64>,
}

impl Hops for ChainIn {
    fn len(&self) -> usize {
        self.hops.len()
    }

    fn quote(&self, hop: usize, amount_in: u64) -> Option<u64> {
        match &self.hops[hop] {
            HopIn::Pool { pool } => quote_pool(*pool, amount_in),
            HopIn::Ladder { levels, .. } => quote_ladder(levels, amount_in),
        }
    }

    fn virtual_reserves(&self, hop: usize) -> Option<(f64, f64, f64)> {
        match &self.hops[hop] {
            HopIn::Pool { pool } => Some((
                pool.0 as f64,
                pool.1 as f64,
                (1_000_000 - pool.2) as f64 / 1_000_000.0,
            )),
            HopIn::Ladder { levels, known } => {
                known.then(|| (levels[0].0 as f64, levels[0].1 as f64, 1.0))
            }
        }
    }
}

/// Fee rounded up on the input, output rounded down.
fn quote_pool((reserve_in, reserve_out, fee_ppm): (u64, u64, u64), amount: u64) -> Option<u64> {
    let fee = (u128::from(amount) * u128::from(fee_ppm)).div_ceil(1_000_000);
    let paid = u128::from(amount) - fee;
    let out = u128::from(reserve_out) * paid / (u128::from(reserve_in) + paid);
    reserve_in.checked_add(amount)?;
    u64::try_from(out).ok().filter(|&out| out > 0)
}

/// Levels used up one after the other; beyond the last it refuses.
fn quote_ladder(levels: &[(u64, u64)], mut amount: u64) -> Option<u64> {
    let mut out = 0;
    for &(size, pays) in levels {
        let taken = amount.min(size);
        out += (u128::from(pays) * u128::from(taken) / u128::from(size)) as u64;
        amount -= taken;
    }
    (out > 0 && amount == 0).then_some(out)
}

fn vectors() -> Vectors {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/parity/search_vectors.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).expect(path))
        .expect("vectors of this shape")
}

/// Parses what Python's `float.hex` prints.
fn from_hex(text: &str) -> f64 {
    if text == "nan" {
        return f64::NAN;
    }
    let (mantissa, exponent) = text
        .trim_start_matches("0x")
        .split_once('p')
        .expect("a hex float");
    let (whole, fraction) = mantissa.split_once('.').expect("a fraction");
    let digits = u64::from_str_radix(&format!("{whole}{fraction}"), 16).expect("hex digits");
    let shift = exponent.parse::<i32>().expect("an exponent") - 4 * fraction.len() as i32;
    digits as f64 * 2_f64.powi(shift)
}

fn build(case: &GraphIn) -> Graph {
    let mut graph = Graph::new();
    for node in 0..case.nodes {
        graph.add_node(&format!("t{node}")).unwrap();
    }
    for (from, to, name) in &case.edges {
        graph.add_edge(*from, *to, name).unwrap();
    }
    graph
}

#[test]
fn graphs_are_searched_alike() {
    for (index, case) in vectors().graphs.iter().enumerate() {
        let mut graph = build(&case.r#in);
        let (max_hops, keep, budget_edges, margin) = case.r#in.params;
        let params = Params {
            max_hops,
            keep,
            budget_edges,
            margin,
        };
        let mut potentials = Potentials::new();
        for (step, &(edge, weight)) in case.r#in.moves.iter().enumerate() {
            graph.set_weight(edge, weight).unwrap();
            let maybe = potentials.update(&graph, edge, margin);
            let touched: Vec<EdgeId> = [Some(edge), graph.twin(edge)]
                .into_iter()
                .flatten()
                .collect();
            let (found, work) = search(&graph, &potentials, &touched, &params);
            let cycles = found
                .iter()
                .map(|f| (graph.cycle_key(&f.edges), f.weight))
                .collect();
            let answer: Answer = (
                maybe,
                potentials.relaxed(),
                potentials.worst(),
                work.expanded,
                work.cut,
                cycles,
            );
            assert_eq!(answer, case.out.answers[step], "graph {index}, move {step}");
        }
        assert_eq!(potentials.state(), case.out.state, "graph {index}");
        let (cold, first) = Potentials::cold(&graph);
        assert_eq!(
            (cold.state(), first),
            (case.out.cold.clone(), case.out.first.clone()),
            "graph {index}"
        );
        assert_eq!(
            find_negative_cycles(&graph),
            case.out.negative,
            "graph {index}"
        );
        let restored =
            Potentials::from_state(&graph, case.out.state.clone()).expect("a sound state");
        assert_eq!(
            (restored.state(), restored.worst()),
            (potentials.state(), potentials.worst())
        );
    }
}

#[test]
fn pools_move_both_their_edges_alike() {
    for (index, case) in vectors().graphs.iter().enumerate() {
        let mut graph = build(&case.r#in);
        let mut potentials = Potentials::new();
        for (step, pair) in case.r#in.moves.chunks_exact(2).enumerate() {
            for &(edge, weight) in pair {
                graph.set_weight(edge, weight).unwrap();
            }
            let promises = potentials.update_pool(&graph, pair[0].0, case.r#in.params.3);
            let answer = (promises, potentials.relaxed(), potentials.worst());
            let wanted = case.out.pools.answers[step];
            assert_eq!(answer, wanted, "graph {index}, move {step}");
        }
        assert_eq!(potentials.state(), case.out.pools.state, "graph {index}");
    }
}

#[test]
fn chains_are_sized_alike() {
    for (index, case) in vectors().chains.iter().enumerate() {
        let start = closed_form(&case.r#in).map(f64::to_bits);
        let wanted = case
            .out
            .start_bits
            .as_deref()
            .map(|text| from_hex(text).to_bits());
        assert_eq!(start, wanted, "chain {index}");
        let sized = |pieces: &[Vec<f64>]| {
            let found = best_input_near(&case.r#in, case.r#in.cap, case.r#in.min, pieces)?;
            let binds = found.binds.as_str().to_owned();
            Some((found.amount_in, found.amount_out, found.evaluations, binds))
        };
        assert_eq!(sized(&[]), case.out.sized, "chain {index}");
        let by_pieces = sized(&case.r#in.pieces);
        assert_eq!(by_pieces, case.out.sized_by_pieces, "chain {index}");
        let points: Vec<_> = case
            .out
            .curve
            .iter()
            .map(|&(at, profit)| (at, profit.map(i128::from)))
            .collect();
        assert_eq!(curve(&case.r#in, &case.r#in.sizes), points, "chain {index}");
    }
}

#[test]
fn candidates_are_decided_alike() {
    for (index, case) in vectors().candidates.iter().enumerate() {
        assert_eq!(
            decide(&case.r#in.candidate, &case.r#in.gates),
            case.out,
            "candidate {index}"
        );
    }
}

#[test]
fn fees_are_modelled_alike() {
    for (index, case) in vectors().fees.iter().enumerate() {
        let bidding = &case.r#in.bidding;
        let mut model = FeeModel::new(bidding.window_slots);
        for (step, (samples, percentile, recv_ns)) in case.r#in.replies.iter().enumerate() {
            let added = model.add(samples, *percentile, *recv_ns);
            let cost = model.trade(bidding, case.r#in.cu_limit, case.r#in.gross);
            let answer: FeeAnswer = (
                added,
                model.source().to_owned(),
                model
                    .bid(bidding)
                    .map(|bid| (bid.micro_lamports, bid.source.to_owned())),
                [25, 50, 60, 75, 90, 99, 100].map(|percent| model.percentile(percent)),
                model.congestion(),
                model.trend().to_owned(),
                (cost.base_fee, cost.priority_fee, cost.tip),
            );
            assert_eq!(answer, case.out.answers[step], "fees {index}, reply {step}");
        }
        assert_eq!(model.state(), case.out.state, "fees {index}");
        let restored =
            FeeModel::from_state(bidding.window_slots, model.state()).expect("a sound state");
        assert_eq!(restored.state(), model.state());
    }
}

#[test]
fn routes_ask_for_the_same_compute_units() {
    for (index, case) in vectors().routes.iter().enumerate() {
        let swaps: Vec<SwapShape> = case
            .r#in
            .swaps
            .iter()
            .map(|(venue, ticks_crossed, token_2022, adaptive)| SwapShape {
                venue,
                ticks_crossed: *ticks_crossed,
                token_2022: *token_2022,
                adaptive: *adaptive,
            })
            .collect();
        assert_eq!(cu_limit(&swaps), case.out.cu_limit, "route {index}");
    }
}
