use super::*;
use crate::chain::base58;
use crate::venues::orca::owned::{WHIRLPOOL, WHIRLPOOLS_CONFIG};
use crate::venues::pairs::Pools;

fn key(text: &str) -> Pubkey {
    base58::decode(text).unwrap()
}

const SOL: &str = "So11111111111111111111111111111111111111112";
const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";

#[test]
fn known_pools_are_found() {
    let (pool, bump) = find(
        &[
            b"whirlpool",
            &WHIRLPOOLS_CONFIG,
            &key(SOL),
            &key(USDC),
            &4_u16.to_le_bytes(),
        ],
        &WHIRLPOOL,
    )
    .unwrap();
    assert_eq!(
        base58::encode(&pool),
        "Czfq3xZZDmsdGdUyrNLtRhGc47cXcZtLG4crryfu44zE"
    );
    assert_eq!(bump, 255);
}

#[test]
fn a_pair_has_the_pools_that_mainnet_has() {
    let wanted = Pools::mainnet().unwrap().of(&key(USDC), &key(SOL));
    let found: Vec<String> = find_many(&wanted)
        .unwrap()
        .iter()
        .map(|(key, _)| base58::encode(key))
        .collect();
    assert_eq!(found.len(), 21);
    for known in [
        "Czfq3xZZDmsdGdUyrNLtRhGc47cXcZtLG4crryfu44zE",
        "7qbRF6YsyGuLUVs6Y1q64bdVrfe4ZcUUz1JRdoVNUJnm",
        "HJPjoWUrhoZzkNfRpHuieeFk9WcZWjwy6PBjZ81ngndJ",
        "7JuwJuNU88gurFnyWeiyGKbFmExMWcmRZntn9imEzdny",
        "3tD34VtprDSkYCnATtQLCiVgTkECU3d12KtjupeR6N2X",
        "2QdhepnKRTLjjSqPL1PtKNwqrUkoLee5Gqs8bvZhRdMv",
        "8sLbNZoA1cfnvMJLPfp98ZLAnFSYCFApfJKMbiXNLwxj",
        "3ucNos4NbumPLZNWztqGHNFFgkHeRMBQAVemeeomsUxv",
    ] {
        assert!(found.iter().any(|each| each == known), "{known}");
    }
}

#[test]
fn seeds_past_the_limits_are_refused() {
    let (long, fits) = ([0; 33], [0; 32]);
    let error = PdaError::SeedTooLong { at: 1, length: 33 };
    assert_eq!(find(&[&fits, &long], &WHIRLPOOL), Err(error.clone()));
    assert_eq!(create(&[&fits, &long], &WHIRLPOOL), Err(error));
    let seeds = [&fits[..]; 17];
    assert!(find(&seeds[..15], &WHIRLPOOL).is_ok());
    assert_eq!(
        find(&seeds[..16], &WHIRLPOOL),
        Err(PdaError::TooManySeeds(17))
    );
    assert_eq!(create(&seeds, &WHIRLPOOL), Err(PdaError::TooManySeeds(17)));
}

#[test]
fn what_find_gives_create_gives_and_higher_bumps_do_not() {
    for number in 0_u32..200 {
        let number = number.to_le_bytes();
        let (found, bump) = find(&[&number], &WHIRLPOOL).unwrap();
        assert_eq!(create(&[&number, &[bump]], &WHIRLPOOL), Ok(found));
        for higher in bump.saturating_add(1)..=u8::MAX {
            if higher > bump {
                let refused = create(&[&number, &[higher]], &WHIRLPOOL);
                assert!(matches!(refused, Err(PdaError::OnCurve(_))));
            }
        }
    }
}

#[test]
fn a_cache_derives_once_and_forgets_the_oldest() {
    assert_eq!(PdaCache::new(0).err(), Some(PdaError::NoCapacity));
    let mut cache = PdaCache::new(2).unwrap();
    for seed in [b"a", b"b", b"a", b"c", b"b", b"a"] {
        assert_eq!(
            cache.find(&[seed], &WHIRLPOOL),
            find(&[seed], &WHIRLPOOL),
            "{seed:?}"
        );
    }
    assert_eq!(cache.counts(), [2, 4, 2]);
    assert_eq!(cache.len(), 2);
    assert_eq!(
        cache.find(&[&[0; 33]], &WHIRLPOOL),
        Err(PdaError::SeedTooLong { at: 0, length: 33 })
    );
}

#[test]
fn a_cache_knows_what_it_keeps_by_its_whole_key() {
    let mut cache = PdaCache::new(3).unwrap();
    let whole = [7; MAX_SEED_LEN];
    // Up to four whole seeds are packed, fifteen are the most there can be.
    for count in [0, 3, 4, 5, 15, 4, 15, 0] {
        let seeds = vec![&whole[..]; count];
        assert_eq!(
            cache.find(&seeds, &WHIRLPOOL),
            find(&seeds, &WHIRLPOOL),
            "{count}"
        );
        assert_eq!(cache.find(&seeds, &[1; 32]), find(&seeds, &[1; 32]));
    }
    assert_eq!(cache.counts(), [0, 16, 13]);
    let (address, bump) = cache.find(&[b"a", b"bc"], &WHIRLPOOL).unwrap();
    let joined = [&WHIRLPOOL[..], b"abc"].concat();
    let known = cache.known(&joined).unwrap();
    assert_eq!((known.address, known.bump), (address, bump));
    assert_eq!((known.serial, known.place), (16, 1));
    assert_eq!(cache.known(&joined[..34]), None);
    assert_eq!(cache.counts(), [1, 17, 14]);
}

#[test]
fn seeds_are_taken_as_find_takes_them() {
    let whole = [0; MAX_SEED_LEN + 1];
    for count in 1..=MAX_SEEDS + 1 {
        for length in [0, MAX_SEED_LEN, MAX_SEED_LEN + 1] {
            let seeds = vec![&whole[..length]; count];
            let taken = (0..count).all(|before| takes(before, length));
            assert_eq!(check(&seeds, 1).is_ok(), taken, "{count} {length}");
        }
    }
}

#[test]
fn pairs_are_derived_at_start_up_to_the_bound() {
    let mut cache = PdaCache::new(DEFAULT_CAPACITY).unwrap();
    let pairs: Vec<(Pubkey, Pubkey)> = (0..=250_u8).map(|at| ([at; 32], [255; 32])).collect();
    assert_eq!(cache.warm(&pairs[..2]), Ok(42));
    assert_eq!(cache.warm(&pairs[..3]), Ok(21));
    let many: Vec<_> = (0..600_u16)
        .map(|at| {
            let mut mint = [7; 32];
            mint[..2].copy_from_slice(&at.to_le_bytes());
            (mint, [255; 32])
        })
        .collect();
    assert_eq!(cache.warm(&many), Ok(21 * TOP_PAIRS as u64));
}
