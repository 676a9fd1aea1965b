//! What is wrong with a book's bytes.

use crate::chain::reader::LayoutError;

/// An account is no book or market, or its tree is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlabError {
    #[error(transparent)]
    Layout(#[from] LayoutError),
    #[error("{layout}: {part} was {was}")]
    Magic {
        layout: &'static str,
        part: &'static str,
        /// Hexadecimal.
        was: String,
    },
    #[error("{layout}: node {node}: {field} was {was}")]
    Node {
        layout: &'static str,
        node: u32,
        field: &'static str,
        was: String,
    },
    #[error("{layout}: node index was {index}, expected below {bound}")]
    Index {
        layout: &'static str,
        index: u32,
        bound: u32,
    },
    #[error("{layout}: node {node} is reached twice")]
    Cycle { layout: &'static str, node: u32 },
    #[error("{layout}: node {node} is out of order")]
    Unsorted { layout: &'static str, node: u32 },
    #[error("{layout}: leaf count was {was}, found {found}")]
    Count {
        layout: &'static str,
        was: u64,
        found: u64,
    },
    #[error("{what} of {quantity} lots at {price} overflow")]
    Overflow {
        what: &'static str,
        quantity: u128,
        price: u64,
    },
}

impl SlabError {
    pub(super) fn node(
        layout: &'static str,
        node: u32,
        field: &'static str,
        was: impl std::fmt::Display,
    ) -> Self {
        Self::Node {
            layout,
            node,
            field,
            was: was.to_string(),
        }
    }
}
