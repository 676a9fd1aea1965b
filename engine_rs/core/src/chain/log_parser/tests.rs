use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::venues::ray4::ray_log::RayLog;

const AMM: &str = "675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8";
const ROUTER: &str = "6m2CDdhRgxpH4WjvdzxAYbGxwdGUz5MziiL5jek2kBma";
const RECORD: &str = "A2SoNgAAAAAAAAAAAAAAAAABAAAAAAAAAB7IPhAIAAAAjEpmligAAACk8vyzBgAAAFoWSgEAAAAA";

#[test]
fn a_swap_of_raydium_is_read() {
    let RayLog::SwapBaseIn {
        amount_in,
        direction,
        pool_coin,
        pool_pc,
        out_amount,
        ..
    } = RayLog::decode(RECORD).unwrap()
    else {
        panic!("another kind");
    };
    assert_eq!(
        (amount_in, direction, out_amount),
        (3_582_052, 1, 21_632_602)
    );
    assert_eq!((pool_coin, pool_pc), (174_321_977_996, 28_789_502_628));
}

#[test]
fn lines_belong_to_the_frame_on_top() {
    let lines = [
        format!("Program {ROUTER} invoke [1]"),
        format!("Program log: Program {AMM} invoke [2]"),
        format!("Program log: ray_log: {RECORD}"),
        format!("Program {AMM} invoke [2]"),
        format!("Program log: ray_log: {RECORD}"),
        format!("Program {AMM} success"),
        format!("Program {ROUTER} failed: custom program error: 0x1"),
    ];
    let logs = parse_logs(&lines);
    let swaps: Vec<_> = logs
        .swaps
        .iter()
        .map(|swap| (swap.line, swap.frame))
        .collect();
    assert_eq!(swaps, [(4, 1)]);
    assert!(logs.trace.failed() && logs.trace.complete());
    assert_eq!(logs.trace.frames[1].parent, Some(0));
}

#[test]
fn nothing_belongs_to_a_frame_after_the_end() {
    let lines = [
        format!("Program {AMM} invoke [1]"),
        "Log truncated".to_owned(),
        format!("Program log: ray_log: {RECORD}"),
    ];
    let logs = parse_logs(&lines);
    assert!(logs.swaps.is_empty() && logs.trace.truncated);
    assert_eq!(logs.trace.lines[2], (LineKind::Log, None));
}

#[test]
fn what_cannot_be_read_is_named() {
    let field = |field, was: &str| LayoutError::field("ray_log", field, was);
    assert_eq!(RayLog::decode("A"), Err(field("text", "A")));
    assert_eq!(RayLog::decode("CQ=="), Err(field("kind", "9")));
    let sum = decode_event(&crate::venues::pump_curve::PUMP, &{
        let mut data = [0_u8; 225];
        data[..8].copy_from_slice(&0xbddb_7fd3_4ee6_61ee_u64.to_be_bytes());
        data[40..48].fill(0xff);
        data[56] = 1;
        data[169] = 1;
        data
    });
    let was = "18446744073709551616";
    assert_eq!(
        sum,
        Err(LayoutError::field("pump_trade_event", "amount_in", was))
    );
}

fn line() -> impl Strategy<Value = String> {
    let program = prop_oneof![
        Just(AMM),
        Just(ROUTER),
        Just("11111111111111111111111111111111")
    ];
    let tail = prop_oneof![
        (0_u8..70).prop_map(|depth| format!("invoke [{depth}]")),
        Just("success".to_owned()),
        Just("failed: x".to_owned()),
        Just("consumed 1 of 2 compute units".to_owned()),
    ];
    prop_oneof![
        (program, tail).prop_map(|(program, tail)| format!("Program {program} {tail}")),
        "[A-Za-z0-9+/]{0,90}={0,2}".prop_map(|text| format!("Program log: ray_log: {text}")),
        ".{0,40}",
        Just("Log truncated".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_lines_are_read(lines in prop::collection::vec(line(), 0..40)) {
        let logs = parse_logs(&lines);
        prop_assert_eq!(logs.trace.lines.len(), lines.len());
        for frame in &logs.trace.frames {
            if let Some(parent) = frame.parent {
                prop_assert_eq!(logs.trace.frames[parent as usize].depth + 1, frame.depth);
            }
        }
        for swap in &logs.swaps {
            let writer = logs.trace.frames[swap.frame as usize].program;
            prop_assert_eq!(program_of(&writer), Some(swap.event.venue));
        }
    }

    #[test]
    fn any_record_is_read(data in prop::collection::vec(any::<u8>(), 0..120), kind in 0_u8..6) {
        let mut data = data;
        if let Some(first) = data.first_mut() {
            *first = kind;
        }
        let _ = RayLog::decode(&STANDARD.encode(&data));
    }

    #[test]
    fn any_event_is_read(
        data in prop::collection::vec(any::<u8>(), 0..400),
        tag in 0_usize..8,
        small: bool,
    ) {
        let tags: [u64; 8] = [
            0x40c6_cde8_2608_71e2, 0xe1ca_49af_932b_a096, 0x516c_e3be_cdd0_0ac4, 0x2e74_52d7_941b_544d,
            0xbd42_33a8_2650_7599, 0x67f4_521f_2cf5_7777, 0x3e2f_370a_a503_dc2a, 0xbddb_7fd3_4ee6_61ee,
        ];
        let mut event = tags[tag].to_be_bytes().to_vec();
        event.extend(data.iter().map(|byte| if small { byte & 1 } else { *byte }));
        for program in [
            crate::venues::cpmm::owned::RAYDIUM_CPMM, crate::venues::clmm::owned::RAYDIUM_CLMM, crate::venues::orca::owned::WHIRLPOOL, crate::venues::dlmm::owned::METEORA_DLMM,
            crate::venues::damm2::owned::METEORA_DAMM_V2, crate::venues::pump::owned::PUMP_AMM, crate::venues::pump_curve::PUMP, crate::venues::jupiter::JUPITER,
        ] {
            let _ = decode_event(&program, &event);
        }
    }
}

/// A log of Phoenix with these events; its market is 40 times 32 and its signer 41.
fn phoenix(events: &[Vec<u8>]) -> Vec<u8> {
    let mut data = vec![15, 1, 0];
    data.extend([0; 24]);
    data.extend([[40; 32], [41; 32]].concat());
    data.extend((events.len() as u16).to_le_bytes());
    data.extend(events.concat());
    data
}

fn phoenix_fill(sequence: u64, price: u64, lots: u64) -> Vec<u8> {
    let mut event = vec![2, 0, 0];
    event.extend([42; 32]);
    event.extend([sequence, price, lots, 0].map(u64::to_le_bytes).concat());
    event
}

/// A fill of `OpenBook` v2 with a taker that sells.
fn openbook_fill(price: u64, lots: u64) -> Vec<u8> {
    let mut data = vec![0; 179];
    data[..8].copy_from_slice(&0x9617_2994_98a2_d740_u64.to_be_bytes());
    data[8..40].fill(40);
    data[40] = 1;
    data[163..171].copy_from_slice(&price.to_le_bytes());
    data[171..].copy_from_slice(&lots.to_le_bytes());
    data
}

#[test]
fn fills_of_phoenix_are_read_among_other_events() {
    let fee = [[7].as_slice(), &[0; 10]].concat();
    let data = phoenix(&[
        phoenix_fill(3, 150, 20),
        fee,
        phoenix_fill(u64::MAX - 3, 151, 30),
    ]);
    let fills = decode_fills(&crate::venues::slab_decoder::owned::PHOENIX, &data).unwrap();
    let trades = fills
        .iter()
        .map(|fill| (fill.taker_buys, fill.price, fill.base_lots));
    assert_eq!(
        trades.collect::<Vec<_>>(),
        [(true, 150, 20), (false, 151, 30)]
    );
    assert_eq!(
        (fills[0].market, fills[0].maker, fills[0].taker),
        ([40; 32], [42; 32], [41; 32])
    );
    assert_eq!(
        decode_fills(&crate::venues::slab_decoder::owned::OPENBOOK_V2, &data),
        Ok(Vec::new())
    );
}

#[test]
fn fills_of_openbook_are_read_in_its_frame() {
    let book = crate::chain::base58::encode(&crate::venues::slab_decoder::owned::OPENBOOK_V2);
    let line = format!("Program data: {}", STANDARD.encode(openbook_fill(150, 20)));
    let lines = [
        format!("Program {ROUTER} invoke [1]"),
        line.clone(),
        format!("Program {book} invoke [2]"),
        line,
        format!("Program {book} success"),
    ];
    let logs = parse_logs(&lines);
    assert_eq!(logs.fills.len(), 1);
    let fill = &logs.fills[0];
    assert_eq!(
        (fill.line, fill.frame, fill.event.taker_buys),
        (3, 1, false)
    );
    assert_eq!((logs.swaps.len(), logs.refused.len()), (0, 0));
}

proptest! {
    #[test]
    fn torn_fills_are_read_or_refused(
        fills in proptest::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 0..5), at: usize, byte: u8, cut: usize,
    ) {
        let events: Vec<_> = fills.iter().map(|&(sequence, price, lots)| phoenix_fill(sequence, price, lots)).collect();
        for (owner, whole) in [(crate::venues::slab_decoder::owned::PHOENIX, phoenix(&events)), (crate::venues::slab_decoder::owned::OPENBOOK_V2, openbook_fill(1, 2))] {
            let mut torn = whole.clone();
            torn[at % whole.len()] = byte;
            for data in [&torn[..], &torn[..cut % whole.len()]] {
                if let Ok(read) = decode_fills(&owner, data) {
                    prop_assert!(read.iter().all(|fill| fill.price > 0 && fill.base_lots > 0));
                }
            }
        }
    }
}
