//! Orders of accounts, refusals, and messages taken apart again.

use crate::venues::orca::swap::{WhirlpoolAccounts, whirlpool_swap, whirlpool_swap_v2};
use crate::venues::pump::swap::{PumpAccounts, PumpPool, pump_swap, pump_swap_v2};
use crate::venues::ray4::swap::{RaydiumV4Accounts, raydium_v4_swap};
use crate::venues::saber::swap::{SaberAccounts, saber_swap};
use proptest::prelude::*;

use super::*;
use crate::chain::program::{COMPUTE_BUDGET, MEMO, WRAPPED_SOL};

const fn key(byte: u8) -> Pubkey {
    [byte; 32]
}

const USER: User = User {
    owner: key(1),
    source: key(2),
    target: key(3),
};
const IN: SwapAmounts = SwapAmounts {
    exact_in: true,
    amount: 5,
    limit: 4,
};
const OUT: SwapAmounts = SwapAmounts {
    exact_in: false,
    ..IN
};

fn whirlpool(program_b: Pubkey) -> WhirlpoolAccounts {
    WhirlpoolAccounts {
        program: key(9),
        pool: key(10),
        oracle: key(11),
        vaults: [key(12), key(13)],
        mints: [key(14), key(15)],
        programs: [TOKEN, program_b],
    }
}

fn keys(instruction: &Instruction) -> Vec<Pubkey> {
    instruction.accounts.iter().map(|meta| meta.key).collect()
}

#[test]
fn an_exact_amount_out_turns_the_amounts_around() {
    let pool = RaydiumV4Accounts {
        pool: key(4),
        coin_vault: key(5),
        pc_vault: key(6),
    };
    let built = raydium_v4_swap(&pool, None, &USER, IN);
    assert_eq!(built.data[0], 16);
    assert_eq!(built.data[1..9], 5_u64.to_le_bytes());
    let built = raydium_v4_swap(&pool, None, &USER, OUT);
    assert_eq!(built.data[0], 17);
    assert_eq!(built.data[1..9], 4_u64.to_le_bytes());
    assert_eq!(
        keys(&built)[1..],
        [
            key(4),
            crate::venues::ray4::owned::RAYDIUM_V4_AUTHORITY,
            key(5),
            key(6),
            key(2),
            key(3),
            key(1)
        ]
    );
}

#[test]
fn a_whirlpools_last_array_fills_up_and_more_go_behind() {
    let pool = whirlpool(TOKEN);
    let built = whirlpool_swap(&pool, &[key(20), key(21)], &USER, IN, 0, true, true).unwrap();
    assert_eq!(keys(&built)[7..10], [key(20), key(21), key(21)]);
    assert!(built.accounts[10].writable);
    let built = whirlpool_swap_v2(&pool, &[key(20)], &[key(22)], &USER, IN, 0, false).unwrap();
    assert_eq!(keys(&built)[15..], [key(22)]);
    assert_eq!(built.data[42..], [1, 1, 0, 0, 0, 6, 1]);
    assert_eq!(keys(&built)[7..11], [key(3), key(12), key(2), key(13)]);
}

#[test]
fn what_no_program_takes_is_refused_by_name() {
    let swap = |pool, arrays: &[Pubkey]| whirlpool_swap(&pool, arrays, &USER, IN, 0, true, false);
    let error = swap(whirlpool(TOKEN_2022), &[key(0)]).unwrap_err();
    let text = "a mint of TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb needs version 2 of the swap";
    assert_eq!(error.to_string(), text);
    assert_eq!(swap(whirlpool(TOKEN), &[]), Err(BuildError::NoArrays));
    let (count, most) = (4, 3);
    let many = Err(BuildError::TooManyArrays { count, most });
    assert_eq!(swap(whirlpool(TOKEN), &[key(0); 4]), many);
    let v2 = whirlpool_swap_v2(&whirlpool(key(7)), &[key(0)], &[], &USER, IN, 0, true);
    assert_eq!(v2, Err(BuildError::TokenProgram(key(7))));
    let saber = SaberAccounts {
        pool: key(4),
        authority: key(5),
        vaults: [key(6), key(7)],
        admin_vaults: [key(8), key(9)],
    };
    assert_eq!(
        saber_swap(&saber, &USER, OUT, true),
        Err(BuildError::ExactOut("Saber"))
    );
    assert_eq!(loaded_data_limit(0), Err(BuildError::LoadedData));
    let refused = close_account(key(1), key(2), key(3), MEMO);
    assert_eq!(refused, Err(BuildError::TokenProgram(MEMO)));
}

#[test]
fn wrapped_sol_is_made_and_undone_at_one_address() {
    let [create, pay, sync] = wrap_sol(key(1), 7).unwrap();
    let account = associated_token_address(&key(1), &WRAPPED_SOL, &TOKEN).unwrap();
    assert_eq!(keys(&create)[1], account);
    assert_eq!(keys(&pay), [key(1), account]);
    assert_eq!(pay.data, [2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(keys(&sync), [account]);
    assert_eq!(
        keys(&unwrap_sol(key(1)).unwrap()),
        [account, key(1), key(1)]
    );
    assert_eq!(memo("hi", &[key(1)]).data, b"hi");
}

#[test]
fn pumps_remaining_accounts_follow_the_coin() {
    let pool = PumpPool {
        pool: key(4),
        base_mint: key(5),
        quote_mint: WRAPPED_SOL,
        base_vault: key(6),
        quote_vault: key(7),
        base_program: TOKEN_2022,
        quote_program: TOKEN,
        fee_recipient: key(8),
        buyback_recipient: key(9),
        coin_creator: key(10),
    };
    let counts = |cashback, amounts, buy| {
        let accounts = PumpAccounts::derive(pool, &USER.owner, cashback).unwrap();
        let old = pump_swap(&accounts, &USER, amounts, buy).unwrap();
        let new = pump_swap_v2(&accounts, &USER, amounts, buy).unwrap();
        (
            old.accounts.len(),
            new.accounts.len(),
            old.data.len(),
            new.data.len(),
        )
    };
    assert_eq!(counts(false, OUT, true), (26, 17, 25, 24));
    assert_eq!(counts(true, IN, true), (27, 17, 25, 24));
    assert_eq!(counts(false, IN, false), (24, 17, 24, 24));
    assert_eq!(counts(true, IN, false), (26, 17, 24, 24));
    let accounts = PumpAccounts::derive(pool, &USER.owner, false).unwrap();
    assert!(pump_swap(&accounts, &USER, OUT, false).is_err());
    let stranger = PumpPool {
        base_program: key(1),
        ..pool
    };
    let refused = PumpAccounts::derive(stranger, &USER.owner, false);
    assert_eq!(refused, Err(BuildError::TokenProgram(key(1))));
}

#[test]
fn a_transaction_is_as_large_as_the_network_takes_or_refused() {
    let sized = |bytes| {
        let mut call = memo("", &[]);
        call.data = vec![0; bytes];
        compile_legacy(&key(1), &[call], &key(2))
    };
    let fits = sized(1_062).unwrap();
    assert_eq!(fits.transaction(&[[0; 64]]).unwrap().len(), MAX_TRANSACTION);
    assert_eq!(sized(1_063), Err(BuildError::TooLarge(1_233)));
    let (given, expected) = (0, 1);
    let refused = fits.transaction(&[]);
    assert_eq!(refused, Err(BuildError::Signatures { given, expected }));
    let mut call = compute_unit_limit(1);
    call.accounts = (0..=255).map(|byte| readonly([byte; 32])).collect();
    let many = compile_legacy(&key(1), &[call], &key(2));
    assert_eq!(many, Err(BuildError::TooManyAccounts(257)));
    assert_eq!(COMPUTE_BUDGET[0], 3);
    let long = LookupTable::new(key(1), &[key(2); 257]);
    assert_eq!(long, Err(BuildError::TooManyAddresses(257)));
}

#[test]
fn a_tables_newest_addresses_wait_for_the_next_slot() {
    let mut data = vec![1, 0, 0, 0];
    data.extend(u64::MAX.to_le_bytes());
    data.extend(70_u64.to_le_bytes());
    data.push(1);
    data.resize(56, 0);
    data.extend([key(2), key(3)].as_flattened());
    let table = |addresses: &[Pubkey]| LookupTable::new(key(1), addresses);
    assert_eq!(
        LookupTable::decode(key(1), &data, 71),
        table(&[key(2), key(3)])
    );
    assert_eq!(LookupTable::decode(key(1), &data, 70), table(&[key(2)]));
    let short = LookupTable::decode(key(1), &data[..119], 71);
    assert_eq!(short, Err(BuildError::NoTable(119)));
    data[4..12].copy_from_slice(&60_u64.to_le_bytes());
    let closed = LookupTable::decode(key(1), &data, 71);
    assert_eq!(closed, Err(BuildError::TableClosed(60)));
    data[0] = 2;
    let other = LookupTable::decode(key(1), &data, 71);
    assert_eq!(other, Err(BuildError::NoTable(120)));
}

/// A message read back: header, static keys, calls as indices, lookups.
type Parsed = (
    [u8; 3],
    Vec<Pubkey>,
    Vec<(u8, Vec<u8>, Vec<u8>)>,
    Vec<(Pubkey, Vec<u8>, Vec<u8>)>,
);

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (head, tail) = bytes.split_at(count);
    *bytes = tail;
    head
}

fn take_many<'a>(bytes: &mut &'a [u8], size: usize) -> &'a [u8] {
    let (mut count, mut shift) = (0, 0);
    loop {
        let byte = take(bytes, 1)[0];
        count |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return take(bytes, count * size);
        }
    }
}

fn parse(mut bytes: &[u8]) -> Parsed {
    assert_eq!(take(&mut bytes, 1), [0x80]);
    let header = take(&mut bytes, 3).try_into().unwrap();
    let fixed = take_many(&mut bytes, 32).as_chunks().0.to_vec();
    assert_eq!(take(&mut bytes, 32), key(99));
    let calls = (0..take(&mut bytes, 1)[0])
        .map(|_| {
            let program = take(&mut bytes, 1)[0];
            let accounts = take_many(&mut bytes, 1).to_vec();
            (program, accounts, take_many(&mut bytes, 1).to_vec())
        })
        .collect();
    let lookups = (0..take(&mut bytes, 1)[0])
        .map(|_| {
            let table = take(&mut bytes, 32).try_into().unwrap();
            let written = take_many(&mut bytes, 1).to_vec();
            (table, written, take_many(&mut bytes, 1).to_vec())
        })
        .collect();
    assert!(bytes.is_empty());
    (header, fixed, calls, lookups)
}

fn calls() -> impl Strategy<Value = Vec<Instruction>> {
    let meta = (0u8..16, any::<bool>(), any::<bool>()).prop_map(|(byte, signer, writable)| {
        let signer = signer && byte < 4;
        AccountMeta {
            key: key(byte),
            signer,
            writable,
        }
    });
    let metas = proptest::collection::vec(meta, 0..10);
    let data = proptest::collection::vec(any::<u8>(), 0..20);
    let call = (0u8..18, metas, data).prop_map(|(program, accounts, data)| Instruction {
        program: key(program),
        accounts,
        data,
    });
    proptest::collection::vec(call, 0..4)
}

proptest! {
    #[test]
    fn a_message_says_what_went_in(
        calls in calls(),
        listed in proptest::collection::vec(proptest::collection::vec(0u8..20, 0..12), 0..3),
        pinned in 0u8..16,
    ) {
        let listed: Vec<Vec<Pubkey>> =
            listed.iter().map(|bytes| bytes.iter().map(|&byte| key(byte)).collect()).collect();
        let tables: Vec<LookupTable> = (200..).zip(&listed)
            .map(|(at, addresses)| LookupTable::new(key(at), addresses).unwrap()).collect();
        let message = compile_v0(&key(0), &calls, &tables, &key(99), &[key(pinned)]).unwrap();
        let ([signed, read_signed, read], mut all, parsed, lookups) = parse(message.data());
        let fixed = all.len();
        prop_assert_eq!(message.signers(), &all[..usize::from(signed)]);
        prop_assert_eq!(all[0], key(0));
        let of = |table: &Pubkey, place: &u8| listed[usize::from(table[0]) - 200][usize::from(*place)];
        for (table, written, _) in &lookups {
            all.extend(written.iter().map(|place| of(table, place)));
        }
        let written_end = all.len();
        for (table, _, read) in &lookups {
            all.extend(read.iter().map(|place| of(table, place)));
        }
        let metas = || calls.iter().flat_map(|call| &call.accounts);
        for (at, account) in all.iter().enumerate() {
            prop_assert_eq!(all.iter().filter(|other| *other == account).count(), 1);
            let signs = at == 0 || metas().any(|meta| meta.key == *account && meta.signer);
            let writes = at == 0 || metas().any(|meta| meta.key == *account && meta.writable);
            prop_assert_eq!(at < usize::from(signed), signs);
            let is_written = if at < usize::from(signed) {
                at < usize::from(signed - read_signed)
            } else if at < fixed {
                at < fixed - usize::from(read)
            } else {
                at < written_end
            };
            prop_assert_eq!(is_written, writes);
            let is_called = calls.iter().any(|call| call.program == *account);
            prop_assert!(at < fixed || !(signs || is_called || *account == key(pinned)));
            let is_listed = listed.iter().flatten().any(|each| each == account);
            prop_assert!(at >= fixed || signs || is_called || *account == key(pinned) || !is_listed);
        }
        for (call, (program, accounts, data)) in calls.iter().zip(parsed) {
            prop_assert_eq!(call.program, all[usize::from(program)]);
            let named: Vec<Pubkey> = accounts.iter().map(|&at| all[usize::from(at)]).collect();
            prop_assert_eq!(keys(call), named);
            prop_assert_eq!(&call.data, &data);
        }
        let legacy = compile_legacy(&key(0), &calls, &key(99)).unwrap();
        let plain = compile_v0::<_, LookupTable>(&key(0), &calls, &[], &key(99), &[]).unwrap();
        prop_assert_eq!([&[0x80], legacy.data(), &[0]].concat(), plain.data());
    }
}
