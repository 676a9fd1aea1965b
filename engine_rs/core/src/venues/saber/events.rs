//! The accounts of a Saber swap; the program reports nothing.

use crate::chain::base58::Pubkey;
use crate::venues::swap_layout::{Layout, Places};

/// Returns the accounts of a swap, `None` if the data asks for something else.
pub(super) fn layout(accounts: &[Pubkey], data: &[u8]) -> Option<Layout> {
    let swaps = data.first_chunk::<8>()?[0] == 1;
    Places::ordered(0, [3, 6], [4, 5])
        .of(accounts)
        .filter(|_| swaps)
}
