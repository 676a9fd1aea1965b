use proptest::prelude::*;

use super::*;

const BIDS: u64 = 33;
const ASKS: u64 = 65;

fn slab(flags: u64, tree: &Tree) -> Vec<u8> {
    let mut data = b"serum".to_vec();
    data.extend(flags.to_le_bytes());
    data.extend(u64::from(tree.count()).to_le_bytes());
    data.extend([0; 12]);
    data.extend(tree.root.to_le_bytes());
    data.extend(tree.leaves.to_le_bytes());
    data.extend(&tree.nodes);
    data.extend([0; 80]);
    data.extend(b"padding");
    data
}

fn orders() -> Vec<(u64, u64, u64)> {
    vec![
        (1802, 7, 10),
        (1869, 3, 20),
        (1820, 9, 30),
        (1820, 4, 40),
        (1700, 1, 50),
    ]
}

#[test]
fn bids_fall_and_asks_rise() {
    let tree = Tree::of(72, &orders());
    let bids = decode_serum_book(&slab(BIDS, &tree)).unwrap();
    assert_eq!(
        prices(&bids),
        [(1869, 20), (1820, 30), (1820, 40), (1802, 10), (1700, 50)]
    );
    assert_eq!(
        bids.levels()[1],
        Level {
            price: 1820,
            quantity: 70,
            orders: 2
        }
    );
    let asks = decode_serum_book(&slab(ASKS, &tree)).unwrap();
    assert_eq!(
        prices(&asks),
        [(1700, 50), (1802, 10), (1820, 40), (1820, 30), (1869, 20)]
    );
    assert_eq!(asks.best().unwrap().owner, [5; 32]);
}

#[test]
fn an_empty_side_has_no_best_order() {
    let book = decode_serum_book(&slab(ASKS, &Tree::new(72))).unwrap();
    assert_eq!((book.best(), book.levels()), (None, vec![]));
}

#[test]
fn damage_is_named() {
    let tree = Tree::of(72, &orders());
    let good = slab(BIDS, &tree);
    let root = 45 + 72 * tree.root as usize;
    let leaf = 45 + 72 * (0..tree.count()).find(|&at| tree.node(at)[0] == 2).unwrap() as usize;
    let number = (leaf - 45) / 72;
    let damaged = [
        (
            patch(good.clone(), root + 24, &77_u32.to_le_bytes()),
            "serum_book: node index was 77, expected below 9",
        ),
        (
            patch(good.clone(), root + 28, &tree.root.to_le_bytes()),
            "serum_book: node 0 is reached twice",
        ),
        (
            patch(good.clone(), 37, &6_u64.to_le_bytes()),
            "serum_book: leaf count was 6, found 5",
        ),
        (
            patch(good.clone(), 13, &99_u64.to_le_bytes()),
            "serum_book: bump index was 99",
        ),
        (
            patch(good.clone(), 5, &3_u64.to_le_bytes()),
            "serum_book: flags was 3",
        ),
        (
            patch(good.clone(), 0, b"ser0m"),
            "serum_book: head was 736572306d",
        ),
        (good[..51].to_vec(), "serum_book: size was 51, expected 52"),
        (
            good[..good.len() - 1].to_vec(),
            "serum_book: tail was 0070616464696e",
        ),
    ];
    for (data, expected) in damaged {
        assert_eq!(decode_serum_book(&data).unwrap_err().to_string(), expected);
    }
    for (offset, bytes, what) in [
        (0, vec![3], "tag was 3"),
        (56, vec![0; 8], "quantity was 0"),
    ] {
        let error = decode_serum_book(&patch(good.clone(), leaf + offset, &bytes)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("serum_book: node {number}: {what}")
        );
    }
    let swapped = [tree.u32(tree.root, 28), tree.u32(tree.root, 24)]
        .map(u32::to_le_bytes)
        .concat();
    let error = decode_serum_book(&patch(good, root + 24, &swapped)).unwrap_err();
    assert!(error.to_string().ends_with("is out of order"), "{error}");
}

fn market() -> Vec<u8> {
    let mut data = patch(vec![0; 388], 0, b"serum");
    for (at, value) in [(5, 3_u64), (349, 100), (357, 10)] {
        data = patch(data, at, &value.to_le_bytes());
    }
    data = patch(data, 53, &[1; 32]);
    patch(data, 381, b"padding")
}

#[test]
fn a_market_tells_its_lots_and_accounts() {
    let found = decode_serum_market(&market()).unwrap();
    assert_eq!(
        found.lots,
        Lots {
            base: 100,
            quote: 10
        }
    );
    assert_eq!(found.base_mint, [1; 32]);
    let zero = patch(market(), 349, &[0; 8]);
    assert_eq!(
        decode_serum_market(&zero).unwrap_err().to_string(),
        "serum_market: base lot size was 0"
    );
    assert_eq!(
        decode_serum_market(&market()[1..]).unwrap_err().to_string(),
        "serum_market: size was 387, expected 388"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_tree_gives_its_orders_sorted(
        orders in prop::collection::btree_map((1_u64..50, any::<u64>()), 1_u64.., 0..60),
        bids in any::<bool>(),
    ) {
        let list: Vec<_> = orders.iter().map(|(&(price, sequence), &quantity)| (price, sequence, quantity)).collect();
        let mut expected: Vec<_> = list.clone();
        if bids {
            expected.reverse();
        }
        let mut shuffled = list;
        shuffled.sort_by_key(|order| order.2.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let data = slab(if bids { BIDS } else { ASKS }, &Tree::of(72, &shuffled));
        let book = decode_serum_book(&data).unwrap();
        let found: Vec<_> = book.orders.iter().map(|order| (order.price, order.sequence, order.quantity)).collect();
        prop_assert_eq!(found, expected);
        let quantity: u128 = book.levels().iter().map(|level| level.quantity).sum();
        prop_assert_eq!(quantity, orders.values().map(|&each| u128::from(each)).sum::<u128>());
    }

    #[test]
    fn no_bytes_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..10),
        cut in 0_usize..900,
    ) {
        for base in [slab(BIDS, &Tree::of(72, &orders())), market(), vec![0; 3228]] {
            let mut data = base;
            for (at, byte) in &changes {
                let at = at.index(data.len());
                data[at] = *byte;
            }
            let short = &data[..data.len().saturating_sub(cut)];
            for bytes in [&data[..], short] {
                let _ = (decode_serum_book(bytes), decode_serum_market(bytes), OpenOrders::decode(bytes));
            }
        }
    }
}
