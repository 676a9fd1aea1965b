//! Public calls of single modules, for parity tests and the timing of both engines side by side.
#![expect(
    clippy::needless_pass_by_value,
    reason = "arguments are extracted from Python objects by value"
)]

use cambist_core::book::order_book::{OrderBook, Source};
use cambist_core::chain::session::SolanaSession;
use cambist_core::chain::solana::decode_solana;
use cambist_core::exchanges::Continuity;
use cambist_core::exchanges::Direction;
use cambist_core::exchanges::binance::decode_binance;
use cambist_core::exchanges::decimal::{PriceScale, PriceScales};
use cambist_core::exchanges::decoded::decode_venue;
use cambist_core::exchanges::event::{Level, canonical};
use cambist_core::exchanges::kraken::checksum::kraken_checksum;
use cambist_core::exchanges::okx::checksum::okx_checksum;
use cambist_core::exchanges::okx::decode::decode_okx;
use cambist_core::exchanges::rfc3339::rfc3339_ns;
use cambist_core::search::cycle_finder::{Potentials, find_negative_cycles};
use cambist_core::search::graph::Graph;
use cambist_core::search::log2;
use cambist_core::search::multiverse::{Params, search};
use cambist_core::search::sizing::{Hops, best_input};
use cambist_core::series::technical;
use cambist_core::venues::constant_product as raydium_v4;
use cambist_core::venues::quote_error::RoundingRule;
use pyo3::prelude::*;

use crate::error::Fault;
use crate::integers::Int;

/// (tail, head, weight)
type Edge = (u32, u32, Option<i64>);
/// (reserve in, reserve out, fee numerator, fee denominator)
type ConstantProduct = (u64, u64, u64, u64);
/// The same, as Python gave it.
type Given = (Int<u64>, Int<u64>, Int<u64>, Int<u64>);

/// Returns log2 of a ratio in fixed point, `None` if a side is 0.
#[pyfunction(name = "log2_ratio")]
pub(crate) fn py_log2_ratio(num: u128, den: u128) -> Option<i64> {
    log2::log2_ratio(num, den)
}

/// Returns canonical JSON of what one exchange frame says. Raises `ValueError` with the decoder's words.
#[pyfunction(name = "decode_binance")]
pub(crate) fn py_decode_binance(protocol: &str, symbol: &str, body: &[u8]) -> PyResult<String> {
    let event =
        decode_binance(protocol, symbol, body, &PriceScales::EIGHT).map_err(Fault::input)?;
    Ok(canonical(&event).map_err(Fault::input)?)
}

/// Returns canonical JSON of each event of one frame from OKX. Raises `ValueError` with the decoder's words.
#[pyfunction(name = "decode_okx")]
pub(crate) fn py_decode_okx(protocol: &str, symbol: &str, body: &[u8]) -> PyResult<Vec<String>> {
    let events = decode_okx(protocol, symbol, body, &PriceScales::EIGHT).map_err(Fault::input)?;
    let texts: Result<_, _> = events.iter().map(canonical).collect();
    Ok(texts.map_err(Fault::input)?)
}

/// Returns canonical JSON of each event of one frame of any exchange, whose prices all have so many decimals. Raises
/// `ValueError` with the decoder's words.
#[pyfunction(name = "decode_venue")]
#[pyo3(signature = (protocol, symbol, body, price_decimals=8))]
pub(crate) fn py_decode_venue(
    protocol: &str,
    symbol: &str,
    body: &[u8],
    price_decimals: u8,
) -> PyResult<Vec<String>> {
    let scale = PriceScale::try_from(price_decimals).map_err(Fault::input)?;
    let events =
        decode_venue(protocol, symbol, body, &PriceScales::all(scale)).map_err(Fault::input)?;
    let texts: Result<_, _> = events.into_iter().map(|event| canonical(&event)).collect();
    Ok(texts.map_err(Fault::input)?)
}

/// Returns the CRC-32 of the best 10 levels of each side: asks, then bids, of each its price, then its quantity.
///
/// Levels are (price, quantity) × 10⁸, best first; the decimals are those that the venue writes.
#[pyfunction(name = "kraken_checksum")]
pub(crate) fn py_kraken_checksum(
    bids: Vec<Level>,
    asks: Vec<Level>,
    price_decimals: u8,
    quantity_decimals: u8,
) -> u32 {
    kraken_checksum(
        &bids,
        &asks,
        price_decimals,
        quantity_decimals,
        PriceScale::EIGHT,
    )
}

/// Returns nanoseconds since 1970 of a UTC time like `2026-11-21T12:00:00.1Z`, `None` if it isn't one or doesn't fit.
#[pyfunction(name = "rfc3339_ns")]
pub(crate) fn py_rfc3339_ns(text: &str) -> Option<i64> {
    rfc3339_ns(text)
}

/// Returns the signed CRC-32 of the best 25 levels of each side, a bid and an ask in turn, as `px:sz:px:sz:…`.
///
/// Levels are (price, quantity) × 10⁸, best first; when one side runs out the other goes on alone.
#[pyfunction(name = "okx_checksum")]
pub(crate) fn py_okx_checksum(bids: Vec<Level>, asks: Vec<Level>) -> i32 {
    okx_checksum(&bids, &asks, PriceScale::EIGHT)
}

/// Returns canonical JSON of each event of frames (conn, generation, sent, body) of one session; an unreadable frame is
/// its error's words.
#[pyfunction(name = "decode_solana")]
pub(crate) fn py_decode_solana(frames: Vec<(u32, u32, bool, Vec<u8>)>) -> PyResult<Vec<String>> {
    let mut session = SolanaSession::new();
    let mut lines = Vec::new();
    for (conn, generation, sent, body) in &frames {
        let direction = if *sent { Direction::Out } else { Direction::In };
        match decode_solana(&mut session, *conn, *generation, direction, body) {
            Ok(events) => {
                for event in &events {
                    lines.push(canonical(event).map_err(Fault::input)?);
                }
            }
            Err(error) => lines.push(error.to_string()),
        }
    }
    Ok(lines)
}

/// Returns a graph of edges (tail, head, weight); nodes are named by their number, edges `0:0`, `1:0`, … by theirs.
fn graph_of(edges: &[Edge]) -> Result<Graph, Fault> {
    let mut graph = Graph::new();
    let nodes = edges
        .iter()
        .map(|edge| edge.0.max(edge.1) + 1)
        .max()
        .unwrap_or(0);
    for node in 0..nodes {
        graph.add_node(&node.to_string()).map_err(Fault::input)?;
    }
    for (at, &(tail, head, weight)) in edges.iter().enumerate() {
        let edge = graph
            .add_edge(tail, head, &format!("{}:{}", at / 2, at % 2))
            .map_err(Fault::input)?;
        graph.set_weight(edge, weight).map_err(Fault::input)?;
    }
    Ok(graph)
}

/// Returns (canonical key, total weight) of cycles in a graph made of these edges. Raises `ValueError`.
#[pyfunction(name = "cycle_keys")]
pub(crate) fn py_cycle_keys(
    py: Python<'_>,
    edges: Vec<Edge>,
    cycles: Vec<Vec<u32>>,
) -> PyResult<Vec<(String, Option<i64>)>> {
    let keys = py.detach(|| {
        let graph = graph_of(&edges)?;
        if let Some(edge) = cycles
            .iter()
            .flatten()
            .find(|&&edge| edge as usize >= edges.len())
        {
            return Err(Fault::Input(format!("edge was {edge}")));
        }
        Ok(cycles
            .iter()
            .map(|cycle| (graph.cycle_key(cycle), graph.total(cycle)))
            .collect())
    });
    Ok(keys?)
}

/// Returns negative cycles of the whole graph. Edges come in pairs, the two directions of one pool. Raises `ValueError`.
#[pyfunction(name = "find_cycles")]
pub(crate) fn py_find_cycles(py: Python<'_>, edges: Vec<Edge>) -> PyResult<Vec<Vec<u32>>> {
    Ok(py.detach(|| graph_of(&edges).map(|graph| find_negative_cycles(&graph)))?)
}

/// Returns the best cycles (edges, weight) through touched edges, edges expanded, whether the budget cut it.
#[pyfunction(name = "search")]
#[expect(clippy::type_complexity, reason = "a plain tuple crosses the border")]
pub(crate) fn py_search(
    py: Python<'_>,
    edges: Vec<Edge>,
    touched: Vec<u32>,
    max_hops: usize,
    keep: usize,
    budget_edges: u64,
    margin: i64,
) -> PyResult<(Vec<(Vec<u32>, i64)>, u64, bool)> {
    let found = py.detach(|| {
        let graph = graph_of(&edges)?;
        if let Some(edge) = touched.iter().find(|&&edge| edge as usize >= edges.len()) {
            return Err(Fault::Input(format!("edge was {edge}")));
        }
        let (potentials, _) = Potentials::cold(&graph);
        let params = Params {
            max_hops,
            keep,
            budget_edges,
            margin,
        };
        let (found, work) = search(&graph, &potentials, &touched, &params);
        Ok((
            found
                .into_iter()
                .map(|each| (each.edges, each.weight))
                .collect(),
            work.expanded,
            work.cut,
        ))
    });
    Ok(found?)
}

struct Products(Vec<ConstantProduct>);

impl Hops for Products {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn quote(&self, hop: usize, amount_in: u64) -> Option<u64> {
        let (reserve_in, reserve_out, num, den) = self.0[hop];
        let paid = raydium_v4::exact_in(
            (reserve_in, reserve_out),
            (num, den),
            amount_in,
            RoundingRule::TrueCeil,
        );
        paid.ok().map(|(amount_out, _)| amount_out)
    }

    fn virtual_reserves(&self, hop: usize) -> Option<(f64, f64, f64)> {
        let (reserve_in, reserve_out, num, den) = self.0[hop];
        let kept = den.checked_sub(num).filter(|_| den > 0)?;
        let keep = kept as f64 / den as f64;
        Some((reserve_in as f64, reserve_out as f64, keep))
    }
}

/// Returns (amount in, amount out, evaluations, what binds) of the best input into a chain of constant products.
#[pyfunction(name = "best_input")]
pub(crate) fn py_best_input(
    py: Python<'_>,
    hops: Vec<Given>,
    cap: Int<u64>,
    minimum: Int<u64>,
) -> Option<(u64, u64, u32, &'static str)> {
    let hops = hops
        .into_iter()
        .map(|hop| (hop.0.0, hop.1.0, hop.2.0, hop.3.0));
    let hops = Products(hops.collect());
    let sized = py.detach(|| best_input(&hops, cap.0, minimum.0))?;
    Some((
        sized.amount_in,
        sized.amount_out,
        sized.evaluations,
        sized.binds.as_str(),
    ))
}

/// Returns JSON of the book that exchange frames of one symbol build. Raises `ValueError` for an unreadable frame.
///
/// All of them are of one venue: the first one's protocol says whose rules they follow.
#[pyfunction(name = "replay_book")]
pub(crate) fn py_replay_book(
    py: Python<'_>,
    frames: Vec<(String, Vec<u8>)>,
    symbol: &str,
) -> PyResult<String> {
    let parts = py.detach(|| {
        let first = frames.first().map_or("", |(protocol, _)| protocol);
        let mut book = OrderBook::new(Continuity::of(first));
        for (at, (protocol, body)) in frames.iter().enumerate() {
            for event in
                decode_venue(protocol, symbol, body, &PriceScales::EIGHT).map_err(Fault::input)?
            {
                book.take(event, Source::of(protocol), at as i64);
            }
        }
        serde_json::to_string(&book.parts()).map_err(Fault::input)
    });
    Ok(parts?)
}

/// Returns the relative strength index after each price.
#[pyfunction(name = "rsi")]
pub(crate) fn py_rsi(py: Python<'_>, prices: Vec<f64>, period: u32) -> Vec<Option<f64>> {
    py.detach(|| technical::rsi(&prices, period))
}

/// Returns the exponential moving average after each value.
#[pyfunction(name = "ema")]
pub(crate) fn py_ema(py: Python<'_>, values: Vec<f64>, period: u32) -> Vec<Option<f64>> {
    py.detach(|| technical::ema(&values, period))
}

/// Returns the Bollinger bands (low, middle, high) after each value.
#[pyfunction(name = "bollinger")]
pub(crate) fn py_bollinger(
    py: Python<'_>,
    values: Vec<f64>,
    period: u32,
    width: f64,
) -> Vec<Option<(f64, f64, f64)>> {
    let bands = py.detach(|| technical::bollinger(&values, period, width));
    bands
        .into_iter()
        .map(|each| each.map(|bands| (bands.low, bands.middle, bands.high)))
        .collect()
}
