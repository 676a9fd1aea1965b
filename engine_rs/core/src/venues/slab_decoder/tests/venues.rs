use proptest::prelude::*;

use super::*;

fn book_side(kind: u8, orders: &[(u64, u64, u64)]) -> Vec<u8> {
    let tree = Tree::of(88, orders);
    let mut data = vec![0; 840 + 1024 * 88];
    data = patch(data, 0, &[0x48, 0x2c, 0xe1, 0x8d, 0xb2, 0x82, 0x61, 0x39]);
    data = patch(data, 8, &tree.root.to_le_bytes());
    data = patch(data, 12, &(tree.leaves as u32).to_le_bytes());
    data = patch(data, 312, &[kind]);
    data = patch(data, 316, &tree.count().to_le_bytes());
    patch(data, 840, &tree.nodes)
}

/// A market with one bid, node 1, and one ask with a left child that is nearer; traders 1 and 2.
fn phoenix() -> Vec<u8> {
    let mut data = vec![0; 976 + 64 * 8 + 144 * 2];
    data = patch(data, 0, &[0x77, 0xdf, 0x71, 0x73, 0xb7, 0x20, 0x58, 0x71]);
    for (at, value) in [
        (16, 4_u64),
        (24, 4),
        (32, 2),
        (112, 100),
        (192, 1),
        (832, 10),
        (840, 50),
        (856, 5),
    ] {
        data = patch(data, at, &value.to_le_bytes());
    }
    let (asks, traders) = (880 + 32 + 256, 880 + 2 * (32 + 256));
    for (tree, root, size) in [(880, 1_u32, 1_u64), (asks, 1, 2), (traders, 1, 2)] {
        data = patch(data, tree, &root.to_le_bytes());
        data = patch(data, tree + 16, &size.to_le_bytes());
        data = patch(data, tree + 24, &(size as u32 + 1).to_le_bytes());
    }
    for (at, price, sequence, trader, lots) in [
        (880 + 32, 90_u64, u64::MAX - 1, 1_u64, 4_u64),
        (asks + 32, 92, 7, 1, 5),
        (asks + 96, 91, 8, 2, 6),
    ] {
        for (offset, value) in [(16, price), (24, sequence), (32, trader), (40, lots)] {
            data = patch(data, at + offset, &value.to_le_bytes());
        }
    }
    data = patch(data, asks + 32, &2_u32.to_le_bytes());
    patch(data, traders + 32 + 144 + 16, &[8; 32])
}

#[test]
fn openbook_v2_orders_fall_and_rise() {
    let orders = [(5, 1, 10), (7, 2, 20), (6, 3, 30)];
    let (bids, skipped) = decode_openbook_v2_book(&book_side(0, &orders), 0, None).unwrap();
    assert_eq!(prices(&bids), [(7, 20), (6, 30), (5, 10)]);
    assert_eq!(skipped.counts(), []);
    let (asks, _) = decode_openbook_v2_book(&book_side(1, &orders), 0, None).unwrap();
    assert_eq!(prices(&asks), [(5, 10), (6, 30), (7, 20)]);
}

#[test]
fn phoenix_gives_both_sides_and_lots() {
    let ([bids, asks], _) = decode_phoenix_books(&phoenix(), 0, 0).unwrap();
    assert_eq!(
        (prices(&bids), prices(&asks)),
        (vec![(90, 4)], vec![(91, 6), (92, 5)])
    );
    assert_eq!(asks.best().unwrap().owner, [8; 32]);
    let market = decode_phoenix_market(&phoenix()).unwrap();
    assert_eq!(
        market.lots,
        Lots {
            base: 100,
            quote: 5
        }
    );
    assert_eq!(market.taker_fee_ppm, Some(500));
    let cycle = patch(phoenix(), 880 + 32, &1_u32.to_le_bytes());
    assert_eq!(
        decode_phoenix_books(&cycle, 0, 0).unwrap_err().to_string(),
        "phoenix_bids: node 1 is reached twice"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_panic(
        changes in prop::collection::vec((8_usize..1800, any::<u8>()), 0..10),
        oracle in any::<Option<i64>>(),
        now in any::<u64>(),
        cut in 0_usize..900,
    ) {
        let orders = [(5, 1, 10), (7, 2, 20), (6, 3, 30), (7, 9, 1)];
        let mut data = [book_side(0, &orders), phoenix()];
        for account in &mut data {
            for &(at, byte) in &changes {
                if let Some(place) = account.get_mut(at) {
                    *place = byte;
                }
            }
            let short = &account[..account.len() - cut];
            for bytes in [&account[..], short] {
                let _ = (decode_openbook_v2_book(bytes, now, oracle), decode_openbook_v2_market(bytes));
                let _ = (decode_phoenix_books(bytes, now, now), decode_phoenix_market(bytes));
            }
        }
    }
}
