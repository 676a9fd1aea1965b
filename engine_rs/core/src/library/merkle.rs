//! Inclusion proofs in SHA-256 trees: tip and token distributions, transactions of an entry, shreds of a batch.
//!
//! An odd node is paired with itself. A proof is the siblings from the leaf up.
//!
//! For users of the engine: no screen and no order uses it.

use sha2::{Digest, Sha256};
use thiserror::Error;

/// A digest.
pub type Hash = [u8; 32];

/// How leaves and nodes are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Distributions (tips, airdrops): the two children in byte order, so that a proof needs no place.
    Sorted,
    /// Transactions of an entry: children in place.
    Ordered,
    /// Shreds of a batch: children in place and cut to 20 bytes, as are the entries of a proof.
    Shred,
}

/// Why a tree or proof is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MerkleError {
    #[error("scheme was {0}, not sorted, ordered or shred")]
    Scheme(String),
    #[error("a tree without leaves")]
    Empty,
    #[error("leaf {index} of a tree of {leaves}")]
    Index { index: usize, leaves: usize },
    #[error("proof of {length} entries, not {expected}")]
    ProofLength { length: usize, expected: usize },
    #[error("proof entry {at} was {length} bytes, not {expected}")]
    Entry {
        at: usize,
        length: usize,
        expected: usize,
    },
}

impl Scheme {
    /// Returns the scheme of a word: sorted, ordered or shred.
    ///
    /// # Errors
    /// `Scheme` for another word.
    pub fn of(word: &str) -> Result<Self, MerkleError> {
        match word {
            "sorted" => Ok(Self::Sorted),
            "ordered" => Ok(Self::Ordered),
            "shred" => Ok(Self::Shred),
            _ => Err(MerkleError::Scheme(word.to_owned())),
        }
    }

    /// Returns the bytes of a proof's entry.
    pub fn entry_len(self) -> usize {
        if self == Self::Shred { 20 } else { 32 }
    }

    fn prefixes(self) -> [&'static [u8]; 2] {
        match self {
            Self::Sorted | Self::Ordered => [b"\x00", b"\x01"],
            Self::Shred => [
                b"\x00SOLANA_MERKLE_SHREDS_LEAF",
                b"\x01SOLANA_MERKLE_SHREDS_NODE",
            ],
        }
    }

    fn leaf(self, item: &[u8]) -> Hash {
        sha256(&[self.prefixes()[0], item])
    }

    /// `right` may be an entry of a proof, already cut.
    fn node(self, left: &[u8], right: &[u8]) -> Hash {
        let cut = |hash: &'_ [u8]| hash.len().min(self.entry_len());
        let (left, right) = (&left[..cut(left)], &right[..cut(right)]);
        let swapped = self == Self::Sorted && left > right;
        let (left, right) = if swapped {
            (right, left)
        } else {
            (left, right)
        };
        sha256(&[self.prefixes()[1], left, right])
    }
}

/// All levels of a tree, leaves first.
#[derive(Clone, Debug)]
pub struct Tree {
    scheme: Scheme,
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Returns the tree over items, in their order.
    ///
    /// # Errors
    /// `Empty` if there is none.
    pub fn new<T: AsRef<[u8]>>(scheme: Scheme, items: &[T]) -> Result<Self, MerkleError> {
        if items.is_empty() {
            return Err(MerkleError::Empty);
        }
        let mut level: Vec<Hash> = items
            .iter()
            .map(|item| scheme.leaf(item.as_ref()))
            .collect();
        let mut levels = Vec::new();
        while level.len() > 1 {
            let above = level
                .chunks(2)
                .map(|pair| scheme.node(&pair[0], &pair[pair.len() - 1]))
                .collect();
            levels.push(std::mem::replace(&mut level, above));
        }
        levels.push(level);
        Ok(Self { scheme, levels })
    }

    /// Returns the hash on top.
    pub fn root(&self) -> Hash {
        self.levels[self.levels.len() - 1][0]
    }

    /// Returns the siblings of a leaf from the bottom up; 20 bytes each for shreds, else 32.
    ///
    /// # Errors
    /// `Index` if there is no such leaf.
    pub fn proof(&self, index: usize) -> Result<Vec<Vec<u8>>, MerkleError> {
        let leaves = self.levels[0].len();
        if index >= leaves {
            return Err(MerkleError::Index { index, leaves });
        }
        let siblings = self.levels[..self.levels.len() - 1].iter().enumerate();
        Ok(siblings
            .map(|(height, level)| {
                let at = index >> height;
                let sibling = level.get(at ^ 1).unwrap_or(&level[at]);
                sibling[..self.scheme.entry_len()].to_vec()
            })
            .collect())
    }
}

/// Returns whether `item` is leaf `index` of the tree of `leaves` items with this root.
///
/// # Errors
/// `Index` outside the tree, `ProofLength` unless there is one entry a level, `Entry` for one of another size.
pub fn verify<T: AsRef<[u8]>>(
    scheme: Scheme,
    item: &[u8],
    (index, leaves): (usize, usize),
    proof: &[T],
    root: &Hash,
) -> Result<bool, MerkleError> {
    if index >= leaves {
        return Err(MerkleError::Index { index, leaves });
    }
    let expected = (usize::BITS - (leaves - 1).leading_zeros()) as usize;
    if proof.len() != expected {
        let length = proof.len();
        return Err(MerkleError::ProofLength { length, expected });
    }
    sized(scheme, proof)?;
    let mut hash = scheme.leaf(item);
    for (height, sibling) in proof.iter().enumerate() {
        hash = if index >> height & 1 == 0 {
            scheme.node(&hash, sibling.as_ref())
        } else {
            scheme.node(sibling.as_ref(), &hash)
        };
    }
    Ok(hash == *root)
}

/// Returns whether a distributor with this root pays `claim`; the chain knows neither place nor size of the tree.
///
/// # Errors
/// `Entry` for an entry of the proof that is not 32 bytes.
pub fn verify_claim<T: AsRef<[u8]>>(
    claim: &Hash,
    proof: &[T],
    root: &Hash,
) -> Result<bool, MerkleError> {
    sized(Scheme::Sorted, proof)?;
    let leaf = Scheme::Sorted.leaf(claim);
    let climb = |hash: Hash, sibling: &T| Scheme::Sorted.node(&hash, sibling.as_ref());
    Ok(proof.iter().fold(leaf, climb) == *root)
}

/// Returns the item that stands for a claim on a tip distribution, in lamports.
pub fn tip_claim(claimant: &Hash, amount: u64) -> Hash {
    sha256(&[claimant, &amount.to_le_bytes()])
}

/// Returns the item that stands for a claim on a token distributor, in atoms that are free and that vest.
pub fn distributor_claim(claimant: &Hash, unlocked: u64, locked: u64) -> Hash {
    sha256(&[claimant, &unlocked.to_le_bytes(), &locked.to_le_bytes()])
}

fn sized<T: AsRef<[u8]>>(scheme: Scheme, proof: &[T]) -> Result<(), MerkleError> {
    let expected = scheme.entry_len();
    let lengths = proof.iter().map(|entry| entry.as_ref().len());
    match lengths.enumerate().find(|&(_, length)| length != expected) {
        Some((at, length)) => Err(MerkleError::Entry {
            at,
            length,
            expected,
        }),
        None => Ok(()),
    }
}

fn sha256(parts: &[&[u8]]) -> Hash {
    parts
        .iter()
        .fold(Sha256::new(), Sha256::chain_update)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 11] = [
        "my", "very", "eager", "mother", "just", "served", "us", "nine", "pizzas", "make", "prime",
    ];

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    #[test]
    fn roots_are_those_of_the_chain() {
        for (scheme, items, root) in [
            (
                Scheme::Ordered,
                &WORDS[..],
                "b40c847546fdceea166f927fc46c5ca33c3638236a36275c1346d3dffb84e1bc",
            ),
            (
                Scheme::Ordered,
                &["test"][..],
                "dbebd10e61bc8c28591273feafbbef95d544f874693301d8f7f8e54c6e30058e",
            ),
            (
                Scheme::Sorted,
                &WORDS[..],
                "49ced1f20bd9f7cc74a912fafe07c6586e9bd8f6d1dd9dab74c8b92a8adc504c",
            ),
        ] {
            assert_eq!(hex(&Tree::new(scheme, items).unwrap().root()), root);
        }
        let shreds: Vec<[u8; 4]> = (0..5).map(|at| [at; 4]).collect();
        assert_eq!(
            hex(&Tree::new(Scheme::Shred, &shreds).unwrap().root()),
            "dbce60dddc0944e729655dc700e049847f9e9cd752a3d2a0c0da30c0cf1d0e70"
        );
    }

    #[test]
    fn tip_claims_are_proved_as_on_chain() {
        let claims: Vec<Hash> = (1..=3)
            .map(|at| tip_claim(&[at; 32], u64::from(at) * 1000))
            .collect();
        let tree = Tree::new(Scheme::Sorted, &claims).unwrap();
        assert_eq!(
            hex(&tree.root()),
            "c2a1a179dafcad36734f9ea29e90394800329cd9a42e0416ce8c96ea877eb036"
        );
        let last = tree.proof(2).unwrap();
        assert_eq!(
            last.iter().map(|entry| hex(entry)).collect::<Vec<_>>(),
            [
                "84f25a4f80ba273933cb59831c4840618d73229cea6052aee60ac37b1792343e",
                "0bc9f811926a48a5aab369d8ab3f2f468c1f9cd1a4d1ea6891290d86ca8c2513"
            ]
        );
        assert_eq!(verify_claim(&claims[2], &last, &tree.root()), Ok(true));
        assert_eq!(verify_claim(&claims[1], &last, &tree.root()), Ok(false));
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let tree = Tree::new(Scheme::Ordered, &WORDS).unwrap();
        let (root, proof) = (tree.root(), tree.proof(10).unwrap());
        let none: [&str; 0] = [];
        assert_eq!(
            Tree::new(Scheme::Ordered, &none).err(),
            Some(MerkleError::Empty)
        );
        let (index, leaves) = (11, 11);
        assert_eq!(tree.proof(11), Err(MerkleError::Index { index, leaves }));
        let check =
            |place, proof: &[Vec<u8>]| verify(Scheme::Ordered, b"prime", place, proof, &root);
        assert_eq!(check((10, 11), &proof), Ok(true));
        assert_eq!(
            check((11, 11), &proof),
            Err(MerkleError::Index { index, leaves })
        );
        let (length, expected) = (3, 4);
        assert_eq!(
            check((10, 11), &proof[1..]),
            Err(MerkleError::ProofLength { length, expected })
        );
        let mut short = proof.clone();
        short[2].pop();
        let (at, length, expected) = (2, 31, 32);
        let error = MerkleError::Entry {
            at,
            length,
            expected,
        };
        assert_eq!(check((10, 11), &short), Err(error));
    }

    proptest! {
        #[test]
        fn each_leaf_is_proved_and_no_other(
            items in prop::collection::hash_set(prop::collection::vec(any::<u8>(), 0..9), 1..40),
            which in 0usize..3, other in 0usize..40,
        ) {
            let scheme = [Scheme::Sorted, Scheme::Ordered, Scheme::Shred][which];
            let mut items: Vec<_> = items.into_iter().collect();
            items.sort();
            let tree = Tree::new(scheme, &items).unwrap();
            for (at, item) in items.iter().enumerate() {
                let (place, proof) = ((at, items.len()), tree.proof(at).unwrap());
                prop_assert_eq!(verify(scheme, item, place, &proof, &tree.root()), Ok(true));
                let other = &items[other % items.len()];
                prop_assert_eq!(verify(scheme, other, place, &proof, &tree.root()), Ok(other == item));
            }
        }
    }
}
