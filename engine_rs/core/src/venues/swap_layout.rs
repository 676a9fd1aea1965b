//! The accounts between which a swap moves tokens, by the instruction that asks for it.

use crate::chain::base58::Pubkey;

/// The accounts between which a swap moves tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub pool: Pubkey,
    /// The trader's accounts: paid from, paid to.
    pub users: [Pubkey; 2],
    /// The pool's accounts, and their mints where the instruction names them.
    pub vaults: [Pubkey; 2],
    pub mints: Option<[Pubkey; 2]>,
    /// Whether vaults and mints are input first; else token a is first.
    pub ordered: bool,
}

/// Where the accounts of a swap stand in its instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) pool: usize,
    pub(crate) users: [usize; 2],
    pub(crate) vaults: [usize; 2],
    pub(crate) mints: Option<[usize; 2]>,
    pub(crate) ordered: bool,
}

impl Places {
    /// Returns places that are input first.
    pub(crate) const fn ordered(pool: usize, users: [usize; 2], vaults: [usize; 2]) -> Self {
        Self {
            pool,
            users,
            vaults,
            mints: None,
            ordered: true,
        }
    }

    /// Returns them with those of the mints.
    pub(crate) const fn with_mints(mut self, mints: [usize; 2]) -> Self {
        self.mints = Some(mints);
        self
    }

    /// Returns them with token a first instead of the input.
    pub(crate) const fn unordered(mut self) -> Self {
        self.ordered = false;
        self
    }

    /// Returns the accounts that stand there, `None` if there are too few.
    pub(crate) fn of(self, accounts: &[Pubkey]) -> Option<Layout> {
        let two = |places: [usize; 2]| Some([*accounts.get(places[0])?, *accounts.get(places[1])?]);
        Some(Layout {
            pool: *accounts.get(self.pool)?,
            users: two(self.users)?,
            vaults: two(self.vaults)?,
            mints: match self.mints {
                Some(mints) => Some(two(mints)?),
                None => None,
            },
            ordered: self.ordered,
        })
    }
}

/// Returns an instruction's first eight bytes as one number, `None` if there are fewer.
pub(crate) fn tag(data: &[u8]) -> Option<u64> {
    data.first_chunk().map(|tag| u64::from_be_bytes(*tag))
}
