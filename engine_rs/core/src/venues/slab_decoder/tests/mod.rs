mod serum;
mod venues;

use super::*;

/// Inserts orders into a crit-bit tree as the programs do: nodes of `size` bytes, tags of one byte or four alike.
struct Tree {
    size: usize,
    nodes: Vec<u8>,
    root: u32,
    leaves: u64,
}

impl Tree {
    fn new(size: usize) -> Self {
        Self {
            size,
            nodes: Vec::new(),
            root: 0,
            leaves: 0,
        }
    }

    fn of(size: usize, orders: &[(u64, u64, u64)]) -> Self {
        let mut tree = Self::new(size);
        for &(price, sequence, quantity) in orders {
            tree.insert(u128::from(price) << 64 | u128::from(sequence), quantity);
        }
        tree
    }

    fn count(&self) -> u32 {
        (self.nodes.len() / self.size) as u32
    }

    fn add(&mut self, node: &[u8]) -> u32 {
        self.nodes.extend(node);
        self.count() - 1
    }

    fn node(&self, at: u32) -> &[u8] {
        &self.nodes[at as usize * self.size..][..self.size]
    }

    fn u32(&self, at: u32, offset: usize) -> u32 {
        u32::from_le_bytes(self.node(at)[offset..offset + 4].try_into().unwrap())
    }

    fn key(&self, at: u32) -> u128 {
        u128::from_le_bytes(self.node(at)[8..24].try_into().unwrap())
    }

    fn insert(&mut self, key: u128, quantity: u64) {
        let mut leaf = vec![0; self.size];
        leaf[0] = 2;
        leaf[8..24].copy_from_slice(&key.to_le_bytes());
        leaf[24..56].copy_from_slice(&[5; 32]);
        leaf[56..64].copy_from_slice(&quantity.to_le_bytes());
        self.leaves += 1;
        if self.leaves == 1 {
            self.root = self.add(&leaf);
            return;
        }
        let mut at = self.root;
        loop {
            let shared = (self.key(at) ^ key).leading_zeros();
            if self.node(at)[0] == 1 && shared >= self.u32(at, 4) {
                let right = key << self.u32(at, 4) >> 127 == 1;
                at = self.u32(at, if right { 28 } else { 24 });
                continue;
            }
            let old = self.node(at).to_vec();
            let (leaf, old) = (self.add(&leaf), self.add(&old));
            let mut inner = vec![0; self.size];
            inner[0] = 1;
            inner[4..8].copy_from_slice(&shared.to_le_bytes());
            inner[8..24].copy_from_slice(&key.to_le_bytes());
            let right = key << shared >> 127 == 1;
            let children = if right { [old, leaf] } else { [leaf, old] };
            inner[24..28].copy_from_slice(&children[0].to_le_bytes());
            inner[28..32].copy_from_slice(&children[1].to_le_bytes());
            self.nodes[at as usize * self.size..][..self.size].copy_from_slice(&inner);
            return;
        }
    }
}

fn patch(mut data: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    data[at..at + bytes.len()].copy_from_slice(bytes);
    data
}

fn prices(book: &Book) -> Vec<(u64, u64)> {
    book.orders
        .iter()
        .map(|order| (order.price, order.quantity))
        .collect()
}

#[test]
fn lots_become_atoms_exactly_or_overflow() {
    let lots = Lots {
        base: 100,
        quote: 10,
    };
    assert_eq!(lots.base_atoms(5), Ok(500));
    assert_eq!(lots.quote_atoms(3, 5), Ok(150));
    assert_eq!(lots.ratio(3), (30, 100));
    assert_eq!(
        lots.quote_atoms(u64::MAX, u128::MAX)
            .unwrap_err()
            .to_string(),
        format!("quote atoms of {} lots at {} overflow", u128::MAX, u64::MAX)
    );
    assert!(lots.base_atoms(u128::from(u64::MAX) / 100 + 1).is_err());
}
