//! The tip floor that a block engine tells over plain HTTP.

use crate::exchanges::event::Event;
use crate::exchanges::frame::Frame;
use crate::exchanges::{DecodeError, frame};

/// Protocol of channels that carry it.
pub const TIP_FLOOR: &str = "jito.tip_floor";
/// SOL to lamports.
const PLACES: i32 = 9;

/// Returns the tips that landed lately: `[{"time":"…","landed_tips_25th_percentile":6.0e-06,…}]`, in SOL.
///
/// # Errors
/// `DecodeError` names the field that is missing or no amount.
pub fn decode_tip_floor(body: &[u8]) -> Result<Event<'_>, DecodeError> {
    let frame = Frame::read(body)?;
    let Some(newest) = frame.root().items()?.next() else {
        return Err(frame.root().wrong());
    };
    let [a, b, c, d, e, average]: [frame::Field<'_, '_>; 6] = newest.fields([
        "landed_tips_25th_percentile",
        "landed_tips_50th_percentile",
        "landed_tips_75th_percentile",
        "landed_tips_95th_percentile",
        "landed_tips_99th_percentile",
        "ema_landed_tips_50th_percentile",
    ])?;
    Ok(Event::TipFloor {
        levels: vec![
            (25, a.scaled(PLACES)?),
            (50, b.scaled(PLACES)?),
            (75, c.scaled(PLACES)?),
            (95, d.scaled(PLACES)?),
            (99, e.scaled(PLACES)?),
        ],
        average: average.scaled(PLACES)?,
    })
}
