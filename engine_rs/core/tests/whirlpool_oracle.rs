//! Random swaps beside Orca's own crate, equal to the atom. `CAMBIST_ORACLE_SWAPS=1000000 cargo test --release -p
//! cambist-core --test whirlpool_oracle` runs as many.

use cambist_core::venues::quote::ChainTime;
use cambist_core::venues::quote_error::QuoteError;

#[path = "common/orca.rs"]
mod orca;

const NOW: ChainTime = ChainTime {
    slot: 1,
    unix_timestamp: 1_760_000_000,
    epoch: 1,
};
const SWAPS: u64 = 4_000;
const SWAPS_PER_POOL: u64 = 50;

#[test]
fn random_swaps_pay_what_the_official_crate_says() {
    let swaps = std::env::var("CAMBIST_ORACLE_SWAPS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SWAPS);
    let mut rng = orca::Rng(7);
    let (mut done, mut paid, mut crossed) = (0_u64, 0_u64, 0_u64);
    let (mut refused, mut edge) = (0_u64, 0_u64);
    while done < swaps {
        let spacing = [1, 4, 8, 64, 128][rng.below(5) as usize];
        let tick = rng.below(400_001) as i32 - 200_000;
        let base = 1_u128 << (30 + rng.below(40));
        let step = 1 + rng.below(20);
        let made = orca::Made::new(&mut rng, spacing, tick, base, step);
        let both = [false, true].map(|a_to_b| made.theirs(a_to_b));
        for _ in 0..SWAPS_PER_POOL.min(swaps - done) {
            let a_to_b = rng.below(2) == 1;
            let amount = (rng.next() >> rng.below(63)).max(1);
            let mine = made.pool.quote(a_to_b, amount, &NOW);
            let theirs = orca::official(both[usize::from(a_to_b)].clone(), a_to_b, amount);
            let case =
                format!("swap {done}: spacing {spacing}, tick {tick}, {base}, {amount} {a_to_b}");
            match (mine, theirs) {
                // Their quote may stop half-way, which here is a refusal.
                (Ok(mine), Some(theirs)) => {
                    assert_eq!(theirs.token_in, mine.amount_in, "{case}");
                    assert_eq!(theirs.token_est_out, mine.amount_out, "{case}");
                    assert_eq!(theirs.trade_fee, mine.fee, "{case}");
                    crossed += u64::from(mine.ticks_crossed > 0);
                    paid += 1;
                }
                (Err(_), None) => refused += 1,
                (Err(_), Some(theirs)) if theirs.token_in < amount => refused += 1,
                (Err(QuoteError::Liquidity), Some(_)) if !a_to_b && made.ends_on_a_tick() => {
                    edge += 1;
                }
                (mine, theirs) => panic!("{case}: {mine:?}, {theirs:?}"),
            }
            done += 1;
        }
    }
    println!("{paid} paid, {crossed} of them over ticks, {refused} refused, {edge} at the edge");
    assert!(edge <= done / 1_000, "{edge}");
    assert!(
        paid > done / 3 && crossed > done / 20,
        "{paid} {crossed} {refused}"
    );
}
