//! Gaps and their ends in a snapshot, and back.

use serde::{Deserialize, Serialize};

use super::SnapshotError;
use crate::chain::base58;
use crate::engine::closer::Touch;
use crate::engine::ends::{Closing, Ends, Gap, Landed, MOST_LANDED};

/// A landed transaction; touches are (pool, whether token a is sold, amount in, amount out).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LandedPart {
    signature: String,
    slot: u64,
    recv_ns: i64,
    program: String,
    touches: Vec<(usize, Option<bool>, u64, u64)>,
}

/// What became of gaps, as far as it is not told yet.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndsPart {
    #[serde(default)]
    number: u64,
    #[serde(default)]
    closing: Vec<Closing>,
    #[serde(default)]
    landed: Vec<LandedPart>,
}

/// Returns what is not told yet, as it stands in a snapshot.
pub(super) fn ends_part(ends: &Ends) -> EndsPart {
    let mut closing = ends.closing.clone();
    Ends::in_order(&mut closing);
    EndsPart {
        number: ends.number,
        closing,
        landed: ends.landed().map(landed_part).collect(),
    }
}

fn landed_part(landed: &Landed) -> LandedPart {
    let touches = landed.touches.iter();
    let touches = touches.map(|each| (each.pool, each.sells_a, each.amount_in, each.amount_out));
    LandedPart {
        signature: base58::encode_signature(&landed.signature),
        slot: landed.slot,
        recv_ns: landed.recv_ns,
        program: base58::encode(&landed.program),
        touches: touches.collect(),
    }
}

/// Returns a gap whose legs are on pools that there are.
pub(super) fn gap(part: &Gap, pools: usize) -> Result<Gap, SnapshotError> {
    if part
        .legs
        .iter()
        .any(|leg| leg.pool.is_some_and(|at| at >= pools))
    {
        return Err(SnapshotError::Damaged("legs of a gap".to_owned()));
    }
    Ok(part.clone())
}

/// Returns what is not told yet.
pub(super) fn ends(part: &EndsPart, pools: usize) -> Result<Ends, SnapshotError> {
    for each in &part.closing {
        gap(&each.gap, pools)?;
    }
    let over = part.landed.len().saturating_sub(MOST_LANDED);
    let landed = part.landed.iter().skip(over);
    let landed: Option<Vec<Landed>> = landed.map(|each| landed_of(each, pools)).collect();
    let landed = landed.ok_or_else(|| SnapshotError::Damaged("landed transactions".to_owned()))?;
    Ok(Ends::restored(part.number, part.closing.clone(), landed))
}

fn landed_of(part: &LandedPart, pools: usize) -> Option<Landed> {
    let touches = part.touches.iter();
    let touches = touches.map(|&(pool, sells_a, amount_in, amount_out)| {
        (pool < pools).then_some(Touch {
            pool,
            sells_a,
            amount_in,
            amount_out,
        })
    });
    Some(Landed {
        signature: base58::decode_signature(&part.signature)?,
        slot: part.slot,
        recv_ns: part.recv_ns,
        program: base58::decode(&part.program)?,
        touches: touches.collect::<Option<_>>()?,
    })
}
