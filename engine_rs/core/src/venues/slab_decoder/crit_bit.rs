//! The crit-bit trees of Serum and `OpenBook`: inner nodes split on the first bit that differs, leaves are orders.

use super::{Side, SlabError, follows};
use crate::chain::reader::Reader;

const INNER: u32 = 1;
const LEAF: u32 = 2;
const KEY: usize = 8;
const CHILDREN: usize = 24;

/// Nodes of one size; the first `allocated` of them were ever used.
pub(super) struct Nodes<'a> {
    pub(super) layout: &'static str,
    pub(super) read: Reader<'a>,
    pub(super) start: usize,
    pub(super) size: usize,
    /// Bytes of a node's tag: 4 in Serum, 1 in `OpenBook` v2.
    pub(super) tag_size: usize,
    pub(super) allocated: u32,
}

/// A leaf's number, where its bytes begin, and its key.
pub(super) struct Leaf {
    pub(super) node: u32,
    pub(super) at: usize,
    pub(super) key: u128,
}

impl Nodes<'_> {
    /// Returns the leaves under `root`, best first, and marks the nodes as `seen`.
    ///
    /// # Errors
    /// `SlabError` for an index that is out of range or reached twice, a tag that is neither inner node nor leaf, keys
    /// out of order, or another number of leaves than the account says.
    pub(super) fn leaves(
        &self,
        side: Side,
        root: u32,
        count: u64,
        seen: &mut [bool],
    ) -> Result<Vec<Leaf>, SlabError> {
        let layout = self.layout;
        let mut found: Vec<Leaf> = Vec::new();
        let mut stack = if count == 0 { Vec::new() } else { vec![root] };
        while let Some(node) = stack.pop() {
            let at = self.visit(node, seen)?;
            match self.tag(at) {
                INNER => {
                    let children = [
                        self.read.u32(at + CHILDREN),
                        self.read.u32(at + CHILDREN + 4),
                    ];
                    match side {
                        Side::Bid => stack.extend(children),
                        Side::Ask => stack.extend([children[1], children[0]]),
                    }
                }
                LEAF => {
                    let key = self.read.u128(at + KEY);
                    if found
                        .last()
                        .is_some_and(|last| !follows(side, last.key, key))
                    {
                        return Err(SlabError::Unsorted { layout, node });
                    }
                    found.push(Leaf { node, at, key });
                }
                tag => return Err(SlabError::node(layout, node, "tag", tag)),
            }
        }
        if found.len() as u64 != count {
            return Err(SlabError::Count {
                layout,
                was: count,
                found: found.len() as u64,
            });
        }
        Ok(found)
    }

    /// Returns where a node that was not seen before begins.
    fn visit(&self, node: u32, seen: &mut [bool]) -> Result<usize, SlabError> {
        let layout = self.layout;
        match seen.get_mut(node as usize) {
            None => Err(SlabError::Index {
                layout,
                index: node,
                bound: self.allocated,
            }),
            Some(true) => Err(SlabError::Cycle { layout, node }),
            Some(seen) => {
                *seen = true;
                Ok(self.start + node as usize * self.size)
            }
        }
    }

    fn tag(&self, at: usize) -> u32 {
        if self.tag_size == 1 {
            self.read.u8(at).into()
        } else {
            self.read.u32(at)
        }
    }
}

/// Returns how many nodes were ever used, checked against how many there is room for.
///
/// # Errors
/// `SlabError` if the account says more than fit.
pub(super) fn allocated(layout: &'static str, bump: u64, room: usize) -> Result<u32, SlabError> {
    match u32::try_from(bump) {
        Ok(count) if bump <= room as u64 => Ok(count),
        _ => Err(crate::chain::reader::LayoutError::field(layout, "bump index", bump).into()),
    }
}
