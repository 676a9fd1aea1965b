//! What our own fills moved, which on paper nobody tells of.
//!
//! A pool is quoted for us as it was observed, advanced by what our fills put in, net, through its program's own swap;
//! a state that is observed later is advanced anew. That ends once the observed price is where our fill left it, or
//! beyond: somebody else has taken what we took. It ends too when the pool's state was lost and told anew; never by time.
//! A book keeps by level what is used up. Par of an equivalence is no liquidity: a fill uses nothing of it.
//!
//! What screens show of pools and prices is what was observed.

use std::sync::Arc;

use super::Market;
use crate::engine::registry::PoolState;
use crate::venues::pool::Pool;
use crate::venues::quote::ChainTime;
use crate::venues::quote_error::QuoteError;

/// What our fills moved in one pool.
#[derive(Clone, Debug)]
pub(crate) struct Impact {
    /// Atoms of tokens A and B that the pool has more, or less, by them.
    pub(crate) net: [i64; 2],
    /// What the last fill left in the direction of the net.
    pub(crate) left: Left,
    /// The chain's clock at that fill.
    pub(crate) time: ChainTime,
    /// The observed state advanced by the net; `None` while none is observed or it can't take the net.
    pub(crate) pool: Option<Arc<Pool>>,
}

/// A price that a fill left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// −log2 of the marginal rate.
    pub(crate) weight: i64,
    /// What a probe pays there, for a price that holds for some size stays while that is used up.
    pub(crate) paid: u64,
    /// Atoms of that probe.
    pub(crate) probe: u64,
}

impl Left {
    /// Returns what a fill left of a pool in a direction.
    pub(crate) fn of(pool: &Pool, a_to_b: bool, probe: u64, time: &ChainTime) -> Self {
        Self {
            weight: pool.weight(a_to_b, time).unwrap_or(i64::MAX),
            paid: paid(pool, a_to_b, probe, time),
            probe,
        }
    }

    /// Returns whether a pool's price is this one or a worse one for us.
    fn is_reached(&self, pool: &Pool, a_to_b: bool, time: &ChainTime) -> bool {
        pool.weight(a_to_b, time).is_some_and(|weight| {
            weight > self.weight
                || (weight == self.weight && paid(pool, a_to_b, self.probe, time) <= self.paid)
        })
    }
}

fn paid(pool: &Pool, a_to_b: bool, amount: u64, time: &ChainTime) -> u64 {
    let quote = pool.quote(a_to_b, amount, time);
    quote.map_or(0, |quote| quote.amount_out)
}

impl Impact {
    /// Returns the direction of the net, and the atoms in; `None` if nothing but fees is left of it.
    pub(crate) fn swap(&self) -> Option<(bool, u64)> {
        match self.net {
            [a, b] if a > 0 && b <= 0 => Some((true, a.unsigned_abs())),
            [a, b] if b > 0 && a <= 0 => Some((false, b.unsigned_abs())),
            _ => None,
        }
    }

    /// Advances an observed state by the net, at the fill's clock: fees that wear off with time do so here too. Where
    /// that is before the state's own last swap, now.
    pub(crate) fn advance(&mut self, observed: Option<&Arc<Pool>>, now: Option<&ChainTime>) {
        self.pool =
            observed
                .zip(now)
                .zip(self.swap())
                .and_then(|((observed, now), (a_to_b, amount))| {
                    let swapped = match observed.swap(a_to_b, amount, &self.time) {
                        Err(QuoteError::InvalidTime | QuoteError::NotTradable) => {
                            observed.swap(a_to_b, amount, now)
                        }
                        swapped => swapped,
                    };
                    swapped.ok().map(|(_, after)| Arc::new(after))
                });
    }

    /// Takes over what is observed now of a pool in this state. Returns whether our fills still count.
    fn renew(
        &mut self,
        state: PoolState,
        observed: Option<&Arc<Pool>>,
        now: Option<&ChainTime>,
    ) -> bool {
        // A torn pool was told whole before and will be again: nothing of it was lost.
        if !matches!(state, PoolState::Live | PoolState::Closed | PoolState::Torn) {
            return false;
        }
        let Some((a_to_b, _)) = self.swap() else {
            return false;
        };
        if let Some((observed, now)) = observed.zip(now)
            && self.left.is_reached(observed, a_to_b, now)
        {
            return false;
        }
        self.advance(observed, now);
        true
    }
}

impl Market {
    /// Advances what is observed of a pool by what our fills moved, while that counts.
    pub(crate) fn renew_impact(&mut self, at: usize) {
        let (pools, time) = (&mut self.registry.pools, self.registry.time.as_ref());
        let pool = &mut pools[at];
        if let Some(mut impact) = pool.impact.take() {
            let counts = impact.renew(pool.state, pool.pool.as_ref(), time);
            pool.impact = counts.then_some(impact);
        }
    }
}
