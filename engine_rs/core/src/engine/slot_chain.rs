//! The slots of one node as it announces them, and which of them its newest one does not descend from.
//!
//! A node announces each slot with its parent when it starts on it, on whichever fork. What `processed` says may be rolled
//! back: a slot *stands* while the newest slot descends from it, or while nothing is known to the contrary. An older slot
//! that comes late changes nothing by itself; a slot that the chain left and came back to stands again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Slots remembered: finality takes 32, and 512 are more than three minutes.
const MAX_LINKS: usize = 512;

/// Slots between these two, both exclusive, do not stand.
pub(crate) type Hole = (u64, u64);

/// What an announcement changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// Holes in which slots may be that stood before.
    pub(crate) fallen: Vec<Hole>,
    /// Newest slot that stands again.
    pub(crate) back: Option<u64>,
}

/// A chain as plain fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainParts {
    /// (slot, parent), ascending.
    pub(crate) links: Vec<(u64, u64)>,
    pub(crate) root: u64,
}

/// What is known of a slot; see `SlotStanding` in `cambist/engine/protocol.py`. Ascending by what speaks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotStanding {
    /// No node that told of it has told of a later one.
    #[default]
    Unknown,
    /// It fell out of the chain, or never was.
    Fallen,
    /// The newest slot descends from it.
    Stands,
    /// The root has come to it.
    Final,
}

impl SlotStanding {
    /// Returns its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Fallen => "fallen",
            Self::Stands => "stands",
            Self::Final => "final",
        }
    }
}

/// The last slots of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotChain {
    /// Slot → parent.
    links: BTreeMap<u64, u64>,
    root: u64,
    /// Ascending.
    holes: Vec<Hole>,
    /// Whether the descent of the newest slot ends above other slots.
    broken: bool,
}

impl SlotChain {
    /// Newest slot that the node calls rooted.
    pub(crate) fn root(&self) -> u64 {
        self.root
    }

    fn tip(&self) -> Option<u64> {
        self.links.last_key_value().map(|(&slot, _)| slot)
    }

    /// Takes an announcement; returns what that changed, if anything. The caller has checked that the parent is below
    /// the slot and the root not above it.
    pub(crate) fn take(&mut self, slot: u64, parent: u64, root: u64) -> Option<Change> {
        let rooted = root > self.root;
        self.root = self.root.max(root);
        let before = self.links.get(&slot).copied();
        if before == Some(parent) {
            return (self.broken && rooted).then(|| self.again());
        }
        let grows = self.tip() == Some(parent) && !self.broken;
        self.links.insert(slot, parent);
        if self.links.len() > MAX_LINKS
            && let Some((lowest, _)) = self.links.pop_first()
            && self.holes.first().is_some_and(|hole| hole.1 <= lowest)
        {
            self.holes.remove(0);
        }
        if grows {
            if slot - parent == 1 {
                return None;
            }
            self.holes.push((parent, slot));
            return Some(Change {
                fallen: vec![(parent, slot)],
                back: None,
            });
        }
        let mut change = self.again();
        if before.is_some() {
            // Told twice with different parents: what came of the first one is not of the second.
            change.fallen.push((slot - 1, slot + 1));
        }
        Some(change)
    }

    /// Returns the last slot that stands below this one, `None` if the newest slot descends from it.
    pub(crate) fn floor(&self, slot: u64) -> Option<u64> {
        floor(slot, &self.holes)
    }

    /// Returns what this node's announcements say of a slot.
    pub(crate) fn standing(&self, slot: u64) -> SlotStanding {
        let oldest = self.links.first_key_value().map(|(&slot, _)| slot);
        if oldest.is_none_or(|oldest| slot < oldest) || self.tip().is_none_or(|tip| tip <= slot) {
            SlotStanding::Unknown
        } else if self.floor(slot).is_some() {
            SlotStanding::Fallen
        } else if slot <= self.root {
            SlotStanding::Final
        } else {
            SlotStanding::Stands
        }
    }

    /// Returns all state as plain fields.
    pub(crate) fn parts(&self) -> ChainParts {
        ChainParts {
            links: self
                .links
                .iter()
                .map(|(&slot, &parent)| (slot, parent))
                .collect(),
            root: self.root,
        }
    }

    /// Returns the chain that these parts describe, `None` if they are none.
    pub(crate) fn from_parts(parts: &ChainParts) -> Option<Self> {
        let links = &parts.links;
        let ascends = links.is_sorted_by(|before, after| before.0 < after.0);
        if links.len() > MAX_LINKS || !ascends || links.iter().any(|&(slot, up)| up >= slot) {
            return None;
        }
        let mut chain = Self {
            links: links.iter().copied().collect(),
            root: parts.root,
            ..Self::default()
        };
        chain.descend();
        Some(chain)
    }

    /// Finds the holes anew and what that changes.
    fn again(&mut self) -> Change {
        let before = self.holes.clone();
        self.descend();
        let is_back = |slot: &u64| floor(*slot, &before).is_some() && self.floor(*slot).is_none();
        Change {
            fallen: self.holes.clone(),
            back: self.links.keys().copied().rev().find(is_back),
        }
    }

    /// Finds the holes, from the newest slot down.
    fn descend(&mut self) {
        self.holes.clear();
        let mut at = self.tip().unwrap_or(0);
        while let Some(&parent) = self.links.get(&at) {
            if at - parent > 1 {
                self.holes.push((parent, at));
            }
            at = parent;
        }
        // Below the end of the known descent only the root can tell: it passed them, and they are not in it.
        let strays = self.links.range(..at).map(|(&slot, _)| slot);
        self.broken = strays.clone().next().is_some();
        let passed = strays.filter(|&slot| slot <= self.root);
        self.holes.extend(passed.map(|slot| (slot - 1, slot + 1)));
        self.holes.sort_unstable();
    }
}

/// Returns the last slot below the hole that this one is in, `None` if it is in none.
pub(crate) fn floor(slot: u64, holes: &[Hole]) -> Option<u64> {
    let hole = holes
        .iter()
        .rev()
        .find(|hole| hole.0 < slot && slot < hole.1);
    hole.map(|hole| hole.0)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::{ChainParts, Change, Hole, MAX_LINKS, SlotChain, floor};

    fn fallen(change: Option<Change>) -> Vec<Hole> {
        change.map_or_else(Vec::new, |change| change.fallen)
    }

    #[test]
    fn a_skipped_slot_falls_and_comes_back() {
        let mut chain = SlotChain::default();
        for (slot, parent) in [(100, 99), (101, 100), (102, 101)] {
            assert_eq!(fallen(chain.take(slot, parent, 90)), []);
        }
        assert_eq!(fallen(chain.take(103, 101, 90)), [(101, 103)]);
        assert_eq!((chain.floor(102), chain.floor(101)), (Some(101), None));
        let back = Change {
            fallen: vec![(102, 104)],
            back: Some(102),
        };
        assert_eq!(chain.take(104, 102, 90), Some(back));
        assert_eq!((chain.floor(102), chain.floor(103)), (None, Some(102)));
    }

    #[test]
    fn a_late_older_slot_is_no_fork() {
        let mut chain = SlotChain::default();
        chain.take(101, 100, 90);
        chain.take(103, 102, 90);
        assert_eq!(fallen(chain.take(102, 101, 90)), []);
        assert_eq!(chain.floor(101), None);
    }

    #[test]
    fn a_root_that_passed_a_slot_without_descending_from_it_drops_it() {
        let mut chain = SlotChain::default();
        chain.take(101, 100, 90);
        chain.take(110, 109, 90);
        assert_eq!(chain.floor(101), None, "nothing tells yet");
        assert_eq!(fallen(chain.take(111, 110, 105)), [(100, 102)]);
        assert_eq!(chain.floor(101), Some(100));
    }

    #[test]
    fn memory_is_bounded() {
        let mut chain = SlotChain::default();
        for slot in 1..5_000_u64 {
            chain.take(3 * slot, 3 * slot - 3, 0);
        }
        assert_eq!(chain.links.len(), MAX_LINKS);
        assert!(chain.holes.len() <= MAX_LINKS);
        let again = SlotChain::from_parts(&chain.parts());
        assert_eq!(again.map(|chain| chain.holes), Some(chain.holes));
    }

    #[test]
    fn damaged_parts_are_refused() {
        for links in [vec![(5, 5)], vec![(6, 5), (5, 4)], vec![(5, 4), (5, 3)]] {
            assert!(SlotChain::from_parts(&ChainParts { links, root: 0 }).is_none());
        }
    }

    /// Every announcement ever made; what stands is found by walking up, slot by slot.
    #[derive(Default)]
    struct Model {
        parents: BTreeMap<u64, u64>,
        root: u64,
    }

    impl Model {
        fn stands(&self, slot: u64) -> bool {
            let Some(&tip) = self.parents.keys().next_back() else {
                return true;
            };
            let mut line = BTreeSet::new();
            let mut at = tip;
            while let Some(&parent) = self.parents.get(&at) {
                line.insert(at);
                at = parent;
            }
            line.insert(at);
            if slot > tip || line.contains(&slot) {
                return true;
            }
            if slot > at {
                return false;
            }
            !(self.parents.contains_key(&slot) && slot <= self.root)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// A node that forks, comes back, tells late, twice and with gaps: what stands is what a walk over all of it says,
        /// a slot that falls is always told, and a chain made anew of its parts is the same.
        #[test]
        fn random_forks_are_those_of_a_model(
            steps in prop::collection::vec((1_u64..4, 0_usize..4, 0_u64..6, any::<bool>()), 1..60),
        ) {
            let (mut chain, mut model) = (SlotChain::default(), Model::default());
            let (mut newest, mut announced): (u64, Vec<u64>) = (100, vec![100]);
            for (ahead, back, rooted, late) in steps {
                let slot = if late { newest.saturating_sub(ahead) } else { newest + ahead };
                let older: Vec<u64> = announced.iter().copied().filter(|&each| each < slot).collect();
                let Some(&parent) = older.iter().rev().nth(back).or(older.first()) else { continue };
                let root = model.root.max(slot.saturating_sub(12) + rooted).min(slot);
                let before: Vec<bool> = (90..newest + 8).map(|each| chain.floor(each).is_none()).collect();
                let change = chain.take(slot, parent, root).unwrap_or_default();
                model.parents.insert(slot, parent);
                model.root = model.root.max(root);
                newest = newest.max(slot);
                announced.push(slot);
                announced.sort_unstable();
                announced.dedup();
                for each in 90..newest + 8 {
                    let stands = chain.floor(each).is_none();
                    prop_assert_eq!(stands, model.stands(each), "slot {}", each);
                    let is_fallen = floor(each, &change.fallen).is_some();
                    let stood = before.get((each - 90) as usize).copied().unwrap_or(true);
                    if stood && !stands {
                        prop_assert!(is_fallen);
                    }
                    if !stood && stands && model.parents.contains_key(&each) {
                        prop_assert!(change.back >= Some(each));
                    }
                }
                let again = SlotChain::from_parts(&chain.parts()).map(|chain| (chain.holes, chain.broken));
                prop_assert_eq!(again, Some((chain.holes.clone(), chain.broken)));
            }
        }
    }
}
