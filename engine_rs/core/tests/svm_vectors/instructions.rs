//! Recorded transactions, rebuilt byte for byte from their instruction.

use cambist_core::build::instruction_builder::{
    AccountMeta, Instruction, SwapAmounts, User, compile_legacy, compute_unit_limit,
};
use cambist_core::chain::base58::{self, Pubkey};
use cambist_core::venues::saber::layout::StableSwap;
use cambist_core::venues::saber::swap::saber_authority;
use cambist_core::venues::saber::swap::{SaberAccounts, saber_swap};
use serde::Deserialize;

use crate::recording::{bytes, load};

#[derive(Deserialize)]
struct Recording {
    #[serde(rename = "swapInfo_example_b64")]
    stable_swap: Option<String>,
    tx_examples: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    program: String,
    data: String,
    accounts: Vec<(String, u8, u8)>,
    message: String,
    tx: String,
}

fn key(text: &str) -> Pubkey {
    base58::decode(text).expect("a key")
}

fn recorded(row: &Row) -> Instruction {
    let meta = |(text, signer, writable): &(String, u8, u8)| AccountMeta {
        key: key(text),
        signer: *signer == 1,
        writable: *writable == 1,
    };
    let digits = row.data.as_bytes().as_chunks::<2>().0.iter();
    let byte = |digits: &[u8; 2]| {
        let text = std::str::from_utf8(digits).expect("ASCII");
        u8::from_str_radix(text, 16).expect("hex")
    };
    Instruction {
        program: key(&row.program),
        accounts: row.accounts.iter().map(meta).collect(),
        data: digits.map(byte).collect(),
    }
}

#[test]
fn every_recorded_transaction_is_rebuilt() {
    let names = [
        "raydium_amm_v4",
        "raydium_cpmm",
        "raydium_clmm_svm2024",
        "orca_whirlpool",
        "meteora_dlmm",
        "meteora_damm_v2",
        "saber_stable_swap",
    ];
    for name in names {
        let Some(recording) = load::<Recording>(name) else {
            return;
        };
        assert_eq!(recording.tx_examples.len(), 10);
        for row in &recording.tx_examples {
            let (expected, wire) = (bytes(&row.message), bytes(&row.tx));
            let keys = expected[4..].as_chunks::<32>().0;
            let (payer, blockhash) = (keys[0], keys[usize::from(expected[3])]);
            let calls = [compute_unit_limit(1_400_000), recorded(row)];
            let message = compile_legacy(&payer, &calls, &blockhash).expect("it was sent");
            assert_eq!(message.data(), expected, "{name}");
            let signatures = wire[1..].as_chunks().0;
            let signatures = &signatures[..usize::from(wire[0])];
            let built = message.transaction(signatures).expect("all signatures");
            assert_eq!(built, wire, "{name}");
        }
    }
}

#[test]
fn every_saber_swap_is_rebuilt_from_its_pool() {
    let Some(recording) = load::<Recording>("saber_stable_swap") else {
        return;
    };
    let account = bytes(&recording.stable_swap.expect("a pool"));
    let state = StableSwap::decode(&account).expect("a pool");
    for row in &recording.tx_examples {
        let expected = recorded(row);
        let at = |index: usize| expected.accounts[index].key;
        let pool = SaberAccounts {
            pool: at(0),
            authority: saber_authority(&at(0), state.nonce).expect("a nonce"),
            vaults: state.vaults,
            admin_vaults: state.admin_vaults,
        };
        let user = User {
            owner: at(2),
            source: at(3),
            target: at(6),
        };
        let word = |at: usize| u64::from_le_bytes(expected.data[at..at + 8].try_into().expect("8"));
        let amounts = SwapAmounts {
            exact_in: true,
            amount: word(1),
            limit: word(9),
        };
        let built = saber_swap(&pool, &user, amounts, at(4) == state.vaults[0]);
        assert_eq!(built, Ok(expected));
    }
}
