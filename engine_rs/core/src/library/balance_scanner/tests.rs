use proptest::prelude::*;

use super::*;

const WALLET: Pubkey = [7; 32];
const MINT: Pubkey = [9; 32];

fn token_account(owner: Pubkey, amount: u64, state: u8) -> Vec<u8> {
    let mut data = vec![0; 165];
    data[..32].copy_from_slice(&MINT);
    data[32..64].copy_from_slice(&owner);
    data[64..72].copy_from_slice(&amount.to_le_bytes());
    data[108] = state;
    data
}

fn extended(mut data: Vec<u8>, size: usize, kind: u8, extensions: &[(u16, &[u8])]) -> Vec<u8> {
    data.resize(size, 0);
    data.push(kind);
    for (extension, value) in extensions {
        data.extend(extension.to_le_bytes());
        data.extend((value.len() as u16).to_le_bytes());
        data.extend(*value);
    }
    data
}

fn mint(bps: u16, max_fee: u64) -> Vec<u8> {
    let mut data = vec![0; 82];
    data[44] = 6;
    data[45] = 1;
    let mut config = [0; 108];
    for at in [72, 90] {
        config[at + 8..at + 16].copy_from_slice(&max_fee.to_le_bytes());
        config[at + 16..at + 18].copy_from_slice(&bps.to_le_bytes());
    }
    extended(data, 165, 1, &[(1, &config)])
}

fn account(number: u8, program: Pubkey, data: &[u8]) -> RawAccount<'_> {
    RawAccount {
        address: [number; 32],
        program,
        lamports: 2_039_280,
        data,
    }
}

#[test]
fn sums_by_mint_and_takes_the_transfer_fee_of_each_account() {
    let plain = extended(
        token_account(WALLET, 1_001, 1),
        165,
        2,
        &[(7, &[]), (2, &77_u64.to_le_bytes())],
    );
    let mut frozen = extended(token_account(WALLET, 500, 2), 165, 2, &[]);
    frozen[72] = 1;
    frozen[121..129].copy_from_slice(&900_u64.to_le_bytes());
    let accounts = [
        account(1, program::TOKEN_2022, &plain),
        account(2, program::TOKEN_2022, &frozen),
    ];
    let mint = mint(100, 1_000);
    let scan = scan_wallet(&WALLET, &accounts, &[(MINT, &mint)], 3);
    assert_eq!(scan.skipped, []);
    let balance = &scan.balances[0];
    assert_eq!(
        (balance.accounts, balance.total, balance.frozen),
        (2, 1_501, 500)
    );
    assert_eq!((balance.delegated, balance.spendable), (500, 1_001));
    assert_eq!((balance.withheld, balance.decimals), (77, Some(6)));
    assert_eq!(balance.arrives, Some(1_001 - 11));
    assert_eq!(scan.holdings[0].extensions, [7, 2]);
}

#[test]
fn wrapped_sol_shows_what_is_not_synced() {
    let mut data = token_account(WALLET, 1_000, 1);
    data[109] = 1;
    data[113..121].copy_from_slice(&2_039_280_u64.to_le_bytes());
    let mut raw = account(1, program::TOKEN, &data);
    raw.lamports += 1_500;
    let own = RawAccount {
        address: WALLET,
        program: program::SYSTEM,
        lamports: 42,
        data: &[],
    };
    let scan = scan_wallet(&WALLET, &[raw, own], &[], 0);
    assert_eq!(scan.lamports, Some(42));
    assert_eq!(scan.holdings[0].unsynced, Some(500));
    assert_eq!(scan.balances[0].wrapped, 1_000);
    assert_eq!(scan.balances[0].arrives, None);
}

#[test]
fn every_reason_to_skip_is_counted() {
    let good = token_account(WALLET, 1, 1);
    let (other, empty) = (token_account(MINT, 1, 1), token_account(WALLET, 1, 0));
    let (cut, mint_account) = (vec![0; 100], vec![0; 82]);
    let multisig = vec![0; 355];
    let accounts = [
        account(1, program::TOKEN, &good),
        account(1, program::TOKEN, &good),
        account(2, crate::venues::ray4::owned::RAYDIUM_V4, &good),
        account(3, program::TOKEN, &mint_account),
        account(4, program::TOKEN_2022, &multisig),
        account(5, program::TOKEN, &empty),
        account(6, program::TOKEN, &other),
        account(7, program::TOKEN, &cut),
    ];
    let scan = scan_wallet(&WALLET, &accounts, &[(MINT, &cut)], 0);
    let words: Vec<_> = scan
        .skips()
        .into_iter()
        .map(|(reason, count)| (reason.word(), count))
        .collect();
    assert_eq!(
        words,
        [
            ("duplicate", 1),
            ("other_program", 1),
            ("mint", 1),
            ("multisig", 1),
            ("uninitialised", 1),
            ("other_owner", 1),
            ("damaged", 1),
            ("damaged_mint", 1),
        ]
    );
    assert_eq!(
        scan.skipped.last().unwrap().detail,
        "token_account: size was 100, expected 165"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_panic_and_nothing_is_lost(
        changes in prop::collection::vec((0_usize..240, any::<u8>()), 0..12),
        length in 60_usize..240,
        newer in any::<bool>(),
    ) {
        let mut data = extended(token_account(WALLET, u64::MAX, 1), 165, 2, &[(7, &[]), (2, &[1; 8]), (5, &[0; 40])]);
        data.resize(length, 0);
        for (at, byte) in changes {
            if let Some(place) = data.get_mut(at) {
                *place = byte;
            }
        }
        let program = if newer { program::TOKEN_2022 } else { program::TOKEN };
        let accounts = [account(1, program, &data), account(2, program, &data)];
        let scan = scan_wallet(&WALLET, &accounts, &[(MINT, &data)], 0);
        prop_assert_eq!(scan.holdings.len() + scan.skipped.len(), 3);
        let total: u128 = scan.balances.iter().map(|balance| balance.total).sum();
        prop_assert_eq!(total, scan.holdings.iter().map(|each| u128::from(each.amount)).sum::<u128>());
    }
}
