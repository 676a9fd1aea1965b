use proptest::prelude::*;

use super::message::Instruction;
use super::transfer::{self, Transfer};
use super::*;
use crate::chain::base58;
use crate::chain::program;

fn named(byte: u8) -> String {
    base58::encode(&[byte; 32])
}

/// A swap of Raydium AMM v4 with 8 accounts, its two transfers and the balances of its vaults.
fn answer() -> String {
    let key = |text: Pubkey| base58::encode(&text);
    let keys: Vec<String> = (1..=7)
        .map(named)
        .chain([
            key(program::TOKEN),
            key(crate::venues::ray4::owned::RAYDIUM_V4),
        ])
        .map(|key| format!("\"{key}\""))
        .collect();
    let data = |bytes: &[u8]| bytes_to_base58(bytes);
    let swap = data(&[&[16][..], &600_u64.to_le_bytes(), &[0; 8]].concat());
    let (paid, received) = (data(&transfer::plain(600)), data(&transfer::plain(900)));
    let (amm, token) = (
        key(crate::venues::ray4::owned::RAYDIUM_V4),
        key(program::TOKEN),
    );
    let balance = |at: u8, mint: u8, amount: u64| {
        format!(
            r#"{{"accountIndex":{at},"mint":"{}","uiTokenAmount":{{"amount":"{amount}","decimals":6}}}}"#,
            named(mint)
        )
    };
    format!(
        r#"{{"result":{{"slot":5,"transaction":{{"signatures":[],"message":{{"accountKeys":[{}],"instructions":[
        {{"programIdIndex":8,"accounts":[7,1,2,3,4,5,6,0],"data":"{swap}"}}]}}}},
        "meta":{{"err":null,"fee":5000,"innerInstructions":[{{"index":0,"instructions":[
        {{"programIdIndex":7,"accounts":[5,3,0],"data":"{paid}","stackHeight":2}},
        {{"programIdIndex":7,"accounts":[4,6,2],"data":"{received}","stackHeight":2}}]}}],
        "logMessages":["Program {amm} invoke [1]","Program {token} invoke [2]","Program {token} success",
        "Program {token} invoke [2]","Program {token} success","Program {amm} success"],
        "preTokenBalances":[{},{}],"postTokenBalances":[{},{}]}}}}}}"#,
        keys.join(","),
        balance(3, 60, 1_000),
        balance(4, 61, 1_000),
        balance(3, 60, 1_600),
        balance(4, 61, 100),
    )
}

/// Slow, and only for bytes that don't start with a zero.
fn bytes_to_base58(bytes: &[u8]) -> String {
    let alphabet = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut digits: Vec<u32> = Vec::new();
    for &byte in bytes {
        let mut carry = u32::from(byte);
        for digit in &mut digits {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    let text = digits
        .iter()
        .rev()
        .map(|&digit| char::from(alphabet[digit as usize]));
    text.collect()
}

#[test]
fn a_swap_without_an_event_is_told_by_its_transfers() {
    let [transaction] = &parse_transactions(answer().as_bytes(), &Markets::new()).unwrap()[..]
    else {
        panic!("one transaction");
    };
    assert!(transaction.complete);
    let [swap] = &transaction.swaps[..] else {
        panic!("one swap");
    };
    assert_eq!(swap.venue.venue, "ray4");
    assert_eq!(swap.pool, Some([2; 32]));
    assert_eq!(swap.mints, (Some([60; 32]), Some([61; 32])));
    assert_eq!(swap.amounts, (Some(600), Some(900)));
    assert_eq!(swap.by_balances, (Some(600), Some(900)));
    assert_eq!((swap.price, swap.disagrees), (Some((3, 2)), false));
}

#[test]
fn transfers_hide_in_batches() {
    let keys: Vec<Pubkey> = (1..=6).map(|byte| [byte; 32]).collect();
    let one = transfer::plain(100);
    let two = transfer::plain(50);
    let data = [&[255, 3, 9][..], &one, &[3, 9], &two].concat();
    let call = Instruction {
        program: program::TOKEN,
        accounts: keys,
        data,
        height: None,
    };
    let moved = |source: u8, destination: u8, amount| Transfer {
        source: [source; 32],
        destination: [destination; 32],
        amount,
        mint: None,
        decimals: None,
    };
    assert_eq!(transfer::of(&call), [moved(1, 2, 100), moved(4, 5, 50)]);
}

#[test]
fn too_many_calls_are_refused() {
    let call = r#"{"programId":"11111111111111111111111111111111","accounts":[],"data":""}"#;
    let calls = vec![call; 4097].join(",");
    let body = format!(
        r#"{{"transaction":{{"signatures":[],"message":{{"accountKeys":[],"instructions":[{calls}]}}}},"meta":{{}}}}"#
    );
    let refused = parse_transactions(body.as_bytes(), &Markets::new()).unwrap_err();
    assert_eq!(refused.to_string(), "`transaction` was an object");
}

proptest! {
    #[test]
    fn torn_answers_are_read_or_refused(at in 0_usize..4000, byte: u8, cut in 0_usize..4000) {
        let whole = answer().into_bytes();
        let mut torn = whole.clone();
        let at = at % torn.len();
        torn[at] = byte;
        let _ = parse_transactions(&torn, &Markets::new());
        torn.truncate(cut);
        let _ = parse_transactions(&torn, &Markets::new());
    }

    #[test]
    fn a_price_is_in_lowest_terms(sold in 1_u64.., bought: u64) {
        let (out, into) = swaps::price((Some(sold), Some(bought))).unwrap();
        prop_assert_eq!(u128::from(out) * u128::from(sold), u128::from(into) * u128::from(bought));
        prop_assert!((2..100).all(|factor| out % factor != 0 || into % factor != 0));
    }
}
