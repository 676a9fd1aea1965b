//! Lots to atoms, orders to price levels.

use super::{Order, SlabError};

/// The total quantity at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    pub price: u64,
    pub quantity: u128,
    pub orders: u32,
}

/// Returns the levels of orders that stand best first, in their order.
pub fn levels(orders: &[Order]) -> Vec<Level> {
    let mut found: Vec<Level> = Vec::new();
    for order in orders {
        match found.last_mut() {
            Some(level) if level.price == order.price => {
                level.quantity += u128::from(order.quantity);
                level.orders += 1;
            }
            _ => found.push(Level {
                price: order.price,
                quantity: order.quantity.into(),
                orders: 1,
            }),
        }
    }
    found
}

/// What a market's lots are worth: exact integers, so that amounts come out to the atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lots {
    /// Base atoms in a base lot.
    pub base: u64,
    /// Quote atoms paid for a base lot at a price of 1.
    pub quote: u64,
}

impl Lots {
    /// Returns the base atoms of a quantity of lots.
    ///
    /// # Errors
    /// `Overflow` beyond a u64.
    pub fn base_atoms(&self, quantity: u128) -> Result<u64, SlabError> {
        quantity
            .checked_mul(self.base.into())
            .and_then(|atoms| u64::try_from(atoms).ok())
            .ok_or(SlabError::Overflow {
                what: "base atoms",
                quantity,
                price: 1,
            })
    }

    /// Returns the quote atoms that a quantity of lots costs at a price, before fees.
    ///
    /// # Errors
    /// `Overflow` beyond a u64.
    pub fn quote_atoms(&self, price: u64, quantity: u128) -> Result<u64, SlabError> {
        quantity
            .checked_mul(price.into())
            .and_then(|lots| lots.checked_mul(self.quote.into()))
            .and_then(|atoms| u64::try_from(atoms).ok())
            .ok_or(SlabError::Overflow {
                what: "quote atoms",
                quantity,
                price,
            })
    }

    /// Returns a price as (quote atoms, base atoms), a ratio that is exact and not reduced.
    pub fn ratio(&self, price: u64) -> (u128, u64) {
        (u128::from(price) * u128::from(self.quote), self.base)
    }
}
